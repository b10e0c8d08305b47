//! Which runs of words may be bursts, and where they stand.

use super::super::plain_words::{PlainWords, joined};
use super::counts::Counts;
use crate::Result;
use crate::barriers::corpus::Corpus;
use crate::files::spill::{Row, Sorter, merged};
use filters::View;
use filters::text::word_hash;
use std::ops::RangeInclusive;

/// Runs of so many words at the most.
pub(super) const WIDTH_MAX: usize = 3;
/// A run of several words must stand in so many times as many records as its words would make it by chance.
const LIFT_MIN: f64 = 3.0;
/// The least share of the records with the commoner inner pair that have the whole run.
const COHESION_MIN: f64 = 0.25;
/// A pair that so many records have is one that the corpus knows.
const KNOWN_PAIR: u64 = 3;

/// What was counted.
pub(super) struct Candidates {
    /// Records with a word or pair.
    pairs: Counts,
    /// Records with a run of three.
    triples: Counts,
    documents: RangeInclusive<u64>,
    records: f64,
}

/// All runs of a text: the hash, which tells the width by its last bits, and the first word.
pub(super) fn ngrams(words: &[u64]) -> impl Iterator<Item = (u64, usize)> + '_ {
    (1..=WIDTH_MAX)
        .flat_map(move |width| words.windows(width).enumerate().map(move |(at, run)| (ngram(run), at)))
}

fn ngram(run: &[u64]) -> u64 {
    run.iter().fold(run.len() as u64, |hash, &word| joined(hash, word)) & !3 | run.len() as u64
}

/// The number of words in a run with this hash.
pub(super) fn width(ngram: u64) -> usize {
    (ngram & 3) as usize
}

/// A worker's buffers.
#[derive(Default)]
struct Buffers {
    words: PlainWords,
    runs: Vec<(u64, usize)>,
}

impl Buffers {
    /// The text's runs that are `wanted`, each with its first place, in the order of the hashes; equal ones together.
    fn fill(&mut self, text: &str, wanted: impl Fn(&[u64], usize, u64) -> bool) {
        self.words.fill(text);
        let words = self.words.hashes();
        self.runs.clear();
        self.runs.extend(ngrams(words).filter(|&(ngram, at)| wanted(words, at, ngram)));
        self.runs.sort_unstable();
    }

    fn count_each_once(&mut self, counts: &Counts) {
        self.runs.dedup_by_key(|run| run.0);
        self.runs.iter().for_each(|run| counts.count(run.0));
    }
}

