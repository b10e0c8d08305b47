//! The files of one shard, without what is taken down. A row group stays a row group.

use super::Old;
use super::find::Taken;
use super::lines;
use crate::config::Output;
use crate::files::finished;
use crate::release::ledger;
use crate::release::lines_file::LinesFile;
use crate::release::shard_file::ShardFile;
use crate::release::write::removed_file;
use crate::source::format::Format;
use crate::source::parquet::ParquetReader;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, ListArray, RecordBatch, StringArray, UInt32Array, UInt64Array,
    new_empty_array,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, SchemaRef};
use manifests::digest::Sha256;
use manifests::index::{FileDigest, LedgerIndex, LedgerShard, OutputPart};
use manifests::ledger::{RETRACT, RETRACTED, ShardTally};
use manifests::merkle::Tree;
use manifests::verify::Evidence;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Writes those files of a shard that change, and their entries in the index.
pub(super) fn rewrite(
    old: &Old,
    new: &Path,
    at: usize,
    taken: &Taken,
    index: &mut LedgerIndex,
    written: &mut Vec<String>,
) -> Result<()> {
    let (rows, dropped) = (&taken.rows[at], &taken.dropped[at]);
    if !dropped.is_empty() {
        removed(old, new, at, dropped)?;
        written.push(removed_file(at));
    }
    if rows.is_empty() {
        return Ok(());
    }
    let gone = old_places(old, at, rows)?;
    let shard = &mut index.shards[at];
    *shard = ledger_file(old, new, (at, shard), rows)?;
    written.push(shard.ledger_file.name.clone());
    for (part, places) in gone {
        output(old, new, &mut index.outputs[part], &places)?;
        written.push(index.outputs[part].name.clone());
    }
    Ok(())
}

/// An output part without the rows at these places, and its entry in the index.
fn output(old: &Old, new: &Path, part: &mut OutputPart, gone: &[u64]) -> Result<()> {
    data(old, new, &part.name, gone)?;
    let mut tree = Tree::new();
    (part.rows, part.text_bytes) = (0, 0);
    let path = new.join(&part.name);
    let evidence = crate::ReleaseEvidence::of(&old.folder);
    for text in evidence.output_texts(&path).map_err(|why| Error::output(&path, why))? {
        let text = text.map_err(|why| Error::output(&path, why))?;
        tree.push(&text.sha256.0);
        part.rows += 1;
        part.text_bytes += text.bytes;
    }
    part.content_root = tree.root();
    Ok(())
}

/// Places in output parts, by part, sorted.
type Places = BTreeMap<usize, Vec<u64>>;

/// The places in `data/` of these rows of a shard, all copies of each.
pub(super) fn old_places(old: &Old, at: usize, rows: &BTreeSet<u64>) -> Result<Places> {
    let path = finished::path(&old.folder, &old.ledger.shards[at].ledger_file.name)?;
    let source = Source::open(&path)?;
    let mut places = Places::new();
    for group in 0..source.groups() {
        for batch in source.group(group)? {
            let Placed { row, part, out, repeats } = columns(&batch).ok_or_else(|| other_columns(&path))?;
            for n in (0..batch.num_rows()).filter(|&n| rows.contains(&row.value(n))) {
                let part = part.value(n) as usize;
                let copies = out.value(n)..out.value(n).saturating_add(u64::from(repeats.value(n)));
                let there = old.ledger.outputs.get(part).is_some_and(|part| copies.end <= part.rows);
                if !there || !out.is_valid(n) {
                    return Err(Error::release(
                        &path,
                        format!("row {}: not where it should be", row.value(n)),
                    ));
                }
                places.entry(part).or_default().extend(copies);
            }
        }
    }
    Ok(places)
}

/// Rows and where they stand.
struct Placed<'b> {
    row: &'b UInt64Array,
    part: &'b UInt32Array,
    out: &'b UInt64Array,
    repeats: &'b UInt32Array,
}

fn columns(batch: &RecordBatch) -> Option<Placed<'_>> {
    let long = |name| batch.column_by_name(name)?.as_primitive_opt::<UInt64Type>();
    let short = |name| batch.column_by_name(name)?.as_primitive_opt::<UInt32Type>();
    Some(Placed {
        row: long("row")?,
        part: short("out_shard")?,
        out: long("out_row")?,
        repeats: short("repeats")?,
    })
}

