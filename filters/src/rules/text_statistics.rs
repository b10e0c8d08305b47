//! # What it measures
//! Nothing is decided; statistics of the text are recorded as columns.
//!
//! Words are compared in lower case. What is a share of words or n-grams is left out where there are none; `compression`,
//! `symbols` and `digits` where the text is empty.
//! # Why
//! Each tells one thing about a text that rules with a bound mix. As columns they can be looked at before a bound is
//! chosen, and combined by whatever ranks texts later.
//! # Source
//! Own definitions. Divergence from a reference finds texts of outlying tokens as in Grattafiori et al. 2024 (Llama 3,
//! section 3.1.1); adding one to counts is Laplace's rule.
//! # Example
//! ```toml
//! [[stage]]
//! use = "text-statistics"
//! ngram = 3
//! ```

mod function_words;
mod reference;

use crate::{BuildError, Column, ColumnNote, Context, Filter, Findings, Kind, Rule, Spec, Value, View};
use function_words::FUNCTION_WORDS;
use reference::Reference;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ops::ControlFlow;
use xxhash_rust::xxh3::xxh3_64;

/// What to measure.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Words in an n-gram, 1 to 16.
    pub ngram: usize,
    /// A file of word counts: lines `word<TAB>count`.
    pub reference: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { ngram: 3, reference: None }
    }
}

/// The built stage.
pub struct TextStatistics {
    ngram: usize,
    reference: Option<Reference>,
    function_words: HashSet<u64>,
}

/// zstd's own default level.
const LEVEL: i32 = 3;

const WORDS: usize = 0;
const COMPRESSION: usize = 1;
const UNIQUE_NGRAMS: usize = 2;
const ENTROPY: usize = 3;
const DIVERGENCE: usize = 4;
const STOP_WORDS: usize = 5;
const SYMBOLS: usize = 6;
const DIGITS: usize = 7;

impl Spec for Config {
    const NAME: &'static str = "text-statistics";
    const SUMMARY: &'static str = "compression, repetition, entropy and shares of characters, as columns";
    const SOURCE: &'static str = "own definitions";
    const RULES: &'static [Rule] = &[];
    const COLUMNS: &'static [ColumnNote] = &[
        ("words", Kind::Number, "how many tokens of spaCy have a letter or digit"),
        (
            "compression",
            Kind::Number,
            "bytes after compression by zstd, level 3, for each byte of the text. Prose is near 0.5 when it is a few thousand bytes long; templates and repeats are far below, random characters and very short texts above",
        ),
        ("unique_ngrams", Kind::Number, "different n-grams of `ngram` words, as a share of all"),
        (
            "entropy",
            Kind::Number,
            "bits for each word, by how often the words stand in this text: `-Σ p log2 p`",
        ),
        (
            "divergence",
            Kind::Number,
            "with a `reference`: bits for each word, from how often words stand in the text to how often in the reference, `Σ p log2 (p / q)`, where `q` adds one to every count, also to that of words the reference lacks",
        ),
        ("stop_words", Kind::Number, "share of words that are function words of English, a list of its own"),
        ("symbols", Kind::Number, "share of characters that are neither letters, digits nor white space"),
        ("digits", Kind::Number, "share of characters that are digits"),
    ];
    const EXAMPLE: Option<&'static str> = Some("ngram = 3");
    type Filter = TextStatistics;

    fn build(&self, context: &mut dyn Context) -> Result<TextStatistics, BuildError> {
        BuildError::in_range("ngram", self.ngram, 1..=16)?;
        let reference =
            self.reference.as_ref().map(|name| Reference::read(&context.asset(name)?)).transpose()?;
        let function_words = FUNCTION_WORDS.split_whitespace().map(key).collect();
        Ok(TextStatistics { ngram: self.ngram, reference, function_words })
    }
}

impl Filter for TextStatistics {
    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let mut record = |column, value: Option<f64>| {
            if let Some(value) = value {
                findings.record(column, Value::Number(value));
            }
        };
        let text = view.text();
        let words = words(view);
        let share = |count: usize| (view.chars() > 0).then(|| count as f64 / view.chars() as f64);
        let is_symbol = |c: &char| !c.is_alphanumeric() && !c.is_whitespace();
        let stop_words = words.iter().filter(|word| self.function_words.contains(word)).count();
        record(WORDS, Some(words.len() as f64));
        record(COMPRESSION, compression(text));
        record(UNIQUE_NGRAMS, unique_ngrams(&words, self.ngram));
        record(STOP_WORDS, (!words.is_empty()).then(|| stop_words as f64 / words.len() as f64));
        record(SYMBOLS, share(text.chars().filter(is_symbol).count()));
        record(DIGITS, share(text.chars().filter(|c| c.is_numeric()).count()));
        let counts = counts(words);
        record(ENTROPY, entropy(&counts));
        record(DIVERGENCE, self.reference.as_ref().and_then(|reference| reference.divergence(&counts)));
        ControlFlow::Continue(())
    }
}

/// The key of a word in lower case.
fn key(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

/// The keys of the words with a letter or digit, in order.
fn words(view: &View<'_>) -> Vec<u64> {
    let mut lower = String::new();
    let word = |(start, end): (usize, usize)| {
        let word = &view.text()[start..end];
        word.contains(char::is_alphanumeric).then(|| {
            lower.clear();
            lower.extend(word.chars().flat_map(char::to_lowercase));
            key(&lower)
        })
    };
    view.tokens().spans().filter_map(word).collect()
}

/// Each different word with how often it stands, in the order of the keys: sums over it do not depend on chance.
fn counts(mut words: Vec<u64>) -> Vec<(u64, u64)> {
    words.sort_unstable();
    words.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u64)).collect()
}

fn compression(text: &str) -> Option<f64> {
    let compressed = zstd::bulk::compress(text.as_bytes(), LEVEL).ok()?;
    (!text.is_empty()).then(|| compressed.len() as f64 / text.len() as f64)
}

fn unique_ngrams(words: &[u64], ngram: usize) -> Option<f64> {
    let hash =
        |run: &[u64]| run.iter().fold(0u64, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(ODD));
    let mut runs: Vec<u64> = words.windows(ngram).map(hash).collect();
    let all = runs.len();
    runs.sort_unstable();
    runs.dedup();
    (all > 0).then(|| runs.len() as f64 / all as f64)
}

/// The multiplier of the rolling hash of n-grams: 2^64 divided by the golden ratio (Knuth, TAOCP 3, 6.4).
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

fn entropy(counts: &[(u64, u64)]) -> Option<f64> {
    (!counts.is_empty()).then(|| crate::entropy::entropy(counts.iter().map(|(_, count)| *count)))
}
