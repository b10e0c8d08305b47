//! National identity, tax, social security and health numbers of people, by their form and check digits.
//!
//! A form that is seldom anything else is found wherever it stands; others, such as nine digits, only behind a word that
//! says what they are. Sources, by country: US SSA *SSN Randomization* (areas, groups and serials never issued) and its
//! list of numbers used in advertisements; NHS Data Dictionary (NHS number); Dutch *Logisch Ontwerp BRP* (BSN); Receita
//! Federal (CPF); UIDAI (Aadhaar); GB 11643-1999; INSEE (NIR); Skatteverket (personnummer); Polish *Ustawa o ewidencji
//! ludności* (PESEL); Korean *Resident Registration Act* (RRN, up to 2020); Canada's SIN and Australia's TFN
//! algorithms; BZSt (Steuer-ID). Those with letters are in `lettered.rs`.

use super::checksums::{luhn, modulo_11_10, verhoeff, weighted};
use super::context::Place;
use super::numbers::{Number, is_day, value};
use super::topics::Topic;

struct Form {
    /// How it is written where it needs no explanation.
    alone: &'static [&'static str],
    /// How it is written where a word about `topic` stands before it.
    explained: &'static [&'static str],
    topic: Option<Topic>,
    is_valid: fn(&[u8]) -> bool,
}

const FORMS: &[Form] = &[
    Form { alone: &["3-2-4"], explained: &["9", "3 2 4"], topic: Some(Topic::AmericanId), is_valid: is_us },
    Form {
        alone: &[],
        explained: &["10", "3 3 4", "3-3-4"],
        topic: Some(Topic::BritishHealth),
        is_valid: is_british,
    },
    Form {
        alone: &[],
        explained: &["9", "4.2.3", "3.3.3", "3 3 3"],
        topic: Some(Topic::DutchId),
        is_valid: is_dutch,
    },
    Form {
        alone: &["3.3.3-2"],
        explained: &["11", "9-2"],
        topic: Some(Topic::BrazilianId),
        is_valid: is_brazilian,
    },
    Form {
        alone: &["4 4 4", "4-4-4"],
        explained: &["12"],
        topic: Some(Topic::IndianId),
        is_valid: is_indian,
    },
    Form { alone: &["18"], explained: &[], topic: None, is_valid: is_chinese },
    Form { alone: &["15", "1 2 2 2 3 3 2", "13 2"], explained: &[], topic: None, is_valid: is_french },
    Form {
        alone: &["6-4", "8-4"],
        explained: &["10", "12"],
        topic: Some(Topic::SwedishId),
        is_valid: is_swedish,
    },
    Form { alone: &[], explained: &["11"], topic: Some(Topic::PolishId), is_valid: is_polish },
    Form { alone: &["6-7"], explained: &["13"], topic: Some(Topic::KoreanId), is_valid: is_korean },
    Form {
        alone: &[],
        explained: &["9", "3 3 3", "3-3-3"],
        topic: Some(Topic::CanadianId),
        is_valid: |digits| !matches!(digits[0], 0 | 8) && luhn(digits),
    },
    Form {
        alone: &[],
        explained: &["9", "3 3 3"],
        topic: Some(Topic::AustralianTax),
        is_valid: |digits| weighted(digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11),
    },
    Form {
        alone: &[],
        explained: &["11", "2 3 3 3"],
        topic: Some(Topic::GermanTax),
        is_valid: |digits| digits[0] != 0 && modulo_11_10(digits),
    },
];

/// Whether a number is a person's.
pub(super) fn is_national_id(number: &Number, place: &Place<'_>) -> bool {
    let shape = number.shape.as_str();
    FORMS.iter().any(|form| {
        let is_alone = form.alone.contains(&shape);
        (is_alone || form.explained.contains(&shape))
            && (form.is_valid)(&number.digits)
            && ((is_alone && !is_in_row(number, place))
                || form.topic.is_some_and(|topic| place.is_about(topic)))
    })
}

/// Whether a number in groups with spaces stands between others, as years do in a list.
fn is_in_row(number: &Number, place: &Place<'_>) -> bool {
    let bytes = place.text.as_bytes();
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let is_space = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
    let before = &bytes[..place.at];
    let follows = before.len() > 1 && is_space(before.last()) && is_digit(before[..before.len() - 1].last());
    let is_followed = is_space(bytes.get(number.end)) && is_digit(bytes.get(number.end + 1));
    number.shape.contains(' ') && (follows || is_followed)
}

/// Numbers that stood in advertisements and forms, and were never or are no longer anybody's.
const US_SAMPLES: &[[u8; 9]] =
    &[[0, 7, 8, 0, 5, 1, 1, 2, 0], [2, 1, 9, 0, 9, 9, 9, 9, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9]];

fn is_us(digits: &[u8]) -> bool {
    let (area, group, serial) = (value(&digits[..3]), value(&digits[3..5]), value(&digits[5..]));
    !matches!(area, 0 | 666 | 900..)
        && group > 0
        && serial > 0
        && !US_SAMPLES.iter().any(|sample| sample == digits)
}

fn is_british(digits: &[u8]) -> bool {
    let check = 11 - weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    check % 11 == u32::from(digits[9]) && check != 10 && digits[0] != 0
}

fn is_dutch(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum > 0 && sum % 11 == u32::from(digits[8])
}

fn is_brazilian(digits: &[u8]) -> bool {
    let check = |length: usize| {
        let weights: Vec<u32> = (2..=length as u32 + 1).rev().collect();
        weighted(&digits[..length], &weights) * 10 % 11 % 10 == u32::from(digits[length])
    };
    digits.iter().any(|digit| *digit != digits[0]) && check(9) && check(10)
}

fn is_indian(digits: &[u8]) -> bool {
    digits[0] > 1 && verhoeff(digits)
}

/// The check digit is ISO/IEC 7064, MOD 11-2; where it is ten, an `X` stands there (see `lettered.rs`).
fn is_chinese(digits: &[u8]) -> bool {
    chinese_check(&digits[..17]) == Some(u32::from(digits[17]))
}

/// The check digit for an area, a birthday and a serial number; `None` where they are none.
pub(super) fn chinese_check(digits: &[u8]) -> Option<u32> {
    let sum = weighted(digits, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let is_born = (1900..2100).contains(&value(&digits[6..10])) && is_day(&digits[10..14]);
    (is_born && (1..=8).contains(&digits[0])).then_some((12 - sum % 11) % 11)
}

fn is_french(digits: &[u8]) -> bool {
    let body = digits[..13].iter().fold(0u64, |number, &digit| number * 10 + u64::from(digit));
    let is_month = matches!(value(&digits[3..5]), 1..=12 | 20 | 30..=42 | 50..=99);
    matches!(digits[0], 1 | 2) && is_month && 97 - body % 97 == u64::from(value(&digits[13..]))
}

fn is_swedish(digits: &[u8]) -> bool {
    let short = &digits[digits.len() - 10..];
    is_day(&short[2..6]) && luhn(short)
}

fn is_polish(digits: &[u8]) -> bool {
    // the century is added to the month
    let month = value(&digits[2..4]) % 20;
    (1..=12).contains(&month) && weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

fn is_korean(digits: &[u8]) -> bool {
    let check = (11 - weighted(digits, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    is_day(&digits[2..6]) && (1..=8).contains(&digits[6]) && check == u32::from(digits[12])
}
