//! The words of ASCII letters about which more is known than their letters.

use super::exceptions::EXCEPTIONS;
use crate::text::hash::word_hash;
use crate::text::tokens::{Tokens, flags_of};
use std::sync::LazyLock;

const FILTER_BITS: u32 = 14;
const SLOTS: usize = 2048;

/// The words that need a closer look.
pub(super) static NOTABLE: LazyLock<Notable> = LazyLock::new(Notable::new);

/// Notes on words, found by the word's hash. A filter of two kilobytes turns most words away; a word of the same hash
/// as a notable one is taken for it, which for exceptions only means a closer look.
pub(super) struct Notable {
    filter: Vec<u64>,
    /// Hash and notes; no notes where a slot is free; linear probing.
    slots: Vec<(u64, u16)>,
}

impl Notable {
    /// The word itself is an exception.
    pub(super) const EXCEPTION: u16 = 1;
    /// The word begins an exception that goes on with something else than a letter.
    pub(super) const BEGINS_EXCEPTION: u16 = 2;
    /// The flags of stop words.
    pub(super) const STOP_WORDS: u16 = !0 << Tokens::STOP_WORD_SHIFT;

    fn new() -> Self {
        let mut notable = Self { filter: vec![0; 1 << (FILTER_BITS - 6)], slots: vec![(0, 0); SLOTS] };
        for word in Tokens::STOP_WORDS {
            notable.note(word, flags_of(word) & Self::STOP_WORDS);
        }
        for exception in EXCEPTIONS.iter() {
            let letters = exception.chunk.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            let (word, rest) = exception.chunk.split_at(exception.chunk.len() - letters.len());
            match (word, rest) {
                ("", _) => {}
                (_, "") => notable.note(word, Self::EXCEPTION),
                _ => notable.note(word, Self::BEGINS_EXCEPTION),
            }
        }
        notable
    }

    fn note(&mut self, word: &str, notes: u16) {
        let hash = word_hash(word.as_bytes());
        let bit = filter_bit(hash);
        self.filter[bit >> 6] |= 1 << (bit & 63);
        let slot = self.slot(hash);
        self.slots[slot] = (hash, self.slots[slot].1 | notes);
    }

    /// What is known about the word with this hash.
    #[inline]
    pub(super) fn get(&self, hash: u64) -> u16 {
        let bit = filter_bit(hash);
        if self.filter[bit >> 6] >> (bit & 63) & 1 == 0 { 0 } else { self.slots[self.slot(hash)].1 }
    }

    /// The slot of this hash, or the free one where it belongs.
    #[inline]
    fn slot(&self, hash: u64) -> usize {
        let mut slot = hash as usize % SLOTS;
        while self.slots[slot].1 != 0 && self.slots[slot].0 != hash {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }
}

fn filter_bit(hash: u64) -> usize {
    (hash >> (64 - FILTER_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_noted() {
        let notes = |word: &str| NOTABLE.get(word_hash(word.as_bytes()));
        assert_eq!(notes("cannot"), Notable::EXCEPTION);
        assert_eq!(notes("Mr"), Notable::BEGINS_EXCEPTION);
        assert_eq!(notes("Id"), Notable::EXCEPTION | Notable::BEGINS_EXCEPTION);
        assert_eq!((notes("it"), notes("can")), (Notable::BEGINS_EXCEPTION, Notable::BEGINS_EXCEPTION));
        assert_eq!((notes("the"), notes("with")), (0x100, 0x8000));
        assert_eq!((notes("The"), notes("sentence")), (0, 0));
        let used = NOTABLE.slots.iter().filter(|slot| slot.1 != 0).count();
        assert!(used < SLOTS / 2, "{used}");
    }
}
