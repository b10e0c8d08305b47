//! Writing a file once: temporary file, fsync, rename, fsync of the directory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::SealError;

fn at(path: &Path) -> impl FnOnce(io::Error) -> SealError {
    let path = path.to_owned();
    |source| SealError::Io { path, source }
}

/// Beside the file, because a rename must not cross a file system.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    path.with_file_name(name)
}

/// Removes what an interrupted run left half written.
pub(super) fn clear_unfinished(dir: &Path, names: &[&str]) -> Result<(), SealError> {
    for name in names {
        remove_file(&unfinished(&dir.join(name)))?;
    }
    Ok(())
}

/// Writes a whole file under its final name, or leaves nothing there.
pub(crate) fn once(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), SealError> {
    let path = dir.join(name);
    let folder = path.parent().unwrap_or(dir);
    fs::create_dir_all(folder).map_err(at(folder))?;
    let unfinished = unfinished(&path);
    let mut file = File::create(&unfinished).map_err(at(&unfinished))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(&unfinished))?;
    drop(file);
    fs::rename(&unfinished, &path).map_err(at(&path))?;
    sync_folder(folder)
}

/// Removes a file for good, if it is there.
pub(super) fn remove(dir: &Path, name: &str) -> Result<(), SealError> {
    let path = dir.join(name);
    if remove_file(&path)? {
        sync_folder(path.parent().unwrap_or(dir))?;
    }
    Ok(())
}

fn remove_file(path: &Path) -> Result<bool, SealError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(path)(error)),
    }
}

/// Makes a rename or removal last; only Unix can open a directory for that.
fn sync_folder(folder: &Path) -> Result<(), SealError> {
    if cfg!(unix) {
        File::open(folder).and_then(|opened| opened.sync_all()).map_err(at(folder))?;
    }
    Ok(())
}
