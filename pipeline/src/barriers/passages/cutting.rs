//! From the units that repeat to what is cut out of each text, and to the records of which too little is left.

use super::division::{Division, words_in};
use super::{REMAINDER, RepeatedPassages};
use crate::Result;
use crate::barriers::{RecordNumber, Removal, Resolution};
use crate::corpus::Corpus;
use crate::spill::{Listing, Row, Sorter, merged};
use filters::View;
use std::ops::Range;

/// Ends a row that says how many words are left of a record that is taken out; no cut ends here.
const TAKEN_OUT: u64 = u64::MAX;

/// A worker's buffers.
struct Cutter {
    division: Division,
    cuts: Vec<Range<usize>>,
    /// Record and either start and end of a cut, or the words left and [`TAKEN_OUT`].
    rows: Sorter<3>,
}

impl RepeatedPassages {
    /// Cuts and removes, or only counts what would be.
    pub(super) fn cut(
        &self,
        corpus: &Corpus<'_>,
        gone: &Listing<3>,
        resolution: &mut Resolution,
    ) -> Result<()> {
        let runs_of = |record: RecordNumber| {
            gone.range(gone.position(record)..gone.position(record + 1))
                .map(|[_, first, end]| first as usize..end as usize)
        };
        let share = 4 * rayon::current_num_threads() as u64;
        let sorter = |worker: usize| corpus.sorter::<3>(&format!("cuts-{worker}"), share);
        let start = |worker| Cutter { division: Division::default(), cuts: Vec::new(), rows: sorter(worker) };
        let found = corpus.scan(
            |record| runs_of(record).next().is_some(),
            start,
            |cutter, record, view| cutter.record(self, (record, view), joined(runs_of(record))),
        )?;
        let sorted = found.into_iter().map(|cutter| cutter.rows.finish()).collect::<Result<Vec<_>>>()?;
        let mut told = Told::default();
        for row in merged(sorted) {
            told.add(row);
            match row {
                _ if self.report => {}
                [record, left, TAKEN_OUT] => resolution.remove(Removal {
                    record,
                    survivor: None,
                    similarity: left as f64,
                    rule: REMAINDER,
                })?,
                [record, start, end] => resolution.cut(record, start as usize..end as usize)?,
            }
        }
        told.log(self.report);
        Ok(())
    }
}

impl Cutter {
    fn record(
        &mut self,
        passages: &RepeatedPassages,
        (record, view): (RecordNumber, &View<'_>),
        runs: impl Iterator<Item = Range<usize>>,
    ) -> Result<()> {
        self.division.fill(passages.unit, view);
        self.cuts.clear();
        runs.for_each(|run| self.division.cut(run, &mut self.cuts));
        if let Some(least) = passages.words_left_min {
            let tokens = view.tokens();
            let cut: usize = self.cuts.iter().map(|cut| words_in(tokens, cut).len()).sum();
            let left = tokens.len().saturating_sub(cut);
            if left < least {
                return self.rows.push([record, left as u64, TAKEN_OUT]);
            }
        }
        self.cuts.iter().try_for_each(|cut| self.rows.push([record, cut.start as u64, cut.end as u64]))
    }
}

/// Runs of units in order, those that overlap or touch as one.
fn joined(runs: impl Iterator<Item = Range<usize>>) -> impl Iterator<Item = Range<usize>> {
    let mut runs = runs.peekable();
    std::iter::from_fn(move || {
        let mut run = runs.next()?;
        while let Some(next) = runs.next_if(|next| next.start <= run.end) {
            run.end = run.end.max(next.end);
        }
        Some(run)
    })
}

/// What came of it, for the log.
#[derive(Default)]
struct Told {
    last: Option<RecordNumber>,
    records: u64,
    cuts: u64,
    bytes: u64,
    taken_out: u64,
}

impl Told {
    fn add(&mut self, [record, start, end]: Row<3>) {
        if end == TAKEN_OUT {
            self.taken_out += 1;
            return;
        }
        self.cuts += 1;
        self.bytes += end - start;
        self.records += u64::from(self.last != Some(record));
        self.last = Some(record);
    }

    fn log(&self, report: bool) {
        let Self { records, cuts, bytes, taken_out, .. } = self;
        let done = if report { "would be" } else { "are" };
        tracing::info!(
            "{bytes} bytes {done} cut in {cuts} places out of {records} records; {taken_out} records {done} removed because too little is left"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_overlap_or_touch_are_one() {
        let runs = [0..3, 1..4, 2..3, 4..5, 7..9].into_iter();
        assert_eq!(joined(runs).collect::<Vec<_>>(), [0..5, 7..9]);
    }
}
