//! The rows of a batch on their way into the files of a shard: kept ones with their edits, in their splits, as often as
//! they are repeated; removed ones as they are.

use crate::judge::verdicts::Verdicts;
use crate::release::data_file::{DataFile, DataGroup, Open};
use crate::release::fates::RecordFate;
use crate::release::parts::Mark;
use crate::release::shard_file::{Encoded, RowGroup, ShardFile};
use crate::source::batch::{RowEdits, ShardReader};
use crate::{Error, Result};
use arrow_array::{RecordBatch, UInt64Array};
use filters::Chat;
use manifests::digest::Sha256;

/// The files of a shard that rows go to: those under `data/`, and that of removed ones.
pub(crate) type Files<'f> = (&'f [DataFile], Option<&'f ShardFile>);

/// A row group on its way into each file.
pub(crate) struct OpenGroups<'f> {
    data: &'f [DataFile],
    kept: Vec<Open>,
    /// Of removed rows, if they are written.
    pub(crate) removed: Option<RowGroup>,
}

/// The same, ready to be appended.
pub(crate) struct EncodedGroups {
    pub(crate) kept: Vec<DataGroup>,
    pub(crate) removed: Option<Encoded>,
}

impl<'f> OpenGroups<'f> {
    pub(crate) fn new((data, removed): Files<'f>) -> Result<Self> {
        let kept = data.iter().map(DataFile::group).collect::<Result<_>>()?;
        Ok(Self { data, kept, removed: removed.map(ShardFile::group).transpose()? })
    }

    /// Adds released rows; `fates` are those of their batch, with others between them.
    pub(crate) fn keep(&mut self, part: &RecordBatch, fates: &[RecordFate]) -> Result<()> {
        let marks: Vec<Mark> = fates.iter().filter(|f| f.is_released()).map(|f| f.mark).collect();
        for (split, (file, open)) in self.data.iter().zip(&mut self.kept).enumerate() {
            file.add(open, &of_split(part, &marks, split)?)?;
        }
        Ok(())
    }

    pub(crate) fn close(self) -> Result<EncodedGroups> {
        let kept = self.data.iter().zip(self.kept).map(|(file, open)| file.close_group(open));
        Ok(EncodedGroups {
            kept: kept.collect::<Result<_>>()?,
            removed: self.removed.map(RowGroup::finish).transpose()?,
        })
    }
}

/// Puts edited texts in place and tells digest and length of every kept text. `part` holds the released rows of `fates`,
/// the first of which is the row `first` of its group.
pub(crate) fn edit(
    reader: &ShardReader,
    part: RecordBatch,
    fates: &[RecordFate],
    (verdicts, first): (&Verdicts, usize),
) -> Result<(RecordBatch, Vec<(Sha256, u64)>)> {
    let released: Vec<(usize, &RecordFate)> =
        fates.iter().enumerate().filter(|(_, fate)| fate.is_released()).collect();
    let lengths = verdicts.text_bytes()?;
    let mut texts = Vec::with_capacity(released.len());
    if released.iter().all(|(_, fate)| fate.edits.is_empty()) {
        for (at, _) in released {
            texts.push((verdicts.digest("content", first + at)?, lengths[first + at]));
        }
        return Ok((part, texts));
    }
    let read = reader.rows(&part)?;
    let mut chat = Chat::default();
    for (row, (_, fate)) in released.iter().enumerate() {
        let text = read.text(row, &mut chat).map_err(|_| Error::Bug("a kept text is gone".into()))?;
        let text = fate.edits.apply(text);
        texts.push((Sha256::of(text.as_bytes()), text.len() as u64));
    }
    let edit = |(_, fate): &(usize, &RecordFate)| RowEdits { text: fate.edits.clone(), line: None };
    let edits: Vec<RowEdits> = released.iter().map(edit).collect();
    Ok((reader.edited(&part, &edits)?, texts))
}

/// The rows of one split, each as often as it is to be written.
fn of_split(part: &RecordBatch, marks: &[Mark], split: usize) -> Result<RecordBatch> {
    if marks.iter().all(|mark| *mark == Mark { split, ..Mark::NONE }) {
        return Ok(part.clone());
    }
    let here = (0..).zip(marks).filter(|(_, mark)| mark.split == split);
    let rows = here.flat_map(|(row, mark)| std::iter::repeat_n(row, mark.repeats as usize));
    arrow_select::take::take_record_batch(part, &rows.collect::<UInt64Array>()).map_err(Error::from)
}
