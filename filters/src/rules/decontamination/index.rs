//! The items that are looked for.

use super::normalisation::{Normalisation, glued};
use super::parts::parts;
use super::table::{Gram, Table};
use super::words::{is_unspaced, words};
use crate::text::{ngrams, python, word_hash};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// How items are cut into what is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Words of an n-gram.
    pub(super) ngram: usize,
    /// Words from which on an item shorter than an n-gram is looked for as a whole.
    pub(super) item_words_min: usize,
    /// Different words without which an n-gram tells nothing.
    pub(super) distinct_words_min: usize,
    /// Letters without which a word does not count among them.
    pub(super) letters_min: usize,
    pub(super) normalisation: Normalisation,
}

/// One of the two ways in which an item's text becomes words. It is looked for by itself.
#[derive(Clone, Debug)]
pub(super) struct Spelling {
    /// The number of the item.
    pub(super) item: u32,
    /// `benchmark/id` of the item.
    pub(super) label: Arc<str>,
    /// How many different n-grams it has that count.
    pub(super) grams: u32,
    /// Where its words begin among all.
    start: u32,
}

/// What became of an item that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It is looked for.
    Sought,
    /// It has fewer than `item_words_min` words.
    Short,
    /// No n-gram of it tells anything.
    TellsNothing,
}

/// A number that is not that of a word of any item.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// The items with what is looked for of them. All words are numbers here: equal words have equal numbers, so a
/// found hash is held against the words themselves.
pub(super) struct Index {
    pub(super) cut: Cut,
    /// In the order of the items.
    pub(super) spellings: Vec<Spelling>,
    /// n-grams of the spellings that have as many words.
    pub(super) runs: Table,
    /// The first words, `item_words_min` of them, of the shorter ones.
    pub(super) heads: Table,
    vocabulary: HashMap<Box<str>, u32>,
    /// The words of all spellings, one behind the other.
    words: Vec<u32>,
}

impl Index {
    /// Whether these words of a text hold the hash of anything that is looked for.
    pub(super) fn is_touched_by(&self, words: &[u64]) -> bool {
        self.runs.find(words).next().is_some() || self.heads.find(words).next().is_some()
    }

    /// The numbers of the words of a text, and where they stand.
    pub(super) fn words_of(&self, text: &str) -> (Vec<u32>, Vec<Range<usize>>) {
        let (mut numbers, mut places) = (Vec::new(), Vec::new());
        words(text, |word, place| {
            let form = self.cut.normalisation.form(word, &text[place.clone()]);
            numbers.push(self.vocabulary.get(form.as_ref()).copied().unwrap_or(UNKNOWN));
            places.push(place);
        });
        (numbers, places)
    }

    /// The spelling that has this word, by its number, and its words from this one on.
    pub(super) fn at(&self, position: u32) -> (u32, &[u32]) {
        let next = self.spellings.partition_point(|spelling| spelling.start <= position);
        let end = self.spellings.get(next).map_or(self.words.len(), |spelling| spelling.start as usize);
        (next as u32 - 1, &self.words[position as usize..end])
    }
}

/// Takes items in and makes an index of them.
pub(super) struct Builder {
    cut: Cut,
    spellings: Vec<Spelling>,
    runs: Vec<Gram>,
    heads: Vec<Gram>,
    /// The hashes of their parts.
    run_parts: Vec<u64>,
    head_parts: Vec<u64>,
    vocabulary: HashMap<Box<str>, u32>,
    /// Whether each word of the vocabulary has letters enough.
    telling: Vec<bool>,
    words: Vec<u32>,
}

/// The item does not fit: there are more words than numbers for them.
#[derive(Debug)]
pub(super) struct Full;

impl Builder {
    pub(super) fn new(cut: Cut) -> Self {
        Self {
            cut,
            spellings: Vec::new(),
            runs: Vec::new(),
            heads: Vec::new(),
            run_parts: Vec::new(),
            head_parts: Vec::new(),
            vocabulary: HashMap::new(),
            telling: Vec::new(),
            words: Vec::new(),
        }
    }

    /// Adds an item, in two spellings if they differ: punctuation parts words, or is not there.
    pub(super) fn add(&mut self, item: u32, label: &Arc<str>, text: &str) -> Result<Added, Full> {
        let first = self.spell(text)?;
        if !self.seek(item, label, &first) {
            let short = first.hashes.len() < self.cut.item_words_min;
            return Ok(if short { Added::Short } else { Added::TellsNothing });
        }
        let second = self.spell(&glued(text))?;
        if self.words[first.start..second.start] == self.words[second.start..] {
            self.words.truncate(second.start);
        } else {
            self.seek(item, label, &second);
        }
        Ok(Added::Sought)
    }

