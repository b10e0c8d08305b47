//! What is opened to one reader: chosen records with their commitments, and chosen committed fields.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CheckError, PROOF_BYTES_MAX, PROOF_FORMAT, Proof, same};
use crate::canonical::{CanonicalError, parse_canonical, to_canonical};
use crate::digest::Sha256;
use crate::disclosure::Disclosure;
use crate::ledger::LedgerRow;
use crate::verify::Checked;

/// The form of [`Disclosed`].
pub const DISCLOSURE_FORMAT: &str = "curation-disclosure/v1";

/// Records and fields, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disclosed {
    /// Always [`DISCLOSURE_FORMAT`].
    pub format: String,
    /// Digest of the statement that signs all of it.
    pub manifest: Sha256,
    /// Openings of fields, each `[salt, name, value]`.
    pub fields: Vec<Value>,
    /// Proofs of records, by shard and row.
    pub records: Vec<Proof>,
}

/// A file that `check-proof` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revelation {
    /// One record.
    Proof(Box<Proof>),
    /// Several records and fields.
    Disclosed(Disclosed),
}

#[derive(Deserialize)]
struct Head {
    format: String,
}

impl Revelation {
    /// Reads a file of either form.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckError> {
        // A disclosure holds many proofs; each is bounded by what the file holds.
        let limit = PROOF_BYTES_MAX * 16;
        let head = serde_json::from_slice::<Head>(bytes.get(..limit.min(bytes.len())).unwrap_or_default());
        match head.map_err(CanonicalError::from)?.format.as_str() {
            PROOF_FORMAT => Ok(Self::Proof(Box::new(Proof::parse(bytes)?))),
            _ => Ok(Self::Disclosed(parse_canonical(bytes, limit)?)),
        }
    }
}

impl Disclosed {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        to_canonical(self)
    }

    /// Checks everything against a manifest whose signature held; gives the fields and the rows.
    pub fn check(&self, manifest: &Checked) -> Result<(Vec<Disclosure>, Vec<LedgerRow>), CheckError> {
        same("the format", DISCLOSURE_FORMAT, &self.format)?;
        same("the manifest", &manifest.sha256().to_string(), &self.manifest.to_string())?;
        let fields = self.fields.iter().enumerate().map(|(at, field)| open(at, field, manifest));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let rows = self.records.iter().map(|proof| proof.check(manifest));
        Ok((fields, rows.collect::<Result<_, _>>()?))
    }
}

fn open(at: usize, field: &Value, manifest: &Checked) -> Result<Disclosure, CheckError> {
    let line = to_canonical(field)?;
    let opened = Disclosure::parse(&line, at + 1).map_err(|why| CheckError::Disclosure(why.to_string()))?;
    if manifest.predicate().disclosures.digests.contains(&opened.digest()?) {
        return Ok(opened);
    }
    let what = format!("the opening of `{}` has a digest that the manifest does not sign", opened.name());
    Err(CheckError::Disclosure(what))
}
