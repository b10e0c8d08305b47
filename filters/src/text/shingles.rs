//! The words of the simplified text, for near-duplicate detection.
//!
//! The simplified text itself is not made: words of ASCII letters and digits are hashed where they stand, and only
//! chunks that hold a character beyond ASCII which is neither a space nor punctuation are rewritten first.

use super::hash::{self, word_hash};
use super::simplify::{Simplifier, number_end};
use super::{ascii, punctuation, python};

/// The hashed words of one simplified text, in order.
#[derive(Debug, Default)]
pub struct Shingles {
    words: Vec<u64>,
    mixed: Vec<u8>,
    simplifier: Simplifier,
}

impl Shingles {
    /// The [`word_hash`] of each word of [`simplify_text`](super::simplify_text), split at white space.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The hashes of all runs of `n` neighbouring words, in order; none if there are fewer than `n` words.
    pub fn ngrams(&self, n: usize) -> impl ExactSizeIterator<Item = u64> + '_ {
        hash::ngrams(&self.words, n)
    }

    /// Replaces the content by the words of `text`.
    pub(crate) fn fill(&mut self, text: &str) {
        self.words.clear();
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut chunk = Chunk { start: 0, words: 0 };
        while let Some(&byte) = bytes.get(at) {
            if byte.is_ascii_alphanumeric() {
                at = self.word(bytes, at);
            } else if ascii::is_space(byte) {
                at += 1;
                chunk = Chunk { start: at, words: self.words.len() };
            } else if byte.is_ascii() {
                at += 1;
            } else {
                at = self.beyond_ascii(text, at, &mut chunk);
            }
        }
    }

    /// Adds the word of ASCII letters and digits at `at` and returns its end.
    #[inline]
    fn word(&mut self, bytes: &[u8], at: usize) -> usize {
        let (len, hash) = ascii::lower_letters(bytes, at);
        if bytes.get(at + len).is_some_and(u8::is_ascii_digit) {
            return self.mixed_word(bytes, at);
        }
        self.words.push(hash);
        at + len
    }

    /// Adds a word with digits.
    fn mixed_word(&mut self, bytes: &[u8], at: usize) -> usize {
        self.mixed.clear();
        let mut end = at;
        while let Some(byte) = bytes.get(end).filter(|byte| byte.is_ascii_alphanumeric()) {
            if byte.is_ascii_digit() {
                self.mixed.push(b'0');
                end = number_end(bytes, end);
            } else {
                self.mixed.push(byte.to_ascii_lowercase());
                end += 1;
            }
        }
        self.words.push(word_hash(&self.mixed));
        end
    }

    /// Goes past a space or a punctuation mark; anything else makes the whole chunk be simplified.
    fn beyond_ascii(&mut self, text: &str, at: usize, chunk: &mut Chunk) -> usize {
        let Some(c) = text[at..].chars().next() else { return text.len() };
        let next = at + c.len_utf8();
        if python::is_space(c) {
            *chunk = Chunk { start: next, words: self.words.len() };
            return next;
        }
        // The full-width one counts as a mark, but numbers are replaced first.
        if punctuation::is_punctuation(c) && !python::is_decimal(c) {
            return next;
        }
        let end = text[next..].find(python::is_space).map_or(text.len(), |length| next + length);
        self.words.truncate(chunk.words);
        let words = &mut self.words;
        self.simplifier.words(&text[chunk.start..end], |word| words.push(word_hash(word.as_bytes())));
        end
    }
}

/// A piece of text between white space: where it starts and how many words there were before it.
struct Chunk {
    start: usize,
    words: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::simplify_text;
    use proptest::prelude::*;

    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "[a-zA-Z]{1,12}",
            2 => "[0-9.,]{1,5}",
            2 => "[ \\t\\n\u{1c}\u{85}\u{a0}\u{2003}]{1,2}",
            1 => "[!-/:-@_‘’“”—…、。]{1,2}",
            2 => "[ΣσςİßéÅ٣٫،１²世が\u{301}\u{302e}\u{302f}𝅗𝅥\u{1d15e}]{1,3}",
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn the_words_are_those_of_the_simplified_text(text in texts(), other in texts()) {
            let mut shingles = Shingles::default();
            shingles.fill(&other);
            shingles.fill(&text);
            let simple = simplify_text(&text);
            let expected: Vec<u64> = python::split_words(&simple).map(|word| word_hash(word.as_bytes())).collect();
            prop_assert_eq!(shingles.words(), expected, "{:?}", simple);
        }
    }

    #[test]
    fn the_same_words_in_another_dress() {
        let mut one = Shingles::default();
        let mut other = Shingles::default();
        one.fill("The  CAFÉ (2019) isn’t 3.5 km away!");
        other.fill("the cafe 7 isn t 0 km away");
        assert_eq!(one.words(), other.words());
        assert_eq!(one.ngrams(5).len(), 4);
    }
}
