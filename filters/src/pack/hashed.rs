//! Lists of terms that are told only by salted hashes, for operators who may not hold or show a list in clear.
//!
//! Whoever has the pack can still try words of their own against it, one at a time or a dictionary at once: the salt
//! keeps lists from being compared with each other and ready-made tables from being used, no more.

use super::{Hashed, Hit, Sight, matcher};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

/// A hash of a term: the first half of a SHA-256.
pub type TermHash = [u8; 16];

/// The hash of a term in normal form: SHA-256 of the salt, a zero byte and the term's words joined by single spaces,
/// without its second half.
pub fn hash_term(salt: &str, term: &str) -> TermHash {
    let mut words: Vec<String> = Vec::new();
    matcher::normal_words(term, |_, word, _| words.push(word.to_string()));
    hash(salt, words.iter().map(String::as_str))
}

fn hash<'w>(salt: &str, words: impl Iterator<Item = &'w str>) -> TermHash {
    let mut hasher = Sha256::new();
    hasher.update(salt.as_bytes());
    hasher.update([0]);
    for (nth, word) in words.enumerate() {
        if nth > 0 {
            hasher.update(b" ");
        }
        hasher.update(word.as_bytes());
    }
    let mut half = TermHash::default();
    half.copy_from_slice(&hasher.finalize()[..16]);
    half
}

/// Makes a list of hashes, sorted, each once, from lines of terms; lines without a word are left out.
pub fn hash_list<'t>(salt: &str, terms: impl IntoIterator<Item = &'t str>) -> Hashed {
    let (mut words_max, mut hashes) = (1, Vec::new());
    for term in terms {
        let mut words = 0;
        matcher::normal_words(term, |_, _, _| words += 1);
        if words > 0 {
            words_max = words_max.max(words);
            hashes.push(hash_term(salt, term).iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        }
    }
    hashes.sort_unstable();
    hashes.dedup();
    Hashed { salt: salt.to_string(), words_max, terms: hashes }
}

pub(super) fn parse(hex: &str) -> Option<TermHash> {
    let mut hash = TermHash::default();
    let right = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    for (nth, byte) in hash.iter_mut().enumerate().filter(|_| right) {
        *byte = u8::from_str_radix(&hex[nth * 2..nth * 2 + 2], 16).ok()?;
    }
    right.then_some(hash)
}

/// The hashed terms of one group, ready for matching.
pub(super) struct HashedTerms {
    salt: String,
    words_max: usize,
    terms: HashMap<TermHash, usize>,
}

impl HashedTerms {
    /// The terms of a list, numbered from `first` on.
    pub fn new(list: &Hashed, first: usize) -> Self {
        let terms = list.terms.iter().enumerate();
        let terms = terms.filter_map(|(nth, hex)| Some((parse(hex)?, first + nth))).collect();
        Self { salt: list.salt.clone(), words_max: list.words_max, terms }
    }

    /// Finds the terms: every sequence of so many words is hashed.
    pub fn find(&self, text: &str, sights: &[Sight], hits: &mut Vec<Hit>) {
        let mut last: VecDeque<(Range<usize>, String, bool)> = VecDeque::new();
        matcher::normal_words(text, |place, word, altered| {
            if last.len() == self.words_max {
                last.pop_front();
            }
            last.push_back((place, word.to_string(), altered));
            for first in 0..last.len() {
                let words = last.range(first..);
                let hash = hash(&self.salt, words.clone().map(|(_, word, _)| word.as_str()));
                let sight =
                    if words.clone().any(|(_, _, altered)| *altered) { Sight::Normalised } else { Sight::Raw };
                if let Some(&term) = self.terms.get(&hash).filter(|_| sights.contains(&sight)) {
                    let (start, end) = (last[first].0.start, last[last.len() - 1].0.end);
                    hits.push(Hit { start, end, term, sight });
                }
            }
        });
    }
}
