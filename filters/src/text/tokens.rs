//! The words of a text.

use super::hash::word_hash;
use super::spacy::Spacy;
use super::{punctuation, python};
use crate::Words;
use unicode_segmentation::UnicodeSegmentation;

/// The words of one text, in order: flat arrays of equal length.
#[derive(Debug, Default)]
pub struct Tokens {
    columns: Columns,
    spacy: Spacy,
}

impl Tokens {
    /// Flag of a word with at least one letter ([`python::is_alpha`]).
    pub const ALPHA: u16 = 1;
    /// Flag of a word made of [`punctuation::in_set`] characters alone: datatrove's symbol.
    pub const SYMBOL: u16 = 2;
    /// The stop words of Gopher's quality filter (Rae et al. 2021, table A1); case matters.
    pub const STOP_WORDS: [&str; 8] = ["the", "be", "to", "of", "and", "that", "have", "with"];
    /// The flags from this bit on say which of [`Tokens::STOP_WORDS`] the word is, one bit each.
    pub const STOP_WORD_SHIFT: u32 = 8;

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.columns.len() == 0
    }

    /// The byte range of each word.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = (usize, usize)> + '_ {
        self.columns.spans.iter().map(|&(start, end)| (start as usize, end as usize))
    }

    /// The byte range of one word; the empty range past the last.
    pub fn span(&self, at: usize) -> (usize, usize) {
        self.columns.spans.get(at).map_or((0, 0), |&(start, end)| (start as usize, end as usize))
    }

    /// The length of each word in code points.
    pub fn char_lengths(&self) -> &[u32] {
        &self.columns.chars
    }

    /// The [`word_hash`] of each word; equal words have equal hashes.
    pub fn hashes(&self) -> &[u64] {
        &self.columns.hashes
    }

    /// What kind of word each is: [`Tokens::ALPHA`], [`Tokens::SYMBOL`] and, from [`Tokens::STOP_WORD_SHIFT`] on,
    /// one bit for each stop word. The union of all flags shifted right by it has a bit set for every distinct stop
    /// word of the text.
    pub fn flags(&self) -> &[u16] {
        &self.columns.flags
    }

    /// Replaces the content by the words of `text`.
    pub(crate) fn fill(&mut self, text: &str, words: Words) {
        self.columns.clear();
        match words {
            Words::SpacyEn => self.spacy.fill(text, &mut self.columns),
            Words::Uax29 => {
                text.unicode_word_indices().for_each(|(start, word)| self.columns.push_word(start, word))
            }
        }
    }
}

/// The arrays.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) spans: Vec<(u32, u32)>,
    pub(super) chars: Vec<u32>,
    pub(super) hashes: Vec<u64>,
    pub(super) flags: Vec<u16>,
}

impl Columns {
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.chars.clear();
        self.hashes.clear();
        self.flags.clear();
    }

    /// Drops all words but the first `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.spans.truncate(len);
        self.chars.truncate(len);
        self.hashes.truncate(len);
        self.flags.truncate(len);
    }

    /// Appends a word about which everything is known.
    #[inline]
    pub(super) fn push(&mut self, start: usize, end: usize, chars: u32, hash: u64, flags: u16) {
        self.spans.push((start as u32, end as u32));
        self.chars.push(chars);
        self.hashes.push(hash);
        self.flags.push(flags);
    }

    /// Appends a word that stands at `start`.
    pub(super) fn push_word(&mut self, start: usize, word: &str) {
        self.push_hashed(start, word, word_hash(word.as_bytes()));
    }

    /// Appends a word that stands at `start` and whose [`word_hash`] is known.
    pub(super) fn push_hashed(&mut self, start: usize, word: &str, hash: u64) {
        let chars = word.chars().count() as u32;
        self.push(start, start + word.len(), chars, hash, flags_of(word));
    }

    /// Appends the words from `first` up to `last` of `other`.
    pub(super) fn extend_from(&mut self, other: &Self, first: usize, last: usize) {
        self.spans.extend_from_slice(&other.spans[first..last]);
        self.chars.extend_from_slice(&other.chars[first..last]);
        self.hashes.extend_from_slice(&other.hashes[first..last]);
        self.flags.extend_from_slice(&other.flags[first..last]);
    }
}

/// The flags of a word.
pub(super) fn flags_of(word: &str) -> u16 {
    let mut flags = Tokens::SYMBOL;
    for c in word.chars() {
        if !punctuation::in_set(c) {
            flags &= !Tokens::SYMBOL;
            if python::is_alpha(c) {
                flags |= Tokens::ALPHA;
                break;
            }
        }
    }
    let stop = Tokens::STOP_WORDS.iter().position(|stop| *stop == word);
    flags | stop.map_or(0, |index| 1 << (Tokens::STOP_WORD_SHIFT + index as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_by_unicode_hold_a_letter_or_digit() {
        let mut tokens = Tokens::default();
        let text = "Don't “panic”, it's 3.5 km… né?";
        tokens.fill(text, Words::Uax29);
        let words: Vec<&str> = tokens.spans().map(|(start, end)| &text[start..end]).collect();
        assert_eq!(words, ["Don't", "panic", "it's", "3.5", "km", "né"]);
        assert_eq!(tokens.char_lengths(), [5, 5, 4, 3, 2, 2]);
        assert_eq!(tokens.flags()[3], 0);
    }

    #[test]
    fn flags_tell_letters_symbols_and_stop_words() {
        assert_eq!(["word", "…", "—!", "•", "3rd", "42"].map(flags_of), [1, 2, 2, 0, 1, 0]);
        let stop_words = Tokens::STOP_WORDS.map(flags_of).iter().fold(0, |union, flags| union | flags);
        assert_eq!(stop_words, 0xff01);
        assert_eq!(flags_of("The"), Tokens::ALPHA);
    }
}
