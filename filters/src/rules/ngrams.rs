//! The n-gram statistics of Gopher's repetition filter, for n = 2, 3, … in turn, without making a string.
//!
//! Every position of the text gets a *class*: the first position at which the same n-gram stands. An (n+1)-gram is
//! a pair of n-grams that overlap, so two of them are equal exactly when both classes are: the pair of classes is
//! a key that needs no hashing of words and cannot collide. And a repeated (n+1)-gram is made of repeated n-grams,
//! so each step looks only at what the step before found repeated, which in prose is little. Only the 2-grams are
//! keyed by the words' 64-bit hashes (two different 2-grams of a text meet with probability 2^-64).

use super::repeats::Buffers;
use crate::text::Tokens;

/// Odd, so that multiplying loses nothing, and not symmetric in the two words.
const FIRST_WORD: u64 = 0xd6e8_feb8_6659_fd93;

/// The classes of the n-grams of one text, for growing n.
pub(super) struct Ngrams<'a> {
    char_lengths: &'a [u32],
    buffers: &'a mut Buffers,
    n: usize,
    /// The most frequent n-gram, the earliest of equally frequent ones, and how often it stands.
    top: (usize, u32),
}

impl<'a> Ngrams<'a> {
    /// The 2-grams of a text.
    pub(super) fn pairs(tokens: &'a Tokens, buffers: &'a mut Buffers) -> Self {
        let hashes = tokens.hashes();
        let Buffers { table, keys, classes, counts, live } = buffers;
        keys.clear();
        keys.extend(hashes.windows(2).map(|pair| pair[0].wrapping_mul(FIRST_WORD).wrapping_add(pair[1])));
        table.reset(keys.len());
        classes.clear();
        counts.clear();
        counts.resize(keys.len(), 0);
        for at in 0..keys.len() {
            let class = table.first(keys, at);
            counts[class] += 1;
            classes.push(class as u32);
        }
        live.clear();
        live.extend(0..keys.len() as u32);
        let mut ngrams = Self { char_lengths: tokens.char_lengths(), buffers, n: 2, top: (0, 0) };
        ngrams.keep_repeated();
        ngrams
    }

    /// Turns from n-grams to (n+1)-grams.
    pub(super) fn grow(&mut self) {
        self.n += 1;
        let Buffers { table, keys, classes, counts, live } = &mut *self.buffers;
        table.reset(live.len());
        let mut kept = 0;
        for nth in 1..live.len() {
            let at = live[nth - 1] as usize;
            if live[nth] as usize != at + 1 {
                continue;
            }
            // the class of `at` is not read again in this step, so it may change here
            keys[at] = u64::from(classes[at]) << 32 | u64::from(classes[at + 1]);
            let class = table.first(keys, at);
            counts[at] = 0;
            counts[class] += 1;
            classes[at] = class as u32;
            live[kept] = at as u32;
            kept += 1;
        }
        live.truncate(kept);
        self.keep_repeated();
    }

    /// Keeps the positions whose n-gram stands more than once, and notes the most frequent.
    fn keep_repeated(&mut self) {
        let Buffers { classes, counts, live, .. } = &mut *self.buffers;
        let ngrams = (self.char_lengths.len() + 1).saturating_sub(self.n);
        self.top = (0, ngrams.min(1) as u32);
        let mut kept = 0;
        for nth in 0..live.len() {
            let at = live[nth];
            let class = classes[at as usize];
            let count = counts[class as usize];
            if count > self.top.1 && class == at {
                self.top = (at as usize, count);
            }
            // written always and counted if wanted: whether a pair of words repeats is not to be predicted
            live[kept] = at;
            kept += usize::from(count > 1);
        }
        live.truncate(kept);
    }

    fn chars_at(&self, at: usize) -> u64 {
        self.char_lengths[at..at + self.n].iter().map(|&chars| u64::from(chars)).sum()
    }

    /// Length of the most frequent n-gram, its words joined by spaces, times how often it stands. The first n-gram
    /// counts where all stand once; 0 where there is none.
    pub(super) fn top_chars(&self) -> u64 {
        match self.top {
            (_, 0) => 0,
            (at, count) => (self.chars_at(at) + self.n as u64 - 1) * u64::from(count),
        }
    }

    /// Summed lengths, without spaces, of the n-grams met before in a scan from the left that steps over each
    /// repeated n-gram as a whole.
    pub(super) fn duplicated_chars(&mut self) -> u64 {
        // a class is marked as met by its count, which this step needs no longer
        let mut chars = 0;
        let mut next = 0;
        for nth in 0..self.buffers.live.len() {
            let at = self.buffers.live[nth] as usize;
            if at < next {
                continue;
            }
            let class = self.buffers.classes[at] as usize;
            if self.buffers.counts[class] == MET {
                chars += self.chars_at(at);
                next = at + self.n;
            } else {
                self.buffers.counts[class] = MET;
            }
        }
        chars
    }
}

/// No n-gram stands this often in a text of less than 4 GiB.
const MET: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::repeats;
    use crate::{Document, Scratch, View};
    use proptest::prelude::*;
    use std::collections::{HashMap, HashSet};

    /// datatrove's `find_top_duplicate`, word for word, over lists of words.
    fn top(words: &[&str], n: usize) -> u64 {
        let mut counts: HashMap<&[&str], u64> = HashMap::new();
        words.windows(n).for_each(|gram| *counts.entry(gram).or_default() += 1);
        let mut best: Option<(&[&str], u64)> = None;
        for gram in words.windows(n) {
            if best.is_none_or(|(_, count)| counts[gram] > count) {
                best = Some((gram, counts[gram]));
            }
        }
        best.map_or(0, |(gram, count)| gram.join(" ").chars().count() as u64 * count)
    }

    /// datatrove's `find_all_duplicate`, with lists of words as keys.
    fn duplicated(words: &[&str], n: usize) -> u64 {
        let (mut seen, mut chars, mut at) = (HashSet::new(), 0, 0);
        while at + n <= words.len() {
            if seen.insert(&words[at..at + n]) {
                at += 1;
            } else {
                chars += words[at..at + n].concat().chars().count() as u64;
                at += n;
            }
        }
        chars
    }

    fn agree(text: &str) {
        let scratch = Scratch::default();
        let view = View::new(Document { text, ..Document::default() }, &scratch);
        let words: Vec<&str> = view.tokens().spans().map(|(start, end)| &text[start..end]).collect();
        repeats::with_buffers(|buffers| {
            let mut ngrams = Ngrams::pairs(view.tokens(), buffers);
            for n in 2..=10 {
                assert_eq!(ngrams.top_chars(), top(&words, n), "top {n}-gram of {text:?}");
                assert_eq!(
                    ngrams.duplicated_chars(),
                    duplicated(&words, n),
                    "duplicated {n}-grams of {text:?}"
                );
                ngrams.grow();
            }
        });
    }

    #[test]
    fn known_texts() {
        for text in [
            "",
            "a",
            "a b",
            "a a a a",
            "ab c a bc",
            "a b a b a b a b a b a b a b a b a b a b a b",
            "é字 é字 é字",
        ] {
            agree(text);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(words in prop::collection::vec("[ab]|cc|é", 0..80)) {
            agree(&words.join(" "));
        }

        #[test]
        fn agrees_on_repeated_phrases(
            phrases in prop::collection::vec(prop::collection::vec("[a-f]", 3..14), 1..4),
            order in prop::collection::vec(0usize..4, 1..12),
        ) {
            let text: Vec<String> = order.iter().map(|&nth| phrases[nth % phrases.len()].join(" ")).collect();
            agree(&text.join(" "));
        }
    }
}
