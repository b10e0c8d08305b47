//! Finds the terms of packs in a text, as written and in disguise.
//!
//! A text is looked at in two ways. As written ([`words`]): a term is a sequence of words with at most
//! [`GAP_CHARS_MAX`] other characters and no end of a sentence between two of them. Normalised ([`tokens`]): only the
//! chunks in which something may be disguised ([`chunks`]) are, with as many chunks beside them as a term may reach, so
//! that ordinary text costs little. A disguise is a look-alike or an accented or wide letter, something nobody sees, an
//! encoded character, markup between words, a digit for a letter, a letter repeated, a word spelled letter by letter; letters swapped or left
//! out are not seen. What both ways find counts once, as written. Scripts without spaces have a way of their own
//! ([`unspaced`]).
//!
//! Matching is a pure function of text and packs; offsets are bytes of the text as it was given.

mod chunks;
mod confusables;
mod encoded;
mod index;
mod normal;
mod tokens;
mod unspaced;
mod words;

pub(super) use words::words;
pub use words::{GAP_CHARS_MAX, sequences};

use super::{Case, TERM_WORDS_MAX};
use chunks::{Look, chunks};
use index::Index;
use normal::Part;
use std::collections::VecDeque;
use std::ops::Range;
use tokens::{Token, Tokens};
use unspaced::Unspaced;
pub(super) use unspaced::is_unspaced;
use words::{fold, joins, next_word};

/// How a term was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// As it is written.
    Raw,
    /// In normal form only.
    Normalised,
}

impl Sight {
    /// Both ways.
    pub const BOTH: &[Sight] = &[Sight::Raw, Sight::Normalised];

    /// As spans call it.
    pub fn name(self) -> &'static str {
        match self {
            Sight::Raw => "raw",
            Sight::Normalised => "normalised",
        }
    }
}

/// One found term, in bytes of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Which term, by the number it was added under.
    pub term: usize,
    /// How it was seen.
    pub sight: Sight,
}

/// Everything found in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// All terms at all places, by place, the longest first: they overlap where terms do.
    pub hits: Vec<Hit>,
    /// The words of the text.
    pub words: u64,
}

/// Terms ready for matching.
#[derive(Default)]
pub struct Matcher {
    index: Index,
    unspaced: Unspaced,
}

impl Matcher {
    /// Adds a spelling of the term with this number.
    pub fn add(&mut self, term: usize, spelling: &str, case: Case) {
        if spelling.chars().any(is_unspaced) {
            self.unspaced.add(term, spelling);
        } else {
            self.index.add(term, spelling, case);
        }
    }

    /// To be called once all terms are added. The error tells that they are too many.
    pub fn finish(&mut self) -> Result<(), String> {
        self.unspaced.finish()
    }

