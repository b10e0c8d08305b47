//! Auditing by sample: which records to open, how many, and what the answer is worth.
//!
//! A [`Sample`] is drawn from all records alike, a [`StratifiedSample`] from each stratum of them. Reviewers answer in
//! [`Labels`], [`Outcome`] says what the answers come to, and an [`AuditResult`](attest::AuditResult) signs it.
//!
//! The auditor chooses the seed after the roots are published, so the producer could not know which records would be
//! asked for. Places are drawn without replacement, uniformly over all rows of the ledger in index order:
//!
//! ```text
//! x_i   = first 8 bytes, big-endian, of SHA-256("curation/audit-sample/v1\0" || seed || 0x00 || recordRoot || i as 8 bytes)
//! place = x_i mod rows, unless x_i is at or above the largest multiple of rows, or the place was drawn before
//! ```

pub mod attest;
mod frame;
mod intervals;
mod labels;
mod outcome;
#[cfg(test)]
mod simulation;
mod strata;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::canonical::{CanonicalError, parse_canonical, to_canonical};
use crate::digest::Sha256;
use crate::index::LedgerIndex;
pub use frame::Frame;
pub use intervals::{Interval, Share, kappa, ratio, stratified, wilson, wilson_of_share};
pub use labels::{Answer, LABELS_FORMAT, Label, LabelError, Labels};
pub use outcome::{Agreement, CONFIDENCE, Counts, Outcome, Side, Sided, TARGET};
pub use strata::{Design, STRATA_FORMAT, StratifiedSample, Stratum};

/// The form of [`Sample`].
pub const SAMPLE_FORMAT: &str = "curation-audit-sample/v1";
/// The largest sample file that is read.
pub const SAMPLE_BYTES_MAX: usize = 64 << 20;
/// Of what a sample may be stratified by: the rule of the first span in a record, such as `cbrn/chemical`.
pub const CATEGORY: &str = "category";
const DOMAIN: &[u8] = b"curation/audit-sample/v1\0";

/// A sample or an interval cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// More records are asked for than there are.
    #[error("the ledger has {rows} records, a sample of {asked} cannot be drawn")]
    TooMany {
        /// Records there are.
        rows: u64,
        /// Records asked for.
        asked: u64,
    },
    /// A share or a confidence that is none.
    #[error("{what} is {found}, expected a number between 0 and 1, both excluded")]
    Share {
        /// The number.
        what: &'static str,
        /// What it is.
        found: f64,
    },
    /// More were found than were looked at.
    #[error("{found} of {looked_at} is no share")]
    Found {
        /// Found.
        found: u64,
        /// Looked at.
        looked_at: u64,
    },
    /// Not a sample.
    #[error("not a sample in canonical form: {0}")]
    Canonical(#[from] CanonicalError),
    /// A sample of another release, or not the one its seed gives.
    #[error("the sample is not the one that its seed draws from this release")]
    NotDrawn,
    /// A file of another form.
    #[error("format {found:?} is not {expected:?}")]
    Format {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// The ledger cannot be read.
    #[error("`{file}`: {why}")]
    Ledger {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Answers that do not belong to the sample, or contradict it.
    #[error("{0}")]
    Labels(String),
}

/// The records an auditor asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sample {
    /// Always [`SAMPLE_FORMAT`].
    pub format: String,
    /// Digest of the statement of the release.
    pub manifest: Sha256,
    /// What the auditor chose.
    pub seed: String,
    /// The records, by shard and row.
    pub records: Vec<Place>,
}

/// Where a record stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    /// The shard's stem.
    pub shard: String,
    /// The row in it.
    pub row: u64,
}

impl Sample {
    /// Draws `count` records of the release with this statement digest, ledger root and ledger index.
    pub fn draw(
        manifest: Sha256,
        record_root: Sha256,
        index: &LedgerIndex,
        seed: &str,
        count: u64,
    ) -> Result<Self, AuditError> {
        let rows = index.shards.iter().fold(0_u64, |sum, shard| sum.saturating_add(shard.rows));
        let records = places(DOMAIN, record_root, seed, rows, count)?.into_iter();
        let records = records.filter_map(|place| locate(index, place)).collect();
        Ok(Self { format: SAMPLE_FORMAT.to_owned(), manifest, seed: seed.to_owned(), records })
    }

