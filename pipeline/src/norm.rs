//! The normal form by which two texts that differ only in white space and composition have one digest.

use manifests::digest::Sha256;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// SHA-256 of the text in the form `norm-v1`: NFC, every run of Unicode White_Space one space, trimmed.
pub(crate) fn norm_v1(text: &str, normal: &mut String) -> Sha256 {
    normal.clear();
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        collapse(text.split_whitespace(), normal);
    } else {
        let composed: String = text.nfc().collect();
        collapse(composed.split_whitespace(), normal);
    }
    Sha256::of(normal.as_bytes())
}

fn collapse<'t>(words: impl Iterator<Item = &'t str>, normal: &mut String) {
    for word in words {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norm_v1_is_what_python_would_write() {
        // "\u{65}\u{301}" composes to é; U+00A0 and U+2003 are White_Space
        let mut buffer = String::new();
        let expected = Sha256::of("caf\u{e9} au lait".as_bytes());
        assert_eq!(norm_v1("  cafe\u{301}\u{a0}au\u{2003}\n lait ", &mut buffer), expected);
        assert_eq!(norm_v1("café au lait", &mut buffer), expected);
        assert_eq!(norm_v1(" \n", &mut buffer), Sha256::of(b""));
    }
}
