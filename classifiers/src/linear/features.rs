//! From a text to the numbers of its features.
//!
//! A chunk of text is folded: ASCII letters to lower case, other letters to the lower case Unicode gives them, digits
//! to `0`, everything else to one space between words. Its features are all runs of 4 and 5 bytes of the folded
//! text, spaces included, and its words and pairs of neighbouring words. Each is hashed to a row of a table; rows are
//! counted as often as they occur, words four times and pairs twice, since runs are so many more. Bytes and not characters: for ASCII that is the same, and elsewhere the runs are
//! shorter, at no cost for the common case.

/// Odd multipliers of multiplicative hashing (Knuth, TAOCP 3, 6.4), from the fractional parts of the golden ratio and
/// of the square roots of 2 and 3.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
const SQRT_2: u64 = 0x6a09_e667_f3bc_c909;
const SQRT_3: u64 = 0xbb67_ae85_84ca_a73b;

/// What a byte of ASCII becomes.
const FOLDED: [u8; 128] = {
    let mut table = [b' '; 128];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        table[byte] = match b {
            b'A'..=b'Z' | b'a'..=b'z' => b.to_ascii_lowercase(),
            b'0'..=b'9' => b'0',
            _ => b' ',
        };
        byte += 1;
    }
    table
};

/// Writes the folded text to `out`: a space, then words with a space after each.
pub(super) fn fold(text: &str, out: &mut Vec<u8>) {
    out.clear();
    out.reserve(text.len() + 2);
    out.push(b' ');
    let mut rest = text;
    loop {
        let ascii = rest.bytes().position(|byte| byte >= 128).unwrap_or(rest.len());
        fold_ascii(&rest.as_bytes()[..ascii], out);
        rest = &rest[ascii..];
        let Some(c) = rest.chars().next() else { break };
        fold_other(c, out);
        rest = &rest[c.len_utf8()..];
    }
    space(out);
}

fn fold_ascii(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let mut spaced = out.last() == Some(&b' ');
    out.resize(start + bytes.len() + 1, 0);
    let mut at = start;
    for &byte in bytes {
        let folded = FOLDED[usize::from(byte & 127)];
        out[at] = folded;
        // a second space in a row is written over by what follows
        let space = folded == b' ';
        at += usize::from(!(space && spaced));
        spaced = space;
    }
    out.truncate(at);
}

fn fold_other(c: char, out: &mut Vec<u8>) {
    if c.is_numeric() {
        out.push(b'0');
    } else if c.is_alphabetic() {
        let mut bytes = [0; 4];
        c.to_lowercase().for_each(|lower| out.extend_from_slice(lower.encode_utf8(&mut bytes).as_bytes()));
    } else {
        space(out);
    }
}

fn space(out: &mut Vec<u8>) {
    if out.last() != Some(&b' ') {
        out.push(b' ');
    }
}

/// How often a word and a pair of words count, where a run counts once. Runs of three bytes left out and these two
/// weights were the best of a few tried on five-fold cross-validation of Davidson et al. 2017 (`models/hazard.md`).
const WORD: i32 = 4;
const PAIR: i32 = 2;

/// Calls `feature` with row and count of every feature of a folded text, and tells the sum of the counts.
#[inline]
pub(super) fn each(folded: &[u8], table_bits: u32, mut feature: impl FnMut(usize, i32)) -> usize {
    let shift = 64 - table_bits;
    // the last eight bytes, the newest lowest; what stands before the text is spaces
    let mut window = u64::from_le_bytes([b' '; 8]);
    let (mut word, mut previous) = (0u64, 0u64);
    let mut words = 0;
    for &byte in folded {
        window = window << 8 | u64::from(byte);
        feature(((window & 0xffff_ffff).wrapping_mul(GOLDEN) >> shift) as usize, 1);
        feature(((window & 0xff_ffff_ffff).wrapping_mul(GOLDEN) >> shift) as usize, 1);
        if byte != b' ' {
            word = (word ^ u64::from(byte)).wrapping_mul(SQRT_2);
            word ^= word >> 32;
        } else if word != 0 {
            feature((word.wrapping_mul(GOLDEN) >> shift) as usize, WORD);
            let pair = previous.wrapping_mul(SQRT_3) ^ word;
            feature((pair.wrapping_mul(GOLDEN) >> shift) as usize, PAIR);
            (previous, word) = (word, 0);
            words += 1;
        }
    }
    2 * folded.len() + (WORD + PAIR) as usize * words
}

/// The words of a folded text, counted.
pub(super) fn words(folded: &[u8]) -> u64 {
    folded.iter().filter(|byte| **byte == b' ').count().saturating_sub(1) as u64
}

/// Cuts a text into equal chunks of at most about `chunk_bytes`, at white space where some is near.
pub(super) fn chunks(text: &str, chunk_bytes: usize) -> impl Iterator<Item = &str> {
    /// How far ahead white space is looked for: words are shorter, and what is not has no good place to be cut.
    const NEAR: usize = 64;
    let count = text.len().div_ceil(chunk_bytes.max(1)).max(1);
    let cut = move |nth: usize| {
        let at = (text.len() as u128 * nth as u128 / count as u128) as usize;
        if at == 0 || at == text.len() {
            return at;
        }
        let near = &text.as_bytes()[at..(at + NEAR).min(text.len())];
        let space = near.iter().position(u8::is_ascii_whitespace);
        space.map_or_else(|| text.floor_char_boundary(at), |ahead| at + ahead)
    };
    (0..count).map(move |nth| {
        let (start, end) = (cut(nth), cut(nth + 1));
        &text[start.min(end)..end]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = Vec::new();
        fold(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn case_digits_and_punctuation_are_folded() {
        for (text, expected) in [
            ("", " "),
            ("Zorb, BLAX!", " zorb blax "),
            ("  a\n\tb  ", " a b "),
            ("in 2026", " in 0000 "),
            ("ÉTÉ — Ωmega\u{a0}x", " été ωmega x "),
            ("İ", " i\u{307} "),
            ("語語。語", " 語語 語 "),
            ("٣x", " 0x "),
        ] {
            assert_eq!(folded(text), expected, "{text:?}");
        }
    }

    #[test]
    fn features_are_runs_and_words() {
        let mut rows = Vec::new();
        let mut counted = 0;
        let count = each(b" ab cd ", 20, |row, times| {
            rows.push(row);
            counted += times as usize;
        });
        assert_eq!((count, rows.len()), (counted, 2 * 7 + 2 * 2));
        assert!(rows.iter().all(|row| *row < 1 << 20));
        let of = |text: &[u8]| {
            let mut rows = Vec::new();
            each(text, 20, |row, _| rows.push(row));
            rows.sort_unstable();
            rows
        };
        assert_ne!(of(b" ab cd "), of(b" cd ab "), "the order of words is a feature");
        assert_eq!(words(b" ab cd "), 2);
        assert_eq!(words(b" "), 0);
    }

    #[test]
    fn chunks_are_equal_and_lose_nothing() {
        let text = "zorb blax ".repeat(100);
        for bytes in [1, 7, 64, 300, 999, 1000, 5000] {
            let parts: Vec<&str> = chunks(&text, bytes).collect();
            assert_eq!(parts.concat(), text, "{bytes}");
            assert_eq!(parts.len(), text.len().div_ceil(bytes), "{bytes}");
        }
        let solid = "語".repeat(500);
        assert_eq!(chunks(&solid, 100).collect::<String>(), solid);
        assert_eq!(chunks("", 100).collect::<Vec<_>>(), [""]);
    }
}
