//! Level `files`: the files are the ones that were signed, and there are no others.

use std::collections::{BTreeMap, BTreeSet};

use super::indexes::{Indexes, load};
use super::release::{INDEX_BYTES_MAX, Release};
use super::report::Findings;
use super::statement::subject;
use crate::digest::Sha256;
use crate::index::{AUDITOR_INDEX, AuditorIndex, LEDGER_INDEX, SALT_KEY};
use crate::layout::{CONFIG, MANIFEST, SUMS, covered, is_companion};
use crate::ledger::SaltKey;
use crate::model_signing::is_ignored;
use crate::predicate::Statement;
use crate::render::{self, Facts, NO_RENDERER, renderer};
use crate::sums::parse_sums;

/// The digest each listed file should have.
pub(super) type Listed = BTreeMap<String, Sha256>;

/// `SHA256SUMS`: the signed one, well formed, listing what a release consists of. Gives the list if it is the signed
/// one, even if it lists the wrong files.
pub(super) fn sums(
    release: &mut Release,
    statement: &Statement,
    indexes: Option<&Indexes>,
    findings: &mut Findings,
) -> Option<Listed> {
    let listed = read_sums(release, statement, findings)?;
    if let Some(indexes) = indexes {
        let documents = statement.predicate.documents.iter().map(|document| document.name.as_str());
        let covered = covered(&indexes.ledger, documents);
        for name in covered.iter().filter(|name| !listed.contains_key(*name)) {
            findings.add(SUMS, format_args!("a line for `{name}`"), "none");
        }
        for name in listed.keys().filter(|name| !covered.contains(*name)) {
            findings.add(SUMS, "only files that a release consists of", format_args!("a line for `{name}`"));
        }
    }
    Some(listed)
}

