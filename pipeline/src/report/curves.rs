//! Retention curves: what would pass, were the bound on a recorded number another one.
//!
//! `decides` finds the rule that holds the number against a bound; here the numbers are sorted, on disk where they are
//! many, and counted at their quantiles and at that bound.

mod decides;
mod sweep;

use super::Share;
use super::answers::{Answer, Answers, Place, Stages};
use super::ledger::Ledger;
use super::slices::TEXT_BYTES;
use crate::barriers::keep::ascending;
use crate::files::scratch::Folder;
use crate::files::spill::Sorter;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::{Array, Float64Array, RecordBatch, UInt64Array};
use decides::{Decider, deciders};
use filters::Bound;
use serde::Serialize;
use std::path::Path;
use std::str::FromStr;
use sweep::{Group, Sweep};

/// Memory for sorting a column; 24 bytes a record, the rest is sorted on disk.
const SORT_BYTES: u64 = 256 << 20;

/// Which numbers pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Those that are large enough.
    AtLeast,
    /// Those that are small enough.
    AtMost,
}

impl Direction {
    fn of(bound: Bound) -> Option<Self> {
        match bound {
            Bound::AtLeast(_) | Bound::Above(_) => Some(Self::AtLeast),
            Bound::AtMost(_) | Bound::Below(_) => Some(Self::AtMost),
            Bound::Off => None,
        }
    }
}

/// The curve that is asked for: `STAGE/COLUMN`, `STAGE/COLUMN:at_least` or `STAGE/COLUMN:at_most`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurveOf {
    /// A column of numbers in the ledger.
    pub column: String,
    /// Needed where no rule, or rules of both directions, hold it against a bound.
    pub direction: Option<Direction>,
}

impl FromStr for CurveOf {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (column, direction) = match text.split_once(':') {
            None => (text, None),
            Some((column, "at_least")) => (column, Some(Direction::AtLeast)),
            Some((column, "at_most")) => (column, Some(Direction::AtMost)),
            Some(_) => return Err("expected `STAGE/COLUMN:at_least` or `STAGE/COLUMN:at_most`".into()),
        };
        Ok(Self { column: column.to_string(), direction })
    }
}

/// What passes which threshold.
#[derive(Debug, Serialize)]
pub struct Curve {
    /// The column.
    pub column: String,
    /// Which of its numbers pass.
    pub direction: Direction,
    /// Records with a number.
    pub records: u64,
    /// Records without one: no threshold takes them out.
    pub without: u64,
    /// The column that weighs records.
    pub weighed_by: String,
    /// The rules that hold the number against a bound.
    pub rules: Vec<String>,
    /// Why it is not told what the release would hold; `None` where it is.
    pub released_untold: Option<String>,
    /// The thresholds, ascending.
    pub points: Vec<Point>,
}

/// What passes one threshold.
#[derive(Debug, PartialEq, Serialize)]
pub struct Point {
    /// The threshold.
    pub threshold: f64,
    /// Whether a rule of the release has it.
    pub configured: bool,
    /// Records with a number that passes.
    pub passes: u64,
    /// Of all records with a number.
    pub share: Option<Share>,
    /// The share of their weight. Its interval is Wilson's for as many records as the weights are worth (design
    /// effect: E. L. Korn, B. I. Graubard, Surv. Methodol. 24 (1998) 193).
    pub share_of_weight: Option<Share>,
    /// Records of the release, were this the bound and all else as it is.
    pub released: Option<Released>,
}

/// Records of a release under another bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Released {
    /// Those that surely are in it.
    pub records: u64,
    /// Those that pass the bound, and of which the ledger does not tell what else would take them out.
    pub unknown: u64,
}

/// Draws curves from the ledger of a release; records are weighed by `weight`, or by the bytes of their texts.
pub fn curves(release: &Path, asked: &[CurveOf], weight: Option<&str>) -> Result<Vec<Curve>> {
    let ledger = Ledger::open(release)?;
    let stages = Stages::of(&ledger)?;
    asked.iter().map(|asked| curve(&ledger, &stages, asked, weight.unwrap_or(TEXT_BYTES))).collect()
}

