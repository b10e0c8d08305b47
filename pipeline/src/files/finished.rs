//! Files of a finished release, which may come from anyone: found under its folder and nowhere else, whatever its
//! indices say, without following links.

use crate::{Error, Result};
use manifests::layout::{MANIFEST, UNSIGNED_MANIFEST};
use manifests::paths::{RelPath, find_regular, read_plain};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// The longest document that is read, as `verify` has it for indices: 512 MiB.
const DOCUMENT_BYTES_MAX: u64 = 512 << 20;

/// Whether a manifest is in place, signed or not: the commit point of a release.
pub(crate) fn is_finished(release: &Path) -> bool {
    [MANIFEST, UNSIGNED_MANIFEST].iter().any(|name| release.join(name).exists())
}

/// Where the file of this name is.
pub(crate) fn path(release: &Path, name: &str) -> Result<PathBuf> {
    let parsed: RelPath =
        name.parse().map_err(|e| Error::release(release, format!("names `{name}`: {e}")))?;
    find_regular(release, &parsed).map_err(|e| Error::release(&release.join(name), e))
}

/// The files of a folder of it, in the order of their names; names with more digits come last.
pub(crate) fn listing(release: &Path, folder: &str) -> Result<Vec<PathBuf>> {
    let within = release.join(folder);
    let entries = disk::list(&within).map_err(|e| Error::release(&within, e))?;
    let name = |entry: std::io::Result<disk::DirEntry>| {
        let name = entry.map_err(|e| Error::release(&within, e))?.file_name();
        path(release, &format!("{folder}/{}", name.to_string_lossy()))
    };
    let mut paths = entries.map(name).collect::<Result<Vec<_>>>()?;
    paths.sort_by_cached_key(|path| (path.as_os_str().len(), path.clone()));
    Ok(paths)
}

/// The bytes of a document.
pub(crate) fn bytes(release: &Path, name: &str) -> Result<Vec<u8>> {
    let path = path(release, name)?;
    read_plain(&path, DOCUMENT_BYTES_MAX).map_err(|e| Error::release(&path, e))
}

/// A document of JSON.
pub(crate) fn json<T: DeserializeOwned>(release: &Path, name: &str) -> Result<T> {
    serde_json::from_slice(&bytes(release, name)?).map_err(|e| Error::release(&release.join(name), e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_is_read_from_outside_and_nothing_but_files() {
        let folder = tempfile::tempdir().unwrap();
        let release = folder.path().join("release");
        std::fs::create_dir_all(release.join("data")).unwrap();
        std::fs::write(folder.path().join("secret"), "{}").unwrap();
        std::fs::write(release.join("own"), "{}").unwrap();
        symlink("../secret", release.join("link")).unwrap();
        symlink("..", release.join("linked")).unwrap();
        assert!(json::<serde_json::Value>(&release, "own").is_ok());
        let absolute = folder.path().join("secret");
        for name in ["../secret", absolute.to_str().unwrap(), "link", "linked/secret", "data", "none", ""] {
            assert!(bytes(&release, name).is_err(), "{name}");
        }
    }
}
