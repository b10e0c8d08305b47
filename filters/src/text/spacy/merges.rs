//! The second look spaCy takes: where the rules have split what is an exception, the tokens are joined again.
//!
//! Source: spaCy 3.8.18, `spacy/tokenizer.pyx` (`_apply_special_cases`, `_filter_special_spans`) and
//! `spacy/matcher/phrasematcher.pyx`. Every exception that the rules alone would split is looked for as a sequence
//! of tokens, across chunks if a single space separates them. Of overlapping finds the longest wins, then the first;
//! a find that spans chunks changes nothing but may still win.

use super::exceptions::{EXCEPTIONS, Exception};
use super::split::Splitter;
use crate::text::hash::word_hash;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const FILTER_BITS: u32 = 15;

/// The exceptions as sequences of tokens.
pub(super) static MERGES: LazyLock<Merges> = LazyLock::new(Merges::new);

/// Sequences of token hashes, by the first two.
pub(super) struct Merges {
    filter: Vec<u64>,
    by_pair: BTreeMap<(u64, u64), Vec<Sequence>>,
}

struct Sequence {
    tokens: Vec<u64>,
    exception: &'static Exception,
}

/// Tokens that are to be replaced by those of an exception.
pub(super) struct Merge {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) exception: &'static Exception,
}

impl Merge {
    /// Whether the tokens stand in the text as the exception does and are divided differently.
    fn changes(&self, text: &str, spans: &[(u32, u32)]) -> bool {
        let spans = &spans[self.first..self.first + self.count];
        let base = spans[0].0 as usize;
        let same = text.get(base..spans[self.count - 1].1 as usize) == Some(&self.exception.chunk);
        let ends = spans.iter().map(|span| span.1 as usize - base);
        same && !ends.eq(self.exception.ends.iter().copied())
    }
}

impl Merges {
    fn new() -> Self {
        let mut merges = Self { filter: vec![0; 1 << (FILTER_BITS - 6)], by_pair: BTreeMap::new() };
        let mut splitter = Splitter::default();
        for exception in EXCEPTIONS.iter() {
            let hash = |&(start, end): &(usize, usize)| word_hash(&exception.chunk.as_bytes()[start..end]);
            let tokens: Vec<u64> = splitter.split(&exception.chunk, None).iter().map(hash).collect();
            if let [first, second, ..] = tokens[..] {
                let bit = filter_bit(first, second);
                merges.filter[bit >> 6] |= 1 << (bit & 63);
                merges.by_pair.entry((first, second)).or_default().push(Sequence { tokens, exception });
            }
        }
        merges
    }

    /// What to replace, in order of position.
    pub(super) fn find(&self, text: &str, spans: &[(u32, u32)], hashes: &[u64]) -> Vec<Merge> {
        let mut found = Vec::new();
        for (first, pair) in hashes.windows(2).enumerate() {
            let bit = filter_bit(pair[0], pair[1]);
            if self.filter[bit >> 6] >> (bit & 63) & 1 == 1 {
                self.find_at(first, text, spans, hashes, &mut found);
            }
        }
        if found.iter().any(|merge| merge.changes(text, spans)) {
            longest(found, text, spans)
        } else {
            Vec::new()
        }
    }

    #[cold]
    fn find_at(
        &self,
        first: usize,
        text: &str,
        spans: &[(u32, u32)],
        hashes: &[u64],
        found: &mut Vec<Merge>,
    ) {
        let Some(sequences) = self.by_pair.get(&(hashes[first], hashes[first + 1])) else { return };
        for sequence in sequences {
            let count = sequence.tokens.len();
            let neighbours =
                |spans: &[(u32, u32)]| spans.windows(2).all(|pair| matches!(gap(text, pair), "" | " "));
            if hashes[first..].starts_with(&sequence.tokens) && neighbours(&spans[first..first + count]) {
                found.push(Merge { first, count, exception: sequence.exception });
            }
        }
    }
}

fn gap<'a>(text: &'a str, pair: &[(u32, u32)]) -> &'a str {
    text.get(pair[0].1 as usize..pair[1].0 as usize).unwrap_or_default()
}

fn filter_bit(first: u64, second: u64) -> usize {
    ((first ^ second.rotate_left(31)) >> (64 - FILTER_BITS)) as usize
}

/// Keeps those that win over every overlapping find and change a token.
fn longest(mut found: Vec<Merge>, text: &str, spans: &[(u32, u32)]) -> Vec<Merge> {
    found.sort_by_key(|merge| (std::cmp::Reverse(merge.count), merge.first));
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|merge| {
        let last = merge.first + merge.count - 1;
        let free = !seen.contains(&merge.first) && !seen.contains(&last);
        seen.extend(merge.first..=last);
        free && merge.changes(text, spans)
    });
    found.sort_by_key(|merge| merge.first);
    found
}
