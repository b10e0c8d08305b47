//! From texts to the units that repeat.
//!
//! ```text
//! texts ─sketch of 64-bit hashes→ passages that may repeat ─sorted by digest→ occurrences ─sorted by record→ units
//! ```
//! A passage is a run of `width` units. A first scan counts every passage in a [`Sketch`]; a second one sorts
//! those that may stand twice by SHA-256. Where the sketch would be too full to tell them apart, the passages are
//! divided by their hash and each part has its two scans: memory stays bounded and a passage that stands once
//! hardly ever reaches the disk.

use super::division::{Division, words_in};
use super::evidence::Repeated;
use super::occurrences::{Occurrences, Policy};
use super::{RUNS, RepeatedPassages, Unit};
use crate::Result;
use crate::barriers::corpus::Corpus;
use crate::barriers::sketch::Sketch;
use crate::files::artefact::Kind;
use crate::files::spill::{Sorter, merged};
use filters::View;
use filters::text::Tokens;
use std::collections::BTreeSet;

/// Counters a sketch should have for each passage: at four, a passage that stands once is mistaken for a repeated one
/// in 22 of 100 cases.
const COUNTERS_PER_RUN: u64 = 4;
/// The most parts the passages are divided into; each costs two scans. Beyond that, more goes to the disk.
const PARTS_MAX: u64 = 64;
/// How many of the passages that repeat most are told.
const TOLD: usize = 5;

/// One part of the passages: those whose hash falls into it.
#[derive(Clone, Copy)]
struct Part {
    nth: u64,
    of: u64,
}

impl Part {
    fn holds(self, hash: u64) -> bool {
        // not the bits by which the sketch finds its counter
        (u128::from(hash.rotate_left(32)) * u128::from(self.of)) >> 64 == u128::from(self.nth)
    }
}

/// A worker's buffers of the second scan.
struct Finder {
    division: Division,
    found: Vec<usize>,
    rows: Sorter<4>,
}

/// Where what was found goes.
struct Settled {
    /// Record, first unit, one past the last, and the number of the passage.
    gone: Sorter<4>,
    /// The number of a passage, how often it stands, and the record and unit where it does first.
    passages: Sorter<4>,
    told: Told,
}

/// What was found, for the log.
#[derive(Default)]
struct Told {
    passages: u64,
    places: u64,
    /// How often, and the digest's first half.
    most: BTreeSet<(u64, u64)>,
}

impl RepeatedPassages {
    /// The passages that repeat, and the runs of units of theirs that go. Those overlap.
    pub(super) fn repeated(&self, corpus: &Corpus<'_>) -> Result<Repeated> {
        let gone = corpus.listing(Kind::Passages, || {
            let mut runs = 0;
            corpus.for_each([RUNS], |_, [of_record]| {
                runs += of_record;
                Ok(())
            })?;
            let bytes = corpus.memory() / 4;
            let counters = Sketch::counters(bytes);
            let parts = (runs * COUNTERS_PER_RUN).div_ceil(counters).clamp(1, PARTS_MAX);
            let needed = (runs * COUNTERS_PER_RUN).div_ceil(32 * parts).min(bytes);
            let mut sketch = Sketch::new(needed.next_multiple_of(16));
            let mut settled = Settled {
                gone: corpus.sorter("gone", 4),
                passages: corpus.sorter("repeated", 8),
                told: Told::default(),
            };
            for nth in 0..parts {
                sketch.clear();
                self.part(corpus, Part { nth, of: parts }, &sketch, &mut settled)?;
            }
            settled.told.log();
            corpus.listing(Kind::Repeated, || Ok(settled.passages.finish()?.map(Ok)))?;
            Ok(settled.gone.finish()?.map(Ok))
        })?;
        Ok(Repeated { gone, passages: corpus.kept(Kind::Repeated)? })
    }

