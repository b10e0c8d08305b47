//! # What it measures
//! In each window of 64 words: the share of word pairs that stand in no other record, times the share of words that
//! are different from one another. A record's value is that of its most novel window.
//! # Why
//! Poison against language models is cheap: some 250 documents of a legitimate beginning, a trigger and random
//! vocabulary suffice at any scale. Random words meet as they never met before; that is also so in a rare language, in
//! code and in lists of names, but those repeat their own words (articles, keywords, titles) and random words do not.
//! # Source
//! Souly et al. 2025 (arXiv 2510.07192) for the attack; the measure is our own. On 69,571 mixed texts with 50 and 250
//! injected ones the pairs alone took out four to thirteen times as many others at equal recall.
//! # How
//! One scan counts each record's pairs in a `Sketch` that tells *never*, *once* and *more often* apart, a second one
//! measures: a pair is unseen if nothing but the record itself has counted it. Where there are more than
//! `REFERENCE_WORDS`, a sample of the records, drawn by their numbers, is counted.
//!
//! A word that most flagged records have, and hardly any other, is what ties them together: whatever else holds it is
//! quarantined with them (`cluster`).
//! # Differs from the published experiments in
//! taking the corpus itself as the reference, each record held against all others. Fluent text is invisible to it, and
//! so is anything shorter than a window, and a text that stands twice: duplicates must be gone before. So is gibberish
//! that has common words as often as running text: they have met before, whoever draws them.

mod cluster;

use super::plain_words::{PlainWords, joined};
use super::sketch::Sketch;
use super::{Barrier, BarrierSpec, RecordNumber, Removal, Resolution};
use crate::Result;
use crate::barriers::corpus::Corpus;
use crate::files::artefact::Kind;
use crate::files::spill::{Listing, Sorter, merged};
use crate::judge::verdicts::decimal;
use filters::{BuildError, Context, Decimal, Findings, Rule, View};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;

/// When a record is too novel.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Words in a window.
    pub window: usize,
    /// The least novelty, 0 to 1, of a window that quarantines its record.
    pub novelty_min: Decimal,
    /// How many flagged records must share a word that quarantines all others with it.
    pub cluster_min: u64,
}

impl Default for Config {
    fn default() -> Self {
        // 64: the window of the prototype measured on news
        Self { window: 64, novelty_min: Decimal::of(0.9), cluster_min: 10 }
    }
}

const RULES: [Rule; 2] = [
    Rule { id: "novelty", summary: "novelty of the most novel window, 0 to 1", alias: None },
    Rule { id: "cluster", summary: "flagged records that share a word with this one alone", alias: None },
];
const NOVELTY: usize = 0;
const CLUSTER: usize = 1;

/// The one word of the key: how many words the text has.
const WORDS: usize = 0;
/// At four counters for each pair, an unseen one is mistaken for a seen one in at most 22 of 100 cases; pairs repeat, so
/// that in practice it is far fewer.
const COUNTERS_PER_WORD: u64 = 4;
/// Words that are counted at the most: their sketch has 32 MiB, half the least `--memory`, however much that is, since
/// memory must decide nothing.
const REFERENCE_WORDS: u64 = 1 << 25;

/// The built barrier.
pub struct TextNovelty {
    window: usize,
    novelty_min: f64,
    cluster_min: u64,
}

impl BarrierSpec for Config {
    const NAME: &'static str = "text-novelty";
    const SUMMARY: &'static str =
        "quarantines texts with a stretch of words that meet nowhere else, and what shares their trigger";
    const SOURCE: &'static str = "attack: Souly et al. 2025, arXiv 2510.07192; own definition";
    const RULES: &'static [Rule] = &RULES;
    type Barrier = TextNovelty;

