//! Shards made and read back.

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

/// Columns with their names, all nullable.
pub fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let fields: Vec<Field> = columns.iter().map(field).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// A column of strings.
pub fn strings<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(texts.into_iter().collect::<StringArray>())
}

/// Ids `r0`, `r1`, … and these texts.
pub fn texts(texts: &[Option<&str>]) -> RecordBatch {
    let ids: StringArray = (0..texts.len()).map(|at| Some(format!("r{at}"))).collect();
    batch(vec![("id", Arc::new(ids)), ("text", strings(texts.iter().copied()))])
}

/// Writes a shard with row groups of so many rows.
pub fn write(path: &Path, batch: &RecordBatch, rows_per_group: usize) {
    write_with(path, batch, |p| p.set_max_row_group_row_count(Some(rows_per_group)), true);
}

/// Writes a shard; `arrow` says whether the file carries its Arrow schema, as only Arrow's own writers do.
pub fn write_with(
    path: &Path,
    batch: &RecordBatch,
    properties: impl FnOnce(WriterPropertiesBuilder) -> WriterPropertiesBuilder,
    arrow: bool,
) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let note = KeyValue::new("made-for".to_string(), "a test".to_string());
    let builder = WriterProperties::builder().set_key_value_metadata(Some(vec![note]));
    let options = ArrowWriterOptions::new()
        .with_properties(properties(builder).build())
        .with_skip_arrow_metadata(!arrow);
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Reads a shard whole.
pub fn read(path: &Path) -> RecordBatch {
    let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = Arc::clone(builder.schema());
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}

/// The strings of a column.
pub fn column(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    use arrow_array::cast::AsArray;
    let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column `{name}`"));
    column.as_string::<i32>().iter().map(|text| text.map(str::to_string)).collect()
}
