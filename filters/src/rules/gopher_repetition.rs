//! # What it measures
//! How much of the text repeats itself: paragraphs, lines, the most frequent 2- to 4-gram, and 5- to 10-grams.
//! # Why
//! Repetition is the commonest fault of generated, templated and boilerplate text, and models trained on it repeat
//! themselves.
//! # Source
//! Rae et al. 2021 (Gopher), arXiv 2112.11446, table A1; every definition and default as in datatrove 0.10.1,
//! `pipeline/filters/gopher_repetition_filter.py`. All shares but the two counts are of the text's code points;
//! only second and later copies count; the most frequent n-gram (the earliest of equally frequent ones) counts with
//! its joining spaces, also where it stands once, so that very short texts break that rule; repeated longer
//! n-grams are met in a scan from the left that steps over each, and count without spaces.
//! # Differs from datatrove 0.10.1 in
//! * keeping word boundaries: there `ab c` and `a bc` are the same repeated n-gram;
//! * a bound of 0 meaning 0 (there it switches four of the rules off);
//! * comparing lines, paragraphs and words by 64-bit hashes;
//! * the value 0 for every rule on the empty text, which breaks `no-text`.
//! # Example
//! The same sentence on ten lines breaks `duplicate-lines` with value 0.9 and bound 0.3.

use super::ngrams::Ngrams;
use super::repeats::{self, Buffers, Repeats};
use crate::{Bound, BuildError, Context, Decimal, Filter, Findings, Rule, RuleBound, Spec, View};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// The bounds, each the largest share that passes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Share of paragraphs that are copies.
    pub duplicate_paragraphs_max: Decimal,
    /// Share of code points in copies of paragraphs.
    pub duplicate_paragraph_chars_max: Decimal,
    /// Share of lines that are copies.
    pub duplicate_lines_max: Decimal,
    /// Share of code points in copies of lines.
    pub duplicate_line_chars_max: Decimal,
    /// Share of code points in the most frequent 2-gram.
    pub top_2_gram_max: Decimal,
    /// Share of code points in the most frequent 3-gram.
    pub top_3_gram_max: Decimal,
    /// Share of code points in the most frequent 4-gram.
    pub top_4_gram_max: Decimal,
    /// Share of code points in copies of 5-grams.
    pub duplicate_5_grams_max: Decimal,
    /// Share of code points in copies of 6-grams.
    pub duplicate_6_grams_max: Decimal,
    /// Share of code points in copies of 7-grams.
    pub duplicate_7_grams_max: Decimal,
    /// Share of code points in copies of 8-grams.
    pub duplicate_8_grams_max: Decimal,
    /// Share of code points in copies of 9-grams.
    pub duplicate_9_grams_max: Decimal,
    /// Share of code points in copies of 10-grams.
    pub duplicate_10_grams_max: Decimal,
}

impl Default for Config {
    // arXiv 2112.11446, table A1
    fn default() -> Self {
        Self {
            duplicate_paragraphs_max: Decimal::of(0.3),
            duplicate_paragraph_chars_max: Decimal::of(0.2),
            duplicate_lines_max: Decimal::of(0.3),
            duplicate_line_chars_max: Decimal::of(0.2),
            top_2_gram_max: Decimal::of(0.2),
            top_3_gram_max: Decimal::of(0.18),
            top_4_gram_max: Decimal::of(0.16),
            duplicate_5_grams_max: Decimal::of(0.15),
            duplicate_6_grams_max: Decimal::of(0.14),
            duplicate_7_grams_max: Decimal::of(0.13),
            duplicate_8_grams_max: Decimal::of(0.12),
            duplicate_9_grams_max: Decimal::of(0.11),
            duplicate_10_grams_max: Decimal::of(0.1),
        }
    }
}

const fn rule(id: &'static str, summary: &'static str, alias: &'static str) -> Rule {
    Rule { id, summary, alias: Some(alias) }
}

