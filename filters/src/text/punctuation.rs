//! What datatrove 0.10.1 calls punctuation (`datatrove/utils/text.py`: `PUNCTUATION`, `TERMINAL_PUNCTUATION` and
//! their union `PUNCTUATION_SET`). The sets are facts about that version and are not Unicode categories: the first
//! holds control characters, `\u{ff11}` (a full-width one) and every ASCII symbol, but no bullet and no euro sign.

use super::code_points::CodePoints;
use std::sync::LazyLock;

/// `PUNCTUATION`: what `simplify_text` replaces by a space. Inclusive ranges of code points.
const PUNCTUATION: &[(u32, u32)] = &[
    (0x0, 0x8),
    (0xb, 0x1f),
    (0x21, 0x2f),
    (0x3a, 0x40),
    (0x5b, 0x60),
    (0x7b, 0x9f),
    (0xab, 0xab),
    (0xb4, 0xb4),
    (0xbb, 0xbb),
    (0x2013, 0x2014),
    (0x2019, 0x2019),
    (0x201c, 0x201e),
    (0x2026, 0x2026),
    (0x2236, 0x2236),
    (0x2501, 0x2501),
    (0x25ba, 0x25ba),
    (0x3001, 0x3002),
    (0x3008, 0x300d),
    (0x3010, 0x3011),
    (0xff01, 0xff01),
    (0xff05, 0xff05),
    (0xff08, 0xff09),
    (0xff0c, 0xff0c),
    (0xff0e, 0xff0e),
    (0xff11, 0xff11),
    (0xff1a, 0xff1b),
    (0xff1f, 0xff1f),
    (0xff5e, 0xff5e),
];

/// `TERMINAL_PUNCTUATION`: what may end a sentence. Inclusive ranges of code points.
const TERMINAL: &[(u32, u32)] = &[
    (0x21, 0x21),
    (0x2e, 0x2e),
    (0x3f, 0x3f),
    (0x589, 0x589),
    (0x61d, 0x61f),
    (0x6d4, 0x6d4),
    (0x700, 0x702),
    (0x7f9, 0x7f9),
    (0x837, 0x837),
    (0x839, 0x839),
    (0x83d, 0x83e),
    (0x964, 0x965),
    (0x104a, 0x104b),
    (0x1362, 0x1362),
    (0x1367, 0x1368),
    (0x166e, 0x166e),
    (0x1735, 0x1736),
    (0x17d4, 0x17d6),
    (0x17d9, 0x17da),
    (0x1803, 0x1803),
    (0x1809, 0x1809),
    (0x1944, 0x1945),
    (0x1aa8, 0x1aab),
    (0x1b5a, 0x1b5b),
    (0x1b5e, 0x1b5f),
    (0x1b7d, 0x1b7e),
    (0x1c3b, 0x1c3c),
    (0x1c7e, 0x1c7f),
    (0x203c, 0x203d),
    (0x2047, 0x2049),
    (0x2e2e, 0x2e2e),
    (0x2e3c, 0x2e3c),
    (0x2e53, 0x2e54),
    (0x3002, 0x3002),
    (0xa4ff, 0xa4ff),
    (0xa60e, 0xa60f),
    (0xa6f3, 0xa6f3),
    (0xa6f7, 0xa6f7),
    (0xa876, 0xa877),
    (0xa8ce, 0xa8cf),
    (0xa92f, 0xa92f),
    (0xa9c8, 0xa9c9),
    (0xaa5d, 0xaa5f),
    (0xaaf0, 0xaaf1),
    (0xabeb, 0xabeb),
    (0xfe52, 0xfe52),
    (0xfe56, 0xfe57),
    (0xff01, 0xff01),
    (0xff0e, 0xff0e),
    (0xff1f, 0xff1f),
    (0xff61, 0xff61),
    (0x10a56, 0x10a57),
    (0x10f55, 0x10f59),
    (0x10f86, 0x10f89),
    (0x11047, 0x11048),
    (0x110be, 0x110c1),
    (0x11141, 0x11143),
    (0x111c5, 0x111c6),
    (0x111cd, 0x111cd),
    (0x111de, 0x111df),
    (0x11238, 0x11239),
    (0x1123b, 0x1123c),
    (0x112a9, 0x112a9),
    (0x1144b, 0x1144c),
    (0x115c2, 0x115c3),
    (0x115c9, 0x115d7),
    (0x11641, 0x11642),
    (0x1173c, 0x1173e),
    (0x11944, 0x11944),
    (0x11946, 0x11946),
    (0x11a42, 0x11a43),
    (0x11a9b, 0x11a9c),
    (0x11c41, 0x11c42),
    (0x11ef7, 0x11ef8),
    (0x11f43, 0x11f44),
    (0x16a6e, 0x16a6f),
    (0x16af5, 0x16af5),
    (0x16b37, 0x16b38),
    (0x16b44, 0x16b44),
    (0x16e98, 0x16e98),
    (0x1bc9f, 0x1bc9f),
    (0x1da88, 0x1da88),
];

