//! Lists of terms that are told only by salted hashes, for operators who may not hold or show a list in clear.
//!
//! Whoever has the pack can still try words of their own against it, one at a time or a dictionary at once: the salt
//! keeps lists from being compared with each other and ready-made tables from being used, no more.

use super::{Hashed, Hit, Sight, TERM_WORDS_MAX, matcher};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

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

/// The tag of a term's first word: 16 bits of XXH3 seeded with the salt's. It only saves hashing: it tells a dictionary
/// nothing that the hashes do not.
fn tag(seed: u64, word: &str) -> u16 {
    (xxh3_64_with_seed(word.as_bytes(), seed) & 0xffff) as u16
}

fn seed(salt: &str) -> u64 {
    xxh3_64(salt.as_bytes())
}

/// Makes a list of hashes, sorted, each once, from lines of terms; lines that begin with `#` or hold no word are left out.
/// The error names a line with more words than a term may have.
pub fn hash_list<'t>(salt: &str, lines: impl IntoIterator<Item = &'t str>) -> Result<Hashed, String> {
    let mut list = Hashed { salt: salt.to_string(), words_max: 1, tags: Vec::new(), terms: Vec::new() };
    for (nth, term) in lines.into_iter().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let mut words: Vec<String> = Vec::new();
        matcher::normal_words(term, |_, word, _| words.push(word.to_string()));
        if words.len() > TERM_WORDS_MAX {
            return Err(format!("line {}: {} words, more than {TERM_WORDS_MAX}", nth + 1, words.len()));
        }
        let Some(first) = words.first() else { continue };
        list.words_max = list.words_max.max(words.len());
        list.tags.push(format!("{:04x}", tag(seed(salt), first)));
        list.terms.push(hash_term(salt, term).iter().map(|byte| format!("{byte:02x}")).collect());
    }
    for hashes in [&mut list.tags, &mut list.terms] {
        hashes.sort_unstable();
        hashes.dedup();
    }
    Ok(list)
}

pub(super) fn parse_hash(hex: &str) -> Option<TermHash> {
    let mut hash = TermHash::default();
    let right = hex.len() == 32 && is_hex(hex);
    for (nth, byte) in hash.iter_mut().enumerate().filter(|_| right) {
        *byte = u8::from_str_radix(&hex[nth * 2..nth * 2 + 2], 16).ok()?;
    }
    right.then_some(hash)
}

pub(super) fn parse_tag(hex: &str) -> Option<u16> {
    (hex.len() == 4 && is_hex(hex)).then(|| u16::from_str_radix(hex, 16).ok())?
}

fn is_hex(digits: &str) -> bool {
    digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The hashed terms of one group, ready for matching.
pub(super) struct HashedTerms {
    salt: String,
    seed: u64,
    words_max: usize,
    /// One bit for each tag.
    tags: Vec<u64>,
    terms: HashMap<TermHash, usize>,
}

impl HashedTerms {
    /// The terms of a list, numbered from `first` on.
    pub fn new(list: &Hashed, first: usize) -> Self {
        let mut tags = vec![0u64; (1 << 16) / 64];
        for tag in list.tags.iter().filter_map(|hex| parse_tag(hex)) {
            tags[usize::from(tag) / 64] |= 1 << (tag % 64);
        }
        let terms = list.terms.iter().enumerate();
        let terms = terms.filter_map(|(nth, hex)| Some((parse_hash(hex)?, first + nth))).collect();
        Self { salt: list.salt.clone(), seed: seed(&list.salt), words_max: list.words_max, tags, terms }
    }

    /// Finds the terms: every sequence of so many words that begins with a tagged one is hashed.
    pub fn find(&self, text: &str, sights: &[Sight], hits: &mut Vec<Hit>) {
        let mut open: Vec<Sequence> = Vec::new();
        matcher::normal_words(text, |place, word, altered| {
            let tag = tag(self.seed, word);
            if self.tags[usize::from(tag) / 64] >> (tag % 64) & 1 == 1 {
                open.push(Sequence { start: place.start, words: Vec::new(), altered: false });
            }
            for sequence in &mut open {
                sequence.words.push(word.to_string());
                sequence.altered |= altered;
                let sight = if sequence.altered { Sight::Normalised } else { Sight::Raw };
                let hash = hash(&self.salt, sequence.words.iter().map(String::as_str));
                if let Some(&term) = self.terms.get(&hash).filter(|_| sights.contains(&sight)) {
                    hits.push(Hit { start: sequence.start, end: place.end, term, sight });
                }
            }
            open.retain(|sequence| sequence.words.len() < self.words_max);
        });
    }
}

/// The words from one that may begin a term on.
struct Sequence {
    start: usize,
    words: Vec<String>,
    altered: bool,
}
