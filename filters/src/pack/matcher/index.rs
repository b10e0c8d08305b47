//! The terms of all packs, by the words they begin with.

use super::normal;
use super::tokens::{Token, Tokens, is_lengthened, squeeze};
use super::words::{fold, next_word, words};
use crate::pack::Case;
use std::collections::HashMap;

/// A term in one spelling, as a text without disguise has it.
pub(super) struct Written {
    pub term: usize,
    /// Folded, or as they are where case counts.
    pub words: Vec<Box<str>>,
    pub case: Case,
}

/// A term in one spelling, in normal form.
pub(super) struct Disguised {
    pub term: usize,
    words: Vec<(Box<str>, Box<str>)>,
}

impl Disguised {
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether the token may be the term's word at this place.
    pub fn is(&self, nth: usize, tokens: &Tokens, token: &Token) -> bool {
        let (plain, squeezed) = &self.words[nth];
        tokens.readings(token).any(|form| form == &**plain)
            || tokens.squeezed(token).is_some_and(|form| form == &**squeezed)
                && is_lengthened(tokens.best(token), plain)
    }
}

/// Spellings of terms by their first words.
#[derive(Default)]
pub(super) struct Index {
    pub written: Vec<Written>,
    pub disguised: Vec<Disguised>,
    written_by_first: HashMap<Box<str>, Vec<usize>>,
    disguised_by_first: HashMap<Box<str>, Vec<usize>>,
    /// Of the words that are all of a term.
    alone: Sketches,
    /// Of the first words of longer terms, which are often common, and of their first two words together.
    first_words: Sketches,
    first_pairs: Sketches,
    /// Of all words of `disguised`.
    any_words: Sketches,
    /// Terms by their letters alone, for words spelled letter by letter.
    letters: HashMap<Box<str>, usize>,
    /// Bit n: there are terms of n letters.
    letter_counts: u64,
}

/// Fewest letters of a term that is looked for letter by letter: initials are often shorter.
const LETTERS_MIN: usize = 4;
/// Most letters of such a term.
const LETTERS_MAX: usize = 63;

impl Index {
    /// Adds a spelling of a term.
    pub fn add(&mut self, term: usize, spelling: &str, case: Case) {
        let parts: Vec<&str> = words(spelling).map(|(start, end)| &spelling[start..end]).collect();
        let mut folded = String::new();
        let Some(first) = parts.first() else { return };
        fold(first, &mut folded);
        let first_sketch = sketch(folded.as_bytes());
        match parts.get(1) {
            None => self.alone.add(first_sketch),
            Some(second) => {
                let mut after = String::new();
                fold(second, &mut after);
                self.first_words.add(first_sketch);
                self.first_pairs.add(pair(first_sketch, sketch(after.as_bytes())));
            }
        }
        self.written_by_first.entry(folded.as_str().into()).or_default().push(self.written.len());
        let word = |part: &&str| match case {
            Case::Exact => Box::from(*part),
            Case::Fold => {
                fold(part, &mut folded);
                folded.as_str().into()
            }
        };
        self.written.push(Written { term, words: parts.iter().map(word).collect(), case });
        // what is spelled like a common word but for its case would be found everywhere
        if case == Case::Fold {
            self.add_disguised(term, &parts);
        }
    }

    fn add_disguised(&mut self, term: usize, parts: &[&str]) {
        let normal = |part: &&str| {
            let mut form = String::new();
            part.chars().for_each(|c| _ = normal::push(c, &mut form));
            let squeezed = squeeze(&form);
            (form.into_boxed_str(), squeezed.into_boxed_str())
        };
        let words: Vec<_> = parts.iter().map(normal).collect();
        for (form, squeezed) in &words {
            self.any_words.add(sketch(form.as_bytes()));
            self.any_words.add(sketch(squeezed.as_bytes()));
        }
        let (first, squeezed) = &words[0];
        self.disguised_by_first.entry(first.clone()).or_default().push(self.disguised.len());
        if squeezed != first {
            self.disguised_by_first.entry(squeezed.clone()).or_default().push(self.disguised.len());
        }
        let letters: String = words.iter().map(|(form, _)| &**form).collect();
        let count = letters.chars().count();
        if (LETTERS_MIN..=LETTERS_MAX).contains(&count) && letters.chars().all(char::is_alphabetic) {
            self.letter_counts |= 1 << count;
            self.letters.entry(letters.into()).or_insert(term);
        }
        self.disguised.push(Disguised { term, words });
    }

