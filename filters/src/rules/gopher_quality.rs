//! # What it measures
//! Size, word lengths, symbols, bullets, ellipses, letters and stop words of the text.
//! # Why
//! Together these ten bounds remove most of what a crawl holds besides prose: menus, tables, keyword lists, code
//! dumps, truncated teasers. A text without words has mean length 0 and every ratio 0; a text without lines has
//! no bullets and no ellipses.
//! # Source
//! Rae et al. 2021 (Gopher), arXiv 2112.11446, table A1 and appendix A.1.1; every definition and default as in
//! datatrove 0.10.1, `pipeline/filters/gopher_quality_filter.py`. A *word* for the first four rules is a token
//! with a character outside datatrove's punctuation set; a *token* is any word of the run's `words` setting.
//! # Differs from datatrove 0.10.1 in
//! * a bound of 0 meaning 0 (there it switches the rule off);
//! * separate bounds for hashes and ellipses (there one parameter holds both);
//! * dividing by 1 where a text has no tokens or no lines (there an exception).
//! # Example
//! Ten words are broken by `words-min` with value 10 and bound 50.

use crate::text::{Lines, Tokens, python};
use crate::{Bound, BuildError, Context, Decimal, Filter, Findings, Rule, RuleBound, Spec, View};
use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// The bounds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Fewest words.
    pub words_min: u64,
    /// Most words.
    pub words_max: u64,
    /// Smallest mean length of a word, in code points.
    pub mean_word_length_min: Decimal,
    /// Largest mean length of a word, in code points.
    pub mean_word_length_max: Decimal,
    /// Most `#` per token.
    pub hash_ratio_max: Decimal,
    /// Most ellipses (`...` or `…`) per token.
    pub ellipsis_ratio_max: Decimal,
    /// Largest share of lines that begin with `•` or `-`.
    pub bullet_lines_max: Decimal,
    /// Largest share of lines that end with an ellipsis.
    pub ellipsis_lines_max: Decimal,
    /// Smallest share of tokens with a letter.
    pub alpha_words_min: Decimal,
    /// Fewest different words among the, be, to, of, and, that, have, with; case matters.
    pub stop_words_min: u64,
}

impl Default for Config {
    // arXiv 2112.11446, appendix A.1.1, as datatrove 0.10.1 has them
    fn default() -> Self {
        Self {
            words_min: 50,
            words_max: 100_000,
            mean_word_length_min: Decimal::of(3.0),
            mean_word_length_max: Decimal::of(10.0),
            hash_ratio_max: Decimal::of(0.1),
            ellipsis_ratio_max: Decimal::of(0.1),
            bullet_lines_max: Decimal::of(0.9),
            ellipsis_lines_max: Decimal::of(0.3),
            alpha_words_min: Decimal::of(0.8),
            stop_words_min: 2,
        }
    }
}

const fn rule(id: &'static str, summary: &'static str, alias: &'static str) -> Rule {
    Rule { id, summary, alias: Some(alias) }
}

const RULES: [Rule; 10] = [
    rule("words-min", "words in the text", "gopher_short_doc"),
    rule("words-max", "words in the text", "gopher_long_doc"),
    rule("mean-word-length-min", "mean length of a word in code points", "gopher_below_avg_threshold"),
    rule("mean-word-length-max", "mean length of a word in code points", "gopher_above_avg_threshold"),
    rule("hash-ratio", "hash signs per token", "gopher_too_many_hashes"),
    rule("ellipsis-ratio", "ellipses per token", "gopher_too_many_ellipsis"),
    rule("bullet-lines", "share of lines that begin with a bullet", "gopher_too_many_bullets"),
    rule("ellipsis-lines", "share of lines that end with an ellipsis", "gopher_too_many_end_ellipsis"),
    rule("alpha-words", "share of tokens with a letter", "gopher_below_alpha_threshold"),
    rule("stop-words", "different stop words in the text", "gopher_enough_stop_words"),
];

/// The built filter.
pub struct GopherQuality {
    config: Config,
    dots: Finder<'static>,
    ellipsis: Finder<'static>,
}

impl Spec for Config {
    const NAME: &'static str = "gopher-quality";
    const SUMMARY: &'static str =
        "Gopher's bounds on words, symbols, bullets, ellipses, letters and stop words";
    const SOURCE: &'static str =
        "Rae et al. 2021, arXiv 2112.11446, A.1.1; datatrove 0.10.1 GopherQualityFilter";
    const RULES: &'static [Rule] = &RULES;
    const EXAMPLE: Option<&'static str> = Some("words_min = 50");
    type Filter = GopherQuality;

