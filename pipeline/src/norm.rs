//! The normal form by which two texts that differ only in white space and composition have one digest.

use manifests::digest::Sha256;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// SHA-256 of the text in the form `norm-v1`: NFC, every run of Unicode White_Space one space, trimmed. The version of
/// Unicode is that of the `unicode-normalization` crate, 18.0.
pub(crate) fn norm_v1(text: &str, normal: &mut String) -> Sha256 {
    normal.clear();
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        collapse(text, normal);
    } else {
        let composed: String = text.nfc().collect();
        collapse(&composed, normal);
    }
    Sha256::of(normal.as_bytes())
}

/// Most lines already hold nothing but words with single spaces between them, and are copied whole.
fn collapse(text: &str, normal: &mut String) {
    for line in text.split('\n') {
        if is_single_spaced(line.as_bytes()) {
            append(line.trim_matches(' '), normal);
        } else {
            line.split_whitespace().for_each(|word| append(word, normal));
        }
    }
}

fn append(words: &str, normal: &mut String) {
    if !words.is_empty() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.push_str(words);
    }
}

/// Whether the line is ASCII without any white space but single spaces (at its ends too). Without branches, so that
/// the compiler can look at many bytes at a time.
fn is_single_spaced(line: &[u8]) -> bool {
    let other = |byte: u8| byte.wrapping_sub(b'\t') <= b'\r' - b'\t' || byte >= 0x80;
    let doubled = line.iter().zip(line.iter().skip(1)).fold(false, |seen, (&a, &b)| seen | (a == b' ' && b == b' '));
    !(doubled | line.iter().fold(false, |seen, &byte| seen | other(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_copied_whole_are_collapsed_the_same() {
        let pieces = ["word", " ", "  ", "\n", "\t", "\u{b}", "\r\n", "\u{a0}", "\u{3000}", "é", "x", ""];
        let mut normal = String::new();
        for seed in 0..2000u64 {
            let mut draw = seed;
            let text: String = (0..12)
                .map(|_| {
                    draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    pieces[(draw >> 33) as usize % pieces.len()]
                })
                .collect();
            let expected = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(norm_v1(&text, &mut normal), Sha256::of(expected.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn norm_v1_composes_and_collapses() {
        // "\u{65}\u{301}" composes to é; U+00A0 and U+2003 are White_Space
        let mut buffer = String::new();
        let expected = Sha256::of("caf\u{e9} au lait".as_bytes());
        assert_eq!(norm_v1("  cafe\u{301}\u{a0}au\u{2003}\n lait ", &mut buffer), expected);
        assert_eq!(norm_v1("café au lait", &mut buffer), expected);
        assert_eq!(norm_v1(" \n", &mut buffer), Sha256::of(b""));
    }
}