impl Candidates {
    /// Counts words and pairs, then what runs of three they may make.
    pub(super) fn count(corpus: &Corpus<'_>, documents: RangeInclusive<u64>, bytes: u64) -> Result<Self> {
        let empty = || Counts::new(bytes / 2);
        let mut alive = 0u64;
        corpus.for_each([], |_, []| {
            alive += 1;
            Ok(())
        })?;
        let mut this = Self { pairs: empty(), triples: empty(), documents, records: alive as f64 };
        let pairs = |buffers: &mut Buffers, _, view: &View<'_>| {
            buffers.fill(view.text(), |_, _, ngram| width(ngram) < WIDTH_MAX);
            buffers.count_each_once(&this.pairs);
            Ok(())
        };
        corpus.scan(|_| true, |_| Buffers::default(), pairs)?;
        let triples = empty();
        let count = |buffers: &mut Buffers, _, view: &View<'_>| {
            buffers.fill(view.text(), |words, at, ngram| {
                width(ngram) == WIDTH_MAX && this.pairs_are_common(words, at)
            });
            buffers.count_each_once(&triples);
            Ok(())
        };
        corpus.scan(|_| true, |_| Buffers::default(), count)?;
        this.triples = triples;
        Ok(this)
    }

    fn pairs_are_common(&self, words: &[u64], at: usize) -> bool {
        [at, at + 1].iter().all(|&at| self.pairs.get(ngram(&words[at..at + 2])) >= *self.documents.start())
    }

    /// Records with the commoner inner pair of a run of three; of a shorter run, none.
    fn inner(&self, run: &[u64]) -> u64 {
        match run {
            [first, second, third] => [[*first, *second], [*second, *third]]
                .iter()
                .map(|pair| self.pairs.get(ngram(pair)))
                .max()
                .unwrap_or(0),
            _ => 0,
        }
    }

    /// Whether a run may be a burst.
    fn may_burst(&self, words: &[u64], at: usize, ngram: u64) -> bool {
        let run = &words[at..at + width(ngram)];
        let of_three = run.len() == WIDTH_MAX;
        if of_three && !self.pairs_are_common(words, at) {
            return false;
        }
        let records = if of_three { self.triples.get(ngram) } else { self.pairs.get(ngram) };
        // collisions make counts too large: those beyond the range are sorted out when they are exact
        if records < *self.documents.start() || records > 2 * *self.documents.end() {
            return false;
        }
        let share = |word: &u64| self.pairs.get(self::ngram(&[*word])) as f64 / self.records;
        let by_chance = run.iter().map(share).product::<f64>() * self.records;
        let records = records as f64;
        run.len() == 1
            || (records >= LIFT_MIN * by_chance && records >= COHESION_MIN * self.inner(run) as f64)
    }

    /// The occurrences of what may burst, run by run, as [`Occurrence`]s.
    pub(super) fn occurrences(&self, corpus: &Corpus<'_>) -> Result<impl Iterator<Item = Row<5>> + use<>> {
        let share = 2 * rayon::current_num_threads() as u64;
        let start =
            |worker: usize| (Buffers::default(), corpus.sorter::<5>(&format!("runs-{worker}"), share));
        let found = corpus.scan(
            |_| true,
            start,
            |(buffers, rows), record, view| {
                buffers.fill(view.text(), |words, at, ngram| self.may_burst(words, at, ngram));
                let words = buffers.words.hashes();
                let source = source(view);
                buffers.runs.chunk_by(|a, b| a.0 == b.0).try_for_each(|same| {
                    let (ngram, at) = same[0];
                    rows.push(self.occurrence(words, (ngram, at), same.len(), source).row(record))
                })
            },
        )?;
        Ok(merged(found.into_iter().map(|(_, rows)| Sorter::finish(rows)).collect::<Result<Vec<_>>>()?))
    }

    fn occurrence(&self, words: &[u64], (ngram, at): (u64, usize), times: usize, source: u32) -> Occurrence {
        let end = at + width(ngram);
        let before = at.checked_sub(1).map(|before| words[before]);
        let after = words.get(end).copied();
        let closes = before
            .zip(after)
            .is_some_and(|(before, after)| self.pairs.get(self::ngram(&[before, after])) >= KNOWN_PAIR);
        Occurrence {
            ngram,
            at: at as u32,
            times: times as u32,
            before: before.unwrap_or_default() as u32,
            after: after.unwrap_or_default() as u32,
            closes,
            inner: self.inner(&words[at..end]) as u32,
            source,
        }
    }
}

/// The first occurrence of a run in a record. Words and sources are cut to 32 bits: they are only told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Occurrence {
    pub(super) ngram: u64,
    /// Number of its first word.
    pub(super) at: u32,
    /// How often the run stands in the record.
    pub(super) times: u32,
    pub(super) before: u32,
    pub(super) after: u32,
    /// Whether the words around it make a known pair.
    pub(super) closes: bool,
    /// Records with the commoner inner pair.
    pub(super) inner: u32,
    pub(super) source: u32,
}

impl Occurrence {
    fn row(self, record: u64) -> Row<5> {
        let both = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        [
            self.ngram,
            record,
            both(self.before, self.after),
            both(self.at, self.times.min(u32::MAX >> 1) << 1 | u32::from(self.closes)),
            both(self.inner, self.source),
        ]
    }

    /// The record and the occurrence in it.
    pub(super) fn of([ngram, record, around, place, more]: Row<5>) -> (u64, Self) {
        let [high, low] = [|both: u64| (both >> 32) as u32, |both: u64| both as u32];
        let occurrence = Self {
            ngram,
            at: high(place),
            times: low(place) >> 1,
            before: high(around),
            after: low(around),
            closes: place & 1 == 1,
            inner: high(more),
            source: low(more),
        };
        (record, occurrence)
    }
}

/// Where a record comes from: the host of its URL, or else its declared source.
fn source(view: &View<'_>) -> u32 {
    let document = view.document();
    let host = document.url.and_then(|url| url.split("//").nth(1)).and_then(|rest| rest.split('/').next());
    word_hash(host.unwrap_or(document.source).as_bytes()) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_tells_its_width_and_its_order() {
        assert_eq!([&[1][..], &[1, 2], &[1, 2, 3]].map(|run| width(ngram(run))), [1, 2, 3]);
        assert_ne!(ngram(&[1, 2]), ngram(&[2, 1]));
        assert_eq!(ngrams(&[7, 8, 9]).map(|(_, at)| at).collect::<Vec<_>>(), [0, 1, 2, 0, 1, 0]);
    }

    #[test]
    fn an_occurrence_survives_its_row() {
        let occurrence = Occurrence {
            ngram: 11,
            at: 4,
            times: 3,
            before: u32::MAX,
            after: 2,
            closes: true,
            inner: 70_000,
            source: 9,
        };
        assert_eq!(Occurrence::of(occurrence.row(5)), (5, occurrence));
    }
}
