//! N-grams as rows that sort: the ids of up to six words in three integers.

use crate::files::spill::Row;
use classifiers::language_model::ORDER_MAX;

/// Integers of a row that hold words.
const KEY: usize = ORDER_MAX / 2;
/// Integers of a row: words, and two more for what is known of them.
pub(super) const WIDTH: usize = KEY + 2;

/// A row with an n-gram's words and two numbers.
pub(super) type Entry = Row<WIDTH>;

/// The words of an n-gram in some order, two in each integer, so that rows sort as the lists of words do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key([u64; KEY]);

impl Key {
    /// The key of these words, at most [`ORDER_MAX`].
    pub(super) fn of(words: impl IntoIterator<Item = u32>) -> Self {
        let mut key = [0; KEY];
        for (at, word) in words.into_iter().enumerate().take(ORDER_MAX) {
            key[at / 2] |= u64::from(word) << if at.is_multiple_of(2) { 32 } else { 0 };
        }
        Self(key)
    }

    /// The words, of which as many count as were put in.
    pub(super) fn words(self) -> [u32; ORDER_MAX] {
        std::array::from_fn(|at| (self.0[at / 2] >> if at.is_multiple_of(2) { 32 } else { 0 }) as u32)
    }

    /// The key of the first `len` words.
    pub(super) fn prefix(self, len: usize) -> Self {
        Self::of(self.words().into_iter().take(len))
    }

    /// The key of the first `len` words from the last to the first.
    pub(super) fn reversed(self, len: usize) -> Self {
        Self::of(self.words().into_iter().take(len).rev())
    }

    /// A row with two numbers behind the words.
    pub(super) fn with(self, first: u64, second: u64) -> Entry {
        let Self([a, b, c]) = self;
        [a, b, c, first, second]
    }

    /// The words of a row.
    pub(super) fn from(row: &Entry) -> Self {
        Self([row[0], row[1], row[2]])
    }
}

/// The two numbers of a row.
pub(super) fn numbers(row: &Entry) -> (u64, u64) {
    (row[KEY], row[KEY + 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_hold_words_and_sort_as_they_do(
            a in prop::collection::vec(0u32..5, 6),
            b in prop::collection::vec(0u32..5, 6),
            len in 0usize..7,
        ) {
            let key = Key::of(a.iter().copied());
            prop_assert_eq!(key.words().to_vec(), a.clone());
            prop_assert_eq!(key.cmp(&Key::of(b.iter().copied())), a.cmp(&b));
            prop_assert_eq!(&key.prefix(len).words()[..len], &a[..len]);
            let reversed: Vec<u32> = a[..len].iter().rev().copied().collect();
            prop_assert_eq!(&key.reversed(len).words()[..len], &reversed[..]);
            prop_assert_eq!(Key::from(&key.with(1, 2)), key);
        }
    }
}