    fn build(&self, _: &mut dyn Context) -> Result<GopherQuality, BuildError> {
        if self.words_min > self.words_max {
            return Err(BuildError::key("words_min", "is larger than `words_max`"));
        }
        if self.mean_word_length_min > self.mean_word_length_max {
            return Err(BuildError::key("mean_word_length_min", "is larger than `mean_word_length_max`"));
        }
        let stop_words = Tokens::STOP_WORDS.len() as u64;
        if self.stop_words_min > stop_words {
            return Err(BuildError::key(
                "stop_words_min",
                format!("is larger than {stop_words}, the stop words"),
            ));
        }
        Ok(GopherQuality { config: self.clone(), dots: Finder::new("..."), ellipsis: Finder::new("…") })
    }
}

/// What one look at all tokens yields.
struct WordCounts {
    tokens: usize,
    words: u64,
    word_chars: u64,
    alpha: u64,
    stop_words: u32,
}

impl WordCounts {
    fn of(tokens: &Tokens) -> Self {
        let mut counts = Self { tokens: tokens.len(), words: 0, word_chars: 0, alpha: 0, stop_words: 0 };
        let mut seen = 0;
        for (&flags, &chars) in tokens.flags().iter().zip(tokens.char_lengths()) {
            let word = u64::from(flags & Tokens::SYMBOL == 0);
            counts.words += word;
            counts.word_chars += word * u64::from(chars);
            counts.alpha += u64::from(flags & Tokens::ALPHA != 0);
            seen |= flags;
        }
        counts.stop_words = (seen >> Tokens::STOP_WORD_SHIFT).count_ones();
        counts
    }

    fn mean_word_length(&self) -> f64 {
        self.word_chars as f64 / self.words.max(1) as f64
    }

    fn per_token(&self, count: usize) -> f64 {
        count as f64 / self.tokens.max(1) as f64
    }
}

fn share_of_lines(text: &str, lines: &Lines, holds: fn(&str) -> bool) -> f64 {
    let lines = lines.by_break();
    let count = lines.iter().filter(|line| holds(line.of(text))).count();
    count as f64 / lines.len().max(1) as f64
}

fn begins_with_bullet(line: &str) -> bool {
    python::lstrip(line).starts_with(['•', '-'])
}

fn ends_with_ellipsis(line: &str) -> bool {
    let line = python::rstrip(line);
    line.ends_with("...") || line.ends_with('…')
}

impl Filter for GopherQuality {
    fn rules(&self) -> Vec<RuleBound> {
        let config = &self.config;
        let bounds = [
            Bound::AtLeast(config.words_min as f64),
            Bound::AtMost(config.words_max as f64),
            Bound::AtLeast(config.mean_word_length_min.get()),
            Bound::AtMost(config.mean_word_length_max.get()),
            Bound::AtMost(config.hash_ratio_max.get()),
            Bound::AtMost(config.ellipsis_ratio_max.get()),
            Bound::AtMost(config.bullet_lines_max.get()),
            Bound::AtMost(config.ellipsis_lines_max.get()),
            Bound::AtLeast(config.alpha_words_min.get()),
            Bound::AtLeast(config.stop_words_min as f64),
        ];
        RULES.iter().zip(bounds).map(|(rule, bound)| RuleBound::new(rule, bound)).collect()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let text = view.text();
        let counts = WordCounts::of(view.tokens());
        findings.measure(0, counts.words as f64)?;
        findings.measure(1, counts.words as f64)?;
        findings.measure(2, counts.mean_word_length())?;
        findings.measure(3, counts.mean_word_length())?;
        let hashes = memchr::memchr_iter(b'#', text.as_bytes()).count();
        findings.measure(4, counts.per_token(hashes))?;
        let ellipses =
            self.dots.find_iter(text.as_bytes()).count() + self.ellipsis.find_iter(text.as_bytes()).count();
        findings.measure(5, counts.per_token(ellipses))?;
        findings.measure(6, share_of_lines(text, view.lines(), begins_with_bullet))?;
        findings.measure(7, share_of_lines(text, view.lines(), ends_with_ellipsis))?;
        findings.measure(8, counts.per_token(counts.alpha as usize))?;
        findings.measure(9, f64::from(counts.stop_words))
    }
}
