//! The numbers of `eval`.

use super::attacks::{Attacked, attacks};
use super::{Record, Scorer, Truth, scored};
use crate::Result;
use classifiers::metrics::{
    Confusion, Interval, Sample, auc, average_precision, bootstrap, bootstrap_difference,
    expected_calibration_error, pearson, quantile, rmse, spearman, wilson,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Shares of the records at whose thresholds retention is told, besides the threshold asked for.
const SHARES: [f64; 7] = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95];

/// What `eval` tells.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Records with a truth.
    pub records: usize,
    /// Records without, which count nowhere: their label is neither a yes nor a no.
    pub unlabelled: usize,
    /// One for each scorer, in the order asked for.
    pub scorers: Vec<Measures>,
    /// Every pair of scorers.
    pub verdicts: Vec<Verdict>,
}

/// How good one scorer is; intervals are 95 % bootstrap intervals, of shares Wilson's.
#[derive(Clone, Debug, Serialize)]
pub struct Measures {
    /// The model, or the column.
    pub model: String,
    /// Its label; the largest of all if none.
    pub head: Option<String>,
    /// Area under the ROC curve. Not of graded labels.
    pub auc: Option<Interval>,
    /// Average precision. Not of graded labels.
    pub average_precision: Option<Interval>,
    /// Spearman's rank correlation.
    pub rank_correlation: Option<Interval>,
    /// Pearson's correlation. Of graded labels alone.
    pub pearson: Option<Interval>,
    /// The root of the mean squared distance from the grade. Of graded labels alone.
    pub rmse: Option<Interval>,
    /// Expected calibration error. Not of graded labels, nor of scores that are no probabilities.
    pub calibration_error: Option<Interval>,
    /// The threshold: as asked for, stored with the label, or 0.5.
    pub threshold: f64,
    /// What comes of the threshold. Not of graded labels.
    pub at_threshold: Option<Confusion>,
    /// The share of records kept by this threshold and by those that keep a twentieth to all but a twentieth of them.
    pub retention: Vec<Retained>,
    /// The share flagged at the threshold among the negatives and the positives of each slice.
    pub slices: Vec<Slice>,
    /// What each disguise does, where that was asked.
    pub attacks: Vec<Attacked>,
}

/// What a threshold keeps.
#[derive(Clone, Debug, Serialize)]
pub struct Retained {
    /// Kept is what scores at most this.
    pub threshold: f64,
    /// Share of all records.
    pub records: f64,
    /// Share of the negatives. Not of graded labels.
    pub negatives: Option<Interval>,
    /// Share of the positives. Not of graded labels.
    pub positives: Option<Interval>,
}

/// Records of one value of the column asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Slice {
    /// The value.
    pub value: String,
    /// Negatives, and the share of them that is flagged: the false-positive rate.
    pub negatives: u64,
    /// The false-positive rate.
    pub negatives_flagged: Option<Interval>,
    /// Positives.
    pub positives: u64,
    /// The recall.
    pub positives_flagged: Option<Interval>,
}

/// Whether one of two scorers is better.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// What is compared.
    pub measure: &'static str,
    /// The two models.
    pub models: [String; 2],
    /// By how much the first exceeds the second, on the same draws of records.
    pub difference: Interval,
    /// The better one; none where their intervals overlap, or that of the difference holds 0.
    pub better: Option<String>,
}

/// How to evaluate.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Overrides the threshold.
    pub threshold: Option<f64>,
    /// Draws that make an interval.
    pub rounds: usize,
    /// The seed of disguises, where texts are to be disguised.
    pub attacks: Option<u64>,
}

/// Evaluates scorers on the same records.
pub fn evaluate(scorers: &[Scorer], truth: &Truth, method: Method) -> Result<Evaluation> {
    let (records, scores, unlabelled) = scored(scorers, truth, |record| record.truth.is_some())?;
    let graded = truth.positive.is_empty();
    let sample = |(record, score): (&Record, &f64)| Some(Sample { score: *score, truth: record.truth? });
    let samples: Vec<Vec<Sample>> =
        scores.iter().map(|scores| records.iter().zip(scores).filter_map(sample).collect()).collect();
    let measured: Vec<Measures> = scorers
        .iter()
        .zip(&samples)
        .map(|(scorer, samples)| measure(scorer, &records, samples, graded, method))
        .collect();
    let both: Vec<(&Measures, &[Sample])> =
        measured.iter().zip(&samples).map(|(measures, samples)| (measures, samples.as_slice())).collect();
    let rounds = method.rounds;
    let mut verdicts = Vec::new();
    for (nth, first) in both.iter().enumerate() {
        for second in &both[nth + 1..] {
            verdicts.extend(compare("auc", [*first, *second], |of| of.auc, auc, rounds));
            let of = |of: &Measures| of.average_precision;
            verdicts.extend(compare("average_precision", [*first, *second], of, average_precision, rounds));
            let of = |of: &Measures| of.rank_correlation;
            verdicts.extend(compare("rank_correlation", [*first, *second], of, spearman, rounds));
        }
    }
    Ok(Evaluation { records: records.len(), unlabelled, scorers: measured, verdicts })
}

