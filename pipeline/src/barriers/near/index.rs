//! Signature indices: what a later release needs to be compared with this one without reading its texts.
//!
//! An index is an artefact whose payload is the length of a JSON header (8 bytes, little-endian), the header, and for
//! each released record that has a signature its band keys, the number of its output shard and its row there, each as
//! 8 bytes, little-endian.

use super::{BAND, NearDuplicates};
use crate::barriers::RecordNumber;
use crate::barriers::corpus::Corpus;
use crate::config::{Input, Messages};
use crate::files::artefact::{Artefact, Kind, Writer};
use crate::{Error, Result};
use manifests::digest::Sha256;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What two indices must have in common to be compared, and how to find a record's text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    parameters: String,
    bands: usize,
    text: Option<String>,
    messages: Option<Messages>,
}

/// An index, mapped.
#[derive(Debug)]
pub(super) struct Index {
    artefact: Artefact,
    header: Header,
    start: usize,
}

/// Where a released record stands: output shard and row.
pub(crate) type Place = (u32, u64);

/// The header of an index's payload as it is written; the entries come after it.
pub(crate) fn header_bytes(payload: &[u8]) -> Option<&[u8]> {
    let length = u64::from_le_bytes(*payload.first_chunk()?);
    payload.get(HEADER_START..HEADER_START.checked_add(usize::try_from(length).ok()?)?)
}

/// Bytes of the header's length, which come before it.
pub(crate) const HEADER_START: usize = 8;

impl Index {
    /// Opens an index made with these parameters, which tell so many bands.
    pub(super) fn open(path: &Path, parameters: &str, bands: usize) -> std::result::Result<Self, String> {
        let artefact = Artefact::find_any(path, Kind::Index).ok_or("is no signature index, or damaged")?;
        let payload = artefact.payload();
        let json = header_bytes(payload).ok_or("has no header")?;
        let header: Header = serde_json::from_slice(json).map_err(|e| format!("has no header: {e}"))?;
        if header.parameters != parameters {
            return Err(format!("was made with `{}`, expected `{parameters}`", header.parameters));
        }
        // the file is not trusted: its width is what the parameters say, and somewhere its texts stand
        if header.bands != bands || (header.text.is_none() && header.messages.is_none()) {
            return Err("contradicts its own header".into());
        }
        let index = Self { start: HEADER_START + json.len(), header, artefact };
        let entries = index.artefact.payload().len() - index.start;
        match entries % index.width() {
            0 => Ok(index),
            _ => Err("ends within an entry".into()),
        }
    }

    fn width(&self) -> usize {
        (self.header.bands + 2) * 8
    }

    pub(super) fn len(&self) -> u64 {
        ((self.artefact.payload().len() - self.start) / self.width()) as u64
    }

    fn word(&self, entry: u64, word: usize) -> u64 {
        let at = self.start + entry as usize * self.width() + word * 8;
        let bytes = self.artefact.payload().get(at..at + 8);
        bytes.map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap_or_default()))
    }

    pub(super) fn band(&self, entry: u64, band: usize) -> u64 {
        self.word(entry, band)
    }

    pub(super) fn place(&self, entry: u64) -> Place {
        (self.word(entry, self.header.bands) as u32, self.word(entry, self.header.bands + 1))
    }

    /// How the texts of the indexed release are read.
    pub(super) fn input(&self) -> Input {
        Input::texts(self.header.text.clone(), self.header.messages.clone())
    }
}

impl NearDuplicates {
    /// Writes the index of the released records.
    pub(super) fn write_index(
        &self,
        corpus: &Corpus<'_>,
        released: &mut dyn Iterator<Item = (RecordNumber, Place)>,
        path: &Path,
    ) -> Result<()> {
        let parameters = self.parameters.clone();
        let (text, messages) = corpus.text_columns();
        let header = Header { parameters, bands: self.bands, text, messages };
        let json = serde_json::to_vec(&header).map_err(|e| Error::Bug(e.to_string()))?;
        let mut writer = Writer::create(path, Kind::Index)?;
        writer.write(&(json.len() as u64).to_le_bytes())?;
        writer.write(&json)?;
        for (record, (shard, row)) in released {
            let bands: Vec<u64> = (0..self.bands).map(|band| corpus.word(record, BAND + band)).collect();
            if bands.iter().any(|&key| key != 0) {
                let words = bands.into_iter().chain([u64::from(shard), row]);
                writer.write(&words.flat_map(u64::to_le_bytes).collect::<Vec<u8>>())?;
            }
        }
        writer.finish(&Sha256::of(&json).0)
    }
}
