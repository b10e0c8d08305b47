//! The directory of a release, which one run has to itself until the release is finished.

use super::work;
use crate::files::finished::is_finished;
use crate::files::store;
use crate::{Error, Result};
use disk::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Takes the directory for as long as the returned file lives; makes it and the folder for artefacts if need be.
pub(crate) fn take(release: &Path) -> Result<File> {
    if release.is_symlink() {
        // what is beside a directory tells of it, and a link has other neighbours
        return Err(Error::output(release, "is a link; name the directory itself"));
    }
    refuse_finished(release)?;
    let work = work::folder_of(release);
    let fail = |e| Error::output(release, e);
    disk::make_folder(release).map_err(fail)?;
    if !work.exists() && disk::list(release).map_err(fail)?.next().is_some() {
        return Err(Error::output(
            release,
            "is not empty and holds no unfinished run; choose another directory",
        ));
    }
    // both hold texts that were removed and the key to every commitment
    store::private_folder(&work)?;
    store::private_folder(&release.join("auditor"))?;
    let lock = lock(release, &work)?;
    // the run that held the lock until now may have finished
    refuse_finished(release).inspect_err(|_| _ = disk::remove_folder(&work))?;
    Ok(lock)
}

/// Removes what is left of the making of a finished release, because the run ended while it did so itself; whether there
/// was something.
///
/// # Errors
/// [`Error::Busy`] if a run is still doing so, [`Error::Output`] if it cannot be removed.
pub(crate) fn tidy_up(release: &Path) -> Result<bool> {
    let work = work::folder_of(release);
    if !is_finished(release) || !work.is_dir() {
        return Ok(false);
    }
    let _lock = lock(release, &work)?;
    disk::remove_folder(&work).map_err(|e| Error::output(&work, e))?;
    Ok(true)
}

fn refuse_finished(release: &Path) -> Result<()> {
    match is_finished(release) {
        true => Err(Error::output(release, "holds a finished release; choose another directory")),
        false => Ok(()),
    }
}

/// Keeps two runs out of one directory. Who has the lock writes down its process.
fn lock(release: &Path, work: &Path) -> Result<File> {
    let path = work.join("lock");
    let fail = |e| Error::output(&path, e);
    let mut file = File::open_lock(&path).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => {
            file.cut(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(fail)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            Err(Error::Busy { path: release.to_path_buf(), process: holder(&mut file) })
        }
        Err(TryLockError::Error(e)) => Err(fail(e)),
    }
}

/// The process that wrote itself down, if it still lives.
fn holder(file: &mut File) -> Option<u32> {
    let mut told = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(20).read_to_string(&mut told).ok()?;
    let process = told.trim().parse().ok()?;
    Path::new(&format!("/proc/{process}")).exists().then_some(process)
}
