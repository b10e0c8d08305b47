//! What a text holds of the items: looked at only where a hash was found, word by word.

use super::index::{Index, Spelling, UNKNOWN};
use crate::Span;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The item of which a text holds most, and everything that was found.
#[derive(Debug)]
pub(super) struct Overlap {
    pub(super) item: Arc<str>,
    /// The item's number.
    number: u32,
    /// How many of the item's different n-grams the text holds.
    pub(super) hits: u32,
    /// The same as a share of all the item has.
    pub(super) share: f64,
    /// The first byte of the first of them.
    pub(super) position: usize,
    /// Every stretch of the text that is part of an item, under the name of that one of which the text holds most.
    pub(super) spans: Vec<Span>,
}

impl Overlap {
    /// Everything that was found in one text of two sets of items.
    pub(super) fn and(self, other: Self) -> Self {
        let by_size = self.share.total_cmp(&other.share).then(self.hits.cmp(&other.hits));
        let (mut best, less) = match by_size.then(other.number.cmp(&self.number)) {
            Ordering::Less => (other, self),
            _ => (self, other),
        };
        best.spans.extend(less.spans);
        best.spans.sort_by_key(|span| (span.start, span.end));
        best
    }
}

/// What of the items is in the text whose words have these hashes. Of an item at least `hits_min` n-grams, or all it
/// has, must be.
pub(super) fn overlap(index: &Index, text: &str, hashes: &[u64], hits_min: u32) -> Option<Overlap> {
    let (words, places) = index.words_of(text);
    let mut found = Found::default();
    found.add_runs(index, &words, hashes);
    found.add_heads(index, &words, hashes);
    let mut tallies = found.tallies(&index.spellings);
    tallies.retain(|tally| tally.hits >= hits_min.min(index.spellings[tally.spelling as usize].grams));
    let best = tallies.iter().max_by(|a, b| a.rank(b))?.clone();
    let owners: Vec<Option<&Tally>> = found.grams.iter().map(|of| owner(of, &tallies)).collect();
    let mut stretches: Vec<(Range<usize>, u32)> = found
        .stretches
        .into_iter()
        .filter_map(|(range, gram)| Some((range, owners[gram]?.spelling)))
        .collect();
    stretches.sort_unstable_by_key(|(range, owner)| (*owner, range.start, range.end));
    let spans = spans(&stretches, &places, &index.spellings);
    let Spelling { item: number, label, .. } = &index.spellings[best.spelling as usize];
    let first = stretches.iter().find(|(_, owner)| *owner == best.spelling);
    let position = first.and_then(|(range, _)| places.get(range.start)).map_or(0, |place| place.start);
    Some(Overlap {
        item: Arc::clone(label),
        number: *number,
        hits: best.hits,
        share: best.share,
        position,
        spans,
    })
}

/// What of the items stands in the text.
#[derive(Default)]
struct Found {
    /// For everything different that was found, the spellings it belongs to.
    grams: Vec<Vec<u32>>,
    /// Words of the text, and which of `grams` they are.
    stretches: Vec<(Range<usize>, usize)>,
}

impl Found {
    fn add_runs(&mut self, index: &Index, words: &[u32], hashes: &[u64]) {
        let n = index.cut.ngram;
        let mut hits: Vec<(usize, u64)> = index.runs.find(hashes).collect();
        for same in equal_windows(&mut hits, words, n) {
            let (first, hash) = same[0];
            let window = window(words, first, n);
            let spellings: Vec<u32> = index
                .runs
                .positions(hash)
                .map(|position| index.at(position))
                .filter(|(_, spelled)| spelled.get(..n) == Some(window))
                .map(|(spelling, _)| spelling)
                .collect();
            if !spellings.is_empty() {
                self.stretches.extend(same.iter().map(|(at, _)| (*at..at + n, self.grams.len())));
                self.grams.push(spellings);
            }
        }
    }

