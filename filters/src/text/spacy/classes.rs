//! The character classes of spaCy's English tokenizer.

use std::sync::LazyLock;

/// Any letter of the scripts spaCy knows (`ALPHA`).
pub(super) const ALPHA: u8 = 1;
/// A lower-case letter, or one of a script without case (`ALPHA_LOWER`).
pub(super) const LOWER: u8 = 2;
/// An upper-case letter, or one of a script without case (`ALPHA_UPPER`).
pub(super) const UPPER: u8 = 4;
/// A quotation mark or bracket (`CONCAT_QUOTES`).
pub(super) const QUOTE: u8 = 8;
/// A prefix on its own.
pub(super) const PREFIX: u8 = 16;
/// A suffix on its own.
pub(super) const SUFFIX: u8 = 32;
/// An infix on its own, whatever surrounds it.
pub(super) const INFIX: u8 = 64;
/// A character after which a final full stop is a suffix.
pub(super) const BEFORE_DOT: u8 = 128;

const NAMES: [(&str, u8); 8] = [
    ("alpha", ALPHA),
    ("lower", LOWER),
    ("upper", UPPER),
    ("quote", QUOTE),
    ("prefix", PREFIX),
    ("suffix", SUFFIX),
    ("infix", INFIX),
    ("before-dot", BEFORE_DOT),
];

static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table::parse(include_str!("../../../data/spacy-en-classes.txt")));

/// The classes `c` is in, one bit each.
#[inline]
pub(super) fn of(c: char) -> u8 {
    TABLE.get(u32::from(c))
}

/// The classes of every code point: pages of 256, equal pages stored once.
struct Table {
    index: Vec<u16>,
    pages: Vec<[u8; 256]>,
}

impl Table {
    fn get(&self, code_point: u32) -> u8 {
        self.pages[usize::from(self.index[(code_point >> 8) as usize])][(code_point & 255) as usize]
    }

    fn parse(data: &str) -> Self {
        let mut flat = vec![[0; 256]; 0x1100];
        let mut class = 0;
        for line in data.lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix("class ") {
                class = NAMES.iter().find(|(known, _)| *known == name).map_or(0, |(_, bit)| *bit);
                continue;
            }
            for code_point in line.split(' ').filter_map(range).flatten() {
                flat[(code_point >> 8) as usize][(code_point & 255) as usize] |= class;
            }
        }
        let mut table = Self { index: Vec::with_capacity(flat.len()), pages: Vec::new() };
        for page in flat {
            let at = table.pages.iter().position(|known| *known == page).unwrap_or_else(|| {
                table.pages.push(page);
                table.pages.len() - 1
            });
            table.index.push(at as u16);
        }
        table
    }
}

/// Reads `41` or `41-5a`.
fn range(text: &str) -> Option<std::ops::RangeInclusive<u32>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let [first, last] = [first, last].map(|hex| u32::from_str_radix(hex, 16).ok());
    Some(first?..=last?.min(0x10_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_have_the_sizes_of_spacys() {
        let sizes = NAMES.map(|(_, bit)| (0..0x11_0000).filter(|&c| TABLE.get(c) & bit != 0).count());
        assert_eq!(sizes, [105_724, 105_177, 104_939, 31, 6091, 6051, 5985, 105_241]);
    }

    #[test]
    fn familiar_characters() {
        assert_eq!(of('a'), ALPHA | LOWER | BEFORE_DOT);
        assert_eq!(of('A'), ALPHA | UPPER);
        assert_eq!(of(','), QUOTE | PREFIX | SUFFIX | BEFORE_DOT);
        assert_eq!(of('…'), PREFIX | SUFFIX | INFIX | BEFORE_DOT);
        assert_eq!((of('7'), of('.'), of('-')), (BEFORE_DOT, 0, BEFORE_DOT));
    }
}
