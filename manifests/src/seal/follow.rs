//! Making an unsigned release the successor of another.

use std::path::Path;

use super::{SealError, contradiction, digests, open, read, render_documents, sums, write};
use crate::canonical::to_canonical;
use crate::digest::Sha256;
use crate::layout::{MANIFEST, SUMS, UNSIGNED_MANIFEST, covered};
use crate::model_signing::DATASET_SIG;
use crate::predicate::{DigestSet, Predicate, Statement, Subject};
use crate::render::DOCUMENTS;
use crate::verify::{self, Checked, Indexes, Release};

/// Makes the unsigned release in `dir` the successor of a release whose signature held; gives its place in the row.
///
/// What was rendered from the claims is rendered again. The statement is replaced first: whoever signs it, or does this
/// again after a crash in between, completes the files it names.
pub fn follow(dir: &Path, previous: &Checked) -> Result<u64, SealError> {
    clear_unfinished(dir)?;
    let mut release = open(dir)?;
    match (release.has(UNSIGNED_MANIFEST), release.has(MANIFEST)) {
        (false, true) => return Err(SealError::Sealed(MANIFEST)),
        (false, false) => return Err(SealError::NothingToSign),
        (true, _) => {}
    }
    let bytes = read(&mut release, UNSIGNED_MANIFEST)?;
    if release.has(MANIFEST) {
        // signed, and interrupted before the other manifest was removed: `sign` completes the very same statement
        return place_after(previous, &bytes).ok_or(SealError::Sealed(MANIFEST));
    }
    complete(dir, &mut release, &bytes)?;
    let (mut statement, _) = verify::unsigned(&mut release, &bytes).map_err(contradiction)?;
    let dataset = &previous.predicate().dataset;
    if statement.predicate.dataset.name != dataset.name {
        let (this, that) = (&statement.predicate.dataset.name, &dataset.name);
        return Err(SealError::Contradiction(format!("`{this}` cannot follow a release of `{that}`")));
    }
    statement.predicate.dataset.sequence = dataset.sequence + 1;
    statement.predicate.dataset.previous_manifest = Some(DigestSet { sha256: previous.sha256() });
    let indexes = Indexes::read(&mut release).map_err(contradiction)?;
    let claims = statement.predicate.clone();
    let rendered = render_documents(&mut release, &indexes, &claims, &names(&claims))?;
    for document in &mut statement.predicate.documents {
        let digest = release.digest(&document.name);
        document.sha256 = digest.map_err(|why| SealError::Unusable { file: document.name.clone(), why })?.0;
    }
    let list = list(&mut release, &indexes, &claims)?;
    statement.subject[0] = Subject::new(SUMS, Sha256::of(&list));
    write::once(dir, UNSIGNED_MANIFEST, &to_canonical(&statement)?)?;
    replace(dir, &rendered, &list)?;
    Ok(statement.predicate.dataset.sequence)
}

/// The place in the row of releases of a statement that follows this release already.
fn place_after(previous: &Checked, statement: &[u8]) -> Option<u64> {
    let dataset = serde_json::from_slice::<Statement>(statement).ok()?.predicate.dataset;
    let follows = dataset.previous_manifest.is_some_and(|named| named.sha256 == previous.sha256());
    follows.then_some(dataset.sequence)
}

/// Removes what an interrupted [`follow`] or [`sign`](super::sign) left half written.
pub(super) fn clear_unfinished(dir: &Path) -> Result<(), SealError> {
    write::clear_unfinished(dir, &[DATASET_SIG, MANIFEST, UNSIGNED_MANIFEST, SUMS])?;
    write::clear_unfinished(dir, &DOCUMENTS)
}

/// Replaces the files that a statement names and that are still those of the statement before it, because [`follow`] was
/// interrupted. Nothing is written but what the statement names by its digest.
pub(super) fn complete(dir: &Path, release: &mut Release, statement: &[u8]) -> Result<(), SealError> {
    let Ok(statement) = serde_json::from_slice::<Statement>(statement) else { return Ok(()) };
    let claims = &statement.predicate;
    let listed = statement.subject.first().map(|subject| subject.digest.sha256);
    let here = |release: &mut Release, name: &str| release.digest(name).ok().map(|(sha256, _)| sha256);
    let as_named = |release: &mut Release| {
        claims.documents.iter().all(|document| here(release, &document.name) == Some(document.sha256))
    };
    let complete = as_named(release) && here(release, SUMS) == listed;
    if complete || claims.dataset.previous_manifest.is_none() {
        return Ok(());
    }
    let Ok(indexes) = Indexes::read(release) else { return Ok(()) };
    let rendered = render_documents(release, &indexes, claims, &names(claims))?;
    let list = list(release, &indexes, claims)?;
    if as_named(release) && Some(Sha256::of(&list)) == listed {
        replace(dir, &rendered, &list)?;
    }
    // what lies there now, whether or not it is what the statement names
    *release = open(dir)?;
    Ok(())
}

fn replace(dir: &Path, rendered: &[(String, String)], list: &[u8]) -> Result<(), SealError> {
    rendered.iter().try_for_each(|(name, text)| write::once(dir, name, text.as_bytes()))?;
    write::once(dir, SUMS, list)
}

fn names(claims: &Predicate) -> Vec<String> {
    claims.documents.iter().map(|document| document.name.clone()).collect()
}

/// The bytes of `SHA256SUMS`.
fn list(release: &mut Release, indexes: &Indexes, claims: &Predicate) -> Result<Vec<u8>, SealError> {
    let names = names(claims);
    let documents = names.iter().map(String::as_str);
    sums(&digests(release, &covered(&indexes.ledger, documents))?)
}
