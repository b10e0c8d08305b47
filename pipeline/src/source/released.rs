//! A file under `data/` of a finished release, in whatever format it is.

use crate::config::Input;
use crate::files::input::InputFile;
use crate::files::scratch::Folder;
use crate::source::batch::{Cause, ShardReader};
use crate::source::format::Format;
use crate::source::inputs;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use filters::{Chat, Document};
use parquet::arrow::arrow_reader::RowSelection;
use std::path::{Path, PathBuf};

/// A file whose groups of records are known.
pub(crate) struct ReleasedFile {
    path: PathBuf,
    reader: ShardReader,
    /// The rows of each group.
    rows: Vec<u64>,
    /// Where packed lines lie unpacked.
    _unpacked: Option<Folder>,
}

impl ReleasedFile {
    /// Opens a file; `input` says where the text of its records is.
    pub(crate) fn open(path: &Path, input: &Input) -> Result<Self> {
        let unpacked = match Format::of(path) {
            Format::Parquet => None,
            Format::Lines(_) => Some(Folder::create(&std::env::temp_dir(), "release")?),
        };
        let copy = unpacked.as_ref().map(|folder| folder.as_ref().join("lines")).unwrap_or_default();
        let (rows, blocks) = inputs::groups(&InputFile::local(path), &copy)?;
        let reader = match blocks {
            None => ShardReader::open(path, input, &[])?,
            Some(blocks) => ShardReader::of_lines(path, blocks, input, &[])?,
        };
        Ok(Self { path: path.to_path_buf(), reader, rows, _unpacked: unpacked })
    }

    /// How many groups it has.
    pub(crate) fn groups(&self) -> usize {
        self.rows.len()
    }

    /// The batches of a group, one after the other, each with what it takes to read it.
    pub(crate) fn batches(
        &self,
        group: usize,
        rows: Option<RowSelection>,
    ) -> Result<impl Iterator<Item = std::result::Result<RecordBatch, String>> + use<>> {
        self.reader.batches(group, rows).map_err(|unread| unread.of(&self.path))
    }

    pub(crate) fn reader(&self) -> &ShardReader {
        &self.reader
    }

    /// Reads the documents at these places, which are in order, and hands each over with its position among them. Says
    /// how many of the places there are.
    pub(crate) fn documents_at(
        &self,
        places: &[u64],
        mut take: impl FnMut(usize, std::result::Result<Document<'_>, Cause>),
    ) -> Result<usize> {
        let (mut first, mut done) = (0u64, 0);
        let mut chat = Chat::default();
        for (group, &rows) in self.rows.iter().enumerate() {
            let end = first.saturating_add(rows);
            let here = &places[done..done + places[done..].partition_point(|place| *place < end)];
            let ranges = here.iter().map(|place| (place - first) as usize).map(|row| row..row + 1);
            let selection = RowSelection::from_consecutive_ranges(ranges, rows as usize);
            first = end;
            if here.is_empty() {
                continue;
            }
            for batch in self.batches(group, Some(selection))? {
                let batch = batch.map_err(|why| Error::release(&self.path, why))?;
                let read = self.reader.rows(&batch)?;
                for row in 0..batch.num_rows() {
                    take(done, read.document(row, &mut chat));
                    done += 1;
                }
            }
        }
        Ok(done)
    }
}
