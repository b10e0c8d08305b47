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
    let written = Written::read(bytes, start);
    let found = written.parts().find(|number| {
        let is_path = bytes.get(number.end) == Some(&b'/');
        // the rest of an international number is not left where a letter or slash follows it
        let is_all = written.ends.last().is_some_and(|&(_, end)| end == number.end);
        let is_whole = extension(text, number.end) > number.end
            || !(is_path || is_attached_behind(bytes, number.end))
            || (is_all
                && number.is_international()
                && !bytes.get(number.end).is_some_and(u8::is_ascii_digit));
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

/// Digits in groups, and the marks between them, as far as a number can reach.
struct Written {
    plus: bool,
    digits: Vec<u8>,
    marks: Vec<u8>,
    groups: Vec<usize>,
    /// For each group how many marks there are up to it, and where it ends.
    ends: Vec<(usize, usize)>,
}

/// The first groups of a number.
struct Part<'w> {
    plus: bool,
    digits: &'w [u8],
    marks: &'w [u8],
    groups: &'w [usize],
    end: usize,
}

impl Written {
    fn read(text: &[u8], start: usize) -> Self {
        let plus = text[start] == b'+';
        let (digits, marks) = (Vec::with_capacity(DIGITS_MAX), Vec::with_capacity(DIGITS_MAX));
        let mut number =
            Self { plus, digits, marks, groups: Vec::with_capacity(8), ends: Vec::with_capacity(8) };
        let mut at = start + usize::from(plus);
        loop {
            let is_mark = |byte: &&u8| matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')');
            let marks = text[at..].iter().take(3).take_while(is_mark).count();
            let rest = &text[at + marks..];
            let group = rest.iter().take(DIGITS_MAX + 1).take_while(|byte| byte.is_ascii_digit()).count();
            let is_far = marks > 2 || (at == start && marks > 1);
            if group == 0 || number.digits.len() + group > DIGITS_MAX || is_far {
                return number;
            }
            number.marks.extend(&text[at..at + marks]);
            number.digits.extend(rest[..group].iter().map(|byte| byte - b'0'));
            number.groups.push(group);
            at += marks + group;
            number.ends.push((number.marks.len(), at));
        }
    }

    /// The number, then without its last group, and so on, as long as there are enough digits.
    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let mut length = self.digits.len();
        self.ends.iter().enumerate().rev().map_while(move |(last, &(marks, end))| {
            let part = Part {
                plus: self.plus,
                digits: &self.digits[..length],
                marks: &self.marks[..marks],
                groups: &self.groups[..=last],
                end,
            };
            length -= self.groups[last];
            (part.digits.len() >= DIGITS_MIN).then_some(part)
        })
    }
}

impl Part<'_> {
    /// `+`, the code of a country, and enough digits.
    fn is_international(&self) -> bool {
        let length = self.digits.len();
        let is_code = match self.digits {
            [1, rest @ ..] => rest.len() == 10 && rest[0] > 1,
            [7, ..] => length == 11,
            [0, ..] => false,
            _ => length >= if self.groups.len() > 1 { 8 } else { 10 },
        };
        self.plus && is_code
    }

    /// Area, exchange and number, with marks between them that are not only spaces.
    fn is_american(&self) -> bool {
        let groups = match self.groups {
            [1, rest @ ..] if self.digits[0] == 1 => rest,
            [3, rest @ ..] if self.digits[..3] == [0, 0, 1] => rest,
            groups => groups,
        };
        let is_marked = self.marks.iter().any(|mark| matches!(mark, b'-' | b'.' | b')'));
        let is_plain = self.marks.iter().all(|mark| *mark != b'/');
        let [.., area, _, _, exchange, _, _, _, _, _, _] = self.digits else { return false };
        groups == [3, 3, 4] && is_marked && is_plain && *area > 1 && *exchange > 1
    }

    /// Enough digits, with a word before or behind them that says what they are.
    fn is_explained(&self, place: &Place<'_>) -> bool {
        let is_written_so =
            matches!(self.groups.len(), 2..=6) || self.digits.len() >= 9 && self.groups.len() == 1;
        is_written_so
            && !self.is_date()
            && !place.is_about(Topic::Thing)
            && (place.is_about(Topic::Phone) || place.is_before_word(self.end, Topic::PhoneLabel))
    }

    fn is_date(&self) -> bool {
        let is_year = |digits: &[u8]| (1800..2200).contains(&value(digits));
        match self.groups {
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
