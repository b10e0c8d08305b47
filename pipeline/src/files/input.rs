//! Input files, wherever they lie: local files, and objects in a store.
//!
//! An input is read whole once, to be hashed, and by ranges in the passes after. What it was when it was hashed is kept
//! as its [`Version`], and every later read is held against it: a digest that was signed must be that of the bytes that
//! were judged.

use crate::files::blob::{Blob, FOOTER_TAIL_BYTES, Fetched, Local, footer_tail};
use crate::files::failure::Failure;
use crate::files::remote::Object;
use crate::{Error, Result};
use disk::Metadata;
use manifests::paths::open_plain;
use parquet::file::reader::ChunkReader;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is fetched of the end of an object to find the footer of a Parquet file: more than most of them have.
const TAIL_BYTES: u64 = 64 << 10;

/// What told a state of a file from every other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Version {
    pub(crate) bytes: u64,
    /// None as long as only a listing has told of it.
    pub(crate) mark: Option<Mark>,
}

/// What changes when bytes change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mark {
    /// An object's entity tag.
    #[cfg_attr(not(feature = "object-stores"), allow(dead_code))]
    Tag(String),
    /// When it was written, of local files and of objects without a tag.
    Modified(SystemTime),
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), mark: metadata.modified().ok().map(Mark::Modified) }
    }

    /// Whether a file that is now `found` is still what it was.
    pub(crate) fn holds(&self, found: &Self) -> std::result::Result<(), String> {
        if self.bytes != found.bytes {
            return Err(format!("has changed: it had {} bytes and has {}", self.bytes, found.bytes));
        }
        match (&self.mark, &found.mark) {
            (Some(then), Some(now)) if then != now => Err("has changed since it was hashed".into()),
            _ => Ok(()),
        }
    }
}

/// An input file.
#[derive(Clone, Debug)]
pub(crate) struct InputFile {
    location: Location,
    /// What it was when it was found or hashed; whatever is there, if none.
    version: Option<Version>,
    /// Of a local file, what could not be had of it. Nothing more is read then.
    failure: Failure,
}

#[derive(Clone, Debug)]
enum Location {
    Local(PathBuf),
    Object(Object),
}

impl InputFile {
    /// A local file, whatever its state.
    pub(crate) fn local(path: &Path) -> Self {
        Self { location: Location::Local(path.to_path_buf()), version: None, failure: Failure::default() }
    }

    /// An object of which a listing says how long it is.
    pub(crate) fn object(object: Object, bytes: u64) -> Self {
        let version = Some(Version { bytes, mark: None });
        Self { location: Location::Object(object), version, failure: Failure::default() }
    }

    /// The same file in this version and in no other.
    pub(crate) fn of_version(self, version: Option<Version>) -> Self {
        Self { version, ..self }
    }

    /// Its path or URL, and which version of it is meant: what another process needs to read the same.
    pub(crate) fn told(&self) -> (String, Option<Version>) {
        (self.name().display().to_string(), self.version.clone())
    }

    /// What messages and patterns call it, and whose end tells the format: its path or its URL.
    pub(crate) fn name(&self) -> &Path {
        match &self.location {
            Location::Local(path) => path,
            Location::Object(object) => Path::new(object.url()),
        }
    }

