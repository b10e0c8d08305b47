//! A file under `data/` being written, in the format that is configured. Groups of records are encoded on any thread and
//! appended in order; or, where groups of another size are asked for, put together first.

use crate::config::{Output, OutputFormat};
use crate::release::lines_file::{LinesFile, Spelling};
use crate::release::shard_file::{Encoded, ShardFile, compression};
use crate::source::batch::ShardReader;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use manifests::digest::Sha256;
use std::num::NonZeroUsize;
use std::path::Path;

/// A file being written.
pub(crate) struct DataFile {
    format: Format,
    /// Rows of a group, if it is not to be what was appended.
    group_rows: Option<NonZeroUsize>,
    /// The rows of the next group.
    waiting: Vec<RecordBatch>,
}

enum Format {
    Parquet(ShardFile),
    Lines(LinesFile, Spelling),
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
        Ok(Self { format, group_rows: output.row_group_rows, waiting: Vec::new() })
    }

    /// Makes batches ready to be appended as one group.
    pub(crate) fn encode(&self, batches: &[RecordBatch]) -> Result<DataGroup> {
        match self.group_rows {
            Some(_) => Ok(DataGroup::Rows(batches.to_vec())),
            None => self.format.encode(batches),
        }
    }

    /// Appends a group.
    pub(crate) fn append(&mut self, group: DataGroup) -> Result<()> {
        let DataGroup::Rows(rows) = group else { return self.format.append(group) };
        let size = self.group_rows.map_or(usize::MAX, NonZeroUsize::get);
        for mut batch in rows {
            let mut waiting: usize = self.waiting.iter().map(RecordBatch::num_rows).sum();
            while waiting + batch.num_rows() >= size {
                let missing = size - waiting;
                self.waiting.push(batch.slice(0, missing));
                batch = batch.slice(missing, batch.num_rows() - missing);
                self.flush()?;
                waiting = 0;
            }
            self.waiting.push(batch);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let group = self.format.encode(&std::mem::take(&mut self.waiting))?;
        self.format.append(group)
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
    fn encode(&self, batches: &[RecordBatch]) -> Result<DataGroup> {
        Ok(match self {
            Self::Parquet(file) => DataGroup::Parquet(file.encode(batches)?),
            Self::Lines(file, spelling) => DataGroup::Lines(file.encode(spelling, batches)?),
        })
    }

    fn append(&mut self, group: DataGroup) -> Result<()> {
        match (self, group) {
            (Self::Parquet(file), DataGroup::Parquet(group)) => file.append(group),
            (Self::Lines(file, _), DataGroup::Lines(group)) => file.append(&group),
            _ => Err(Error::Bug("a group of another format".into())),
        }
    }
}