const RULES: [Rule; 14] = [
    rule("no-text", "code points in the text", "empty"),
    rule("duplicate-paragraphs", "share of paragraphs that are copies", "dup_para_frac"),
    rule("duplicate-paragraph-chars", "share of code points in copied paragraphs", "dup_para_char_frac"),
    rule("duplicate-lines", "share of lines that are copies", "dup_line_frac"),
    rule("duplicate-line-chars", "share of code points in copied lines", "dup_line_char_frac"),
    rule("top-2-gram", "share of code points in the most frequent 2-gram", "top_2_gram"),
    rule("top-3-gram", "share of code points in the most frequent 3-gram", "top_3_gram"),
    rule("top-4-gram", "share of code points in the most frequent 4-gram", "top_4_gram"),
    rule("duplicate-5-grams", "share of code points in copied 5-grams", "duplicated_5_n_grams"),
    rule("duplicate-6-grams", "share of code points in copied 6-grams", "duplicated_6_n_grams"),
    rule("duplicate-7-grams", "share of code points in copied 7-grams", "duplicated_7_n_grams"),
    rule("duplicate-8-grams", "share of code points in copied 8-grams", "duplicated_8_n_grams"),
    rule("duplicate-9-grams", "share of code points in copied 9-grams", "duplicated_9_n_grams"),
    rule("duplicate-10-grams", "share of code points in copied 10-grams", "duplicated_10_n_grams"),
];

/// Position of the rule of the 2-grams; those of longer n-grams follow in order.
const TOP_2_GRAM: usize = 5;

/// The built filter.
pub struct GopherRepetition(Config);

impl Spec for Config {
    const NAME: &'static str = "gopher-repetition";
    const SUMMARY: &'static str = "Gopher's bounds on repeated paragraphs, lines and n-grams";
    const SOURCE: &'static str =
        "Rae et al. 2021, arXiv 2112.11446, table A1; datatrove 0.10.1 GopherRepetitionFilter";
    const RULES: &'static [Rule] = &RULES;
    const EXAMPLE: Option<&'static str> = Some("duplicate_lines_max = \"0.3\"");
    type Filter = GopherRepetition;

    fn build(&self, _: &mut dyn Context) -> Result<GopherRepetition, BuildError> {
        Ok(GopherRepetition(self.clone()))
    }
}

/// Measures lines or paragraphs: first their share that is copies, then the share of code points in these.
fn measure_copies(rule: usize, found: Repeats, chars: usize, findings: &mut Findings) -> ControlFlow<()> {
    findings.measure(rule, found.repeated as f64 / found.pieces.max(1) as f64)?;
    findings.measure(rule + 1, found.chars as f64 / chars.max(1) as f64)
}

fn measure_ngrams(view: &View<'_>, findings: &mut Findings, buffers: &mut Buffers) -> ControlFlow<()> {
    let share = |part: u64| part as f64 / view.chars().max(1) as f64;
    let mut ngrams = Ngrams::pairs(view.tokens(), buffers);
    findings.measure(TOP_2_GRAM, share(ngrams.top_chars()))?;
    for n in 3..=10 {
        ngrams.grow();
        let chars = if n <= 4 { ngrams.top_chars() } else { ngrams.duplicated_chars() };
        findings.measure(TOP_2_GRAM + n - 2, share(chars))?;
    }
    ControlFlow::Continue(())
}

impl Filter for GopherRepetition {
    fn rules(&self) -> Vec<RuleBound> {
        let config = &self.0;
        let shares = [
            config.duplicate_paragraphs_max,
            config.duplicate_paragraph_chars_max,
            config.duplicate_lines_max,
            config.duplicate_line_chars_max,
            config.top_2_gram_max,
            config.top_3_gram_max,
            config.top_4_gram_max,
            config.duplicate_5_grams_max,
            config.duplicate_6_grams_max,
            config.duplicate_7_grams_max,
            config.duplicate_8_grams_max,
            config.duplicate_9_grams_max,
            config.duplicate_10_grams_max,
        ];
        let bounds =
            std::iter::once(Bound::AtLeast(1.0)).chain(shares.map(|share| Bound::AtMost(share.get())));
        RULES.iter().zip(bounds).map(|(rule, bound)| RuleBound::new(rule, bound)).collect()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let chars = view.chars();
        findings.measure(0, chars as f64)?;
        repeats::with_buffers(|buffers| {
            let lines = view.lines();
            let paragraphs = Repeats::of(lines.paragraphs().iter(), lines.paragraphs().len(), buffers);
            measure_copies(1, paragraphs, chars, findings)?;
            let lines = Repeats::of(lines.by_newline_runs(), lines.by_newline().len(), buffers);
            measure_copies(3, lines, chars, findings)?;
            measure_ngrams(view, findings, buffers)
        })
    }
}
