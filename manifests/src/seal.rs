//! Turning a directory of finished files into a release: index, list of digests, statement, signatures.
//!
//! Everything that is signed is computed here from the files, so that the manifest cannot say anything else than
//! they do. Both signatures are made in memory first; then `attestations/dataset.sig` is renamed into place, and the
//! manifest last. The manifest is the commit point: without it a release is incomplete, whatever else lies there.
//! A crash in between leaves a directory that can be sealed again.

mod draft;
mod follow;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

pub(crate) use draft::published;
pub use draft::{Draft, SourceDeclaration, Withheld};
pub use follow::follow;
pub(crate) use write::once as write_once;

use crate::bundle::{BundleError, make_bundle, open_bundle};
use crate::canonical::{CanonicalError, check_canonical, to_canonical};
use crate::digest::Sha256;
use crate::disclosure::{DISCLOSURES, to_lines};
use crate::index::{AUDITOR_INDEX, AuditorIndex, FileDigest, INPUTS_INDEX, LEDGER_INDEX, SALT_KEY};
use crate::keys::{Algorithm, SigningKey};
use crate::layout::{CONFIG, MANIFEST, SUMS, UNSIGNED_MANIFEST, covered, is_companion};
use crate::model_signing::{DATASET_SIG, DirectoryStatement};
use crate::paths::{PathError, RelPath};
use crate::predicate::{DocumentRef, PREDICATE_TYPE, Predicate, STATEMENT_TYPE, Statement, Subject};
use crate::render::{self, Facts};
use crate::sums::format_sums;
use crate::verify::{self, Indexes, Release};

