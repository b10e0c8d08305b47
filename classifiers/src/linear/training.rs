//! Training as a whole: folds, scores of texts that were not learnt from, calibration by them, and the final model.

use super::calibrate::{Calibration, Line};
use super::header::{DataSet, Grades, Header, Label};
use super::train::{Example, Loss, Prepared, Settings, fit};
use super::weights::Weights;
use super::{Model, Scorer, features};
use crate::metrics::{Curve, Policy, PolicyError, Sample, pearson, rmse, spearman};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Points of the curve that is stored with a label.
const CURVE_POINTS: usize = 40;

/// What training leaves.
pub struct Trained {
    scorer: Scorer,
    settings: Settings,
    /// The fold of each example.
    pub folds: Vec<usize>,
    /// For each example and label the probability or grade by a model that did not learn from its fold, calibrated by the
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
        let known = (0..examples.len())
            .filter(|at| sees(*at))
            .filter_map(|at| Some((logits[at][label], f64::from(examples[at].targets[label]?))));
        calibrate(settings, known)
    };
    let mut scorer = uncalibrated(fit(examples, &prepared, labels, settings, |_| true), settings, labels);
    scorer.calibrations = (0..labels).map(|label| calibration(label, &|_| true)).collect();
    let mut held_out = logits.clone();
    for label in 0..labels {
        let others: Vec<Calibration> =
            (0..settings.folds).map(|fold| calibration(label, &|at| folds[at] != fold)).collect();
        for (scores, fold) in held_out.iter_mut().zip(&folds) {
            scores[label] = others[*fold].value(scores[label]);
        }
    }
    Trained { scorer, settings: settings.clone(), folds, held_out }
}

impl Trained {
    /// The model with a threshold for each label, chosen by `policy` on the scores of texts that were not learnt from;
    /// with `None`, as for grades, there is none.
    pub fn into_model(
        self,
        names: &[String],
        examples: &[Example],
        policy: Option<Policy>,
        data: Vec<DataSet>,
        command: String,
    ) -> Result<Model, PolicyError> {
        let label = names.iter().enumerate().map(|(at, name)| self.label(at, name, examples, policy));
        let label = label.collect::<Result<Vec<_>, _>>()?;
        let program = format!("probity {}", env!("CARGO_PKG_VERSION"));
        let header = Header { program, command, training: self.settings, data, label };
        Ok(Model { header, scorer: self.scorer })
    }

    fn label(
        &self,
        at: usize,
        name: &str,
        examples: &[Example],
        policy: Option<Policy>,
    ) -> Result<Label, PolicyError> {
        let known = self.held_out.iter().zip(examples);
        let samples: Vec<Sample> = known
            .filter_map(|(scores, example)| {
                Some(Sample { score: scores[at], truth: f64::from(example.targets[at]?) })
            })
            .collect();
        let graded = self.settings.loss == Loss::Squared;
        let positives = samples.iter().filter(|sample| graded || sample.is_positive()).count() as u64;
        let curve = Curve::new(&self.records(at, examples));
        Ok(Label {
            name: name.to_owned(),
            positives,
            negatives: samples.len() as u64 - positives,
            step: self.scorer.weights.steps[at],
            bias: self.scorer.weights.biases[at],
            calibration: self.scorer.calibrations[at].clone(),
            threshold: policy.map(|policy| curve.choose(policy)).transpose()?.map(|point| point.threshold),
            policy,
            grades: graded.then(|| Grades {
                rmse: rmse(&samples),
                pearson: pearson(&samples),
                spearman: spearman(&samples),
            }),
            curve: if policy.is_some() { curve.thinned(CURVE_POINTS) } else { Vec::new() },
        })
    }

    /// Score, answer and words of each example, as a curve wants them.
    fn records(&self, label: usize, examples: &[Example]) -> Vec<(f64, Option<bool>, u64)> {
        let record = |(scores, example): (&Vec<f64>, &Example)| {
            let answer = example.targets[label].map(|target| target > 0.5);
            (scores[label], answer, super::count_words(&example.text))
        };
        self.held_out.iter().zip(examples).map(record).collect()
    }
}

fn calibrate(settings: &Settings, known: impl Iterator<Item = (f64, f64)>) -> Calibration {
    match settings.loss {
        Loss::Logistic => {
            let answers: Vec<(f64, bool)> = known.map(|(logit, truth)| (logit, truth > 0.5)).collect();
            Calibration::fit(settings.calibration, &answers)
        }
        Loss::Squared => Calibration::Line(Line::fit(&known.collect::<Vec<_>>())),
    }
}

fn uncalibrated(weights: Weights, settings: &Settings, labels: usize) -> Scorer {
    Scorer {
        weights,
        chunk_bytes: settings.chunk_bytes,
        pool: settings.pool,
        calibrations: vec![Calibration::IDENTITY; labels],
    }
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
