//! Python's notions of space, letter, digit and line, which the reference implementations count by.
//!
//! Source: the documentation of `str` in Python 3.11 (`isspace`, `isalpha`, `isdecimal`, `strip`, `split`,
//! `splitlines`). The tables are those of the Unicode version of `regex-syntax`, which may know a few more letters
//! than the Python that made a reference result.

use super::code_points::CodePoints;
use std::sync::LazyLock;

static LETTERS: LazyLock<CodePoints> = LazyLock::new(|| CodePoints::from_class(r"\p{L}"));
static DECIMALS: LazyLock<CodePoints> = LazyLock::new(|| CodePoints::from_class(r"\p{Nd}"));
static NUMBERS: LazyLock<CodePoints> = LazyLock::new(|| CodePoints::from_class(r"\p{N}"));

/// Whether `str.isspace`, `str.strip`, `str.split` and `\s` take `c` for white space: Unicode's White_Space and
/// U+001C to U+001F.
#[inline]
pub fn is_space(c: char) -> bool {
    match c {
        '\t'..='\r' | '\u{1c}'..=' ' => true,
        c if c.is_ascii() => false,
        c => c.is_whitespace(),
    }
}

/// Whether `str.isalpha` takes `c` for a letter: general categories Lu, Ll, Lt, Lm and Lo. Unlike
/// [`char::is_alphabetic`] it leaves out letter-like marks, symbols and numbers.
#[inline]
pub fn is_alpha(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { LETTERS.contains(c) }
}

/// Whether `\d` and `str.isdecimal` take `c` for a digit: general category Nd.
#[inline]
pub fn is_decimal(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { DECIMALS.contains(c) }
}

/// Whether `\w` takes `c` for part of a word: a letter, a number of any kind or the underscore.
#[inline]
pub fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        LETTERS.contains(c) || NUMBERS.contains(c)
    }
}

/// `str.strip()`.
#[inline]
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `str.lstrip()`.
#[inline]
pub fn lstrip(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// `str.rstrip()`.
#[inline]
pub fn rstrip(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// `str.split()`: the pieces between runs of white space, none of them empty.
pub fn split_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// Whether `str.splitlines` breaks a line at `c`. A carriage return and the line feed after it are one break.
#[inline]
pub fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `str.splitlines()`: the lines without their breaks. A break at the end begins no further line, and the empty
/// text has none.
pub fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((at, found)) = rest.char_indices().find(|&(_, c)| is_line_break(c)) else {
            return Some(std::mem::take(&mut rest));
        };
        let (line, broken) = rest.split_at(at);
        rest = broken.strip_prefix("\r\n").unwrap_or(&broken[found.len_utf8()..]);
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_are_pythons() {
        let spaces: Vec<u32> = ('\0'..=char::MAX).filter(|&c| is_space(c)).map(u32::from).collect();
        let expected: Vec<u32> = (0x09..=0x0d)
            .chain(0x1c..=0x20)
            .chain([0x85, 0xa0, 0x1680])
            .chain(0x2000..=0x200a)
            .chain([0x2028, 0x2029, 0x202f, 0x205f, 0x3000])
            .collect();
        assert_eq!(spaces, expected);
    }

    #[test]
    fn letters_are_narrower_than_rusts() {
        assert!(is_alpha('a') && is_alpha('é') && is_alpha('ー') && is_alpha('中') && is_alpha('ª'));
        for c in ['Ⅷ', 'ⓐ', '\u{345}', '\u{93e}', '1', '_', '٣'] {
            assert!(!is_alpha(c), "{c}");
        }
    }

    #[test]
    fn digits_and_words() {
        assert!(is_decimal('7') && is_decimal('٣') && is_decimal('１'));
        assert!(!is_decimal('²') && !is_decimal('½') && !is_decimal('x'));
        assert!(is_word('²') && is_word('_') && is_word('é') && !is_word('-') && !is_word('“'));
    }

    #[test]
    fn words_and_stripping() {
        assert_eq!(split_words("\u{1c} a\u{a0}b\tc \u{2029}").collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(split_words(" \n").count(), 0);
        assert_eq!((strip("\u{1f}x \n"), lstrip("\u{85}x "), rstrip(" x\u{3000}")), ("x", "x ", " x"));
    }

    #[test]
    fn lines_break_where_splitlines_does() {
        let lines = |text| split_lines(text).collect::<Vec<_>>();
        assert_eq!(lines("a\r\nb\n\rc"), ["a", "b", "", "c"]);
        assert_eq!(
            lines("a\u{b}b\u{c}c\u{1c}d\u{1d}e\u{1e}f\u{85}g\u{2028}h\u{2029}"),
            ["a", "b", "c", "d", "e", "f", "g", "h"]
        );
        assert_eq!(lines("a\u{1f}b\n"), ["a\u{1f}b"]);
        assert_eq!(lines("\n\n"), ["", ""]);
        assert!(lines("").is_empty());
    }
}
