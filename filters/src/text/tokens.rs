//! The words of a text.

use crate::Words;
use xxhash_rust::xxh3::xxh3_64;

/// The words of one text, in order: flat arrays of equal length.
#[derive(Debug, Default)]
pub struct Tokens {
    starts: Vec<u32>,
    ends: Vec<u32>,
    chars: Vec<u32>,
    hashes: Vec<u64>,
}

impl Tokens {
    /// How many words there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The byte range of each word.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = (usize, usize)> + '_ {
        self.starts.iter().zip(&self.ends).map(|(&start, &end)| (start as usize, end as usize))
    }

    /// The length of each word in code points.
    pub fn char_lengths(&self) -> &[u32] {
        &self.chars
    }

    /// A 64-bit hash of each word; equal words have equal hashes.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Replaces the content by the words of `text`.
    pub(crate) fn fill(&mut self, text: &str, _words: Words) {
        self.starts.clear();
        self.ends.clear();
        self.chars.clear();
        self.hashes.clear();
        for word in text.split_whitespace() {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            self.starts.push(start as u32);
            self.ends.push((start + word.len()) as u32);
            self.chars.push(word.chars().count() as u32);
            self.hashes.push(xxh3_64(word.as_bytes()));
        }
    }
}
