//! International bank account numbers: country, its length, and the check of ISO 13616.
//!
//! Source: ISO 13616-1 and the lengths of SWIFT's *IBAN Registry*, release 99.

use super::checksums::modulo_97;
use super::context::is_in_word;
use super::numbers::gap_at;
use std::ops::Range;

/// Countries by the length of their numbers.
const LENGTHS: &[(usize, &str)] = &[
    (15, "NO"),
    (16, "BE"),
    (18, "DK FI FK FO GL NL SD"),
    (19, "MK SI"),
    (20, "AT BA EE KZ LT LU MN XK"),
    (21, "CH HR LI LV"),
    (22, "BG BH CR DE GB GE IE ME RS VA"),
    (23, "AE GI IL IQ OM SO TL"),
    (24, "AD CZ ES MD PK RO SA SE SK TN VG YE"),
    (25, "LY PT ST"),
    (26, "IS TR"),
    (27, "BI DJ FR GR IT MC MR SM"),
    (28, "AL AZ BY CY DO GT HN HU LB NI PL SV"),
    (29, "BR EG PS QA UA"),
    (30, "JO KW MU"),
    (31, "MT SC"),
    (32, "LC"),
    (33, "RU"),
];

/// The number whose first check digit is at `digit`, in one piece or in groups of four.
pub(super) fn iban_at(text: &[u8], digit: usize) -> Option<Range<usize>> {
    let start = digit.checked_sub(2)?;
    let country = [text[start].to_ascii_uppercase(), text[start + 1].to_ascii_uppercase()];
    if !country.iter().all(u8::is_ascii_uppercase) || is_in_word(text, start) {
        return None;
    }
    let of = |countries: &str| countries.as_bytes().chunks(3).any(|code| code[..2] == country);
    let length = LENGTHS.iter().find(|(_, countries)| of(countries))?.0;
    let (number, end) = characters(text, start, length)?;
    let turned = number[4..].iter().chain(&number[..4]).copied();
    (modulo_97(turned) == Some(1)).then_some(start..end)
}

/// So many letters and digits from `start` on, without the single spaces between groups of four.
fn characters(text: &[u8], start: usize, length: usize) -> Option<(Vec<u8>, usize)> {
    let mut number = Vec::with_capacity(length);
    let mut at = start;
    let spaced = gap_at(text, start + 4).is_some();
    while number.len() < length {
        if spaced && !number.is_empty() && number.len().is_multiple_of(4) {
            at += gap_at(text, at)?.1;
        }
        number.push(*text.get(at).filter(|byte| byte.is_ascii_alphanumeric())?);
        at += 1;
    }
    let ends = !text.get(at).copied().is_some_and(|byte| byte.is_ascii_alphanumeric());
    (ends && number[2..4].iter().all(u8::is_ascii_digit)).then_some((number, at))
}
