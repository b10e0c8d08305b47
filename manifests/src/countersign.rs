//! Countersignatures: an auditor's own signed statement about a release.
//!
//! It is an in-toto Statement with the predicate of a simple verification result
//! (<https://github.com/in-toto/attestation>, `spec/predicates/svr.md`, v0.2) around the digest of the release's
//! statement, and lies in `attestations/audit-NAME.sigstore.json`. It may be added at any time: neither the manifest nor
//! `dataset.sig` covers that folder. What an auditor asserts is the auditor's word, not a check of ours.

use std::path::Path;

use p256::pkcs8::der::DateTime;
use serde::{Deserialize, Serialize};

use crate::audit::attest::{AUDIT_TYPE, AuditResult, Audited};
use crate::bundle::{BUNDLE_BYTES_MAX, BundleError, make_bundle, open_bundle};
use crate::canonical::{CanonicalError, parse_canonical, to_canonical};
use crate::digest::Sha256;
use crate::keys::{PublicKey, SigningKey};
use crate::predicate::{STATEMENT_TYPE, Subject};
use crate::seal::{SealError, write_once};
use crate::verify::Checked;

/// The predicate type of a simple verification result.
pub const SVR_TYPE: &str = "https://in-toto.io/attestation/svr/v0.2";

/// What an auditor signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Countersignature {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Verdict {
    properties: Vec<String>,
    time_created: String,
    verifier: Verifier,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Verifier {
    pub(crate) id: String,
}

/// Why there is no countersignature, or why it does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CountersignError {
    /// Its name cannot be part of a file name everywhere.
    #[error("`{0}` is not a name of lower-case letters, digits and dashes")]
    Name(String),
    /// There is one of this name already.
    #[error("`{0}` exists and is not overwritten")]
    Exists(String),
    /// The time is not RFC 3339 in UTC, or the clock is before 1970.
    #[error("`{0}` is not a time like 2026-11-21T12:00:00Z")]
    Time(String),
    /// The envelope does not hold.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The statement is of another form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// The statement says something else than a countersignature may.
    #[error("{what} is {found}, expected {expected}")]
    Field {
        /// The field.
        what: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] SealError),
}

/// A countersignature that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Countersigned {
    /// The file.
    pub file: String,
    /// Key id of the auditor.
    pub key_id: String,
    /// Who the auditor says to be.
    pub verifier: String,
    /// When, by the auditor's own word.
    pub time_created: String,
    /// What the auditor asserts.
    pub properties: Vec<String>,
}

impl Countersignature {
    /// The statement about a release whose signature held. `time` is RFC 3339 in UTC; without it the clock's.
    pub fn new(
        manifest: &Checked,
        verifier: &str,
        properties: &[String],
        time: Option<&str>,
    ) -> Result<Self, CountersignError> {
        let time_created = time_or_now(time)?;
        Ok(Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: vec![subject_of(manifest)],
            predicate_type: SVR_TYPE.to_owned(),
            predicate: Verdict {
                properties: properties.to_vec(),
                time_created,
                verifier: Verifier { id: verifier.to_owned() },
            },
        })
    }

    /// Signs it and puts it into the release; gives the file's name.
    pub fn add(&self, release: &Path, name: &str, key: &SigningKey) -> Result<String, CountersignError> {
        add(&to_canonical(self)?, release, name, key)
    }

    /// Opens the bytes of a countersignature with an auditor's key and checks that it is about this release.
    pub fn open(
        file: &str,
        bytes: &[u8],
        key: &PublicKey,
        statement: Sha256,
    ) -> Result<Countersigned, CountersignError> {
        let payload = open_bundle(bytes, key)?;
        let signed: Self = parse_canonical(&payload, BUNDLE_BYTES_MAX)?;
        let about: Vec<String> = signed.subject.iter().map(|s| s.digest.sha256.to_string()).collect();
        for (what, expected, found) in [
            ("_type", STATEMENT_TYPE.to_owned(), &signed.statement_type),
            ("predicateType", SVR_TYPE.to_owned(), &signed.predicate_type),
            ("the subject", statement.to_string(), &about.join(", ")),
        ] {
            if expected != *found {
                return Err(CountersignError::Field { what, expected, found: found.clone() });
            }
        }
        parse_time(&signed.predicate.time_created)?;
        Ok(Countersigned {
            file: file.to_owned(),
            key_id: key.key_id(),
            verifier: signed.predicate.verifier.id,
            time_created: signed.predicate.time_created,
            properties: signed.predicate.properties,
        })
    }
}

