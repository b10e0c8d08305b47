//! The hash of a word, and of a sequence of words.
//!
//! Both are part of what a release means (near-duplicate signatures, keyword terms), so they are specified here and
//! held by test vectors; they must never change. They group and compare, they are no evidence: an adversary can
//! construct collisions.

const START: u64 = 0x9e37_79b9_7f4a_7c15;
const BLOCK: u64 = 0xd6e8_feb8_6659_fd93;
const LAST: u64 = 0xa076_1d64_78bd_642f;
const FINISH: u64 = 0xe703_7ed1_a0b4_28db;
const ROLL: u64 = 0xbf58_476d_1ce4_e5b5;

/// The 64-bit hash of a word's UTF-8 bytes, the same on every machine.
///
/// With `fold(a, b)` the exclusive or of the two halves of the 128-bit product: the state starts as
/// `0x9e3779b97f4a7c15` xor the length in bytes. Each block of eight bytes but the last, read as a little-endian
/// integer, makes the state `fold(state ^ block, 0xd6e8feb86659fd93)`; the last block (one to eight bytes,
/// zero-padded; zero for the empty word) makes it `fold(state ^ block, 0xa0761d6478bd642f)`. The hash is that after
/// `x ^= x >> 32; x *= 0xe7037ed1a0b428db; x ^= x >> 29`, modulo 2^64.
#[inline]
pub fn word_hash(word: &[u8]) -> u64 {
    let mut state = START ^ word.len() as u64;
    let mut rest = word;
    while rest.len() > 8 {
        state = fold(state ^ read(rest), BLOCK);
        rest = &rest[8..];
    }
    finish(fold(state ^ read(rest), LAST))
}

/// [`word_hash`] of a word of `len` bytes that comes in blocks.
#[inline]
pub(crate) fn block_hash(len: usize, blocks: impl ExactSizeIterator<Item = u64>) -> u64 {
    let last = blocks.len().saturating_sub(1);
    let state = blocks.enumerate().fold(START ^ len as u64, |state, (at, block)| {
        fold(state ^ block, if at < last { BLOCK } else { LAST })
    });
    finish(state)
}

/// [`word_hash`] of a word of at most eight bytes that was read as a little-endian integer, zero-padded.
#[inline]
pub(crate) fn short_word_hash(block: u64, len: usize) -> u64 {
    finish(fold(START ^ len as u64 ^ block, LAST))
}

/// The first eight bytes as a little-endian integer, padded with zeros.
#[inline]
pub(crate) fn read(bytes: &[u8]) -> u64 {
    if let Some(block) = bytes.first_chunk() {
        return u64::from_le_bytes(*block);
    }
    // Two overlapping reads are quicker than a loop; where they overlap they agree.
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let last = u64::from(u32::from_le_bytes(*last)) << ((bytes.len() - 4) * 8);
        return u64::from(u32::from_le_bytes(*first)) | last;
    }
    match *bytes {
        [a, b, c] => u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0]),
        [a, b] => u64::from_le_bytes([a, b, 0, 0, 0, 0, 0, 0]),
        [a] => u64::from(a),
        _ => 0,
    }
}

