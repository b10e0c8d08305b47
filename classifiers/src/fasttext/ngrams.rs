//! How fastText turns words, subwords and word n-grams into rows of the input matrix (`dictionary.cc`).

use super::{ModelError, reader::Reader};

/// Multiplier of the rolling hash of word n-grams.
const WORD_NGRAM: u64 = 116_049_371;
pub(super) const FNV_OFFSET: u32 = 2_166_136_261;
const FNV_PRIME: u32 = 16_777_619;

/// fastText's word hash: FNV-1a over *signed* bytes, so that a byte above 127 flips the upper 24 bits as well.
pub(super) fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(FNV_OFFSET, |h, &byte| step(h, byte))
}

pub(super) fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ i32::from(byte as i8) as u32).wrapping_mul(FNV_PRIME)
}

/// Remainders by the number of buckets, by multiplication instead of division.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buckets {
    count: u64,
    /// 2⁶⁴ / count rounded up: exact for 32-bit numbers (Lemire, Kaser, Kurz 2019).
    above: u64,
    /// 2⁶⁴ / count rounded down: a quotient at most 2 too small for 64-bit numbers.
    below: u64,
}

impl Buckets {
    /// `count` must not be zero; the header is checked for that.
    pub(super) fn new(count: u32) -> Self {
        let count = u64::from(count.max(1));
        Self { count, above: (u64::MAX / count).wrapping_add(1), below: u64::MAX / count }
    }

    pub(super) fn of_subword(self, hash: u32) -> u32 {
        let fraction = self.above.wrapping_mul(hash.into());
        ((u128::from(fraction) * u128::from(self.count)) >> 64) as u32
    }

    fn of_words(self, hash: u64) -> u32 {
        let quotient = ((u128::from(hash) * u128::from(self.below)) >> 64) as u64;
        let mut rest = hash - quotient * self.count;
        while rest >= self.count {
            rest -= self.count;
        }
        rest as u32
    }
}

/// Where the row of a bucket is, counted from the first n-gram's row.
#[derive(Debug)]
pub(super) enum Kept {
    /// Nothing was pruned: a bucket is its row.
    All,
    /// Pruning kept words only.
    None,
    /// Pruning kept some buckets.
    Some(Pruned),
}

/// The buckets that pruning kept. Most n-grams of a text were pruned, so a bit per possible place answers most
/// questions out of the processor's cache before the table is asked.
#[derive(Debug)]
pub(super) struct Pruned {
    bits: Vec<u64>,
    table: Vec<(u32, u32)>,
    shift: u32,
}

const EMPTY: u32 = u32::MAX;
/// Bits in the filter for each place in the table, as a power of two.
const FILTER: u32 = 3;

impl Pruned {
    /// Reads `count` pairs of bucket and row; `rows` is how many n-gram rows the input matrix may have at most.
    fn read(reader: &mut Reader<'_>, count: u64) -> Result<Self, ModelError> {
        let (pairs, _) = reader.take("the pruned n-grams", count, 8)?.as_chunks::<4>();
        // a pair is two chunks, so at most half of the places are taken
        let places = pairs.len().max(32).next_power_of_two();
        let shift = 64 - places.trailing_zeros();
        let words = (places << FILTER) / 64;
        let mut pruned = Self { bits: vec![0; words], table: vec![(EMPTY, 0); places], shift };
        for pair in pairs.chunks_exact(2) {
            pruned.insert(i32::from_le_bytes(pair[0]), i32::from_le_bytes(pair[1]))?;
        }
        Ok(pruned)
    }

    fn insert(&mut self, bucket: i32, row: i32) -> Result<(), ModelError> {
        let checked = |field, value: i32| {
            let expected = "must not be negative";
            u32::try_from(value).map_err(|_| ModelError::Header { field, value: value.into(), expected })
        };
        let (bucket, row) =
            (checked("a pruned bucket", bucket)?, checked("the row of a pruned bucket", row)?);
        let mixed = mix(bucket);
        let bit = mixed >> (self.shift - FILTER);
        self.bits[(bit / 64) as usize] |= 1 << (bit % 64);
        let mut place = (mixed >> self.shift) as usize;
        while self.table[place].0 != EMPTY && self.table[place].0 != bucket {
            place = (place + 1) & (self.table.len() - 1);
        }
        self.table[place] = (bucket, row);
        Ok(())
    }

    fn may_have(&self, bucket: u32) -> bool {
        let bit = mix(bucket) >> (self.shift - FILTER);
        (self.bits[(bit / 64) as usize] >> (bit % 64)) & 1 == 1
    }

    fn get(&self, bucket: u32) -> Option<u32> {
        let mixed = mix(bucket);
        let mut place = (mixed >> self.shift) as usize;
        loop {
            match self.table[place] {
                (EMPTY, _) => return None,
                (found, row) if found == bucket => return Some(row),
                _ => place = (place + 1) & (self.table.len() - 1),
            }
        }
    }
}

