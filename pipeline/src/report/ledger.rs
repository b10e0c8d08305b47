//! The ledger of a release, shard by shard.

use crate::files::blob::Blob;
use crate::inspect::ledger_cells;
use crate::release::rule_notes::{self, StageNote};
use crate::{Error, Result};
use arrow_array::RecordBatch;
use manifests::index::{INPUTS_INDEX, InputsIndex, LEDGER_INDEX, LedgerIndex};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use std::path::{Path, PathBuf};

/// The ledger of a release with its indices.
pub(crate) struct Ledger<'r> {
    pub(super) release: &'r Path,
    ledger: LedgerIndex,
    inputs: InputsIndex,
}

impl<'r> Ledger<'r> {
    pub(crate) fn open(release: &'r Path) -> Result<Self> {
        Ok(Self { release, ledger: index(release, LEDGER_INDEX)?, inputs: index(release, INPUTS_INDEX)? })
    }

    /// Shows the source and the cells of every record.
    pub(crate) fn scan(
        &self,
        columns: &[String],
        mut each: impl FnMut(&str, &[Option<String>]) -> Result<()>,
    ) -> Result<()> {
        for (path, source) in self.files() {
            let fail = |why: String| Error::release(&path, why);
            for cells in ledger_cells::read(&path, columns).map_err(fail)? {
                each(source, &cells.map_err(fail)?)?;
            }
        }
        Ok(())
    }

    /// Shows all records in batches of these columns, with the file they are from.
    pub(super) fn batches(
        &self,
        columns: &[String],
        mut each: impl FnMut(&Path, &RecordBatch) -> Result<()>,
    ) -> Result<()> {
        for (path, _) in self.files() {
            let fail = |why: String| Error::release(&path, why);
            for batch in ledger_cells::batches(&path, columns).map_err(fail)? {
                each(&path, &batch.map_err(fail)?)?;
            }
        }
        Ok(())
    }

    /// The columns it has; none where there are no records.
    pub(super) fn columns(&self) -> Result<Vec<String>> {
        let Some((path, _)) = self.files().next() else { return Ok(Vec::new()) };
        ledger_cells::columns(&path).map_err(|why| Error::release(&path, why))
    }

    /// The stages in order, with what their rules' values are held against.
    pub(super) fn stages(&self) -> Result<Vec<StageNote>> {
        let Some((path, _)) = self.files().next() else {
            return Err(Error::release(self.release, "has no records to tell of"));
        };
        let fail = |why: String| Error::release(&path, why);
        let file = Blob::open(&path).map_err(|e| fail(e.to_string()))?;
        let footer =
            ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|e| fail(e.to_string()))?;
        rule_notes::required(footer.metadata()).map_err(fail)
    }

    /// The files with the sources of their shards.
    fn files(&self) -> impl Iterator<Item = (PathBuf, &str)> {
        let shards = self.ledger.shards.iter().zip(self.inputs.read());
        shards.map(|(shard, input)| (self.release.join(&shard.ledger_file.name), input.source.as_str()))
    }
}

fn index<T: serde::de::DeserializeOwned>(release: &Path, name: &str) -> Result<T> {
    let path = release.join(name);
    let bytes = disk::read(&path).map_err(|e| Error::release(&path, e))?;
    serde_json::from_slice(&bytes).map_err(|e| Error::release(&path, e))
}
