//! The signature index of near-duplicates, by which later releases are held against this one: without the records
//! that are gone, and with the new places of the others. Its form is described in `barriers/near/index.rs`.

use super::Old;
use super::find::Taken;
use crate::barriers::near::{HEADER_START, INDEX as SIGNATURE_INDEX, header_bytes};
use crate::files::artefact::{Artefact, Kind, Writer};
use crate::{Error, Result};
use manifests::digest::Sha256;
use serde_json::Value;
use std::path::Path;

/// Writes it, if the release has one.
pub(super) fn rewrite(old: &Old, new: &Path, taken: &Taken, written: &mut Vec<String>) -> Result<()> {
    let path = old.folder.join(SIGNATURE_INDEX);
    if !path.exists() {
        return Ok(());
    }
    let damaged = || Error::release(&path, "is no signature index, or damaged");
    let artefact = Artefact::find_any(&path, Kind::Index).ok_or_else(damaged)?;
    let payload = artefact.payload();
    let json = header_bytes(payload).ok_or_else(damaged)?;
    let end = HEADER_START + json.len();
    let header: Value = serde_json::from_slice(json).map_err(|_| damaged())?;
    let bands = header.get("bands").and_then(Value::as_u64).and_then(|bands| usize::try_from(bands).ok());
    let keys = bands.and_then(|bands| bands.checked_mul(8)).ok_or_else(damaged)?;
    let mut places = Places::of(old, taken)?;
    let mut writer = Writer::create(&new.join(SIGNATURE_INDEX), Kind::Index)?;
    writer.write(&payload[..end])?;
    for entry in payload[end..].chunks(keys + 16) {
        let (keys, place) = entry.split_at_checked(keys).ok_or_else(damaged)?;
        let word = |at: usize| place.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        let (shard, row) = word(0).zip(word(8)).ok_or_else(damaged)?;
        if let Some(row) = places.new_row(usize::try_from(shard).unwrap_or(usize::MAX), row) {
            writer.write(keys)?;
            writer.write(&shard.to_le_bytes())?;
            writer.write(&row.to_le_bytes())?;
        }
    }
    writer.finish(&Sha256::of(json).0)?;
    written.push(SIGNATURE_INDEX.to_string());
    Ok(())
}

/// By output shard: the old places of the records that are gone, sorted.
struct Places(Vec<Vec<u64>>);

impl Places {
    fn of(old: &Old, taken: &Taken) -> Result<Self> {
        let mut gone = vec![Vec::new(); old.ledger.outputs.len()];
        for (at, rows) in taken.rows.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            for (part, places) in super::shards::old_places(old, at, rows)? {
                gone[part] = places;
            }
        }
        Ok(Self(gone))
    }

    /// Where a released record stands now.
    fn new_row(&mut self, shard: usize, row: u64) -> Option<u64> {
        let gone = self.0.get(shard)?;
        match gone.binary_search(&row) {
            Ok(_) => None,
            Err(before) => Some(row - before as u64),
        }
    }
}
