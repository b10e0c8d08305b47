//! Why one record had its fate, told from the release alone.

use crate::files::finished;
use crate::release::rule_notes;
use crate::release::rule_notes::{StageKind, StageNote};
use crate::source::parquet::ParquetReader;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use serde::Serialize;
use std::path::Path;

/// What the ledger says about one record.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Shard number and row.
    pub shard: u32,
    /// The row in the shard.
    pub row: u64,
    /// The record's id.
    pub id: String,
    /// `kept`, `edited`, `removed` or `quarantined`.
    pub fate: String,
    /// Every other column that holds something, by name, in the order of the ledger.
    pub columns: Vec<(String, String)>,
    /// Every rule whose value is recorded, in the order of the configuration.
    pub rules: Vec<MeasuredRule>,
    /// The stretches that rules matched.
    pub spans: Vec<String>,
    /// The edits made.
    pub edits: Vec<String>,
    /// The passages that repeat, in bytes of the text as their stage saw it.
    pub passages: Vec<String>,
}

/// A rule's value next to its bound.
#[derive(Clone, Debug, Serialize)]
pub struct MeasuredRule {
    /// `stage/rule`.
    pub rule: String,
    /// What was measured.
    pub value: String,
    /// What it was held against: `at least 50`.
    pub bound: String,
    /// Whether the value lies outside the bound.
    pub broken: bool,
    /// Whether this rule took the record out.
    pub decided: bool,
}

/// Finds a record by `SHARD:ROW` or by its id.
pub fn explain(release: &Path, record: &str) -> Result<Explanation> {
    let place =
        record.split_once(':').and_then(|(shard, row)| Some((shard.parse().ok()?, row.parse().ok()?)));
    let folder = release.join("auditor/ledger");
    let files = finished::listing(release, "auditor/ledger")?;
    for wanted in [place.map(Wanted::Place), Some(Wanted::Id(record))].into_iter().flatten() {
        for file in &files {
            if let Some(mut found) = find(file, &wanted)? {
                found.passages = passages(release, (found.shard, found.row))?;
                return Ok(found);
            }
        }
    }
    Err(Error::release(&folder, format!("no record `{record}`: expected `SHARD:ROW` or an id")))
}

enum Wanted<'a> {
    Place((u32, u64)),
    Id(&'a str),
}

fn find(file: &Path, wanted: &Wanted<'_>) -> Result<Option<Explanation>> {
    let fail = |e: &dyn std::fmt::Display| Error::release(file, e.to_string());
    let reader = ParquetReader::of_release(file).map_err(|e| fail(&e))?;
    let notes = rule_notes::read(reader.footer()).map_err(|e| fail(&e))?.unwrap_or_default();
    for batch in reader.all(None, None) {
        let batch = batch.map_err(|e| fail(&e))?;
        let (shards, rows, ids) = keys(&batch).ok_or_else(|| fail(&"not a ledger"))?;
        let hit = (0..batch.num_rows()).find(|&at| match wanted {
            Wanted::Place((shard, row)) => shards.value(at) == *shard && rows.value(at) == *row,
            Wanted::Id(id) => ids.value(at) == *id,
        });
        if let Some(at) = hit {
            let mut told = explanation(&batch, at, (shards.value(at), rows.value(at), ids.value(at)));
            told.weigh(&notes);
            return Ok(Some(told));
        }
    }
    Ok(None)
}

/// What the stages that look for repeated passages found in a record.
fn passages(release: &Path, place: (u32, u64)) -> Result<Vec<String>> {
    let folder = release.join(crate::barriers::passages::FOLDER);
    // a release of which no stage looked for any has no such folder
    let entries = disk::list(&folder).into_iter().flatten();
    let mut files: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.sort();
    let mut told = Vec::new();
    for file in &files {
        let fail = |e: &dyn std::fmt::Display| Error::release(file, e.to_string());
        let stage = file.file_stem().unwrap_or_default().to_string_lossy();
        for batch in ParquetReader::of_release(file).map_err(|e| fail(&e))?.all(None, None) {
            let batch = batch.map_err(|e| fail(&e))?;
            let number = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt64Type>();
            let shard = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt32Type>();
            let all = [number("row"), number("start"), number("end"), number("copies"), number("first_row")];
            let ([Some(row), Some(start), Some(end), Some(copies), Some(first_row)], Some(of), Some(first)) =
                (all, shard("shard"), shard("first_shard"))
            else {
                return Err(fail(&"not a list of passages"));
            };
            let here = (0..batch.num_rows()).filter(|&at| (of.value(at), row.value(at)) == place);
            told.extend(here.map(|at| {
                format!(
                    "stage {stage}, start {}, end {}, copies {}, first in {}:{}",
                    start.value(at),
                    end.value(at),
                    copies.value(at),
                    first.value(at),
                    first_row.value(at)
                )
            }));
        }
    }
    Ok(told)
}

