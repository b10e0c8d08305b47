//! From the units that repeat to what is cut out of each text, and to the records of which too little is left.

use super::division::{Division, words_in};
use super::evidence::Repeated;
use super::{REMAINDER, RepeatedPassages, Stays};
use crate::Result;
use crate::barriers::corpus::Corpus;
use crate::barriers::{RecordNumber, Removal, Resolution};
use crate::files::artefact::Kind;
use crate::files::spill::{Row, Sorter, merged};
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
    /// Record, start and end of what repeats in it, and the number of the passage.
    evidence: Sorter<4>,
}

impl RepeatedPassages {
    /// Cuts and removes, or only counts what would be.
    pub(super) fn cut(
        &self,
        corpus: &Corpus<'_>,
        repeated: &Repeated,
        resolution: &mut Resolution,
    ) -> Result<()> {
        let share = 8 * rayon::current_num_threads() as u64;
        let start = |worker| Cutter {
            division: Division::default(),
            cuts: Vec::new(),
            rows: corpus.sorter(&format!("cuts-{worker}"), share),
            evidence: corpus.sorter(&format!("evidence-{worker}"), share),
        };
        let found = corpus.scan(
            |record| repeated.runs_of(record).next().is_some(),
            start,
            |cutter, record, view| cutter.record(self, (record, view), repeated.joined_runs_of(record)),
        )?;
        let (mut sorted, mut evidence) = (Vec::new(), Vec::new());
        for cutter in found {
            sorted.push(cutter.rows.finish()?);
            evidence.push(cutter.evidence.finish()?);
        }
        corpus.listing(Kind::Evidence, || Ok(merged(evidence).map(Ok)))?;
        let mut told = Told::default();
        for row in merged(sorted) {
            told.add(row);
            match row {
                _ if self.report => {}
                [record, left, TAKEN_OUT] => resolution.remove(Removal {
                    record,
                    survivor: None,
                    similarity: left as f64,
                    bound: None,
                    rule: REMAINDER,
                })?,
                [record, start, end] => resolution.cut(record, start as usize..end as usize)?,
            }
        }
        told.log(self.report);
        if self.policy.keep == Stays::First && !self.report {
            told.log_lost(repeated);
        }
        Ok(())
    }
}

impl Cutter {
    fn record(
        &mut self,
        passages: &RepeatedPassages,
        (record, view): (RecordNumber, &View<'_>),
        runs: impl Iterator<Item = (Range<usize>, u64)>,
    ) -> Result<()> {
        self.division.fill(passages.unit, view);
        self.cuts.clear();
        for (run, passage) in runs {
            let bytes = self.division.bytes(run.clone());
            self.evidence.push([record, bytes.start as u64, bytes.end as u64, passage])?;
            self.division.cut(run, &mut self.cuts);
        }
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

/// What came of it, for the log.
#[derive(Default)]
struct Told {
    last: Option<RecordNumber>,
    records: u64,
    cuts: u64,
    bytes: u64,
    /// Records of which too little is left, in order.
    taken_out: Vec<RecordNumber>,
}

impl Told {
    fn add(&mut self, [record, start, end]: Row<3>) {
        if end == TAKEN_OUT {
            self.taken_out.push(record);
            return;
        }
        self.cuts += 1;
        self.bytes += end - start;
        self.records += u64::from(self.last != Some(record));
        self.last = Some(record);
    }

    fn log(&self, report: bool) {
        let Self { records, cuts, bytes, .. } = self;
        let taken_out = self.taken_out.len();
        let done = if report { "would be" } else { "are" };
        tracing::info!(
            "{bytes} bytes {done} cut in {cuts} places out of {records} records; {taken_out} records {done} removed because too little is left"
        );
    }
    /// Says how many passages went with the record that was to keep them.
    fn log_lost(&self, repeated: &Repeated) {
        let lost =
            repeated.passages.iter().filter(|[_, _, first, _]| self.taken_out.binary_search(first).is_ok());
        match lost.count() {
            0 => {}
            lost => tracing::warn!(
                "{lost} passages stand nowhere any more: the record that held them first is removed"
            ),
        }
    }
}
