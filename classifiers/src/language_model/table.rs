//! Hash tables with linear probing, as they lie in KenLM's files.

use super::ModelError;

/// Slots of `WIDTH` bytes, each a key of eight bytes and a value; the key 0 marks an empty slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<const WIDTH: usize> {
    start: usize,
    slots: u64,
}

/// Where a key is or would be.
enum Place {
    Found(usize),
    Free(usize),
    Full,
}

impl<const WIDTH: usize> Table<WIDTH> {
    /// A table for so many entries that begins at `start`: `multiplier` times as many slots, at least one free.
    pub(super) fn new(start: u64, entries: u64, multiplier: f32) -> Option<Self> {
        // in single precision, as KenLM computes it: the file must be cut where KenLM cuts it
        let wanted = (multiplier * entries as f32) as u64;
        let slots = wanted.max(entries.checked_add(1)?);
        usize::try_from(start.checked_add(slots.checked_mul(WIDTH as u64)?)?).ok()?;
        Some(Self { start: usize::try_from(start).ok()?, slots })
    }

    /// The first byte behind it.
    pub(super) fn end(self) -> u64 {
        self.start as u64 + self.slots * WIDTH as u64
    }

    fn place(self, region: &[[u8; WIDTH]], key: u64) -> Place {
        let mut at = (key % self.slots) as usize;
        for _ in 0..self.slots {
            let Some(slot) = region.get(at) else { return Place::Full };
            let stored = key_of(slot);
            if stored == key {
                return Place::Found(at);
            }
            if stored == 0 {
                return Place::Free(at);
            }
            at = if at + 1 == region.len() { 0 } else { at + 1 };
        }
        Place::Full
    }

    fn region(self, bytes: &[u8]) -> &[[u8; WIDTH]] {
        let region = bytes.get(self.start..).unwrap_or_default().as_chunks().0;
        &region[..region.len().min(self.slots as usize)]
    }

    /// The slot with this key.
    pub(super) fn find(self, bytes: &[u8], key: u64) -> Option<&[u8; WIDTH]> {
        let region = self.region(bytes);
        match self.place(region, key) {
            Place::Found(at) => region.get(at),
            Place::Free(_) | Place::Full => None,
        }
    }

    /// The key in the slot where a search begins. Asking for many, one after the other, fetches them from memory at the
    /// same time, which searches, each with its branches, do not.
    pub(super) fn first(self, bytes: &[u8], key: u64) -> u64 {
        self.region(bytes).get((key % self.slots) as usize).map_or(0, key_of)
    }

    /// All slots that hold something.
    pub(super) fn entries(self, bytes: &[u8]) -> impl Iterator<Item = &[u8; WIDTH]> {
        self.region(bytes).iter().filter(|slot| key_of(slot) != 0)
    }

    /// The slot with this key, which is made if it is not there, and whether it was.
    pub(super) fn slot(self, bytes: &mut [u8], key: u64) -> Result<(&mut [u8; WIDTH], bool), ModelError> {
        let place = self.place(self.region(bytes), key);
        let region = bytes.get_mut(self.start..).unwrap_or_default().as_chunks_mut().0;
        let full =
            || ModelError::Entry("a hash table is full: more n-grams than announced, or pruned ones".into());
        match place {
            Place::Found(at) => Ok((region.get_mut(at).ok_or_else(full)?, true)),
            Place::Free(at) => {
                let slot: &mut [u8; WIDTH] = region.get_mut(at).ok_or_else(full)?;
                slot[..8].copy_from_slice(&key.to_le_bytes());
                Ok((slot, false))
            }
            Place::Full => Err(full()),
        }
    }
}

fn key_of<const WIDTH: usize>(slot: &[u8; WIDTH]) -> u64 {
    slot.first_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// A number of four bytes in a slot or a header.
pub(super) fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().map_or(0, u32::from_le_bytes)
}

/// A log10 probability or back-off in a slot.
pub(super) fn weight(bytes: &[u8], at: usize) -> f32 {
    f32::from_bits(number(bytes, at))
}

pub(super) fn set_weight(bytes: &mut [u8], at: usize, weight: f32) {
    if let Some(place) = bytes.get_mut(at..at + 4) {
        place.copy_from_slice(&weight.to_le_bytes());
    }
}
