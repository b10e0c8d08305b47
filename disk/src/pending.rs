//! Write-once files.
//!
//! A file appears whole or not at all: a temporary file is written, synced and renamed, and its folder is synced.
//! Nothing is appended to.

use crate::File;
use crate::names::{hard_link, make_folder, parent, remove_file, rename, sync_folder};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes handed to the system at a time.
const BUFFER_BYTES: usize = 1 << 18;

/// A file being written. It stands under its name only after [`Pending::commit`]; dropped before, it is gone.
#[derive(Debug)]
pub struct Pending {
    writer: Option<BufWriter<File>>,
    temporary: PathBuf,
    path: PathBuf,
}

impl Pending {
    /// Starts writing what will stand at `path`, making its folder if need be.
    pub fn create(path: &Path) -> io::Result<Self> {
        make_folder(parent(path))?;
        let temporary = temporary(path);
        let file = File::create(&temporary)?;
        let writer = Some(BufWriter::with_capacity(BUFFER_BYTES, file));
        Ok(Self { writer, temporary, path: path.to_path_buf() })
    }

    /// Writes over the first bytes, which must have been written already.
    pub fn write_start(&mut self, bytes: &[u8]) -> io::Result<()> {
        let writer = self.writer.as_mut().ok_or_else(committed)?;
        writer.seek(SeekFrom::Start(0)).and_then(|_| writer.write_all(bytes))
    }

    /// Makes the file last and gives it its name.
    pub fn commit(mut self) -> io::Result<()> {
        let writer = self.writer.as_mut().ok_or_else(committed)?;
        writer.flush()?;
        writer.get_ref().sync()?;
        rename(&self.temporary, &self.path)?;
        self.writer = None;
        Ok(())
    }
}

/// The name of a file until it is whole: beside it, because a rename must not cross a file system.
pub fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".partial");
    path.with_file_name(name)
}

/// Writes a whole small file.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = Pending::create(path)?;
    file.write_all(bytes)?;
    file.commit()
}

/// Writes a whole small file unless there is one of its name; whether it did. Of several who try at the same time one
/// does, whichever process or machine they are in, if the file system they share links files in one step. `token` tells
/// them apart.
pub fn create_once(path: &Path, token: &str, bytes: &[u8]) -> io::Result<bool> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{token}"));
    let own = path.with_file_name(name);
    write(&own, bytes)?;
    let linked = match hard_link(&own, path) {
        Ok(()) => sync_folder(parent(path)).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    };
    remove_file(&own)?;
    linked
}

fn committed() -> io::Error {
    io::Error::other("file already committed")
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.as_mut().ok_or_else(committed)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            // what is still in the buffer is not worth writing, least of all to a disk that is full
            drop(writer.into_parts());
            // an abandoned temporary file is only litter: a later run writes over it
            let _ = remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_stands_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c");
        let mut file = Pending::create(&path).unwrap();
        file.write_all(b"0000rest").unwrap();
        file.write_start(b"head").unwrap();
        assert!(!path.exists());
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"headrest");

        let mut given_up = Pending::create(&path).unwrap();
        given_up.write_all(b"other").unwrap();
        drop(given_up);
        write(&folder.path().join("a/b/d"), b"").unwrap();
        let mut left: Vec<_> =
            fs::read_dir(folder.path().join("a/b")).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["c", "d"]);
        assert_eq!(fs::read(&path).unwrap(), b"headrest");
    }

    #[test]
    fn one_of_many_creates_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let create = |n: usize| create_once(&path, &n.to_string(), n.to_string().as_bytes()).unwrap();
        let created: Vec<bool> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || create(n))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(created.iter().filter(|created| **created).count(), 1);
        let winner = created.iter().position(|created| *created).unwrap();
        assert_eq!(fs::read(&path).unwrap(), winner.to_string().as_bytes());
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn what_cannot_be_put_in_place_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::create_dir_all(path.join("b")).unwrap();
        assert!(write(&path, b"x").is_err());
        assert!(!temporary(&path).exists());
    }
}
