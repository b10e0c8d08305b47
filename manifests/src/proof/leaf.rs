//! A record's leaf as a document: the same canonical bytes that [`crate::ledger::record_leaf`] writes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{CheckError, same};
use crate::ledger::{Edit, Fate, LedgerRow};

/// The leaf of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Leaf {
    bound: Option<String>,
    c: String,
    duplicate_of: Option<(String, u64)>,
    edits: Vec<Edit>,
    fate: Fate,
    out: Option<(u32, u64)>,
    #[serde(default = "once", skip_serializing_if = "is_once")]
    repeats: u32,
    row: u64,
    rule: Option<String>,
    /// The stem of the record's shard.
    pub shard: String,
    similarity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    split: Option<String>,
    stage: Option<String>,
    t: String,
    value: Option<String>,
}

fn once() -> u32 {
    1
}

fn is_once(repeats: &u32) -> bool {
    *repeats == once()
}

impl Leaf {
    /// The leaf of a row of the shard with this stem.
    pub fn new(stem: &str, row: &LedgerRow) -> Self {
        Self {
            bound: row.bound.clone(),
            c: URL_SAFE_NO_PAD.encode(row.commit),
            duplicate_of: row.duplicate_of.clone(),
            edits: row.edits.clone(),
            fate: row.fate,
            out: row.out,
            repeats: row.repeats,
            row: row.row,
            rule: row.rule.clone(),
            shard: stem.to_owned(),
            similarity: row.similarity.clone(),
            split: row.split.clone(),
            stage: row.stage.clone(),
            t: "record".to_owned(),
            value: row.value.clone(),
        }
    }

    /// The row the leaf is made from.
    pub fn row(&self) -> Result<LedgerRow, CheckError> {
        same("the kind of leaf", "record", &self.t)?;
        let commit = URL_SAFE_NO_PAD.decode(&self.c).ok().and_then(|bytes| bytes.try_into().ok());
        Ok(LedgerRow {
            row: self.row,
            fate: self.fate,
            stage: self.stage.clone(),
            rule: self.rule.clone(),
            value: self.value.clone(),
            bound: self.bound.clone(),
            duplicate_of: self.duplicate_of.clone(),
            similarity: self.similarity.clone(),
            edits: self.edits.clone(),
            repeats: self.repeats,
            split: self.split.clone(),
            out: self.out,
            commit: commit.ok_or(CheckError::Opening)?,
        })
    }
}
