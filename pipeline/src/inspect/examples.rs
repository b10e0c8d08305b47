//! One example of every reason for which a release left records out, to show rather than to tell.

use crate::source::parquet::ParquetReader;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use std::collections::BTreeMap;
use std::path::Path;

/// The first record that a rule took out.
#[derive(Clone, Debug)]
pub struct Example {
    /// The record's id.
    pub id: String,
    /// What was measured.
    pub value: String,
    /// What it was held against.
    pub bound: String,
    /// The record's text, if the release holds removed records.
    pub text: String,
    /// Shard and row of the record it duplicates, with the similarity.
    pub duplicate_of: Option<(u32, u64, String)>,
}

/// The examples by `stage/rule`, from the ledger and the removed records of one shard.
pub fn examples(release: &Path, text_column: &str) -> Result<BTreeMap<String, Example>> {
    let mut found = BTreeMap::new();
    for shard in 0.. {
        let ledger = release.join(crate::release::write::ledger_file(shard));
        if !ledger.exists() {
            break;
        }
        let texts = removed_texts(&release.join(crate::release::write::removed_file(shard)), text_column)?;
        for batch in read(&ledger)? {
            from_ledger(&batch, &texts, &mut found).ok_or_else(|| Error::release(&ledger, "not a ledger"))?;
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<RecordBatch>> {
    let fail = |e: &dyn std::fmt::Display| Error::release(path, e.to_string());
    let reader = ParquetReader::of_release(path).map_err(|e| fail(&e))?;
    reader.all(None, None).collect::<std::result::Result<_, _>>().map_err(|e| fail(&e))
}

/// Texts of the removed records, by row.
fn removed_texts(path: &Path, column: &str) -> Result<BTreeMap<u64, String>> {
    let mut texts = BTreeMap::new();
    if !path.exists() {
        return Ok(texts);
    }
    for batch in read(path)? {
        let Some(column) = batch.column_by_name(column) else { continue };
        let strings = crate::source::batch::Strings::new(column);
        let reasons =
            batch.columns().last().and_then(|c| c.as_struct_opt()).and_then(|s| s.column_by_name("row"));
        let Some(rows) = reasons.and_then(|c| c.as_primitive_opt::<UInt64Type>()) else { continue };
        for at in 0..batch.num_rows() {
            if let Some(Ok(text)) = strings.get(at) {
                texts.insert(rows.value(at), text.to_string());
            }
        }
    }
    Ok(texts)
}

fn from_ledger(
    batch: &RecordBatch,
    texts: &BTreeMap<u64, String>,
    found: &mut BTreeMap<String, Example>,
) -> Option<()> {
    let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
    let (stage, rule, id) = (text("stage")?, text("rule")?, text("id")?);
    let (value, bound, similarity) = (text("value")?, text("bound")?, text("similarity")?);
    let row = batch.column_by_name("row")?.as_primitive_opt::<UInt64Type>()?;
    let shard = batch.column_by_name("duplicate_of_shard")?.as_primitive_opt::<UInt32Type>()?;
    let survivor = batch.column_by_name("duplicate_of_row")?.as_primitive_opt::<UInt64Type>()?;
    for at in (0..batch.num_rows()).filter(|&at| stage.is_valid(at)) {
        let duplicate_of = shard
            .is_valid(at)
            .then(|| (shard.value(at), survivor.value(at), similarity.value(at).to_string()));
        found.entry(format!("{}/{}", stage.value(at), rule.value(at))).or_insert_with(|| Example {
            id: id.value(at).to_string(),
            value: value.value(at).to_string(),
            bound: bound.value(at).to_string(),
            text: texts.get(&row.value(at)).cloned().unwrap_or_default(),
            duplicate_of,
        });
    }
    Some(())
}
