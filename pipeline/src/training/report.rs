//! How good a model is on texts it did not learn from.

use super::Recipe;
use classifiers::linear::{Example, Model, Trained};
use classifiers::metrics::{
    Confusion, Interval, Sample, auc, average_precision, bootstrap, expected_calibration_error, macro_f1,
    pearson, rmse, spearman,
};
use serde::Serialize;

/// Draws of the bootstrap, and its seed: enough for the second decimal of an interval's ends.
const ROUNDS: usize = 200;
const SEED: u64 = 1;

/// What cross-validation says of a model.
#[derive(Clone, Debug, Serialize)]
pub struct TrainingReport {
    /// Records that were learnt from.
    pub records: usize,
    /// The labels, in the model's order.
    pub labels: Vec<LabelReport>,
    /// Of exclusive labels: the mean F1 where each record is told the label whose probability is largest for how
    /// frequent it is.
    pub macro_f1: Option<f64>,
}

/// What it says of one label; intervals are 95 % bootstrap intervals.
#[derive(Clone, Debug, Serialize)]
pub struct LabelReport {
    /// The label.
    pub name: String,
    /// Records with it; of grades, records with one.
    pub positives: usize,
    /// Records known to be without it.
    pub negatives: usize,
    /// Area under the ROC curve.
    pub auc: Option<Interval>,
    /// Average precision.
    pub average_precision: Option<Interval>,
    /// Expected calibration error.
    pub calibration_error: Option<Interval>,
    /// The root of the mean squared distance, of grades alone, as are the next two.
    pub rmse: Option<Interval>,
    /// Pearson's correlation.
    pub pearson: Option<Interval>,
    /// Spearman's rank correlation.
    pub spearman: Option<Interval>,
    /// The stored threshold.
    pub threshold: Option<f64>,
    /// What comes of it.
    pub at_threshold: Option<Confusion>,
    #[serde(skip)]
    samples: Vec<Sample>,
}

pub(super) fn report(recipe: &Recipe, examples: &[Example], trained: &Trained) -> TrainingReport {
    let label = |(at, name): (usize, &String)| {
        let known = examples.iter().zip(&trained.held_out);
        let samples: Vec<Sample> = known
            .filter_map(|(example, scores)| {
                Some(Sample { score: scores[at], truth: f64::from(example.targets[at]?) })
            })
            .collect();
        let graded = recipe.graded.is_some();
        let positives = samples.iter().filter(|sample| graded || sample.is_positive()).count();
        let told = |when: bool, statistic: fn(&[Sample]) -> Option<f64>| {
            when.then(|| bootstrap(&samples, ROUNDS, SEED, statistic)).flatten()
        };
        LabelReport {
            name: name.clone(),
            positives,
            negatives: samples.len() - positives,
            auc: told(!graded, auc),
            average_precision: told(!graded, average_precision),
            calibration_error: told(!graded, expected_calibration_error),
            rmse: told(graded, rmse),
            pearson: told(graded, pearson),
            spearman: told(graded, spearman),
            threshold: None,
            at_threshold: None,
            samples,
        }
    };
    let labels: Vec<LabelReport> = recipe.labels.iter().enumerate().map(label).collect();
    let macro_f1 = recipe.exclusive.then(|| exclusive(&labels, examples, trained)).flatten();
    TrainingReport { records: examples.len(), labels, macro_f1 }
}

/// Macro-F1 where the class is the largest of `probability / sqrt(frequency)`: halfway, on a logarithmic scale, between
/// the most probable class, which neglects rare ones, and the largest lift, which overrates them.
fn exclusive(labels: &[LabelReport], examples: &[Example], trained: &Trained) -> Option<f64> {
    let roots: Vec<f64> = labels.iter().map(|label| (label.positives.max(1) as f64).sqrt()).collect();
    let class = |scores: &[f64]| {
        let lift = |at: usize| scores[at] / roots[at];
        (0..roots.len()).max_by(|a, b| lift(*a).total_cmp(&lift(*b)))
    };
    let pairs: Vec<(usize, usize)> = examples
        .iter()
        .zip(&trained.held_out)
        .filter_map(|(example, scores)| {
            let truth = example.targets.iter().position(|target| *target == Some(1.0))?;
            Some((truth, class(scores)?))
        })
        .collect();
    macro_f1(&pairs, labels.len())
}

impl TrainingReport {
    pub(super) fn with_thresholds(mut self, model: &Model) -> Self {
        for (report, label) in self.labels.iter_mut().zip(&model.header().label) {
            report.threshold = label.threshold;
            report.at_threshold = label.threshold.map(|at| Confusion::of(&report.samples, at));
        }
        self
    }
}
