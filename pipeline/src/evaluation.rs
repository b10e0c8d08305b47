//! `eval` and `threshold`: how good scorers are on labelled files, and what a threshold costs.

mod attacks;
mod measures;

pub use attacks::Attacked;
pub use classifiers::metrics::{Curve, Interval, Point, Policy};
pub use measures::{Evaluation, Measures, Method, Retained, Slice, Verdict, evaluate};

use crate::map::Map;
use crate::rows::{Wanted, read};
use crate::{Error, Result};
use classifiers::Classifier;
use classifiers::linear::{count_words, shipped};
use classifiers::metrics::Sample;
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// Which records, and what is true of them.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Parquet files.
    pub data: Vec<PathBuf>,
    /// The column with the text.
    pub text: String,
    /// The column with the label; a number where no `positive` is given.
    pub label: String,
    /// Values of the label that are a yes.
    pub positive: Vec<String>,
    /// Values that are a no; every other one if empty. Records with neither are not counted.
    pub negative: Vec<String>,
    /// A column by whose values records are told apart in slices.
    pub by: Option<String>,
}

/// A record: what is true, how long it is and where it belongs.
struct Record {
    text: String,
    truth: Option<f64>,
    slice: Option<String>,
}

impl Truth {
    fn read(&self) -> Result<Vec<Record>> {
        let mut columns = vec![self.label.as_str()];
        columns.extend(self.by.as_deref());
        let mut records = Vec::new();
        for path in &self.data {
            let wanted = Wanted::required(Some(&self.text), columns.iter().copied());
            for (at, row) in read(path, &wanted)?.rows.into_iter().enumerate() {
                let mut labels = row.labels.into_iter();
                let label = labels.next().flatten();
                let truth = label.map(|label| self.truth(&label)).transpose();
                let truth = truth.map_err(|why| Error::input(path, format!("row {at}: {why}")))?.flatten();
                records.push(Record { text: row.text, truth, slice: labels.next().flatten() });
            }
        }
        Ok(records)
    }

    fn truth(&self, label: &str) -> std::result::Result<Option<f64>, String> {
        if self.positive.is_empty() {
            let number = label.parse().ok().filter(|number: &f64| number.is_finite());
            let why = || {
                format!("`{}` is `{label}`, expected a number where no positive label is named", self.label)
            };
            return number.map(Some).ok_or_else(why);
        }
        let is = |values: &[String]| values.iter().any(|value| value == label);
        Ok(match (is(&self.positive), self.negative.is_empty() || is(&self.negative)) {
            (true, _) => Some(1.0),
            (false, true) => Some(0.0),
            (false, false) => None,
        })
    }
}

/// A classifier and which of its labels is meant.
pub struct Scorer {
    /// The model as named.
    pub name: String,
    /// The label's name, where one was named.
    pub head: Option<String>,
    classifier: Classifier,
    at: Option<usize>,
}

impl Scorer {
    /// Opens a model: the name of a shipped one, or a file of ours or of fastText's.
    pub fn open(name: &str, head: Option<&str>) -> Result<Self> {
        let asset = |why: String| Error::Asset { name: name.to_owned(), why };
        let bytes: Arc<dyn AsRef<[u8]> + Send + Sync> = match shipped(name) {
            Some(bytes) => Arc::new(bytes),
            None => Arc::new(Map::open(name.as_ref()).map_err(|e| asset(e.to_string()))?),
        };
        let classifier = Classifier::load(bytes).map_err(asset)?;
        let labels = classifier.labels();
        let at =
            match head {
                None => None,
                Some(head) => Some(labels.iter().position(|label| *label == head).ok_or_else(|| {
                    asset(format!("has no label `{head}`; there are: {}", labels.join(", ")))
                })?),
            };
        Ok(Self { name: name.to_owned(), head: head.map(str::to_owned), classifier, at })
    }

    /// The threshold stored with the label, where there is one.
    pub fn threshold(&self) -> Option<f64> {
        self.classifier.threshold(self.at?)
    }

    fn score(&self, text: &str) -> f64 {
        self.classifier.probability(text, self.at)
    }

    fn scores(&self, records: &[Record]) -> Vec<f64> {
        records.par_iter().map(|record| self.score(&record.text)).collect()
    }
}

/// The curve of a scorer over labelled records, and the point that a policy chooses.
pub fn threshold(scorer: &Scorer, truth: &Truth, policy: Policy) -> Result<(Curve, Point)> {
    let records = truth.read()?;
    let scores = scorer.scores(&records);
    let scored: Vec<_> = records
        .iter()
        .zip(scores)
        .map(|(record, score)| {
            let answer = record.truth.map(|truth| Sample { score, truth }.is_positive());
            (score, answer, count_words(&record.text))
        })
        .collect();
    let curve = Curve::new(&scored);
    let point = curve.choose(policy).map_err(|e| Error::Unanswerable {
        why: e.to_string(),
        hint: Some("choose another policy, or name more positive labels".into()),
    })?;
    Ok((curve, point))
}
