//! Rows of files that are no shards of a run: evaluation items, labelled sets, corpora that packs are measured on.
//! Parquet, or JSON Lines with one object a line. They come from outside, so nothing about them is taken on trust, and
//! whatever is wrong names the row.

use crate::source::batch::{BATCH_ROWS, NAMES_TOLD_MAX, is_text, is_value, text_at, value_at};
use crate::source::bounds::{Chunks, PAGE_BYTES, parse_footer};
use crate::source::lines::BYTE_ORDER_MARK;
use crate::source::parquet::{decode, described};
use crate::{Error, Result};
use arrow_array::RecordBatch;
use bytes::Bytes;
use filters::{Asset, BenchmarkItem, BuildError, ItemFields, NameField};
use manifests::digest::Sha256;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// What is read of each row.
pub(crate) struct Wanted<'a> {
    /// Fields whose strings are its text, joined by line feeds. Every row has the first, every file all of them.
    pub(crate) texts: Vec<&'a str>,
    /// Strings, numbers or booleans that say something of it.
    pub(crate) labels: Vec<NameField<'a>>,
}

impl<'a> Wanted<'a> {
    /// A text and columns that every file has.
    pub(crate) fn required(text: Option<&'a str>, labels: impl IntoIterator<Item = &'a str>) -> Self {
        let field = |name| NameField { name, required: true };
        Self { texts: text.into_iter().collect(), labels: labels.into_iter().map(field).collect() }
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.texts.iter().copied().chain(self.labels.iter().map(|field| field.name))
    }
}

/// One row.
pub(crate) struct Row {
    pub(crate) text: String,
    /// In the order asked for; nulls, and values of other types, are `None`.
    pub(crate) labels: Vec<Option<String>>,
}

/// A file's rows.
pub(crate) struct Rows {
    pub(crate) sha256: Sha256,
    pub(crate) rows: Vec<Row>,
}

/// Reads a file; its name tells the format.
pub(crate) fn read(path: &Path, wanted: &Wanted<'_>) -> Result<Rows> {
    let map = crate::files::map::Map::open(path).map_err(|e| Error::input(path, e))?;
    let sha256 = Sha256::of(map.as_ref());
    let rows =
        parse(&path.to_string_lossy(), Arc::new(map), wanted).map_err(|why| Error::input(path, why))?;
    Ok(Rows { sha256, rows })
}

/// A text with what its row says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledText {
    /// The text.
    pub text: String,
    /// The column `label`, if there is one.
    pub label: Option<String>,
    /// The column `source`, if there is one.
    pub source: Option<String>,
}

/// Reads the texts of a file from a column.
pub fn labelled_texts(path: &Path, column: &str) -> Result<Vec<LabelledText>> {
    let labels = ["source", "label"].map(|name| NameField { name, required: false });
    let rows = read(path, &Wanted { texts: vec![column], labels: labels.into() })?.rows;
    let labelled = |Row { text, labels }| {
        let mut labels = labels.into_iter();
        LabelledText { text, source: labels.next().flatten(), label: labels.next().flatten() }
    };
    Ok(rows.into_iter().map(labelled).collect())
}

/// Reads the items of a file.
pub(crate) fn items(
    asset: &Asset,
    fields: &ItemFields<'_>,
) -> std::result::Result<Vec<BenchmarkItem>, BuildError> {
    let texts = [fields.text].into_iter().chain(fields.append.iter().map(String::as_str)).collect();
    let wanted = Wanted { texts, labels: vec![fields.id, fields.benchmark] };
    let rows = parse(&asset.name, Arc::clone(&asset.bytes), &wanted);
    let item = |Row { text, labels }| {
        let mut labels = labels.into_iter();
        BenchmarkItem { text, id: labels.next().flatten(), benchmark: labels.next().flatten() }
    };
    let rows = rows.map_err(|why| BuildError::asset(&asset.name, why))?;
    Ok(rows.into_iter().map(item).collect())
}

/// The bytes of a file, mapped or owned.
type Content = Arc<dyn AsRef<[u8]> + Send + Sync>;

fn parse(name: &str, content: Content, wanted: &Wanted<'_>) -> Wrong<Vec<Row>> {
    let bytes = (*content).as_ref();
    match name.to_lowercase() {
        name if name.ends_with(".parquet") => parquet(&content, wanted),
        name if name.ends_with(".jsonl") => json_lines(bytes, wanted),
        name if name.ends_with(".jsonl.zst") => unpacked(bytes).and_then(|lines| json_lines(&lines, wanted)),
        _ => {
            Err("is none of .parquet, .jsonl and .jsonl.zst; other compressed files have to be unpacked"
                .into())
        }
    }
}

/// The most that a compressed file may unpack to.
const UNPACKED_BYTES_MAX: u64 = 4 << 30;

fn unpacked(bytes: &[u8]) -> Wrong<Vec<u8>> {
    let decoder = zstd::Decoder::new(bytes).map_err(|e| e.to_string())?;
    let mut lines = Vec::new();
    decoder.take(UNPACKED_BYTES_MAX + 1).read_to_end(&mut lines).map_err(|e| e.to_string())?;
    match lines.len() as u64 {
        0..=UNPACKED_BYTES_MAX => Ok(lines),
        _ => Err(format!("unpacks to more than {UNPACKED_BYTES_MAX} bytes")),
    }
}

/// What is wrong with a file.
type Wrong<T> = std::result::Result<T, String>;

