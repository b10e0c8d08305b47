//! Rows of a row group as the judge sees them: text, id and URL, whatever Arrow type holds them.

use crate::config::Input;
use crate::store::Blob;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, LargeListArray, ListArray, RecordBatch, StructArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection,
};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows decoded at a time: large enough to amortise, small enough that a batch of long texts stays small.
pub(crate) const BATCH_ROWS: usize = 1024;

/// Why a record cannot be judged. It is quarantined under the stage `input` with this as its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    NullText,
    InvalidUtf8,
    TooLarge,
    Unreadable,
}

impl Cause {
    /// The rule's id in the ledger.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Cause::NullText => "null-text",
            Cause::InvalidUtf8 => "invalid-utf8",
            Cause::TooLarge => "record-bytes",
            Cause::Unreadable => "unreadable",
        }
    }
}

/// The columns of one shard that are read, and how.
pub(crate) struct ShardReader {
    metadata: ArrowReaderMetadata,
    path: PathBuf,
    text: usize,
    id: Option<usize>,
    url: Option<usize>,
}

impl ShardReader {
    /// Opens a shard and finds the configured columns in its schema.
    pub(crate) fn open(path: &Path, input: &Input) -> Result<Self> {
        let fail = |e: parquet::errors::ParquetError| Error::input(path, e);
        let blob = Blob::open(path)?;
        let stored = ArrowReaderMetadata::load(&blob, ArrowReaderOptions::new()).map_err(fail)?;
        let find = |name: &String| column(path, stored.schema(), name);
        let text = match (&input.text, &input.messages) {
            (Some(name), _) => string_column(path, stored.schema(), find(name)?)?,
            (None, Some(name)) => messages_column(path, stored.schema(), find(name)?)?,
            (None, None) => return Err(Error::Bug("neither text nor messages is configured".into())),
        };
        let id = input.id.as_ref().map(find).transpose()?;
        let url = input.url.as_ref().map(find).transpose()?;
        let options = ArrowReaderOptions::new().with_schema(with_views(stored.schema(), text));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(stored.metadata()), options).map_err(fail)?;
        Ok(Self { metadata, path: path.to_path_buf(), text, id, url })
    }

    /// The batches of one row group, with only the columns the judge needs; `rows` narrows them further.
    pub(crate) fn batches(&self, row_group: usize, rows: Option<RowSelection>) -> Result<Batches> {
        let mut columns = vec![self.text];
        columns.extend(self.id);
        columns.extend(self.url);
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns);
        let blob = Blob::open(&self.path)?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(blob, self.metadata.clone())
            .with_row_groups(vec![row_group])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS);
        if let Some(rows) = rows {
            builder = builder.with_row_selection(rows);
        }
        let reader = builder.build().map_err(|e| Error::input(&self.path, e))?;
        Ok(Batches { reader })
    }

    /// The batches of one row group with all columns.
    pub(crate) fn whole(&self, row_group: usize) -> Result<Batches> {
        let blob = Blob::open(&self.path)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(blob, self.metadata.clone())
            .with_row_groups(vec![row_group])
            .with_batch_size(BATCH_ROWS);
        Ok(Batches { reader: builder.build().map_err(|e| Error::input(&self.path, e))? })
    }

    /// About how many bytes a row group takes when it is decoded.
    pub(crate) fn decoded_bytes(&self, row_group: usize) -> u64 {
        let groups = self.metadata.metadata().row_groups();
        groups.get(row_group).map_or(0, |group| u64::try_from(group.total_byte_size()).unwrap_or_default())
    }

    /// The accessors of one batch's columns.
    pub(crate) fn rows<'b>(&self, batch: &'b RecordBatch) -> Result<Rows<'b>> {
        let name = |index: usize| self.metadata.schema().field(index).name().clone();
        let get = |index: usize| {
            let column = batch.column_by_name(&name(index));
            column.ok_or_else(|| Error::Bug(format!("column `{}` was not read", name(index))))
        };
        Ok(Rows {
            text: TextColumn::new(get(self.text)?),
            id: self.id.map(get).transpose()?.cloned(),
            url: self.url.map(get).transpose()?.map(Strings::new),
        })
    }
}

