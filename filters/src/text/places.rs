//! The words of the simplified text with the places they stand at: the slow way to what
//! [`Shingles`](super::Shingles) hashes, for the few texts of which places are asked.

use super::simplify::{Simplifier, number_end, number_len};
use super::{punctuation, python};
use std::ops::Range;

/// Calls `found` for each word of [`simplify_text`](super::simplify_text), split at white space, with the bytes of
/// `text` it was made from. Where simplifying changes how many words there are between two spaces, each of them
/// stands for all that is written there.
pub fn placed_words(text: &str, mut found: impl FnMut(&str, Range<usize>)) {
    let mut simplifier = Simplifier::default();
    let (mut words, mut runs) = (String::new(), Vec::new());
    for chunk in chunks(text) {
        let written = &text[chunk.clone()];
        words.clear();
        if written.is_ascii() {
            ascii_words(written.as_bytes(), &mut words, |word, run| {
                found(word, chunk.start + run.start..chunk.start + run.end);
            });
            continue;
        }
        simplifier.words(written, |word| {
            words.push_str(word);
            words.push(' ');
        });
        runs.clear();
        fill_runs(written, &mut runs);
        // a simplified word holds no space
        let each = || words.split_terminator(' ');
        let placed = runs.len() == each().count();
        for (nth, word) in each().enumerate() {
            let place = runs.get(nth).filter(|_| placed);
            found(word, place.map_or(chunk.clone(), |run| chunk.start + run.start..chunk.start + run.end));
        }
    }
}

/// The words of a chunk in ASCII, where simplifying makes one of each run.
fn ascii_words(chunk: &[u8], word: &mut String, mut found: impl FnMut(&str, Range<usize>)) {
    let (mut start, mut at) = (0, 0);
    while let Some(&byte) = chunk.get(at) {
        if byte.is_ascii_digit() {
            word.push('0');
            at = number_end(chunk, at);
            continue;
        }
        if byte.is_ascii_alphabetic() {
            word.push(char::from(byte.to_ascii_lowercase()));
        } else {
            if !word.is_empty() {
                found(word, start..at);
                word.clear();
            }
            start = at + 1;
        }
        at += 1;
    }
    if !word.is_empty() {
        found(word, start..at);
    }
}

/// What stands between white space.
fn chunks(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(|c| !python::is_space(c))?;
        at = text[start..].find(python::is_space).map_or(text.len(), |length| start + length);
        Some(start..at)
    })
}

/// What stands between punctuation marks, those inside of a number aside.
fn fill_runs(chunk: &str, runs: &mut Vec<Range<usize>>) {
    let mut at = 0;
    let mut open = None;
    while let Some(c) = chunk[at..].chars().next() {
        if python::is_decimal(c) {
            open.get_or_insert(at);
            at += number_len(&chunk[at..]);
            continue;
        }
        if punctuation::is_punctuation(c) {
            runs.extend(open.take().map(|start| start..at));
        } else {
            open.get_or_insert(at);
        }
        at += c.len_utf8();
    }
    runs.extend(open.map(|start| start..at));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Shingles, simplify_text, word_hash};
    use proptest::prelude::*;

    fn placed(text: &str) -> Vec<(String, Range<usize>)> {
        let mut all = Vec::new();
        placed_words(text, |word, place| all.push((word.to_string(), place)));
        all
    }

    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "[a-zA-Z]{1,12}",
            2 => "[0-9.,]{1,5}",
            2 => "[ \\t\\r\\n\u{1c}\u{85}\u{a0}\u{2003}]{1,2}",
            1 => "[!-/:-@_‘’“”—…、。]{1,2}",
            2 => "[ΣσςİßéÅ٣٫،１²世が\u{301}\u{302e}\u{302f}𝅗𝅥\u{1d15e}]{1,3}",
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn the_words_are_those_that_shingles_hash_and_stand_in_order(text in texts()) {
            let mut shingles = Shingles::default();
            shingles.fill(&text);
            let all = placed(&text);
            let hashes: Vec<u64> = all.iter().map(|(word, _)| word_hash(word.as_bytes())).collect();
            prop_assert_eq!(shingles.words(), hashes);
            prop_assert!(all.windows(2).all(|pair| pair[0].1.start <= pair[1].1.start && pair[0].1.end <= pair[1].1.end));
            for (word, place) in all {
                prop_assert!(text.get(place.clone()).is_some(), "{place:?}");
                prop_assert!(!word.is_empty() && !word.contains(python::is_space), "{word:?}");
            }
        }
    }

    #[test]
    fn a_place_is_what_the_word_was_made_from() {
        let text = " The “CAFÉ” (1,234 km)—isn’t\tx²! 世界、Σ.Σ a\u{1d15e}\u{302e}-b";
        let found = placed(text);
        let written: Vec<&str> = found.iter().map(|(_, place)| &text[place.clone()]).collect();
        assert_eq!(
            written,
            ["The", "CAFÉ", "1,234", "km", "isn", "t", "x²", "世界", "Σ", "Σ", "a\u{1d15e}\u{302e}", "b"]
        );
        assert_eq!(
            found.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" "),
            simplify_text(text)
        );
    }

    #[test]
    fn where_words_vanish_the_place_is_all_between_two_spaces() {
        assert_eq!(placed("x a.\u{301}.b"), [("x".into(), 0..1), ("a".into(), 2..8), ("b".into(), 2..8)]);
    }
}
