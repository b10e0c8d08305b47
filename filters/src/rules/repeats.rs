//! Repeated lines, paragraphs and n-grams: which item of a sequence was seen before, found by hash.

use crate::text::Piece;
use std::cell::Cell;

/// Tells where a key was first seen. Open addressing over positions; the keys themselves stay with the caller.
#[derive(Default)]
pub(super) struct FirstSeen {
    /// A position plus one, or zero.
    slots: Vec<u32>,
    shift: u32,
}

/// 2^64 divided by the golden ratio: Fibonacci hashing spreads keys that differ in few bits (Knuth, TAOCP 3, 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl FirstSeen {
    /// Forgets everything and makes room for `items` keys, half full at most.
    pub(super) fn reset(&mut self, items: usize) {
        let size = (2 * items).next_power_of_two().max(16);
        self.slots.clear();
        self.slots.resize(size, 0);
        self.shift = 64 - size.trailing_zeros();
    }

    /// The first position whose key is `keys[at]`: `at` itself if there was none.
    #[inline]
    pub(super) fn first(&mut self, keys: &[u64], at: usize) -> usize {
        let key = keys[at];
        let mask = self.slots.len() - 1;
        let mut slot = (key.wrapping_mul(SPREAD) >> self.shift) as usize;
        loop {
            match self.slots[slot & mask] {
                0 => {
                    self.slots[slot & mask] = at as u32 + 1;
                    return at;
                }
                seen if keys[seen as usize - 1] == key => return seen as usize - 1,
                _ => slot += 1,
            }
        }
    }
}

/// Buffers one thread reuses from text to text.
#[derive(Default)]
pub(super) struct Buffers {
    pub(super) table: FirstSeen,
    pub(super) keys: Vec<u64>,
    pub(super) classes: Vec<u32>,
    pub(super) counts: Vec<u32>,
    pub(super) live: Vec<u32>,
}

thread_local! {
    static BUFFERS: Cell<Buffers> = Cell::default();
}

/// Lends the thread's buffers to `work`.
pub(super) fn with_buffers<T>(work: impl FnOnce(&mut Buffers) -> T) -> T {
    let mut buffers = BUFFERS.take();
    let result = work(&mut buffers);
    BUFFERS.set(buffers);
    result
}

/// How much of a sequence of lines or paragraphs is second and later copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Repeats {
    /// All pieces.
    pub(super) pieces: usize,
    /// Pieces seen before.
    pub(super) repeated: usize,
    /// Code points of pieces seen before.
    pub(super) chars: usize,
}

impl Repeats {
    /// Counts at most `most` pieces; those of equal hash are taken for equal.
    pub(super) fn of<'p>(
        pieces: impl Iterator<Item = &'p Piece>,
        most: usize,
        buffers: &mut Buffers,
    ) -> Self {
        let Buffers { table, keys, .. } = buffers;
        keys.clear();
        table.reset(most);
        let mut found = Self::default();
        for piece in pieces.take(most) {
            let at = keys.len();
            keys.push(piece.hash);
            if table.first(keys, at) != at {
                found.repeated += 1;
                found.chars += piece.chars as usize;
            }
        }
        found.pieces = keys.len();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_position_of_a_key_is_found() {
        let keys: Vec<u64> = [7, 8, 7, 0, u64::MAX, 0, 8].to_vec();
        let mut table = FirstSeen::default();
        for _ in 0..2 {
            table.reset(keys.len());
            let firsts: Vec<usize> = (0..keys.len()).map(|at| table.first(&keys, at)).collect();
            assert_eq!(firsts, [0, 1, 0, 3, 4, 3, 1]);
        }
    }

    #[test]
    fn many_keys_share_a_small_table() {
        let keys: Vec<u64> = (0..5_000u64).map(|n| (n % 2_500) << 32).collect();
        let mut table = FirstSeen::default();
        table.reset(keys.len());
        assert!((0..keys.len()).all(|at| table.first(&keys, at) == at % 2_500));
    }
}