    /// The finished index.
    pub(super) fn finish(mut self) -> Index {
        let ends = self.spellings.iter().skip(1).map(|next| next.start).chain([self.words.len() as u32]);
        let longest = self.spellings.iter().zip(ends).map(|(spelling, end)| end - spelling.start).max();
        // no n-gram is longer than what it is part of
        self.cut.ngram = self.cut.ngram.min(longest.unwrap_or_default() as usize + 1);
        Index {
            cut: self.cut,
            spellings: self.spellings,
            runs: Table::new(self.cut.ngram, self.runs, self.run_parts),
            heads: Table::new(self.cut.item_words_min, self.heads, self.head_parts),
            vocabulary: self.vocabulary,
            words: self.words,
        }
    }

    /// Appends the words of a text.
    fn spell(&mut self, text: &str) -> Result<Spelled, Full> {
        let start = self.words.len();
        let mut hashes = Vec::new();
        words(text, |word, place| {
            let form = self.cut.normalisation.form(word, &text[place]);
            self.words.push(match self.vocabulary.get(form.as_ref()) {
                Some(&number) => number,
                None => {
                    let number = self.telling.len() as u32;
                    self.telling.push(letters(word) >= self.cut.letters_min);
                    self.vocabulary.insert(form.into(), number);
                    number
                }
            });
            hashes.push(word_hash(word.as_bytes()));
        });
        let full = self.words.len().max(self.telling.len()) >= UNKNOWN as usize;
        if full { Err(Full) } else { Ok(Spelled { start, hashes }) }
    }

    /// Notes what is to be looked for of the spelling at the end of `words`: its different n-grams that tell
    /// something, or the head of a shorter one. If that is nothing, its words are dropped.
    fn seek(&mut self, item: u32, label: &Arc<str>, spelled: &Spelled) -> bool {
        let Cut { ngram, item_words_min, .. } = self.cut;
        let words = &self.words[spelled.start..];
        let start = spelled.start as u32;
        let gram = |(hash, position)| Gram { hash, position };
        let grams = if words.len() < ngram {
            let hashes =
                spelled.hashes.get(..item_words_min).filter(|_| self.tells(words)).unwrap_or_default();
            self.heads.extend(ngrams(hashes, item_words_min).zip(start..).map(gram));
            self.head_parts.extend(parts(hashes, item_words_min));
            usize::from(!hashes.is_empty())
        } else {
            let runs = ngrams(&spelled.hashes, ngram).zip(start..).map(gram).zip(words.windows(ngram));
            let telling = runs.filter(|(_, window)| self.tells(window)).map(|(run, _)| run);
            let mut runs: Vec<Gram> = telling.collect();
            self.sort_distinct(&mut runs);
            self.runs.extend_from_slice(&runs);
            self.run_parts.extend(parts(&spelled.hashes, ngram));
            runs.len()
        };
        if grams == 0 {
            self.words.truncate(spelled.start);
            return false;
        }
        self.spellings.push(Spelling { item, label: Arc::clone(label), grams: grams as u32, start });
        true
    }

    /// Leaves of equal n-grams the first.
    fn sort_distinct(&self, runs: &mut Vec<Gram>) {
        let window = |run: &Gram| &self.words[run.position as usize..run.position as usize + self.cut.ngram];
        runs.sort_unstable_by(|a, b| {
            a.hash.cmp(&b.hash).then_with(|| window(a).cmp(window(b))).then(a.position.cmp(&b.position))
        });
        runs.dedup_by(|later, earlier| later.hash == earlier.hash && window(later) == window(earlier));
    }

    /// Whether there are enough different words among these that count.
    fn tells(&self, words: &[u32]) -> bool {
        let least = self.cut.distinct_words_min;
        let telling =
            |&(at, word): &(usize, &u32)| self.telling[*word as usize] && !words[..at].contains(word);
        words.iter().enumerate().filter(telling).take(least).count() == least
    }
}

/// The letters of a word; a character that is a word of its own stands for several.
fn letters(word: &str) -> usize {
    let weight = |c: char| if is_unspaced(c) { 2 } else { usize::from(python::is_alpha(c)) };
    word.chars().map(weight).sum()
}

/// A spelling among all words.
struct Spelled {
    start: usize,
    /// Of its words, simplified.
    hashes: Vec<u64>,
}
