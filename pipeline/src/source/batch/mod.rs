//! Rows of a row group as the judge sees them: text, id, URL and the fields stages ask for, whatever Arrow type
//! holds them.

mod fields;
mod messages;
mod strings;

use crate::config::Input;
use crate::source::inputs::Shard;
use crate::source::lines::{Blocks, Layout, LinesReader, Members, Undecoded};
use crate::source::parquet::ParquetReader;
use crate::{Error, Result};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{Schema, SchemaRef};
use fields::FieldColumn;
use filters::Turn;
use messages::{Messages, messages_column};
use parquet::arrow::arrow_reader::RowSelection;
use parquet::file::metadata::KeyValue;
use std::borrow::Cow;
use std::path::Path;
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
    InvalidJson,
    NotAnObject,
    DuplicateKey,
    TextType,
    /// So many bytes.
    TooLarge(u64),
    Unreadable,
}

impl Cause {
    /// The rule's id in the ledger.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Cause::NullText => "null-text",
            Cause::InvalidUtf8 => "invalid-utf8",
            Cause::InvalidJson => "invalid-json",
            Cause::NotAnObject => "not-an-object",
            Cause::DuplicateKey => "duplicate-key",
            Cause::TextType => "text-type",
            Cause::TooLarge(_) => "record-bytes",
            Cause::Unreadable => "unreadable",
        }
    }
}

/// A shard: a sequence of groups of records, and the columns of theirs that are read.
pub(crate) struct ShardReader {
    groups: Groups,
    /// The columns as they are written back.
    stored: SchemaRef,
    columns: Columns,
}

/// Where the groups are, by format.
enum Groups {
    Parquet(ParquetReader),
    Lines(LinesReader),
}

/// Where the configured columns stand, and the fields that stages ask for.
struct Columns {
    text: usize,
    id: Option<usize>,
    url: Option<usize>,
    fields: Vec<FieldColumn>,
}

impl Columns {
    fn find(path: &Path, schema: &Schema, input: &Input, fields: &[WantedField]) -> Result<Self> {
        let find = |name: &String| column(path, schema, name);
        let text = match (&input.text, &input.messages) {
            (Some(name), _) => string_column(path, schema, find(name)?)?,
            (None, Some(name)) => messages_column(path, schema, find(name)?)?,
            (None, None) => return Err(Error::Bug("neither text nor messages is configured".into())),
        };
        let id = input.id.as_ref().map(find).transpose()?;
        let url = input.url.as_ref().map(find).transpose()?;
        let fields = fields.iter().map(|field| FieldColumn::find(path, schema, field));
        Ok(Self { text, id, url, fields: fields.collect::<Result<_>>()? })
    }

    fn roots(&self) -> Vec<usize> {
        let named = [Some(self.text), self.id, self.url].into_iter().flatten();
        named.chain(self.fields.iter().map(FieldColumn::root)).collect()
    }
}

impl ShardReader {
    /// Opens a shard of the input.
    pub(crate) fn of_shard(shard: &Shard, input: &Input, fields: &[WantedField]) -> Result<Self> {
        match &shard.blocks {
            Some(blocks) => Self::of_lines(&shard.path, Arc::clone(blocks), input, fields),
            None => Self::open(&shard.path, input, fields),
        }
    }

    /// Reads lines whose blocks are known.
    pub(crate) fn of_lines(
        path: &Path,
        blocks: Arc<Blocks>,
        input: &Input,
        fields: &[WantedField],
    ) -> Result<Self> {
        let layout = Layout::new(input, fields);
        let stored = Arc::clone(layout.stored());
        let columns = Columns::find(path, &stored, input, fields)?;
        let groups = Groups::Lines(LinesReader::new(blocks, layout, input));
        Ok(Self { groups, stored, columns })
    }

    /// Opens a Parquet file.
    pub(crate) fn open(path: &Path, input: &Input, fields: &[WantedField]) -> Result<Self> {
        let file = ParquetReader::open(path)?;
        let stored = Arc::clone(file.schema());
        let columns = Columns::find(path, &stored, input, fields)?;
        let groups = Groups::Parquet(file.with_views(columns.text)?);
        Ok(Self { groups, stored, columns })
    }

    /// The columns of a record as they are written back.
    pub(crate) fn stored(&self) -> &SchemaRef {
        &self.stored
    }

    /// The key-value metadata that is written back with the records.
    pub(crate) fn notes(&self) -> Option<Vec<KeyValue>> {
        match &self.groups {
            Groups::Parquet(file) => file.notes(),
            Groups::Lines(_) => None,
        }
    }