    fn part(&self, corpus: &Corpus<'_>, part: Part, sketch: &Sketch, settled: &mut Settled) -> Result<()> {
        corpus.scan(
            |_| true,
            |_| Division::default(),
            |division, _, view| {
                division.fill(self.unit, view);
                let hashes = division.hashes(self.width).enumerate().filter(|(_, hash)| part.holds(*hash));
                hashes
                    .filter(|(at, _)| self.is_passage(division, *at, view))
                    .for_each(|(_, h)| sketch.count(h));
                Ok(())
            },
        )?;
        let share = 4 * rayon::current_num_threads() as u64;
        let sorter = |worker: usize| corpus.sorter::<4>(&format!("passages-{worker}"), share);
        let start =
            |worker| Finder { division: Division::default(), found: Vec::new(), rows: sorter(worker) };
        let found = corpus.scan(
            |_| true,
            start,
            |Finder { division, found, rows }, record, view| {
                division.fill(self.unit, view);
                let hashes = division.hashes(self.width).enumerate();
                let again = hashes.filter(|(_, hash)| part.holds(*hash) && sketch.is_repeated(*hash));
                found.clear();
                found.extend(again.map(|(at, _)| at).filter(|&at| self.is_passage(division, at, view)));
                found.iter().try_for_each(|&at| {
                    let [high, low] = division.digest(view.text(), at..at + self.width);
                    rows.push([high, low, record, at as u64])
                })
            },
        )?;
        let sorted = found.into_iter().map(|finder| finder.rows.finish()).collect::<Result<Vec<_>>>()?;
        settled.settle(merged(sorted), &self.policy)
    }

    /// Whether a run of units is long enough to be a passage.
    fn is_passage(&self, division: &Division, at: usize, view: &View<'_>) -> bool {
        let bytes = || division.bytes(at..at + self.width);
        // a text has no more characters than bytes
        let chars = |least: usize| bytes().len() >= least && view.text()[bytes()].chars().count() >= least;
        let words = |least: usize| {
            if self.unit == Unit::Tokens {
                return division.words(at..at + self.width) >= least;
            }
            let flags = view.tokens().flags().get(words_in(view.tokens(), &bytes())).unwrap_or_default();
            flags.iter().filter(|&flags| flags & Tokens::SYMBOL == 0).nth(least.saturating_sub(1)).is_some()
        };
        self.chars_min.is_none_or(chars) && self.words_min.is_none_or(words)
    }
}

impl Settled {
    /// Goes through the occurrences passage by passage.
    fn settle(&mut self, rows: impl Iterator<Item = [u64; 4]>, policy: &Policy) -> Result<()> {
        let mut of = None;
        let mut occurrences = Occurrences::default();
        for [high, low, record, at] in rows {
            if of != Some([high, low]) {
                self.close(of, &occurrences, policy)?;
                of = Some([high, low]);
                occurrences = Occurrences::default();
            }
            let number = self.told.passages;
            let gone = &mut self.gone;
            occurrences.add(policy, (record, at), &mut |[record, from, end]| {
                gone.push([record, from, end, number])
            })?;
        }
        self.close(of, &occurrences, policy)
    }

    /// Notes a passage of which all occurrences are known.
    fn close(&mut self, digest: Option<[u64; 2]>, occurrences: &Occurrences, policy: &Policy) -> Result<()> {
        let Some(([high, _], (places, first))) = digest.zip(occurrences.repeated(policy)) else {
            return Ok(());
        };
        self.passages.push([self.told.passages, places, first.0, first.1])?;
        self.told.add(high, places);
        Ok(())
    }
}

impl Told {
    fn add(&mut self, high: u64, places: u64) {
        self.passages += 1;
        self.places += places;
        self.most.insert((places, high));
        if self.most.len() > TOLD {
            self.most.pop_first();
        }
    }

    /// Passages are told by their digest: a log is no place for text.
    fn log(&self) {
        let most: Vec<String> =
            self.most.iter().rev().map(|(places, digest)| format!("{digest:016x} {places} times")).collect();
        tracing::info!(
            "{} passages repeat, in {} places; most often: {}",
            self.passages,
            self.places,
            if most.is_empty() { "none".to_string() } else { most.join(", ") }
        );
    }
}