    fn add_heads(&mut self, index: &Index, words: &[u32], hashes: &[u64]) {
        let mut hits: Vec<(usize, u64)> = index.heads.find(hashes).collect();
        let head = index.cut.item_words_min;
        hits.retain(|(at, _)| !window(words, *at, head).contains(&UNKNOWN));
        // spellings found by their head are shorter than an n-gram
        let longest = index.cut.ngram - 1;
        // one may stand in several places, with other words behind it
        let mut known = BTreeMap::new();
        for same in equal_windows(&mut hits, words, longest) {
            let (first, hash) = same[0];
            let window = window(words, first, longest);
            let spelled = index.heads.positions(hash).map(|position| index.at(position));
            let mut here: Vec<(&[u32], u32)> = spelled
                .filter(|(_, words)| window.starts_with(words))
                .map(|(spelling, words)| (words, spelling))
                .collect();
            here.sort_unstable();
            for equal in here.chunk_by(|a, b| a.0 == b.0) {
                let len = equal[0].0.len();
                let gram = *known.entry(equal[0].0).or_insert_with(|| {
                    self.grams.push(equal.iter().map(|(_, spelling)| *spelling).collect());
                    self.grams.len() - 1
                });
                self.stretches.extend(same.iter().map(|(at, _)| (*at..at + len, gram)));
            }
        }
    }

    /// How much of each spelling was found, in their order.
    fn tallies(&self, spellings: &[Spelling]) -> Vec<Tally> {
        let mut found: Vec<u32> = self.grams.iter().flatten().copied().collect();
        found.sort_unstable();
        let tally = |same: &[u32]| {
            let (spelling, hits) = (same[0], same.len() as u32);
            let grams = spellings[spelling as usize].grams;
            Tally { spelling, hits, share: f64::from(hits) / f64::from(grams) }
        };
        found.chunk_by(|a, b| a == b).map(tally).collect()
    }
}

/// How much of a spelling was found.
#[derive(Clone, Debug)]
struct Tally {
    spelling: u32,
    hits: u32,
    share: f64,
}

impl Tally {
    /// Greater is the spelling of which a larger share was found, then more; then the one that stands first.
    fn rank(&self, other: &Self) -> Ordering {
        let by_size = self.share.total_cmp(&other.share).then(self.hits.cmp(&other.hits));
        by_size.then(other.spelling.cmp(&self.spelling))
    }
}

/// Which of these spellings is the one of which most was found.
fn owner<'t>(spellings: &[u32], tallies: &'t [Tally]) -> Option<&'t Tally> {
    let tally =
        |of: &u32| tallies.binary_search_by_key(of, |tally| tally.spelling).ok().map(|at| &tallies[at]);
    spellings.iter().filter_map(tally).max_by(|a, b| a.rank(b))
}

/// `len` words of a text, or as many as there are.
fn window(words: &[u32], at: usize, len: usize) -> &[u32] {
    words.get(at..words.len().min(at + len)).unwrap_or_default()
}

/// Sorts what was found so that equal words stand together, and yields them so, each group in the order of the text.
fn equal_windows<'h>(
    hits: &'h mut [(usize, u64)],
    words: &[u32],
    len: usize,
) -> impl Iterator<Item = &'h [(usize, u64)]> {
    let compare = move |a: &(usize, u64), b: &(usize, u64)| {
        a.1.cmp(&b.1).then_with(|| window(words, a.0, len).cmp(window(words, b.0, len)))
    };
    hits.sort_by(compare);
    hits.chunk_by(move |a, b| compare(a, b) == Ordering::Equal)
}

/// Joins the stretches of a spelling that overlap, and names them, in the order of the text.
fn spans(stretches: &[(Range<usize>, u32)], places: &[Range<usize>], spellings: &[Spelling]) -> Vec<Span> {
    let mut joined: Vec<(Range<usize>, u32)> = Vec::new();
    for (range, of) in stretches {
        match joined.last_mut() {
            Some((last, owner)) if owner == of && range.start <= last.end => {
                last.end = last.end.max(range.end)
            }
            _ => joined.push((range.clone(), *of)),
        }
    }
    joined.sort_unstable_by_key(|(range, of)| (range.start, range.end, *of));
    let span = |(range, of): &(Range<usize>, u32)| {
        let (first, last) = (places.get(range.start)?, places.get(range.end.checked_sub(1)?)?);
        let rule = Arc::clone(&spellings[*of as usize].label);
        Some(Span { start: first.start, end: last.end, rule, view: "normalised" })
    };
    joined.iter().filter_map(span).collect()
}
