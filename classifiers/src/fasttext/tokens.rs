//! Cuts a text into fastText's tokens: at seven ASCII characters, never at Unicode's other spaces
//! (`dictionary.cc`, `readWord`).

/// What fastText appends to each line, and what ends it.
pub(super) const END_OF_LINE: &[u8] = b"</s>";

/// Longest token that has a [`Key`].
pub(super) const KEY_BYTES: usize = 24;

/// The bytes of a short token, filled up with NUL; as NUL separates tokens, no two tokens share a key and none
/// has the key of all zeros.
pub(super) type Key = [u64; KEY_BYTES / 8];

const SEPARATOR: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    let separators = b" \n\r\t\x0b\x0c\0";
    while at < separators.len() {
        table[separators[at] as usize] = true;
        at += 1;
    }
    table
};

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

/// The end of the token that starts at `start`.
fn token_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    // eight bytes at a time: all separators are at most a space, and few other bytes are
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*eight);
        // a byte's high bit is set where the byte is at most a space; reliable up to the first such byte
        let low = word.wrapping_sub(ONES * 0x21) & !word & HIGHS;
        if low == 0 {
            at += 8;
            continue;
        }
        at += low.trailing_zeros() as usize / 8;
        if SEPARATOR[bytes[at] as usize] {
            return at;
        }
        at += 1;
    }
    bytes[at..].iter().position(|&byte| SEPARATOR[byte as usize]).map_or(bytes.len(), |len| at + len)
}

/// The tokens of `bytes`, in order.
pub(super) fn tokens(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while SEPARATOR[usize::from(*bytes.get(at)?)] {
            at += 1;
        }
        let start = at;
        at = token_end(bytes, start);
        Some((start, at))
    })
}

/// The key of the token `bytes[start..end]`, if it is short enough to have one.
pub(super) fn key(bytes: &[u8], start: usize, end: usize) -> Option<Key> {
    let len = end - start;
    if len > KEY_BYTES {
        return None;
    }
    let mut key = Key::default();
    if let Some(chunk) = bytes[start..].first_chunk::<KEY_BYTES>() {
        let (words, _) = chunk.as_chunks::<8>();
        for (at, (key, word)) in key.iter_mut().zip(words).enumerate() {
            let wanted = len.saturating_sub(at * 8).min(8) as u32;
            // two shifts of at most 32 each, since one of 64 would be no shift
            let mask = !(u64::MAX << (wanted * 4) << (wanted * 4));
            *key = u64::from_le_bytes(*word) & mask;
        }
    } else {
        let mut padded = [0; KEY_BYTES];
        padded[..len].copy_from_slice(&bytes[start..end]);
        for (key, word) in key.iter_mut().zip(padded.as_chunks::<8>().0) {
            *key = u64::from_le_bytes(*word);
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &[&str]) {
        let got: Vec<&str> = tokens(text.as_bytes()).map(|(start, end)| &text[start..end]).collect();
        assert_eq!(got, expected, "{text:?}");
    }

    #[test]
    fn seven_characters_separate_tokens() {
        check("", &[]);
        check(" \t\r\n\x0b\x0c\0", &[]);
        check("a b\tc\rd\ne\x0bf\x0cg\0h", &["a", "b", "c", "d", "e", "f", "g", "h"]);
        check("  one-long-token-of-many-bytes  two ", &["one-long-token-of-many-bytes", "two"]);
    }

    #[test]
    fn other_spaces_and_controls_do_not() {
        check("a\u{a0}b\u{3000}c\u{2028}d\u{85}e", &["a\u{a0}b\u{3000}c\u{2028}d\u{85}e"]);
        check("a\x01b\x1fc\x08d 1234567\x0e", &["a\x01b\x1fc\x08d", "1234567\x0e"]);
    }

    proptest! {
        #[test]
        fn tokens_are_what_splitting_gives(text in "[a-c\\x00-\\x21é語\u{a0}]{0,60}") {
            let split = text.split([' ', '\n', '\r', '\t', '\x0b', '\x0c', '\0']).filter(|part| !part.is_empty());
            let got = tokens(text.as_bytes()).map(|(start, end)| &text[start..end]);
            prop_assert!(got.eq(split));
        }

        #[test]
        fn keys_do_not_depend_on_what_follows(token in "[a-zé]{1,20}", after in "[ -~]{0,40}") {
            let text = format!("{token} {after}");
            let alone = key(token.as_bytes(), 0, token.len());
            prop_assert_eq!(alone, key(text.as_bytes(), 0, token.len()));
            prop_assert_eq!(alone.is_some(), token.len() <= KEY_BYTES);
        }
    }
}