    /// Whether it lies in a store.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self.location, Location::Object(_))
    }

    /// How long it is.
    pub(crate) fn bytes(&self) -> Result<u64> {
        Ok(self.known()?.bytes)
    }

    /// The file as it is now, and from now on as nothing else.
    pub(crate) fn pinned(&self) -> Result<Self> {
        let version = match &self.location {
            Location::Local(path) => self.found(path)?,
            Location::Object(object) => object.version().map_err(|why| self.error(why))?,
        };
        Ok(Self { version: Some(version), ..self.clone() })
    }

    /// All bytes in order. A reader that fails goes on failing: what it yields never ends early.
    pub(crate) fn stream(&self) -> Result<Box<dyn Read + Send>> {
        Ok(match &self.location {
            Location::Local(path) => Box::new(self.failure.noting(self.open(path)?.0)),
            Location::Object(object) => Box::new(object.stream(&self.known()?)),
        })
    }

    /// The bytes of a range.
    pub(crate) fn range(&self, range: Range<u64>) -> Result<Box<dyn Read + Send>> {
        match &self.location {
            Location::Local(path) => {
                let (mut file, _) = self.open(path)?;
                file.seek(SeekFrom::Start(range.start)).map_err(|e| self.error(e))?;
                Ok(Box::new(self.failure.noting(file).take(range.end.saturating_sub(range.start))))
            }
            Location::Object(_) => {
                let len = (range.end - range.start) as usize;
                let bytes = self.blob(std::slice::from_ref(&range))?.get_bytes(range.start, len);
                Ok(Box::new(std::io::Cursor::new(bytes.map_err(|e| self.error(e))?)))
            }
        }
    }

    /// The file at any offset within these ranges. Of an object they are all fetched now.
    pub(crate) fn blob(&self, ranges: &[Range<u64>]) -> Result<Blob> {
        match &self.location {
            Location::Local(path) => {
                let (file, bytes) = self.open(path)?;
                Ok(Blob::Local(Local { file, bytes, failure: self.failure.clone() }))
            }
            Location::Object(object) => {
                let version = self.known()?;
                let inside =
                    |range: &Range<u64>| range.start.min(version.bytes)..range.end.min(version.bytes);
                let ranges: Vec<Range<u64>> = ranges.iter().map(inside).collect();
                let parts = object.fetch(&ranges, &version).map_err(|why| self.error(why))?;
                Ok(Blob::Fetched(Fetched { bytes: version.bytes, parts }))
            }
        }
    }

    /// The file at any offset within the footer of Parquet, if it has one.
    pub(crate) fn footer(&self) -> Result<Blob> {
        let bytes = self.bytes()?;
        let last = |wanted: u64| bytes.saturating_sub(wanted)..bytes;
        let blob = self.blob(&[last(TAIL_BYTES)])?;
        let tail = footer_tail(&blob).ok().flatten();
        match tail.map(|tail| (tail.metadata_length() + FOOTER_TAIL_BYTES) as u64) {
            Some(wanted) if self.is_object() && wanted > TAIL_BYTES => self.blob(&[last(wanted)]),
            _ => Ok(blob),
        }
    }

    /// What could not be had of the file so far. Whatever a decoder said of it since is no damage.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.told().map(|why| self.error(why))
    }

    /// This file is at fault.
    pub(crate) fn error(&self, why: impl ToString) -> Error {
        Error::input(self.name(), why)
    }

    fn known(&self) -> Result<Version> {
        match (&self.version, &self.location) {
            (Some(version), _) => Ok(version.clone()),
            (None, Location::Local(path)) => self.found(path),
            (None, Location::Object(object)) => object.version().map_err(|why| self.error(why)),
        }
    }

    /// What the local file is now.
    fn found(&self, path: &Path) -> Result<Version> {
        let found = disk::metadata(path).map_err(|e| self.error(self.failure.note(e)))?;
        Ok(Version::of(&found))
    }

    /// Opens the local file and holds it against what it was.
    fn open(&self, path: &Path) -> Result<(disk::File, u64)> {
        self.failure().map_or(Ok(()), Err)?;
        let fail = |e: io::Error| self.error(self.failure.note(e));
        let file = open_plain(path).map_err(fail)?;
        let found = Version::of(&file.metadata().map_err(fail)?);
        let unchanged = self.version.as_ref().map_or(Ok(()), |version| version.holds(&found));
        unchanged.map_err(|why| self.error(why))?;
        Ok((file, found.bytes))
    }
}

impl std::fmt::Display for InputFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.name().display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_file_is_what_it_was_or_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "abcdef").unwrap();
        let file = InputFile::local(&path).pinned().unwrap();
        let read = |file: &InputFile| {
            let mut text = String::new();
            file.range(2..4).map(|mut range| range.read_to_string(&mut text))?.map_err(|e| file.error(e))?;
            Ok::<_, Error>(text)
        };
        assert_eq!(read(&file).unwrap(), "cd");
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        std::fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(later)).unwrap();
        assert!(read(&file).unwrap_err().to_string().ends_with("has changed since it was hashed"));
        assert!(file.blob(&[]).is_err() && file.stream().is_err() && file.footer().is_err());
        std::fs::write(&path, "abcde").unwrap();
        let told = read(&file).unwrap_err().to_string();
        assert!(told.ends_with("has changed: it had 6 bytes and has 5"), "{told}");
        assert_eq!(read(&InputFile::local(&path)).unwrap(), "cd");
    }
}
