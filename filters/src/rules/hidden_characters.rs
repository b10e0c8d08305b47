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
//! Mongolian); a variation selector after a character beyond ASCII, or after a digit, `#` or `*`; tags that spell a
//! subdivision flag after its black flag; left-to-right and right-to-left marks, isolates and embeddings in a text with
//! right-to-left letters; word joiners and Hangul fillers that stand alone, Mongolian vowel separators after Mongolian
//! letters. Soft hyphens, single zero-width spaces (line breaks in Thai, Khmer and URLs) and single private-use
//! characters (icons, logograms) are counted by rules of their own with wide bounds.
//! # Example
//! `"Ordinary\u{e0068}\u{e0069} words"` holds two tag characters. With `edit = true` what is hidden is cut out instead,
//! and no rule is broken.

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
            edit: false,
        }
    }
}

/// The kinds, in the order of the rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hidden {
    Tag,
    Bidi,
    Selector,
    ZeroWidth,
    Other,
    Private,
    SoftHyphen,
}

const RULES: [Rule; 7] = [
    Rule { id: "tags", summary: "tag characters outside a flag", alias: None },
    Rule { id: "bidi", summary: "bidirectional controls without need", alias: None },
    Rule { id: "selectors", summary: "variation selectors where none belongs", alias: None },
    Rule { id: "zero-width", summary: "zero-width characters where the script needs none", alias: None },
    Rule { id: "invisible", summary: "other invisible characters", alias: None },
    Rule { id: "private-run", summary: "longest run of private-use characters", alias: None },
    Rule { id: "soft-hyphens", summary: "soft hyphens", alias: None },
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

/// Runs of hidden characters of one kind: first byte, one past the last, kind.
fn runs(text: &str) -> Vec<(usize, usize, Hidden)> {
    let right_to_left = text.chars().any(is_right_to_left);
    let mut runs: Vec<(usize, usize, Hidden)> = Vec::new();
    let mut around = Around::default();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, next)| next);
        let hidden = if at == 0 && c == '\u{feff}' { None } else { around.hidden(c, next, right_to_left) };
        around.pass(c);
        let Some(hidden) = hidden else { continue };
        let end = at + c.len_utf8();
        match runs.last_mut() {
            Some(last) if last.1 == at && last.2 == hidden => last.1 = end,
            _ => runs.push((at, end, hidden)),
        }
    }
    runs
}

/// What stands before a character.
#[derive(Default)]
struct Around {
    before: Option<char>,
    in_flag: bool,
}

impl Around {
    fn pass(&mut self, c: char) {
        self.in_flag = c == '\u{1f3f4}' || (self.in_flag && is_tag(c) && c != '\u{e007f}');
        self.before = Some(c);
    }

    fn hidden(&self, c: char, next: Option<char>, right_to_left: bool) -> Option<Hidden> {
        let before = |is: fn(char) -> bool| self.before.is_some_and(is);
        match c {
            // a flag's tags are small letters and digits, then the end
            '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}' | '\u{e007f}' if self.in_flag => None,
            _ if is_tag(c) => Some(Hidden::Tag),
            '\u{202d}' | '\u{202e}' => Some(Hidden::Bidi),
            '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202c}' | '\u{2066}'..='\u{2069}' => {
                (!right_to_left).then_some(Hidden::Bidi)
            }
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
                (!before(takes_selector)).then_some(Hidden::Selector)
            }
            '\u{200d}' if before(joins_as_emoji) && next.is_some_and(is_pictographic) => None,
            '\u{200c}' | '\u{200d}' if before(shapes) => None,
            // a break opportunity stands alone
            '\u{200b}' | '\u{2060}' | '\u{feff}'
                if !before(is_zero_width) && !next.is_some_and(is_zero_width) =>
            {
                None
            }
            _ if is_zero_width(c) => Some(Hidden::ZeroWidth),
            '\u{180e}' | '\u{180b}'..='\u{180d}' | '\u{180f}' if before(is_mongolian) => None,
            '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
                if self.before != Some(c) && next != Some(c) =>
            {
                None
            }
            '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2061}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}'
            | '\u{3164}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0080}'..='\u{e00ff}'
            | '\u{e01f0}'..='\u{e0fff}' => Some(Hidden::Other),
            '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => Some(Hidden::Private),
            '\u{ad}' => Some(Hidden::SoftHyphen),
            _ => None,
        }
    }
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0000}'..='\u{e007f}')
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn is_mongolian(c: char) -> bool {
    matches!(c, '\u{1820}'..='\u{18aa}')
}

/// Whether a variation selector may follow: any visible character beyond ASCII, and what makes a keycap.
fn takes_selector(c: char) -> bool {
    let selector = matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    c.is_ascii_digit()
        || c == '#'
        || c == '*'
        || (c > '\u{a0}' && !selector && !is_zero_width(c) && !c.is_whitespace())
}

fn is_pictographic(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// What a joined emoji may end with before the joiner: itself, a selector, a skin tone, a tag's end.
fn joins_as_emoji(c: char) -> bool {
    is_pictographic(c) || matches!(c, '\u{fe0f}' | '\u{e007f}')
}

/// Whether joiners shape what comes after: Arabic, Syriac, Thaana, N'Ko, the scripts of India, Sinhala, Tibetan, Myanmar,
/// Khmer, Mongolian, Arabic presentation forms and their supplements.
fn shapes(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{f00}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{1b00}'..='\u{1c4f}' | '\u{a840}'..='\u{abff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10a00}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}')
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{60b}' | '\u{60d}'..='\u{61b}' | '\u{61d}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
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
            "葛\u{e0100}",
        ] {
            assert!(runs(text).is_empty(), "{text:?}");
        }
    }
}
