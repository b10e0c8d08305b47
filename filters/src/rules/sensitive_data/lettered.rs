//! National numbers with letters, by their form and check letter.
//!
//! Sources: Spanish *Real Decreto 1553/2005* (DNI) and 338/1990 (NIE); Italian *Decreto Ministeriale 23 dicembre 1976*
//! (codice fiscale); Finnish *Valtioneuvoston asetus 128/2010* (henkilötunnus); GB 11643-1999 (Chinese resident's number
//! that ends with X); Singapore's NRIC and FIN as published for their check letter; HMRC's form of the British National
//! Insurance number, which has no check and so needs a word before it.

use super::checksums::weighted;
use super::context::{Place, is_attached_before, is_attached_behind, is_in_word};
use super::national::chinese_check;
use super::numbers::{is_day, value};
use super::topics::Topic;
use std::ops::Range;

/// The longest of these: a Chinese resident's number.
const LENGTH_MAX: usize = 18;

/// The national number that the word around the digit at the place is.
pub(super) fn lettered_at(place: &Place<'_>) -> Option<Range<usize>> {
    let (bytes, digit) = (place.text.as_bytes(), place.at);
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric();
    let before = bytes[..digit].iter().rev().take(LENGTH_MAX).take_while(is_part).count();
    let start = digit - before;
    // what programs write for a line break is no letter of it
    let start = start + usize::from(before > 0 && !is_in_word(bytes, start + 1));
    let length =
        bytes[start..].iter().take(LENGTH_MAX + 1).take_while(|byte| is_part(byte) || is_sign(byte)).count();
    let word = &bytes[start..start + length];
    // a sign belongs to it only where a Finnish number has one
    let word = match word.iter().position(is_sign) {
        Some(6) if length >= 11 => &word[..11],
        Some(at) => &word[..at],
        None => word,
    };
    let end = start + word.len();
    let goes_on = bytes.get(end) == Some(&b'_') && is_attached_behind(bytes, end);
    if is_attached_before(bytes, start) || goes_on {
        return None;
    }
    let is_valid = match word.len() {
        9 => {
            is_spanish(word)
                || is_singaporean(word)
                || (is_british(word) && place.is_about(Topic::BritishInsurance))
        }
        11 => is_finnish(word),
        16 => is_italian(word),
        18 => is_chinese(word),
        _ => false,
    };
    is_valid.then_some(start..end)
}

fn is_sign(byte: &u8) -> bool {
    matches!(byte, b'-' | b'+')
}

fn digits(word: &[u8]) -> Option<Vec<u8>> {
    word.iter().map(|byte| byte.is_ascii_digit().then(|| byte - b'0')).collect()
}

/// Eight digits, or X, Y or Z for the first, and a letter for their remainder by 23.
fn is_spanish(word: &[u8]) -> bool {
    let first = match word[0] {
        letter @ b'X'..=b'Z' => letter - b'X',
        digit @ b'0'..=b'9' => digit - b'0',
        _ => return false,
    };
    let Some(rest) = digits(&word[1..8]) else { return false };
    let number = u32::from(first) * 10_000_000 + value(&rest);
    number > 0 && word[8] == b"TRWAGMYFPDXBNJZSQVHLCKE"[(number % 23) as usize]
}

/// A letter for status and century, seven digits and a check letter.
fn is_singaporean(word: &[u8]) -> bool {
    let Some(rest) = digits(&word[1..8]) else { return false };
    let sum = weighted(&rest, &[2, 7, 6, 5, 4, 3, 2]);
    let (added, letters) = match word[0] {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        _ => return false,
    };
    word[8] == letters[((sum + added) % 11) as usize]
}

/// Two letters, six digits, and a letter from A to D.
fn is_british(word: &[u8]) -> bool {
    let letters = word[..2].iter().all(|byte| byte.is_ascii_uppercase() && !b"DFIQUV".contains(byte));
    let issued =
        word[1] != b'O' && !matches!(&word[..2], b"BG" | b"GB" | b"KN" | b"NK" | b"NT" | b"TN" | b"ZZ");
    letters && issued && digits(&word[2..8]).is_some() && matches!(word[8], b'A'..=b'D')
}

/// A birthday, a sign for the century, a number and a check character.
fn is_finnish(word: &[u8]) -> bool {
    let (Some(day), Some(number)) = (digits(&word[..6]), digits(&word[7..10])) else { return false };
    let is_birthday = is_day(&[day[2], day[3], day[0], day[1]]);
    let is_sign = matches!(word[6], b'-' | b'+' | b'A'..=b'F' | b'U'..=b'Y');
    let check = (value(&day) * 1000 + value(&number)) % 31;
    is_birthday && is_sign && word[10] == b"0123456789ABCDEFHJKLMNPRSTUVWXY"[check as usize]
}

/// Six letters, year, month, day, town and a check letter; letters may stand for digits where two people share all else.
fn is_italian(word: &[u8]) -> bool {
    const LETTERS: [usize; 9] = [0, 1, 2, 3, 4, 5, 8, 11, 15];
    /// What a character at an odd place counts, from 0 or A on.
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let word: Vec<u8> = word.iter().map(u8::to_ascii_uppercase).collect();
    let in_place = word.iter().enumerate().all(|(at, byte)| match LETTERS.contains(&at) {
        true => byte.is_ascii_uppercase(),
        false => byte.is_ascii_digit() || b"LMNPQRSTUV".contains(byte),
    });
    if !in_place || !b"ABCDEHLMPRST".contains(&word[8]) {
        return false;
    }
    let place = |byte: u8| u32::from(if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' });
    let counts = word[..15].iter().enumerate().map(|(at, &byte)| match at % 2 {
        0 => ODD[place(byte) as usize],
        _ => place(byte),
    });
    counts.sum::<u32>() % 26 == place(word[15])
}

/// Seventeen digits and X for ten.
fn is_chinese(word: &[u8]) -> bool {
    word[17].eq_ignore_ascii_case(&b'X')
        && digits(&word[..17]).and_then(|digits| chinese_check(&digits)) == Some(10)
}
