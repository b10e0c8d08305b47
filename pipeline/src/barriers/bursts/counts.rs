//! A table of saturating counters.

use std::sync::atomic::{AtomicU16, Ordering};

/// Counters shared by the hashes that fall on them: a count is never too small, unless it is saturated. Counting in any
/// order, from any number of threads, ends in the same table.
pub(super) struct Counts(Vec<AtomicU16>);

impl Counts {
    /// An empty table of so many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let counters = usize::try_from(bytes / 2).unwrap_or(usize::MAX).max(1);
        Self((0..counters).map(|_| AtomicU16::new(0)).collect())
    }

    fn counter(&self, hash: u64) -> &AtomicU16 {
        &self.0[((u128::from(hash) * self.0.len() as u128) >> 64) as usize]
    }

    /// Counts a hash.
    pub(super) fn count(&self, hash: u64) {
        let more = |count: u16| count.checked_add(1);
        // at its end a counter stays as it is
        let _ = self.counter(hash).fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// How often a hash was counted, at least.
    pub(super) fn get(&self, hash: u64) -> u64 {
        u64::from(self.counter(hash).load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filters::text::word_hash;

    #[test]
    fn a_count_is_never_too_small_and_stops_at_the_end() {
        let hash = |n: u32| word_hash(&n.to_le_bytes());
        let counts = Counts::new(1 << 12);
        for n in 0..1000 {
            (0..n % 7).for_each(|_| counts.count(hash(n)));
        }
        assert!((0..1000).all(|n| counts.get(hash(n)) >= u64::from(n % 7)));
        let full = Counts::new(2);
        (0..70_000).for_each(|_| full.count(5));
        assert_eq!(full.get(5), u64::from(u16::MAX));
    }
}
