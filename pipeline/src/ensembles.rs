//! Mappings for the stage `ensemble`, made from the scores that a release's ledger holds.

use crate::report::Ledger;
use crate::{Error, Result};
use classifiers::ensemble::{Combination, Fitted, Logistic, Mapping, Sample, fit};
use std::path::Path;

/// What a mapping is made of.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Columns of the ledger, or stages for their column `score`.
    pub scores: Vec<String>,
    /// The column of the language.
    pub language: Option<String>,
    /// How percentiles are combined.
    pub combination: Combined,
    /// Fewest records of a language for a table of its own.
    pub records_min: u64,
}

/// How percentiles are combined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Combined {
    /// The largest.
    Maximum,
    /// The mean.
    Mean,
    /// A logistic regression, learnt from the records that have a value in this column: those with this one are good.
    Learnt(String, String),
}

/// A mapping and what it was made from.
#[derive(Debug)]
pub struct Ensemble {
    /// The file.
    pub mapping: Vec<u8>,
    /// Records in the ledger.
    pub records: u64,
    /// Those with all of the scores.
    pub scored: u64,
    /// Those by whose label it was learnt.
    pub labelled: u64,
}

/// Fits a mapping to the records of the release in the directory `release`, whatever became of them. In memory are
/// eight bytes for each score of a record, and its language.
///
/// # Errors
/// When the ledger lacks a column, or there is too little to fit a mapping to.
pub fn fit_ensemble(release: &Path, recipe: &Recipe) -> Result<Ensemble> {
    let scores: Vec<String> = recipe.scores.iter().map(|name| full(name)).collect();
    let label =
        if let Combined::Learnt(column, value) = &recipe.combination { Some((column, value)) } else { None };
    let columns: Vec<String> =
        scores.iter().chain(&recipe.language).chain(label.map(|(column, _)| column)).cloned().collect();
    let (mut records, mut samples) = (0, Vec::new());
    Ledger::open(release)?.scan(&columns, |_, cells| {
        records += 1;
        let (numbers, rest) = cells.split_at(scores.len());
        let numbers = numbers.iter().map(|cell| cell.as_ref()?.parse().ok().filter(|n: &f64| n.is_finite()));
        if let Some(scores) = numbers.collect() {
            let language = if recipe.language.is_some() { rest[0].clone() } else { None };
            let known = label.zip(rest.last().and_then(Option::as_ref));
            let label = known.map(|((_, value), cell)| cell == value);
            samples.push(Sample { language, scores, label });
        }
        Ok(())
    })?;
    let fitted = Fitted {
        scores,
        language: recipe.language.clone(),
        combination: recipe.combination.start(),
        records_min: recipe.records_min,
    };
    let mapping: Mapping = fit(&samples, &fitted).map_err(|why| Error::release(release, why.to_string()))?;
    Ok(Ensemble {
        mapping: mapping.to_bytes().map_err(|e| Error::Bug(e.to_string()))?,
        records,
        scored: samples.len() as u64,
        labelled: samples.iter().filter(|sample| sample.label.is_some()).count() as u64,
    })
}

/// The name of a column, where that of a stage stands for its column `score`.
fn full(name: &str) -> String {
    if name.contains('/') { name.to_string() } else { format!("{name}/score") }
}

impl Combined {
    fn start(&self) -> Combination {
        match self {
            Self::Maximum => Combination::Maximum,
            Self::Mean => Combination::Mean,
            Self::Learnt(..) => Combination::Logistic(Logistic::default()),
        }
    }
}
