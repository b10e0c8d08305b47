//! ASCII text, eight bytes at a time.

use super::hash::{block_hash, read, short_word_hash, word_hash};

const HIGH: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;
/// What makes ASCII letters lower-case.
const CASE: u64 = ONES * 0x20;

/// Whether Python takes the byte for white space.
#[inline]
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | 0x1c..=b' ')
}

/// The bytes from `at`, as [`read`] reads them.
#[inline]
pub(super) fn block(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..at + 8) {
        Some(block) => read(block),
        None => read(bytes.get(at..).unwrap_or_default()),
    }
}

/// The first `len` (at most 7) bytes of a block.
#[inline]
pub(super) fn first_bytes(block: u64, len: usize) -> u64 {
    block & ((1 << (len * 8)) - 1)
}

/// How many ASCII letters the block begins with.
#[inline]
pub(super) fn leading_letters(block: u64) -> usize {
    let lower = block | CASE;
    let low_bits = lower & !HIGH;
    let from_a = low_bits + ONES * (0x80 - b'a' as u64);
    let past_z = low_bits + ONES * (0x7f - b'z' as u64);
    let others = !(from_a & !past_z & !block) & HIGH;
    (others.trailing_zeros() / 8) as usize
}

/// The length and the hash of the run of ASCII letters at `at`.
#[inline]
pub(super) fn letters(bytes: &[u8], at: usize) -> (usize, u64) {
    let first = block(bytes, at);
    let len = leading_letters(first);
    if len < 8 { (len, short_word_hash(first_bytes(first, len), len)) } else { long_letters(bytes, at) }
}

/// The length of the run of ASCII letters at `at` and the hash of its lower-case form.
#[inline]
pub(super) fn lower_letters(bytes: &[u8], at: usize) -> (usize, u64) {
    let first = block(bytes, at);
    let len = leading_letters(first);
    if len < 8 {
        (len, short_word_hash(first_bytes(first | CASE, len), len))
    } else {
        long_lower_letters(bytes, at)
    }
}

fn long_lower_letters(bytes: &[u8], at: usize) -> (usize, u64) {
    let (len, _) = long_letters(bytes, at);
    let blocks = bytes[at..at + len].chunks(8).map(|block| {
        let lower = read(block) | CASE;
        if block.len() < 8 { first_bytes(lower, block.len()) } else { lower }
    });
    (len, block_hash(len, blocks))
}

fn long_letters(bytes: &[u8], at: usize) -> (usize, u64) {
    let mut len = 8;
    loop {
        let more = leading_letters(block(bytes, at + len));
        len += more;
        if more < 8 {
            return (len, word_hash(&bytes[at..at + len]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn letters_are_counted_as_one_by_one(bytes in prop::collection::vec(prop_oneof![3 => b'A'..=b'z', 1 => any::<u8>()], 0..40)) {
            let len = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            prop_assert_eq!(letters(&bytes, 0), (len, word_hash(&bytes[..len])));
            prop_assert_eq!(lower_letters(&bytes, 0), (len, word_hash(&bytes[..len].to_ascii_lowercase())));
        }
    }

    #[test]
    fn every_byte_is_a_letter_or_not_in_every_place() {
        for byte in 0..=255u8 {
            for place in 0..8 {
                let mut block = [b'q'; 8];
                block[place] = byte;
                let expected = if byte.is_ascii_alphabetic() { 8 } else { place };
                assert_eq!(leading_letters(u64::from_le_bytes(block)), expected, "{byte} at {place}");
            }
        }
    }
}
