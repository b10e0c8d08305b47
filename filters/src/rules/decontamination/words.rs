//! The words of a text or an item.
//!
//! They are those of the simplified text, but for scripts that put no spaces between words: of Han characters and
//! kana each is a word of its own. An item in them would else be one word, and another one with every neighbour.

use crate::text::{CodePoints, placed_words, word_hash};
use std::ops::Range;
use std::sync::LazyLock;

static UNSPACED: LazyLock<CodePoints> =
    LazyLock::new(|| CodePoints::from_class(r"[[\p{Han}\p{Hiragana}\p{Katakana}ー]--[\x{0}-\x{2fff}]]"));

/// The first byte of every unspaced character is at least this, which few texts in other scripts have.
const LEAD_MIN: u8 = 0xe3;

/// Whether `c` is of a script that puts no spaces between words.
pub(super) fn is_unspaced(c: char) -> bool {
    UNSPACED.contains(c)
}

/// Calls `found` for each word with the bytes of `text` it was made from.
pub(super) fn words(text: &str, mut found: impl FnMut(&str, Range<usize>)) {
    let mut start = 0;
    while start < text.len() {
        let end = piece_end(text, start);
        placed_words(&text[start..end], |word, place| found(word, start + place.start..start + place.end));
        start = end;
    }
}

/// The hashes of the words, where they are not those of the simplified text.
pub(super) fn hashes_of_unspaced(text: &str) -> Option<Vec<u64>> {
    let unspaced = text.bytes().any(|byte| byte >= LEAD_MIN) && text.contains(is_unspaced);
    unspaced.then(|| {
        let mut hashes = Vec::new();
        words(text, |word, _| hashes.push(word_hash(word.as_bytes())));
        hashes
    })
}

/// Where the piece at `start` ends: one unspaced character, or all up to the next.
fn piece_end(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    match rest.chars().next().filter(|&c| is_unspaced(c)) {
        Some(c) => start + c.len_utf8(),
        None => rest.find(is_unspaced).map_or(text.len(), |length| start + length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Shingles, simplify_text};
    use proptest::prelude::*;

    #[test]
    fn unspaced_characters_are_words_of_their_own() {
        for (text, expected) in [
            ("Née 3.5 km", &["nee", "0", "km"][..]),
            ("見よABC-d、がぎ", &["見", "よ", "abc", "d", "か", "き"]),
            ("か\u{3099}x コーヒー1杯。", &["か", "x", "コ", "ー", "ヒ", "ー", "0", "杯"]),
            ("서울 ไทย", &["서울", "ไทย"].map(|word| word)[..]),
        ] {
            let mut found = Vec::new();
            words(text, |word, place| {
                assert!(text.get(place).is_some_and(|written| !written.is_empty()), "{text}");
                found.push(word.to_string());
            });
            let expected: Vec<String> = expected.iter().map(|word| simplify_text(word)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_words_are_those_that_shingles_hash_where_nothing_is_unspaced(text: String) {
            let mut shingles = Shingles::default();
            shingles.fill(&text);
            let mut hashes = Vec::new();
            words(&text, |word, _| hashes.push(word_hash(word.as_bytes())));
            match hashes_of_unspaced(&text) {
                Some(found) => prop_assert_eq!(found, hashes),
                None => prop_assert_eq!(shingles.words(), hashes),
            }
        }

        #[test]
        fn unspaced_characters_begin_late(c: char) {
            prop_assert!(!is_unspaced(c) || c.to_string().as_bytes()[0] >= LEAD_MIN);
        }
    }
}
