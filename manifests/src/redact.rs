//! The public view: the same signed bytes without what only auditors may see.
//!
//! Nothing is signed again and nothing is rewritten. Files are left out (`auditor/`, `run.json`), and what is withheld
//! was never in the others but as digests. That last point is checked before anything is copied: a name that is
//! committed in one place and stands in another in clear would be no secret.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bundle::BUNDLE_BYTES_MAX;
use crate::canonical::check_canonical;
use crate::disclosure::{DISCLOSURES, DisclosureError, Opened};
use crate::index::{INPUTS_INDEX, LEDGER_INDEX};
use crate::layout::{CONFIG, MANIFEST, RUN};
use crate::predicate::Statement;
use crate::verify::{INDEX_BYTES_MAX, Release};

/// Why there is no public view.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedactError {
    /// The file system refused.
    #[error("`{path}`: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something is there already.
    #[error("`{0}` exists and is not overwritten")]
    Exists(PathBuf),
    /// The release is not signed, or incomplete.
    #[error("there is no `{MANIFEST}`: only a signed release has a public view")]
    Unsigned,
    /// A file is not in its form.
    #[error("`{file}` cannot be used: {why}")]
    Unusable {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The openings do not hold.
    #[error("`{DISCLOSURES}`: {0}")]
    Disclosure(#[from] DisclosureError),
    /// A public file holds what is committed elsewhere.
    #[error("`{file}` holds {secret:?}, which belongs to a committed stage")]
    Leak {
        /// The public file.
        file: String,
        /// What it holds.
        secret: String,
    },
}

/// What was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redacted {
    /// Files in the public view.
    pub copied: u64,
    /// Files left out.
    pub withheld: u64,
    /// Stages of the configuration that are public as digests only.
    pub committed_stages: u64,
}

/// Copies the public files of the signed release in `dir` to `out`, which must not exist.
pub fn redact(dir: &Path, out: &Path) -> Result<Redacted, RedactError> {
    if out.symlink_metadata().is_ok() {
        return Err(RedactError::Exists(out.to_owned()));
    }
    let mut release = Release::open(dir).map_err(at(dir))?;
    if !release.has(MANIFEST) {
        return Err(RedactError::Unsigned);
    }
    if let Some((file, why)) = release.odd().first() {
        return Err(RedactError::Unusable { file: file.clone(), why: (*why).to_owned() });
    }
    let committed_stages = check_secrets(&mut release)?;
    let (withheld, public): (Vec<&String>, Vec<&String>) =
        release.files().iter().partition(|name| name.starts_with("auditor/") || *name == RUN);
    // Under another name until it is complete: half a copy must not look like a release.
    let mut unfinished = out.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    if unfinished.symlink_metadata().is_ok() {
        disk::remove_folder(&unfinished).map_err(at(&unfinished))?;
    }
    for name in &public {
        copy(&release, name, &unfinished)?;
    }
    disk::rename(&unfinished, out).map_err(at(out))?;
    Ok(Redacted { copied: public.len() as u64, withheld: withheld.len() as u64, committed_stages })
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> RedactError {
    let path = path.to_owned();
    |source| RedactError::Io { path, source }
}

fn copy(release: &Release, name: &str, out: &Path) -> Result<(), RedactError> {
    let unusable = |why: String| RedactError::Unusable { file: name.to_owned(), why };
    let from = release.path(name).ok_or_else(|| unusable("an unsafe name".to_owned()))?;
    let to = out.join(name);
    let folder = to.parent().unwrap_or(out);
    disk::make_folder(folder).map_err(at(folder))?;
    disk::copy(&from, &to).map_err(at(&to))?;
    disk::sync_folder(folder).map_err(at(folder))
}

/// No committed name stands anywhere else in clear; gives the number of committed stages.
fn check_secrets(release: &mut Release) -> Result<u64, RedactError> {
    let statement = statement(release)?;
    let public = json(release, CONFIG)?;
    let opened = match release.has(DISCLOSURES) {
        true => {
            Opened::parse(&read(release, DISCLOSURES)?, &statement.predicate.disclosures.digests, &public)?
        }
        false => Opened::default(),
    };
    let secrets = secrets(&opened)?;
    let signed = serde_json::to_value(&statement).unwrap_or_default();
    let mut documents = vec![(MANIFEST, signed), (CONFIG, public)];
    for index in [INPUTS_INDEX, LEDGER_INDEX] {
        documents.push((index, json(release, index)?));
    }
    for (file, document) in &documents {
        if let Some(secret) = find(document, &secrets) {
            return Err(RedactError::Leak { file: (*file).to_owned(), secret: secret.to_owned() });
        }
    }
    Ok(opened.stage_names().len() as u64)
}

/// What tells which filters are withheld: the names of stages and rules, and the names and digests of their files.
fn secrets(opened: &Opened) -> Result<BTreeSet<String>, RedactError> {
    let mut secrets = opened.stage_names();
    for rule in opened.rules()? {
        secrets.extend([rule.stage, rule.rule]);
    }
    for asset in opened.assets()? {
        secrets.extend([asset.sha256.to_string(), asset.name]);
    }
    Ok(secrets)
}

fn find<'v>(value: &'v Value, secrets: &BTreeSet<String>) -> Option<&'v str> {
    match value {
        Value::String(text) => secrets.contains(text).then_some(text),
        Value::Array(items) => items.iter().find_map(|item| find(item, secrets)),
        Value::Object(fields) => fields.values().find_map(|field| find(field, secrets)),
        _ => None,
    }
}

