//! # What it measures
//! Size, word lengths, symbols, bullets, ellipses, letters and stop words of the text, counted as DCLM counts them.
//! # Why
//! The same rule under the same name decides differently in another tool: whoever compares with DCLM-Baseline or
//! datamap-rs needs their definitions, not datatrove's.
//! # Source
//! Rae et al. 2021 (Gopher), arXiv 2112.11446, A.1.1; definitions, order and defaults as in DCLM at c7ed275,
//! `baselines/mappers/filters/content_filters.py` and `dclm_baseline_refinedweb.yaml`.
//! # Differs from `gopher-quality` in
//! * words are split at white space; those that count for the size begin with a letter or digit (fastText's
//!   tokens there: only ASCII white space divides them);
//! * one symbol ratio over `#`, `...`, `. . .` and `…` together, per white-space word;
//! * `●` and `*` are bullets too, and lines are stripped pieces between line feeds, blank ones left out;
//! * stop words are counted with repeats and without regard to case.
//! # Example
//! `the the` has two stop words here and one in `gopher-quality`.

use crate::text::python;
use crate::{Bound, BuildError, Context, Decimal, Filter, Findings, Rule, RuleBound, Spec, View};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// The bounds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Fewest words that begin with a letter or digit.
    pub words_min: u64,
    /// Most words that begin with a letter or digit.
    pub words_max: u64,
    /// Smallest mean length of a word, in code points.
    pub mean_word_length_min: Decimal,
    /// Largest mean length of a word, in code points.
    pub mean_word_length_max: Decimal,
    /// Most hashes and ellipses per word.
    pub symbol_ratio_max: Decimal,
    /// Largest share of lines that begin with `●`, `•`, `*` or `-`.
    pub bullet_lines_max: Decimal,
    /// Largest share of lines that end with an ellipsis.
    pub ellipsis_lines_max: Decimal,
    /// Largest share of words without a letter.
    pub non_alpha_words_max: Decimal,
    /// Fewest stop words: the, be, to, of, and, that, have, with.
    pub stop_words_min: u64,
}

impl Default for Config {
    // dclm_baseline_refinedweb.yaml
    fn default() -> Self {
        Self {
            words_min: 50,
            words_max: 100_000,
            mean_word_length_min: Decimal::of(3.0),
            mean_word_length_max: Decimal::of(10.0),
            symbol_ratio_max: Decimal::of(0.1),
            bullet_lines_max: Decimal::of(0.9),
            ellipsis_lines_max: Decimal::of(0.3),
            non_alpha_words_max: Decimal::of(0.2),
            stop_words_min: 2,
        }
    }
}

const fn rule(id: &'static str, summary: &'static str, alias: &'static str) -> Rule {
    Rule { id, summary, alias: Some(alias) }
}

const RULES: [Rule; 9] = [
    rule("words-min", "words that begin with a letter or digit", "page_length_filter"),
    rule("words-max", "words that begin with a letter or digit", "page_length_filter"),
    rule("mean-word-length-min", "mean length of a word in code points", "word_length_filter"),
    rule("mean-word-length-max", "mean length of a word in code points", "word_length_filter"),
    rule("symbol-ratio", "hashes and ellipses per word", "symbol_ratio_filter"),
    rule("bullet-lines", "share of lines that begin with a bullet", "bullet_count_filter"),
    rule("ellipsis-lines", "share of lines that end with an ellipsis", "ellipsis_count_filter"),
    rule("non-alpha-words", "share of words without a letter", "alphabetic_word_ratio_filter"),
    rule("stop-words", "stop words, repeats counted", "stop_word_filter"),
];

const STOP_WORDS: [&str; 8] = ["the", "be", "to", "of", "and", "that", "have", "with"];
const SYMBOLS: [&str; 4] = ["#", "...", ". . .", "\u{2026}"];
const BULLETS: [char; 4] = ['●', '•', '*', '-'];
const ELLIPSES: [&str; 3] = ["...", ". . .", "\u{2026}"];

/// The built filter.
pub struct GopherQualityDclm(Config);

