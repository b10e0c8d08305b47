//! Writing the files of a release, each whole or not at all.

use std::io;
use std::path::Path;

use super::SealError;

fn at(path: &Path) -> impl FnOnce(io::Error) -> SealError {
    let path = path.to_owned();
    |source| SealError::Io { path, source }
}

/// Removes what an interrupted run left half written.
pub(super) fn clear_unfinished(dir: &Path, names: &[&str]) -> Result<(), SealError> {
    for name in names {
        let unfinished = disk::pending::temporary(&dir.join(name));
        disk::remove_file(&unfinished).map_err(at(&unfinished))?;
    }
    Ok(())
}

/// Writes a whole file under its final name, or leaves nothing there.
pub(crate) fn once(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), SealError> {
    let path = dir.join(name);
    disk::pending::write(&path, bytes).map_err(at(&path))
}

/// Removes a file for good, if it is there.
pub(super) fn remove(dir: &Path, name: &str) -> Result<(), SealError> {
    let path = dir.join(name);
    if disk::remove_file(&path).map_err(at(&path))? {
        let folder = path.parent().unwrap_or(dir);
        disk::sync_folder(folder).map_err(at(folder))?;
    }
    Ok(())
}
