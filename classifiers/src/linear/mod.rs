//! Our own linear classifier: hashed n-grams, one logistic regression for each label, or a linear one on grades.
//!
//! [`train`] fits a [`Model`] to labelled texts, calibrates it by cross-validation and stores with it what it learnt
//! from and what its thresholds cost. [`Model::score`] is one pass over the bytes of a text: it folds them, hashes
//! n-grams (`features`) and sums weights of one byte each. Sums are whole numbers, so no order of summation can
//! change a score, and the few fractions at the end use no function of the platform: equal texts score equally on
//! every machine.
//!
//! A long text is scored in chunks. Its score is the highest of any chunk, or the mean of all if the model was trained
//! so; the mean is told in any case, because the highest of many grows with their number (O'Brien et al. 2025, arXiv
//! 2508.06601, keep both for that reason).

mod calibrate;
mod error;
mod features;
mod file;
mod header;
mod shipped;
mod train;
mod training;
mod weights;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use calibrate::{Calibration, Isotonic, Line, Method, Sigmoid};
pub use error::ModelError;
pub(crate) use file::is_model;
pub use header::{DataSet, Grades, Header, Label, check_name};
pub use shipped::{SHIPPED, shipped};
pub use train::{Example, Loss, Pool, Settings};
pub use training::{Trained, train};

use weights::Weights;

/// A trained classifier with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    header: Header,
    scorer: Scorer,
}

impl Model {
    /// Reads a model. All of the file is checked here; scoring cannot fail.
    pub fn load(bytes: &[u8]) -> Result<Self, ModelError> {
        file::read(bytes)
    }

    /// The bytes of the model's file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        file::write(self)
    }

    /// What the model says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The probability of each label, or its grade, in the order of [`Header::label`].
    pub fn score(&self, text: &str) -> Scores {
        self.scorer.score(text)
    }
}

/// How many words a text has in the sense of this classifier: what lies between anything but letters and digits.
pub fn count_words(text: &str) -> u64 {
    let mut folded = Vec::new();
    features::fold(text, &mut folded);
    features::words(&folded)
}

/// What a text scores for each label.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The value of the text: of its chunks, what [`Settings::pool`] says.
    pub pooled: Vec<f64>,
    /// The mean of all chunks: of their log-odds, as a probability.
    pub mean: Vec<f64>,
}

/// What scores texts: weights and calibrations.
#[derive(Clone, Debug, PartialEq)]
struct Scorer {
    weights: Weights,
    chunk_bytes: usize,
    pool: Pool,
    calibrations: Vec<Calibration>,
}

impl Scorer {
    /// The probability of each label.
    fn score(&self, text: &str) -> Scores {
        let mut scores = self.logits(text);
        for (label, calibration) in self.calibrations.iter().enumerate() {
            scores.pooled[label] = calibration.value(scores.pooled[label]);
            scores.mean[label] = calibration.value(scores.mean[label]);
        }
        scores
    }

    /// The logit of each label, not calibrated.
    fn logits(&self, text: &str) -> Scores {
        let labels = self.calibrations.len();
        let mut folded = Vec::new();
        let mut scores = Scores { pooled: vec![f64::NEG_INFINITY; labels], mean: vec![0.0; labels] };
        let mut logits = vec![0.0; labels];
        let mut chunks = 0.0;
        for chunk in features::chunks(text, self.chunk_bytes) {
            features::fold(chunk, &mut folded);
            self.weights.logits(&folded, &mut logits);
            chunks += 1.0;
            for (label, logit) in logits.iter().enumerate() {
                scores.pooled[label] = scores.pooled[label].max(*logit);
                scores.mean[label] += logit;
            }
        }
        scores.mean.iter_mut().for_each(|sum| *sum /= chunks);
        if self.pool == Pool::Mean {
            scores.pooled.clone_from(&scores.mean);
        }
        scores
    }
}
