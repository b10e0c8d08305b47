//! The subwords of a word: its character n-grams between `<` and `>` (`dictionary.cc`, `computeSubwords`).

use super::ngrams::{Buckets, FNV_OFFSET, step};

/// How many characters the subwords that start there are collected at once. Nearly every word fits; a text of
/// megabytes without a space is one word too, and must not need many times its size.
const BLOCK: usize = 256;

/// A word being cut, with the buffers for it.
#[derive(Debug, Default)]
pub(super) struct Subwords {
    /// The word between its brackets.
    bracketed: Vec<u8>,
    /// Where the next block starts.
    at: usize,
    /// Where the characters of a block start, and where the last one ends; unused where all are ASCII.
    starts: Vec<usize>,
    /// The hash of the subword that starts at each character.
    hashes: Vec<u32>,
}

impl Subwords {
    /// Turns to a word.
    pub(super) fn begin(&mut self, word: &[u8]) {
        self.at = 0;
        self.bracketed.clear();
        self.bracketed.push(b'<');
        self.bracketed.extend_from_slice(word);
        self.bracketed.push(b'>');
    }

    /// Adds the buckets of the subwords that start in the next block of the word, the short ones first. A subword
    /// is `minn` to `maxn` characters; a bracket alone is none. `false` after the last block.
    pub(super) fn next(
        &mut self,
        (minn, maxn): (usize, usize),
        buckets: Buckets,
        found: &mut Vec<u32>,
    ) -> bool {
        if self.at == self.bracketed.len() {
            return false;
        }
        let first = self.at == 0;
        let chars = self.find_chars(BLOCK + maxn);
        let Self { bracketed, at, starts, hashes } = self;
        hashes.clear();
        hashes.resize(chars.min(BLOCK), FNV_OFFSET);
        for size in 1..=maxn.min(chars) {
            // each subword is one character longer than the one found there before
            let count = hashes.len().min(chars + 1 - size);
            let longer = &mut hashes[..count];
            if starts.is_empty() {
                for (hash, &byte) in longer.iter_mut().zip(&bracketed[*at + size - 1..]) {
                    *hash = step(*hash, byte);
                }
            } else {
                for (hash, next) in longer.iter_mut().zip(starts[size - 1..].windows(2)) {
                    *hash = bracketed[next[0]..next[1]].iter().fold(*hash, |hash, &byte| step(hash, byte));
                }
            }
            if size >= minn {
                let brackets = (size == 1 && first, size == 1 && count == chars);
                let whole = &longer[usize::from(brackets.0)..count - usize::from(brackets.1)];
                found.extend(whole.iter().map(|&hash| buckets.of_subword(hash)));
            }
        }
        *at = match starts.get(hashes.len()) {
            Some(&next) => next,
            None => *at + hashes.len(),
        };
        true
    }

    /// Finds up to `most` characters from the start of the block and tells how many there are. Only the last block
    /// has fewer than `most`.
    fn find_chars(&mut self, most: usize) -> usize {
        let rest = &self.bracketed[self.at..];
        self.starts.clear();
        let window = &rest[..rest.len().min(most)];
        if window.is_ascii() {
            return window.len();
        }
        let starts = rest.iter().enumerate().filter(|(_, byte)| **byte & 0xc0 != 0x80);
        self.starts.extend(starts.map(|(at, _)| self.at + at).take(most + 1));
        if self.starts.len() <= most {
            self.starts.push(self.bracketed.len());
        }
        self.starts.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::ngrams::hash;
    use super::*;
    use proptest::prelude::*;

    const ALL: u32 = u32::MAX;

    fn collect(word: &str, range: (usize, usize)) -> Vec<u32> {
        let mut subwords = Subwords::default();
        let mut found = Vec::new();
        subwords.begin(word.as_bytes());
        while subwords.next(range, Buckets::new(ALL), &mut found) {}
        found
    }

    fn check(word: &str, range: (usize, usize), expected: &[&str]) {
        let expected: Vec<u32> = expected.iter().map(|part| hash(part.as_bytes()) % ALL).collect();
        assert_eq!(collect(word, range), expected, "{word} {range:?}");
    }

    #[test]
    fn subwords_are_counted_in_characters_and_a_bracket_alone_is_none() {
        check("a", (1, 2), &["a", "<a", "a>"]);
        check("añ", (2, 3), &["<a", "añ", "ñ>", "<añ", "añ>"]);
        check("語", (3, 4), &["<語>"]);
        check("語", (0, 1), &["語"]);
        check("ab", (3, 2), &[]);
        check("ab", (5, 9), &[]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn long_words_lose_nothing_between_blocks(
            word in prop_oneof!["[ab]{1,800}", "[aé語😀]{200,800}", "[a-c]{300}[é]{1,3}[a-c]{300}"],
            minn in 0..4_usize,
            maxn in 1..5_usize,
        ) {
            let chars: Vec<char> = format!("<{word}>").chars().collect();
            let mut expected = Vec::new();
            for start in 0..chars.len() {
                for size in minn.max(1)..=maxn.min(chars.len() - start) {
                    if size > 1 || (start > 0 && start + 1 < chars.len()) {
                        let part: String = chars[start..start + size].iter().collect();
                        expected.push(hash(part.as_bytes()) % ALL);
                    }
                }
            }
            let mut found = collect(&word, (minn, maxn));
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
