//! The words of the simplified text, for near-duplicate detection.

use xxhash_rust::xxh3::xxh3_64;

/// The hashed words of one simplified text, in order.
#[derive(Debug, Default)]
pub struct Shingles {
    words: Vec<u64>,
}

impl Shingles {
    /// A 64-bit hash of each word of the simplified text.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    pub(crate) fn fill(&mut self, text: &str) {
        self.words.clear();
        self.words.extend(text.split_whitespace().map(|word| xxh3_64(word.as_bytes())));
    }
}
