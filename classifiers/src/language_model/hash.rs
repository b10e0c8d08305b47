//! The two hashes of KenLM's probing format: of a word's bytes, and of an n-gram's word ids.

/// MurmurHash64A with seed 0 (Austin Appleby, public domain): the key of a word in the vocabulary.
pub(super) fn word_key(word: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;
    const SHIFT: u32 = 47;
    let mut hash = (word.len() as u64).wrapping_mul(MULTIPLIER);
    let (blocks, tail) = word.as_chunks::<8>();
    for block in blocks {
        let mut mixed = u64::from_le_bytes(*block).wrapping_mul(MULTIPLIER);
        mixed ^= mixed >> SHIFT;
        hash = (hash ^ mixed.wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER);
    }
    if !tail.is_empty() {
        let rest = tail.iter().rev().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
        hash = (hash ^ rest).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ hash >> SHIFT).wrapping_mul(MULTIPLIER);
    hash ^ hash >> SHIFT
}

/// The key of an n-gram that is one word longer to the left: KenLM's `CombineWordHash`. The key of a single word is its
/// id.
pub(super) fn extended_key(key: u64, word: u32) -> u64 {
    let word = u64::from(word.wrapping_add(1));
    key.wrapping_mul(8_978_948_897_894_561_157) ^ word.wrapping_mul(17_894_857_484_156_487_943)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_words_is_murmurs() {
        // by another implementation
        assert_eq!(word_key(b""), 0);
        assert_eq!(word_key(b"</s>"), 7773339941609106442);
        assert_eq!(word_key(b"eight by"), 1054536267013781730);
        assert_eq!(word_key(b"a longer word"), 9833537078003962780);
    }
}
