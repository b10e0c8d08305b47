//! Over-removal: whether stages take out more of one part of a corpus than of the rest, told from the ledger.
//!
//! The records are cut into *slices* by their source, by the tenths of their length in bytes, or by a column of the
//! ledger. For each stage, each rule and each value of a slice: the share that was taken out, its Wilson interval, and
//! its ratio to the share of all other records with the interval of Donner and Zou. Among records that are known to be harmless
//! these shares are false-positive rates. Intervals hold each by itself: of very many slices some stray by chance.

use super::harmless::{Harmless, Truth};
use super::ledger::Ledger;
use super::slices::Slices;
use super::{CONFIDENCE, bug};
use crate::{Error, Result};
use manifests::audit::{Interval, ratio, wilson};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What is asked of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// `source`, `length`, or columns of the ledger.
    pub slices: Vec<String>,
    /// Only records where this column has this value: those known to be harmless.
    pub harmless: Option<(String, String)>,
    /// Where that column is, if not in the ledger.
    pub truth: Option<Truth>,
}

/// What was taken out of which slice.
#[derive(Debug, Serialize)]
pub struct OverRemoval {
    /// Records that were looked at.
    pub records: u64,
    /// What they are cut into.
    pub parts: Vec<Part>,
    /// By slice, value, and what took them out.
    pub rows: Vec<Row>,
}

/// How many records have a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What the corpus is cut by.
    pub slice: String,
    /// The value; empty where records have none.
    pub value: String,
    /// Records with it.
    pub records: u64,
}

/// What one stage or rule took out of one part of the corpus.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What the corpus is cut by.
    pub slice: String,
    /// The value these records have; empty where they have none.
    pub value: String,
    /// `all`, a stage, or `stage/rule`.
    pub by: String,
    /// Whether `by` is a rule.
    pub rule: bool,
    /// Records of the slice.
    pub records: u64,
    /// How many of them were removed.
    pub removed: u64,
    /// How many of them were quarantined.
    pub quarantined: u64,
    /// The share taken out, either way.
    pub share: f64,
    /// Its interval.
    pub interval: Interval,
    /// All other records, and how many of them were taken out.
    pub rest: (u64, u64),
    /// The share to that of the rest, where either took any; infinite, which JSON has as null, where the rest has none.
    pub ratio: Option<f64>,
    /// Its interval.
    pub ratio_interval: Option<Interval>,
}

/// Removed and quarantined.
type Taken = (u64, u64);

#[derive(Default)]
struct Tally {
    records: u64,
    taken: BTreeMap<(String, bool), Taken>,
}

impl Tally {
    fn add(&mut self, fate: &str, stage: Option<&str>, rule: Option<&str>) {
        self.records += 1;
        let (Some(stage), Some(rule)) = (stage, rule) else { return };
        for key in [("all".to_string(), false), (stage.to_string(), false), (format!("{stage}/{rule}"), true)]
        {
            let taken = self.taken.entry(key).or_default();
            if fate == "removed" { taken.0 += 1 } else { taken.1 += 1 }
        }
    }
}

/// Tells what was taken out of which slice; an error where no record is harmless though some were asked for.
pub fn report(release: &Path, question: &Question) -> Result<OverRemoval> {
    let told = measure(release, question)?;
    let (why, hint) = match (&question.harmless, &question.truth) {
        (Some(_), Some(truth)) => (
            format!("`{}` calls no record of the release harmless", truth.file.display()),
            "compare its ids, and the value asked for, with those of the ledger",
        ),
        (Some((column, value)), None) => (
            format!("no record of the release has `{value}` in `{column}`"),
            "compare the value with those that `report` shows for that column with `--by`",
        ),
        (None, _) => return Ok(told),
    };
    match told.records {
        0 => Err(Error::Unanswerable { why, hint: Some(hint.into()) }),
        _ => Ok(told),
    }
}

/// Reads the ledger of a release: once, and before that its lengths where they are asked for, eight bytes a record.
pub(crate) fn measure(release: &Path, question: &Question) -> Result<OverRemoval> {
    let ledger = Ledger::open(release)?;
    let slices = Slices::new(&ledger, &question.slices)?;
    let harmless = Harmless::of(question)?;
    let columns: Vec<String> = ["fate", "stage", "rule"]
        .into_iter()
        .map(String::from)
        .chain(harmless.iter().map(|harmless| harmless.column.clone()))
        .chain(slices.columns())
        .collect();
    let recorded = columns.len() - slices.columns().count();
    let (mut total, mut tallies) = (Tally::default(), BTreeMap::<(usize, String), Tally>::new());
    ledger.scan(&columns, |source, cells| {
        let cell = |at: usize| cells.get(at).and_then(Option::as_deref);
        if harmless.as_ref().is_some_and(|harmless| !harmless.is(cell(3))) {
            return Ok(());
        }
        let (fate, stage, rule) = (cell(0).unwrap_or_default(), cell(1), cell(2));
        total.add(fate, stage, rule);
        for (slice, value) in slices.values(source, &cells[recorded..]).enumerate() {
            tallies.entry((slice, value)).or_default().add(fate, stage, rule);
        }
        Ok(())
    })?;
    let parts = tallies.iter().map(|((slice, value), tally)| Part {
        slice: question.slices[*slice].clone(),
        value: value.clone(),
        records: tally.records,
    });
    let parts = parts.collect();
    let rows = tallies.iter().flat_map(|((slice, value), tally)| {
        let name = &question.slices[*slice];
        total.taken.iter().map(move |(by, all)| (name, value, tally, by, *all))
    });
    let rows =
        rows.map(|(slice, value, tally, by, all)| row((slice, value), tally, by, (total.records, all)));
    Ok(OverRemoval { records: total.records, parts, rows: rows.collect::<Result<_>>()? })
}

fn row(
    (slice, value): (&str, &str),
    tally: &Tally,
    by: &(String, bool),
    (records, all): (u64, Taken),
) -> Result<Row> {
    let (removed, quarantined) = tally.taken.get(by).copied().unwrap_or_default();
    let taken = removed + quarantined;
    let rest = (records - tally.records, all.0 + all.1 - taken);
    let ratio = ratio((taken, tally.records), (rest.1, rest.0), CONFIDENCE).map_err(bug)?;
    Ok(Row {
        slice: slice.to_string(),
        value: value.to_string(),
        by: by.0.clone(),
        rule: by.1,
        records: tally.records,
        removed,
        quarantined,
        share: taken as f64 / tally.records as f64,
        interval: wilson(taken, tally.records, CONFIDENCE).map_err(bug)?,
        rest,
        ratio: ratio.map(|(ratio, _)| ratio),
        ratio_interval: ratio.map(|(_, interval)| interval),
    })
}
