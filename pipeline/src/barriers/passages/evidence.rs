//! Which passages repeat where: what a release tells its auditors about them.

use crate::Result;
use crate::barriers::RecordNumber;
use crate::barriers::corpus::Corpus;
use crate::files::spill::{Listing, Row};
use crate::release::shard_file::ShardFile;
use arrow_array::{ArrayRef, RecordBatch, UInt32Array, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The folder of a release with a file for each stage.
pub(crate) const FOLDER: &str = "auditor/passages";

/// Rows in a row group.
const GROUP_ROWS: usize = 1 << 16;

/// What was found in the corpus.
pub(super) struct Repeated {
    /// Record, first unit, one past the last, and the number of the passage.
    pub(super) gone: Listing<4>,
    /// The number of a passage, how often it stands, and the record and unit where it does first.
    pub(super) passages: Listing<4>,
}

impl Repeated {
    /// The runs of units of a record that go, each with the number of its passage.
    pub(super) fn runs_of(&self, record: RecordNumber) -> impl Iterator<Item = (Range<usize>, u64)> + '_ {
        let rows = self.gone.range(self.gone.position(record)..self.gone.position(record + 1));
        rows.map(|[_, first, end, passage]| (first as usize..end as usize, passage))
    }

    /// The same in order, those that overlap or touch as one, which has the number of the passage that stands most
    /// often.
    pub(super) fn joined_runs_of(
        &self,
        record: RecordNumber,
    ) -> impl Iterator<Item = (Range<usize>, u64)> + '_ {
        joined(self.runs_of(record), |passage| self.copies(passage))
    }

    fn copies(&self, passage: u64) -> u64 {
        let [_, copies, ..] = self.passages.get(passage as usize);
        copies
    }
}

fn joined(
    runs: impl Iterator<Item = (Range<usize>, u64)>,
    copies: impl Fn(u64) -> u64,
) -> impl Iterator<Item = (Range<usize>, u64)> {
    let mut runs = runs.peekable();
    std::iter::from_fn(move || {
        let (mut run, mut passage) = runs.next()?;
        while let Some((next, other)) = runs.next_if(|(next, _)| next.start <= run.end) {
            run.end = run.end.max(next.end);
            if copies(other) > copies(passage) {
                passage = other;
            }
        }
        Some((run, passage))
    })
}

/// Writes where passages repeat, record by record: `evidence` holds record, start, end and the number of the passage.
pub(super) fn write(
    corpus: &Corpus<'_>,
    evidence: &Listing<4>,
    passages: &Listing<4>,
    release: &Path,
) -> Result<()> {
    let columns = [
        ("shard", DataType::UInt32),
        ("row", DataType::UInt64),
        ("start", DataType::UInt64),
        ("end", DataType::UInt64),
        ("copies", DataType::UInt64),
        ("first_shard", DataType::UInt32),
        ("first_row", DataType::UInt64),
    ];
    let fields = columns.map(|(name, kind)| Field::new(name, kind, false));
    let schema = Arc::new(Schema::new(fields.to_vec()));
    let path = release.join(FOLDER).join(format!("{}.parquet", corpus.stage_name()));
    let mut file = ShardFile::create(&path, &schema, corpus.output(), None, None)?;
    for start in (0..evidence.len()).step_by(GROUP_ROWS) {
        let rows: Vec<Row<4>> = evidence.range(start..evidence.len().min(start + GROUP_ROWS)).collect();
        let known: Vec<Row<4>> = rows.iter().map(|[.., passage]| passages.get(*passage as usize)).collect();
        let places = |records: &mut dyn Iterator<Item = RecordNumber>| -> Result<[ArrayRef; 2]> {
            let places = records.map(|record| corpus.place(record)).collect::<Result<Vec<(u32, u64)>>>()?;
            let (shards, rows): (Vec<u32>, Vec<u64>) = places.into_iter().unzip();
            Ok([Arc::new(UInt32Array::from(shards)), Arc::new(UInt64Array::from(rows))])
        };
        let numbers =
            |of: &mut dyn Iterator<Item = u64>| -> ArrayRef { Arc::new(UInt64Array::from_iter_values(of)) };
        let [shard, row] = places(&mut rows.iter().map(|[record, ..]| *record))?;
        let [first_shard, first_row] = places(&mut known.iter().map(|[_, _, first, _]| *first))?;
        let start = numbers(&mut rows.iter().map(|[_, start, ..]| *start));
        let end = numbers(&mut rows.iter().map(|[_, _, end, _]| *end));
        let copies = numbers(&mut known.iter().map(|[_, copies, ..]| *copies));
        let columns = vec![shard, row, start, end, copies, first_shard, first_row];
        let encoded = file.encode(&[RecordBatch::try_new(Arc::clone(&schema), columns)?])?;
        file.append(encoded)?;
    }
    file.close()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_overlap_or_touch_are_one_of_the_commonest_passage() {
        let runs = [(0..3, 0), (1..4, 2), (2..3, 1), (4..5, 0), (7..9, 1)].into_iter();
        let copies = |passage: u64| [5, 2, 9][passage as usize];
        assert_eq!(joined(runs, copies).collect::<Vec<_>>(), [(0..5, 2), (7..9, 1)]);
    }
}
