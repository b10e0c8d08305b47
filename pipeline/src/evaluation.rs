//! `eval` and `threshold`: how good scorers are on labelled files, and what a threshold costs. A scorer is a model, or
//! a column of numbers that come from elsewhere.

mod attacks;
mod measures;

pub use attacks::Attacked;
pub use classifiers::metrics::{Curve, Interval, Point, Policy};
pub use measures::{Evaluation, Measures, Method, Retained, Slice, Verdict, evaluate};

use crate::files::map::Map;
use crate::source::rows::{Row, Wanted, read};
use crate::{Error, Result};
use classifiers::Classifier;
use classifiers::linear::{count_words, shipped};
use classifiers::metrics::Sample;
use rayon::prelude::*;
use std::collections::BTreeSet;
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

/// How many labels a complaint lists.
const LISTED: usize = 20;

/// A record: what is true, how long it is and where it belongs.
struct Record {
    text: String,
    truth: Option<f64>,
    slice: Option<String>,
    /// The values of the columns that are scorers, in the order of these.
    numbers: Vec<f64>,
}

impl Truth {
    /// Reads the records, with the numbers in these columns.
    fn read(&self, numbers: &[&str]) -> Result<Vec<Record>> {
        let mut columns = vec![self.label.as_str()];
        columns.extend(numbers);
        columns.extend(self.by.as_deref());
        let (mut records, mut labels) = (Vec::new(), BTreeSet::new());
        for path in &self.data {
            let wanted = Wanted::required(Some(&self.text), columns.iter().copied());
            for (at, row) in read(path, &wanted)?.rows.into_iter().enumerate() {
                if let Some(Some(label)) = row.labels.first().filter(|_| !self.positive.is_empty()) {
                    labels.insert(label.clone());
                }
                let told = self.record(row, numbers);
                records.push(told.map_err(|why| Error::input(path, format!("row {at}: {why}")))?);
            }
        }
        self.check(&records, &labels)?;
        Ok(records)
    }

    /// A label that no record has is a slip of the pen, which would pass as a score without positives.
    fn check(&self, records: &[Record], labels: &BTreeSet<String>) -> Result<()> {
        let wrong = |why: String| match self.data.last() {
            Some(path) => Error::input(path, why),
            None => Error::Bug("labelled files are missing".into()),
        };
        if records.is_empty() {
            return Err(wrong("holds no record".into()));
        }
        match self.positive.iter().chain(&self.negative).find(|label| !labels.contains(*label)) {
            None => Ok(()),
            Some(label) => {
                let some: Vec<_> = labels.iter().take(LISTED).map(String::as_str).collect();
                let more = if labels.len() > LISTED { ", …" } else { "" };
                let some = some.join(", ");
                Err(wrong(format!("no record has `{label}` as `{}`; there are: {some}{more}", self.label)))
            }
        }
    }

    /// What a row says; its labels are the truth, the numbers asked for and the slice.
    fn record(&self, row: Row, numbers: &[&str]) -> std::result::Result<Record, String> {
        let mut labels = row.labels.into_iter();
        let truth = labels.next().flatten().map(|label| self.truth(&label)).transpose()?.flatten();
        let numbers = numbers.iter().map(|name| number(name, labels.next().flatten().as_deref()));
        let numbers = numbers.collect::<std::result::Result<_, _>>()?;
        Ok(Record { text: row.text, truth, slice: labels.next().flatten(), numbers })
    }

    fn truth(&self, label: &str) -> std::result::Result<Option<f64>, String> {
        if self.positive.is_empty() {
            let told = number(&self.label, Some(label)).map(Some);
            return told.map_err(|why| format!("{why} where no positive label is named"));
        }
        let is = |values: &[String]| values.iter().any(|value| value == label);
        Ok(match (is(&self.positive), self.negative.is_empty() || is(&self.negative)) {
            (true, _) => Some(1.0),
            (false, true) => Some(0.0),
            (false, false) => None,
        })
    }
}