fn read_sums(release: &mut Release, statement: &Statement, findings: &mut Findings) -> Option<Listed> {
    let bytes = match release.read(SUMS, INDEX_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(why) => {
            findings.add(SUMS, "a readable file", why);
            return None;
        }
    };
    let found = Sha256::of(&bytes);
    let signed = subject(statement, SUMS);
    if signed != Some(found) {
        let expected = signed.map_or("a signed list".to_owned(), |signed| format!("sha256 {signed}"));
        findings.add(SUMS, expected, found);
    }
    let parsed = match str::from_utf8(&bytes) {
        Ok(text) => parse_sums(text).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match parsed {
        // A list that is not the signed one says nothing about what should be here.
        Ok(lines) if signed == Some(found) => {
            Some(lines.into_iter().map(|(name, sha256)| (String::from(name), sha256)).collect())
        }
        Ok(_) => None,
        Err(why) => {
            findings.add(SUMS, "lines as `sha256sum` writes them, sorted", why);
            None
        }
    }
}

/// The listed files that are there, and the size the output parts have together.
pub(super) fn digests(
    release: &mut Release,
    statement: &Statement,
    listed: &Listed,
    findings: &mut Findings,
) {
    let mut output_bytes = 0_u64;
    let mut complete = true;
    for (name, expected) in listed {
        if !release.has(name) {
            complete = false;
            continue;
        }
        if let Some(bytes) = digest(release, name, *expected, findings).filter(|_| name.starts_with("data/"))
        {
            output_bytes = output_bytes.saturating_add(bytes);
        }
    }
    if complete {
        findings.same(MANIFEST, "outputs.bytes", statement.predicate.outputs.bytes, output_bytes);
    }
}

/// Compares one file with its digest; gives its size.
fn digest(release: &mut Release, name: &str, expected: Sha256, findings: &mut Findings) -> Option<u64> {
    match release.digest(name) {
        Ok((found, bytes)) => {
            findings.same(name, "sha256", expected, found);
            Some(bytes)
        }
        Err(why) => {
            findings.add(name, format_args!("sha256 {expected}"), why);
            None
        }
    }
}

/// Listed files that are not there.
pub(super) fn missing(release: &Release, listed: &BTreeSet<String>, findings: &mut Findings) {
    for name in listed.iter().filter(|name| !release.has(name)) {
        findings.add(name, "a file", "none");
    }
}

/// What lies there and should not. The auditors' files have their own list; `also` names what else may be there.
pub(super) fn extra(release: &Release, listed: &BTreeSet<String>, also: &str, findings: &mut Findings) {
    for (name, why) in release.odd() {
        findings.add(name, "regular files with plain names", why);
    }
    let known = |name: &str| {
        listed.contains(name) || is_companion(name) || name.starts_with("auditor/") || name == also
    };
    for name in release.files().iter().filter(|name| !known(name)) {
        findings.add(name, "no such file", "a file that nothing signed speaks about");
    }
}

/// The published configuration.
pub(super) fn config(release: &mut Release, statement: &Statement, findings: &mut Findings) {
    digest(release, CONFIG, statement.predicate.config.digest.sha256, findings);
}

/// The rendered documents: the signed ones, and what the signed claims render to.
pub(super) fn documents(
    release: &mut Release,
    statement: &Statement,
    listed: Option<&Listed>,
    findings: &mut Findings,
) {
    for document in &statement.predicate.documents {
        digest(release, &document.name, document.sha256, findings);
    }
    let (Some(listed), Some(config)) = (listed, signed_config(release, statement)) else { return };
    let parts = listed.iter().filter(|(name, _)| name.starts_with("data/"));
    let parts = parts.map(|(name, sha256)| (name.as_str(), *sha256)).collect();
    let facts = Facts { predicate: &statement.predicate, parts, config: &config };
    for document in &statement.predicate.documents {
        let known = document.renderer != NO_RENDERER && document.renderer == renderer(&document.name);
        if let Some(text) = render::document(&document.name, &facts).filter(|_| known) {
            let rendered = Sha256::of(text.as_bytes());
            findings.same(&document.name, "what the claims render to: sha256", rendered, document.sha256);
        }
    }
}

/// The public configuration, if it is the signed one; otherwise another check says so.
fn signed_config(release: &mut Release, statement: &Statement) -> Option<serde_json::Value> {
    load(release, CONFIG, Some(statement.predicate.config.digest.sha256), &mut Findings::default())
}

/// The whole directory against the list that `attestations/dataset.sig` signs.
pub(super) fn directory(release: &mut Release, signed: &Listed, findings: &mut Findings) {
    for (name, expected) in signed {
        digest(release, name, *expected, findings);
    }
    for name in release.files().iter().filter(|name| !is_ignored(name) && !signed.contains_key(*name)) {
        findings.add(name, "no such file", "a file that `attestations/dataset.sig` does not list");
    }
}

/// The files under `auditor/`, and the salt key against its commitment.
pub(super) fn auditor(
    release: &mut Release,
    statement: &Statement,
    indexes: Option<&Indexes>,
    findings: &mut Findings,
) {
    salt_key(release, statement, findings);
    let signed = statement.predicate.auditor.index.digest.sha256;
    let Some(index) = load::<AuditorIndex>(release, AUDITOR_INDEX, Some(signed), findings) else { return };
    if !index.files.is_sorted_by(|a, b| a.name < b.name) {
        findings.add(AUDITOR_INDEX, "files in byte order, each once", "another order");
    }
    for file in &index.files {
        if !file.name.starts_with("auditor/") || file.name == AUDITOR_INDEX || file.name == SALT_KEY {
            findings.add(AUDITOR_INDEX, "files under `auditor/`, itself and the salt key aside", &file.name);
        }
        digest(release, &file.name, file.sha256, findings);
    }
    let listed: BTreeMap<&str, Sha256> =
        index.files.iter().map(|file| (file.name.as_str(), file.sha256)).collect();
    for name in release.under("auditor/") {
        if name != AUDITOR_INDEX && name != SALT_KEY && !listed.contains_key(name.as_str()) {
            findings.add(&name, "no such file", "a file that `auditor/index.json` does not list");
        }
    }
    for file in indexes.iter().flat_map(|indexes| &indexes.ledger.shards).map(|shard| &shard.ledger_file) {
        if listed.get(file.name.as_str()) != Some(&file.sha256) {
            let expected = format!("`{}` with the digest in `{AUDITOR_INDEX}`", file.name);
            findings.add(LEDGER_INDEX, expected, file.sha256);
        }
    }
}

/// The salt key, if it is the one the manifest commits to.
pub(super) fn trusted_salt_key(release: &mut Release, statement: &Statement) -> Option<SaltKey> {
    let bytes = release.read(SALT_KEY, 32).ok()?;
    let key = SaltKey::from_bytes(bytes.try_into().ok()?);
    (key.commitment() == statement.predicate.ledger.salt_key_commitment).then_some(key)
}

fn salt_key(release: &mut Release, statement: &Statement, findings: &mut Findings) {
    let expected = &statement.predicate.ledger.salt_key_commitment;
    match release.read(SALT_KEY, 32).map(<[u8; 32]>::try_from) {
        Ok(Ok(bytes)) => {
            let found = SaltKey::from_bytes(bytes).commitment();
            findings.same(SALT_KEY, "a key with commitment", expected, &found);
        }
        Ok(Err(bytes)) => findings.add(SALT_KEY, "32 bytes", bytes.len()),
        Err(why) => findings.add(SALT_KEY, "32 bytes", why),
    }
}
