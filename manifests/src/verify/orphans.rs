//! Duplicates: that each names a record that outlived it, and how many name one that is not released either.
//!
//! A barrier keeps one record of a group, so a record it removes names one that was still alive behind that barrier:
//! released, or taken out by a later stage. Stages are in order, so no chain of duplicates can lead back to itself.
//! What became of the other record is known only after its row was read, and it may stand in a later shard. Two bytes
//! for each record are kept, and the shards with references forward are read a second time.

use std::collections::BTreeMap;

use super::report::Findings;
use crate::index::LedgerShard;
use crate::ledger::{LedgerRow, RETRACT};

/// The stage of records that could not be judged: it comes before all others.
const INPUT: &str = "input";

/// Where a record left: nowhere, or at a stage.
type Exit = u16;
const RELEASED: Exit = 0;

/// Where a record stands: shard number and row.
type Place = (usize, u64);

/// The counter.
pub(super) struct Orphans<'a> {
    shards: &'a [LedgerShard],
    numbers: BTreeMap<&'a str, usize>,
    /// Stages by name, in order from 1; `None` if the configuration is not known.
    stages: Option<BTreeMap<String, Exit>>,
    exits: Vec<Vec<Exit>>,
    /// Shards with references to rows that were not read yet.
    forward: Vec<bool>,
    count: u64,
    /// Records whose survivor did not outlive them.
    pub(super) order: Findings,
}

impl<'a> Orphans<'a> {
    pub(super) fn new(shards: &'a [LedgerShard], stages: Option<&[String]>) -> Self {
        let numbers =
            shards.iter().enumerate().map(|(number, shard)| (shard.name.as_str(), number)).collect();
        let names = |stages: &[String]| {
            let all = std::iter::once(INPUT.to_owned()).chain(stages.iter().cloned());
            // A record is taken down after everything else was decided.
            let all = all.chain(std::iter::once(RETRACT.to_owned()));
            all.zip(1..=Exit::MAX).collect()
        };
        Self {
            shards,
            numbers,
            stages: stages.map(names),
            exits: vec![Vec::new(); shards.len()],
            forward: vec![false; shards.len()],
            count: 0,
            order: Findings::default(),
        }
    }

    /// Takes the next row of a shard; a stage that does not exist and a reference that leads nowhere are findings.
    pub(super) fn note(&mut self, shard: usize, row: &LedgerRow, findings: &mut Findings) {
        let Some(at) = self.exits.get(shard).map(|exits| exits.len() as u64) else { return };
        let exit = self.exit(row);
        if let (None, Some(stage)) = (exit, &row.stage) {
            let file = &self.shards[shard].ledger_file.name;
            findings.add_row(file, row.row, "a stage of the configuration", format_args!("`{stage}`"));
        }
        self.exits[shard].push(exit.unwrap_or(Exit::MAX));
        match self.target(row) {
            Some(Ok(target)) if target < (shard, at) => self.resolve((shard, at), target, row),
            Some(Ok(_)) => self.forward[shard] = true,
            Some(Err(what)) => {
                let file = &self.shards[shard].ledger_file.name;
                findings.add_row(file, row.row, "a duplicate of a record of this ledger", what);
            }
            None => {}
        }
    }

    /// Whether a shard has to be read again.
    pub(super) fn is_open(&self, shard: usize) -> bool {
        self.forward.get(shard).copied().unwrap_or(false)
    }

    /// Takes a row for the second time, `at` its place in the shard, when all rows are known.
    pub(super) fn settle(&mut self, shard: usize, at: u64, row: &LedgerRow) {
        if let Some(Ok(target)) = self.target(row)
            && target >= (shard, at)
        {
            self.resolve((shard, at), target, row);
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether the order of the stages is known.
    pub(super) fn knows_stages(&self) -> bool {
        self.stages.is_some()
    }

    fn exit(&self, row: &LedgerRow) -> Option<Exit> {
        match &row.stage {
            _ if row.fate.is_released() => Some(RELEASED),
            Some(stage) => match &self.stages {
                Some(stages) => stages.get(stage).copied(),
                None => Some(Exit::MAX),
            },
            // A row without a stage is malformed, which is reported where rows are counted.
            None => Some(Exit::MAX),
        }
    }

    fn at(&self, (shard, row): Place) -> Option<Exit> {
        self.exits.get(shard)?.get(usize::try_from(row).ok()?).copied()
    }

    fn resolve(&mut self, from: Place, target: Place, row: &LedgerRow) {
        let other = self.at(target);
        self.count += u64::from(other != Some(RELEASED));
        let outlived = other == Some(RELEASED) || other > self.at(from);
        if self.knows_stages() && !outlived {
            let file = &self.shards[from.0].ledger_file.name;
            let expected = "a duplicate of a record that outlived it";
            let name = &self.shards[target.0].name;
            let got = format!("row {} of `{name}`, which left no later", target.1);
            self.order.add_row(file, row.row, expected, got);
        }
    }

    /// The record that a row which was taken out duplicates.
    fn target(&self, row: &LedgerRow) -> Option<Result<Place, String>> {
        let (stem, of) = row.duplicate_of.as_ref().filter(|_| !row.fate.is_released())?;
        let number = self.numbers.get(stem.as_str()).copied();
        Some(match number {
            Some(number) if *of < self.shards[number].rows => Ok((number, *of)),
            Some(_) => Err(format!("row {of} of `{stem}`, which has fewer rows")),
            None => Err(format!("shard `{stem}`, which the index does not list")),
        })
    }
}
