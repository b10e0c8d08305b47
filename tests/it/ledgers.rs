//! The ledger of a release, row by row.

use crate::parquet_files::{column, read};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use std::collections::BTreeMap;
use std::path::Path;

/// One row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub shard: u32,
    pub row: u64,
    pub id: String,
    pub fate: String,
    pub stage: Option<String>,
    pub rule: Option<String>,
    pub alias: Option<String>,
    pub value: Option<String>,
    pub bound: Option<String>,
    pub similarity: Option<String>,
    pub duplicate_of: Option<(u32, u64)>,
    pub edits: usize,
    pub repeats: u32,
    pub split: Option<String>,
    pub out: Option<(u32, u64)>,
    /// `stage/name` columns that hold something.
    pub recorded: BTreeMap<String, String>,
}

impl Row {
    /// Whether the record is in the release.
    pub fn is_released(&self) -> bool {
        self.out.is_some()
    }

    /// `fate stage/rule value bound`, or the fate alone.
    pub fn summary(&self) -> String {
        match (&self.stage, &self.rule) {
            (Some(stage), Some(rule)) => {
                let text = |of: &Option<String>| of.clone().unwrap_or_else(|| "-".into());
                format!("{} {stage}/{rule} {} {}", self.fate, text(&self.value), text(&self.bound))
            }
            _ => self.fate.clone(),
        }
    }
}

/// Every row of the release's ledger, shard by shard.
pub fn ledger(release: &Path) -> Vec<Row> {
    let folder = release.join("auditor/ledger");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| rows(&read(file))).collect()
}

fn rows(batch: &RecordBatch) -> Vec<Row> {
    let text = |name: &str| column(batch, name);
    let (id, fate, stage, rule) = (text("id"), text("fate"), text("stage"), text("rule"));
    let (alias, value, bound, similarity) = (text("alias"), text("value"), text("bound"), text("similarity"));
    let get = |name: &str| batch.column_by_name(name).unwrap();
    let short = |name: &str, at: usize| {
        let array = get(name).as_primitive::<UInt32Type>();
        array.is_valid(at).then(|| array.value(at))
    };
    let long = |name: &str, at: usize| {
        let array = get(name).as_primitive::<UInt64Type>();
        array.is_valid(at).then(|| array.value(at))
    };
    (0..batch.num_rows())
        .map(|at| Row {
            shard: short("shard", at).unwrap(),
            row: long("row", at).unwrap(),
            id: id[at].clone().unwrap(),
            fate: fate[at].clone().unwrap(),
            stage: stage[at].clone(),
            rule: rule[at].clone(),
            alias: alias[at].clone(),
            value: value[at].clone(),
            bound: bound[at].clone(),
            similarity: similarity[at].clone(),
            duplicate_of: short("duplicate_of_shard", at).zip(long("duplicate_of_row", at)),
            repeats: short("repeats", at).unwrap(),
            split: batch.column_by_name("split").and_then(|_| text("split")[at].clone()),
            edits: get("edits").as_list::<i32>().value(at).len(),
            out: short("out_shard", at).zip(long("out_row", at)),
            recorded: recorded(batch, at),
        })
        .collect()
}

fn recorded(batch: &RecordBatch, at: usize) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if !field.name().contains('/') || column.is_null(at) {
            continue;
        }
        let shown = match column.data_type() {
            DataType::Float64 => column.as_primitive::<Float64Type>().value(at).to_string(),
            DataType::Boolean => column.as_boolean().value(at).to_string(),
            _ => column.as_string::<i32>().value(at).to_string(),
        };
        found.insert(field.name().clone(), shown);
    }
    found
}