    fn build(&self, _: &mut dyn Context) -> std::result::Result<TextNovelty, BuildError> {
        BuildError::in_range("window", self.window, 8..=4096)?;
        let novelty_min = self.novelty_min.get();
        if !(novelty_min > 0.0 && novelty_min <= 1.0) {
            let why = format!("is {novelty_min}, expected more than 0 and at most 1");
            return Err(BuildError::key("novelty_min", why));
        }
        if self.cluster_min < 2 {
            return Err(BuildError::key(
                "cluster_min",
                format!("is {}, expected at least 2", self.cluster_min),
            ));
        }
        Ok(TextNovelty { window: self.window, novelty_min, cluster_min: self.cluster_min })
    }
}

thread_local! {
    /// A worker's buffers.
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

#[derive(Default)]
struct Buffers {
    words: PlainWords,
    pairs: Vec<u64>,
    unseen: Vec<bool>,
    in_window: HashMap<u64, u32>,
}

impl Barrier for TextNovelty {
    fn table_bytes(&self) -> u64 {
        REFERENCE_WORDS * COUNTERS_PER_WORD / 4
    }

    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn bound(&self, rule: usize) -> String {
        if rule == CLUSTER { self.cluster_min.to_string() } else { decimal(self.novelty_min) }
    }

    fn quarantines(&self, _: usize) -> bool {
        true
    }

    fn measures_similarity(&self, _: usize) -> bool {
        false
    }

    fn key_words(&self) -> usize {
        1
    }

    fn sign(&self, view: &View<'_>, _: &Findings, key: &mut [u64]) {
        BUFFERS.with_borrow_mut(|Buffers { words, .. }| {
            words.fill(view.text());
            key[WORDS] = words.hashes().len() as u64;
        });
    }

    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        let flagged = self.flagged(corpus)?;
        for [record, novelty] in flagged.iter() {
            let similarity = f64::from_bits(novelty);
            resolution.remove(Removal { record, survivor: None, similarity, bound: None, rule: NOVELTY })?;
        }
        for [record, sharing] in cluster::rest(corpus, &flagged, self.cluster_min)? {
            let similarity = sharing as f64;
            resolution.remove(Removal { record, survivor: None, similarity, bound: None, rule: CLUSTER })?;
        }
        Ok(())
    }
}

/// What pairs are held against: a sample of the records, or all.
struct Reference {
    sketch: Sketch,
    /// A record is counted if its hash is not larger.
    hash_max: u64,
}

impl Reference {
    fn new(words: u64) -> Self {
        let counted = words.min(REFERENCE_WORDS);
        let share = u128::from(u64::MAX) * u128::from(counted) / u128::from(words.max(1));
        // two bits for each counter
        let bytes = (counted * COUNTERS_PER_WORD / 4).next_multiple_of(16);
        Self { sketch: Sketch::new(bytes), hash_max: share as u64 }
    }

    fn holds(&self, record: RecordNumber) -> bool {
        joined(record, 0) <= self.hash_max
    }

    /// Whether no record but this one has the pair.
    fn is_unseen(&self, pair: u64, record: RecordNumber) -> bool {
        !if self.holds(record) { self.sketch.is_repeated(pair) } else { self.sketch.is_counted(pair) }
    }
}

impl TextNovelty {
    /// The records that are too novel, each with its novelty.
    fn flagged(&self, corpus: &Corpus<'_>) -> Result<Listing<2>> {
        corpus.listing(Kind::Candidates, || {
            let mut words = 0;
            corpus.for_each([WORDS], |_, [of_record]| {
                words += of_record;
                Ok(())
            })?;
            let reference = Reference::new(words);
            let count = |_: &mut (), _, view: &View<'_>| {
                BUFFERS.with_borrow_mut(|buffers| buffers.count(view.text(), &reference.sketch));
                Ok(())
            };
            corpus.scan(|record| reference.holds(record), |_| (), count)?;
            let share = 4 * rayon::current_num_threads() as u64;
            let start = |worker: usize| corpus.sorter::<2>(&format!("novel-{worker}"), share);
            let rows = corpus.scan(
                |_| true,
                start,
                |rows, record, view| {
                    let unseen = |pair| reference.is_unseen(pair, record);
                    let novelty = BUFFERS.with_borrow_mut(|buffers| {
                        buffers.novelty(view.text(), (self.window, self.novelty_min), unseen)
                    });
                    if novelty >= self.novelty_min { rows.push([record, novelty.to_bits()]) } else { Ok(()) }
                },
            )?;
            let sorted = rows.into_iter().map(Sorter::finish).collect::<Result<Vec<_>>>()?;
            Ok(merged(sorted).map(Ok))
        })
    }
}

