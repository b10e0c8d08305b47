//! The ledger of a finished release as Arrow batches.

use crate::files::finished;
use crate::source::parquet::ParquetReader;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use manifests::index::{LEDGER_INDEX, LedgerIndex};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads all rows of a ledger, shard by shard, a row group at a time. Nothing is verified.
pub struct LedgerBatches {
    schema: SchemaRef,
    files: VecDeque<PathBuf>,
    open: Option<(PathBuf, ParquetReader)>,
    /// The row groups of the open file that have been read.
    group: usize,
    ready: VecDeque<RecordBatch>,
}

impl LedgerBatches {
    /// Opens the ledger of the release in this directory. Files are those that its index names.
    ///
    /// # Errors
    /// [`Error::Release`] if there is no such release, no ledger in it (it is for auditors), or if it cannot be read.
    pub fn open(release: &Path) -> Result<Self> {
        let index: LedgerIndex = finished::json(release, LEDGER_INDEX)?;
        let files = index.shards.iter().map(|shard| finished::path(release, &shard.ledger_file.name));
        let files = files.collect::<Result<VecDeque<PathBuf>>>()?;
        let schema = match files.front() {
            // the notes of a file are about that file
            Some(first) => Schema::new(reader(first)?.schema().fields().clone()),
            None => Schema::empty(),
        };
        Ok(Self { schema: Arc::new(schema), files, open: None, group: 0, ready: VecDeque::new() })
    }

    /// The columns: those of all releases, then those of the stages.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>> {
        while self.ready.is_empty() {
            match &self.open {
                Some((path, reader)) if self.group < reader.footer().num_row_groups() => {
                    let fail = |why: String| Error::release(path, why);
                    let batches =
                        reader.batches(self.group, None, None).map_err(|unread| fail(unread.to_string()))?;
                    self.ready = batches.collect::<std::result::Result<_, _>>().map_err(fail)?;
                    self.group += 1;
                }
                _ => {
                    let Some(next) = self.files.pop_front() else { return Ok(None) };
                    let reader = reader(&next)?;
                    if reader.schema().fields() != self.schema.fields() {
                        return Err(Error::release(&next, "has other columns than the ledgers before it"));
                    }
                    self.open = Some((next, reader));
                    self.group = 0;
                }
            }
        }
        let whole =
            |batch: RecordBatch| RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec());
        Ok(self.ready.pop_front().map(whole).transpose()?)
    }
}

impl Iterator for LedgerBatches {
    type Item = Result<RecordBatch>;

    /// Ends with the first error.
    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batch();
        if batch.is_err() {
            self.files.clear();
            self.open = None;
        }
        batch.transpose()
    }
}

fn reader(path: &Path) -> Result<ParquetReader> {
    ParquetReader::of_release(path).map_err(|why| Error::release(path, why))
}
