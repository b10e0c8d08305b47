//! How much a run of words looks dropped where it stands.

use super::candidates::{Occurrence, WIDTH_MAX, width};
use crate::files::spill::Row;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// A run of words and what was counted of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Burst {
    pub(super) ngram: u64,
    pub(super) width: usize,
    /// The first record that has it, and its first word there.
    pub(super) record: u64,
    pub(super) at: usize,
    pub(super) records: u64,
    pub(super) occurrences: u64,
    pub(super) before: u64,
    pub(super) after: u64,
    pub(super) closes: u64,
    pub(super) sources: u64,
    pub(super) score: f64,
}

/// The runs of the highest scores, out of occurrences that come run by run. Each width has its share of the places:
/// single words that stand anywhere are so many that they would leave none to longer runs.
pub(super) struct Top {
    listed: usize,
    documents: RangeInclusive<u64>,
    run: Vec<(u64, Occurrence)>,
    times: u64,
    records: u64,
    /// By the bits of the score, which order as the scores do, since none is negative; then by the hash.
    best: [BTreeMap<(u64, u64), Burst>; WIDTH_MAX],
}

impl Top {
    pub(super) fn new(listed: usize, documents: RangeInclusive<u64>) -> Self {
        Self { listed, documents, run: Vec::new(), times: 0, records: 0, best: Default::default() }
    }

    /// Takes the next occurrence.
    pub(super) fn add(&mut self, row: Row<5>) {
        let (record, occurrence) = Occurrence::of(row);
        if self.run.first().is_some_and(|(_, first)| first.ngram != occurrence.ngram) {
            self.close();
        }
        self.records += 1;
        self.times += u64::from(occurrence.times);
        // beyond the range it will not be scored
        if self.records <= *self.documents.end() {
            self.run.push((record, occurrence));
        }
    }

    /// The runs, the highest score first.
    pub(super) fn finish(mut self) -> Vec<Burst> {
        self.close();
        let mut all: BTreeMap<(u64, u64), Burst> = BTreeMap::new();
        self.best.into_iter().for_each(|of_width| all.extend(of_width));
        all.into_values().rev().collect()
    }

    fn close(&mut self) {
        if self.documents.contains(&self.records)
            && let Some(burst) = burst(&self.run, self.times)
        {
            let shorter = burst.width - 1;
            let best = &mut self.best[shorter];
            best.insert((burst.score.to_bits(), burst.ngram), burst);
            if best.len() > (self.listed + WIDTH_MAX - 1 - shorter) / WIDTH_MAX {
                best.pop_first();
            }
        }
        self.run.clear();
        (self.times, self.records) = (0, 0);
    }
}

fn burst(run: &[(u64, Occurrence)], occurrences: u64) -> Option<Burst> {
    let &(record, first) = run.first()?;
    let different = |what: fn(&Occurrence) -> u32| {
        let mut all: Vec<u32> = run.iter().map(|(_, occurrence)| what(occurrence)).collect();
        all.sort_unstable();
        all.dedup();
        all.len() as u64
    };
    let records = run.len() as u64;
    let (before, after) = (different(|o| o.before), different(|o| o.after));
    let closes = run.iter().filter(|(_, occurrence)| occurrence.closes).count() as u64;
    let n = records as f64;
    let cohesion = (n / f64::from(first.inner).max(n)).min(1.0);
    let dispersed = before as f64 / n * (after as f64 / n) * (n / occurrences as f64);
    Some(Burst {
        ngram: first.ngram,
        width: width(first.ngram),
        record,
        at: first.at as usize,
        records,
        occurrences,
        before,
        after,
        closes,
        sources: different(|o| o.source),
        score: dispersed * cohesion * (1.0 + closes as f64 / n) * n.sqrt().sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occurrence(ngram: u64, around: u32) -> Occurrence {
        Occurrence {
            ngram,
            at: 7,
            times: 1,
            before: around,
            after: around,
            closes: true,
            inner: 0,
            source: 1,
        }
    }

    #[test]
    fn the_score_is_that_of_the_definition() {
        let run: Vec<(u64, Occurrence)> = (0..16).map(|n| (n + 3, occurrence(5, n as u32 / 2))).collect();
        let burst = burst(&run, 32).unwrap();
        assert_eq!((burst.record, burst.at, burst.records, burst.before, burst.closes), (3, 7, 16, 8, 16));
        // 8/16 · 8/16 · 16/32 · 1 · 2 · 16^¼
        assert_eq!(burst.score, 0.5);
    }

    #[test]
    fn the_highest_stay_and_what_is_out_of_range_does_not_count() {
        let mut top = Top::new(2, 2..=4);
        for (ngram, records) in [(1, 1), (2, 2), (3, 5), (5, 3), (6, 4)] {
            for record in 0..records {
                let one = occurrence(ngram, record as u32);
                let rows =
                    [ngram, record, u64::from(one.before) << 32 | u64::from(one.after), 7 << 32 | 3, 1];
                top.add(rows);
            }
        }
        assert_eq!(top.finish().iter().map(|burst| burst.ngram).collect::<Vec<_>>(), [6, 5]);
    }
}
