//! A file under `data/` being written, in the format that is configured. Groups of records are encoded on any thread and
//! appended in order.

use crate::Result;
use crate::config::{Output, OutputFormat};
use crate::release::lines_file::{LinesFile, Spelling};
use crate::release::shard_file::{Encoded, ShardFile, compression};
use crate::source::batch::ShardReader;
use arrow_array::RecordBatch;
use manifests::digest::Sha256;
use std::path::Path;

/// A file being written.
pub(crate) enum DataFile {
    Parquet(ShardFile),
    Lines(LinesFile, Spelling),
}

/// An encoded group of records.
pub(crate) enum DataGroup {
    Parquet(Encoded),
    Lines(Vec<u8>),
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
        Ok(match output.format {
            OutputFormat::Parquet => {
                Self::Parquet(ShardFile::create(path, reader.stored(), output, text, reader.notes())?)
            }
            OutputFormat::Jsonl => {
                let spelling = match reader.members() {
                    Some(members) => Spelling::Members(members),
                    None => Spelling::Columns { text: text.map(str::to_string) },
                };
                Self::Lines(LinesFile::create(path, output)?, spelling)
            }
        })
    }

    /// Encodes batches as one group.
    pub(crate) fn encode(&self, batches: &[RecordBatch]) -> Result<DataGroup> {
        Ok(match self {
            Self::Parquet(file) => DataGroup::Parquet(file.encode(batches)?),
            Self::Lines(file, spelling) => DataGroup::Lines(file.encode(spelling, batches)?),
        })
    }

    /// Appends an encoded group.
    pub(crate) fn append(&mut self, group: DataGroup) -> Result<()> {
        match (self, group) {
            (Self::Parquet(file), DataGroup::Parquet(group)) => file.append(group),
            (Self::Lines(file, _), DataGroup::Lines(group)) => file.append(&group),
            _ => Err(crate::Error::Bug("a group of another format".into())),
        }
    }

    /// Completes the file, puts it in place and tells its digest.
    pub(crate) fn finish(self) -> Result<Sha256> {
        match self {
            Self::Parquet(file) => file.finish(),
            Self::Lines(file, _) => file.finish(),
        }
    }

    /// Completes the file and puts it in place.
    pub(crate) fn close(self) -> Result<()> {
        match self {
            Self::Parquet(file) => file.close(),
            Self::Lines(file, _) => file.close(),
        }
    }
}
