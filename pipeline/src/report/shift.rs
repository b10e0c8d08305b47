//! What each stage makes of the mixture of a corpus: its sources, languages, lengths and topics, before and after.
//!
//! *Before* are the records that reach a stage, *after* those of them that it lets pass; `all` goes from what was judged
//! to what is released. A part's ratio is its share after to its share before; the interval is that of Donner and Zou
//! for the share kept of it to the share kept of the rest, with the mixture before as given.

use super::answers::{Place, Stages};
use super::chance::{Distance, Part, distances};
use super::ledger::Ledger;
use super::slices::Slices;
use super::{CONFIDENCE, Share, bug};
use crate::{Error, Result};
use filters::Measure;
use manifests::audit::{Interval, ratio};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// A column with more values than this is no mixture; it also bounds the memory.
const VALUES_MAX: usize = 4096;
/// What stands for all stages together.
const ALL: &str = "all";

/// What stages do to the mixture of a corpus.
#[derive(Debug, Serialize)]
pub struct Shift {
    /// Records that were looked at.
    pub records: u64,
    /// Records that were never judged, or were taken down after the run.
    pub aside: u64,
    /// By stage and slice, `all` first; stages that took nothing out and slices of one value are left out.
    pub rows: Vec<StageShift>,
    /// What the ledger does not tell.
    pub untold: Vec<Untold>,
}

/// What one stage does to one mixture.
#[derive(Debug, Serialize)]
pub struct StageShift {
    /// `all`, or a stage.
    pub by: String,
    /// What the corpus is cut by.
    pub slice: String,
    /// Records that reach it.
    pub before: u64,
    /// Those of them it lets pass.
    pub after: u64,
    /// Half the sum of what the shares differ by, from 0 to 1; `None` where nothing is left.
    pub total_variation: Option<Distance>,
    /// The Kullback-Leibler divergence of the mixture after from that before, in nats.
    pub kullback_leibler: Option<Distance>,
    /// The parts.
    pub cells: Vec<Cell>,
}

/// One part of a mixture.
#[derive(Debug, Serialize)]
pub struct Cell {
    /// The value its records have; empty where they have none.
    pub value: String,
    /// Records before.
    pub before: u64,
    /// Records after.
    pub after: u64,
    /// Of all records before.
    pub share_before: Option<Share>,
    /// Of all records after.
    pub share_after: Option<Share>,
    /// The share after to the share before.
    pub ratio: Option<f64>,
    /// Its interval; none where there is no other part.
    pub ratio_interval: Option<Interval>,
}

/// A mixture at a stage that the ledger does not tell.
#[derive(Debug, Serialize)]
pub struct Untold {
    /// `all`, or a stage.
    pub by: String,
    /// What the corpus is cut by.
    pub slice: String,
    /// The stage that records it, behind others that had taken records out.
    pub recorded_by: String,
}

/// Records by where they were taken out, after the last stage those that were not.
type ByPlace = Vec<u64>;

/// A slice's values, each with its records.
type Mixture = BTreeMap<String, ByPlace>;

/// Counts, from the ledger of a release, the mixtures before and after each stage. Lengths take eight bytes a record.
pub fn shift(release: &Path, slices: &[String]) -> Result<Shift> {
    let ledger = Ledger::open(release)?;
    let stages = Stages::of(&ledger)?;
    let mut shift = Shift { records: 0, aside: 0, rows: Vec::new(), untold: Vec::new() };
    let mixtures = mixtures(&ledger, &stages, slices, &mut shift)?;
    let end = stages.notes.len();
    let steps = (0..end).map(|at| (stages.notes[at].name.as_str(), at..at + 1));
    for (by, range) in [(ALL, 0..end)].into_iter().chain(steps) {
        for (slice, mixture) in slices.iter().zip(&mixtures) {
            if mixture.len() < 2 || !any(mixture, range.clone()) {
                continue;
            }
            let late = recorded_by(&stages, slice)
                .filter(|stage| range.start < *stage && any(mixture, range.start..*stage));
            match late {
                Some(stage) => shift.untold.push(Untold {
                    by: by.to_string(),
                    slice: slice.clone(),
                    recorded_by: stages.notes[stage].name.clone(),
                }),
                None => shift.rows.push(row(by, slice, mixture, range.clone())?),
            }
        }
    }
    Ok(shift)
}

