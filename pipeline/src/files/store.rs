//! Write-once outputs, and folders for them, with the errors of this crate.

use crate::{Error, Result};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file being written. It stands under its name only after [`Pending::commit`]; dropped before, it is gone.
#[derive(Debug)]
pub(crate) struct Pending {
    file: disk::Pending,
    path: PathBuf,
}

impl Pending {
    /// Starts writing what will stand at `path`, making its folder if need be.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = disk::Pending::create(path).map_err(|e| Error::output(path, e))?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Writes over the first bytes, which must have been written already.
    pub(crate) fn write_start(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_start(bytes)
    }

    /// Gives the file its name without waiting until it is durable: what can be made again, and tells whether it is whole.
    pub(crate) fn commit_for_now(self) -> Result<()> {
        self.file.commit_for_now().map_err(|e| Error::output(&self.path, e))
    }

    /// Makes the file durable and gives it its name.
    pub(crate) fn commit(self) -> Result<()> {
        self.file.commit().map_err(|e| Error::output(&self.path, e))
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Makes a folder that only its owner can enter, if it is not there yet.
pub(crate) fn private_folder(path: &Path) -> Result<()> {
    disk::make_private_folder(path).map_err(|e| Error::output(path, e))
}

/// Writes a whole small file.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    disk::pending::write(path, bytes).map_err(|e| Error::output(path, e))
}