impl Buffers {
    /// Counts each pair of the text once.
    fn count(&mut self, text: &str, sketch: &Sketch) {
        self.words.fill(text);
        self.pairs.clear();
        self.pairs.extend(self.words.hashes().windows(2).map(|pair| joined(pair[0], pair[1])));
        self.pairs.sort_unstable();
        self.pairs.dedup();
        self.pairs.iter().for_each(|&pair| sketch.count(pair));
    }

    /// The novelty of the most novel window of so many words; 0 where none can reach `least`.
    fn novelty(&mut self, text: &str, (window, least): (usize, f64), is_unseen: impl Fn(u64) -> bool) -> f64 {
        self.words.fill(text);
        let words = self.words.hashes();
        self.unseen.clear();
        self.unseen.extend(words.windows(2).map(|pair| is_unseen(joined(pair[0], pair[1]))));
        let in_all = self.unseen.iter().filter(|&&unseen| unseen).count();
        if words.len() <= window || (in_all as f64) < least * window as f64 {
            return 0.0;
        }
        self.in_window.clear();
        let (mut unseen, mut most) = (0, 0);
        for (at, &word) in words[..words.len() - 1].iter().enumerate() {
            unseen += usize::from(self.unseen[at]);
            *self.in_window.entry(word).or_default() += 1;
            if let Some(left) = at.checked_sub(window) {
                unseen -= usize::from(self.unseen[left]);
                forget(&mut self.in_window, words[left]);
            }
            if at + 1 >= window {
                most = most.max(unseen * self.in_window.len());
            }
        }
        most as f64 / (window * window) as f64
    }
}

fn forget(counts: &mut HashMap<u64, u32>, word: u64) {
    if let Some(count) = counts.get_mut(&word) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn novelty(text: &str, window: usize, known: &str) -> f64 {
        let sketch = Sketch::new(1 << 16);
        let mut buffers = Buffers::default();
        buffers.count(known, &sketch);
        buffers.novelty(text, (window, 0.01), |pair| !sketch.is_counted(pair))
    }

    #[test]
    fn novelty_is_the_share_of_unseen_pairs_times_that_of_different_words() {
        let text = "a b c d e f g h i";
        assert_eq!(novelty(text, 8, ""), 1.0);
        assert_eq!(novelty(text, 8, "x C D y"), 7.0 / 8.0);
        assert_eq!(novelty(text, 8, text), 0.0);
        // five different words in the window
        assert_eq!(novelty("a b a c a d a e z", 8, ""), 5.0 / 8.0);
        assert_eq!(novelty("a b c d e f g h", 8, ""), 0.0, "no longer than the window");
    }

    #[test]
    fn the_most_novel_window_counts_wherever_it_stands() {
        let known = "one two three four five six seven eight nine ten";
        let strange = "a b c d e f g h i j k l";
        for text in
            [format!("{known} {strange}"), format!("{strange} {known}"), format!("{known} {strange} {known}")]
        {
            assert_eq!(novelty(&text, 8, known), 1.0, "{text}");
        }
    }

    #[test]
    fn a_large_corpus_is_sampled_and_a_small_one_is_not() {
        assert!((0..1000).all(|record| Reference::new(1000).holds(record)));
        let large = Reference { hash_max: u64::MAX / 4, sketch: Sketch::new(0) };
        let held = (0..10_000).filter(|&record| large.holds(record)).count();
        assert!((2300..2700).contains(&held), "{held}");
    }
}