/// The claims, without asking who signed them: whoever makes a public view holds the release already.
fn statement(release: &mut Release) -> Result<Statement, RedactError> {
    let unusable = |why: String| RedactError::Unusable { file: MANIFEST.to_owned(), why };
    let bytes = release.read(MANIFEST, BUNDLE_BYTES_MAX).map_err(unusable)?;
    crate::bundle::unverified_statement(&bytes).map_err(|error| unusable(error.to_string()))
}

fn read(release: &mut Release, file: &str) -> Result<Vec<u8>, RedactError> {
    let unusable = |why: String| RedactError::Unusable { file: file.to_owned(), why };
    release.read(file, INDEX_BYTES_MAX).map_err(unusable)
}

fn json(release: &mut Release, file: &str) -> Result<Value, RedactError> {
    let bytes = read(release, file)?;
    check_canonical(&bytes, INDEX_BYTES_MAX)
        .map_err(|error| RedactError::Unusable { file: file.to_owned(), why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tamper_tests::fixture::Fixture;
    use crate::verify::{CheckId, Status, verify};

    #[test]
    fn the_public_view_is_the_same_signed_bytes() {
        let release = Fixture::sealed();
        let out = release.inputs().join("public");
        let redacted = redact(release.dir(), &out).unwrap();
        assert_eq!((redacted.withheld, redacted.committed_stages), (7, 1), "{redacted:?}");
        let manifest = std::fs::read(out.join(MANIFEST)).unwrap();
        assert_eq!(manifest, release.read(MANIFEST));
        assert!(!out.join("auditor").exists() && !out.join("run.json").exists());
        let evidence = crate::tamper_tests::TextEvidence;
        let report = verify(&out, &release.public(), &Default::default(), &evidence);
        assert_eq!(report.exit_code(), 0, "{report}");
        assert_eq!(report.status(CheckId::FilesDirectory), Status::Pass);
        assert!(matches!(redact(release.dir(), &out), Err(RedactError::Exists(_))));
    }

    #[test]
    fn what_is_committed_and_public_at_once_stops_it() {
        let release = Fixture::sealed();
        release.claim(|s| "hazard-pack".clone_into(&mut s.predicate.assets[0].name));
        let error = redact(release.dir(), &release.inputs().join("public")).unwrap_err();
        assert!(error.to_string().contains("holds \"hazard-pack\""), "{error}");
        assert!(!release.inputs().join("public").exists());
    }

    #[test]
    fn only_a_signed_release_has_a_public_view() {
        let release = Fixture::unsealed(crate::keys::Algorithm::P256);
        let error = redact(release.dir(), &release.inputs().join("public")).unwrap_err();
        assert!(matches!(error, RedactError::Unsigned));
    }
}
