//! A file under `data/` being written, in the format that is configured. Groups of records are encoded on any thread and
//! appended in order; or, where groups of another size are asked for, put together first.

use crate::config::{Output, OutputFormat};
use crate::release::lines_file::{LinesFile, Spelling};
use crate::release::shard_file::{Encoded, RowGroup, ShardFile, compression};
use crate::source::batch::ShardReader;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use manifests::digest::Sha256;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A file being written.
pub(crate) struct DataFile {
    format: Format,
    /// Rows of a group, if it is not to be what was appended.
    group_rows: Option<NonZeroUsize>,
    /// The rows of the next group, if groups of another size are asked for. Encoders cannot be shared by threads and the
    /// file is, while groups are encoded; the lock lets it, nobody waits for it.
    waiting: Mutex<Option<Open>>,
}

enum Format {
    Parquet(ShardFile),
    Lines(LinesFile, Spelling),
}

/// A group of records that is being encoded, batch by batch.
pub(crate) enum Open {
    Parquet(RowGroup),
    /// Lines that are not packed yet, and how many.
    Lines(Vec<u8>, usize),
    /// To become part of groups of another size.
    Rows(Vec<RecordBatch>),
}

impl Open {
    fn rows(&self) -> usize {
        match self {
            Self::Parquet(group) => group.rows(),
            Self::Lines(_, rows) => *rows,
            Self::Rows(batches) => batches.iter().map(RecordBatch::num_rows).sum(),
        }
    }
}

/// A group of records, ready to be appended.
pub(crate) enum DataGroup {
    Parquet(Encoded),
    Lines(Vec<u8>),
    /// Not encoded yet: to become part of groups of another size.
    Rows(Vec<RecordBatch>),
}

/// What the names of such files end in.
pub(crate) fn extension(output: &Output) -> Result<&'static str> {
    match output.format {
        OutputFormat::Parquet => compression(output).map(|_| ".parquet"),
        OutputFormat::Jsonl => LinesFile::extension(output),
    }
}

impl DataFile {
    /// Starts a file for records of the shard that `reader` reads; `text` names the column of texts.
    pub(crate) fn create(
        path: &Path,
        reader: &ShardReader,
        output: &Output,
        text: Option<&str>,
    ) -> Result<Self> {
        let format = match output.format {
            OutputFormat::Parquet => {
                Format::Parquet(ShardFile::create(path, reader.stored(), output, text, reader.notes())?)
            }
            OutputFormat::Jsonl => {
                let spelling = match reader.members() {
                    Some(members) => Spelling::Members(members),
                    None => Spelling::Columns { text: text.map(str::to_string) },
                };
                Format::Lines(LinesFile::create(path, output)?, spelling)
            }
        };
        Ok(Self { format, group_rows: output.row_group_rows, waiting: Mutex::new(None) })
    }

    /// Makes batches ready to be appended as one group.
    pub(crate) fn encode(&self, batches: &[RecordBatch]) -> Result<DataGroup> {
        let mut group = self.group()?;
        batches.iter().try_for_each(|batch| self.add(&mut group, batch))?;
        self.close_group(group)
    }

    /// Starts a group.
    pub(crate) fn group(&self) -> Result<Open> {
        match self.group_rows {
            Some(_) => Ok(Open::Rows(Vec::new())),
            None => self.format.group(),
        }
    }

    /// Adds rows to a group.
    pub(crate) fn add(&self, group: &mut Open, batch: &RecordBatch) -> Result<()> {
        self.format.add(group, batch)
    }

    /// Makes a group ready to be appended.
    pub(crate) fn close_group(&self, group: Open) -> Result<DataGroup> {
        self.format.close_group(group)
    }

    /// Appends a group.
    pub(crate) fn append(&mut self, group: DataGroup) -> Result<()> {
        let DataGroup::Rows(rows) = group else { return self.format.append(group) };
        let size = self.group_rows.map_or(usize::MAX, NonZeroUsize::get);
        for mut batch in rows {
            loop {
                let mut waiting = self.waiting().take().map_or_else(|| self.format.group(), Ok)?;
                let missing = size - waiting.rows();
                let here = missing.min(batch.num_rows());
                self.format.add(&mut waiting, &batch.slice(0, here))?;
                *self.waiting() = Some(waiting);
                if here < missing {
                    break;
                }
                batch = batch.slice(here, batch.num_rows() - here);
                self.flush()?;
            }
        }
        Ok(())
    }

    fn waiting(&mut self) -> &mut Option<Open> {
        self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn flush(&mut self) -> Result<()> {
        match self.waiting().take() {
            Some(waiting) => self.format.append(self.format.close_group(waiting)?),
            None => Ok(()),
        }
    }

    /// Completes the file, puts it in place and tells its digest.
    pub(crate) fn finish(mut self) -> Result<Sha256> {
        self.flush()?;
        match self.format {
            Format::Parquet(file) => file.finish(),
            Format::Lines(file, _) => file.finish(),
        }
    }

    /// Completes the file and puts it in place.
    pub(crate) fn close(mut self) -> Result<()> {
        self.flush()?;
        match self.format {
            Format::Parquet(file) => file.close(),
            Format::Lines(file, _) => file.close(),
        }
    }
}

impl Format {
    fn group(&self) -> Result<Open> {
        match self {
            Self::Parquet(file) => file.group().map(Open::Parquet),
            Self::Lines(..) => Ok(Open::Lines(Vec::new(), 0)),
        }
    }

    fn add(&self, group: &mut Open, batch: &RecordBatch) -> Result<()> {
        match (self, group) {
            (_, Open::Rows(batches)) => batches.push(batch.clone()),
            (_, Open::Parquet(group)) => group.add(batch)?,
            (Self::Lines(file, spelling), Open::Lines(lines, rows)) => {
                file.spell(spelling, batch, lines)?;
                *rows += batch.num_rows();
            }
            (Self::Parquet(_), Open::Lines(..)) => return Err(other_format()),
        }
        Ok(())
    }

    fn close_group(&self, group: Open) -> Result<DataGroup> {
        Ok(match (self, group) {
            (_, Open::Rows(batches)) => DataGroup::Rows(batches),
            (_, Open::Parquet(group)) => DataGroup::Parquet(group.finish()?),
            // nothing comes of no rows
            (Self::Lines(..), Open::Lines(_, 0)) => DataGroup::Lines(Vec::new()),
            (Self::Lines(file, _), Open::Lines(lines, _)) => DataGroup::Lines(file.pack(&lines)?),
            (Self::Parquet(_), Open::Lines(..)) => return Err(other_format()),
        })
    }

    fn append(&mut self, group: DataGroup) -> Result<()> {
        match (self, group) {
            (Self::Parquet(file), DataGroup::Parquet(group)) => file.append(group),
            (Self::Lines(file, _), DataGroup::Lines(group)) => file.append(&group),
            _ => Err(other_format()),
        }
    }
}

fn other_format() -> Error {
    Error::Bug("a group of another format".into())
}