/// Why a directory does not become a release.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The file system refused.
    #[error("`{path}`: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is a manifest already.
    #[error("`{0}` exists: the release is sealed and never changes again")]
    Sealed(&'static str),
    /// There is no unsigned manifest to sign.
    #[error("there is no `{UNSIGNED_MANIFEST}` to sign")]
    NothingToSign,
    /// A file that belongs to every release, or that an index names, is absent.
    #[error("`{0}` is missing from the release")]
    Missing(String),
    /// Something lies in the directory that does not belong in a release.
    #[error("`{file}` does not belong in a release: {why}")]
    Unexpected {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file cannot be read, or does not have its form.
    #[error("`{file}` cannot be used: {why}")]
    Unusable {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The files contradict each other, or the list they were sealed with.
    #[error("the release contradicts itself: {0}")]
    Contradiction(String),
    /// A value has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// A bundle could not be made, or does not open.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A name cannot be written into `SHA256SUMS`.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// A sealed release.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sealed {
    /// What was signed, or waits to be.
    pub statement: Statement,
    /// Digest of the statement bytes: what the next release names as `previousManifest`.
    pub sha256: Sha256,
    /// Key id of the signer; `None` while the release is unsigned.
    pub key_id: Option<String>,
}

/// The claims as far as they are known before the documents exist, for rendering those documents.
///
/// `documents` is empty, and the digest of `auditor.index` is that of an empty list: no document may print either.
pub fn preview(dir: &Path, draft: &Draft) -> Result<Predicate, SealError> {
    let mut release = open(dir)?;
    let indexes = read_indexes(&mut release)?;
    draft.fill(&mut release, &indexes, Sha256::of(b""), Vec::new())
}

/// Seals a directory in which `data/`, `inputs/index.json`, `ledger/index.json`, `config.public.json`, the rendered
/// documents and `auditor/` are complete. Writes `auditor/index.json`, `SHA256SUMS` and the manifest: signed if there
/// is a key, else `manifest.json`, which [`sign`] completes.
pub fn seal(dir: &Path, draft: &Draft, key: Option<&SigningKey>) -> Result<Sealed, SealError> {
    let own = [AUDITOR_INDEX, DISCLOSURES, SUMS, DATASET_SIG, MANIFEST, UNSIGNED_MANIFEST];
    let documents = draft.documents.iter().map(String::as_str);
    write::clear_unfinished(dir, &own.into_iter().chain(documents).collect::<Vec<_>>())?;
    let release = open(dir)?;
    for manifest in [MANIFEST, UNSIGNED_MANIFEST] {
        if release.has(manifest) {
            return Err(SealError::Sealed(manifest));
        }
    }
    write_disclosures(dir, draft)?;
    let mut release = open(dir)?;
    let indexes = read_indexes(&mut release)?;
    if let Some(absent) = indexes.ledger.outputs.iter().find(|part| !release.has(&part.name)) {
        return Err(SealError::Missing(absent.name.clone()));
    }
    let claims = draft.fill(&mut release, &indexes, Sha256::of(b""), Vec::new())?;
    for (name, text) in render_documents(&mut release, &indexes, &claims, &draft.documents)? {
        write::once(dir, &name, text.as_bytes())?;
    }
    let listed = covered(&indexes.ledger, draft.documents.iter().map(String::as_str));
    check_files(&release, &listed)?;
    let auditor = auditor_index(&mut release, &indexes)?;
    let documents = digests(&mut release, &draft.documents.iter().cloned().collect())?;
    let documents = documents.into_iter().map(|(name, sha256)| {
        let renderer = render::renderer(&name).to_owned();
        DocumentRef { name, renderer, sha256 }
    });
    let documents = documents.collect();
    let predicate = draft.fill(&mut release, &indexes, Sha256::of(&auditor), documents)?;
    let files = digests(&mut release, &listed)?;
    let sums = sums(&files)?;
    let statement = statement(predicate, Sha256::of(&sums));
    // A manifest that would not pass its own verification is never written.
    verify::self_consistent(&indexes, &statement).map_err(contradiction)?;
    let bytes = to_canonical(&statement)?;
    write::once(dir, AUDITOR_INDEX, &auditor)?;
    write::once(dir, SUMS, &sums)?;
    let sealed = Sealed { sha256: Sha256::of(&bytes), statement, key_id: None };
    let Some(key) = key else {
        write::remove(dir, DATASET_SIG)?;
        write::once(dir, UNSIGNED_MANIFEST, &bytes)?;
        return Ok(sealed);
    };
    let mut files = files;
    files.insert(SUMS.to_owned(), Sha256::of(&sums));
    write_signed(dir, &sealed.statement, &bytes, files, key)?;
    Ok(Sealed { key_id: Some(key.public().key_id()), ..sealed })
}

/// Signs a release that was sealed without a key: the same bytes, provided that no file changed since.
pub fn sign(dir: &Path, key: &SigningKey) -> Result<Sealed, SealError> {
    follow::clear_unfinished(dir)?;
    let mut release = open(dir)?;
    if !release.has(UNSIGNED_MANIFEST) {
        return Err(SealError::NothingToSign);
    }
    let bytes = read(&mut release, UNSIGNED_MANIFEST)?;
    follow::complete(dir, &mut release, &bytes)?;
    if release.has(MANIFEST) {
        // A crash between the two last steps leaves both. Only the very same statement may be completed.
        let signed = open_bundle(&read(&mut release, MANIFEST)?, &key.public())?;
        if signed != bytes {
            return Err(SealError::Sealed(MANIFEST));
        }
    }
    let (statement, files) = verify::unsigned(&mut release, &bytes).map_err(contradiction)?;
    if !release.has(MANIFEST) {
        write_signed(dir, &statement, &bytes, files, key)?;
    }
    write::remove(dir, UNSIGNED_MANIFEST)?;
    Ok(Sealed { sha256: Sha256::of(&bytes), statement, key_id: Some(key.public().key_id()) })
}

/// The documents that are rendered from the claims, which the release counts among its files from now on.
fn render_documents(
    release: &mut Release,
    indexes: &Indexes,
    claims: &Predicate,
    names: &[String],
) -> Result<Vec<(String, String)>, SealError> {
    let bytes = read(release, CONFIG)?;
    let config = check_canonical(&bytes, verify::INDEX_BYTES_MAX)?;
    let parts = digests(release, &indexes.ledger.outputs.iter().map(|part| part.name.clone()).collect())?;
    let parts = parts.iter().map(|(name, sha256)| (name.as_str(), *sha256)).collect();
    let facts = Facts { predicate: claims, parts, config: &config };
    let render = |name: &String| Some((name.clone(), render::document(name, &facts)?));
    let rendered: Vec<(String, String)> = names.iter().filter_map(render).collect();
    rendered.iter().for_each(|(name, text)| release.adopt(name, text.as_bytes()));
    Ok(rendered)
}

/// The openings of the committed fields; no file where nothing is committed.
fn write_disclosures(dir: &Path, draft: &Draft) -> Result<(), SealError> {
    if draft.withheld.stages.is_empty() {
        return write::remove(dir, DISCLOSURES);
    }
    let mut release = open(dir)?;
    if !release.has(SALT_KEY) {
        return Err(SealError::Missing(SALT_KEY.to_owned()));
    }
    let disclosures = draft.disclosures(&draft::salt_key(&mut release)?)?;
    write::once(dir, DISCLOSURES, &to_lines(&disclosures)?)
}

fn open(dir: &Path) -> Result<Release, SealError> {
    Release::open(dir).map_err(|source| SealError::Io { path: dir.to_owned(), source })
}

fn read(release: &mut Release, file: &str) -> Result<Vec<u8>, SealError> {
    release
        .read(file, verify::INDEX_BYTES_MAX)
        .map_err(|why| SealError::Unusable { file: file.to_owned(), why })
}

fn read_indexes(release: &mut Release) -> Result<Indexes, SealError> {
    for file in [INPUTS_INDEX, LEDGER_INDEX, CONFIG, SALT_KEY] {
        if !release.has(file) {
            return Err(SealError::Missing(file.to_owned()));
        }
    }
    Indexes::read(release).map_err(contradiction)
}

fn contradiction(finding: verify::Finding) -> SealError {
    SealError::Contradiction(finding.to_string())
}

/// Nothing is missing, and nothing lies there that the release would not account for.
fn check_files(release: &Release, listed: &BTreeSet<String>) -> Result<(), SealError> {
    if let Some((file, why)) = release.odd().first() {
        return Err(SealError::Unexpected { file: file.clone(), why: (*why).to_owned() });
    }
    if let Some(absent) = listed.iter().find(|name| !release.has(name)) {
        return Err(SealError::Missing(absent.clone()));
    }
    let known = |name: &str| listed.contains(name) || name.starts_with("auditor/") || is_companion(name);
    match release.files().iter().find(|name| !known(name)) {
        None => Ok(()),
        Some(file) => {
            let why = "neither an output part nor a document nor a file for auditors".to_owned();
            Err(SealError::Unexpected { file: file.clone(), why })
        }
    }
}

/// The bytes of `auditor/index.json`; the ledger files must be the ones the ledger index names.
fn auditor_index(release: &mut Release, indexes: &Indexes) -> Result<Vec<u8>, SealError> {
    let mut names = release.under("auditor/");
    names.retain(|name| name != AUDITOR_INDEX && name != SALT_KEY);
    let found = digests(release, &names)?;
    for shard in &indexes.ledger.shards {
        let FileDigest { name, sha256 } = &shard.ledger_file;
        match found.get(name) {
            None => return Err(SealError::Missing(name.clone())),
            Some(digest) if digest != sha256 => {
                let what = format!("`{LEDGER_INDEX}` names digest {sha256} for `{name}`, which has {digest}");
                return Err(SealError::Contradiction(what));
            }
            Some(_) => {}
        }
    }
    let files = found.into_iter().map(|(name, sha256)| FileDigest { name, sha256 }).collect();
    Ok(to_canonical(&AuditorIndex { files })?)
}

fn digests(release: &mut Release, names: &BTreeSet<String>) -> Result<BTreeMap<String, Sha256>, SealError> {
    let digest = |name: &String| match release.digest(name) {
        Ok((sha256, _)) => Ok((name.clone(), sha256)),
        Err(why) => Err(SealError::Unusable { file: name.clone(), why }),
    };
    names.iter().map(digest).collect()
}

fn sums(files: &BTreeMap<String, Sha256>) -> Result<Vec<u8>, SealError> {
    let lines: Result<Vec<_>, PathError> =
        files.iter().map(|(name, sha256)| Ok((name.parse::<RelPath>()?, *sha256))).collect();
    Ok(format_sums(&lines?).into_bytes())
}

fn statement(predicate: Predicate, sums: Sha256) -> Statement {
    Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: vec![
            Subject::new(SUMS, sums),
            predicate.inputs.index.clone(),
            predicate.ledger.index.clone(),
        ],
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate,
    }
}

/// Makes both signatures, then writes them: the one over the directory first, the manifest last.
fn write_signed(
    dir: &Path,
    statement: &Statement,
    bytes: &[u8],
    mut files: BTreeMap<String, Sha256>,
    key: &SigningKey,
) -> Result<(), SealError> {
    let manifest = make_bundle(bytes, key)?;
    files.insert(MANIFEST.to_owned(), Sha256::of(&manifest));
    // The reference tool knows no Ed25519, so nobody could check such a signature.
    if key.public().algorithm() == Algorithm::P256 {
        let directory = DirectoryStatement::new(&statement.predicate.dataset.name, &files).to_bytes()?;
        write::once(dir, DATASET_SIG, &make_bundle(&directory, key)?)?;
    } else {
        write::remove(dir, DATASET_SIG)?;
    }
    write::once(dir, MANIFEST, &manifest)
}

#[cfg(test)]
mod tests;
