//! Artefacts: what a task leaves for later tasks. A fixed header says what the file is and what it belongs to.
//!
//! ```text
//! magic "PROBITY1" │ kind u32 │ 0 u32 │ identity 32 bytes │ payload length u64 │ xxh3-64 of the payload u64 │ payload
//! ```
//! Integers are little-endian; the payload starts at byte 64. The identity is a digest over the plan, the input and
//! the task, so that an artefact of another configuration, another input or another version is never mistaken for
//! this task's.

use crate::files::map::Map;
use crate::files::store::Pending;
use crate::{Error, Result};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

const MAGIC: &[u8; 8] = b"PROBITY1";
const HEADER_LEN: usize = 64;

/// What an artefact holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// Verdicts of one row group: an Arrow IPC file.
    Verdicts = 1,
    /// One barrier's keys of one row group, fixed width.
    Keys = 2,
    /// What a barrier compares of its candidates in one row group.
    Texts = 3,
    /// A barrier's removals.
    Removals = 4,
    /// What writing one shard counted and hashed, as JSON.
    Written = 5,
    /// A sorted run of a sort that did not fit in memory.
    Run = 6,
    /// Records whose texts a barrier compares.
    Candidates = 8,
    /// The signatures of a release's records, for later releases to be compared with.
    Index = 9,
    /// Passages that a barrier cuts out of texts.
    Cuts = 10,
    /// Runs of units that repeat, by record.
    Passages = 11,
    /// Passages that repeat: how often, and where first.
    Repeated = 12,
    /// Where passages repeat, in bytes, by record.
    Evidence = 13,
    /// Records in the order of a ranking.
    Order = 14,
    /// The place of each record in that order.
    Places = 15,
    /// The lists in which records are ranked.
    Lists = 16,
    /// What barriers mark records with.
    Marks = 18,
    /// N-grams of a language model with their probabilities.
    Ngrams = 17,
    /// Rows that a step of a barrier leaves for a later one.
    Sent = 19,
}

impl Kind {
    /// Whether it is not worth waiting until it lasts. After a loss of power its checksum tells what became of it.
    fn is_soon_made_again(self) -> bool {
        matches!(self, Self::Run | Self::Sent | Self::Texts)
    }
}

/// A digest of everything an artefact depends on.
pub(crate) type Identity = [u8; 32];

/// A complete artefact, mapped.
#[derive(Debug)]
pub(crate) struct Artefact(Map);

impl Artefact {
    /// The artefact at `path` if it is there, whole, and this task's; anything else is as good as absent.
    pub(crate) fn find(path: &Path, kind: Kind, identity: &Identity) -> Option<Self> {
        Self::find_any(path, kind).filter(|found| found.0.as_ref()[16..48] == identity[..])
    }

    /// The artefact at `path` if it is there, whole and of this kind, whatever run it comes from.
    pub(crate) fn find_any(path: &Path, kind: Kind) -> Option<Self> {
        let map = Map::open(path).ok()?;
        let bytes = map.as_ref();
        let header = bytes.get(..HEADER_LEN)?;
        let payload = &bytes[HEADER_LEN..];
        let number = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap_or_default());
        let ours = &header[..8] == MAGIC
            && header[8..12] == (kind as u32).to_le_bytes()
            && number(48) == payload.len() as u64
            && number(56) == xxh3_64(payload);
        ours.then_some(Self(map))
    }

    /// Whether an artefact of this task is there, as far as its header tells.
    pub(crate) fn is_there(path: &Path, kind: Kind, identity: &Identity) -> bool {
        let mut header = [0; HEADER_LEN];
        let read = disk::File::open(path).and_then(|mut file| file.read_exact(&mut header));
        let ours = header[..8] == MAGIC[..] && header[8..12] == (kind as u32).to_le_bytes();
        read.is_ok() && ours && header[16..48] == identity[..]
    }

    /// The artefact at `path`, which an earlier task of this run has written.
    pub(crate) fn open(path: &Path, kind: Kind, identity: &Identity) -> Result<Self> {
        Self::find(path, kind, identity).ok_or_else(|| Error::output(path, "artefact is missing or damaged"))
    }

    /// The payload.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.0.as_ref()[HEADER_LEN..]
    }
}

/// Writes an artefact.
pub(crate) fn write(path: &Path, kind: Kind, identity: &Identity, payload: &[u8]) -> Result<()> {
    let mut writer = Writer::create(path, kind)?;
    writer.write(payload)?;
    writer.finish(identity)
}

/// An artefact being written.
pub(crate) struct Writer {
    path: PathBuf,
    file: Pending,
    kind: Kind,
    len: u64,
    checksum: Xxh3,
}

impl Writer {
    /// Starts an artefact that will stand at `path`.
    pub(crate) fn create(path: &Path, kind: Kind) -> Result<Self> {
        let mut file = Pending::create(path)?;
        file.write_all(&[0; HEADER_LEN]).map_err(|e| Error::output(path, e))?;
        Ok(Self { path: path.to_path_buf(), file, kind, len: 0, checksum: Xxh3::new() })
    }

    /// Appends to the payload.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.len += bytes.len() as u64;
        self.checksum.update(bytes);
        self.file.write_all(bytes).map_err(|e| Error::output(&self.path, e))
    }

    /// Writes the header and puts the file in place.
    pub(crate) fn finish(mut self, identity: &Identity) -> Result<()> {
        let mut header = [0u8; HEADER_LEN];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&(self.kind as u32).to_le_bytes());
        header[16..48].copy_from_slice(identity);
        header[48..56].copy_from_slice(&self.len.to_le_bytes());
        header[56..].copy_from_slice(&self.checksum.digest().to_le_bytes());
        self.file.write_start(&header).map_err(|e| Error::output(&self.path, e))?;
        match self.kind.is_soon_made_again() {
            true => self.file.commit_for_now(),
            false => self.file.commit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_damaged_or_foreign_artefact_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let identity = [7; 32];
        write(&path, Kind::Keys, &identity, b"payload").unwrap();
        assert_eq!(Artefact::open(&path, Kind::Keys, &identity).unwrap().payload(), b"payload");
        assert!(Artefact::find(&path, Kind::Texts, &identity).is_none());
        assert!(Artefact::find(&path, Kind::Keys, &[8; 32]).is_none());
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            let reserved = (12..16).contains(&at);
            assert_eq!(Artefact::find(&path, Kind::Keys, &identity).is_some(), reserved, "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(Artefact::find(&path, Kind::Keys, &identity).is_none(), "cut at {at}");
        }
    }
}
