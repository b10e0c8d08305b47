//! Sets of code points with constant-time membership.

use regex_syntax::hir::{Class, HirKind};

const PAGE_BITS: u32 = 8;
const PAGES: usize = 0x11_0000 >> PAGE_BITS;
type Page = [u64; 4];

/// A set of code points: a table of pages of 256 bits each, equal pages stored once.
pub(crate) struct CodePoints {
    index: Vec<u16>,
    pages: Vec<Page>,
}

impl CodePoints {
    /// The set of these inclusive ranges.
    pub(crate) fn from_ranges(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut flat = vec![Page::default(); PAGES];
        for code_point in ranges.into_iter().flat_map(|(first, last)| first..=last) {
            if let Some(page) = flat.get_mut((code_point >> PAGE_BITS) as usize) {
                page[(code_point >> 6 & 3) as usize] |= 1 << (code_point & 63);
            }
        }
        let mut set = Self { index: Vec::with_capacity(PAGES), pages: Vec::new() };
        for page in flat {
            let known = set.pages.iter().position(|other| *other == page);
            let at = known.unwrap_or_else(|| {
                set.pages.push(page);
                set.pages.len() - 1
            });
            set.index.push(at as u16);
        }
        set
    }

    /// The set of a Unicode class in regular-expression syntax, such as `\p{L}`; empty where there is no such class.
    pub(crate) fn from_class(class: &str) -> Self {
        let parsed = regex_syntax::parse(class).map(regex_syntax::hir::Hir::into_kind);
        match parsed {
            Ok(HirKind::Class(Class::Unicode(class))) => Self::from_ranges(
                class.iter().map(|range| (u32::from(range.start()), u32::from(range.end()))),
            ),
            _ => Self::from_ranges([]),
        }
    }

    /// Whether `c` is in the set.
    #[inline]
    pub(crate) fn contains(&self, c: char) -> bool {
        let code_point = u32::from(c);
        let page = &self.pages[usize::from(self.index[(code_point >> PAGE_BITS) as usize])];
        page[(code_point >> 6 & 3) as usize] >> (code_point & 63) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_unknown_class_is_empty_and_known_ones_are_not() {
        assert!(!CodePoints::from_class(r"\p{Nonsense}").contains('a'));
        for class in [r"\p{L}", r"\p{Nd}", r"\p{N}", r"\p{Mn}"] {
            assert!(CodePoints::from_class(class).pages.len() > 5, "{class}");
        }
    }

    proptest! {
        #[test]
        fn membership_is_that_of_the_ranges(first in 0u32..0x11_0000, length in 0u32..2000, c: char) {
            let last = (first + length).min(0x10_ffff);
            let set = CodePoints::from_ranges([(first, last), (0x10_ffff, 0x10_ffff)]);
            let c_in = (first..=last).contains(&u32::from(c)) || c == char::MAX;
            prop_assert_eq!(set.contains(c), c_in);
            for edge in [first.saturating_sub(1), first, last, last + 1] {
                if let Some(edge) = char::from_u32(edge) {
                    let within = (first..=last).contains(&u32::from(edge)) || edge == char::MAX;
                    prop_assert_eq!(set.contains(edge), within);
                }
            }
        }
    }
}
