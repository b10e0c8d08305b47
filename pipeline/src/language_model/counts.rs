//! From texts to n-grams with their adjusted counts.
//!
//! Only the longest n-grams are counted in the texts; a sentence begins with as many `<s>` as they need. In the order of
//! their words from the last to the first, all n-grams that end alike stand together, and one pass tells the adjusted
//! counts of every order (Heafield et al. 2013, section 3.2): of an n-gram that is not the longest, how many different
//! words stand before it, and of one that begins with `<s>` or is the longest, how often it is there.

use super::ngram::{Entry, Key, WIDTH, numbers};
use super::texts::Texts;
use super::vocabulary::{END, START, Vocabulary};
use super::{Budget, Training};
use crate::files::spill::{Sorted, Sorter};
use crate::{Error, Progress, Result};
use classifiers::language_model::{CountsOfCounts, ORDER_MAX};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use xxhash_rust::xxh3::Xxh3Builder;

/// About the bytes that an n-gram takes in a hash map, with the room a map leaves free.
const COUNTED_BYTES: u64 = 64;
/// Where the pruned are told apart from the others.
pub(super) const PRUNED: u64 = 1;

type Counted = HashMap<Key, u64, Xxh3Builder>;

/// What the texts hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) sentences: u64,
    pub(super) words: u64,
}

/// Counts the longest n-grams; yields them by their words from the last to the first, some more than once.
pub(super) fn count(
    texts: &Texts,
    vocabulary: &Vocabulary,
    training: &Training,
    (folder, budget): (&Path, Budget),
    progress: &dyn Progress,
) -> Result<(Sorted<WIDTH>, Size)> {
    let spill =
        Mutex::new(Spill { sorter: Sorter::new(folder, budget.sorter), flushes: 0, size: Size::default() });
    let limit = usize::try_from(budget.worker / COUNTED_BYTES).unwrap_or(usize::MAX).max(1);
    texts.by_group(("count n-grams", progress), |texts| {
        let (mut counted, mut size, mut ids) = (Counted::default(), Size::default(), Vec::new());
        for text in texts {
            training.words.sentences(&text?, |words| {
                ids.clear();
                ids.extend([START; ORDER_MAX]);
                ids.extend(words.filter_map(|word| vocabulary.id(word)));
                size.words += (ids.len() - ORDER_MAX) as u64;
                size.sentences += 1;
                ids.push(END);
                for last in ORDER_MAX..ids.len() {
                    let words = ids[..=last].iter().rev().take(training.order).copied();
                    *counted.entry(Key::of(words)).or_default() += 1;
                }
            });
            if counted.len() >= limit {
                flush(&spill, &mut counted, &mut size)?;
            }
        }
        flush(&spill, &mut counted, &mut size)
    })?;
    let spill = spill.into_inner().map_err(|e| Error::Bug(e.to_string()))?;
    Ok((spill.sorter.finish()?, spill.size))
}

/// Where all workers leave what they have counted.
struct Spill {
    sorter: Sorter<WIDTH>,
    flushes: u64,
    size: Size,
}

fn flush(spill: &Mutex<Spill>, counted: &mut Counted, size: &mut Size) -> Result<()> {
    let mut locked = spill.lock().map_err(|e| Error::Bug(e.to_string()))?;
    let Spill { sorter, flushes, size: total } = &mut *locked;
    let Size { sentences, words } = std::mem::take(size);
    total.sentences += sentences;
    total.words += words;
    // equal rows would become one: the number of the flush keeps them apart
    *flushes += 1;
    counted.drain().try_for_each(|(key, count)| sorter.push(key.with(count, *flushes)))
}

/// The n-grams of one order by their words as they stand, with adjusted counts and whether they are pruned.
pub(super) struct Adjusted {
    pub(super) rows: Sorted<WIDTH>,
    pub(super) counts: CountsOfCounts,
}

/// Adjusts counts, for each order from 1 on.
pub(super) fn adjust(
    longest: impl Iterator<Item = Entry>,
    training: &Training,
    (folders, budget): (&[impl AsRef<Path>], Budget),
) -> Result<Vec<Adjusted>> {
    let mut walk = Walk {
        training,
        levels: vec![Level::default(); training.order],
        open: [START; ORDER_MAX],
        depth: 0,
        sorters: folders.iter().map(|folder| Sorter::new(folder.as_ref(), budget.order)).collect(),
        counts: vec![CountsOfCounts::default(); training.order],
    };
    let mut current: Option<(Key, u64)> = None;
    for row in longest {
        let (key, count) = (Key::from(&row), numbers(&row).0);
        match &mut current {
            Some((known, sum)) if *known == key => *sum += count,
            _ => {
                if let Some((key, count)) = current.replace((key, count)) {
                    walk.take(key, count)?;
                }
            }
        }
    }
    if let Some((key, count)) = current {
        walk.take(key, count)?;
    }
    walk.finish()
}

/// An n-gram of which more may come.
#[derive(Clone, Copy, Default)]
struct Level {
    adjusted: u64,
    /// How often it is there; what pruning looks at.
    raw: u64,
}

/// The n-grams of each order that end like the last one taken.
struct Walk<'a> {
    training: &'a Training,
    levels: Vec<Level>,
    /// The words of the last n-gram, from the last to the first.
    open: [u32; ORDER_MAX],
    /// How many of the levels are n-grams: none goes beyond `<s>`.
    depth: usize,
    sorters: Vec<Sorter<WIDTH>>,
    counts: Vec<CountsOfCounts>,
}

impl Walk<'_> {
    fn take(&mut self, key: Key, count: u64) -> Result<()> {
        let (order, words) = (self.training.order, key.words());
        let same = words.iter().zip(self.open).take(self.depth).take_while(|(a, b)| **a == *b).count();
        self.close(same)?;
        if same > 0 {
            self.levels[same - 1].adjusted += 1;
        }
        self.levels[..same].iter_mut().for_each(|level| level.raw += count);
        self.depth = words[..order].iter().position(|word| *word == START).map_or(order, |at| at + 1);
        self.levels[same..self.depth].fill(Level { adjusted: 1, raw: count });
        self.levels[self.depth - 1].adjusted = count;
        self.open = words;
        Ok(())
    }

    /// Hands over all n-grams of more than `same` words.
    fn close(&mut self, same: usize) -> Result<()> {
        let reversed = Key::of(self.open);
        for len in same + 1..=self.depth {
            let Level { adjusted, raw } = self.levels[len - 1];
            let rarest = self.training.prune.get(len - 1).copied().unwrap_or_default();
            let pruned = len > 1 && raw <= rarest;
            self.counts[len - 1].add(adjusted);
            self.sorters[len - 1]
                .push(reversed.reversed(len).with(adjusted, if pruned { PRUNED } else { 0 }))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Adjusted>> {
        self.close(0)?;
        let both = self.sorters.into_iter().zip(self.counts);
        both.map(|(sorter, counts)| Ok(Adjusted { rows: sorter.finish()?, counts })).collect()
    }
}
