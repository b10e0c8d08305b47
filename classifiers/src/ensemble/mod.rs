//! Several scores as one: each is replaced by its percentile among the records of the same language, the percentiles
//! are combined, and the result falls into one of 20 buckets.
//!
//! # Source
//! Su et al. 2024 (Nemotron-CC, arXiv 2412.02595), section 2.2: scores of several classifiers are made comparable by
//! ranking, given integers 0 to 19, and the largest counts. Percentiles by language, the mean and the learnt combination
//! are our own.

mod file;
mod fit;
mod logistic;
#[cfg(test)]
pub(crate) mod tests;

pub use file::MappingError;
pub use fit::{FitError, Fitted, Sample, fit};
pub use logistic::Logistic;

use filters::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many buckets there are (Nemotron-CC).
pub const BUCKETS: usize = 20;
/// Points of a table of percentiles: each is a thousandth of the records.
pub const POINTS: usize = 1000;

/// How percentiles become one number from 0 to 1.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Combination {
    /// The largest, as Nemotron-CC has it.
    Maximum,
    /// The mean.
    Mean,
    /// A probability, learnt from labels.
    Logistic(Logistic),
}

/// The percentiles of each score among the records of one language.
#[derive(Clone, Debug, PartialEq)]
struct Percentiles {
    records: u64,
    /// By score: `POINTS` scores in ascending order; at most `i` thousandths of the records have a smaller one than
    /// the one at `i`.
    points: Vec<Vec<f64>>,
}

impl Percentiles {
    /// The share of the records with a smaller score, to a thousandth.
    fn percentile(&self, at: usize, score: f64) -> f64 {
        let points = self.points.get(at).map_or(&[][..], Vec::as_slice);
        points.partition_point(|point| *point < score) as f64 / POINTS as f64
    }
}

/// From scores to one score and a bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    scores: Vec<String>,
    language: Option<String>,
    combination: Combination,
    /// What a score must reach to be in the buckets 1 to 19.
    edges: Vec<f64>,
    pooled: Percentiles,
    languages: BTreeMap<String, Percentiles>,
}

/// One score of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Combined {
    /// From 0 to 1.
    pub score: f64,
    /// From 0 to 19.
    pub bucket: usize,
}

impl Mapping {
    /// The columns whose numbers it combines, in order.
    pub fn scores(&self) -> &[String] {
        &self.scores
    }

    /// The column that says of which language a record is.
    pub fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    /// Combines the scores of one record, as many as [`Mapping::scores`]. A language without a table of its own has
    /// that of all records.
    pub fn combine(&self, language: Option<&str>, scores: &[f64]) -> Combined {
        let score = self.combination.of(&self.percentiles(language, scores));
        Combined { score, bucket: self.edges.partition_point(|edge| *edge <= score) }
    }

    fn percentiles(&self, language: Option<&str>, scores: &[f64]) -> Vec<f64> {
        let table = language.and_then(|language| self.languages.get(language)).unwrap_or(&self.pooled);
        scores.iter().enumerate().map(|(at, score)| table.percentile(at, *score)).collect()
    }
}

impl Combination {
    fn of(&self, percentiles: &[f64]) -> f64 {
        match self {
            Self::Maximum => percentiles.iter().copied().fold(0.0, f64::max),
            Self::Mean => percentiles.iter().sum::<f64>() / percentiles.len().max(1) as f64,
            Self::Logistic(logistic) => logistic.probability(percentiles),
        }
    }
}

fn numbers(decimals: Vec<Decimal>) -> Vec<f64> {
    decimals.into_iter().map(Decimal::get).collect()
}

fn decimals(numbers: &[f64]) -> Vec<Decimal> {
    numbers.iter().copied().map(Decimal::of).collect()
}
