//! The three index files of a release: what was read, what was decided, what auditors get.
//!
//! All three are canonical JSON whose digests the manifest signs, so a number in them counts as signed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::ledger::ShardEntry;
use crate::predicate::SplitTotal;

/// Path of [`InputsIndex`] in a release.
pub const INPUTS_INDEX: &str = "inputs/index.json";
/// Path of [`LedgerIndex`] in a release.
pub const LEDGER_INDEX: &str = "ledger/index.json";
/// Path of [`AuditorIndex`] in a release.
pub const AUDITOR_INDEX: &str = "auditor/index.json";
/// Path of the key that opens the ledger's commitments; its commitment is in the manifest itself.
pub const SALT_KEY: &str = "auditor/salt.key";
/// The source id of shards that no declared source matches.
pub const UNDECLARED: &str = "undeclared";

/// `inputs/index.json`: every input shard, in byte order of the names without extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InputsIndex {
    /// The shards, those that were excluded too.
    pub shards: Vec<InputShard>,
}

/// One input file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InputShard {
    /// Relative name, with its extension.
    pub name: String,
    /// Digest of the whole file.
    pub sha256: Sha256,
    /// Size of the file.
    pub bytes: u64,
    /// Records in it; `null` when it was excluded because they could not be counted.
    pub rows: Option<u64>,
    /// Id of the declared source, or [`UNDECLARED`].
    pub source: String,
    /// Why the shard was not read; `null` when it was.
    pub excluded: Option<String>,
}

/// What the shards of an inputs index add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputTotals {
    /// Shards read.
    pub shards: u64,
    /// Shards listed but not read.
    pub excluded: u64,
    /// Records in the shards read.
    pub rows: u64,
    /// Bytes of the shards read.
    pub bytes: u64,
    /// Shards and records by source id; a source all of whose shards are excluded has zeros.
    pub sources: BTreeMap<String, (u64, u64)>,
}

impl InputsIndex {
    /// The shards that were read, in order: those the ledger speaks about.
    pub fn read(&self) -> impl Iterator<Item = &InputShard> {
        self.shards.iter().filter(|shard| shard.excluded.is_none())
    }

    /// Adds everything up.
    pub fn totals(&self) -> InputTotals {
        let mut totals = InputTotals::default();
        for shard in &self.shards {
            let source = totals.sources.entry(shard.source.clone()).or_default();
            if shard.excluded.is_some() {
                totals.excluded += 1;
                continue;
            }
            // Saturating: these numbers come from a file, and a sum that does not fit must not match anything.
            let rows = shard.rows.unwrap_or(0);
            totals.shards += 1;
            totals.rows = totals.rows.saturating_add(rows);
            totals.bytes = totals.bytes.saturating_add(shard.bytes);
            source.0 += 1;
            source.1 = source.1.saturating_add(rows);
        }
        totals
    }
}

/// `ledger/index.json`: what was decided for each shard, and which output files hold the result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LedgerIndex {
    /// One entry for each shard that was read, in byte order of the names.
    pub shards: Vec<LedgerShard>,
    /// The files under `data/`, in the order that `out_shard` counts.
    pub outputs: Vec<OutputPart>,
}

/// The ledger of one input shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LedgerShard {
    /// Relative name of the shard, without its extension.
    pub name: String,
    /// Digest of the input file.
    pub input_sha256: Sha256,
    /// Records in it.
    pub rows: u64,
    /// Records released unchanged.
    pub kept: u64,
    /// Records released with edits.
    pub edited: u64,
    /// Records left out.
    pub removed: u64,
    /// Records set aside.
    pub quarantined: u64,
    /// Root over the rows with their commitments.
    pub record_root: Sha256,
    /// Root over the decisions.
    pub decision_root: Sha256,
    /// The file with the rows.
    pub ledger_file: FileDigest,
}

impl LedgerShard {
    /// An entry and the file its rows are in.
    pub fn new(entry: ShardEntry, ledger_file: FileDigest) -> Self {
        let ShardEntry {
            name,
            input_sha256,
            rows,
            kept,
            edited,
            removed,
            quarantined,
            record_root,
            decision_root,
        } = entry;
        Self {
            name,
            input_sha256,
            rows,
            kept,
            edited,
            removed,
            quarantined,
            record_root,
            decision_root,
            ledger_file,
        }
    }

    /// The part of the entry that is a leaf of the trees over all shards.
    pub fn entry(&self) -> ShardEntry {
        ShardEntry {
            name: self.name.clone(),
            input_sha256: self.input_sha256,
            rows: self.rows,
            kept: self.kept,
            edited: self.edited,
            removed: self.removed,
            quarantined: self.quarantined,
            record_root: self.record_root,
            decision_root: self.decision_root,
        }
    }
}

/// One file under `data/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutputPart {
    /// Path in the release.
    pub name: String,
    /// Records in it.
    pub rows: u64,
    /// Bytes of their texts.
    pub text_bytes: u64,
    /// RFC 6962 root over the SHA-256 of each text, in row order.
    pub content_root: Sha256,
    /// The split whose records it holds, which is the folder under `data/` that it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
}

impl LedgerIndex {
    /// Records and bytes of text of each split, in byte order of the names.
    pub fn splits(&self) -> Vec<SplitTotal> {
        let mut splits: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for part in &self.outputs {
            let Some(split) = &part.split else { continue };
            let (rows, text_bytes) = splits.entry(split).or_default();
            *rows = rows.saturating_add(part.rows);
            *text_bytes = text_bytes.saturating_add(part.text_bytes);
        }
        let total =
            |(name, (rows, text_bytes)): (&str, _)| SplitTotal { name: name.to_owned(), rows, text_bytes };
        splits.into_iter().map(total).collect()
    }
}

/// `auditor/index.json`: every file under `auditor/` but itself and the salt key, in byte order of the names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditorIndex {
    /// The files.
    pub files: Vec<FileDigest>,
}

/// A path in the release and the digest of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileDigest {
    /// Path in the release.
    pub name: String,
    /// Digest of the file's bytes.
    pub sha256: Sha256,
}
