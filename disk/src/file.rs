//! An open file.

use crate::Operation;
use crate::faults;
use std::fs::{self, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// An open file that knows its name.
#[derive(Debug)]
pub struct File {
    file: fs::File,
    path: PathBuf,
}

impl File {
    /// Opens a file to be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        faults::before(Operation::Open, path)?;
        Ok(Self { file: fs::File::open(path)?, path: path.to_path_buf() })
    }

    /// Makes an empty file, of one that is there too.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::make(path, OpenOptions::new().write(true).create(true).truncate(true))
    }

    /// Makes a file that must not be there yet, which only its owner can read if it is `private`.
    pub fn create_new(path: &Path, private: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, if private { 0o600 } else { 0o644 });
        #[cfg(not(unix))]
        let _ = private;
        Self::make(path, &options)
    }

    /// Opens a file that may be there to be locked, and to be read and rewritten by who holds the lock.
    pub fn open_lock(path: &Path) -> io::Result<Self> {
        faults::before(Operation::Create, path)?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    fn make(path: &Path, options: &OpenOptions) -> io::Result<Self> {
        faults::before(Operation::Create, path)?;
        let file = options.open(path)?;
        faults::created(path);
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Makes what was written last.
    pub fn sync(&self) -> io::Result<()> {
        faults::before(Operation::Sync, &self.path)?;
        self.file.sync_all()?;
        faults::synced(&self.path);
        Ok(())
    }

    /// What the system knows of the file.
    pub fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// A second handle with the same place in the file.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { file: self.file.try_clone()?, path: self.path.clone() })
    }

    /// Cuts the file off after `bytes`.
    pub fn cut(&self, bytes: u64) -> io::Result<()> {
        faults::before(Operation::Write, &self.path)?;
        self.file.set_len(bytes)
    }

    /// Takes the lock of the file until it is closed, if nobody has it.
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        self.file.try_lock()
    }

    /// The file itself, to be mapped into memory.
    pub fn as_std(&self) -> &fs::File {
        &self.file
    }
}

impl Read for File {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        faults::before(Operation::Read, &self.path)?;
        self.file.read(into)
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        faults::before_write(&self.path, &self.file)?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