fn other_columns(path: &Path) -> Error {
    Error::release(path, "has other columns than ledgers have")
}

/// The released records but those at these places.
fn data(old: &Old, new: &Path, name: &str, gone: &[u64]) -> Result<()> {
    let output: Output = old
        .config
        .get("output")
        .and_then(|output| serde_json::from_value(output.clone()).ok())
        .unwrap_or_default();
    if let Format::Lines(packing) = Format::of(Path::new(name)) {
        return lines::rewrite(
            &old.folder.join(name),
            packing,
            LinesFile::create(&new.join(name), &output)?,
            gone,
        );
    }
    let source = Source::open(&old.folder.join(name))?;
    let mut file =
        ShardFile::create(&new.join(name), source.schema(), &output, old.text_column(), source.notes())?;
    let mut at = 0;
    source.copy(&mut file, |batch| {
        let keep: BooleanArray = (at..at + batch.num_rows() as u64)
            .map(|place| Some(gone.binary_search(&place).is_err()))
            .collect();
        at += batch.num_rows() as u64;
        Ok(arrow_select::filter::filter_record_batch(&batch, &keep)?)
    })?;
    file.close()
}

/// The records that are not in the release, without the texts of some.
fn removed(old: &Old, new: &Path, at: usize, dropped: &BTreeSet<u64>) -> Result<()> {
    let path = old.folder.join(removed_file(at));
    let source = Source::open(&path)?;
    let output = Output::default();
    let mut file = ShardFile::create(
        &new.join(removed_file(at)),
        source.schema(),
        &output,
        old.text_column(),
        source.notes(),
    )?;
    source.copy(&mut file, |batch| {
        let rows =
            batch.columns().last().and_then(|reason| reason.as_struct_opt()?.column_by_name("row").cloned());
        let rows = rows.as_ref().and_then(|rows| rows.as_primitive_opt::<UInt64Type>());
        let rows = rows.ok_or_else(|| Error::release(&path, "does not tell the rows of its records"))?;
        let keep: BooleanArray = rows.values().iter().map(|row| Some(!dropped.contains(row))).collect();
        Ok(arrow_select::filter::filter_record_batch(&batch, &keep)?)
    })?;
    file.close()
}

/// The ledger with the new fates, and its entry in the index.
fn ledger_file(
    old: &Old,
    new: &Path,
    (at, shard): (usize, &LedgerShard),
    rows: &BTreeSet<u64>,
) -> Result<LedgerShard> {
    let name = &shard.ledger_file.name;
    let path = old.folder.join(name);
    let source = Source::open(&path)?;
    let mut file =
        ShardFile::create(&new.join(name), source.schema(), &Output::default(), None, source.notes())?;
    let (mut tally, stems, mut before) = (ShardTally::new(&shard.name), old.stems(), BTreeMap::new());
    source.copy(&mut file, |batch| {
        let batch = retracted(&batch, rows, &mut before).ok_or_else(|| other_columns(&path))??;
        let told =
            ledger::rows(&batch, u32::try_from(at).ok(), &stems).map_err(|why| Error::release(&path, why))?;
        told.iter().try_for_each(|row| tally.add(row)).map_err(|e| Error::Bug(e.to_string()))?;
        Ok(batch)
    })?;
    let sha256: Sha256 = file.finish()?;
    Ok(LedgerShard::new(tally.entry(shard.input_sha256), FileDigest { name: name.clone(), sha256 }))
}

