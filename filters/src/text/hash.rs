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
/// With `fold(a, b)` the exclusive or of the two halves of the 128-bit product: the state starts as [`START`] xor
/// the length in bytes. Each block of eight bytes but the last, read as a little-endian integer, makes the state
/// `fold(state ^ block, BLOCK)`; the last block (one to eight bytes, zero-padded; zero for the empty word) makes it
/// `fold(state ^ block, LAST)`. The hash is that, with `x ^= x >> 32; x *= FINISH; x ^= x >> 29`.
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
    match bytes.first_chunk() {
        Some(block) => u64::from_le_bytes(*block),
        None => bytes.iter().rev().fold(0, |block, &byte| block << 8 | u64::from(byte)),
    }
}

/// The hashes of all runs of `n` neighbouring words, in order; none if there are fewer words or `n` is 0.
///
/// The hash of words `w[0]` to `w[n-1]` is the sum of `w[i] * ROLL^(n-1-i)` modulo 2^64, finished like a word's
/// hash. It depends on the order of the words.
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
