//! Shard entries and the roots over all shards.

use serde::{Deserialize, Serialize};

use crate::canonical::{write_integer, write_string};
use crate::digest::Sha256;
use crate::merkle::Tree;

/// What the ledger index says about one input shard; its canonical JSON is a leaf under `recordRoot`.
///
/// The entry binds name, input digest and position, so shards cannot be swapped or renamed unnoticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Tagged", try_from = "Tagged")]
pub struct ShardEntry {
    /// The shard's stem, see [`super::shard_stem`].
    pub name: String,
    /// The digest of the input file.
    pub input_sha256: Sha256,
    /// How many records the shard has.
    pub rows: u64,
    /// How many of them were kept.
    pub kept: u64,
    /// How many were edited.
    pub edited: u64,
    /// How many were removed.
    pub removed: u64,
    /// How many were quarantined.
    pub quarantined: u64,
    /// The root over the shard's record leaves.
    pub record_root: Sha256,
    /// The root over the shard's decision leaves.
    pub decision_root: Sha256,
}

impl ShardEntry {
    /// The canonical JSON of the entry.
    pub fn to_canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"{\"decisionRoot\":\"");
        out.extend_from_slice(self.decision_root.to_string().as_bytes());
        out.extend_from_slice(b"\",\"edited\":");
        write_integer(self.edited, &mut out);
        out.extend_from_slice(b",\"inputSha256\":\"");
        out.extend_from_slice(self.input_sha256.to_string().as_bytes());
        out.extend_from_slice(b"\",\"kept\":");
        write_integer(self.kept, &mut out);
        out.extend_from_slice(b",\"name\":");
        write_string(&self.name, &mut out);
        out.extend_from_slice(b",\"quarantined\":");
        write_integer(self.quarantined, &mut out);
        out.extend_from_slice(b",\"recordRoot\":\"");
        out.extend_from_slice(self.record_root.to_string().as_bytes());
        out.extend_from_slice(b"\",\"removed\":");
        write_integer(self.removed, &mut out);
        out.extend_from_slice(b",\"rows\":");
        write_integer(self.rows, &mut out);
        out.extend_from_slice(b",\"t\":\"shard\"}");
        out
    }
}

/// The JSON form: the entry with its type tag, which a reader requires.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tagged {
    decision_root: Sha256,
    edited: u64,
    input_sha256: Sha256,
    kept: u64,
    name: String,
    quarantined: u64,
    record_root: Sha256,
    removed: u64,
    rows: u64,
    t: String,
}

impl From<ShardEntry> for Tagged {
    fn from(entry: ShardEntry) -> Self {
        Self {
            decision_root: entry.decision_root,
            edited: entry.edited,
            input_sha256: entry.input_sha256,
            kept: entry.kept,
            name: entry.name,
            quarantined: entry.quarantined,
            record_root: entry.record_root,
            removed: entry.removed,
            rows: entry.rows,
            t: "shard".to_owned(),
        }
    }
}

impl TryFrom<Tagged> for ShardEntry {
    type Error = &'static str;

    fn try_from(tagged: Tagged) -> Result<Self, &'static str> {
        if tagged.t != "shard" {
            return Err("the field `t` of a shard entry must be \"shard\"");
        }
        Ok(Self {
            name: tagged.name,
            input_sha256: tagged.input_sha256,
            rows: tagged.rows,
            kept: tagged.kept,
            edited: tagged.edited,
            removed: tagged.removed,
            quarantined: tagged.quarantined,
            record_root: tagged.record_root,
            decision_root: tagged.decision_root,
        })
    }
}

/// The root over all shard entries, in the order of the ledger index.
pub fn record_root(entries: &[ShardEntry]) -> Sha256 {
    let mut tree = Tree::new();
    for entry in entries {
        tree.push(&entry.to_canonical());
    }
    tree.root()
}

/// The root over the shards' decision roots, in byte order of their stems whatever the order given.
pub fn decision_root(entries: &[ShardEntry]) -> Sha256 {
    let mut sorted: Vec<&ShardEntry> = entries.iter().collect();
    // Stems are unique in a release; a stable sort keeps even a broken one reproducible.
    sorted.sort_by_key(|entry| entry.name.as_bytes());
    let mut tree = Tree::new();
    for entry in sorted {
        tree.push(&entry.decision_root.0);
    }
    tree.root()
}

/// The root over the roots of the released parts, in the order of the parts.
///
/// The tree of one part has a leaf for each row: the 32 bytes of SHA-256(output text).
pub fn content_root(part_roots: &[Sha256]) -> Sha256 {
    let mut tree = Tree::new();
    for root in part_roots {
        tree.push(&root.0);
    }
    tree.root()
}
