//! Telephone numbers: in the international form, in the North American one, and in any other behind a word that says so.
//!
//! Source: ITU-T E.164 (at most 15 digits behind `+`, and its list of country codes, whose first digits are checked);
//! the North American Numbering Plan (area and exchange begin with 2 to 9). Left alone: `555-0100` to `555-0199`, which
//! the plan keeps for fiction, and numbers in URLs.

use super::context::{Place, is_attached_before, is_attached_behind, is_word};
use super::numbers::value;
use super::topics::Topic;
use std::ops::Range;

/// Most digits of a number; E.164 allows 15, no country uses more than 13 with its code.
const DIGITS_MAX: usize = 13;
/// Fewest digits of a number behind a word that says so.
const DIGITS_MIN: usize = 7;

/// The telephone number whose first digits are at the place.
pub(super) fn phone_at(place: &Place<'_>) -> Option<Range<usize>> {
    let (text, bytes) = (place.text, place.text.as_bytes());
    let start = start(bytes, place.at);
    if is_attached_before(bytes, start) {
        return None;
    }
    let written = read(bytes, start);
    let found = written.iter().rev().find(|number| {
        let end = number.end;
        let is_whole = extension(text, end) > end || !is_attached_behind(bytes, end);
        let is_one = number.is_international() || number.is_american() || number.is_explained(place);
        is_whole && is_one && !number.is_fictional()
    })?;
    if place.is_in_url() {
        return None;
    }
    // a bracket around the whole number is none of it
    let opens = bytes[start] == b'(' && !text[start..found.end].contains(')');
    Some(start + usize::from(opens)..extension(text, found.end))
}

/// Where a `+` or `(` before the digits begins.
fn start(text: &[u8], digit: usize) -> usize {
    let mut start = digit;
    for mark in [b'(', b'+'] {
        if start > 0 && text[start - 1] == mark {
            start -= 1;
        }
    }
    start
}

/// Digits in groups, each with what stands before it.
#[derive(Clone, Default)]
struct Written {
    digits: Vec<u8>,
    /// Lengths of the groups.
    groups: Vec<usize>,
    separators: Vec<u8>,
    plus: bool,
    end: usize,
}

/// The number at `start` with one group of digits, with two, and so on.
fn read(text: &[u8], start: usize) -> Vec<Written> {
    let mut all = Vec::new();
    let mut at = start;
    let mut number = Written { plus: text[start] == b'+', ..Written::default() };
    at += usize::from(number.plus);
    loop {
        let marks = text[at..]
            .iter()
            .take(3)
            .take_while(|byte| matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')'))
            .count();
        let group =
            text[at + marks..].iter().take(DIGITS_MAX + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if group == 0 || number.digits.len() + group > DIGITS_MAX || marks > 2 || (at == start && marks > 1) {
            return all;
        }
        number.separators.extend(&text[at..at + marks]);
        at += marks;
        number.digits.extend(text[at..at + group].iter().map(|byte| byte - b'0'));
        number.groups.push(group);
        at += group;
        number.end = at;
        all.push(number.clone());
    }
}

impl Written {
    /// `+`, the code of a country, and enough digits.
    fn is_international(&self) -> bool {
        let length = self.digits.len();
        let is_code = match self.digits.as_slice() {
            [1, rest @ ..] => rest.len() == 10 && rest[0] > 1,
            [7, ..] => length == 11,
            [0, ..] => false,
            _ => length >= if self.groups.len() > 1 { 8 } else { 10 },
        };
        self.plus && is_code
    }

    /// Area, exchange and number, with marks between them that are not only spaces.
    fn is_american(&self) -> bool {
        let groups = match self.groups.as_slice() {
            [1, rest @ ..] if self.digits[0] == 1 => rest,
            [3, rest @ ..] if self.digits[..3] == [0, 0, 1] => rest,
            groups => groups,
        };
        let is_marked = self.separators.iter().any(|mark| matches!(mark, b'-' | b'.' | b')'));
        let is_plain = self.separators.iter().all(|mark| *mark != b'/');
        let [.., area, _, _, exchange, _, _, _, _, _, _] = self.digits.as_slice() else { return false };
        groups == [3, 3, 4] && is_marked && is_plain && *area > 1 && *exchange > 1
    }

    /// Enough digits, with a word before or behind them that says what they are.
    fn is_explained(&self, place: &Place<'_>) -> bool {
        let is_written_so = self.groups.len() > 1 || self.digits.len() >= 9;
        is_written_so
            && self.digits.len() >= DIGITS_MIN
            && !self.is_date()
            && !place.is_about(Topic::Thing)
            && (place.is_about(Topic::Phone) || place.is_before_word(self.end, Topic::PhoneLabel))
    }

    fn is_date(&self) -> bool {
        let is_year = |digits: &[u8]| (1800..2200).contains(&value(digits));
        match self.groups.as_slice() {
            [4, 2, 2, ..] => is_year(&self.digits[..4]),
            [1 | 2, 1 | 2, 4] => is_year(&self.digits[self.digits.len() - 4..]),
            // two years
            [4, 4] => is_year(&self.digits[..4]) && is_year(&self.digits[4..]),
            _ => false,
        }
    }

    /// `555-01xx`, with or without an area.
    fn is_fictional(&self) -> bool {
        let length = self.digits.len();
        (length == 7 || length >= 10) && self.digits[length - 7..length - 2] == [5, 5, 5, 0, 1]
    }
}

/// Where the extension behind a number ends, or the number itself: `x123`, `ext. 123`.
fn extension(text: &str, end: usize) -> usize {
    let rest = &text[end..];
    let mark = [" ext. ", " ext ", " x", "x"].iter().find(|mark| rest.starts_with(*mark));
    let Some(mark) = mark else { return end };
    let digits = rest[mark.len()..].bytes().take(7).take_while(u8::is_ascii_digit).count();
    let after = end + mark.len() + digits;
    let is_whole = !text.as_bytes().get(after).copied().is_some_and(is_word);
    if (1..=6).contains(&digits) && is_whole { after } else { end }
}
