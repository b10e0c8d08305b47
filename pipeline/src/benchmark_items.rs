//! Files of evaluation items: Parquet, or JSON Lines with one object a line. They come from outside, so nothing about
//! them is taken on trust, and whatever is wrong names the row.

use crate::batch::{is_label, is_text, label_at, text_at};
use arrow_array::{ArrayRef, RecordBatch};
use bytes::Bytes;
use filters::{Asset, BenchmarkItem, BuildError, ItemFields, NameField};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

/// Reads the items of a file; its name tells the format.
pub(crate) fn read(
    asset: &Asset,
    fields: &ItemFields<'_>,
) -> std::result::Result<Vec<BenchmarkItem>, BuildError> {
    let bytes = (*asset.bytes).as_ref();
    let items = match asset.name.to_lowercase() {
        name if name.ends_with(".parquet") => parquet(asset, fields),
        name if name.ends_with(".jsonl") => json_lines(bytes, fields),
        name if name.ends_with(".jsonl.zst") => unpacked(bytes).and_then(|lines| json_lines(&lines, fields)),
        _ => {
            Err("is none of .parquet, .jsonl and .jsonl.zst; other compressed files have to be unpacked"
                .into())
        }
    };
    items.map_err(|why| BuildError::asset(&asset.name, why))
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

/// The bytes of an asset, for a reader that wants to own them.
struct Shared(Arc<dyn AsRef<[u8]> + Send + Sync>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

fn parquet(asset: &Asset, fields: &ItemFields<'_>) -> Wrong<Vec<BenchmarkItem>> {
    let bytes = Bytes::from_owner(Shared(Arc::clone(&asset.bytes)));
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|e| e.to_string())?;
    let schema = Arc::clone(builder.schema());
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    for name in texts(fields) {
        match schema.field_with_name(name) {
            Ok(field) if is_text(field.data_type()) => {}
            Ok(field) => return Err(format!("column `{name}` is {}, expected a string", field.data_type())),
            Err(_) => return Err(format!("no column `{name}`; there are: {}", names.join(", "))),
        }
    }
    for NameField { name, required } in [fields.id, fields.benchmark] {
        match schema.field_with_name(name) {
            Ok(field) if is_label(field.data_type()) => {}
            Ok(field) if required => {
                return Err(format!(
                    "column `{name}` is {}, expected a string or an integer",
                    field.data_type()
                ));
            }
            Err(_) if required => return Err(format!("no column `{name}`; there are: {}", names.join(", "))),
            _ => {}
        }
    }
    let wanted: Vec<&str> = texts(fields).chain([fields.id.name, fields.benchmark.name]).collect();
    let columns = names.iter().enumerate().filter(|(_, name)| wanted.contains(name)).map(|(at, _)| at);
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
    let mut items = Vec::new();
    for batch in builder.with_projection(mask).build().map_err(|e| e.to_string())? {
        let batch = batch.map_err(|e| format!("row {} and those after it: {e}", items.len()))?;
        add_rows(&batch, fields, &mut items)?;
    }
    Ok(items)
}

/// The fields that make up an item's text.
fn texts<'f>(fields: &ItemFields<'f>) -> impl Iterator<Item = &'f str> {
    [fields.text].into_iter().chain(fields.append.iter().map(String::as_str))
}

fn add_rows(batch: &RecordBatch, fields: &ItemFields<'_>, items: &mut Vec<BenchmarkItem>) -> Wrong<()> {
    let column = |name: &str| batch.column_by_name(name);
    let label =
        |column: Option<&ArrayRef>, row: usize| column.and_then(|of| label_at(of, row)).map(String::from);
    let (id, benchmark) = (column(fields.id.name), column(fields.benchmark.name));
    for row in 0..batch.num_rows() {
        let mut text = String::new();
        for (nth, name) in texts(fields).enumerate() {
            let cell = column(name).and_then(|column| text_at(column.as_ref(), row));
            match cell {
                Some(Ok(more)) => append(&mut text, nth, more),
                Some(Err(_)) => return Err(format!("row {}: `{name}` is not UTF-8", items.len())),
                None if nth == 0 => return Err(format!("row {}: `{name}` is null", items.len())),
                None => {}
            }
        }
        items.push(BenchmarkItem { text, id: label(id, row), benchmark: label(benchmark, row) });
    }
    Ok(())
}

