//! A counting sketch: which hashes may have come more than once.

use std::sync::atomic::{AtomicU64, Ordering};

/// Smaller ones are not worth the trouble.
const LEAST_BYTES: u64 = 1 << 10;

/// A table of counters that know *never*, *once* and *more often*, each shared by the hashes that fall on it: a hash
/// that came twice is always found, one that came once is found now and then. Counting in any order, from any number
/// of threads, ends in the same table.
pub(super) struct Sketch {
    once: Vec<AtomicU64>,
    again: Vec<AtomicU64>,
}

impl Sketch {
    /// An empty one, of about so many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let words = usize::try_from(bytes.max(LEAST_BYTES) / 16).unwrap_or(usize::MAX);
        let empty = || (0..words).map(|_| AtomicU64::new(0)).collect();
        Self { once: empty(), again: empty() }
    }

    /// How many counters one of about so many bytes has.
    pub(super) fn counters(bytes: u64) -> u64 {
        bytes.max(LEAST_BYTES) / 16 * 64
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let counters = self.once.len() as u128 * 64;
        let at = ((u128::from(hash) * counters) >> 64) as usize;
        (at / 64, 1 << (at % 64))
    }

    /// Counts a hash.
    pub(super) fn count(&self, hash: u64) {
        let (word, bit) = self.place(hash);
        if self.once[word].fetch_or(bit, Ordering::Relaxed) & bit != 0 {
            self.again[word].fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether a hash may have been counted.
    pub(super) fn is_counted(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.once[word].load(Ordering::Relaxed) & bit != 0
    }

    /// Whether a hash may have been counted more than once.
    pub(super) fn is_repeated(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.again[word].load(Ordering::Relaxed) & bit != 0
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.once.iter_mut().chain(&mut self.again).for_each(|word| *word.get_mut() = 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filters::text::word_hash;

    #[test]
    fn what_came_twice_is_always_found_and_what_came_once_rarely() {
        let hash = |n: u32| word_hash(&n.to_le_bytes());
        let mut sketch = Sketch::new(1 << 15);
        assert_eq!(Sketch::counters(1 << 15), 1 << 17);
        (0..20_000).for_each(|n| sketch.count(hash(n)));
        (0..1000).for_each(|n| sketch.count(hash(n)));
        assert!((0..1000).all(|n| sketch.is_repeated(hash(n))));
        assert!((0..20_000).all(|n| sketch.is_counted(hash(n))));
        let wrongly = (1000..20_000).filter(|&n| sketch.is_repeated(hash(n))).count();
        // 19,000 hashes, each with 20,000 others on 131,072 counters: 2,700 are expected
        assert!((2200..3200).contains(&wrongly), "{wrongly}");
        sketch.clear();
        assert!(!(0..20_000).any(|n| sketch.is_repeated(hash(n))));
    }
}
