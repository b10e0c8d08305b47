//! Over-removal: whether stages take out more of one part of a corpus than of the rest, told from the ledger.
//!
//! The records are cut into *slices* by their source, by the tenths of their length in bytes, or by a column of the
//! ledger. For each stage, each rule and each value of a slice: the share that was taken out, its Wilson interval, and
//! its ratio to the share of all other records with the interval of Donner and Zou. Among records that are known to be harmless
//! these shares are false-positive rates. Intervals hold each by itself: of very many slices some stray by chance.

mod harmless;

use crate::ledger_cells;
use crate::{Error, Result};
use harmless::Harmless;
use manifests::audit::{Interval, ratio, wilson};
use manifests::index::{INPUTS_INDEX, InputsIndex, LEDGER_INDEX, LedgerIndex};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub use harmless::Truth;

/// The confidence of all intervals.
const CONFIDENCE: f64 = 0.95;
/// The slice by declared source.
pub(crate) const SOURCE: &str = "source";
/// The slice by tenths of the length.
pub(crate) const LENGTH: &str = "length";
/// Parts of the lengths.
const LENGTH_BANDS: usize = 10;
const TEXT_BYTES: &str = "text_bytes";

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
    /// By slice, value, and what took them out.
    pub rows: Vec<Row>,
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

/// Reads the ledger of a release: once, and before that its lengths where they are asked for, eight bytes a record.
pub fn report(release: &Path, question: &Question) -> Result<OverRemoval> {
    let ledger = Ledger::open(release)?;
    let cuts = match question.slices.iter().any(|slice| slice == LENGTH) {
        true => ledger.lengths()?,
        false => Vec::new(),
    };
    let harmless = Harmless::of(question)?;
    let columns: Vec<String> = ["fate", "stage", "rule"]
        .into_iter()
        .map(String::from)
        .chain(question.slices.iter().filter(|slice| *slice != SOURCE).map(|slice| stored(slice)))
        .chain(harmless.iter().map(|harmless| harmless.column.clone()))
        .collect();
    let (mut total, mut tallies) = (Tally::default(), BTreeMap::<(usize, String), Tally>::new());
    ledger.scan(&columns, |source, cells| {
        let cell = |at: usize| cells.get(at).and_then(Option::as_deref);
        if harmless.as_ref().is_some_and(|harmless| !harmless.is(cells.last().and_then(Option::as_deref))) {
            return;
        }
        let (fate, stage, rule) = (cell(0).unwrap_or_default(), cell(1), cell(2));
        total.add(fate, stage, rule);
        let mut next = 3;
        for (slice, name) in question.slices.iter().enumerate() {
            let value = if name == SOURCE { Some(source) } else { cell(next) };
            next += usize::from(name != SOURCE);
            let value = match (name.as_str(), value) {
                (LENGTH, Some(bytes)) => tenth(&cuts, bytes),
                (_, value) => value.unwrap_or_default().to_string(),
            };
            tallies.entry((slice, value)).or_default().add(fate, stage, rule);
        }
    })?;
    if let (Some(truth), 0) = (&question.truth, total.records) {
        return Err(Error::Unanswerable {
            why: format!("`{}` calls no record of the release harmless", truth.file.display()),
            hint: Some("compare its ids, and the value asked for, with those of the ledger".into()),
        });
    }
    let rows = tallies.iter().flat_map(|((slice, value), tally)| {
        let name = &question.slices[*slice];
        total.taken.iter().map(move |(by, all)| (name, value, tally, by, *all))
    });
    let rows =
        rows.map(|(slice, value, tally, by, all)| row((slice, value), tally, by, (total.records, all)));
    Ok(OverRemoval { records: total.records, rows: rows.collect::<Result<_>>()? })
}

/// The slices of a release that every report has: sources, lengths, and every column of labels.
pub fn usual_slices(release: &Path) -> Result<Vec<String>> {
    let ledger = Ledger::open(release)?;
    let mut slices = vec![SOURCE.to_string(), LENGTH.to_string()];
    let Some(first) = ledger.ledger.shards.first() else { return Ok(slices) };
    let path = release.join(&first.ledger_file.name);
    let labels = ledger_cells::columns(&path).map_err(|why| Error::release(&path, why))?;
    slices.extend(labels.into_iter().filter(|name| name.ends_with("/label")));
    Ok(slices)
}

fn stored(slice: &str) -> String {
    if slice == LENGTH { TEXT_BYTES.to_string() } else { slice.to_string() }
}

fn row(
    (slice, value): (&str, &str),
    tally: &Tally,
    by: &(String, bool),
    (records, all): (u64, Taken),
) -> Result<Row> {
    let bug = |e: manifests::audit::AuditError| Error::Bug(e.to_string());
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

/// The tenth a length belongs to: `3: 512-1024`, its number and bounds in bytes.
fn tenth(cuts: &[u64], bytes: &str) -> String {
    let bytes: u64 = bytes.parse().unwrap_or_default();
    let at = cuts.partition_point(|cut| *cut <= bytes);
    let low = at.checked_sub(1).and_then(|at| cuts.get(at)).copied().unwrap_or_default();
    match cuts.get(at) {
        Some(high) => format!("{at}: {low} to {}", high - 1),
        None => format!("{at}: {low} and more"),
    }
}

/// The ledger of a release with its indices.
pub(crate) struct Ledger<'r> {
    release: &'r Path,
    ledger: LedgerIndex,
    inputs: InputsIndex,
}

impl<'r> Ledger<'r> {
    pub(crate) fn open(release: &'r Path) -> Result<Self> {
        Ok(Self { release, ledger: index(release, LEDGER_INDEX)?, inputs: index(release, INPUTS_INDEX)? })
    }

    /// Shows the source and the cells of every record.
    pub(crate) fn scan(
        &self,
        columns: &[String],
        mut each: impl FnMut(&str, &[Option<String>]),
    ) -> Result<()> {
        for (shard, input) in self.ledger.shards.iter().zip(self.inputs.read()) {
            let path = self.release.join(&shard.ledger_file.name);
            let fail = |why: String| Error::release(&path, why);
            for cells in ledger_cells::read(&path, columns).map_err(fail)? {
                each(&input.source, &cells.map_err(fail)?);
            }
        }
        Ok(())
    }

    /// What parts the lengths into tenths; equal numbers are one.
    fn lengths(&self) -> Result<Vec<u64>> {
        let mut lengths: Vec<u64> = Vec::new();
        self.scan(&[TEXT_BYTES.to_string()], |_, cells| {
            lengths.extend(cells.first().and_then(|cell| cell.as_ref()?.parse::<u64>().ok()));
        })?;
        lengths.sort_unstable();
        let cut = |band: usize| lengths.get(lengths.len() * band / LENGTH_BANDS).copied();
        let mut cuts: Vec<u64> = (1..LENGTH_BANDS).filter_map(cut).filter(|cut| *cut > 0).collect();
        cuts.dedup();
        Ok(cuts)
    }
}

fn index<T: serde::de::DeserializeOwned>(release: &Path, name: &str) -> Result<T> {
    let path = release.join(name);
    let bytes = fs::read(&path).map_err(|e| Error::release(&path, e))?;
    serde_json::from_slice(&bytes).map_err(|e| Error::release(&path, e))
}
