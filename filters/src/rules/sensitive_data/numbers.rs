//! Numbers as people write them: digits in one piece, or in groups with single separators between them.

use super::context::{is_attached_before, is_attached_behind};

/// The shortest number of interest: an American social security number's 9 digits.
const DIGITS_MIN: usize = 9;
/// The longest number of interest: a payment card's 19 digits.
const DIGITS_MAX: usize = 19;
/// The most groups of digits in one: a French social security number's seven.
const GROUPS_MAX: usize = 7;

/// Digits, with how they are written.
pub(super) struct Number {
    /// The values of the digits.
    pub(super) digits: Vec<u8>,
    /// The lengths of the groups and what stands between them: `3-2-4`.
    pub(super) shape: String,
    /// One past the last byte.
    pub(super) end: usize,
}

/// Hands over every number that begins with the digits at `start`: their group alone, then with the next one, and so on;
/// none where that is part of something longer.
pub(super) fn numbers_at(text: &[u8], start: usize, mut each: impl FnMut(&Number)) {
    if is_attached_before(text, start) {
        return;
    }
    let (digits, shape) = (Vec::with_capacity(DIGITS_MAX), String::with_capacity(2 * GROUPS_MAX));
    let mut number = Number { digits, shape, end: start };
    for _ in 0..GROUPS_MAX {
        let rest = &text[number.end..];
        let group = rest.iter().take(DIGITS_MAX + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if group == 0 || number.digits.len() + group > DIGITS_MAX {
            break;
        }
        number.digits.extend(rest[..group].iter().map(|byte| byte - b'0'));
        number.shape.extend(
            [b'1', b'0' + (group % 10) as u8].map(char::from).into_iter().skip(usize::from(group < 10)),
        );
        number.end += group;
        let is_whole = !is_attached_behind(text, number.end) && !number.is_amount(text);
        if number.digits.len() >= DIGITS_MIN && is_whole {
            each(&number);
        }
        let Some((separator, length)) = separator_at(text, number.end) else { break };
        number.shape.push(char::from(separator));
        number.end += length;
    }
}

/// What stands between groups of digits, and its length: a space or a hyphen of any width, a full stop or a slash.
fn separator_at(text: &[u8], at: usize) -> Option<(u8, usize)> {
    match text.get(at..)? {
        [mark @ (b'.' | b'/'), ..] => Some((*mark, 1)),
        _ => gap_at(text, at),
    }
}

/// A space or hyphen, also one that does not break a line or is narrow, and its length.
pub(super) fn gap_at(text: &[u8], at: usize) -> Option<(u8, usize)> {
    match text.get(at..)? {
        [mark @ (b' ' | b'-'), ..] => Some((*mark, 1)),
        // U+00A0
        [0xc2, 0xa0, ..] => Some((b' ', 2)),
        // U+2007, U+2009, U+202F
        [0xe2, 0x80, 0x87 | 0x89 | 0xaf, ..] => Some((b' ', 3)),
        // U+2010 to U+2013
        [0xe2, 0x80, 0x90..=0x93, ..] => Some((b'-', 3)),
        _ => None,
    }
}

impl Number {
    /// Whether a comma and digits behind a short number in one piece make it an amount. Cards are longer.
    fn is_amount(&self, text: &[u8]) -> bool {
        let is_short = self.digits.len() < 12 && self.shape.bytes().all(|byte| byte.is_ascii_digit());
        is_short
            && text.get(self.end) == Some(&b',')
            && text.get(self.end + 1).is_some_and(u8::is_ascii_digit)
    }
}

/// The number that digits make up.
pub(super) fn value(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number: u32, &digit| number.wrapping_mul(10).wrapping_add(u32::from(digit)))
}

/// Whether digits are a month and a day of it, `MMDD`.
pub(super) fn is_day(digits: &[u8]) -> bool {
    digits.len() == 4 && (1..=12).contains(&value(&digits[..2])) && (1..=31).contains(&value(&digits[2..]))
}
