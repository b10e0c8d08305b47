//! Write-once outputs.
//!
//! Outputs appear whole or not at all: a temporary file is written, synced and renamed, and its folder is synced.
//! Nothing is appended to and nothing that exists is changed.

use crate::{Error, Result};
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file being written. It stands under its name only after [`Pending::commit`]; dropped before, it is gone.
#[derive(Debug)]
pub(crate) struct Pending {
    writer: Option<BufWriter<File>>,
    temporary: PathBuf,
    path: PathBuf,
}

impl Pending {
    /// Starts writing what will stand at `path`, making its folder if need be.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|e| Error::output(folder, e))?;
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".partial");
        let temporary = path.with_file_name(name);
        let file = File::create(&temporary).map_err(|e| Error::output(&temporary, e))?;
        Ok(Self {
            writer: Some(BufWriter::with_capacity(1 << 18, file)),
            temporary,
            path: path.to_path_buf(),
        })
    }

    /// Writes over the first bytes, which must have been written already.
    pub(crate) fn write_start(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.writer {
            Some(writer) => writer.seek(SeekFrom::Start(0)).and_then(|_| writer.write_all(bytes)),
            None => Err(io::Error::other("file already committed")),
        }
    }

    /// Makes the file durable and gives it its name.
    pub(crate) fn commit(mut self) -> Result<()> {
        let named = |e: io::Error| Error::output(&self.path, e);
        if let Some(writer) = self.writer.take() {
            let file = writer.into_inner().map_err(|e| named(e.into_error()))?;
            file.sync_all().map_err(named)?;
        }
        fs::rename(&self.temporary, &self.path).map_err(named)?;
        sync_folder(&self.path)
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.writer {
            Some(writer) => writer.write(bytes),
            None => Err(io::Error::other("file already committed")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.writer.is_some() {
            // an abandoned temporary file is only litter: a later run writes over it
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Makes a folder that only its owner can enter, if it is not there yet.
pub(crate) fn private_folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|e| Error::output(path, e))
}

/// Writes a whole small file.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = Pending::create(path)?;
    file.write_all(bytes).map_err(|e| Error::output(path, e))?;
    file.commit()
}

/// Makes the names in the folder of `path` durable.
fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| Error::output(folder, e))
}
