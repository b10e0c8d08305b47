//! # What it measures
//! Characters that a reader does not see and a tokenizer does: how many of each kind a text holds beyond what its
//! script needs.
//! # Why
//! Hidden characters carry instructions past a person who reviews the text (tag characters spell ASCII, variation
//! selectors and zero-width characters spell bits, bidirectional controls show another order than the one that is
//! trained on), and break words so that no filter finds them.
//! # Source
//! Unicode 17, `Default_Ignorable_Code_Point`; UAX #9 (bidirectional controls), UTS #51 (emoji sequences), UTS #39.
//! Boucher et al. 2022, *Bad Characters* (arXiv 2106.09898). The bounds are our own.
//! # How
//! Legitimate and never counted: a byte order mark at the start; a zero-width joiner between emoji, and either joiner
//! after a letter or mark of a script that shapes with them (Arabic to Malayalam and their neighbours, Sinhala,
//! Mongolian); the selectors of text and emoji style after a character beyond ASCII, or after a digit, `#` or `*`, other
//! variation selectors after a zero or a character from U+1000 that is no emoji (`StandardizedVariants.txt` has none
//! else), and those from U+E0100 after Han ideographs only (UTS #37); the flags of England, Scotland and Wales, and up to
//! three other flags of subdivisions, each a black flag, at most six tags and the cancelling one; left-to-right and right-to-left marks, isolates and embeddings in a text with
//! right-to-left letters; word joiners and Hangul fillers that stand alone, Mongolian vowel separators after Mongolian
//! letters; single zero-width spaces (line breaks in Thai, Khmer and URLs). Where such a one stands between two letters
//! of a script that puts spaces between words, it is counted by a rule of its own, and so are soft hyphens
//! and single private-use characters (icons, logograms), all with wide bounds.
//! # Example
//! `"Ordinary\u{e0068}\u{e0069} words"` holds two tag characters. With `edit = true` what is hidden is cut out instead,
//! and no rule is broken.

mod runs;

pub(super) use runs::is_zero_width;
use runs::{Hidden, runs};

use crate::{Action, Bound, BuildError, Context, Filter, Findings, Rule, RuleBound, Span, Spec, View};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

/// How much of each kind passes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Most tag characters outside a flag.
    pub tags_max: u64,
    /// Most bidirectional controls in a text without right-to-left letters, or overrides in any.
    pub bidi_max: u64,
    /// Most variation selectors where none belongs.
    pub selectors_max: u64,
    /// Most zero-width characters where the script needs none.
    pub zero_width_max: u64,
    /// Most other invisible characters.
    pub other_max: u64,
    /// Longest run of private-use characters.
    pub private_run_max: u64,
    /// Most soft hyphens.
    pub soft_hyphens_max: u64,
    /// Most single zero-width characters inside words of scripts that need none.
    pub in_words_max: u64,
    /// Whether what is hidden is cut out, instead of breaking a rule.
    pub edit: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tags_max: 0,
            bidi_max: 8,
            selectors_max: 2,
            // a payload of one ASCII letter needs seven
            zero_width_max: 6,
            other_max: 6,
            private_run_max: 8,
            soft_hyphens_max: 1000,
            in_words_max: 6,
            edit: false,
        }
    }
}

const RULES: [Rule; 8] = [
    Rule { id: "tags", summary: "tag characters outside a flag", alias: None },
    Rule { id: "bidi", summary: "bidirectional controls without need", alias: None },
    Rule { id: "selectors", summary: "variation selectors where none belongs", alias: None },
    Rule { id: "zero-width", summary: "zero-width characters where the script needs none", alias: None },
    Rule { id: "invisible", summary: "other invisible characters", alias: None },
    Rule { id: "private-run", summary: "longest run of private-use characters", alias: None },
    Rule { id: "soft-hyphens", summary: "soft hyphens", alias: None },
    Rule { id: "in-words", summary: "single zero-width characters inside words", alias: None },
];

/// The built filter.
pub struct HiddenCharacters {
    bounds: [u64; RULES.len()],
    names: [Arc<str>; RULES.len()],
    edit: bool,
}

impl Spec for Config {
    const NAME: &'static str = "hidden-characters";
    const SUMMARY: &'static str = "characters that nobody sees, where the script needs none";
    const SOURCE: &'static str = "Unicode 17, UAX #9, UTS #39, UTS #51; arXiv 2106.09898; own bounds";
    const RULES: &'static [Rule] = &RULES;
    const EXAMPLE: Option<&'static str> = Some("edit = true");
    const ACTION: Action = Action::Quarantine;
    type Filter = HiddenCharacters;

    fn build(&self, _: &mut dyn Context) -> Result<HiddenCharacters, BuildError> {
        Ok(HiddenCharacters {
            bounds: [
                self.tags_max,
                self.bidi_max,
                self.selectors_max,
                self.zero_width_max,
                self.other_max,
                self.private_run_max,
                self.soft_hyphens_max,
                self.in_words_max,
            ],
            names: RULES.map(|rule| rule.id.into()),
            edit: self.edit,
        })
    }
}

impl Filter for HiddenCharacters {
    fn rules(&self) -> Vec<RuleBound> {
        let bound = |most: u64| if self.edit { Bound::Off } else { Bound::AtMost(most as f64) };
        RULES.iter().zip(self.bounds).map(|(rule, most)| RuleBound::new(rule, bound(most))).collect()
    }

    fn edits(&self) -> bool {
        self.edit
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let mut counts = [0u64; RULES.len()];
        if !view.is_ascii() {
            for (start, end, hidden) in runs(view.text()) {
                let chars = view.text()[start..end].chars().count() as u64;
                let count = &mut counts[hidden as usize];
                *count = if hidden == Hidden::Private { chars.max(*count) } else { *count + chars };
                // an icon or a hyphenation is no payload
                let harmless = match hidden {
                    Hidden::Private => chars <= self.bounds[hidden as usize],
                    Hidden::SoftHyphen => true,
                    _ => false,
                };
                if !harmless {
                    let rule = Arc::clone(&self.names[hidden as usize]);
                    findings.span(Span { start, end, rule, view: "raw" });
                    if self.edit {
                        findings.edit(start..end, "");
                    }
                }
            }
        }
        counts.iter().enumerate().try_for_each(|(rule, &count)| findings.measure(rule, count as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_kind_are_one_span() {
        let text = "a\u{e0068}\u{e0069}\u{200b}\u{200b}b";
        let found: Vec<(usize, usize, u8)> =
            runs(text).iter().map(|&(a, b, kind)| (a, b, kind as u8)).collect();
        assert_eq!(found, [(1, 9, Hidden::Tag as u8), (9, 15, Hidden::ZeroWidth as u8)]);
    }

    #[test]
    fn what_scripts_need_is_not_hidden() {
        for text in [
            "\u{feff}start",
            "👩\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "שלום\u{200f}, \u{2067}abc\u{2069}",
            "ภาษา\u{200b}ไทย",
            "葛\u{e0100}飾区",
            "0\u{fe00} ≨\u{fe00} က\u{fe00}",
            "co\u{200b} op \u{2060}x https://\u{200b}example.org",
        ] {
            assert!(runs(text).is_empty(), "{text:?}");
        }
    }
}
