//! All items: those of which n-grams are looked for, those that are looked for as a whole because their n-grams tell
//! nothing, and those that are not looked for.

use super::index::{Added, Builder, Cut, Full, Index};
use super::normalisation::Normalisation;
use super::overlap::{Overlap, overlap};
use super::words;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Different words of whatever kind without which an item tells nothing even as a whole.
const DISTINCT_WORDS_OF_WHOLE: usize = 2;

/// How many items are named of those that are not looked for.
const NAMED: usize = 3;

/// The items that are looked for.
pub(super) struct Items {
    grams: Index,
    /// Formulas and the like, to the digit.
    wholes: Index,
    pub(super) sought: u64,
    pub(super) unsought: Unsought,
}

/// The names of the items that are not looked for, by why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unsought {
    item_words_min: usize,
    /// Those with fewer than `item_words_min` words.
    short: Vec<Arc<str>>,
    /// Those that are one word again and again.
    monotonous: Vec<Arc<str>>,
}

impl Items {
    /// What of the items is in the text whose simplified words have these hashes.
    pub(super) fn overlap(&self, text: &str, simplified: &[u64], hits_min: u32) -> Option<Overlap> {
        let unspaced = words::hashes_of_unspaced(text);
        let hashes = unspaced.as_deref().unwrap_or(simplified);
        let indices = [&self.grams, &self.wholes].into_iter().filter(|index| index.is_touched_by(hashes));
        indices.filter_map(|index| overlap(index, text, hashes, hits_min)).reduce(Overlap::and)
    }
}

/// Takes items in.
pub(super) struct ItemsBuilder {
    grams: Builder,
    wholes: Builder,
    items: u32,
    sought: u64,
    unsought: Unsought,
}

impl ItemsBuilder {
    pub(super) fn new(cut: Cut) -> Self {
        let wholes = Cut {
            ngram: usize::MAX,
            distinct_words_min: cut.distinct_words_min.min(DISTINCT_WORDS_OF_WHOLE),
            letters_min: 0,
            normalisation: match cut.normalisation {
                // all numbers being the same, all sums would be
                Normalisation::Words => Normalisation::Numbers,
                stricter => stricter,
            },
            ..cut
        };
        let unsought = Unsought { item_words_min: cut.item_words_min, ..Unsought::default() };
        Self { grams: Builder::new(cut), wholes: Builder::new(wholes), items: 0, sought: 0, unsought }
    }

    pub(super) fn add(&mut self, label: &Arc<str>, text: &str) -> Result<(), Full> {
        let item = self.items;
        self.items = item.checked_add(1).ok_or(Full)?;
        let added = match self.grams.add(item, label, text)? {
            Added::TellsNothing => self.wholes.add(item, label, text)?,
            added => added,
        };
        match added {
            Added::Sought => self.sought += 1,
            Added::Short => self.unsought.short.push(Arc::clone(label)),
            Added::TellsNothing => self.unsought.monotonous.push(Arc::clone(label)),
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Items {
        Items {
            grams: self.grams.finish(),
            wholes: self.wholes.finish(),
            sought: self.sought,
            unsought: self.unsought,
        }
    }
}

impl Unsought {
    pub(super) fn len(&self) -> u64 {
        (self.short.len() + self.monotonous.len()) as u64
    }

    /// How many there are and why, then how many of which benchmark, line by line.
    pub(super) fn told(&self) -> Vec<String> {
        let mut told = vec![format!(
            "{} of fewer than {} words, {} of one word again and again",
            self.short.len(),
            self.item_words_min,
            self.monotonous.len()
        )];
        let mut by_benchmark: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for label in self.short.iter().chain(&self.monotonous) {
            let (benchmark, id) = label.rsplit_once('/').unwrap_or(("", label));
            by_benchmark.entry(benchmark).or_default().push(id);
        }
        told.extend(by_benchmark.into_iter().map(|(benchmark, ids)| {
            let mut line = format!(
                "not looked for: {} of `{benchmark}`: {}",
                ids.len(),
                ids[..ids.len().min(NAMED)].join(", ")
            );
            if ids.len() > NAMED {
                // writing to a string cannot fail
                let _ = write!(line, " and {} more", ids.len() - NAMED);
            }
            line
        }));
        told
    }
}