fn number(column: &str, cell: Option<&str>) -> std::result::Result<f64, String> {
    let number = cell.and_then(|cell| cell.parse().ok()).filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| format!("`{column}` is `{}`, expected a number", cell.unwrap_or("null")))
}

/// What gives records a number: a model, or a column of the files.
pub struct Scorer {
    /// The model as named, or the column.
    pub name: String,
    /// The label's name, where one was named.
    pub head: Option<String>,
    source: Source,
}

enum Source {
    /// A classifier, and which of its labels is meant; the largest of all if none.
    Model(Classifier, Option<usize>),
    /// A column of numbers.
    Column,
}

impl Scorer {
    /// Opens a model: the name of a shipped one, or a file of ours or of fastText's. One whose labels exclude each other
    /// needs a head.
    pub fn open(name: &str, head: Option<&str>) -> Result<Self> {
        let asset = |why: String| Error::Asset { name: name.to_owned(), why };
        let bytes: Arc<dyn AsRef<[u8]> + Send + Sync> = match shipped(name) {
            Some(bytes) => Arc::new(bytes),
            None => Arc::new(Map::open(name.as_ref()).map_err(|e| asset(e.to_string()))?),
        };
        let classifier = Classifier::load(bytes).map_err(asset)?;
        let labels = classifier.labels();
        let listed = || labels.join(", ");
        let at = match head {
            Some(head) => Some(
                labels
                    .iter()
                    .position(|label| *label == head)
                    .ok_or_else(|| asset(format!("has no label `{head}`; there are: {}", listed())))?,
            ),
            None if classifier.labels_exclude_each_other() => {
                let why =
                    "its labels exclude each other, so that the largest of all is no score; name one as head";
                return Err(asset(format!("{why}: {}", listed())));
            }
            None => None,
        };
        Ok(Self {
            name: name.to_owned(),
            head: head.map(str::to_owned),
            source: Source::Model(classifier, at),
        })
    }

    /// The threshold stored with the label, where there is one.
    pub fn threshold(&self) -> Option<f64> {
        match &self.source {
            Source::Model(classifier, at) => classifier.threshold((*at)?),
            Source::Column => None,
        }
    }

    /// The numbers in a column of the labelled files, whatever made them.
    pub fn column(name: &str) -> Self {
        Self { name: name.to_owned(), head: None, source: Source::Column }
    }

    /// The score of any text, which only a model can give.
    fn score(&self, text: &str) -> Option<f64> {
        match &self.source {
            Source::Model(classifier, at) => Some(classifier.probability(text, *at)),
            Source::Column => None,
        }
    }
}

/// The scores of each scorer, the records they are of, which are those that `take` wants, and how many others there are.
fn scored(
    scorers: &[Scorer],
    truth: &Truth,
    take: impl Fn(&Record) -> bool,
) -> Result<(Vec<Record>, Vec<Vec<f64>>, usize)> {
    let is_column = |scorer: &&Scorer| matches!(scorer.source, Source::Column);
    let columns: Vec<&str> = scorers.iter().filter(is_column).map(|scorer| scorer.name.as_str()).collect();
    let mut records = truth.read(&columns)?;
    let read = records.len();
    records.retain(take);
    let mut column = 0..columns.len();
    let scores = |scorer: &Scorer| match &scorer.source {
        Source::Model(classifier, at) => {
            records.par_iter().map(|record| classifier.probability(&record.text, *at)).collect()
        }
        Source::Column => {
            let column = column.next().unwrap_or_default();
            records.iter().map(|record| record.numbers[column]).collect()
        }
    };
    let scores = scorers.iter().map(scores).collect();
    let others = read - records.len();
    Ok((records, scores, others))
}

/// The curve of a scorer over labelled records, and the point that a policy chooses.
pub fn threshold(scorer: &Scorer, truth: &Truth, policy: Policy) -> Result<(Curve, Point)> {
    let (records, scores, _) = scored(std::slice::from_ref(scorer), truth, |_| true)?;
    let scored: Vec<_> = records
        .iter()
        .zip(scores.into_iter().flatten())
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
