//! The part of a ledger that tells of duplicates.

use super::{Place, Record};
use crate::files::finished;
use crate::release::rule_notes::{self, BoundKind};
use crate::source::parquet::ParquetReader;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use parquet::arrow::arrow_reader::RowSelection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The ledger of a finished release.
pub(super) struct Ledger {
    folder: PathBuf,
    /// By shard.
    files: BTreeMap<u32, LedgerFile>,
}

type Read = std::result::Result<RecordBatch, String>;

struct LedgerFile {
    path: PathBuf,
    reader: ParquetReader,
    /// The stages that deduplicate, where the file says so.
    barriers: Option<Vec<String>>,
}

/// A record that a deduplicating stage took out.
pub(super) struct Taken<'b> {
    pub(super) place: Place,
    pub(super) stage: &'b str,
    pub(super) rule: &'b str,
    pub(super) similarity: Option<&'b str>,
    pub(super) survivor: Option<Place>,
}

const TAKEN: [&str; 7] =
    ["shard", "row", "stage", "rule", "similarity", "duplicate_of_shard", "duplicate_of_row"];
const RECORD: [&str; 9] =
    ["shard", "row", "id", "fate", "stage", "rule", "similarity", "out_shard", "out_row"];

impl Ledger {
    /// Opens all files, footers only.
    pub(super) fn open(release: &Path) -> Result<Self> {
        if !["manifest.sigstore.json", "manifest.json"].iter().any(|name| release.join(name).is_file()) {
            return Err(Error::release(release, "is no finished release: it has no manifest"));
        }
        let folder = release.join("auditor/ledger");
        if let Err(e) = disk::list(&folder) {
            return Err(Error::release(
                &folder,
                format!("no ledger is here, and only a ledger tells of duplicates: {e}"),
            ));
        }
        let mut files = BTreeMap::new();
        for path in finished::listing(release, "auditor/ledger")? {
            let number = |path: &Path| path.file_stem()?.to_str()?.strip_prefix("part-")?.parse().ok();
            let Some(shard) = number(&path) else { continue };
            files.insert(shard, LedgerFile::open(path)?);
        }
        Ok(Self { folder, files })
    }

    /// Shows every record that a deduplicating stage took out, in order.
    pub(super) fn scan(&self, each: &mut dyn FnMut(&Taken<'_>)) -> Result<()> {
        for (shard, file) in &self.files {
            for batch in file.read(&TAKEN, None) {
                let batch = batch.map_err(|e| file.fail(&e))?;
                file.taken(*shard, &batch, each).ok_or_else(|| file.fail(&"is no ledger"))?;
            }
        }
        Ok(())
    }

    /// What the ledger says about these records, as far as there are such.
    pub(super) fn records(&self, places: impl Iterator<Item = Place>) -> Result<HashMap<Place, Record>> {
        let mut wanted: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        places.for_each(|(shard, row)| {
            wanted.entry(shard).or_default().insert(row);
        });
        let mut records = HashMap::new();
        for (shard, rows) in &wanted {
            let Some(file) = self.files.get(shard) else { continue };
            for batch in file.read(&RECORD, Some(rows)) {
                let batch = batch.map_err(|e| file.fail(&e))?;
                let found = records_in(&batch).ok_or_else(|| file.fail(&"is no ledger"))?;
                records.extend(found.into_iter().map(|record| ((record.shard, record.row), record)));
            }
        }
        Ok(records)
    }

    /// One of the records that were asked for.
    pub(super) fn one(&self, records: &HashMap<Place, Record>, place: Place) -> Result<Record> {
        let (shard, row) = place;
        let missing =
            || Error::release(&self.folder, format!("names record {shard}:{row}, which it has no row for"));
        records.get(&place).cloned().ok_or_else(missing)
    }
}

impl LedgerFile {
    fn open(path: PathBuf) -> Result<Self> {
        let fail = |e: &dyn std::fmt::Display| Error::release(&path, e.to_string());
        let reader = ParquetReader::of_release(&path).map_err(|e| fail(&e))?;
        let notes = rule_notes::read(reader.footer()).map_err(|e| fail(&e))?;
        let barrier = |note: &rule_notes::StageNote| {
            note.rules.iter().any(|rule| rule.bound.kind == BoundKind::Similarity)
        };
        let barriers = notes.map(|notes| notes.into_iter().filter(barrier).map(|note| note.name).collect());
        Ok(Self { path, reader, barriers })
    }

    fn fail(&self, why: &dyn std::fmt::Display) -> Error {
        Error::release(&self.path, why.to_string())
    }

    /// Batches with these columns, of all rows or of these.
    fn read(&self, columns: &[&str], rows: Option<&BTreeSet<u64>>) -> impl Iterator<Item = Read> {
        let selection = rows.map(|rows| {
            let all = self.reader.group_rows().sum();
            let rows = rows.iter().filter_map(|&row| usize::try_from(row).ok()).filter(|&row| row < all);
            RowSelection::from_consecutive_ranges(rows.map(|row| row..row + 1), all)
        });
        self.reader.clone().all(Some(self.reader.places(columns.iter().copied())), selection)
    }

    /// Shows what a batch says was taken out by deduplicating stages; `None` if it is of no ledger.
    fn taken(&self, shard: u32, batch: &RecordBatch, each: &mut dyn FnMut(&Taken<'_>)) -> Option<()> {
        let (row, stage, rule) = (long(batch, "row")?, text(batch, "stage")?, text(batch, "rule")?);
        let similarity = text(batch, "similarity")?;
        let of = (short(batch, "duplicate_of_shard")?, long(batch, "duplicate_of_row")?);
        for at in 0..batch.num_rows() {
            let survivor = of.0.is_valid(at).then(|| (of.0.value(at), of.1.value(at)));
            let similarity = similarity.is_valid(at).then(|| similarity.value(at));
            let (stage, rule) = (stage.value(at), rule.value(at));
            let barrier = match &self.barriers {
                Some(barriers) => barriers.iter().any(|barrier| barrier == stage),
                None => similarity.is_some(),
            };
            if survivor.is_some() || barrier {
                each(&Taken { place: (shard, row.value(at)), stage, rule, similarity, survivor });
            }
        }
        Some(())
    }
}

fn records_in(batch: &RecordBatch) -> Option<Vec<Record>> {
    let (shard, row) = (short(batch, "shard")?, long(batch, "row")?);
    let (id, fate) = (text(batch, "id")?, text(batch, "fate")?);
    let (stage, rule, similarity) = (text(batch, "stage")?, text(batch, "rule")?, text(batch, "similarity")?);
    let out = (short(batch, "out_shard")?, long(batch, "out_row")?);
    let owned = |array: &StringArray, at: usize| array.is_valid(at).then(|| array.value(at).to_string());
    let record = |at: usize| Record {
        shard: shard.value(at),
        row: row.value(at),
        id: id.value(at).to_string(),
        fate: fate.value(at).to_string(),
        stage: owned(stage, at),
        rule: owned(rule, at),
        similarity: owned(similarity, at),
        out: out.0.is_valid(at).then(|| (out.0.value(at), out.1.value(at))),
    };
    Some((0..batch.num_rows()).map(record).collect())
}

fn text<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b StringArray> {
    batch.column_by_name(name)?.as_string_opt::<i32>()
}

fn long<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b UInt64Array> {
    batch.column_by_name(name)?.as_primitive_opt::<UInt64Type>()
}

fn short<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b UInt32Array> {
    batch.column_by_name(name)?.as_primitive_opt::<UInt32Type>()
}
