//! Which n-grams of a text are worth looking up.
//!
//! A table of millions of n-grams lies in memory far from the processor, and a text has an n-gram at every word. But
//! every n-gram holds, whole, one of the shorter runs that begin at each so-many-th word of the text, wherever that
//! is. So the filter knows all shorter runs of the items' n-grams, and of a text only a few of its runs are asked for.

use crate::text::ngrams;

/// A filter of the parts of n-grams.
#[derive(Debug)]
pub(super) struct Parts {
    ngram: usize,
    /// A Bloom filter in blocks of one word; three bits of a block stand for a part.
    blocks: Vec<u64>,
}

/// Parts for each block of the filter: of others about 1 in 100 pass.
const PARTS_PER_BLOCK: usize = 4;

/// How many parts are looked up at a time.
const BATCH: usize = 16;

/// How many words apart are the parts of a text that are asked for. The longer, the fewer; but parts are shorter by
/// as much, and short runs of words stand in every text.
const fn step(ngram: usize) -> usize {
    ngram.div_ceil(2)
}

/// Words of a part: in an n-gram there is room for `step` of them.
const fn part_len(ngram: usize) -> usize {
    ngram + 1 - step(ngram)
}

/// The hashes of all parts of these words.
pub(super) fn parts(words: &[u64], ngram: usize) -> impl Iterator<Item = u64> + '_ {
    ngrams(words, part_len(ngram))
}

impl Parts {
    /// A filter of these hashes, in any order and as often as may be.
    pub(super) fn new(ngram: usize, mut hashes: Vec<u64>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        let mut parts = Self { ngram, blocks: vec![0; hashes.len() / PARTS_PER_BLOCK + 1] };
        for hash in hashes {
            let block = parts.block(hash);
            parts.blocks[block] |= mask(hash);
        }
        parts
    }

    /// Where n-grams with a known part begin, in order.
    pub(super) fn find(&self, words: &[u64]) -> Vec<usize> {
        let step = step(self.ngram);
        let count = (words.len() + 1).saturating_sub(self.ngram);
        let mut found = Vec::new();
        let mut hashes = parts(words, self.ngram).step_by(step).fuse();
        for first in (0..words.len()).step_by(step * BATCH) {
            let mut batch = [0; BATCH];
            let filled = batch.iter_mut().zip(&mut hashes).map(|(slot, hash)| *slot = hash).count();
            // all of the filter's words are asked for before the first has arrived
            let known = batch.map(|hash| self.holds(hash));
            for (nth, _) in known.iter().enumerate().take(filled).filter(|(_, known)| **known) {
                let at = first + nth * step;
                found.extend((at + 1).saturating_sub(step)..count.min(at + 1));
            }
        }
        found
    }

    #[inline]
    fn holds(&self, hash: u64) -> bool {
        let mask = mask(hash);
        self.blocks[self.block(hash)] & mask == mask
    }

    #[inline]
    fn block(&self, hash: u64) -> usize {
        (((hash >> 32) * self.blocks.len() as u64) >> 32) as usize
    }
}

/// The bits that stand for a hash in its block.
#[inline]
fn mask(hash: u64) -> u64 {
    1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::word_hash;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_known_n_gram_is_found_once_wherever_it_stands(
            known in prop::collection::vec(0u64..9, 0..30), before in prop::collection::vec(9u64..12, 0..30), ngram in 1usize..14,
        ) {
            let filter = Parts::new(ngram, parts(&known, ngram).collect());
            let words = [&before[..], &known, &before].concat();
            let found = filter.find(&words);
            let runs = words.windows(ngram).len();
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]) && found.iter().all(|&at| at < runs));
            let inside = (0..known.windows(ngram).len()).map(|at| at + before.len());
            for at in inside {
                prop_assert!(found.contains(&at), "{at}: {found:?}");
            }
        }
    }

    #[test]
    fn few_others_pass() {
        let words = |seed: u64| -> Vec<u64> {
            (0..60_000u64).map(|n| word_hash(&(n * 2 + seed).to_le_bytes())).collect()
        };
        let (one, other) = (words(0), words(1));
        for ngram in [1, 2, 8, 13] {
            let known = Parts::new(ngram, parts(&one, ngram).collect());
            let passing = known.find(&other).len();
            assert!(passing < 60_000 / 50, "{ngram}: {passing}");
            assert_eq!(Parts::new(ngram, Vec::new()).find(&other).len(), 0);
        }
    }
}