static PUNCTUATION_SET: LazyLock<CodePoints> =
    LazyLock::new(|| CodePoints::from_ranges(PUNCTUATION.iter().copied()));
static TERMINAL_SET: LazyLock<CodePoints> =
    LazyLock::new(|| CodePoints::from_ranges(TERMINAL.iter().copied()));
static UNION: LazyLock<CodePoints> =
    LazyLock::new(|| CodePoints::from_ranges(PUNCTUATION.iter().chain(TERMINAL).copied()));

/// Whether `c` is in `PUNCTUATION`.
#[inline]
pub fn is_punctuation(c: char) -> bool {
    if c.is_ascii() { is_ascii_punctuation(c) } else { PUNCTUATION_SET.contains(c) }
}

/// Whether `c` is in `TERMINAL_PUNCTUATION`.
#[inline]
pub fn is_terminal(c: char) -> bool {
    if c.is_ascii() { matches!(c, '.' | '!' | '?') } else { TERMINAL_SET.contains(c) }
}

/// Whether `c` is in `PUNCTUATION_SET`, the union of the two: a token of such characters alone is a symbol and not
/// a word.
#[inline]
pub fn in_set(c: char) -> bool {
    if c.is_ascii() { is_ascii_punctuation(c) } else { UNION.contains(c) }
}

#[inline]
fn is_ascii_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || (c.is_ascii_control() && c != '\t' && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ascii_shortcuts_agree_with_the_tables() {
        for c in '\0'..='\u{7f}' {
            assert_eq!(is_punctuation(c), PUNCTUATION_SET.contains(c), "{c:?}");
            assert_eq!(is_terminal(c), TERMINAL_SET.contains(c), "{c:?}");
            assert_eq!(in_set(c), UNION.contains(c), "{c:?}");
        }
    }

    #[test]
    fn the_sets_have_the_known_sizes() {
        let size = |set: &[(u32, u32)]| set.iter().map(|(first, last)| last - first + 1).sum::<u32>();
        assert_eq!((size(PUNCTUATION), size(TERMINAL)), (129, 159));
    }

    #[test]
    fn notable_members_and_absentees() {
        for c in ['—', '”', '１', '…', '►', '\u{7f}', '\u{9f}', '\u{b}', '$', '_'] {
            assert!(is_punctuation(c) && in_set(c), "{c:?}");
        }
        for c in ['•', '€', '£', '©', '°', '\t', '\n', 'a', '2', '\u{a0}'] {
            assert!(!in_set(c), "{c:?}");
        }
        for c in ['。', '؟', '।', '‽', '．'] {
            assert!(is_terminal(c) && in_set(c), "{c:?}");
        }
        for c in ['…', '"', '”', ':'] {
            assert!(!is_terminal(c), "{c:?}");
        }
    }
}