    /// Of lines, how their records are spelled as lines again.
    pub(crate) fn members(&self) -> Option<Members> {
        match &self.groups {
            Groups::Parquet(_) => None,
            Groups::Lines(lines) => Some(lines.members()),
        }
    }

    /// The batches of one group, with the columns that the judge needs at least; `rows` narrows them further.
    pub(crate) fn batches(&self, group: usize, rows: Option<RowSelection>) -> Result<Batches> {
        self.read(group, Some(self.columns.roots()), rows)
    }

    /// The batches of one group with all columns.
    pub(crate) fn whole(&self, group: usize) -> Result<Batches> {
        self.read(group, None, None)
    }

    fn read(&self, group: usize, columns: Option<Vec<usize>>, rows: Option<RowSelection>) -> Result<Batches> {
        Ok(Batches(match &self.groups {
            Groups::Parquet(file) => Box::new(file.batches(group, columns, rows)?),
            // a line has to be read from its start to its end, whatever is wanted of it
            Groups::Lines(lines) => Box::new(lines.batches(group, rows)?),
        }))
    }

    /// A group whole, as it is written back, or why it cannot be had.
    pub(crate) fn group(&self, group: usize, expected: u64) -> std::result::Result<Vec<RecordBatch>, String> {
        let batches = self.whole(group).map_err(|e| e.to_string())?;
        let batches =
            batches.map(|batch| self.as_stored(batch?)).collect::<std::result::Result<Vec<_>, _>>()?;
        let rows: u64 = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        if rows == expected { Ok(batches) } else { Err(format!("{expected} rows expected, found {rows}")) }
    }

    /// A batch of [`whole`](Self::whole) without what is known of its rows for the judge alone.
    pub(crate) fn as_stored(&self, batch: RecordBatch) -> std::result::Result<RecordBatch, String> {
        let columns: Vec<usize> = (0..self.stored.fields().len()).collect();
        batch.project(&columns).map_err(|e| e.to_string())
    }

    /// About how many bytes a group takes when it is decoded.
    pub(crate) fn decoded_bytes(&self, group: usize) -> u64 {
        match &self.groups {
            Groups::Parquet(file) => file.decoded_bytes(group),
            Groups::Lines(lines) => lines.decoded_bytes(group),
        }
    }

    /// The accessors of one batch's columns.
    pub(crate) fn rows<'b>(&self, batch: &'b RecordBatch) -> Result<Rows<'b>> {
        let name = |index: usize| self.stored.field(index).name().clone();
        let get = |index: usize| {
            let column = batch.column_by_name(&name(index));
            column.ok_or_else(|| Error::Bug(format!("column `{}` was not read", name(index))))
        };
        let undecoded = match &self.groups {
            Groups::Parquet(_) => None,
            Groups::Lines(_) => Undecoded::of(batch),
        };
        let columns = &self.columns;
        let fields = columns.fields.iter().map(|field| field.leaf(get(field.root())?));
        Ok(Rows {
            text: TextColumn::new(get(columns.text)?),
            undecoded,
            id: columns.id.map(get).transpose()?.cloned(),
            url: columns.url.map(get).transpose()?.map(Strings::new),
            fields: fields.collect::<Result<_>>()?,
        })
    }
}

/// Batches of one group. Damage ends them with an error that the caller turns into quarantine.
pub(crate) struct Batches(Box<dyn Iterator<Item = std::result::Result<RecordBatch, String>>>);

impl Iterator for Batches {
    type Item = std::result::Result<RecordBatch, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
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
    undecoded: Option<Undecoded<'b>>,
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
        self.text_and_turns(row, (joined, &mut Vec::new()))
    }

    /// The text of a row, and of a chat record where its turns stand in it.
    pub(crate) fn text_and_turns<'s>(
        &'s self,
        row: usize,
        (joined, turns): (&'s mut String, &mut Vec<Turn>),
    ) -> std::result::Result<&'s str, Cause> {
        if let Some(cause) = self.undecoded.as_ref().and_then(|undecoded| undecoded.cause(row)) {
            return Err(cause);
        }
        match &self.text {
            TextColumn::Plain(strings) => {
                strings.get(row).ok_or(Cause::NullText)?.map_err(|_| Cause::InvalidUtf8)
            }
            TextColumn::Messages(messages) => messages.join(row, (joined, turns)),
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
