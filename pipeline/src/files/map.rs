//! Read-only memory maps of files that nobody changes while they are mapped.
#![allow(unsafe_code)]

use manifests::paths::open_plain;
use std::io;
use std::path::Path;

/// A whole file as bytes, paged in by the operating system as it is read.
#[derive(Debug)]
pub(crate) struct Map(Option<memmap2::Mmap>);

impl Map {
    /// Maps the file at `path`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = open_plain(path)?;
        if file.metadata()?.len() == 0 {
            return Ok(Self(None));
        }
        // SAFETY: the map is read-only and private to this process. The files mapped are our own artefacts, which
        // are written once under another name and never changed, and models and lists, which a run must not change
        // while it reads them: their digest is in the manifest. A file cut short by someone else while it is mapped
        // ends the process; it cannot yield wrong bytes that were not in the file.
        let map = unsafe { memmap2::Mmap::map(file.as_std())? };
        Ok(Self(Some(map)))
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}