impl Spec for Config {
    const NAME: &'static str = "gopher-quality-dclm";
    const SUMMARY: &'static str = "Gopher's quality bounds as DCLM counts them";
    const SOURCE: &'static str = "Rae et al. 2021, arXiv 2112.11446, A.1.1; DCLM c7ed275 content_filters.py";
    const RULES: &'static [Rule] = &RULES;
    const EXAMPLE: Option<&'static str> = Some("words_min = 50");
    type Filter = GopherQualityDclm;

    fn build(&self, _: &mut dyn Context) -> Result<GopherQualityDclm, BuildError> {
        if self.words_min > self.words_max {
            return Err(BuildError::key("words_min", "is larger than `words_max`"));
        }
        if self.mean_word_length_min > self.mean_word_length_max {
            return Err(BuildError::key("mean_word_length_min", "is larger than `mean_word_length_max`"));
        }
        Ok(GopherQualityDclm(self.clone()))
    }
}

/// What one walk over the white-space words yields.
#[derive(Default)]
struct WordCounts {
    words: u64,
    chars: u64,
    without_letter: u64,
    stop_words: u64,
}

impl WordCounts {
    fn of(text: &str) -> Self {
        let mut counts = Self::default();
        for word in python::split_words(text) {
            counts.words += 1;
            counts.chars += word.chars().count() as u64;
            counts.without_letter += u64::from(!word.chars().any(python::is_alpha));
            counts.stop_words += u64::from(STOP_WORDS.iter().any(|stop| stop.eq_ignore_ascii_case(word)));
        }
        counts
    }

    fn per_word(&self, count: u64) -> f64 {
        count as f64 / self.words.max(1) as f64
    }
}

/// fastText's words that begin with a letter or digit; `isalnum` of Python is letters and all numbers.
fn sized_words(text: &str) -> u64 {
    let divides = |c: char| matches!(c, ' ' | '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\0');
    let counts = |word: &&str| word.chars().next().is_some_and(|c| python::is_alpha(c) || c.is_numeric());
    text.split(divides).filter(counts).count() as u64
}

/// The share of the lines that begin with a bullet, and of those that end with an ellipsis.
fn line_shares(text: &str) -> (f64, f64) {
    let (mut lines, mut bullets, mut ellipses) = (0u64, 0u64, 0u64);
    for line in text.split('\n').map(python::strip).filter(|line| !line.is_empty()) {
        lines += 1;
        bullets += u64::from(line.starts_with(BULLETS));
        ellipses += u64::from(ELLIPSES.iter().any(|ellipsis| line.ends_with(ellipsis)));
    }
    (bullets as f64 / lines.max(1) as f64, ellipses as f64 / lines.max(1) as f64)
}

impl Filter for GopherQualityDclm {
    fn rules(&self) -> Vec<RuleBound> {
        let config = &self.0;
        let bounds = [
            Bound::AtLeast(config.words_min as f64),
            Bound::AtMost(config.words_max as f64),
            Bound::AtLeast(config.mean_word_length_min.get()),
            Bound::AtMost(config.mean_word_length_max.get()),
            Bound::AtMost(config.symbol_ratio_max.get()),
            Bound::AtMost(config.bullet_lines_max.get()),
            Bound::AtMost(config.ellipsis_lines_max.get()),
            Bound::AtMost(config.non_alpha_words_max.get()),
            Bound::AtLeast(config.stop_words_min as f64),
        ];
        RULES.iter().zip(bounds).map(|(rule, bound)| RuleBound::new(rule, bound)).collect()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let text = view.text();
        let sized = sized_words(text) as f64;
        findings.measure(0, sized)?;
        findings.measure(1, sized)?;
        let counts = WordCounts::of(text);
        let mean = counts.per_word(counts.chars);
        findings.measure(2, mean)?;
        findings.measure(3, mean)?;
        let symbols: usize = SYMBOLS.iter().map(|symbol| text.matches(symbol).count()).sum();
        findings.measure(4, counts.per_word(symbols as u64))?;
        let (bullets, ellipses) = line_shares(text);
        findings.measure(5, bullets)?;
        findings.measure(6, ellipses)?;
        findings.measure(7, counts.per_word(counts.without_letter))?;
        findings.measure(8, counts.stop_words as f64)
    }
}
