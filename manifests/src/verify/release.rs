//! A release as it lies on the disk, before anybody has vouched for it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::digest::{Sha256, sha256_reader};
use crate::paths::{RelPath, list_files, open_regular};

/// The largest index or list that is read: what a million shards need, and far from filling a machine.
pub(crate) const INDEX_BYTES_MAX: usize = 512 << 20;

/// A directory with the digests of the files read so far: every file is hashed at most once, and what is parsed is
/// what was hashed.
pub(crate) struct Release {
    root: PathBuf,
    files: BTreeSet<String>,
    odd: Vec<(String, &'static str)>,
    hashed: BTreeMap<String, (Sha256, u64)>,
}

impl Release {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let listing = list_files(root)?;
        let files = listing.files.into_iter().map(String::from).collect();
        Ok(Self { root: root.to_owned(), files, odd: listing.odd, hashed: BTreeMap::new() })
    }

    /// The directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The regular files with safe names.
    pub(crate) fn files(&self) -> &BTreeSet<String> {
        &self.files
    }

    /// The files in a folder, at any depth.
    pub(crate) fn under(&self, folder: &str) -> BTreeSet<String> {
        self.files.iter().filter(|name| name.starts_with(folder)).cloned().collect()
    }

    /// Links, devices and unusable names, with what is wrong with them.
    pub(crate) fn odd(&self) -> &[(String, &'static str)] {
        &self.odd
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.files.contains(name)
    }

    /// Whether the auditors' files came along.
    pub(crate) fn has_auditor(&self) -> bool {
        self.files.iter().any(|name| name.starts_with("auditor/"))
    }

    /// The path of a file in the release; its name must be safe.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        Some(name.parse::<RelPath>().ok()?.under(&self.root))
    }

    /// Reads a file whole and remembers its digest.
    pub(crate) fn read(&mut self, name: &str, limit: usize) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let file = self.open_file(name)?;
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() > limit {
            return Err(format!("more than the limit of {limit} bytes"));
        }
        self.hashed.insert(name.to_owned(), (Sha256::of(&bytes), bytes.len() as u64));
        Ok(bytes)
    }

    /// Takes note of a file that was just written.
    pub(crate) fn adopt(&mut self, name: &str, bytes: &[u8]) {
        self.files.insert(name.to_owned());
        self.hashed.insert(name.to_owned(), (Sha256::of(bytes), bytes.len() as u64));
    }

    /// The digest and the size of a file.
    pub(crate) fn digest(&mut self, name: &str) -> Result<(Sha256, u64), String> {
        if let Some(known) = self.hashed.get(name) {
            return Ok(*known);
        }
        let found = sha256_reader(self.open_file(name)?).map_err(|error| error.to_string())?;
        self.hashed.insert(name.to_owned(), found);
        Ok(found)
    }

    /// The size of a file, without reading it.
    pub(crate) fn size(&self, name: &str) -> Result<u64, String> {
        Ok(self.open_file(name)?.metadata().map_err(|error| error.to_string())?.len())
    }

    fn open_file(&self, name: &str) -> Result<disk::File, String> {
        if !self.has(name) {
            return Err("no such file".to_owned());
        }
        let path: RelPath = name.parse().map_err(|error: crate::paths::PathError| error.to_string())?;
        open_regular(&self.root, &path).map_err(|error| error.to_string())
    }
}
