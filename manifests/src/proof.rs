//! Proofs about single records: what became of one, checked with the signed manifest and a few hashes.
//!
//! A proof holds the record's leaf, the path from it to its shard's root, the shard's entry and the path from that to
//! the signed `recordRoot`. It says nothing about any other record. The commitment in the leaf may be opened with it:
//! then whoever has a text can tell whether it is this record's. For a million records it is some three kilobytes.

mod disclosed;
mod leaf;
mod make;

pub use disclosed::{DISCLOSURE_FORMAT, Disclosed, Revelation};
pub use leaf::Leaf;
pub use make::{MakeError, Maker};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::canonical::{CanonicalError, parse_canonical, to_canonical};
use crate::digest::Sha256;
use crate::ledger::{LedgerError, LedgerRow, ShardEntry, check_row, commit};
use crate::merkle::{ProofError, leaf_hash, verify_inclusion};
use crate::verify::Checked;

/// The form of [`Proof`].
pub const PROOF_FORMAT: &str = "curation-proof/v1";
/// The largest proof that is read. Only a record with a great many edits comes near it.
pub const PROOF_BYTES_MAX: usize = 16 << 20;

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proof {
    /// Always [`PROOF_FORMAT`].
    pub format: String,
    /// Digest of the statement that signs the record.
    pub manifest: Sha256,
    /// The record's leaf.
    pub record: Leaf,
    /// From the leaf to `shard.recordRoot`.
    pub record_path: Vec<Sha256>,
    /// The shard's entry in the ledger index.
    pub shard: ShardEntry,
    /// The place of the shard in the index.
    pub shard_index: u64,
    /// From the entry to the signed `ledger.recordRoot`.
    pub shard_path: Vec<Sha256>,
    /// What the commitment was made from; `null` if it stays closed.
    pub opening: Option<CommitmentOpening>,
}

/// What a record's commitment was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommitmentOpening {
    /// 16 bytes in unpadded base64url.
    pub salt: String,
    /// SHA-256 of the text as it came in.
    pub content_sha256: Sha256,
    /// SHA-256 of the text in the form `norm-v1`.
    pub norm_sha256: Sha256,
}

/// Why a proof does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Too large, not canonical, or not a proof.
    #[error("not a proof in canonical form: {0}")]
    Canonical(#[from] CanonicalError),
    /// A field has another value than it must have.
    #[error("{what} is {found}, expected {expected}")]
    Field {
        /// The field.
        what: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The leaf is not one that a ledger can have.
    #[error("the record contradicts itself: {0}")]
    Row(#[from] LedgerError),
    /// The path from the record does not lead to its shard's root.
    #[error("the record is not in its shard: {0}")]
    Record(ProofError),
    /// The path from the shard does not lead to the signed root.
    #[error("the shard is not in the signed ledger: {0}")]
    Shard(ProofError),
    /// The commitment was made from something else.
    #[error("the opening is not that of the record's commitment")]
    Opening,
    /// The opening does not speak about the text at hand.
    #[error("the record's text has sha256 {expected}, this text has {found}")]
    Text {
        /// The digest in the opening.
        expected: Sha256,
        /// The digest of the text.
        found: Sha256,
    },
    /// There is no opening to hold a text against.
    #[error("the proof does not open the record's commitment, so no text can be held against it")]
    Closed,
    /// An opened field is not a signed one.
    #[error("{0}")]
    Disclosure(String),
}

impl Proof {
    /// Reads a proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckError> {
        Ok(parse_canonical(bytes, PROOF_BYTES_MAX)?)
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        to_canonical(self)
    }

    /// Checks the proof against a manifest whose signature held; gives the record's row.
    pub fn check(&self, manifest: &Checked) -> Result<LedgerRow, CheckError> {
        let predicate = manifest.predicate();
        same("the format", PROOF_FORMAT, &self.format)?;
        same("the manifest", &manifest.sha256().to_string(), &self.manifest.to_string())?;
        same("the record's shard", &self.shard.name, &self.record.shard)?;
        let row = self.record.row()?;
        check_row(&self.shard.name, &row)?;
        let entry = leaf_hash(&self.shard.to_canonical());
        let (shards, root) = (predicate.inputs.shards, predicate.ledger.record_root);
        verify_inclusion(root, shards, self.shard_index, entry, &self.shard_path)
            .map_err(CheckError::Shard)?;
        let leaf = leaf_hash(&to_canonical(&self.record)?);
        verify_inclusion(self.shard.record_root, self.shard.rows, row.row, leaf, &self.record_path)
            .map_err(CheckError::Record)?;
        if let Some(opening) = &self.opening {
            opening.check(&row)?;
        }
        Ok(row)
    }

    /// Whether a text is the record's, as it came in.
    pub fn check_text(&self, text: &[u8]) -> Result<(), CheckError> {
        let opening = self.opening.as_ref().ok_or(CheckError::Closed)?;
        let (expected, found) = (opening.content_sha256, Sha256::of(text));
        if expected == found { Ok(()) } else { Err(CheckError::Text { expected, found }) }
    }
}

impl CommitmentOpening {
    fn check(&self, row: &LedgerRow) -> Result<(), CheckError> {
        let salt = URL_SAFE_NO_PAD.decode(&self.salt).ok().and_then(|salt| <[u8; 16]>::try_from(salt).ok());
        let salt = salt.ok_or(CheckError::Opening)?;
        if commit(&salt, &self.content_sha256, &self.norm_sha256) == row.commit {
            Ok(())
        } else {
            Err(CheckError::Opening)
        }
    }
}

fn same(what: &'static str, expected: &str, found: &str) -> Result<(), CheckError> {
    if expected == found {
        return Ok(());
    }
    Err(CheckError::Field { what, expected: expected.to_owned(), found: found.to_owned() })
}

#[cfg(test)]
mod tests;
