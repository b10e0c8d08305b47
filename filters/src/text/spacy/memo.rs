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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_bytes_are_found() {
        let mut memo = Memo::default();
        let parts = [Part { hash: 1, flags: 2, start: 0, end: 3, chars: 3 }];
        assert!(memo.get(b"don", 7).is_none());
        memo.put(b"don", 7, parts.into_iter());
        assert_eq!(memo.get(b"don", 7).map(|found| (found.len(), found[0].end)), Some((1, 3)));
        for other in [b"dot".as_slice(), b"do", b"don\0", b""] {
            assert!(memo.get(other, 7).is_none(), "{other:?}");
        }
    }

    #[test]
    fn long_chunks_and_many_tokens_are_not_kept() {
        let mut memo = Memo::default();
        memo.put(&[b'x'; 25], 1, [Part::default()].into_iter());
        memo.put(b"x", 2, [Part::default(); 5].into_iter());
        assert!(memo.get(&[b'x'; 25], 1).is_none() && memo.get(b"x", 2).is_none());
        memo.put(&[b'x'; 24], 1, [Part::default()].into_iter());
        assert!(memo.get(&[b'x'; 24], 1).is_some() && memo.get(&[b'x'; 25], 1).is_none());
    }
}