/// The seed of every bootstrap here: any number does; equal runs must draw equally.
const SEED: u64 = 1;

fn compare(
    measure: &'static str,
    [(first, one), (second, other)]: [(&Measures, &[Sample]); 2],
    of: impl Fn(&Measures) -> Option<Interval>,
    statistic: fn(&[Sample]) -> Option<f64>,
    rounds: usize,
) -> Option<Verdict> {
    let (mine, theirs) = (of(first)?, of(second)?);
    let difference = bootstrap_difference([one, other], rounds, SEED, statistic)?;
    let unclear = mine.overlaps(&theirs) || (difference.low <= 0.0 && difference.high >= 0.0);
    let better = if difference.value > 0.0 { first } else { second };
    Some(Verdict {
        measure,
        models: [first.model.clone(), second.model.clone()],
        difference,
        better: (!unclear).then(|| better.model.clone()),
    })
}

fn measure(
    scorer: &Scorer,
    records: &[Record],
    samples: &[Sample],
    graded: bool,
    method: Method,
) -> Measures {
    let interval =
        |statistic: fn(&[Sample]) -> Option<f64>| bootstrap(samples, method.rounds, SEED, statistic);
    let binary = |statistic| if graded { None } else { interval(statistic) };
    let of_grades = |statistic| if graded { interval(statistic) } else { None };
    let probabilities = samples.iter().all(|sample| (0.0..=1.0).contains(&sample.score));
    let threshold = method.threshold.or_else(|| scorer.threshold()).unwrap_or(0.5);
    Measures {
        model: scorer.name.clone(),
        head: scorer.head.clone(),
        auc: binary(auc),
        average_precision: binary(average_precision),
        rank_correlation: interval(spearman),
        pearson: of_grades(pearson),
        rmse: of_grades(rmse),
        calibration_error: if probabilities { binary(expected_calibration_error) } else { None },
        threshold,
        at_threshold: (!graded).then(|| Confusion::of(samples, threshold)),
        retention: retention(samples, threshold, graded),
        slices: slices(records, samples, threshold),
        attacks: method
            .attacks
            .map(|seed| attacks(scorer, records, samples, threshold, seed))
            .unwrap_or_default(),
    }
}

/// What is kept by the threshold, and by those that keep certain shares of these very records.
fn retention(samples: &[Sample], threshold: f64, graded: bool) -> Vec<Retained> {
    let mut scores: Vec<f64> = samples.iter().map(|sample| sample.score).collect();
    scores.sort_by(f64::total_cmp);
    let mut thresholds: Vec<f64> = SHARES.iter().filter_map(|share| quantile(&scores, *share)).collect();
    thresholds.push(threshold);
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    thresholds.into_iter().map(|threshold| retained(samples, threshold, graded)).collect()
}

fn retained(samples: &[Sample], threshold: f64, graded: bool) -> Retained {
    let counts = Confusion::of(samples, threshold);
    let kept = counts.true_negatives + counts.false_negatives;
    let share = |kept, of| if graded { None } else { wilson(kept, of) };
    Retained {
        threshold,
        records: kept as f64 / samples.len().max(1) as f64,
        negatives: share(counts.true_negatives, counts.true_negatives + counts.false_positives),
        positives: share(counts.false_negatives, counts.false_negatives + counts.true_positives),
    }
}

fn slices(records: &[Record], samples: &[Sample], threshold: f64) -> Vec<Slice> {
    let mut parts: BTreeMap<&str, Vec<Sample>> = BTreeMap::new();
    for (record, sample) in records.iter().zip(samples) {
        if let Some(value) = &record.slice {
            parts.entry(value).or_default().push(*sample);
        }
    }
    let slice = |(value, samples): (&str, Vec<Sample>)| {
        let counts = Confusion::of(&samples, threshold);
        let (negatives, positives) =
            (counts.true_negatives + counts.false_positives, counts.true_positives + counts.false_negatives);
        Slice {
            value: value.to_owned(),
            negatives,
            negatives_flagged: wilson(counts.false_positives, negatives),
            positives,
            positives_flagged: wilson(counts.true_positives, positives),
        }
    };
    parts.into_iter().map(slice).collect()
}