/// Signs an auditor's statement and puts it into the release; gives the file's name.
pub(crate) fn add(
    payload: &[u8],
    release: &Path,
    name: &str,
    key: &SigningKey,
) -> Result<String, CountersignError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > 100 || !name.bytes().all(plain) {
        return Err(CountersignError::Name(name.to_owned()));
    }
    let file = format!("attestations/audit-{name}.sigstore.json");
    if release.join(&file).symlink_metadata().is_ok() {
        return Err(CountersignError::Exists(file));
    }
    write_once(release, &file, &make_bundle(payload, key)?)?;
    Ok(file)
}

/// The release as an auditor's statement names it.
pub(crate) fn subject_of(manifest: &Checked) -> Subject {
    let dataset = &manifest.predicate().dataset;
    Subject::new(&format!("{} {}", dataset.name, dataset.version), manifest.sha256())
}

/// A time that was given, or else the clock's.
pub(crate) fn time_or_now(given: Option<&str>) -> Result<String, CountersignError> {
    Ok(given.map_or_else(now, parse_time)?.to_string())
}

/// What an auditor signed about a release.
#[derive(Debug)]
pub(crate) enum Attestation {
    /// What they assert.
    Countersigned(Countersigned),
    /// What they found in a sample.
    Audited(Box<Audited>),
}

impl Attestation {
    /// Opens the bytes of an auditor's statement with their key and checks that it is about this release.
    pub(crate) fn open(
        file: &str,
        bytes: &[u8],
        key: &PublicKey,
        statement: Sha256,
    ) -> Result<Self, CountersignError> {
        /// The field by which the two are told apart.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Kind {
            predicate_type: String,
        }
        let payload = open_bundle(bytes, key)?;
        match serde_json::from_slice::<Kind>(&payload) {
            Ok(kind) if kind.predicate_type == AUDIT_TYPE => {
                AuditResult::read(file, &payload, key.key_id(), statement).map(Box::new).map(Self::Audited)
            }
            _ => Countersignature::open(file, bytes, key, statement).map(Self::Countersigned),
        }
    }
}

/// The time of the clock.
pub(crate) fn now() -> Result<DateTime, CountersignError> {
    DateTime::from_system_time(std::time::SystemTime::now())
        .map_err(|_| CountersignError::Time("the clock".to_owned()))
}

/// Reads RFC 3339 in UTC, to the second.
pub(crate) fn parse_time(text: &str) -> Result<DateTime, CountersignError> {
    text.parse().map_err(|_| CountersignError::Time(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Algorithm;
    use crate::tamper_tests::fixture::Fixture;

    fn checked(release: &Fixture) -> Checked {
        Checked::open(&release.read("manifest.sigstore.json"), &release.public()).unwrap()
    }

    #[test]
    fn a_countersignature_names_the_release_and_nothing_else() {
        let (release, other) = (Fixture::sealed(), Fixture::sealed());
        other.claim(|s| "2.0.0".clone_into(&mut s.predicate.dataset.version));
        let auditor = SigningKey::generate(Algorithm::Ed25519).unwrap();
        let properties = ["verified:files".to_owned()];
        let time = "2026-11-21T12:00:00Z";
        let statement =
            Countersignature::new(&checked(&release), "https://lab.example", &properties, Some(time));
        let statement = statement.unwrap();
        let file = statement.add(release.dir(), "lab", &auditor).unwrap();
        let open = |release: &Fixture, key: &SigningKey| {
            let bytes = release.read("attestations/audit-lab.sigstore.json");
            Countersignature::open(&file, &bytes, &key.public(), checked(release).sha256())
        };
        let shown = open(&release, &auditor).unwrap();
        assert_eq!((shown.verifier.as_str(), shown.time_created.as_str()), ("https://lab.example", time));
        assert_eq!(shown.properties, properties);
        assert!(open(&release, &release.key).is_err(), "another key");
        other.write(&file, &release.read(&file));
        let error = open(&other, &auditor).unwrap_err().to_string();
        assert!(error.starts_with("the subject is"), "{error}");
        assert!(matches!(statement.add(release.dir(), "lab", &auditor), Err(CountersignError::Exists(_))));
        for name in ["", "../x", "A", "a b"] {
            assert!(matches!(statement.add(release.dir(), name, &auditor), Err(CountersignError::Name(_))));
        }
        assert_eq!(release.verify().exit_code(), 0, "it may lie there");
    }

    #[test]
    fn times_are_utc() {
        let release = Fixture::sealed();
        for bad in ["yesterday", "2026-11-21", "2026-11-21T12:00:00+01:00"] {
            let made = Countersignature::new(&checked(&release), "x", &[], Some(bad));
            assert!(matches!(made, Err(CountersignError::Time(_))), "{bad}");
        }
        assert!(Countersignature::new(&checked(&release), "x", &[], None).is_ok());
    }
}
