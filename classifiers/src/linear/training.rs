//! Training as a whole: folds, scores of texts that were not learnt from, calibration by them, and the final model.

use super::calibrate::Calibration;
use super::header::{DataSet, Header, Label};
use super::train::{Example, Prepared, Settings, fit};
use super::weights::Weights;
use super::{Model, Scorer, features};
use crate::metrics::{Curve, Policy, PolicyError};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Points of the curve that is stored with a label.
const CURVE_POINTS: usize = 40;

/// What training leaves.
pub struct Trained {
    scorer: Scorer,
    settings: Settings,
    /// The fold of each example.
    pub folds: Vec<usize>,
    /// For each example and label the probability by a model that did not learn from its fold, calibrated by the
    /// other folds.
    pub held_out: Vec<Vec<f64>>,
}

/// Fits a model to all examples, and one for each fold to the others, by which the first is calibrated. Equal
/// examples and settings give equal bytes.
pub fn train(labels: usize, examples: &[Example], settings: &Settings) -> Trained {
    let prepared = Prepared::new(examples, settings);
    let folds = folds(examples, settings);
    let mut logits = vec![vec![0.0; labels]; examples.len()];
    for fold in 0..settings.folds {
        let weights = fit(examples, &prepared, labels, settings, |at| folds[at] != fold);
        let scorer = uncalibrated(weights, settings, labels);
        for (at, example) in examples.iter().enumerate().filter(|(at, _)| folds[*at] == fold) {
            logits[at] = scorer.logits(&example.text).pooled;
        }
    }
    let calibration = |label: usize, sees: &dyn Fn(usize) -> bool| {
        let known: Vec<(f64, bool)> = (0..examples.len())
            .filter(|at| sees(*at))
            .filter_map(|at| Some((logits[at][label], examples[at].targets[label]?)))
            .collect();
        Calibration::fit(&known)
    };
    let mut scorer = uncalibrated(fit(examples, &prepared, labels, settings, |_| true), settings, labels);
    scorer.calibrations = (0..labels).map(|label| calibration(label, &|_| true)).collect();
    let mut held_out = logits.clone();
    for label in 0..labels {
        let others: Vec<Calibration> =
            (0..settings.folds).map(|fold| calibration(label, &|at| folds[at] != fold)).collect();
        for (scores, fold) in held_out.iter_mut().zip(&folds) {
            scores[label] = others[*fold].probability(scores[label]);
        }
    }
    Trained { scorer, settings: settings.clone(), folds, held_out }
}

impl Trained {
    /// The model with a threshold for each label, chosen by `policy` on the scores of texts that were not learnt from.
    pub fn into_model(
        self,
        names: &[String],
        examples: &[Example],
        policy: Policy,
        data: Vec<DataSet>,
        command: String,
    ) -> Result<Model, PolicyError> {
        let words: Vec<u64> = examples.iter().map(|example| super::count_words(&example.text)).collect();
        let mut label = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let records: Vec<_> = (0..examples.len())
                .map(|record| (self.held_out[record][at], examples[record].targets[at], words[record]))
                .collect();
            let answers = |answer| records.iter().filter(|record| record.1 == Some(answer)).count() as u64;
            let curve = Curve::new(&records);
            label.push(Label {
                name: name.clone(),
                positives: answers(true),
                negatives: answers(false),
                step: self.scorer.weights.steps[at],
                bias: self.scorer.weights.biases[at],
                calibration: self.scorer.calibrations[at],
                threshold: curve.choose(policy)?.threshold,
                policy,
                curve: curve.thinned(CURVE_POINTS),
            });
        }
        let program = format!("probity {}", env!("CARGO_PKG_VERSION"));
        let header = Header { program, command, training: self.settings, data, label };
        Ok(Model { header, scorer: self.scorer })
    }
}

fn uncalibrated(weights: Weights, settings: &Settings, labels: usize) -> Scorer {
    Scorer { weights, chunk_bytes: settings.chunk_bytes, pool: settings.pool, calibrations: vec![Calibration::IDENTITY; labels] }
}

/// Texts that are equal once folded (case, digits, punctuation) are in one fold, or a model would be tested on what it
/// has learnt by heart.
fn folds(examples: &[Example], settings: &Settings) -> Vec<usize> {
    let mut folded = Vec::new();
    let mut fold = |example: &Example| {
        features::fold(&example.text, &mut folded);
        (xxh3_64_with_seed(&folded, settings.seed) % settings.folds.max(1) as u64) as usize
    };
    examples.iter().map(&mut fold).collect()
}