/// Counts the records of each slice's values by their places.
fn mixtures(
    ledger: &Ledger<'_>,
    stages: &Stages,
    slices: &[String],
    shift: &mut Shift,
) -> Result<Vec<Mixture>> {
    let cut = Slices::new(ledger, slices)?;
    let columns: Vec<String> = ["stage".to_string()].into_iter().chain(cut.columns()).collect();
    let end = stages.notes.len();
    let mut mixtures = vec![Mixture::new(); slices.len()];
    ledger.scan(&columns, |source, cells| {
        shift.records += 1;
        let place = match stages.place(cells[0].as_deref()) {
            Place::Aside => {
                shift.aside += 1;
                return Ok(());
            }
            Place::Stage(stage) => stage,
            Place::Released => end,
        };
        for (at, value) in cut.values(source, &cells[1..]).enumerate() {
            let mixture = &mut mixtures[at];
            if mixture.len() >= VALUES_MAX && !mixture.contains_key(&value) {
                return Err(too_many(&slices[at]));
            }
            mixture.entry(value).or_insert_with(|| vec![0; end + 1])[place] += 1;
        }
        Ok(())
    })?;
    Ok(mixtures)
}

/// Whether stages in this range took anything out.
fn any(mixture: &Mixture, range: Range<usize>) -> bool {
    mixture.values().any(|by| by[range.clone()].iter().any(|records| *records > 0))
}

fn too_many(slice: &str) -> Error {
    Error::Unanswerable {
        why: format!("`{slice}` has more than {VALUES_MAX} values"),
        hint: Some("cut by a column with fewer".into()),
    }
}

/// The stage that records a column, where that is unknown of what earlier stages took out.
fn recorded_by(stages: &Stages, slice: &str) -> Option<usize> {
    let stage = slice.split_once('/').and_then(|(stage, _)| stages.position(stage));
    stage.filter(|_| stages.measure != Measure::All)
}

fn row(by: &str, slice: &str, mixture: &Mixture, range: Range<usize>) -> Result<StageShift> {
    let from = |place: usize, by: &ByPlace| by[place..].iter().sum::<u64>();
    let part = |by: &ByPlace| (from(range.start, by), from(range.end, by));
    let parts: Vec<(&String, Part)> =
        mixture.iter().map(|(value, by)| (value, part(by))).filter(|(_, part)| part.0 > 0).collect();
    let counts: Vec<Part> = parts.iter().map(|(_, part)| *part).collect();
    let total = counts.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    let (total_variation, kullback_leibler) = distances(&counts).unzip();
    let cells = parts.into_iter().map(|(value, part)| cell(value, part, total));
    Ok(StageShift {
        by: by.to_string(),
        slice: slice.to_string(),
        before: total.0,
        after: total.1,
        total_variation,
        kullback_leibler,
        cells: cells.collect::<Result<_>>()?,
    })
}

fn cell(value: &str, (before, after): Part, total: Part) -> Result<Cell> {
    let (share_before, share_after) = (Share::of(before, total.0)?, Share::of(after, total.1)?);
    let kept = ratio((after, before), (total.1 - after, total.0 - before), CONFIDENCE).map_err(bug)?;
    // of the share kept of the part to that of the rest, the part's ratio is a growing function
    let weight = before as f64 / total.0 as f64;
    let grown = |kept: f64| match kept.is_finite() {
        true => kept / (weight * kept + 1.0 - weight),
        false => 1.0 / weight,
    };
    Ok(Cell {
        value: value.to_string(),
        before,
        after,
        share_before,
        share_after,
        ratio: share_before.zip(share_after).map(|(before, after)| after.share / before.share),
        ratio_interval: kept.map(|(_, bounds)| Interval { low: grown(bounds.low), high: grown(bounds.high) }),
    })
}
