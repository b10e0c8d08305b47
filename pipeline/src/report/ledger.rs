//! The ledger of a release, shard by shard.

use crate::files::finished;
use crate::inspect::ledger_cells;
use crate::release::rule_notes::{self, StageNote};
use crate::source::parquet::ParquetReader;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use manifests::index::{INPUTS_INDEX, InputsIndex, LEDGER_INDEX, LedgerIndex};
use std::path::{Path, PathBuf};

/// The ledger of a release with its indices.
pub(crate) struct Ledger<'r> {
    pub(super) release: &'r Path,
    ledger: LedgerIndex,
    inputs: InputsIndex,
}

impl<'r> Ledger<'r> {
    pub(crate) fn open(release: &'r Path) -> Result<Self> {
        Ok(Self {
            release,
            ledger: finished::json(release, LEDGER_INDEX)?,
            inputs: finished::json(release, INPUTS_INDEX)?,
        })
    }

    /// Shows the source and the cells of every record.
    pub(crate) fn scan(
        &self,
        columns: &[String],
        mut each: impl FnMut(&str, &[Option<String>]) -> Result<()>,
    ) -> Result<()> {
        for file in self.files() {
            let (path, source) = file?;
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
        for file in self.files() {
            let (path, _) = file?;
            let fail = |why: String| Error::release(&path, why);
            for batch in ledger_cells::batches(&path, columns).map_err(fail)? {
                each(&path, &batch.map_err(fail)?)?;
            }
        }
        Ok(())
    }

    /// The columns it has; none where there are no records.
    pub(super) fn columns(&self) -> Result<Vec<String>> {
        let Some((path, _)) = self.files().next().transpose()? else { return Ok(Vec::new()) };
        ledger_cells::columns(&path).map_err(|why| Error::release(&path, why))
    }

    /// The stages in order, with what their rules' values are held against.
    pub(super) fn stages(&self) -> Result<Vec<StageNote>> {
        let Some((path, _)) = self.files().next().transpose()? else {
            return Err(Error::release(self.release, "has no records to tell of"));
        };
        let fail = |why: String| Error::release(&path, why);
        rule_notes::required(ParquetReader::of_release(&path).map_err(fail)?.footer()).map_err(fail)
    }

    /// The files with the sources of their shards.
    fn files(&self) -> impl Iterator<Item = Result<(PathBuf, &str)>> {
        let shards = self.ledger.shards.iter().zip(self.inputs.read());
        shards.map(|(shard, input)| {
            Ok((finished::path(self.release, &shard.ledger_file.name)?, input.source.as_str()))
        })
    }
}