/// Batches of one row group. Damaged pages end it with an error that the caller turns into quarantine.
pub(crate) struct Batches {
    reader: ParquetRecordBatchReader,
}

impl Iterator for Batches {
    type Item = std::result::Result<RecordBatch, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next().map(|batch| batch.map_err(|e| e.to_string()))
    }
}

/// One batch's columns.
pub(crate) struct Rows<'b> {
    text: TextColumn<'b>,
    id: Option<ArrayRef>,
    url: Option<Strings<'b>>,
}

impl Rows<'_> {
    /// The text of a row; chat records are joined into `joined`.
    pub(crate) fn text<'s>(
        &'s self,
        row: usize,
        joined: &'s mut String,
    ) -> std::result::Result<&'s str, Cause> {
        match &self.text {
            TextColumn::Plain(strings) => {
                strings.get(row).ok_or(Cause::NullText)?.map_err(|_| Cause::InvalidUtf8)
            }
            TextColumn::Messages(messages) => messages.join(row, joined),
        }
    }

    /// The id of a row, where there is an id column and the row has one.
    pub(crate) fn id(&self, row: usize) -> Option<Cow<'_, str>> {
        label_at(self.id.as_ref()?, row)
    }

    /// The URL of a row.
    pub(crate) fn url(&self, row: usize) -> Option<&str> {
        self.url.as_ref().and_then(|urls| urls.get(row)).and_then(std::result::Result::ok)
    }
}

/// A column of strings or of bytes that should be UTF-8.
pub(crate) struct Strings<'b>(&'b ArrayRef);

impl<'b> Strings<'b> {
    pub(crate) fn new(array: &'b ArrayRef) -> Self {
        Self(array)
    }

    /// The text of a row: `None` for a null, an error for bytes that are not UTF-8.
    pub(crate) fn get(&self, row: usize) -> Option<std::result::Result<&'b str, std::str::Utf8Error>> {
        text_at(self.0.as_ref(), row)
    }
}

/// A string or an integer as a name; `None` for anything else.
pub(crate) fn label_at(array: &ArrayRef, row: usize) -> Option<Cow<'_, str>> {
    if !array.is_valid(row) {
        return None;
    }
    match array.data_type() {
        DataType::Int32 => Some(Cow::Owned(array.as_primitive::<Int32Type>().value(row).to_string())),
        DataType::Int64 => Some(Cow::Owned(array.as_primitive::<Int64Type>().value(row).to_string())),
        DataType::UInt32 => Some(Cow::Owned(array.as_primitive::<UInt32Type>().value(row).to_string())),
        DataType::UInt64 => Some(Cow::Owned(array.as_primitive::<UInt64Type>().value(row).to_string())),
        _ => match text_at(array.as_ref(), row) {
            Some(Ok(text)) => Some(Cow::Owned(text.to_string())),
            _ => None,
        },
    }
}

/// The text of a row of a column of strings, or of bytes that should be UTF-8; `None` for a null and for anything else.
pub(crate) fn text_at(
    array: &dyn Array,
    row: usize,
) -> Option<std::result::Result<&str, std::str::Utf8Error>> {
    if !array.is_valid(row) {
        return None;
    }
    match array.data_type() {
        DataType::Utf8 => Some(Ok(array.as_string::<i32>().value(row))),
        DataType::LargeUtf8 => Some(Ok(array.as_string::<i64>().value(row))),
        DataType::Utf8View => Some(Ok(array.as_string_view().value(row))),
        DataType::Binary => Some(std::str::from_utf8(array.as_binary::<i32>().value(row))),
        DataType::LargeBinary => Some(std::str::from_utf8(array.as_binary::<i64>().value(row))),
        DataType::BinaryView => Some(std::str::from_utf8(array.as_binary_view().value(row))),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let key = *dictionary.normalized_keys().get(row)?;
            text_at(dictionary.values().as_ref(), key)
        }
        _ => None,
    }
}

