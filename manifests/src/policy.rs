//! Whom to trust, for what and when: a file that the verifying party writes, never the producer.
//!
//! ```json
//! {"format": "curation-policy/v1",
//!  "dataset": "web-en",
//!  "minimumSequence": 3,
//!  "countersignatures": 1,
//!  "falsePositivesMax": "0.05", "missesMax": "0.01",
//!  "keys": [
//!    {"name": "the lab", "roles": ["producer"], "publicKey": "-----BEGIN PUBLIC KEY-----\n…",
//!     "notBefore": "2026-01-01T00:00:00Z", "notAfter": "2026-12-31T23:59:59Z"}],
//!  "timestampAuthorities": ["-----BEGIN CERTIFICATE-----\n…"]}
//! ```
//!
//! All but `format` and `keys` may be left out. A key counts while its window is open: at the time that a trusted
//! timestamp proves, else at the time of the verification.

use std::path::Path;

use p256::pkcs8::der::DateTime;
use serde::Deserialize;

use crate::bundle::{BUNDLE_BYTES_MAX, open_bundle};
use crate::countersign::parse_time;
use crate::keys::{KeyError, PublicKey};
use crate::layout::MANIFEST;
use crate::timestamp::{Authority, TimestampError};
use crate::verify::Release;

/// The form of a policy file.
pub const POLICY_FORMAT: &str = "curation-policy/v1";

/// A policy file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It has another form.
    #[error("not a policy: {0}")]
    Form(#[from] serde_json::Error),
    /// It is of another version.
    #[error("format {0:?} is not {POLICY_FORMAT:?}")]
    Format(String),
    /// A key is none.
    #[error("key `{name}`: {source}")]
    Key {
        /// The name in the policy.
        name: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// A time is none.
    #[error("key `{name}`: {why}")]
    Time {
        /// The name in the policy.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// A certificate is none.
    #[error("timestamp authority {number}: {source}")]
    Authority {
        /// Its place in the list, from 1.
        number: usize,
        /// What is wrong with it.
        source: TimestampError,
    },
    /// A limit is none.
    #[error("`{key}` is {found:?}, expected a decimal from 0 to 1")]
    Share {
        /// The key.
        key: &'static str,
        /// What it is.
        found: String,
    },
    /// Nobody may produce a release.
    #[error("no key has the role `producer`")]
    NoProducer,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    format: String,
    dataset: Option<String>,
    #[serde(default)]
    minimum_sequence: u64,
    #[serde(default)]
    countersignatures: u64,
    false_positives_max: Option<String>,
    misses_max: Option<String>,
    keys: Vec<KeyEntry>,
    #[serde(default)]
    timestamp_authorities: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyEntry {
    name: String,
    roles: Vec<Role>,
    public_key: String,
    not_before: Option<String>,
    not_after: Option<String>,
}

/// What a key is trusted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Signing releases.
    Producer,
    /// Countersigning them.
    Auditor,
}

/// A key and what it is trusted for.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    /// Its name in the policy.
    pub name: String,
    /// The key.
    pub key: PublicKey,
    roles: Vec<Role>,
    not_before: Option<DateTime>,
    not_after: Option<DateTime>,
}

impl TrustedKey {
    /// Whether the key counts at a time.
    pub(crate) fn covers(&self, time: DateTime) -> bool {
        self.not_before.is_none_or(|begin| begin <= time) && self.not_after.is_none_or(|end| time <= end)
    }
}

/// A policy that was read.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The data set it is about, if it is about one.
    pub dataset: Option<String>,
    /// The oldest release that is accepted.
    pub minimum_sequence: u64,
    /// How many auditors must have countersigned.
    pub countersignatures: u64,
    /// The largest share of false positives among the records taken out, at the upper bound of an audit.
    pub false_positives_max: Option<f64>,
    /// The largest share of misses among the released records, at the upper bound of an audit.
    pub misses_max: Option<f64>,
    keys: Vec<TrustedKey>,
    pub(crate) authorities: Vec<Authority>,
}

impl Policy {
    /// Reads a policy.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let file: File = serde_json::from_slice(bytes)?;
        if file.format != POLICY_FORMAT {
            return Err(PolicyError::Format(file.format));
        }
        let keys = file.keys.into_iter().map(trusted).collect::<Result<Vec<_>, _>>()?;
        let authority = |(at, pem): (usize, &String)| {
            Authority::from_pem(pem).map_err(|source| PolicyError::Authority { number: at + 1, source })
        };
        let policy = Self {
            dataset: file.dataset,
            minimum_sequence: file.minimum_sequence,
            countersignatures: file.countersignatures,
            false_positives_max: share("falsePositivesMax", file.false_positives_max)?,
            misses_max: share("missesMax", file.misses_max)?,
            keys,
            authorities: file
                .timestamp_authorities
                .iter()
                .enumerate()
                .map(authority)
                .collect::<Result<_, _>>()?,
        };
        if policy.with(Role::Producer).next().is_none() {
            return Err(PolicyError::NoProducer);
        }
        Ok(policy)
    }

    /// The keys trusted for something.
    pub fn with(&self, role: Role) -> impl Iterator<Item = &TrustedKey> {
        self.keys.iter().filter(move |key| key.roles.contains(&role))
    }

    /// The producer's key that signed the release in `dir`, by trying them: nothing in a release selects a key. If
    /// none did, the first one, under which the verification will fail.
    pub fn producer(&self, dir: &Path) -> Option<&PublicKey> {
        let bundle = Release::open(dir).ok().and_then(|mut r| r.read(MANIFEST, BUNDLE_BYTES_MAX).ok());
        let signed =
            |key: &&TrustedKey| bundle.as_deref().is_some_and(|bytes| open_bundle(bytes, &key.key).is_ok());
        let mut producers = self.with(Role::Producer);
        producers.find(signed).or_else(|| self.with(Role::Producer).next()).map(|key| &key.key)
    }

    /// What the policy says about a key in a role.
    pub(crate) fn entry(&self, key: &PublicKey, role: Role) -> Option<&TrustedKey> {
        self.with(role).find(|trusted| trusted.key == *key)
    }
}

fn share(key: &'static str, found: Option<String>) -> Result<Option<f64>, PolicyError> {
    let Some(found) = found else { return Ok(None) };
    let share = found.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.map(Some).ok_or(PolicyError::Share { key, found })
}

fn trusted(entry: KeyEntry) -> Result<TrustedKey, PolicyError> {
    let KeyEntry { name, roles, public_key, not_before, not_after } = entry;
    let time = |text: Option<String>| {
        let time = text.map(|text| parse_time(&text)).transpose();
        time.map_err(|why| PolicyError::Time { name: name.clone(), why: why.to_string() })
    };
    let (not_before, not_after) = (time(not_before)?, time(not_after)?);
    match PublicKey::from_pem(&public_key) {
        Ok(key) => Ok(TrustedKey { name, key, roles, not_before, not_after }),
        Err(source) => Err(PolicyError::Key { name, source }),
    }
}
