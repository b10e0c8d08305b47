//! Where released records go: each shard has one file under `data/`, or with splits one for each of them; a record may
//! stand there more than once.

use crate::barriers::Marking;
use crate::files::finished;
use crate::files::spill::Listing;
use crate::plan::Plan;
use crate::release::data_file::extension;
use crate::release::fates::Resolved;
use crate::{Error, Result};
use manifests::index::{LEDGER_INDEX, LedgerIndex, OutputPart};
use manifests::paths::RelPath;
use std::ops::Range;
use std::path::Path;

/// What barriers decided about a record in case it is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// How often it is written.
    pub(crate) repeats: u32,
    /// The position of its split among those of the plan; 0 if there are none.
    pub(crate) split: usize,
}

impl Mark {
    /// Of a record that no barrier has marked.
    pub(crate) const NONE: Self = Self { repeats: 1, split: 0 };
}

/// The marks of all records.
pub(crate) struct Marks<'r> {
    repeats: Option<&'r Listing<2>>,
    splits: Option<&'r Listing<2>>,
}

impl<'r> Marks<'r> {
    pub(crate) fn of(plan: &Plan, resolved: &'r [Resolved]) -> Self {
        let mut marks = Self { repeats: None, splits: None };
        for ((_, barrier), resolved) in plan.barriers().zip(resolved) {
            match barrier.marking() {
                Some(Marking::Repeats) => marks.repeats = Some(&resolved.marks),
                Some(Marking::Split(_)) => marks.splits = Some(&resolved.marks),
                None => {}
            }
        }
        marks
    }

    /// Those of a row group, in order.
    pub(crate) fn of_group(&self, records: Range<u64>) -> Vec<Mark> {
        let mut marks = vec![Mark::NONE; (records.end - records.start) as usize];
        let mut fill = |listing: Option<&Listing<2>>, set: fn(&mut Mark, u64)| {
            let Some(listing) = listing else { return };
            for [record, value] in
                listing.range(listing.position(records.start)..listing.position(records.end))
            {
                set(&mut marks[(record - records.start) as usize], value);
            }
        };
        fill(self.repeats, |mark, repeats| mark.repeats = repeats as u32);
        fill(self.splits, |mark, split| mark.split = split as usize);
        marks
    }
}

/// The files under `data/` of a shard, with their splits.
pub(crate) fn data_files(plan: &Plan, shard: usize) -> Result<Vec<(String, Option<String>)>> {
    let name = format!("part-{shard:05}{}", extension(&plan.config.file.output)?);
    Ok(match plan.splits() {
        [] => vec![(format!("data/{name}"), None)],
        splits => splits.iter().map(|split| (format!("data/{split}/{name}"), Some(split.clone()))).collect(),
    })
}

/// The number of a shard's file among all of the release: what the ledger calls `out_shard`.
pub(crate) fn out_shard(plan: &Plan, shard: u32, split: usize) -> u32 {
    shard * plan.splits().len().max(1) as u32 + split as u32
}

/// The names of the files under `data/` of a finished release, as `out_shard` counts them.
pub(crate) fn names(release: &Path) -> Result<Vec<String>> {
    let index: LedgerIndex = finished::json(release, LEDGER_INDEX)?;
    let name = |part: OutputPart| match part.name.parse::<RelPath>() {
        Ok(_) => Ok(part.name),
        Err(e) => Err(Error::release(release, format!("names `{}`: {e}", part.name))),
    };
    index.outputs.into_iter().map(name).collect()
}
