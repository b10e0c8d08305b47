//! # What it measures
//! How many lines end like sentences, how many are short, how much of the text repeats lines, and how many line
//! breaks there are for each word. Lines are what stands between line feeds, blank ones left out.
//! # Why
//! The three tests FineWeb added after comparing fifty statistics of good and bad crawls, with their measured
//! thresholds, and its test for lists. They remove lists, navigation and repeated boilerplate that Gopher's and
//! C4's rules keep.
//! # Source
//! Penedo et al. 2024 (FineWeb), arXiv 2406.17557, section 3.6; every definition and default as in datatrove
//! 0.10.1, `pipeline/filters/fineweb_quality_filter.py`.
//! # Differs from datatrove 0.10.1 in
//! comparing lines by a 64-bit hash, and in having values where there is nothing to divide by: a text without a
//! line breaks `no-lines` and has every ratio 0; a text without a word divides by 1.
//! # Example
//! A shopping list of twenty short lines breaks `line-punctuation` with value 0 and bound 0.12.

use super::repeats::{self, Repeats};
use crate::text::{Piece, punctuation};
use crate::{Bound, BuildError, Context, Decimal, Filter, Findings, Rule, RuleBound, Spec, View};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// The bounds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Smallest share of lines that end with terminal punctuation.
    pub line_punctuation_min: Decimal,
    /// Largest share of short lines.
    pub short_lines_max: Decimal,
    /// Longest line that counts as short, in code points.
    pub short_line_chars: u32,
    /// Largest share of code points that stand in second and later copies of a line.
    pub duplicate_line_chars_max: Decimal,
    /// Most line feeds per word.
    pub newlines_per_word_max: Decimal,
}

impl Default for Config {
    // datatrove 0.10.1; the paper's text gives the first, second and fourth
    fn default() -> Self {
        Self {
            line_punctuation_min: Decimal::of(0.12),
            short_lines_max: Decimal::of(0.67),
            short_line_chars: 30,
            duplicate_line_chars_max: Decimal::of(0.01),
            newlines_per_word_max: Decimal::of(0.3),
        }
    }
}

const fn rule(id: &'static str, summary: &'static str, alias: &'static str) -> Rule {
    Rule { id, summary, alias: Some(alias) }
}

const RULES: [Rule; 5] = [
    rule("no-lines", "lines that are not blank", "empty"),
    rule("line-punctuation", "share of lines that end with terminal punctuation", "line_punct_ratio"),
    rule("short-lines", "share of short lines", "short_line_ratio"),
    rule("duplicate-line-chars", "share of code points in repeated lines", "char_dup_ratio"),
    rule("newlines-per-word", "line feeds per word", "list_ratio"),
];

/// The built filter.
pub struct FinewebQuality(Config);

impl Spec for Config {
    const NAME: &'static str = "fineweb-quality";
    const SUMMARY: &'static str = "FineWeb's bounds on line ends, short lines, repeated lines and lists";
    const SOURCE: &'static str =
        "Penedo et al. 2024, arXiv 2406.17557, 3.6; datatrove 0.10.1 FineWebQualityFilter";
    const RULES: &'static [Rule] = &RULES;
    const EXAMPLE: Option<&'static str> = Some("line_punctuation_min = \"0.12\"");
    type Filter = FinewebQuality;

    fn build(&self, _: &mut dyn Context) -> Result<FinewebQuality, BuildError> {
        Ok(FinewebQuality(self.clone()))
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn ends_terminally(text: &str, line: &Piece) -> bool {
    line.of(text).chars().next_back().is_some_and(punctuation::is_terminal)
}

impl Filter for FinewebQuality {
    fn rules(&self) -> Vec<RuleBound> {
        let bounds = [
            Bound::AtLeast(1.0),
            Bound::AtLeast(self.0.line_punctuation_min.get()),
            Bound::AtMost(self.0.short_lines_max.get()),
            Bound::AtMost(self.0.duplicate_line_chars_max.get()),
            Bound::AtMost(self.0.newlines_per_word_max.get()),
        ];
        RULES.iter().zip(bounds).map(|(rule, bound)| RuleBound::new(rule, bound)).collect()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let text = view.text();
        let all = view.lines().by_newline();
        let lines = || all.iter().filter(|line| !line.blank);
        let count = lines().count();
        findings.measure(0, count as f64)?;
        let terminal = lines().filter(|line| ends_terminally(text, line)).count();
        findings.measure(1, share(terminal, count))?;
        let short = lines().filter(|line| line.chars <= self.0.short_line_chars).count();
        findings.measure(2, share(short, count))?;
        let newlines = all.len() - 1;
        let repeated = repeats::with_buffers(|buffers| Repeats::of(lines(), count, buffers));
        findings.measure(3, share(repeated.chars, view.chars() - newlines))?;
        findings.measure(4, share(newlines, view.tokens().len()))
    }
}
