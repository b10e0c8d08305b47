//! Labelled records: Parquet files with a text and columns that say what is known of it.

use crate::batch::{is_text, text_at, value_at};
use crate::map::Map;
use crate::{Error, Result};
use bytes::Bytes;
use manifests::digest::Sha256;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::path::Path;

/// The records of one file.
pub(crate) struct Labelled {
    pub(crate) sha256: String,
    pub(crate) texts: Vec<String>,
    /// The columns asked for, in their order: strings, numbers and booleans as text, nulls as `None`.
    pub(crate) columns: Vec<Vec<Option<String>>>,
}

impl Labelled {
    /// Reads a file's texts and some of its columns. A text that is null or not UTF-8 is the input's fault.
    pub(crate) fn read(path: &Path, text: &str, columns: &[&str]) -> Result<Self> {
        let fail = |e: &dyn std::fmt::Display| Error::input(path, e);
        let bytes = Bytes::from_owner(Map::open(path).map_err(|e| fail(&e))?);
        let sha256 = Sha256::of(&bytes).to_string();
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|e| fail(&e))?;
        let schema = std::sync::Arc::clone(builder.schema());
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        for name in columns.iter().chain([&text]) {
            match schema.field_with_name(name) {
                Ok(field) if *name != text || is_text(field.data_type()) => {}
                Ok(field) => {
                    let why = format!("column `{name}` is {}, expected a string", field.data_type());
                    return Err(Error::input(path, why));
                }
                Err(_) => {
                    let why = format!("no column `{name}`; there are: {}", names.join(", "));
                    return Err(Error::input(path, why));
                }
            }
        }
        let wanted = names.iter().enumerate().filter(|(_, name)| **name == text || columns.contains(name));
        let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.map(|(at, _)| at));
        let mut read = Self { sha256, texts: Vec::new(), columns: vec![Vec::new(); columns.len()] };
        for batch in builder.with_projection(mask).build().map_err(|e| fail(&e))? {
            let row = read.texts.len();
            let batch =
                batch.map_err(|e| Error::input(path, format!("row {row} and those after it: {e}")))?;
            read.add(&batch, text, columns).map_err(|why| Error::input(path, why))?;
        }
        Ok(read)
    }

    fn add(
        &mut self,
        batch: &arrow_array::RecordBatch,
        text: &str,
        columns: &[&str],
    ) -> std::result::Result<(), String> {
        let find =
            |name: &str| batch.column_by_name(name).ok_or_else(|| format!("column `{name}` was not read"));
        let texts = find(text)?;
        for row in 0..batch.num_rows() {
            match text_at(texts.as_ref(), row) {
                Some(Ok(text)) => self.texts.push(text.to_owned()),
                Some(Err(_)) => return Err(format!("row {}: `{text}` is not UTF-8", self.texts.len())),
                None => return Err(format!("row {}: `{text}` is null", self.texts.len())),
            }
        }
        for (cells, name) in self.columns.iter_mut().zip(columns) {
            let column = find(name)?;
            cells.extend((0..batch.num_rows()).map(|row| value_at(column.as_ref(), row).map(String::from)));
        }
        Ok(())
    }
}