fn append(text: &mut String, nth: usize, more: &str) {
    if nth > 0 {
        text.push('\n');
    }
    text.push_str(more);
}

/// What some editors write before the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn json_lines(bytes: &[u8], fields: &ItemFields<'_>) -> Wrong<Vec<BenchmarkItem>> {
    let mut items = Vec::new();
    let named =
        [fields.id, fields.benchmark].into_iter().filter(|field| field.required).map(|field| field.name);
    let mut missing: Vec<&str> = fields.append.iter().map(String::as_str).chain(named).collect();
    let mut there = BTreeSet::new();
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    for (line, number) in bytes.split(|&byte| byte == b'\n').zip(1u64..) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let wrong = |why: String| format!("line {number}: {why}");
        let object = object(line).map_err(wrong)?;
        items.push(item(&object, fields).map_err(wrong)?);
        missing.retain(|name| !object.contains_key(*name));
        if !missing.is_empty() {
            there.extend(object.into_iter().map(|(name, _)| name));
        }
    }
    match missing.first().filter(|_| !items.is_empty()) {
        Some(name) => {
            let there: Vec<String> = there.into_iter().collect();
            Err(format!("no line has `{name}`; there are: {}", there.join(", ")))
        }
        None => Ok(items),
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

fn item(object: &Map<String, Value>, fields: &ItemFields<'_>) -> Wrong<BenchmarkItem> {
    let mut text = String::new();
    for (nth, name) in texts(fields).enumerate() {
        match object.get(name) {
            Some(Value::String(more)) => append(&mut text, nth, more),
            None | Some(Value::Null) if nth > 0 => {}
            None => return Err(format!("no `{name}`")),
            Some(other) => return Err(format!("`{name}` is {}, expected a string", kind(other))),
        }
    }
    let label = |name: &str| match object.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(BenchmarkItem { text, id: label(fields.id.name), benchmark: label(fields.benchmark.name) })
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
mod tests {
    use super::*;
    use arrow_array::{Float64Array, Int64Array, StringArray};
    use parquet::arrow::ArrowWriter;

    const FIELDS: ItemFields<'_> = ItemFields {
        text: "text",
        append: &[],
        id: NameField { name: "id", required: false },
        benchmark: NameField { name: "set", required: false },
    };

    fn read_bytes(name: &str, bytes: Vec<u8>, fields: &ItemFields<'_>) -> Wrong<Vec<BenchmarkItem>> {
        let asset = Asset { name: name.into(), bytes: Arc::new(bytes) };
        read(&asset, fields).map_err(|e| e.to_string())
    }

    fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )
        .unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    fn strings(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    fn told(item: &BenchmarkItem) -> (&str, Option<&str>, Option<&str>) {
        (&item.text, item.id.as_deref(), item.benchmark.as_deref())
    }

    #[test]
    fn both_formats_hold_the_same_items() {
        let answer = ["answer".to_string()];
        let fields = ItemFields { append: &answer, ..FIELDS };
        let table = file(vec![
            ("set", strings(&[Some("a"), None])),
            ("more", strings(&[Some("x"), Some("y")])),
            ("id", Arc::new(Int64Array::from(vec![7, -8]))),
            ("answer", strings(&[None, Some("No.")])),
            ("text", strings(&[Some("One?"), Some("Two?")])),
        ]);
        let lines = b"\xef\xbb\xbf{\"text\":\"One?\",\"id\":7,\"set\":\"a\",\"answer\":null}\r\n\n{\"id\":-8,\"text\":\"Two?\",\"answer\":\"No.\"}";
        let packed = zstd::encode_all(&lines[..], 3).unwrap();
        for items in [
            read_bytes("a.parquet", table, &fields),
            read_bytes("b.jsonl", lines.to_vec(), &fields),
            read_bytes("b.JSONL.zst", packed, &fields),
        ] {
            let items = items.unwrap();
            let told: Vec<_> = items.iter().map(told).collect();
            assert_eq!(told, [("One?", Some("7"), Some("a")), ("Two?\nNo.", Some("-8"), None)]);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_row() {
        let whole = file(vec![("text", strings(&[Some("One?"), None]))]);
        let torn = whole[..whole.len() - 9].to_vec();
        let mut damaged = file(vec![("text", strings(&[Some("One?")]))]);
        damaged[4..20].fill(0xff);
        let binary: ArrayRef = Arc::new(arrow_array::BinaryArray::from(vec![&b"a"[..], &b"\xff"[..]]));
        let append = ["answer".to_string()];
        let more = ItemFields { append: &append, ..FIELDS };
        let keyed = ItemFields { id: NameField { name: "key", required: true }, ..FIELDS };
        for (name, bytes, fields, part) in [
            (
                "a.csv",
                b"text\nOne?".to_vec(),
                &FIELDS,
                "asset `a.csv`: is none of .parquet, .jsonl and .jsonl.zst",
            ),
            ("a.parquet", whole.clone(), &FIELDS, "asset `a.parquet`: row 1: `text` is null"),
            ("a.parquet", torn, &FIELDS, "asset `a.parquet`: Parquet error"),
            ("a.parquet", damaged, &FIELDS, "asset `a.parquet`: row 0 and those after it: "),
            ("a.parquet", Vec::new(), &FIELDS, "asset `a.parquet`: "),
            ("a.parquet", file(vec![("text", binary)]), &FIELDS, "row 1: `text` is not UTF-8"),
            ("a.jsonl.gz", Vec::new(), &FIELDS, "have to be unpacked"),
            ("a.jsonl.zst", b"{}".to_vec(), &FIELDS, "asset `a.jsonl.zst`: "),
            ("a.parquet", whole.clone(), &keyed, "no column `key`; there are: text"),
            (
                "a.parquet",
                file(vec![("text", strings(&[Some("a")])), ("key", Arc::new(Float64Array::from(vec![1.0])))]),
                &keyed,
                "column `key` is Float64, expected a string or an integer",
            ),
            (
                "a.jsonl",
                b"{\"text\":\"a\",\"id\":1}\n{\"text\":\"b\",\"no\":1}".to_vec(),
                &keyed,
                "no line has `key`; there are: id, no, text",
            ),
            ("a.parquet", whole, &more, "no column `answer`; there are: text"),
            (
                "a.parquet",
                file(vec![("text", Arc::new(Int64Array::from(vec![1])))]),
                &FIELDS,
                "column `text` is Int64, expected a string",
            ),
            (
                "a.jsonl",
                b"{\"text\":\"One?\"}\n{\"text\":\"Two".to_vec(),
                &FIELDS,
                "line 2: ends inside a value",
            ),
            ("a.jsonl", b"{\"text\":\"\xff\"}".to_vec(), &FIELDS, "line 1: is not JSON at column"),
            ("a.jsonl", b"\n[1]".to_vec(), &FIELDS, "line 2: is a list, expected an object"),
            ("a.jsonl", b"{\"text\":null}".to_vec(), &FIELDS, "line 1: `text` is null, expected a string"),
            ("a.jsonl", b"{\"txt\":\"a\"}".to_vec(), &FIELDS, "line 1: no `text`"),
            (
                "a.jsonl",
                b"{\"text\":[\"a\"]}".to_vec(),
                &FIELDS,
                "line 1: `text` is a list, expected a string",
            ),
            ("a.jsonl", b"{\"text\":\"One?\"}".to_vec(), &more, "no line has `answer`"),
            (
                "a.jsonl",
                [b"[".repeat(100_000), b"]".repeat(100_000)].concat(),
                &FIELDS,
                "line 1: is not JSON",
            ),
        ] {
            let message = read_bytes(name, bytes, fields).unwrap_err();
            assert!(message.contains(part), "{message:?} lacks {part:?}");
        }
    }
}
