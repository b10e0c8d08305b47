//! Remembers how short chunks were split, because chunks repeat.

use crate::text::hash::read;

const SLOTS: usize = 8192;
const BLOCKS: usize = 3;
const MAX_BYTES: usize = 8 * BLOCKS;
const MAX_TOKENS: usize = 4;

/// One token of a remembered chunk; offsets from the chunk's start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    pub(super) hash: u64,
    pub(super) flags: u16,
    pub(super) start: u8,
    pub(super) end: u8,
    pub(super) chars: u8,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    chunk: [u64; BLOCKS],
    len: u8,
    count: u8,
    parts: [Part; MAX_TOKENS],
}

/// A bounded table from chunks to their tokens. Each chunk has one slot; a newer chunk takes it over. A chunk is found
/// only if its bytes are equal, so what is remembered never changes a result.
#[derive(Default)]
pub(super) struct Memo {
    slots: Vec<Slot>,
}

impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memo").finish_non_exhaustive()
    }
}

impl Memo {
    /// The tokens of a chunk seen before; `hash` is any hash of the chunk.
    #[inline]
    pub(super) fn get(&self, chunk: &[u8], hash: u64) -> Option<&[Part]> {
        let slot = self.slots.get(slot_of(hash))?;
        (slot.len as usize == chunk.len() && slot.chunk == blocks(chunk))
            .then(|| &slot.parts[..usize::from(slot.count)])
    }

    /// Remembers a chunk if it is short enough and has few tokens.
    pub(super) fn put(&mut self, chunk: &[u8], hash: u64, parts: impl ExactSizeIterator<Item = Part>) {
        if chunk.len() > MAX_BYTES || parts.len() > MAX_TOKENS {
            return;
        }
        self.slots.resize(SLOTS, Slot::default());
        let slot = &mut self.slots[slot_of(hash)];
        slot.chunk = blocks(chunk);
        slot.len = chunk.len() as u8;
        slot.count = parts.len() as u8;
        for (place, part) in slot.parts.iter_mut().zip(parts) {
            *place = part;
        }
    }
}

fn slot_of(hash: u64) -> usize {
    (hash >> 40) as usize % SLOTS
}

/// The first bytes of a chunk, padded with zeros.
#[inline]
fn blocks(chunk: &[u8]) -> [u64; BLOCKS] {
    [0, 8, 16].map(|at| read(chunk.get(at..).unwrap_or_default()))
}
