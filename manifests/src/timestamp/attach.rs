//! Putting a token into the bundle it is about.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{TimestampError, asn1};
use crate::bundle::{BUNDLE_BYTES_MAX, BundleError, signature_of, with_timestamp};
use crate::layout::MANIFEST;
use crate::model_signing::DATASET_SIG;
use crate::seal::{SealError, write_once};
use crate::verify::Release;

/// A token cannot be attached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// The release cannot be read.
    #[error("`{path}`: {source}")]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is nothing signed.
    #[error("`{file}`: {why}")]
    Unusable {
        /// The file.
        file: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The bundle has another form.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The token does not hold.
    #[error(transparent)]
    Timestamp(#[from] TimestampError),
    /// The bundle cannot be written.
    #[error(transparent)]
    Write(#[from] SealError),
}

/// The bundle that timestamps go into, and its bytes.
fn bundle(dir: &Path) -> Result<(&'static str, Vec<u8>), AttachError> {
    let opened = Release::open(dir);
    let mut release = opened.map_err(|source| AttachError::Io { path: dir.to_owned(), source })?;
    let file = if release.has(DATASET_SIG) { DATASET_SIG } else { MANIFEST };
    let bytes = release.read(file, BUNDLE_BYTES_MAX);
    Ok((file, bytes.map_err(|why| AttachError::Unusable { file, why })?))
}

/// The bytes an authority has to put a time to.
pub fn stamped_signature(dir: &Path) -> Result<Vec<u8>, AttachError> {
    Ok(signature_of(&bundle(dir)?.1)?)
}

/// Puts a token, or an authority's whole answer, into the release; gives the bundle's name. A token about something
/// else is refused; who made it is checked by `verify`.
pub fn attach(dir: &Path, answer: &[u8]) -> Result<&'static str, AttachError> {
    let (file, bytes) = bundle(dir)?;
    let token = asn1::token_of(answer)?;
    asn1::Token::parse(&token)?.check_imprint(&signature_of(&bytes)?)?;
    write_once(dir, file, &with_timestamp(&bytes, STANDARD.encode(token))?)?;
    Ok(file)
}
