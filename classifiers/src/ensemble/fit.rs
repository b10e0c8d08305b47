//! Making a mapping from the scores of records.

use super::file::SCORES_MAX;
use super::{BUCKETS, Combination, Logistic, Mapping, POINTS, Percentiles};
use std::collections::BTreeMap;

/// What is known of one record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Its language, if it was told.
    pub language: Option<String>,
    /// Its scores, all of them finite.
    pub scores: Vec<f64>,
    /// Whether it is good, if that is known; of use for the learnt combination alone.
    pub label: Option<bool>,
}

/// What is to be fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The columns of the scores, in the order of [`Sample::scores`].
    pub scores: Vec<String>,
    /// The column of the language.
    pub language: Option<String>,
    /// How percentiles are combined; a [`Combination::Logistic`] is learnt anew.
    pub combination: Combination,
    /// Fewest records of a language for a table of its own.
    pub records_min: u64,
}

/// Why nothing can be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// There are no records with all scores.
    #[error("no record has all of the scores")]
    NoRecords,
    /// Too many scores, or none.
    #[error("{0} scores are to be combined, expected 1 to {SCORES_MAX}")]
    Scores(usize),
    /// One of the labels does not occur.
    #[error("the labels are all alike: {positive} records with it, {negative} without")]
    Labels {
        /// Records that have the label.
        positive: usize,
        /// Records that do not.
        negative: usize,
    },
}

/// Fits a mapping: exact percentiles, by language where there are enough records. The same samples give the same mapping,
/// in whatever order; a learnt combination depends on the order in the last digits.
///
/// # Errors
/// When there is too little to fit it to.
pub fn fit(samples: &[Sample], fitted: &Fitted) -> Result<Mapping, FitError> {
    let width = fitted.scores.len();
    if !(1..=SCORES_MAX).contains(&width) {
        return Err(FitError::Scores(width));
    }
    let pooled = percentiles(samples.iter(), width).ok_or(FitError::NoRecords)?;
    let mut by_language: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        if let Some(language) = sample.language.as_deref() {
            by_language.entry(language).or_default().push(sample);
        }
    }
    let enough = by_language.into_iter().filter(|(_, samples)| samples.len() as u64 >= fitted.records_min);
    let table = |(language, samples): (&str, Vec<&Sample>)| {
        Some((language.to_string(), percentiles(samples.into_iter(), width)?))
    };
    let mut mapping = Mapping {
        scores: fitted.scores.clone(),
        language: fitted.language.clone(),
        combination: fitted.combination.clone(),
        edges: even_edges(),
        pooled,
        languages: enough.filter_map(table).collect(),
    };
    if let Combination::Logistic(_) = fitted.combination {
        mapping.combination = Combination::Logistic(learnt(&mapping, samples, width)?);
    }
    if fitted.combination != Combination::Maximum {
        mapping.edges = filled_edges(&mapping, samples);
    }
    Ok(mapping)
}

/// The exact percentiles; `None` without records.
fn percentiles<'s>(samples: impl Iterator<Item = &'s Sample>, width: usize) -> Option<Percentiles> {
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); width];
    for sample in samples {
        columns.iter_mut().zip(&sample.scores).for_each(|(column, score)| column.push(*score));
    }
    let records = columns.first().map_or(0, Vec::len);
    let points = columns.into_iter().map(|column| quantiles(column, POINTS)).collect::<Option<_>>()?;
    Some(Percentiles { records: records as u64, points })
}

/// So many numbers that cut others into parts of one size, each but the first above a part; `None` of nothing.
fn quantiles(mut numbers: Vec<f64>, parts: usize) -> Option<Vec<f64>> {
    numbers.sort_unstable_by(f64::total_cmp);
    (0..parts).map(|part| numbers.get(part * numbers.len() / parts).copied()).collect()
}

/// Twentieths, as Nemotron-CC has them: of a maximum, the bucket is the largest of those of the single scores.
fn even_edges() -> Vec<f64> {
    (1..BUCKETS).map(|bucket| bucket as f64 / BUCKETS as f64).collect()
}

/// Edges between which equally many of the records lie.
fn filled_edges(mapping: &Mapping, samples: &[Sample]) -> Vec<f64> {
    let combined = |sample: &Sample| mapping.combine(sample.language.as_deref(), &sample.scores).score;
    let quantiles = quantiles(samples.iter().map(combined).collect(), BUCKETS);
    quantiles.map_or_else(even_edges, |quantiles| quantiles[1..].to_vec())
}

fn learnt(mapping: &Mapping, samples: &[Sample], width: usize) -> Result<Logistic, FitError> {
    let known: Vec<(Vec<f64>, bool)> = samples
        .iter()
        .filter_map(|s| Some((mapping.percentiles(s.language.as_deref(), &s.scores), s.label?)))
        .collect();
    let positive = known.iter().filter(|(_, label)| *label).count();
    let negative = known.len() - positive;
    if positive == 0 || negative == 0 {
        return Err(FitError::Labels { positive, negative });
    }
    Ok(Logistic::fit(&known, width))
}
