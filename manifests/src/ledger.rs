//! The ledger: one row for every input record, and the Merkle roots over them.
//!
//! ```text
//! decision leaf    canonical JSON of a row without ids, salts and output position   ("t":"decision")
//! record leaf      the same with "out" and the commitment "c"                       ("t":"record")
//! per shard        one tree over the decision leaves, one over the record leaves, in row order
//! recordRoot       tree over the canonical JSON of the shard entries, in index order ("t":"shard")
//! decisionRoot     tree over the 32 bytes of each shard's decision root, in byte order of the stems
//! contentRoot      tree over the 32 bytes of each part's root; a part's tree is over the 32 bytes of
//!                  SHA-256(output text), in row order
//! ```
//!
//! Leaves are canonical JSON and not Parquet bytes, so roots survive re-encoding. Decision leaves leave out all that
//! differs between two runs over the same records: two releases with different salts, keys or output files, or the
//! same records once as Parquet and once as JSONL, have the same `decisionRoot`.

mod commit;
mod leaf;
mod roots;
mod tally;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use commit::{RandomError, SaltKey, commit};
pub use leaf::{decision_leaf, record_leaf};
pub use roots::{ShardEntry, content_root, decision_root, record_root};
pub(crate) use tally::check_row;
pub use tally::{FateCounts, LedgerError, RuleCount, ShardTally};

/// The stage of records that were taken down after they had been released. It comes after all others, and no
/// configuration can name one so.
pub const RETRACT: &str = "retract";
/// Its only rule.
pub const RETRACTED: &str = "retracted";

/// What finally became of a record. Every record has exactly one fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Released as it came in.
    #[default]
    Kept,
    /// Released with edits.
    Edited,
    /// Left out because a rule said so.
    Removed,
    /// Set apart for a human, or because it could not be judged.
    Quarantined,
}

impl Fate {
    /// The name in ledgers and manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Edited => "edited",
            Self::Removed => "removed",
            Self::Quarantined => "quarantined",
        }
    }

    /// Whether the record is part of the released data.
    pub fn is_released(self) -> bool {
        matches!(self, Self::Kept | Self::Edited)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text names no fate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of kept, edited, removed, quarantined")]
pub struct UnknownFate(String);

impl FromStr for Fate {
    type Err = UnknownFate;

    fn from_str(text: &str) -> Result<Self, UnknownFate> {
        match text {
            "kept" => Ok(Self::Kept),
            "edited" => Ok(Self::Edited),
            "removed" => Ok(Self::Removed),
            "quarantined" => Ok(Self::Quarantined),
            _ => Err(UnknownFate(text.to_owned())),
        }
    }
}

/// One replacement in a record's text, in bytes of the original.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The part of the record: the message index of a chat record, else 0.
    pub part: u32,
    /// Where the replaced range begins.
    pub start: u64,
    /// Where the replaced range ends (exclusive).
    pub end: u64,
    /// What stands there instead.
    pub with: String,
}

/// What the ledger says about one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The row in the input shard, from 0.
    pub row: u64,
    /// What became of the record.
    pub fate: Fate,
    /// The stage that decided; none when the record was released.
    pub stage: Option<String>,
    /// The rule that decided; none when the record was released.
    pub rule: Option<String>,
    /// The value the rule measured, in decimal.
    pub value: Option<String>,
    /// The bound the value was held against, in decimal.
    pub bound: Option<String>,
    /// The record this one duplicates: shard stem and row.
    pub duplicate_of: Option<(String, u64)>,
    /// How similar the two are, in decimal.
    pub similarity: Option<String>,
    /// The edits made, sorted and disjoint.
    pub edits: Vec<Edit>,
    /// How often the record stands in the released data, one copy behind the other; 1 for all that are not there.
    pub repeats: u32,
    /// The split it was released in, where there are any.
    pub split: Option<String>,
    /// Where the record is in the released data: part and row, of several copies the first.
    pub out: Option<(u32, u64)>,
    /// The commitment to the record's content, see [`commit()`].
    pub commit: [u8; 32],
}

impl Default for LedgerRow {
    fn default() -> Self {
        Self {
            row: 0,
            fate: Fate::default(),
            stage: None,
            rule: None,
            value: None,
            bound: None,
            duplicate_of: None,
            similarity: None,
            edits: Vec::new(),
            repeats: 1,
            split: None,
            out: None,
            commit: [0; 32],
        }
    }
}

/// What names of shards end in, by format: Parquet, JSON lines, plain or compressed, and WARC.
pub const SHARD_EXTENSIONS: [&str; 13] = [
    ".parquet",
    ".jsonl",
    ".jsonl.gz",
    ".jsonl.zst",
    ".ndjson",
    ".ndjson.gz",
    ".ndjson.zst",
    ".json.gz",
    ".json.zst",
    ".warc.wet.gz",
    ".warc.wet",
    ".warc.gz",
    ".warc",
];

/// A shard's relative name without the extension of its format.
///
/// Leaves name shards this way so that the same records as JSONL and as Parquet give the same roots.
pub fn shard_stem(name: &str) -> &str {
    SHARD_EXTENSIONS.iter().find_map(|extension| name.strip_suffix(extension)).unwrap_or(name)
}

#[cfg(test)]
mod tests;
