//! Where n-grams stand among the words of the items.

use super::parts::Parts;
use crate::text::ngrams;

/// Positions by the hash of an n-gram. Of a hash as many bits are kept as choosing its bucket takes, and 32 more; who
/// looks one up compares the words.
#[derive(Debug)]
pub(super) struct Table {
    ngram: usize,
    parts: Parts,
    /// Where in `entries` the bucket of each hash begins, and where the last one ends.
    buckets: Vec<u32>,
    /// The 32 bits of the hash behind those that choose the bucket, then the position.
    entries: Vec<u64>,
    bucket_bits: u32,
}

/// About how many entries a bucket has.
const BUCKET_LEN: usize = 4;

/// An n-gram that goes into a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gram {
    pub(super) hash: u64,
    pub(super) position: u32,
}

impl Table {
    /// A table of these n-grams, of which `parts` holds the parts; the same for any order of them.
    pub(super) fn new(ngram: usize, mut grams: Vec<Gram>, parts: Vec<u64>) -> Self {
        grams.sort_unstable();
        // at least one bit: a shift by all 64 is none
        let bucket_bits = (grams.len() / BUCKET_LEN).next_power_of_two().ilog2().max(1);
        let mut table = Self {
            ngram,
            parts: Parts::new(ngram, parts),
            buckets: vec![0; (1 << bucket_bits) + 1],
            entries: Vec::with_capacity(grams.len()),
            bucket_bits,
        };
        for Gram { hash, position } in grams {
            table.entries.push(table.kept(hash) << 32 | u64::from(position));
            let next = table.bucket(hash) + 1;
            table.buckets[next] = table.entries.len() as u32;
        }
        // a bucket without a hash ends where the one before it does
        let mut end = 0;
        for bucket in &mut table.buckets {
            end = end.max(*bucket);
            *bucket = end;
        }
        table
    }

    /// The n-grams of these words that are in the table: where they begin, and their hashes. Seldom is there one that
    /// is not.
    pub(super) fn find<'a>(&'a self, words: &'a [u64]) -> impl Iterator<Item = (usize, u64)> + 'a {
        let words = if self.entries.is_empty() { &[] } else { words };
        let hash = |at: usize| ngrams(&words[at..], self.ngram).next().map(|hash| (at, hash));
        let known = |(_, hash): &(usize, u64)| self.positions(*hash).next().is_some();
        self.parts.find(words).into_iter().filter_map(hash).filter(known)
    }

    /// The positions of the hash, and seldom of another, in order.
    pub(super) fn positions(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let bucket = self.bucket(hash);
        let range = self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize;
        let kept = self.kept(hash);
        self.entries[range].iter().filter(move |&&entry| entry >> 32 == kept).map(|&entry| entry as u32)
    }

    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        (hash >> (64 - self.bucket_bits)) as usize
    }

    #[inline]
    fn kept(&self, hash: u64) -> u64 {
        hash << self.bucket_bits >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::decontamination::parts::parts;
    use crate::text::word_hash;

    fn words(range: std::ops::Range<u32>) -> Vec<u64> {
        range.map(|n| word_hash(&n.to_le_bytes())).collect()
    }

    #[test]
    fn what_is_in_a_table_is_found_and_nothing_else() {
        for size in [0u32, 1, 2, 3, 9, 1000, 50_000] {
            let inside = words(0..size + 12);
            let grams =
                |shift: u32| ngrams(&inside, 13).zip(shift..).map(|(hash, position)| Gram { hash, position });
            let twice: Vec<Gram> = grams(1_000_000).take(size as usize / 2).chain(grams(0)).collect();
            let table = Table::new(13, twice, parts(&inside, 13).collect());
            let found: Vec<(usize, u64)> = table.find(&inside).collect();
            assert_eq!(found, ngrams(&inside, 13).enumerate().collect::<Vec<_>>(), "{size}");
            for (at, hash) in found {
                let positions: Vec<usize> = table.positions(hash).map(|position| position as usize).collect();
                let expected = if at < size as usize / 2 { vec![at, at + 1_000_000] } else { vec![at] };
                assert_eq!(positions, expected, "{at} of {size}");
            }
            assert_eq!(table.find(&words(size + 12..size + 100_000)).count(), 0, "{size}");
        }
    }

    #[test]
    fn hashes_at_both_ends_have_a_bucket() {
        let gram = |(hash, position)| Gram { hash, position };
        let table = Table::new(
            1,
            [(u64::MAX, 1), (0, 2), (u64::MAX, 0), (1 << 63, 3)].map(gram).to_vec(),
            Vec::new(),
        );
        let positions = |hash| table.positions(hash).collect::<Vec<_>>();
        assert_eq!([positions(u64::MAX), positions(0), positions(1 << 63)], [vec![0, 1], vec![2], vec![3]]);
    }
}