fn mix(bucket: u32) -> u64 {
    u64::from(bucket).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Kept {
    /// `size` is the file's count of pruned entries, -1 where nothing was pruned.
    pub(super) fn read(reader: &mut Reader<'_>, size: i64) -> Result<Self, ModelError> {
        match u64::try_from(size) {
            Err(_) => Ok(Self::All),
            Ok(0) => Ok(Self::None),
            Ok(count) => Pruned::read(reader, count).map(Self::Some),
        }
    }

    /// One more than the largest row a bucket below `buckets` can have.
    pub(super) fn rows(&self, buckets: u32) -> usize {
        match self {
            Self::All => buckets as usize,
            Self::None => 0,
            Self::Some(pruned) => {
                let used = pruned.table.iter().filter(|(bucket, _)| *bucket != EMPTY);
                used.map(|(_, row)| *row as usize + 1).max().unwrap_or(0)
            }
        }
    }

    /// Turns buckets into rows among the n-gram rows, in the same order, leaving out what was pruned.
    pub(super) fn rows_of(&self, buckets: &mut Vec<u32>) {
        match self {
            Self::All => {}
            Self::None => buckets.clear(),
            Self::Some(pruned) => {
                retain(buckets, |bucket| (bucket, pruned.may_have(bucket)));
                retain(buckets, |bucket| pruned.get(bucket).map_or((0, false), |row| (row, true)));
            }
        }
    }
}

/// Maps what is kept and closes the gaps. Without a branch, since what was pruned follows no pattern a processor
/// could guess.
fn retain(numbers: &mut Vec<u32>, map: impl Fn(u32) -> (u32, bool)) {
    let mut kept = 0;
    for at in 0..numbers.len() {
        let (number, keep) = map(numbers[at]);
        numbers[kept] = number;
        kept += usize::from(keep);
    }
    numbers.truncate(kept);
}

/// How many words the n-grams of which are collected at once.
const BLOCK: usize = 1024;

/// Collects the bucket of each run of 2 to `longest` words, given the words' hashes. They come in blocks, so that
/// a long text needs no more memory than a short one; `found` is cleared before each and passed to `then` after.
pub(super) fn word_ngrams(
    hashes: &[u32],
    longest: usize,
    buckets: Buckets,
    found: &mut Vec<u32>,
    mut then: impl FnMut(&mut Vec<u32>),
) {
    // the hashes are 32-bit signed numbers in fastText, so they are extended by their sign
    let extend = |hash: u32| i64::from(hash as i32) as u64;
    for block in (0..hashes.len()).step_by(BLOCK) {
        found.clear();
        for start in block..hashes.len().min(block + BLOCK) {
            let mut hash = extend(hashes[start]);
            for &next in hashes[start + 1..].iter().take(longest.saturating_sub(1)) {
                hash = hash.wrapping_mul(WORD_NGRAM).wrapping_add(extend(next));
                found.push(buckets.of_words(hash));
            }
        }
        then(found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_above_127_are_signed() {
        assert_eq!(hash(b""), 2_166_136_261);
        assert_eq!(hash(b"a"), 0xe40c_292c, "for ascii it is the published FNV-1a");
        // 0x811c9dc5 ^ 0xffffffc3 = 0x7ee36206, times 0x01000193 modulo 2^32
        assert_eq!(hash(b"\xc3"), 0x7ee3_6206_u32.wrapping_mul(0x0100_0193));
    }

    #[test]
    fn word_ngrams_extend_hashes_by_their_sign() {
        let hashes = [0xffff_ffff, 2, 3];
        let mut got = Vec::new();
        let all = |found: &mut Vec<u32>| got.extend(found.iter().copied().map(u64::from));
        word_ngrams(&hashes, 3, Buckets::new(1000), &mut Vec::new(), all);
        let pair = u64::MAX.wrapping_mul(WORD_NGRAM).wrapping_add(2);
        let triple = pair.wrapping_mul(WORD_NGRAM).wrapping_add(3);
        assert_eq!(got, [pair % 1000, triple % 1000, (2 * WORD_NGRAM + 3) % 1000]);
    }

    #[test]
    fn word_ngrams_reach_over_blocks() {
        let hashes: Vec<u32> = (0..3000).collect();
        let mut count = 0;
        word_ngrams(&hashes, 3, Buckets::new(9), &mut Vec::new(), |found| count += found.len());
        assert_eq!(count, 2999 + 2998);
    }

    proptest! {
        #[test]
        fn remainders_agree_with_division(count in 1..=u32::MAX, small: u32, large: u64) {
            let buckets = Buckets::new(count);
            prop_assert_eq!(buckets.of_subword(small), small % count);
            prop_assert_eq!(u64::from(buckets.of_words(large)), large % u64::from(count));
        }

        #[test]
        fn the_pruned_table_is_a_map(pairs in proptest::collection::vec((0..500_i32, 0..1000_i32), 1..200)) {
            let bytes: Vec<u8> = pairs.iter().flat_map(|(k, v)| [k.to_le_bytes(), v.to_le_bytes()]).flatten().collect();
            let kept = Kept::read(&mut Reader::new(&bytes), pairs.len() as i64).unwrap();
            let map: std::collections::HashMap<_, _> = pairs.iter().copied().collect();
            let mut rows: Vec<u32> = (0..500).collect();
            kept.rows_of(&mut rows);
            let expected: Vec<u32> = (0..500).filter_map(|bucket| map.get(&bucket).map(|row| *row as u32)).collect();
            prop_assert_eq!(rows, expected);
        }
    }
}
