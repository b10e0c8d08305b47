//! Making an unsigned release the successor of another.

use std::path::Path;

use super::{SealError, contradiction, digests, open, read, render_documents, sums, write};
use crate::canonical::to_canonical;
use crate::digest::Sha256;
use crate::layout::{MANIFEST, SUMS, UNSIGNED_MANIFEST, covered};
use crate::predicate::{DigestSet, Subject};
use crate::verify::{self, Checked, Indexes};

/// Makes the unsigned release in `dir` the successor of a release whose signature held; gives its place in the row.
///
/// What was rendered from the claims is rendered again. A crash in between leaves a release that does not verify and
/// cannot be signed; it is made again by running its configuration, which resumes.
pub fn follow(dir: &Path, previous: &Checked) -> Result<u64, SealError> {
    let mut release = open(dir)?;
    if release.has(MANIFEST) {
        return Err(SealError::Sealed(MANIFEST));
    }
    if !release.has(UNSIGNED_MANIFEST) {
        return Err(SealError::NothingToSign);
    }
    let bytes = read(&mut release, UNSIGNED_MANIFEST)?;
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
    let names: Vec<String> = claims.documents.iter().map(|document| document.name.clone()).collect();
    render_documents(dir, &mut release, &indexes, &claims, &names)?;
    for document in &mut statement.predicate.documents {
        let digest = release.digest(&document.name);
        document.sha256 = digest.map_err(|why| SealError::Unusable { file: document.name.clone(), why })?.0;
    }
    let documents = statement.predicate.documents.iter().map(|document| document.name.as_str());
    let list = sums(&digests(&mut release, &covered(&indexes.ledger, documents))?)?;
    statement.subject[0] = Subject::new(SUMS, Sha256::of(&list));
    write::once(dir, SUMS, &list)?;
    write::once(dir, UNSIGNED_MANIFEST, &to_canonical(&statement)?)?;
    Ok(statement.predicate.dataset.sequence)
}
