//! What is done to files and folders by name.

use crate::faults;
use crate::{File, Operation};
use std::fs::{self, Metadata, ReadDir};
use std::io::{self, Read};
use std::path::Path;

/// A whole file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A whole file, which is UTF-8.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// What the system knows of a file or folder.
pub fn metadata(path: &Path) -> io::Result<Metadata> {
    faults::before(Operation::Open, path)?;
    fs::metadata(path)
}

/// What is in a folder.
pub fn list(folder: &Path) -> io::Result<ReadDir> {
    faults::before(Operation::List, folder)?;
    fs::read_dir(folder)
}

/// Makes a folder and those it lies in, for good, if they are not there yet.
pub fn make_folder(path: &Path) -> io::Result<()> {
    make(path, &fs::DirBuilder::new())
}

/// The same for a folder that only its owner can enter.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    make(path, &builder)
}

fn make(path: &Path, builder: &fs::DirBuilder) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make(parent, builder)?;
    }
    faults::before(Operation::MakeFolder, path)?;
    match builder.create(path) {
        // somebody else may have made it meanwhile
        Err(_) if path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_folder(parent(path)),
    }
}

/// Makes the names in a folder last; only Unix can open a folder for that.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if cfg!(unix) {
        faults::before(Operation::SyncFolder, folder)?;
        fs::File::open(folder)?.sync_all()?;
        faults::folder_synced(folder);
    }
    Ok(())
}

/// The folder a name is in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// Gives a file or folder another name, for good, in place of what has that name.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    rename_for_now(from, to)?;
    sync_folder(parent(to))
}

/// The same, but not for good: after a loss of power the name may be gone, or the file that had it be back.
pub(crate) fn rename_for_now(from: &Path, to: &Path) -> io::Result<()> {
    faults::before(Operation::Rename, to)?;
    let replaces = to.symlink_metadata().is_ok();
    fs::rename(from, to)?;
    faults::renamed(from, to, replaces);
    Ok(())
}

/// Makes a file and its name last that were written for now.
pub fn sync_file(path: &Path) -> io::Result<()> {
    File::open(path)?.sync()?;
    sync_folder(parent(path))
}

/// Gives a file a second name.
pub fn hard_link(from: &Path, to: &Path) -> io::Result<()> {
    faults::before(Operation::Link, to)?;
    fs::hard_link(from, to)
}

/// Copies a file whole, for good but for its name.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut copy = File::create(to)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync()
}

/// Lets a folder be as open as another one.
pub fn copy_permissions(from: &Path, to: &Path) -> io::Result<()> {
    let permissions = metadata(from)?.permissions();
    fs::set_permissions(to, permissions)
}

/// Removes a file; whether it was there.
pub fn remove_file(path: &Path) -> io::Result<bool> {
    faults::before(Operation::Remove, path)?;
    match fs::remove_file(path) {
        Ok(()) => {
            faults::removed(path);
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes a folder and everything in it.
pub fn remove_folder(path: &Path) -> io::Result<()> {
    for entry in list(path)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => remove_folder(&entry.path())?,
            false => _ = remove_file(&entry.path())?,
        }
    }
    remove_empty_folder(path)
}

/// Removes a folder that holds nothing.
pub fn remove_empty_folder(path: &Path) -> io::Result<()> {
    faults::before(Operation::Remove, path)?;
    fs::remove_dir(path)
}