/// A batch with the fates of what is taken down. `before` counts, by output part, the rows that earlier ones took down.
/// What was measured of a text, cut out of it or put into it goes with it; what its row committed to stays.
fn retracted(
    batch: &RecordBatch,
    rows: &BTreeSet<u64>,
    before: &mut BTreeMap<u32, u64>,
) -> Option<Result<RecordBatch>> {
    let Placed { row, part, out, repeats } = columns(batch)?;
    let gone: BooleanArray = row.values().iter().map(|row| Some(rows.contains(row))).collect();
    let moved: UInt64Array = (0..batch.num_rows())
        .map(|at| {
            let before = before.entry(part.value(at)).or_default();
            if gone.value(at) {
                *before += u64::from(repeats.value(at));
            }
            let stays = out.is_valid(at) && !gone.value(at);
            stays.then(|| out.value(at) - *before)
        })
        .collect();
    let told = |name: &str, with: &str| -> Option<ArrayRef> {
        let texts = batch.column_by_name(name)?.as_string_opt::<i32>()?;
        let one = |(at, text)| if gone.value(at) { Some(with) } else { text };
        Some(Arc::new(texts.iter().enumerate().map(one).collect::<StringArray>()))
    };
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name().as_str();
        arrays.push(match name {
            "shard" | "row" | "id" | "commit" | "content_sha256" | "norm_sha256" => Arc::clone(column),
            "repeats" => {
                let once = |at| if gone.value(at) { 1 } else { repeats.value(at) };
                Arc::new((0..batch.num_rows()).map(once).collect::<UInt32Array>())
            }
            "fate" => told(name, "removed")?,
            "stage" => told(name, RETRACT)?,
            "rule" => told(name, RETRACTED)?,
            "value" => told(name, "1")?,
            "bound" => told(name, "0")?,
            "out_row" => Arc::new(moved.clone()),
            _ if field.is_nullable() => match arrow_select::nullif::nullif(column, &gone) {
                Ok(array) => array,
                Err(error) => return Some(Err(error.into())),
            },
            _ => emptied(column, &gone)?,
        });
    }
    Some(RecordBatch::try_new(batch.schema(), arrays).map_err(Error::from))
}

/// A column of lists with empty ones where `gone` says so.
fn emptied(column: &ArrayRef, gone: &BooleanArray) -> Option<ArrayRef> {
    let list = column.as_list_opt::<i32>()?;
    let DataType::List(item) = list.data_type() else { return None };
    let lengths = (0..list.len()).map(|at| if gone.value(at) { 0 } else { list.value_length(at) as usize });
    let kept: Vec<ArrayRef> =
        (0..list.len()).filter(|&at| !gone.value(at)).map(|at| list.value(at)).collect();
    let parts: Vec<&dyn Array> = kept.iter().map(AsRef::as_ref).collect();
    let values = match parts.is_empty() {
        true => new_empty_array(item.data_type()),
        false => arrow_select::concat::concat(&parts).ok()?,
    };
    let offsets = OffsetBuffer::from_lengths(lengths);
    Some(Arc::new(ListArray::try_new(Arc::clone(item), offsets, values, None).ok()?))
}

/// A file of the old release.
struct Source {
    reader: ParquetReader,
    path: std::path::PathBuf,
}

impl Source {
    fn open(path: &Path) -> Result<Self> {
        let reader = ParquetReader::of_release(path).map_err(|e| Error::release(path, e))?;
        Ok(Self { reader, path: path.to_path_buf() })
    }

    fn schema(&self) -> &SchemaRef {
        self.reader.schema()
    }

    fn notes(&self) -> Option<Vec<parquet::file::metadata::KeyValue>> {
        self.reader.notes()
    }

    fn groups(&self) -> usize {
        self.reader.footer().num_row_groups()
    }

    /// The batches of a row group.
    fn group(&self, group: usize) -> Result<Vec<RecordBatch>> {
        let fail = |e: &dyn std::fmt::Display| Error::release(&self.path, e.to_string());
        let batches = self.reader.batches(group, None, None).map_err(|e| fail(&e))?;
        batches.map(|batch| batch.map_err(|e| fail(&e))).collect()
    }

    /// Writes every row group as `change` leaves it.
    fn copy(
        &self,
        file: &mut ShardFile,
        mut change: impl FnMut(RecordBatch) -> Result<RecordBatch>,
    ) -> Result<()> {
        for group in 0..self.groups() {
            let batches: Vec<RecordBatch> =
                self.group(group)?.into_iter().map(&mut change).collect::<Result<_>>()?;
            file.append(file.encode(&batches)?)?;
        }
        Ok(())
    }
}
