//! datatrove's `simplify_text` (0.10.1, `datatrove/utils/text.py`, default configuration).

use super::code_points::CodePoints;
use super::{punctuation, python};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

static NONSPACING_MARKS: LazyLock<CodePoints> = LazyLock::new(|| CodePoints::from_class(r"\p{Mn}"));

/// Characters with a mark in their decomposition that is kept but may change places with its neighbours in
/// normalisation form D.
static MOVABLE: LazyLock<CodePoints> = LazyLock::new(|| {
    let movable = |c: &char| {
        let mut found = false;
        decompose_canonical(*c, |part| {
            found |= canonical_combining_class(part) != 0 && !NONSPACING_MARKS.contains(part);
        });
        found
    };
    CodePoints::from_ranges(('\0'..=char::MAX).filter(movable).map(|c| (u32::from(c), u32::from(c))))
});

/// The text in lower case, with numbers as `0`, punctuation as spaces, white space as single spaces and without
/// nonspacing marks, in the order in which datatrove does it: the steps do not commute.
pub fn simplify_text(text: &str) -> String {
    let lower = text.to_lowercase();
    let mut spaced = String::with_capacity(lower.len());
    replace_numbers(&lower, |c| spaced.push(if punctuation::is_punctuation(c) { ' ' } else { c }));
    let single = python::split_words(&spaced).collect::<Vec<_>>().join(" ");
    let bare: String = single.nfd().filter(|c| !NONSPACING_MARKS.contains(*c)).collect();
    python::strip(&bare).to_string()
}

/// Yields the characters of the text with every match of `\p{Nd}+([.,،٫⎖⎗⎘]\p{Nd}+)?` replaced by `0`.
fn replace_numbers(text: &str, mut yielded: impl FnMut(char)) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if python::is_decimal(c) {
            yielded('0');
            rest = &rest[number_len(rest)..];
        } else {
            yielded(c);
            rest = &rest[c.len_utf8()..];
        }
    }
}

/// The length of the number the text begins with, fraction included.
pub(super) fn number_len(text: &str) -> usize {
    let digits = |text: &str| text.len() - text.trim_start_matches(python::is_decimal).len();
    let whole = digits(text);
    let fraction = text[whole..].strip_prefix(is_decimal_separator).unwrap_or_default();
    match digits(fraction) {
        0 => whole,
        more => text.len() - fraction.len() + more,
    }
}

fn is_decimal_separator(c: char) -> bool {
    matches!(c, '.' | ',' | '\u{60c}' | '\u{66b}' | '\u{2396}'..='\u{2398}')
}

/// Where the ASCII number at `at` ends, fraction included.
pub(super) fn number_end(bytes: &[u8], at: usize) -> usize {
    let digits_end = |from: usize| {
        bytes[from..]
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .map_or(bytes.len(), |length| from + length)
    };
    let whole = digits_end(at);
    match bytes.get(whole..) {
        Some([b'.' | b',', digit, ..]) if digit.is_ascii_digit() => digits_end(whole + 1),
        _ => whole,
    }
}

/// Simplifies single chunks; keeps its buffers.
#[derive(Debug, Default)]
pub(super) struct Simplifier {
    lower: String,
    word: String,
}

impl Simplifier {
    /// The words of the simplified chunk, which holds no white space.
    pub(super) fn words(&mut self, chunk: &str, mut found: impl FnMut(&str)) {
        self.lower.clear();
        if chunk.contains('Σ') {
            // Its lower-case form depends on its neighbours.
            self.lower.push_str(&chunk.to_lowercase());
        } else {
            self.lower.extend(chunk.chars().flat_map(char::to_lowercase));
        }
        if self.lower.chars().any(|c| MOVABLE.contains(c)) {
            simplify_text(chunk).split(' ').filter(|word| !word.is_empty()).for_each(found);
            return;
        }
        self.word.clear();
        let word = &mut self.word;
        replace_numbers(&self.lower, |c| {
            if c.is_ascii_alphanumeric() {
                word.push(c);
            } else if punctuation::is_punctuation(c) {
                if !word.is_empty() {
                    found(word);
                    word.clear();
                }
            } else {
                decompose_canonical(c, |part| {
                    if !NONSPACING_MARKS.contains(part) {
                        word.push(part);
                    }
                });
            }
        });
        if !word.is_empty() {
            found(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_simplified_as_datatrove_does() {
        let cases = [
            ("Hello, WORLD! 3.14 + 2,718 = 5.858; 1.2.3 a1b2", "hello world 0 0 0 0 0 a0b0"),
            (
                "Cr\u{e8}me br\u{fb}l\u{e9}e\u{2014}\u{c0}\u{c9}\u{ce} \u{201c}na\u{ef}ve\u{201d} don\u{2019}t",
                "creme brulee aei naive don t",
            ),
            (
                "\u{39f}\u{394}\u{3a5}\u{3a3}\u{3a3}\u{395}\u{3a5}\u{3a3} \u{3a3} \u{391}\u{3a3}.\u{391} \u{130}stanbul \u{1c5} \u{df}",
                "\u{3bf}\u{3b4}\u{3c5}\u{3c3}\u{3c3}\u{3b5}\u{3c5}\u{3c2} \u{3c3} \u{3b1}\u{3c3} \u{3b1} istanbul \u{1c6} \u{df}",
            ),
            (
                "\u{663}\u{66b}\u{661}\u{664} x\u{661}\u{662}\u{663}y 3\u{66b}5 \u{bd} \u{b2} \u{2460}",
                "0 x0y 0 \u{bd} \u{b2} \u{2460}",
            ),
            (
                "\u{2260} \u{fb01} \u{c5} \u{f8} \u{141}\u{d3}D\u{179} e\u{301}",
                "= \u{fb01} a \u{f8} \u{142}odz e",
            ),
            (
                "\u{65e5}\u{672c}\u{8a9e}\u{3001}\u{30c6}\u{30b9}\u{30c8}\u{3002}\u{304c}\u{304e}",
                "\u{65e5}\u{672c}\u{8a9e} \u{30c6}\u{30b9}\u{30c8} \u{304b}\u{304d}",
            ),
            ("\u{301} \u{301}a ", "a"),
            ("a\u{1d15}e\u{1d157}\u{1d165}b\u{302e}\u{300}", "a\u{1d15}e\u{1d157}\u{1d165}b\u{302e}"),
            ("\u{ff11}\u{ff12}\u{ff13} \u{ff01}\u{ff1f} \u{fe57} \u{2026}", "0 \u{fe57}"),
            ("_a_ a__b $5 \u{20ac}5 <tag> C++ #1", "a a b 0 \u{20ac}0 tag c 0"),
            ("\u{419}\u{43e}\u{434} \u{401}\u{436} \u{439}", "\u{438}\u{43e}\u{434} \u{435}\u{436} \u{438}"),
        ];
        for (text, expected) in cases {
            assert_eq!(simplify_text(text), expected, "{text}");
        }
    }

    #[test]
    fn ascii_numbers_end_where_the_pattern_does() {
        let ends = ["12", "12.5x", "1,234,567", "1.", "1..2", "7"].map(|text| number_end(text.as_bytes(), 0));
        assert_eq!(ends, [2, 4, 5, 1, 1, 1]);
    }
}