/// The hashes of all runs of `n` neighbouring words, in order; none if there are fewer words or `n` is 0.
///
/// The hash of words `w[0]` to `w[n-1]` is the sum of `w[i] * r^(n-1-i)` modulo 2^64 with
/// `r = 0xbf58476d1ce4e5b5`, finished by the last step of [`word_hash`]. It depends on the order of the words.
pub fn ngrams(words: &[u64], n: usize) -> impl ExactSizeIterator<Item = u64> + '_ {
    let first = words.get(..n).unwrap_or_default();
    let mut rolled = first.iter().fold(0u64, |sum, word| sum.wrapping_mul(ROLL).wrapping_add(*word));
    let leaving_factor = ROLL.wrapping_pow(n as u32);
    let count = if n == 0 { 0 } else { (words.len() + 1).saturating_sub(n) };
    (0..count).map(move |at| {
        if at > 0 {
            let leaving = words[at - 1].wrapping_mul(leaving_factor);
            rolled = rolled.wrapping_mul(ROLL).wrapping_sub(leaving).wrapping_add(words[at + n - 1]);
        }
        finish(rolled)
    })
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[inline]
fn finish(hash: u64) -> u64 {
    let hash = (hash ^ hash >> 32).wrapping_mul(FINISH);
    hash ^ hash >> 29
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn the_hash_is_the_specified_one_for_ever() {
        let words = ["", "a", "the", "sentence", "sentences", "Wörter und mehr als sechzehn Bytes"];
        let hashes = words.map(|word| word_hash(word.as_bytes()));
        assert_eq!(hashes, WORDS, "{hashes:#x?}");
        let grams: Vec<u64> = ngrams(&hashes, 3).collect();
        assert_eq!(grams, GRAMS, "{grams:#x?}");
    }

    const WORDS: [u64; 6] = [
        0x6ee3_5af0_1afd_f202,
        0x224b_bded_cef6_0811,
        0x95dd_0981_8bff_b694,
        0xff5b_6db0_9b00_1c5b,
        0xba10_9adc_0ba5_ed68,
        0x7b68_b6ea_20ea_fc06,
    ];
    const GRAMS: [u64; 4] =
        [0x1203_7e3c_9c7c_141c, 0x849b_85b0_2aa3_5a18, 0xe77f_b1f8_e16f_0160, 0xc3e0_e6d5_f3fa_ab4b];

    #[test]
    fn each_bit_changes_half_of_the_hash() {
        for word in ["a", "word", "sentence", "twelve bytes", "a rather longer word"] {
            let hash = word_hash(word.as_bytes());
            let mut changed = [0u32; 64];
            let bits = word.len() * 8;
            for bit in 0..bits {
                let mut other = word.as_bytes().to_vec();
                other[bit / 8] ^= 1 << (bit % 8);
                let difference = hash ^ word_hash(&other);
                assert!((12..=52).contains(&difference.count_ones()), "{word} {bit}");
                (0..64).for_each(|at| changed[at] += (difference >> at & 1) as u32);
            }
            if bits >= 64 {
                let expected = bits as u32 / 2;
                assert!(
                    changed.iter().all(|&n| n.abs_diff(expected) < expected * 2 / 3),
                    "{word} {changed:?}"
                );
            }
        }
    }

    #[test]
    fn short_words_do_not_collide_even_in_half_of_the_hash_more_than_by_chance() {
        let letters = b'a'..=b'z';
        let words = letters.clone().flat_map(|a| letters.clone().map(move |b| (a, b)));
        let words: Vec<[u8; 4]> =
            words.clone().flat_map(|(a, b)| words.clone().map(move |(c, d)| [a, b, c, d])).collect();
        let all: HashSet<u64> = words.iter().map(|word| word_hash(word)).collect();
        assert_eq!(all.len(), words.len());
        for shift in [0, 32] {
            let half: HashSet<u32> = words.iter().map(|word| (word_hash(word) >> shift) as u32).collect();
            // 456,976 words in 2^32 places: 24 collisions are expected.
            assert!(words.len() - half.len() < 60, "{shift}: {}", words.len() - half.len());
        }
    }

    proptest! {
        #[test]
        fn rolled_hashes_are_those_of_each_sequence(words in prop::collection::vec(any::<u64>(), 0..20), n in 0usize..9) {
            let rolled: Vec<u64> = ngrams(&words, n).collect();
            let naive: Vec<u64> = match n {
                0 => Vec::new(),
                _ => words.windows(n).map(|window| {
                    finish(window.iter().fold(0u64, |sum, word| sum.wrapping_mul(ROLL).wrapping_add(*word)))
                }).collect(),
            };
            prop_assert_eq!(rolled, naive);
        }

        #[test]
        fn hashing_in_blocks_is_hashing(word in prop::collection::vec(any::<u8>(), 1..40)) {
            prop_assert_eq!(block_hash(word.len(), word.chunks(8).map(read)), word_hash(&word));
            if word.len() <= 8 {
                prop_assert_eq!(short_word_hash(read(&word), word.len()), word_hash(&word));
            }
        }
    }

    #[test]
    fn order_counts() {
        let [a, b, c] = ["a", "b", "c"].map(|word| word_hash(word.as_bytes()));
        let one = |words: [u64; 3]| ngrams(&words, 3).collect::<Vec<_>>();
        let all: HashSet<Vec<u64>> =
            [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]].map(one).into();
        assert_eq!(all.len(), 6);
    }
}