    /// Finds all terms.
    pub fn find(&self, text: &str, sights: &[Sight]) -> Found {
        let mut hits = Vec::new();
        let words = self.as_written(text, &mut hits);
        if sights.contains(&Sight::Normalised) {
            self.in_disguise(text, &mut hits);
        }
        self.unspaced.find(text, sights, &mut hits);
        hits.sort_unstable_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end), hit.term, hit.sight));
        hits.dedup_by_key(|hit| (hit.start, hit.end, hit.term));
        Found { hits, words }
    }

    /// Finds terms as they are written; how many words the text has.
    fn as_written(&self, text: &str, hits: &mut Vec<Hit>) -> u64 {
        let mut folded = String::new();
        let mut count = 0;
        let mut at = 0;
        while let Some((start, end)) = next_word(text, at) {
            at = end;
            count += 1;
            for &spelling in self.index.written_at(text, (start, end), &mut folded) {
                let spelling = &self.index.written[spelling];
                if let Some(end) = written_here(spelling, text, (start, end), &mut folded) {
                    hits.push(Hit { start, end, term: spelling.term, sight: Sight::Raw });
                }
            }
        }
        count
    }

    /// Finds what is written otherwise than the terms are.
    fn in_disguise(&self, text: &str, hits: &mut Vec<Hit>) {
        let mut tokens = Tokens::default();
        let mut recent: VecDeque<usize> = VecDeque::with_capacity(TERM_WORDS_MAX);
        let mut stretch: Option<Stretch> = None;
        let mut spelled: Option<Range<usize>> = None;
        for chunk in chunks(text) {
            match chunk.look {
                Look::Spelled => {
                    let start = spelled.map_or(chunk.place.start, |run| run.start);
                    spelled = Some(start..chunk.place.end);
                }
                Look::Blank if chunk.place.len() <= GAP_CHARS_MAX => {}
                _ => self.letter_by_letter(text, spelled.take(), hits),
            }
            if recent.len() == TERM_WORDS_MAX {
                recent.pop_front();
            }
            recent.push_back(chunk.place.start);
            if chunk.look == Look::Suspicious {
                tokens.clear();
                tokens.add(text, chunk.place.clone());
                if self.may_hide(&tokens) {
                    let start = stretch.map_or(recent[0], |open| open.place.start);
                    stretch = Some(Stretch { place: start..chunk.place.end, left: TERM_WORDS_MAX });
                    continue;
                }
            }
            if let Some(open) = &mut stretch {
                open.place.end = chunk.place.end;
                open.left -= 1;
                if open.left == 0 {
                    self.normalised(text, stretch.take(), &mut tokens, hits);
                }
            }
        }
        self.letter_by_letter(text, spelled, hits);
        self.normalised(text, stretch, &mut tokens, hits);
    }

    /// Whether a chunk may hold a disguised word of a term, or markup beside one.
    fn may_hide(&self, chunk: &Tokens) -> bool {
        let markup = chunk.hold_markup();
        let hides = |token: &Token| (token.altered || markup) && self.index.knows(chunk, token);
        chunk.list.iter().any(hides) || (markup && chunk.list.is_empty())
    }

    /// Finds terms with a disguised word, or markup between words, in a stretch of chunks.
    fn normalised(&self, text: &str, stretch: Option<Stretch>, tokens: &mut Tokens, hits: &mut Vec<Hit>) {
        let Some(stretch) = stretch else { return };
        tokens.clear();
        for chunk in chunks(&text[stretch.place.clone()]) {
            tokens.add(text, stretch.place.start + chunk.place.start..stretch.place.start + chunk.place.end);
        }
        for (nth, first) in tokens.list.iter().enumerate() {
            for spelling in self.index.disguised_at(tokens, first) {
                let spelling = &self.index.disguised[spelling];
                let Some(here) = tokens.list.get(nth..nth + spelling.len()) else { continue };
                let joined = here[1..].iter().all(|token| token.joined);
                let same = here.iter().enumerate().all(|(nth, token)| spelling.is(nth, tokens, token));
                let altered = here.iter().any(|token| token.altered);
                if joined && same && (altered || here[1..].iter().any(|token| token.after_markup)) {
                    let (start, end) = (first.start, here[here.len() - 1].end);
                    hits.push(Hit { start, end, term: spelling.term, sight: Sight::Normalised });
                }
            }
        }
    }

    /// Finds terms in letters that stand alone: `s a r i n`, `s.a.r.i.n`.
    fn letter_by_letter(&self, text: &str, run: Option<Range<usize>>, hits: &mut Vec<Hit>) {
        let Some(run) = run else { return };
        let (mut letters, mut ends, mut places) = (String::new(), Vec::new(), Vec::new());
        for (at, c) in text[run.clone()].char_indices() {
            if normal::push(c, &mut letters) == Part::Letters {
                ends.push(letters.len());
                places.push((run.start + at, run.start + at + c.len_utf8()));
            }
        }
        let mut nth = 0;
        while nth < ends.len() {
            let before = if nth == 0 { 0 } else { ends[nth - 1] };
            let rest: Vec<usize> =
                ends[nth..].iter().take(u64::BITS as usize).map(|end| end - before).collect();
            match self.index.spelled(&letters[before..], &rest) {
                Some((term, count)) => {
                    let (start, end) = (places[nth].0, places[nth + count - 1].1);
                    hits.push(Hit { start, end, term, sight: Sight::Normalised });
                    nth += count;
                }
                None => nth += 1,
            }
        }
    }
}

/// A stretch to be normalised, and how many more chunks belong to it.
struct Stretch {
    place: Range<usize>,
    left: usize,
}

/// Where a term ends, if its words stand here as written.
fn written_here(
    spelling: &index::Written,
    text: &str,
    first: (usize, usize),
    folded: &mut String,
) -> Option<usize> {
    let mut word = first;
    for (nth, expected) in spelling.words.iter().enumerate() {
        if nth > 0 {
            let before = word.1;
            word = next_word(text, before)?;
            if !joins(&text[before..word.0]) {
                return None;
            }
        }
        let here = &text[word.0..word.1];
        let same = match spelling.case {
            Case::Exact => here == &**expected,
            Case::Fold => {
                fold(here, folded);
                *folded == **expected
            }
        };
        if !same {
            return None;
        }
    }
    Some(word.1)
}

/// The words of a text in normal form with their places, and whether each is disguised: what salted hashes are taken of.
pub(super) fn normal_words(text: &str, mut word: impl FnMut(Range<usize>, &str, bool)) {
    let mut tokens = Tokens::default();
    let mut folded = String::new();
    for chunk in chunks(text) {
        if chunk.look != Look::Suspicious {
            let mut at = chunk.place.start;
            while let Some((start, end)) = next_word(&text[..chunk.place.end], at) {
                fold(&text[start..end], &mut folded);
                word(start..end, &folded, false);
                at = end;
            }
            continue;
        }
        tokens.clear();
        tokens.add(text, chunk.place);
        for token in &tokens.list {
            word(token.start..token.end, tokens.best(token), token.altered);
        }
    }
}
