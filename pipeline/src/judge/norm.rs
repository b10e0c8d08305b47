//! The normal form by which two texts that differ only in white space and composition have one digest.

use manifests::digest::Sha256;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// SHA-256 of the text in the form `norm-v1`: NFC, every run of Unicode White_Space one space, trimmed. The version of
/// Unicode is that of the `unicode-normalization` crate, 18.0.
pub(crate) fn norm_v1(text: &str, normal: &mut String) -> Sha256 {
    normal.clear();
    normalise(text, normal);
    Sha256::of(normal.as_bytes())
}

/// The text in the form `norm-v1`.
pub(crate) fn normal_form(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    normalise(text, &mut normal);
    normal
}

fn normalise(text: &str, normal: &mut String) {
    if is_surely_composed(text) || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        collapse(text, normal);
    } else {
        let composed: String = text.nfc().collect();
        collapse(&composed, normal);
    }
}

/// Whether every character is of a block in which all stand for themselves in NFC and none combines: the common
/// blocks, told by their first bytes in UTF-8. A text that is not surely in NFC may still be.
fn is_surely_composed(text: &str) -> bool {
    let mut rest = text.as_bytes();
    loop {
        while let Some((chunk, more)) = rest.split_first_chunk::<16>()
            && chunk.is_ascii()
        {
            rest = more;
        }
        let ascii = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let len = match &rest[ascii..] {
            [] => return true,
            // U+0080 to U+02FF, U+0400 to U+047F: Latin, Cyrillic
            [0xc2..=0xcb | 0xd0 | 0xd1, _, ..] => 2,
            // U+4000 to U+9FFF, U+B000 to U+CFFF: Chinese characters, Hangul syllables
            [0xe4..=0xe9 | 0xeb | 0xec, _, _, ..] => 3,
            // U+2002 to U+20BF, U+2140 to U+22FF, U+2340 to U+2ABF: punctuation, arrows, mathematics, boxes
            [0xe2, 0x80, 0x82..=0xbf, ..] | [0xe2, 0x81 | 0x82 | 0x85..=0x8b | 0x8d..=0xaa, _, ..] => 3,
            // U+3000 to U+3029, U+3040 to U+307F, U+30A0 to U+30FF, U+FF00 to U+FF7F: kana, full width
            [0xe3, 0x80, 0x80..=0xa9, ..] | [0xe3, 0x81 | 0x83, _, ..] | [0xe3, 0x82, 0xa0..=0xbf, ..] => 3,
            [0xef, 0xbc | 0xbd, _, ..] => 3,
            // U+1F400 to U+1F67F: pictures
            [0xf0, 0x9f, 0x90..=0x99, _, ..] => 4,
            _ => return false,
        };
        rest = &rest[ascii + len..];
    }
}

/// Most lines already hold nothing but words with single spaces between them, and are copied whole.
fn collapse(text: &str, normal: &mut String) {
    for line in text.split('\n') {
        let line = line.trim_matches(' ');
        if is_single_spaced(line.as_bytes()) {
            append(line, normal);
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

/// Whether the line surely has no white space but single spaces. Every place is looked at, with the two bytes behind
/// it and without a branch, so that the compiler can look at many places at a time.
fn is_single_spaced(line: &[u8]) -> bool {
    let (second, third) = (line.get(1..).unwrap_or_default(), line.get(2..).unwrap_or_default());
    let places = line.iter().zip(second).zip(third);
    let mut other = places.fold(false, |seen, ((&a, &b), &c)| seen | is_other_space(a, b, c));
    if let [.., a, b] = *line {
        other |= is_other_space(a, b, 0);
    }
    if let [.., a] = *line {
        other |= is_other_space(a, 0, 0);
    }
    !other
}

/// Whether a second space, or white space other than a space, may begin with these bytes.
fn is_other_space(a: u8, b: u8, c: u8) -> bool {
    let control = a.wrapping_sub(b'\t') <= b'\r' - b'\t';
    let doubled = (a == b' ') & (b == b' ');
    // U+0085, U+00A0; U+1680; U+3000
    let wide = ((a == 0xc2) & ((b == 0x85) | (b == 0xa0)))
        | ((a == 0xe1) & (b == 0x9a))
        | ((a == 0xe3) & (b == 0x80) & (c == 0x80));
    // U+2000 to U+207F but for the marks from U+2010 to U+2027: dashes, quotes, ellipsis
    let general = (a == 0xe2) & (((b == 0x80) & !((0x90..=0xa7).contains(&c))) | (b == 0x81));
    control | doubled | wide | general
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_copied_whole_are_collapsed_the_same() {
        let pieces = [
            "word", " ", " ", "  ", "\n", "\t", "\u{b}", "\r\n", "\u{a0}", "\u{85}", "\u{3000}", "\u{1680}",
            "\u{2000}", "\u{200a}", "\u{2028}", "\u{2029}", "\u{202f}", "\u{205f}", "\u{2019}", "—", "é",
            "、", "x", "",
        ];
        let mut normal = String::new();
        for seed in 0..2000u64 {
            let mut draw = seed;
            let text: String = (0..12)
                .map(|_| {
                    draw =
                        draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    pieces[(draw >> 33) as usize % pieces.len()]
                })
                .collect();
            let expected = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(norm_v1(&text, &mut normal), Sha256::of(expected.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn a_character_is_surely_composed_only_if_it_is_and_never_combines() {
        for c in '\0'..=char::MAX {
            if is_surely_composed(c.encode_utf8(&mut [0; 4])) {
                // behind a mark of a high class, a mark of a lower one would be out of order
                assert_eq!(is_nfc_quick(['\u{360}', c].into_iter()), IsNormalized::Yes, "{c:?}");
            }
        }
        assert!(is_surely_composed("The “naïve” ≠ 河流、Привет, ガ 😀 – 16 ASCII bytes and more, and more"));
        assert!(
            !is_surely_composed("a long ASCII text, then cafe\u{301}") && !is_surely_composed("\u{2126}")
        );
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
