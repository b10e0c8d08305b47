//! Rows of a row group as the judge sees them: text, id, URL and the fields stages ask for, whatever Arrow type
//! holds them.

mod fields;
mod messages;
mod strings;

use crate::config::Input;
use crate::files::store::Blob;
use crate::{Error, Result};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use fields::FieldColumn;
use messages::{Messages, messages_column};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection,
};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use strings::string_column;

pub(crate) use fields::{WantedField, is_value, value_at};
pub(crate) use strings::{Strings, is_text, label_at, text_at};

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
    fields: Vec<FieldColumn>,
}

impl ShardReader {
    /// Opens a shard and finds the configured columns in its schema, and the fields that stages ask for.
    pub(crate) fn open(path: &Path, input: &Input, fields: &[WantedField]) -> Result<Self> {
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
        let fields = fields.iter().map(|field| FieldColumn::find(path, stored.schema(), field));
        let fields = fields.collect::<Result<_>>()?;
        let options = ArrowReaderOptions::new().with_schema(with_views(stored.schema(), text));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(stored.metadata()), options).map_err(fail)?;
        Ok(Self { metadata, path: path.to_path_buf(), text, id, url, fields })
    }

    /// The batches of one row group, with only the columns the judge needs; `rows` narrows them further.
    pub(crate) fn batches(&self, row_group: usize, rows: Option<RowSelection>) -> Result<Batches> {
        let mut columns = vec![self.text];
        columns.extend(self.id);
        columns.extend(self.url);
        columns.extend(self.fields.iter().map(FieldColumn::root));
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
        Ok(Batches { reader: UpToError::new(reader) })
    }

    /// The batches of one row group with all columns.
    pub(crate) fn whole(&self, row_group: usize) -> Result<Batches> {
        let blob = Blob::open(&self.path)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(blob, self.metadata.clone())
            .with_row_groups(vec![row_group])
            .with_batch_size(BATCH_ROWS);
        Ok(Batches { reader: UpToError::new(builder.build().map_err(|e| Error::input(&self.path, e))?) })
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
            fields: self.fields.iter().map(|field| field.leaf(get(field.root())?)).collect::<Result<_>>()?,
        })
    }
}

/// Batches of one row group. Damaged pages end it with an error that the caller turns into quarantine.
pub(crate) struct Batches {
    reader: UpToError<ParquetRecordBatchReader>,
}

impl Iterator for Batches {
    type Item = std::result::Result<RecordBatch, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next().map(|batch| batch.map_err(|e| e.to_string()))
    }
}

/// What a reader yields up to its first error: after one a Parquet reader would tell it for ever.
pub(crate) struct UpToError<R>(Option<R>);

impl<R> UpToError<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self(Some(reader))
    }
}

impl<T, E, R: Iterator<Item = std::result::Result<T, E>>> Iterator for UpToError<R> {
    type Item = R::Item;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.0.as_mut()?.next()?;
        if item.is_err() {
            self.0 = None;
        }
        Some(item)
    }
}

/// One batch's columns.
pub(crate) struct Rows<'b> {
    text: TextColumn<'b>,
    id: Option<ArrayRef>,
    url: Option<Strings<'b>>,
    fields: Vec<ArrayRef>,
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

    /// The fields of a row that stages asked for.
    pub(crate) fn fields(&self, row: usize) -> Vec<Option<Cow<'_, str>>> {
        self.fields.iter().map(|column| fields::value_at(column.as_ref(), row)).collect()
    }
}

enum TextColumn<'b> {
    Plain(Strings<'b>),
    Messages(Messages<'b>),
}

impl<'b> TextColumn<'b> {
    fn new(array: &'b ArrayRef) -> Self {
        if is_text(array.data_type()) {
            Self::Plain(Strings::new(array))
        } else {
            Self::Messages(Messages(array))
        }
    }
}

fn column(path: &Path, schema: &Schema, name: &str) -> Result<usize> {
    schema.index_of(name).map_err(|_| {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        Error::input(path, format!("no column `{name}`; there are: {}", names.join(", ")))
    })
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
