//! Finds the terms of packs in a text: sequences of words, compared word by word.
//!
//! A word is a longest run of letters, digits and combining marks, so boundaries hold by construction; between two
//! words of a term may stand up to [`GAP_CHARS_MAX`] other characters, so that hyphens, line breaks and brackets do
//! not matter, but not the end of a sentence.
//! One look at a word's ends and length rejects nearly every word; only the rest is hashed. Matching is a pure
//! function of text and packs. Equal hashes are taken for equal words: 64 bits, collisions are not checked.

use super::{Case, Pack};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
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

    fn add(
        &mut self,
        pack: usize,
        label: &Arc<str>,
        category: &str,
        case: Case,
        term: &str,
        folded: &mut String,
    ) {
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
            let whole =
                |&term: &usize| self.matches(text, (start, end), term, &mut folded).map(|end| (term, end));
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
        // by way of upper case, where the two small sigmas meet, and of lower case before, where both sharp s do
        let upper = word.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase);
        buffer.extend(upper.flat_map(char::to_lowercase));
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
#[inline]
fn next_word(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut start = from;
    loop {
        start += leading(bytes, start, Run::AsciiGap);
        if bytes.get(start)?.is_ascii() {
            break;
        }
        match word_char_at(text, start) {
            (true, _) => break,
            (false, len) => start += len,
        }
    }
    let mut end = start;
    loop {
        end += leading(bytes, end, Run::AsciiWord);
        match bytes.get(end) {
            Some(byte) if !byte.is_ascii() => match word_char_at(text, end) {
                (true, len) => end += len,
                (false, _) => return Some((start, end)),
            },
            _ => return Some((start, end)),
        }
    }
}

/// A run of bytes of one kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    /// Letters and digits.
    AsciiWord,
    /// All other ASCII.
    AsciiGap,
}

/// How many bytes of this kind stand at `at`. Most runs end within eight bytes, which are looked at as one number:
/// a branch for every byte would be mispredicted at the end of nearly every word.
#[inline]
fn leading(bytes: &[u8], at: usize, run: Run) -> usize {
    let mut len = 0;
    while let Some(block) = bytes.get(at + len..).and_then(<[u8]>::first_chunk) {
        let block = u64::from_le_bytes(*block);
        let word = ascii_alphanumerics(block);
        let others = if run == Run::AsciiWord { word ^ HIGH_BITS } else { word | (block & HIGH_BITS) };
        match others.trailing_zeros() / 8 {
            8 => len += 8,
            few => return len + few as usize,
        }
    }
    let rest = bytes.get(at + len..).unwrap_or_default();
    let same = |byte: &&u8| byte.is_ascii() && byte.is_ascii_alphanumeric() == (run == Run::AsciiWord);
    len + rest.iter().take_while(same).count()
}

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The high bit of each of the eight bytes that is an ASCII letter or digit.
#[inline]
fn ascii_alphanumerics(block: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // adding to seven bits carries into the eighth exactly when the byte reaches the bound
    let reaches = |bytes: u64, bound: u8| bytes + ONES * u64::from(0x80 - bound);
    let (plain, lower) = (block & !HIGH_BITS, (block | (ONES * 0x20)) & !HIGH_BITS);
    let letters = reaches(lower, b'a') & !reaches(lower, b'z' + 1);
    let digits = reaches(plain, b'0') & !reaches(plain, b'9' + 1);
    (letters | digits) & !block & HIGH_BITS
}

/// Whether the character at a byte belongs to a word, and its length.
fn word_char_at(text: &str, at: usize) -> (bool, usize) {
    text[at..].chars().next().map_or((false, 1), |c| (is_word_char(c), c.len_utf8()))
}

/// One bit for every code point up to U+FFFF: asking the standard library costs several times as much.
static WORD_CHARS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut bits = vec![0u64; 0x1_0000 / 64];
    for c in ('\0'..='\u{ffff}').filter(|&c| defines_word_char(c)) {
        bits[c as usize / 64] |= 1 << (c as usize % 64);
    }
    bits
});

fn is_word_char(c: char) -> bool {
    match WORD_CHARS.get(c as usize / 64) {
        Some(bits) => bits >> (c as usize % 64) & 1 == 1,
        None => defines_word_char(c),
    }
}

/// Letters and digits; a combining mark belongs to the letter it stands on.
fn defines_word_char(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}
