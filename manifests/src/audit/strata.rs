//! Samples by strata: so many records of every group, drawn by seed so that an auditor with the ledger redraws them.
//!
//! In a stratum of N records, numbered in the order of the ledger, places are drawn as for a simple sample:
//!
//! ```text
//! x_i   = first 8 bytes, big-endian, of SHA-256("curation/audit-strata/v1\0" || seed || 0x00 || key || 0x00 || recordRoot || i as 8 bytes)
//! place = x_i mod N, unless x_i is at or above the largest multiple of N, or the place was drawn before
//! ```
//!
//! with `key` the stratum's key as canonical JSON: its fate, then the values of what the sample is stratified by, in
//! that order, then its score band if there is one.

use serde::{Deserialize, Serialize};

use super::{AuditError, Place, SAMPLE_BYTES_MAX, SAMPLE_FORMAT, Sample};
use crate::canonical::{CanonicalError, parse_canonical, to_canonical};
use crate::digest::Sha256;

/// The form of [`StratifiedSample`].
pub const STRATA_FORMAT: &str = "curation-audit-strata/v1";
pub(super) const DOMAIN: &[u8] = b"curation/audit-strata/v1\0";
/// The domain of the order in which records are shown to reviewers.
const ORDER: &[u8] = b"curation/audit-order/v1\0";

/// What the auditor decides before anything is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Design {
    /// What makes records differ, beside their fate: `source`, or columns of the ledger.
    pub by: Vec<String>,
    /// Most records of one stratum.
    pub per_stratum: u64,
    /// The column of numbers whose tenths are strata, too.
    pub score: Option<String>,
    /// The stages whose removals are audited; `null` for all. Released records are always audited.
    pub stages: Option<Vec<String>>,
}

/// A sample of every stratum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StratifiedSample {
    /// Always [`STRATA_FORMAT`].
    pub format: String,
    /// Digest of the statement of the release.
    pub manifest: Sha256,
    /// What the auditor chose.
    pub seed: String,
    /// What the auditor decided.
    pub design: Design,
    /// The nine numbers that part the score into tenths, ascending; empty without a score. A score belongs to the band
    /// of as many of them as it is not below.
    pub cuts: Vec<String>,
    /// In the order of their keys.
    pub strata: Vec<Stratum>,
}

/// A group of records and those drawn of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stratum {
    /// Fate, values, band.
    pub key: Vec<String>,
    /// How many records there are.
    pub records: u64,
    /// Those drawn, in the order of the ledger.
    pub places: Vec<Place>,
}

impl StratifiedSample {
    /// Reads a sample.
    pub fn parse(bytes: &[u8]) -> Result<Self, AuditError> {
        let sample: Self = parse_canonical(bytes, SAMPLE_BYTES_MAX)?;
        match sample.format == STRATA_FORMAT {
            true => Ok(sample),
            false => Err(AuditError::Format { expected: STRATA_FORMAT, found: sample.format }),
        }
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        to_canonical(self)
    }

    /// The digest of the file: what answers and results name.
    pub fn sha256(&self) -> Result<Sha256, CanonicalError> {
        Ok(Sha256::of(&self.to_bytes()?))
    }

    /// The records in the order in which a reviewer sees them, which mixes the strata and tells nothing of them.
    pub fn shown(&self) -> Vec<&Place> {
        let mark = |place: &Place| {
            let row = place.row.to_be_bytes();
            Sha256::of_parts(&[ORDER, self.seed.as_bytes(), &[0], place.shard.as_bytes(), &[0], &row])
        };
        let mut places: Vec<&Place> = self.strata.iter().flat_map(|stratum| &stratum.places).collect();
        places.sort_by_cached_key(|place| mark(place));
        places
    }

    /// The records of all strata, for `disclose`.
    pub(super) fn flat(&self) -> Sample {
        let mut records: Vec<Place> =
            self.strata.iter().flat_map(|stratum| stratum.places.iter().cloned()).collect();
        records.sort();
        Sample { format: SAMPLE_FORMAT.to_owned(), manifest: self.manifest, seed: self.seed.clone(), records }
    }
}

/// What draws within a stratum: the seed and the key, which cannot be confused because canonical JSON holds no NUL.
pub(super) fn stratum_seed(seed: &str, key: &[String]) -> Result<String, CanonicalError> {
    let key = to_canonical(&key)?;
    Ok(format!("{seed}\0{}", String::from_utf8_lossy(&key)))
}