    /// Reads a sample; of a [`StratifiedSample`] the records of all strata.
    pub fn parse_any(bytes: &[u8]) -> Result<Self, AuditError> {
        match StratifiedSample::parse(bytes) {
            Ok(sample) => Ok(sample.flat()),
            Err(_) => Self::parse(bytes),
        }
    }

    /// Reads a sample.
    pub fn parse(bytes: &[u8]) -> Result<Self, AuditError> {
        Ok(parse_canonical(bytes, SAMPLE_BYTES_MAX)?)
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        to_canonical(self)
    }
}

/// Positions among so many rows (or whatever the domain draws), sorted.
pub(crate) fn places(
    domain: &[u8],
    record_root: Sha256,
    seed: &str,
    rows: u64,
    count: u64,
) -> Result<BTreeSet<u64>, AuditError> {
    if count > rows {
        return Err(AuditError::TooMany { rows, asked: count });
    }
    let mut drawn = BTreeSet::new();
    // Above the largest multiple of `rows` the first places would come up once more than the others.
    let limit = u64::MAX - u64::MAX % rows.max(1);
    for number in 0_u64.. {
        if drawn.len() as u64 == count {
            break;
        }
        let digest =
            Sha256::of_parts(&[domain, seed.as_bytes(), &[0], &record_root.0, &number.to_be_bytes()]);
        let x = digest.0.iter().take(8).fold(0_u64, |x, byte| x << 8 | u64::from(*byte));
        if x < limit {
            drawn.insert(x % rows);
        }
    }
    Ok(drawn)
}

fn locate(index: &LedgerIndex, mut place: u64) -> Option<Place> {
    for shard in &index.shards {
        match place.checked_sub(shard.rows) {
            Some(rest) => place = rest,
            None => return Some(Place { shard: shard.name.clone(), row: place }),
        }
    }
    None
}

/// How many records to look at to see at least one bad one with this confidence, if this share of them is bad:
/// ln(1 − confidence) / ln(1 − share), rounded up.
pub fn sample_size(confidence: f64, share: f64) -> Result<u64, AuditError> {
    let confidence = between("the confidence", confidence)?;
    let share = between("the share", share)?;
    Ok((libm::log1p(-confidence) / libm::log1p(-share)).ceil() as u64)
}

pub(crate) fn between(what: &'static str, number: f64) -> Result<f64, AuditError> {
    if number > 0.0 && number < 1.0 { Ok(number) } else { Err(AuditError::Share { what, found: number }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tamper_tests::fixture::Fixture;

    #[test]
    fn sample_sizes_are_the_known_ones() {
        assert_eq!(sample_size(0.99, 0.01).unwrap(), 459);
        assert_eq!(sample_size(0.99, 0.001).unwrap(), 4603);
        assert_eq!(sample_size(0.95, 0.5).unwrap(), 5);
        assert!(sample_size(1.0, 0.1).is_err() && sample_size(0.9, 0.0).is_err());
        assert!(sample_size(f64::NAN, 0.1).is_err());
    }

    #[test]
    fn a_seed_draws_the_same_records_for_everybody() {
        let release = Fixture::sealed();
        let index = release.ledger_index();
        let root = release.statement().predicate.ledger.record_root;
        let draw = |seed: &str, count| Sample::draw(Sha256::of(b"m"), root, &index, seed, count).unwrap();
        assert_eq!(draw("a", 4), draw("a", 4));
        assert_ne!(draw("a", 4).records, draw("b", 4).records);
        let all = draw("a", 9);
        assert_eq!(all.records.len(), 9, "without replacement");
        assert!(all.records.is_sorted());
        assert_eq!(Sample::parse(&all.to_bytes().unwrap()).unwrap(), all);
        let error = Sample::draw(Sha256::of(b"m"), root, &index, "a", 10).unwrap_err();
        assert_eq!(error.to_string(), "the ledger has 9 records, a sample of 10 cannot be drawn");
    }

    #[test]
    fn every_place_is_as_likely() {
        let mut counts = [0_u32; 10];
        for seed in 0..2000 {
            for place in places(DOMAIN, Sha256::of(b"root"), &seed.to_string(), 10, 3).unwrap() {
                counts[place as usize] += 1;
            }
        }
        // 600 expected each, standard deviation 20
        assert!(counts.iter().all(|count| (520..680).contains(count)), "{counts:?}");
    }
}
