//! Finds the terms of packs in a text: sequences of words, compared word by word.
//!
//! A word is a longest run of letters, digits and combining marks, so boundaries hold by construction; between two
//! words of a term may stand up to [`GAP_CHARS_MAX`] other characters, so that hyphens, line breaks and brackets do
//! not matter, but not the end of a sentence.
//! One look at a word's ends and length rejects nearly every word; only the rest is hashed. Matching is a pure
//! function of text and packs. Equal hashes are taken for equal words: 64 bits, collisions are not checked.

use super::{Case, Pack};
use std::collections::HashMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Most characters between two words of a term: "foot- and-mouth", "mustard\n> gas".
pub const GAP_CHARS_MAX: usize = 3;

/// One found term, in bytes of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Which term: terms of all packs are counted through.
    pub term: usize,
}

/// The hash of a word of a term, folded or as written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Folded(u64),
    Exact(u64),
}

struct Term {
    pack: usize,
    /// `pack/category`.
    label: Arc<str>,
    category: String,
    words: Vec<Word>,
}

/// The terms of several packs, ready for matching.
pub struct Matcher {
    terms: Vec<Term>,
    /// Terms by the hash of their folded first word, longest first.
    by_first: HashMap<u64, Vec<usize>>,
    /// One bit for every [`sketch`] of a first word.
    sketches: Vec<u64>,
}

impl Matcher {
    /// Compiles packs.
    pub fn new<'p>(packs: impl IntoIterator<Item = &'p Pack>) -> Self {
        let mut matcher =
            Self { terms: Vec::new(), by_first: HashMap::new(), sketches: vec![0; (SKETCH_MASK + 1) / 64] };
        let mut folded = String::new();
        for (at, pack) in packs.into_iter().enumerate() {
            for group in &pack.groups {
                let label: Arc<str> = format!("{}/{}", pack.id, group.category).into();
                for term in &group.terms {
                    matcher.add(at, &label, &group.category, group.case, term, &mut folded);
                }
            }
        }
        let terms = &matcher.terms;
        for candidates in matcher.by_first.values_mut() {
            candidates.sort_by_key(|&term| (std::cmp::Reverse(terms[term].words.len()), term));
        }
        matcher
    }

    fn add(&mut self, pack: usize, label: &Arc<str>, category: &str, case: Case, term: &str, folded: &mut String) {
        let mut parts = words(term).map(|(start, end)| &term[start..end]);
        let Some(first) = parts.next() else { return };
        let mut hashed = |word: &str| match case {
            Case::Fold => Word::Folded(fold(word, folded)),
            Case::Exact => Word::Exact(xxh3_64(word.as_bytes())),
        };
        let words = std::iter::once(first).chain(parts).map(&mut hashed).collect();
        let sketch = sketch(first.as_bytes());
        self.sketches[sketch / 64] |= 1 << (sketch % 64);
        self.by_first.entry(fold(first, folded)).or_default().push(self.terms.len());
        self.terms.push(Term { pack, label: label.clone(), category: category.to_string(), words });
    }

    /// How many terms there are.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The position of the term's pack.
    pub fn pack(&self, term: usize) -> usize {
        self.terms[term].pack
    }

    /// The term's `pack/category`.
    pub fn label(&self, term: usize) -> &Arc<str> {
        &self.terms[term].label
    }

    /// The term's category.
    pub fn category(&self, term: usize) -> &str {
        &self.terms[term].category
    }

    /// Calls `found` for every term in the text, from left to right: the longest term at a word, the first listed
    /// among equally long ones; a found term uses up its words.
    pub fn find(&self, text: &str, mut found: impl FnMut(Hit)) {
        let mut folded = String::new();
        let mut at = 0;
        while let Some((start, end)) = next_word(text, at) {
            at = end;
            let sketch = sketch(&text.as_bytes()[start..end]);
            if self.sketches[sketch / 64] & (1 << (sketch % 64)) == 0 {
                continue;
            }
            let Some(candidates) = self.by_first.get(&fold(&text[start..end], &mut folded)) else { continue };
            let whole = |&term: &usize| self.matches(text, (start, end), term, &mut folded).map(|end| (term, end));
            if let Some((term, end)) = candidates.iter().find_map(whole) {
                found(Hit { start, end, term });
                at = end;
            }
        }
    }

    /// Where the term ends, if its words stand here.
    fn matches(&self, text: &str, first: (usize, usize), term: usize, folded: &mut String) -> Option<usize> {
        let mut word = first;
        for (nth, expected) in self.terms[term].words.iter().enumerate() {
            if nth > 0 {
                let before = word.1;
                word = next_word(text, before)?;
                if !joins(&text[before..word.0]) {
                    return None;
                }
            }
            let here = &text[word.0..word.1];
            let same = match *expected {
                Word::Folded(hash) => fold(here, folded) == hash,
                Word::Exact(hash) => xxh3_64(here.as_bytes()) == hash,
            };
            if !same {
                return None;
            }
        }
        Some(word.1)
    }
}

/// Bits of a [`sketch`].
const SKETCH_MASK: usize = (1 << 15) - 1;

/// A few bits of an ASCII word that folding leaves alone. All other words share one sketch, so that a term
/// written in ASCII is found only in words written in ASCII.
fn sketch(word: &[u8]) -> usize {
    if !word.is_ascii() {
        return 0;
    }
    let folded = |at: usize| usize::from(word[at] & 0x1f);
    let (first, middle, last) = (folded(0), folded(word.len() / 2), folded(word.len() - 1));
    (first | (middle << 5) | (last << 10)) ^ ((word.len().min(31) << 3) & SKETCH_MASK)
}

/// Whether a term may go on after this gap: it is short, and no sentence ends in it.
fn joins(gap: &str) -> bool {
    let mut stop = false;
    for (nth, c) in gap.chars().enumerate() {
        if nth >= GAP_CHARS_MAX || (stop && c.is_whitespace()) {
            return false;
        }
        stop = matches!(c, '.' | '!' | '?');
    }
    true
}

/// The hash of a word without regard to case.
fn fold(word: &str, buffer: &mut String) -> u64 {
    buffer.clear();
    if word.is_ascii() {
        buffer.push_str(word);
        buffer.make_ascii_lowercase();
    } else {
        // upper case first: it is there that ß meets SS and the final sigma meets the other one
        buffer.extend(word.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    }
    xxh3_64(buffer.as_bytes())
}

/// The byte ranges of the words of a text.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let word = next_word(text, at)?;
        at = word.1;
        Some(word)
    })
}

/// The first word at or after the byte `from`, which is a character boundary.
fn next_word(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut start = from;
    loop {
        match *bytes.get(start)? {
            byte if byte.is_ascii_alphanumeric() => break,
            byte if byte.is_ascii() => start += 1,
            _ => {
                let c = text[start..].chars().next()?;
                if is_word_char(c) {
                    break;
                }
                start += c.len_utf8();
            }
        }
    }
    let mut end = start;
    while let Some(&byte) = bytes.get(end) {
        if byte.is_ascii_alphanumeric() {
            end += 1;
        } else if byte.is_ascii() {
            break;
        } else {
            match text[end..].chars().next() {
                Some(c) if is_word_char(c) => end += c.len_utf8(),
                _ => break,
            }
        }
    }
    Some((start, end))
}

/// Letters and digits; a combining mark belongs to the letter it stands on.
fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}