impl Explanation {
    /// Moves the measured values from the columns to the rules, each next to its bound.
    fn weigh(&mut self, notes: &[StageNote]) {
        let column =
            |columns: &[(String, String)], name: &str| columns.iter().rposition(|(column, _)| column == name);
        let text = |name: &str| column(&self.columns, name).map(|at| self.columns[at].1.clone());
        let decided = text("stage").zip(text("rule"));
        for stage in notes.iter().filter(|stage| stage.kind == StageKind::Judge) {
            for rule in &stage.rules {
                let name = format!("{}/{}", stage.name, rule.id);
                let Some(at) = column(&self.columns, &name) else { continue };
                let (_, value) = self.columns.remove(at);
                let broken = rule.bound.bound().zip(value.parse().ok()).is_some_and(|(b, v)| b.broken_by(v));
                self.rules.push(MeasuredRule {
                    bound: rule.bound.phrase(),
                    broken,
                    decided: decided.as_ref().is_some_and(|(s, r)| *s == stage.name && *r == rule.id),
                    rule: name,
                    value,
                });
            }
        }
    }
}

type Keys<'b> = (&'b arrow_array::UInt32Array, &'b arrow_array::UInt64Array, &'b arrow_array::StringArray);

fn keys(batch: &RecordBatch) -> Option<Keys<'_>> {
    Some((
        batch.column_by_name("shard")?.as_primitive_opt::<UInt32Type>()?,
        batch.column_by_name("row")?.as_primitive_opt::<UInt64Type>()?,
        batch.column_by_name("id")?.as_string_opt::<i32>()?,
    ))
}

fn explanation(batch: &RecordBatch, at: usize, (shard, row, id): (u32, u64, &str)) -> Explanation {
    let mut told = Explanation {
        shard,
        row,
        id: id.to_string(),
        fate: String::new(),
        columns: Vec::new(),
        rules: Vec::new(),
        spans: Vec::new(),
        edits: Vec::new(),
        passages: Vec::new(),
    };
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name().as_str();
        if matches!(name, "shard" | "row" | "id") || column.is_null(at) {
            continue;
        }
        match (name, column.data_type()) {
            ("spans", _) => told.spans = items(column.as_ref(), at),
            ("edits", _) => told.edits = items(column.as_ref(), at),
            ("fate", _) => told.fate = cell(column.as_ref(), at),
            _ => told.columns.push((name.to_string(), cell(column.as_ref(), at))),
        }
    }
    told
}

/// The structs of a list cell, each as `name value` pairs.
fn items(column: &dyn Array, at: usize) -> Vec<String> {
    let Some(list) = column.as_list_opt::<i32>() else { return Vec::new() };
    let values = list.value(at);
    let Some(items) = values.as_struct_opt() else { return Vec::new() };
    let one = |item: usize| {
        let pair = |(field, column): (&std::sync::Arc<arrow_schema::Field>, &arrow_array::ArrayRef)| {
            format!("{} {}", field.name(), cell(column.as_ref(), item))
        };
        items.fields().iter().zip(items.columns()).map(pair).collect::<Vec<_>>().join(", ")
    };
    (0..items.len()).map(one).collect()
}

/// A cell that is not null, as text; numbers in the shortest form that reads back equal.
pub(crate) fn cell(column: &dyn Array, at: usize) -> String {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(at).to_string(),
        DataType::Boolean => column.as_boolean().value(at).to_string(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(at).to_string(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(at).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(at).to_string(),
        DataType::FixedSizeBinary(_) => {
            column.as_fixed_size_binary().value(at).iter().map(|b| format!("{b:02x}")).collect()
        }
        other => format!("({other})"),
    }
}
