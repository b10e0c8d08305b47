//! Counting one shard: fates, rules and both Merkle roots in one walk over its rows.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::{Edit, Fate, LedgerRow, ShardEntry, decision_leaf, record_leaf};
use crate::canonical::INTEGER_MAX;
use crate::digest::Sha256;
use crate::merkle::Tree;

/// A ledger row that contradicts itself or its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Rows must come as 0, 1, 2, …
    #[error("expected row {expected}, found row {found}")]
    Order {
        /// The row that was due.
        expected: u64,
        /// The row that came.
        found: u64,
    },
    /// A column is empty that the fate needs.
    #[error("row {row} is {fate} and has no {column}")]
    Missing {
        /// The row.
        row: u64,
        /// Its fate.
        fate: Fate,
        /// The empty column.
        column: &'static str,
    },
    /// A column is filled that the fate rules out.
    #[error("row {row} is {fate} and yet has {column}")]
    Unexpected {
        /// The row.
        row: u64,
        /// Its fate.
        fate: Fate,
        /// The filled column.
        column: &'static str,
    },
    /// The edits overlap, are out of order, or one of them ends before it begins.
    #[error("the edits of row {row} are not sorted and disjoint")]
    Edits {
        /// The row.
        row: u64,
    },
    /// A record cannot be its own duplicate.
    #[error("row {row} is marked as a duplicate of itself")]
    DuplicateOfItself {
        /// The row.
        row: u64,
    },
    /// A record stands in the data at least once, and one that is not there has no copies.
    #[error("row {row} is {fate} and yet has {repeats} repeats")]
    Repeats {
        /// The row.
        row: u64,
        /// Its fate.
        fate: Fate,
        /// What was told.
        repeats: u32,
    },
    /// A number is beyond what canonical JSON can hold.
    #[error("{column} of row {row} is beyond 2^53 - 1")]
    IntegerRange {
        /// The row.
        row: u64,
        /// The column with the number.
        column: &'static str,
    },
}

/// How many records had each fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FateCounts {
    /// Released as they came in.
    pub kept: u64,
    /// Released with edits.
    pub edited: u64,
    /// Removed by a rule.
    pub removed: u64,
    /// Set apart.
    pub quarantined: u64,
}

impl FateCounts {
    /// All records: what must equal the records read.
    pub fn total(&self) -> u64 {
        self.kept + self.edited + self.removed + self.quarantined
    }

    fn add(&mut self, fate: Fate) {
        match fate {
            Fate::Kept => self.kept += 1,
            Fate::Edited => self.edited += 1,
            Fate::Removed => self.removed += 1,
            Fate::Quarantined => self.quarantined += 1,
        }
    }
}

impl AddAssign for FateCounts {
    fn add_assign(&mut self, other: Self) {
        self.kept += other.kept;
        self.edited += other.edited;
        self.removed += other.removed;
        self.quarantined += other.quarantined;
    }
}

/// How many records one rule took out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleCount {
    /// Removed by the rule.
    pub removed: u64,
    /// Quarantined by the rule.
    pub quarantined: u64,
}

impl AddAssign for RuleCount {
    fn add_assign(&mut self, other: Self) {
        self.removed += other.removed;
        self.quarantined += other.quarantined;
    }
}

/// Checks, counts and hashes the rows of one shard, in order.
#[derive(Debug, Clone)]
pub struct ShardTally {
    stem: String,
    counts: FateCounts,
    repeated: u64,
    by_rule: BTreeMap<(String, String), RuleCount>,
    records: Tree,
    decisions: Tree,
    /// Buffers that live from row to row, so that a row costs no allocation.
    leaf: Vec<u8>,
    key: (String, String),
}

impl ShardTally {
    /// The empty tally of the shard with this stem, see [`super::shard_stem`].
    pub fn new(stem: &str) -> Self {
        Self {
            stem: stem.to_owned(),
            counts: FateCounts::default(),
            repeated: 0,
            by_rule: BTreeMap::new(),
            records: Tree::new(),
            decisions: Tree::new(),
            leaf: Vec::with_capacity(512),
            key: (String::new(), String::new()),
        }
    }

    /// Adds the next row. After an error the tally is as it was before.
    pub fn add(&mut self, row: &LedgerRow) -> Result<(), LedgerError> {
        let expected = self.records.len();
        if row.row != expected {
            return Err(LedgerError::Order { expected, found: row.row });
        }
        check_row(&self.stem, row)?;
        self.counts.add(row.fate);
        self.repeated = self.repeated.saturating_add(u64::from(row.repeats - 1));
        self.count_rule(row);
        self.leaf.clear();
        decision_leaf(&self.stem, row, &mut self.leaf);
        self.decisions.push(&self.leaf);
        self.leaf.clear();
        record_leaf(&self.stem, row, &mut self.leaf);
        self.records.push(&self.leaf);
        Ok(())
    }