/// The same for a reader that wants to own them.
struct Shared(Content);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

fn parquet(content: &Content, wanted: &Wanted<'_>) -> Wrong<Vec<Row>> {
    let bytes = Bytes::from_owner(Shared(Arc::clone(content)));
    let footer = Arc::new(parse_footer(&bytes)?);
    let metadata = described(footer, ArrowReaderOptions::new())?;
    let schema = Arc::clone(metadata.schema());
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    let told = || names().take(NAMES_TOLD_MAX).collect::<Vec<_>>().join(", ");
    for name in &wanted.texts {
        match schema.field_with_name(name) {
            Ok(field) if is_text(field.data_type()) => {}
            Ok(field) => return Err(format!("column `{name}` is {}, expected a string", field.data_type())),
            Err(_) => return Err(format!("no column `{name}`; there are: {}", told())),
        }
    }
    for &NameField { name, required } in &wanted.labels {
        match schema.field_with_name(name) {
            Ok(field) if is_value(field.data_type()) => {}
            Ok(field) if required => {
                return Err(format!(
                    "column `{name}` is {}, expected a string, number or boolean",
                    field.data_type()
                ));
            }
            Err(_) if required => return Err(format!("no column `{name}`; there are: {}", told())),
            _ => {}
        }
    }
    let asked = |name: &str| wanted.names().any(|wanted| wanted == name);
    let columns = names().enumerate().filter(|(_, name)| asked(name)).map(|(at, _)| at);
    let mask = ProjectionMask::roots(metadata.parquet_schema(), columns);
    let mut rows = Vec::new();
    for group in 0..metadata.metadata().num_row_groups() {
        let wrong = |rows: &Vec<Row>, e: String| format!("row {} and those after it: {e}", rows.len());
        let chunks = Chunks::of(metadata.metadata(), group, bytes.len() as u64);
        let batches = chunks.and_then(|chunks| {
            decode(bytes.clone(), &metadata, (&chunks, group), (mask.clone(), None), (PAGE_BYTES, BATCH_ROWS))
        });
        for batch in batches.map_err(|e| wrong(&rows, e.to_string()))? {
            add_rows(&batch.map_err(|e| wrong(&rows, e))?, wanted, &mut rows)?;
        }
    }
    Ok(rows)
}

fn add_rows(batch: &RecordBatch, wanted: &Wanted<'_>, rows: &mut Vec<Row>) -> Wrong<()> {
    for at in 0..batch.num_rows() {
        let mut text = String::new();
        for (nth, name) in wanted.texts.iter().enumerate() {
            let cell = batch.column_by_name(name).and_then(|column| text_at(column.as_ref(), at));
            match cell {
                Some(Ok(more)) => append(&mut text, nth, more),
                Some(Err(_)) => return Err(format!("row {}: `{name}` is not UTF-8", rows.len())),
                None if nth == 0 => return Err(format!("row {}: `{name}` is null", rows.len())),
                None => {}
            }
        }
        let label = |field: &NameField<'_>| {
            let column = batch.column_by_name(field.name)?;
            value_at(column.as_ref(), at).map(String::from)
        };
        rows.push(Row { text, labels: wanted.labels.iter().map(label).collect() });
    }
    Ok(())
}

fn append(text: &mut String, nth: usize, more: &str) {
    if nth > 0 {
        text.push('\n');
    }
    text.push_str(more);
}

fn json_lines(bytes: &[u8], wanted: &Wanted<'_>) -> Wrong<Vec<Row>> {
    let mut rows = Vec::new();
    let named = wanted.labels.iter().filter(|field| field.required).map(|field| field.name);
    let mut missing: Vec<&str> = wanted.texts.iter().copied().skip(1).chain(named).collect();
    let mut there = BTreeSet::new();
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    for (line, number) in bytes.split(|&byte| byte == b'\n').zip(1u64..) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let wrong = |why: String| format!("line {number}: {why}");
        let object = object(line).map_err(wrong)?;
        rows.push(row(&object, wanted).map_err(wrong)?);
        missing.retain(|name| !object.contains_key(*name));
        if !missing.is_empty() {
            there.extend(object.into_iter().map(|(name, _)| name));
        }
    }
    match missing.first().filter(|_| !rows.is_empty()) {
        Some(name) => {
            let there: Vec<String> = there.into_iter().collect();
            Err(format!("no line has `{name}`; there are: {}", there.join(", ")))
        }
        None => Ok(rows),
    }
}

fn object(line: &[u8]) -> Wrong<Map<String, Value>> {
    match serde_json::from_slice(line) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(format!("is {}, expected an object", kind(&other))),
        // the reader's own message counts lines, and it saw one
        Err(e) if e.is_eof() => Err("ends inside a value".into()),
        Err(e) => Err(format!("is not JSON at column {}", e.column())),
    }
}

fn row(object: &Map<String, Value>, wanted: &Wanted<'_>) -> Wrong<Row> {
    let mut text = String::new();
    for (nth, name) in wanted.texts.iter().enumerate() {
        match object.get(*name) {
            Some(Value::String(more)) => append(&mut text, nth, more),
            None | Some(Value::Null) if nth > 0 => {}
            None => return Err(format!("no `{name}`")),
            Some(other) => return Err(format!("`{name}` is {}, expected a string", kind(other))),
        }
    }
    let label = |field: &NameField<'_>| match object.get(field.name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    Ok(Row { text, labels: wanted.labels.iter().map(label).collect() })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
