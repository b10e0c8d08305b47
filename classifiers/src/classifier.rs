//! Any classifier: one of ours or one of fastText's, told apart by the first bytes of the file.

use crate::{fasttext, linear};
use std::sync::Arc;

/// A model that gives texts probabilities of labels.
pub enum Classifier {
    /// One of ours.
    Linear(Box<linear::Model>),
    /// A supervised fastText model.
    FastText(Box<fasttext::Model>),
}

impl Classifier {
    /// Reads a model; what is wrong with it is told in words.
    pub fn load(bytes: Arc<dyn AsRef<[u8]> + Send + Sync>) -> Result<Self, String> {
        if linear::is_model((*bytes).as_ref()) {
            let model = linear::Model::load((*bytes).as_ref()).map_err(|e| e.to_string())?;
            return Ok(Self::Linear(Box::new(model)));
        }
        let model = fasttext::Model::load(bytes).map_err(|e| e.to_string())?;
        Ok(Self::FastText(Box::new(model)))
    }

    /// The names of its labels.
    pub fn labels(&self) -> Vec<&str> {
        match self {
            Self::Linear(model) => model.header().names().collect(),
            Self::FastText(model) => model.labels().iter().map(String::as_str).collect(),
        }
    }

    /// Whether a text has exactly one of its labels, so that the largest probability says nothing: fastText's softmaxes,
    /// and what learnt only from data that say yes to one label and no to all others.
    pub fn labels_exclude_each_other(&self) -> bool {
        match self {
            Self::Linear(model) => model.header().labels_exclude_each_other(),
            Self::FastText(model) => model.labels_exclude_each_other(),
        }
    }

    /// The threshold stored with a label, where there is one.
    pub fn threshold(&self, label: usize) -> Option<f64> {
        match self {
            Self::Linear(model) => model.header().label.get(label).and_then(|label| label.threshold),
            Self::FastText(_) => None,
        }
    }

    /// The probability (or grade) of one label, or without one the largest of all; 0 where the model finds nothing in the text.
    pub fn probability(&self, text: &str, label: Option<usize>) -> f64 {
        match self {
            Self::Linear(model) => {
                let scores = model.score(text).pooled;
                label.map_or_else(
                    || scores.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                    |label| scores[label],
                )
            }
            Self::FastText(model) => {
                let probability = match label {
                    Some(label) => model.probability(text, label),
                    None => model.best(text).map(|best| best.probability),
                };
                // fastText's probabilities reach 1.00001
                probability.filter(|p| !p.is_nan()).map_or(0.0, |p| f64::from(p).clamp(0.0, 1.0))
            }
        }
    }
}
