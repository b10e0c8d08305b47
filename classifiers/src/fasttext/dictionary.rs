//! The words and labels of a model (`dictionary.cc`). Words stay in the file's bytes.

use super::ModelError;
use super::ngrams::{Kept, hash};
use super::reader::Reader;

/// What fastText puts before a label's name in training files; the file stores it with the label.
pub(super) const LABEL_PREFIX: &str = "__label__";
/// An entry takes at least this much of the file: an empty word's NUL, its count, its type.
const ENTRY_BYTES: u64 = 10;
const EMPTY: u32 = u32::MAX;

/// Words, labels and what pruning left of the n-grams.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// How many of the entries are words; labels follow.
    pub(super) words: usize,
    pub(super) labels: Vec<String>,
    /// How often each label occurred in training: hierarchical softmax builds its tree from it.
    pub(super) label_counts: Vec<i64>,
    pub(super) kept: Kept,
    pub(super) pruned: bool,
    /// The entries by their hash, with open addressing.
    table: Vec<Place>,
}

/// An entry's hash and number, and where in the file its bytes start; a NUL ends them.
#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    entry: u32,
    start: usize,
}

struct Counts {
    size: u64,
    words: u64,
    labels: u64,
}

impl Dictionary {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ModelError> {
        let counts = Counts::read(reader)?;
        reader.i64("the dictionary")?; // tokens seen in training
        let pruned = reader.i64("the dictionary")?;
        if u128::from(counts.size) * u128::from(ENTRY_BYTES) > reader.left() as u128 {
            let needed = counts.size.saturating_mul(ENTRY_BYTES);
            return Err(ModelError::Truncated { what: "the dictionary", needed, left: reader.left() as u64 });
        }
        let places = (counts.size as usize * 2).next_power_of_two().max(2);
        let mut dictionary = Self {
            words: counts.words as usize,
            labels: Vec::with_capacity(counts.labels as usize),
            label_counts: Vec::with_capacity(counts.labels as usize),
            kept: Kept::All,
            pruned: pruned >= 0,
            table: vec![Place { hash: 0, entry: EMPTY, start: 0 }; places],
        };
        dictionary.read_entries(reader, counts.size as usize)?;
        dictionary.kept = Kept::read(reader, pruned)?;
        Ok(dictionary)
    }

    fn read_entries(&mut self, reader: &mut Reader<'_>, size: usize) -> Result<(), ModelError> {
        for entry in 0..size {
            let start = reader.at();
            let word = reader.string("the dictionary")?;
            let count = reader.i64("the dictionary")?;
            let found = reader.u8("the dictionary")?;
            let expected = u8::from(entry >= self.words);
            if found != expected {
                return Err(ModelError::EntryType { entry, found, expected });
            }
            if entry >= self.words {
                self.add_label(word, count)?;
            }
            let hash = hash(word);
            let place = self.place(reader.bytes(), word, hash);
            // of equal words fastText finds the last
            self.table[place] = Place { hash, entry: entry as u32, start };
        }
        Ok(())
    }

    fn add_label(&mut self, word: &[u8], count: i64) -> Result<(), ModelError> {
        let label = self.labels.len();
        let name = str::from_utf8(word).map_err(|_| ModelError::LabelName { label })?;
        self.labels.push(name.strip_prefix(LABEL_PREFIX).unwrap_or(name).to_owned());
        self.label_counts.push(count);
        Ok(())
    }

    /// Where a word is in the table, or the empty place where it would be.
    fn place(&self, bytes: &[u8], word: &[u8], hash: u32) -> usize {
        let mut at = hash as usize & (self.table.len() - 1);
        loop {
            let place = self.table[at];
            if place.entry == EMPTY || place.hash == hash && starts_with_string(bytes, place.start, word) {
                return at;
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    /// The number of a word or label, given its hash; `bytes` are the file's.
    pub(super) fn find(&self, bytes: &[u8], word: &[u8], hash: u32) -> Option<u32> {
        let place = self.table[self.place(bytes, word, hash)];
        (place.entry != EMPTY).then_some(place.entry)
    }
}

/// Whether the NUL-terminated string at `start` is `word`, which holds no NUL.
fn starts_with_string(bytes: &[u8], start: usize, word: &[u8]) -> bool {
    let end = start + word.len();
    bytes.get(start..end) == Some(word) && bytes.get(end) == Some(&0)
}

impl Counts {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ModelError> {
        let mut count = |field| {
            let value = reader.i32("the dictionary")?;
            let expected = "must not be negative";
            u64::try_from(value).map_err(|_| ModelError::Header { field, value: value.into(), expected })
        };
        let counts = Self {
            size: count("the size of the dictionary")?,
            words: count("the number of words")?,
            labels: count("the number of labels")?,
        };
        if counts.labels == 0 {
            let expected = "a classifier needs at least 1";
            return Err(ModelError::Header { field: "the number of labels", value: 0, expected });
        }
        if counts.words + counts.labels != counts.size {
            let value = counts.size as i64;
            let expected = "must be the words and the labels together";
            return Err(ModelError::Header { field: "the size of the dictionary", value, expected });
        }
        Ok(counts)
    }
}