    /// How many rows had each fate.
    pub fn counts(&self) -> FateCounts {
        self.counts
    }

    /// How many more rows the released data has than there are released records: copies behind the first.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// How many rows each (stage, rule) took out.
    pub fn by_rule(&self) -> &BTreeMap<(String, String), RuleCount> {
        &self.by_rule
    }

    /// The root over the record leaves so far.
    pub fn record_root(&self) -> Sha256 {
        self.records.root()
    }

    /// The root over the decision leaves so far.
    pub fn decision_root(&self) -> Sha256 {
        self.decisions.root()
    }

    /// The shard's entry in the ledger index.
    pub fn entry(&self, input_sha256: Sha256) -> ShardEntry {
        ShardEntry {
            name: self.stem.clone(),
            input_sha256,
            rows: self.records.len(),
            kept: self.counts.kept,
            edited: self.counts.edited,
            removed: self.counts.removed,
            quarantined: self.counts.quarantined,
            record_root: self.record_root(),
            decision_root: self.decision_root(),
        }
    }

    fn count_rule(&mut self, row: &LedgerRow) {
        let (Some(stage), Some(rule)) = (&row.stage, &row.rule) else { return };
        self.key.0.clone_from(stage);
        self.key.1.clone_from(rule);
        let one = RuleCount {
            removed: u64::from(row.fate == Fate::Removed),
            quarantined: u64::from(row.fate == Fate::Quarantined),
        };
        match self.by_rule.get_mut(&self.key) {
            Some(count) => *count += one,
            None => {
                self.by_rule.insert(self.key.clone(), one);
            }
        }
    }
}

/// Whether a row of the shard with this stem is well formed.
pub(crate) fn check_row(stem: &str, row: &LedgerRow) -> Result<(), LedgerError> {
    check_fate(row)?;
    check_repeats(row)?;
    check_edits(row)?;
    check_range(row)?;
    match &row.duplicate_of {
        Some((of_stem, of)) if *of == row.row && of_stem == stem => {
            Err(LedgerError::DuplicateOfItself { row: row.row })
        }
        _ => Ok(()),
    }
}

/// The columns must agree with the fate: released records have a place and no reason, the others the reverse.
///
/// A record that an early stage edited and a later one removed keeps its edits in the ledger, because the rule that
/// removed it saw the edited text.
fn check_fate(row: &LedgerRow) -> Result<(), LedgerError> {
    let released = row.fate.is_released();
    let columns = [
        ("stage", row.stage.is_some(), Some(!released)),
        ("rule", row.rule.is_some(), Some(!released)),
        ("out", row.out.is_some(), Some(released)),
        ("value", row.value.is_some(), released.then_some(false)),
        ("bound", row.bound.is_some(), released.then_some(false)),
        ("duplicate_of", row.duplicate_of.is_some(), released.then_some(false)),
        ("similarity", row.similarity.is_some(), released.then_some(false)),
        ("edits", !row.edits.is_empty(), released.then_some(row.fate == Fate::Edited)),
        ("split", row.split.is_some(), (!released).then_some(false)),
    ];
    for (column, filled, wanted) in columns {
        match (filled, wanted) {
            (false, Some(true)) => return Err(LedgerError::Missing { row: row.row, fate: row.fate, column }),
            (true, Some(false)) => {
                return Err(LedgerError::Unexpected { row: row.row, fate: row.fate, column });
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_repeats(row: &LedgerRow) -> Result<(), LedgerError> {
    match row.repeats {
        1 => Ok(()),
        2.. if row.fate.is_released() => Ok(()),
        repeats => Err(LedgerError::Repeats { row: row.row, fate: row.fate, repeats }),
    }
}

fn check_edits(row: &LedgerRow) -> Result<(), LedgerError> {
    let forward = |edit: &Edit| edit.start <= edit.end && (edit.start < edit.end || !edit.with.is_empty());
    // Two insertions at one place would have no order, hence at least one byte must lie between two starts.
    let disjoint =
        |a: &Edit, b: &Edit| a.part < b.part || (a.part == b.part && a.end <= b.start && a.start < b.start);
    if row.edits.iter().all(forward) && row.edits.windows(2).all(|pair| disjoint(&pair[0], &pair[1])) {
        Ok(())
    } else {
        Err(LedgerError::Edits { row: row.row })
    }
}

fn check_range(row: &LedgerRow) -> Result<(), LedgerError> {
    let numbers = [
        ("row", row.row),
        ("out", row.out.map_or(0, |(_, at)| at)),
        ("duplicate_of", row.duplicate_of.as_ref().map_or(0, |(_, at)| *at)),
        ("edits", row.edits.iter().map(|edit| edit.end).max().unwrap_or(0)),
    ];
    match numbers.into_iter().find(|(_, number)| *number > INTEGER_MAX) {
        Some((column, _)) => Err(LedgerError::IntegerRange { row: row.row, column }),
        None => Ok(()),
    }
}