fn curve(ledger: &Ledger<'_>, stages: &Stages, asked: &CurveOf, weight: &str) -> Result<Curve> {
    let deciders = deciders(stages, asked);
    let direction = direction(asked, &deciders)?;
    let deciders: Vec<Decider> =
        deciders.into_iter().filter(|d| Direction::of(d.bound) == Some(direction)).collect();
    let only = match deciders.as_slice() {
        [only] => only.alone(stages).map(|()| only),
        [] => Err("no rule holds it against a bound".to_string()),
        _ => Err("several rules hold it against a bound".to_string()),
    };
    let column = only.as_ref().map_or(asked.column.as_str(), |only| only.column.as_str());
    // the sorter writes into the folder, which is gone with it
    let (_folder, numbers) = numbers(ledger, stages, (column, weight), only.as_ref().ok().copied())?;
    let told = only.is_ok();
    let mut bounds: Vec<Bound> = deciders.iter().map(|decider| decider.bound).collect();
    bounds.dedup();
    let kind = bounds.first().copied().unwrap_or(match direction {
        Direction::AtLeast => Bound::AtLeast(0.0),
        Direction::AtMost => Bound::AtMost(0.0),
    });
    Ok(Curve {
        column: asked.column.clone(),
        direction,
        records: numbers.total.records,
        without: numbers.without.records,
        weighed_by: weight.to_string(),
        rules: deciders.iter().map(|decider| stages.rule_name(decider.stage, decider.rule)).collect(),
        released_untold: only.err(),
        points: Sweep { kind, total: numbers.total, without: numbers.without, told }
            .points(numbers.sorter, &bounds)?,
    })
}

/// Reads the numbers and weights, and what else takes out the records a rule judges.
fn numbers(
    ledger: &Ledger<'_>,
    stages: &Stages,
    (column, weight): (&str, &str),
    rule: Option<&Decider>,
) -> Result<(Folder, Numbers)> {
    let folder = Folder::create(&std::env::temp_dir(), "report")?;
    let sorter = Sorter::new(folder.as_ref(), SORT_BYTES);
    let mut numbers = Numbers { sorter, total: Group::default(), without: Group::default() };
    let columns: Vec<String> =
        stages.needed().into_iter().chain([column, weight].map(String::from)).collect();
    ledger.batches(&columns, |file, batch| {
        let answers = Answers::new(stages, file, batch)?;
        numbers.add(file, batch, (column, weight), |at| match (answers.place(at), rule) {
            (Place::Aside, _) => Answer::TakesOut,
            (_, Some(rule)) => rule.else_passes(&answers, stages, at),
            (_, None) => Answer::Unknown,
        })
    })?;
    Ok((folder, numbers))
}

fn direction(asked: &CurveOf, deciders: &[Decider]) -> Result<Direction> {
    let mut found: Vec<Direction> =
        deciders.iter().filter_map(|decider| Direction::of(decider.bound)).collect();
    found.dedup();
    match (asked.direction, found.as_slice()) {
        (Some(asked), _) => Ok(asked),
        (None, [only]) => Ok(*only),
        (None, _) => Err(Error::Unanswerable {
            why: format!("`{}` is held against bounds of both directions, or of none", asked.column),
            hint: Some(format!("ask for `{0}:at_least` or `{0}:at_most`", asked.column)),
        }),
    }
}

/// The numbers of a column, to be sorted.
struct Numbers {
    /// Number, place and state, weight; in the order of the numbers.
    sorter: Sorter<3>,
    total: Group,
    without: Group,
}

impl Numbers {
    /// Adds the records of a batch from `file`; `other` says of each whether anything else takes it out.
    fn add(
        &mut self,
        file: &Path,
        batch: &RecordBatch,
        (column, weight): (&str, &str),
        other: impl Fn(usize) -> Answer,
    ) -> Result<()> {
        let numbers = Column::of(file, batch, column)?;
        let weights = Column::of(file, batch, weight)?;
        for at in 0..batch.num_rows() {
            let (weight, other) = (weights.get(at).unwrap_or_default().max(0.0), other(at));
            match numbers.get(at) {
                None => self.without.add(weight, other),
                Some(number) => {
                    let unique = self.total.records << 2 | other as u64;
                    self.total.add(weight, other);
                    self.sorter.push([ascending(number), unique, weight.to_bits()])?;
                }
            }
        }
        Ok(())
    }
}

/// A column of numbers.
enum Column<'b> {
    Whole(&'b UInt64Array),
    Real(&'b Float64Array),
}

impl<'b> Column<'b> {
    fn of(file: &Path, batch: &'b RecordBatch, name: &str) -> Result<Self> {
        let column = batch.column_by_name(name);
        let whole = || Some(Self::Whole(column?.as_primitive_opt()?));
        let real = || Some(Self::Real(column?.as_primitive_opt()?));
        whole().or_else(real).ok_or_else(|| Error::release(file, format!("`{name}` does not hold numbers")))
    }

    /// A record's number; none where it is not finite.
    fn get(&self, at: usize) -> Option<f64> {
        let number = match self {
            Self::Whole(array) => array.is_valid(at).then(|| array.value(at) as f64),
            Self::Real(array) => array.is_valid(at).then(|| array.value(at)),
        };
        number.filter(|number| number.is_finite())
    }
}
