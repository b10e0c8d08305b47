//! Counting orphans: records taken out as a duplicate of a record that is itself not released.
//!
//! Whether the other record is released is known only after its row was read, and it may stand in a later shard.
//! One bit for each record is kept, and the shards with references forward are read a second time.

use std::collections::BTreeMap;

use super::report::Findings;
use crate::index::LedgerShard;
use crate::ledger::LedgerRow;

/// One bit for each row of a shard, in order.
#[derive(Default)]
struct Bits {
    words: Vec<u64>,
    len: u64,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        let at = self.len % 64;
        if at == 0 {
            self.words.push(0);
        }
        if let Some(word) = self.words.last_mut() {
            *word |= u64::from(bit) << at;
        }
        self.len += 1;
    }

    fn get(&self, index: u64) -> bool {
        let word = usize::try_from(index / 64).ok().and_then(|word| self.words.get(word));
        word.is_some_and(|word| word >> (index % 64) & 1 == 1)
    }
}

/// Where a record stands: shard number and row.
type Place = (usize, u64);

/// The counter.
pub(super) struct Orphans<'a> {
    shards: &'a [LedgerShard],
    numbers: BTreeMap<&'a str, usize>,
    released: Vec<Bits>,
    /// Shards with references to rows that were not read yet.
    forward: Vec<bool>,
    count: u64,
}

impl<'a> Orphans<'a> {
    pub(super) fn new(shards: &'a [LedgerShard]) -> Self {
        let numbers =
            shards.iter().enumerate().map(|(number, shard)| (shard.name.as_str(), number)).collect();
        let released = shards.iter().map(|_| Bits::default()).collect();
        Self { shards, numbers, released, forward: vec![false; shards.len()], count: 0 }
    }

    /// Takes the next row of a shard; a reference that leads nowhere is a finding.
    pub(super) fn note(&mut self, shard: usize, row: &LedgerRow, findings: &mut Findings) {
        let Some(at) = self.released.get(shard).map(|bits| bits.len) else { return };
        match self.target(row) {
            Some(Ok(target)) if target < (shard, at) => self.resolve(target),
            Some(Ok(_)) => self.forward[shard] = true,
            Some(Err(what)) => {
                let file = &self.shards[shard].ledger_file.name;
                findings.add_row(file, row.row, "a duplicate of a record of this ledger", what);
            }
            None => {}
        }
        self.released[shard].push(row.fate.is_released());
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
            self.resolve(target);
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    fn resolve(&mut self, target: Place) {
        self.count += u64::from(!self.released[target.0].get(target.1));
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