/// Whether [`label_at`] finds something in a column of this type.
pub(crate) fn is_label(kind: &DataType) -> bool {
    is_text(kind) || matches!(kind, DataType::Int32 | DataType::Int64 | DataType::UInt32 | DataType::UInt64)
}

/// Whether a column of this type holds strings, or bytes that may be.
pub(crate) fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

enum TextColumn<'b> {
    Plain(Strings<'b>),
    Messages(Messages<'b>),
}

impl<'b> TextColumn<'b> {
    fn new(array: &'b ArrayRef) -> Self {
        if is_text(array.data_type()) { Self::Plain(Strings(array)) } else { Self::Messages(Messages(array)) }
    }
}

/// A column of chat records: a list of structs with a `content`.
struct Messages<'b>(&'b ArrayRef);

impl Messages<'_> {
    fn parts(&self, row: usize) -> Option<ArrayRef> {
        let valid = self.0.is_valid(row);
        match self.0.data_type() {
            DataType::List(_) if valid => {
                self.0.as_any().downcast_ref::<ListArray>().map(|list| list.value(row))
            }
            DataType::LargeList(_) if valid => {
                self.0.as_any().downcast_ref::<LargeListArray>().map(|l| l.value(row))
            }
            _ => None,
        }
    }

    /// The contents of a record's messages joined by one newline.
    fn join<'s>(&self, row: usize, joined: &'s mut String) -> std::result::Result<&'s str, Cause> {
        joined.clear();
        let parts = self.parts(row).ok_or(Cause::NullText)?;
        let contents = parts.as_any().downcast_ref::<StructArray>().and_then(|s| s.column_by_name("content"));
        let contents = contents.ok_or(Cause::NullText)?;
        for part in 0..contents.len() {
            if part > 0 {
                joined.push('\n');
            }
            match text_at(contents.as_ref(), part) {
                Some(Ok(text)) => joined.push_str(text),
                Some(Err(_)) => return Err(Cause::InvalidUtf8),
                None => {}
            }
        }
        Ok(joined)
    }
}

fn column(path: &Path, schema: &Schema, name: &str) -> Result<usize> {
    schema.index_of(name).map_err(|_| {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        Error::input(path, format!("no column `{name}`; there are: {}", names.join(", ")))
    })
}

fn string_column(path: &Path, schema: &Schema, index: usize) -> Result<usize> {
    let field = schema.field(index);
    if is_text(field.data_type()) {
        return Ok(index);
    }
    let why = format!("column `{}` is {}, expected a string", field.name(), field.data_type());
    Err(Error::input(path, why))
}

fn messages_column(path: &Path, schema: &Schema, index: usize) -> Result<usize> {
    let field = schema.field(index);
    let content = match field.data_type() {
        DataType::List(item) | DataType::LargeList(item) => match item.data_type() {
            DataType::Struct(fields) => {
                fields.iter().find(|f| f.name() == "content").map(|f| f.data_type().clone())
            }
            _ => None,
        },
        _ => None,
    };
    match content {
        Some(kind) if is_text(&kind) => Ok(index),
        _ => {
            let why = format!(
                "column `{}` is {}, expected a list of structs with a string `content`",
                field.name(),
                field.data_type()
            );
            Err(Error::input(path, why))
        }
    }
}

/// The schema with the text column as a view: decoding a view copies no text.
pub(crate) fn with_views(schema: &SchemaRef, text: usize) -> SchemaRef {
    let fields: Vec<Arc<Field>> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| match field.data_type() {
            DataType::Utf8 if index == text => {
                Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View))
            }
            _ => Arc::clone(field),
        })
        .collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}
