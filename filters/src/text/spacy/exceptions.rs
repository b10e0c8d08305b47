//! The chunks spaCy splits by table instead of by rule.

use crate::text::hash::word_hash;
use std::sync::LazyLock;

const SLOTS: usize = 4096;
const SHAPES: usize = 8192;

/// The exceptions of spaCy's English tokenizer.
pub(super) static EXCEPTIONS: LazyLock<Exceptions> =
    LazyLock::new(|| Exceptions::parse(include_str!("../../../data/spacy-en-exceptions.tsv")));

/// One exception: a chunk and where its tokens end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exception {
    pub(super) chunk: String,
    pub(super) ends: Vec<usize>,
}

/// A set of exceptions, found by chunk.
pub(super) struct Exceptions {
    entries: Vec<Exception>,
    /// One more than the position in `entries`, 0 where a slot is free; linear probing.
    slots: Vec<u16>,
    /// Which combinations of first byte, last byte and length there are.
    shapes: Vec<u64>,
    /// The length of the longest. A chunk that loses its affixes one by one asks each time, and hashing all of a long
    /// one each time would take the square of its length.
    bytes_max: usize,
}

impl Exceptions {
    /// Reads one exception a line: its tokens, separated by tabs.
    fn parse(data: &str) -> Self {
        let mut exceptions =
            Self { entries: Vec::new(), slots: vec![0; SLOTS], shapes: vec![0; SHAPES / 64], bytes_max: 0 };
        for line in data.lines().filter(|line| !line.starts_with("# ")) {
            let mut exception = Exception { chunk: String::new(), ends: Vec::new() };
            for token in line.split('\t') {
                exception.chunk.push_str(token);
                exception.ends.push(exception.chunk.len());
            }
            exceptions.insert(exception);
        }
        exceptions
    }

    fn insert(&mut self, exception: Exception) {
        if self.entries.len() + 1 >= SLOTS {
            return;
        }
        let mut slot = word_hash(exception.chunk.as_bytes()) as usize % SLOTS;
        while self.slots[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        self.bytes_max = self.bytes_max.max(exception.chunk.len());
        let shape = shape(&exception.chunk);
        self.shapes[shape >> 6] |= 1 << (shape & 63);
        self.entries.push(exception);
        self.slots[slot] = self.entries.len() as u16;
    }

    /// The exception for this chunk, if there is one.
    pub(super) fn get(&self, chunk: &str) -> Option<&Exception> {
        if chunk.len() > self.bytes_max {
            return None;
        }
        let shape = shape(chunk);
        if self.shapes[shape >> 6] >> (shape & 63) & 1 == 0 {
            return None;
        }
        let mut slot = word_hash(chunk.as_bytes()) as usize % SLOTS;
        loop {
            let entry = self.entries.get(usize::from(self.slots[slot]).checked_sub(1)?)?;
            if entry.chunk == chunk {
                return Some(entry);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// All exceptions.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Exception> {
        self.entries.iter()
    }
}

/// A cheap mix of first byte, last byte and length; long chunks are no exceptions and have the shape of length 31.
#[inline]
fn shape(chunk: &str) -> usize {
    let bytes = chunk.as_bytes();
    let [first, last] = [bytes.first(), bytes.last()].map(|byte| byte.copied().map_or(0, usize::from));
    (first * 37 + last * 1151 + bytes.len().min(31) * 4099) % SHAPES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_there_and_found() {
        assert_eq!(EXCEPTIONS.iter().count(), 1343);
        for exception in EXCEPTIONS.iter() {
            assert_eq!(EXCEPTIONS.get(&exception.chunk), Some(exception));
            assert_eq!(exception.ends.last(), Some(&exception.chunk.len()));
        }
        assert_eq!(EXCEPTIONS.get("cannot").map(|e| e.ends.as_slice()), Some([3, 6].as_slice()));
        assert_eq!(EXCEPTIONS.get("nothing"), None);
        assert_eq!(EXCEPTIONS.get(&"x".repeat(100)), None);
    }
}