    /// Spellings that may begin with the word that stands here; `folded` is a buffer.
    #[inline]
    pub fn written_at(&self, text: &str, (start, end): (usize, usize), folded: &mut String) -> &[usize] {
        let word = &text[start..end];
        if word.is_ascii() && !self.may_begin(text, sketch(word.as_bytes()), end) {
            return &[];
        }
        fold(word, folded);
        self.written_by_first.get(folded.as_str()).map_or(&[], Vec::as_slice)
    }

    #[inline]
    fn may_begin(&self, text: &str, word: usize, end: usize) -> bool {
        if self.alone.may_hold(word) {
            return true;
        }
        let followed = |(start, end): (usize, usize)| {
            let next = &text.as_bytes()[start..end];
            !next.is_ascii() || self.first_pairs.may_hold(pair(word, sketch(next)))
        };
        self.first_words.may_hold(word) && next_word(text, end).is_some_and(followed)
    }

    /// Spellings that may begin with this token.
    pub fn disguised_at(&self, tokens: &Tokens, token: &Token) -> Vec<usize> {
        let forms = tokens.readings(token).chain(tokens.squeezed(token));
        let mut found: Vec<usize> =
            forms.filter_map(|form| self.disguised_by_first.get(form)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether the token may be a word of any term.
    pub fn knows(&self, tokens: &Tokens, token: &Token) -> bool {
        let mut forms = tokens.readings(token).chain(tokens.squeezed(token));
        forms.any(|form| self.any_words.may_hold(sketch(form.as_bytes())))
    }

    /// The longest term whose letters begin the run, and how many letters it takes; `ends` are the run's ends of letters
    /// in bytes.
    pub fn spelled(&self, run: &str, ends: &[usize]) -> Option<(usize, usize)> {
        let mut counts = self.letter_counts;
        while counts != 0 {
            let count = counts.ilog2() as usize;
            counts &= !(1 << count);
            let end = count.checked_sub(1).and_then(|last| ends.get(last));
            if let Some(&term) = end.and_then(|&end| self.letters.get(&run[..end])) {
                return Some((term, count));
            }
        }
        None
    }
}

/// One bit for every sketch of a word: one look rejects nearly every word of a text.
struct Sketches(Vec<u64>);

/// 32 kB: stays in the fastest cache, and 6,000 words set one bit in forty.
const SKETCH_BITS: u32 = 18;

impl Default for Sketches {
    fn default() -> Self {
        Self(vec![0; (1 << SKETCH_BITS) / 64])
    }
}

impl Sketches {
    fn add(&mut self, sketch: usize) {
        self.0[sketch / 64] |= 1 << (sketch % 64);
    }

    #[inline]
    fn may_hold(&self, sketch: usize) -> bool {
        self.0[sketch / 64] >> (sketch % 64) & 1 == 1
    }
}

/// The sketch of two words.
fn pair(first: usize, second: usize) -> usize {
    (first.rotate_left(7) ^ second) & ((1 << SKETCH_BITS) - 1)
}

/// A hash of the length and the first and last eight bytes, the same for a word of ASCII in either case.
#[inline]
fn sketch(word: &[u8]) -> usize {
    let (first, last) = match (word.first_chunk::<8>(), word.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => match (word.first_chunk::<4>(), word.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into())
            }
            _ => word.iter().fold((0, 0), |(all, _), &byte| (all << 8 | u64::from(byte), 0)),
        },
    };
    // the bit that tells small letters from capitals; digits have it
    const SMALL: u64 = 0x2020_2020_2020_2020;
    // two odd multipliers of SplitMix64 (Steele, Lea, Flood 2014)
    let mixed = (first | SMALL).wrapping_mul(0xbf58_476d_1ce4_e5b9)
        ^ ((last | SMALL) ^ word.len() as u64).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SKETCH_BITS)) as usize
}
