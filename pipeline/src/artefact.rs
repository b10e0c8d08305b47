//! Artefacts: what a task leaves for later tasks. A fixed header says what the file is and what it belongs to.
//!
//! ```text
//! magic "PROBITY1" │ kind u32 │ 0 u32 │ identity 32 bytes │ payload length u64 │ xxh3-64 of the payload u64 │ payload
//! ```
//! Integers are little-endian; the payload starts at byte 64. The identity is a digest over the plan, the input and
//! the task, so that an artefact of another configuration, another input or another version is never mistaken for
//! this task's.

use crate::map::Map;
use crate::store::Pending;
use crate::{Error, Result};
use std::io::Write;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

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
    /// Texts of a barrier's candidates in one row group: an Arrow IPC file.
    Texts = 3,
    /// A barrier's removals.
    Removals = 4,
    /// What writing one shard counted and hashed, as JSON.
    Written = 5,
}

/// A digest of everything an artefact depends on.
pub(crate) type Identity = [u8; 32];

/// A complete artefact, mapped.
#[derive(Debug)]
pub(crate) struct Artefact(Map);

impl Artefact {
    /// The artefact at `path` if it is there, whole, and this task's; anything else is as good as absent.
    pub(crate) fn find(path: &Path, kind: Kind, identity: &Identity) -> Option<Self> {
        let map = Map::open(path).ok()?;
        let bytes = map.as_ref();
        let header = bytes.get(..HEADER_LEN)?;
        let payload = &bytes[HEADER_LEN..];
        let number = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap_or_default());
        let ours = &header[..8] == MAGIC
            && header[8..12] == (kind as u32).to_le_bytes()
            && header[16..48] == identity[..]
            && number(48) == payload.len() as u64
            && number(56) == xxh3_64(payload);
        ours.then_some(Self(map))
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
    let mut header = [0u8; HEADER_LEN];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&(kind as u32).to_le_bytes());
    header[16..48].copy_from_slice(identity);
    header[48..56].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    header[56..].copy_from_slice(&xxh3_64(payload).to_le_bytes());
    let mut file = Pending::create(path)?;
    file.write_all(&header).and_then(|()| file.write_all(payload)).map_err(|e| Error::output(path, e))?;
    file.commit()
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
