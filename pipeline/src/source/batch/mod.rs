//! Rows of a row group as the judge sees them: text, id, URL and the fields stages ask for, whatever Arrow type
//! holds them.

mod edited;
mod fields;
mod lists;
mod messages;
mod strings;

use crate::config::Input;
use crate::files::input::InputFile;
use crate::source::drift::conform;
use crate::source::inputs::Shard;
use crate::source::lines::{Blocks, Layout, LinesReader, Members, Undecoded};
use crate::source::parquet::ParquetReader;
use crate::source::unread::Unread;
use crate::{Error, Result};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Schema, SchemaRef};
use fields::FieldColumn;
use filters::{Chat, Document};
use messages::{ChatColumn, Chats, chat_columns};
use parquet::arrow::arrow_reader::RowSelection;
use parquet::file::metadata::KeyValue;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use strings::string_column;

pub(crate) use edited::RowEdits;
pub(crate) use fields::{WantedField, is_value, value_at};
pub(crate) use lists::Lists;
pub(crate) use strings::{Strings, is_bytes, is_text, label_at, text_at};

/// Rows decoded at a time: large enough to amortise, small enough that a batch of long texts stays small.
pub(crate) const BATCH_ROWS: usize = 1024;

/// Names of columns, or of members, that are told at most.
pub(crate) const NAMES_TOLD_MAX: usize = 30;

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
    /// A page of the row group takes so many bytes.
    PageTooLarge(u64),
    Unreadable,
    /// A value that the format of the release has no spelling for.
    Unspellable,
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
            Cause::PageTooLarge(_) => "page-bytes",
            Cause::Unreadable => "unreadable",
            Cause::Unspellable => "unspellable",
        }
    }

    /// What was found and what is allowed, as the ledger tells them.
    pub(crate) fn measured(self, input: &Input) -> [String; 2] {
        let [value, bound] = match self {
            Cause::TooLarge(bytes) => [bytes, input.max_record_bytes],
            Cause::PageTooLarge(bytes) => [bytes, input.max_page_bytes],
            _ => [1, 0],
        };
        [value.to_string(), bound.to_string()]
    }
}

/// A shard: a sequence of groups of records, and the columns of theirs that are read.
pub(crate) struct ShardReader {
    groups: Groups,
    /// The columns as they are stored.
    stored: SchemaRef,
    /// The columns as they are written back, if other shards have other ones.
    written: Option<SchemaRef>,
    columns: Columns,
}

/// Where the groups are, by format.
enum Groups {
    Parquet(ParquetReader),
    Lines(LinesReader),
}

/// Where the configured columns stand, and the fields that stages ask for.
struct Columns {
    text: TextPlace,
    id: Option<usize>,
    url: Option<usize>,
    fields: Vec<FieldColumn>,
}

/// Where the text stands.
enum TextPlace {
    Plain(usize),
    Chats(Vec<ChatColumn>),
}

impl TextPlace {
    fn columns(&self) -> Vec<usize> {
        match self {
            Self::Plain(column) => vec![*column],
            Self::Chats(columns) => columns.iter().map(|(column, _)| *column).collect(),
        }
    }
}

impl Columns {
    fn find(path: &Path, schema: &Schema, input: &Input, fields: &[WantedField]) -> Result<Self> {
        let find = |name: &String| column(path, schema, name);
        let text = match (&input.text, &input.messages) {
            (Some(name), _) => TextPlace::Plain(string_column(path, schema, find(name)?)?),
            (None, Some(messages)) => TextPlace::Chats(chat_columns(path, schema, messages)?),
            (None, None) => return Err(Error::Bug("neither text nor messages is configured".into())),
        };
        let id = input.id.as_ref().map(find).transpose()?;
        let url = input.url.as_ref().map(find).transpose()?;
        let fields = fields.iter().map(|field| FieldColumn::find(path, schema, field));
        Ok(Self { text, id, url, fields: fields.collect::<Result<_>>()? })
    }

    /// The accessors of a batch, which has some of the columns that `schema` tells, and these among them.
    fn rows<'b>(&self, schema: &Schema, batch: &'b RecordBatch) -> Result<Rows<'b>> {
        let name = |index: usize| schema.field(index).name().clone();
        let get = |index: usize| {
            let column = batch.column_by_name(&name(index));
            column.ok_or_else(|| Error::Bug(format!("column `{}` was not read", name(index))))
        };
        let fields = self.fields.iter().map(|field| field.leaf(get(field.root())?));
        let text = match &self.text {
            TextPlace::Plain(column) => TextColumn::Plain(Strings::new(get(*column)?)),
            TextPlace::Chats(columns) => {
                let column = |&(column, role): &ChatColumn| Ok((get(column)?, role));
                TextColumn::Chats(Chats(columns.iter().map(column).collect::<Result<_>>()?))
            }
        };
        Ok(Rows {
            text,
            undecoded: None,
            id: self.id.map(get).transpose()?.cloned(),
            url: self.url.map(get).transpose()?.map(Strings::new),
            fields: fields.collect::<Result<_>>()?,
        })
    }

    fn roots(&self) -> Vec<usize> {
        let named = [self.id, self.url].into_iter().flatten();
        self.text
            .columns()
            .into_iter()
            .chain(named)
            .chain(self.fields.iter().map(FieldColumn::root))
            .collect()
    }
}

impl ShardReader {
    /// Opens a shard of the input.
    pub(crate) fn of_shard(shard: &Shard, input: &Input, fields: &[WantedField]) -> Result<Self> {
        match &shard.blocks {
            Some(blocks) => Self::of_lines(shard.file.name(), Arc::clone(blocks), input, fields),
            None => {
                let reader = Self::of_file(&shard.file, input, fields)?;
                Ok(Self { written: shard.columns.clone(), ..reader })
            }
        }
    }

    /// Reads lines whose blocks are known.
    pub(crate) fn of_lines(
        name: &Path,
        blocks: Arc<Blocks>,
        input: &Input,
        fields: &[WantedField],
    ) -> Result<Self> {
        let layout = Layout::new(input, fields);
        let stored = Arc::clone(layout.stored());
        let columns = Columns::find(name, &stored, input, fields)?;
        let groups = Groups::Lines(LinesReader::new(blocks, layout, input));
        Ok(Self { groups, stored, written: None, columns })
    }

    /// The field of chat records that is held as bytes, if one is.
    pub(crate) fn held_as_bytes(&self) -> Option<&str> {
        match &self.columns.text {
            TextPlace::Chats(columns) => messages::held_as_bytes(&self.stored, columns),
            TextPlace::Plain(_) => None,
        }
    }

    /// Checks that the configured columns are among some.
    pub(crate) fn check(name: &Path, schema: &Schema, input: &Input, fields: &[WantedField]) -> Result<()> {
        Columns::find(name, schema, input, fields).map(drop)
    }

    /// Opens a local Parquet file.
    pub(crate) fn open(path: &Path, input: &Input, fields: &[WantedField]) -> Result<Self> {
        Self::of_file(&InputFile::local(path), input, fields)
    }

    /// Opens a Parquet file.
    pub(crate) fn of_file(file: &InputFile, input: &Input, fields: &[WantedField]) -> Result<Self> {
        Self::of_parquet(ParquetReader::open(file)?, input, fields)
    }

    /// Reads a Parquet file that is open.
    pub(crate) fn of_parquet(file: ParquetReader, input: &Input, fields: &[WantedField]) -> Result<Self> {
        let stored = Arc::clone(file.schema());
        let columns = Columns::find(file.name(), &stored, input, fields)?;
        let file = file.with_pages_up_to(input.max_page_bytes);
        let groups = Groups::Parquet(match columns.text {
            TextPlace::Plain(column) => file.with_views(column)?,
            TextPlace::Chats(_) => file,
        });
        Ok(Self { groups, stored, written: None, columns })
    }

    /// The columns of a record as they are written back.
    pub(crate) fn stored(&self) -> &SchemaRef {
        self.written.as_ref().unwrap_or(&self.stored)
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
    pub(crate) fn batches(
        &self,
        group: usize,
        rows: Option<RowSelection>,
    ) -> std::result::Result<Batches, Unread> {
        self.read(group, Some(self.columns.roots()), rows)
    }

    /// The batches of one group with all columns.
    pub(crate) fn whole(&self, group: usize) -> std::result::Result<Batches, Unread> {
        self.read(group, None, None)
    }

    fn read(
        &self,
        group: usize,
        columns: Option<Vec<usize>>,
        rows: Option<RowSelection>,
    ) -> std::result::Result<Batches, Unread> {
        Ok(Batches(match &self.groups {
            Groups::Parquet(file) => {
                Box::new(file.batches(group, columns, rows).map_err(|unread| self.blamed(unread))?)
            }
            // a line has to be read from its start to its end, whatever is wanted of it
            Groups::Lines(lines) => Box::new(lines.batches(group, rows)?),
        }))
    }

    /// A group whole, as it is written back, or why it cannot be had.
    pub(crate) fn group(&self, group: usize, expected: u64) -> std::result::Result<Vec<RecordBatch>, Unread> {
        let batches = self.whole(group)?.map(|batch| self.as_stored(batch?));
        let batches = batches.collect::<std::result::Result<Vec<_>, _>>().map_err(|why| self.unread(why))?;
        let rows: u64 = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        match rows == expected {
            true => Ok(batches),
            false => Err(Unread::Damaged(format!("{expected} rows expected, found {rows}"))),
        }
    }

    /// What it means that a batch cannot be decoded: damage, unless bytes could not be had.
    pub(crate) fn unread(&self, why: String) -> Unread {
        self.blamed(Unread::Damaged(why))
    }

    fn blamed(&self, unread: Unread) -> Unread {
        let failure = match &self.groups {
            Groups::Parquet(file) => file.failure(),
            Groups::Lines(lines) => lines.failure(),
        };
        failure.map_or(unread, Unread::Fatal)
    }

    /// A batch of [`whole`](Self::whole) as it is written back: without what is known of its rows for the judge alone.
    pub(crate) fn as_stored(&self, batch: RecordBatch) -> std::result::Result<RecordBatch, String> {
        let columns: Vec<usize> = (0..self.stored.fields().len()).collect();
        let batch = batch.project(&columns).map_err(|e| e.to_string())?;
        match &self.written {
            None => Ok(batch),
            Some(written) => conform(&batch, &self.stored, written).map_err(|e| e.to_string()),
        }
    }

    /// About how many bytes a group takes when it is decoded.
    pub(crate) fn decoded_bytes(&self, group: usize) -> u64 {
        match &self.groups {
            Groups::Parquet(file) => file.decoded_bytes(group),
            Groups::Lines(lines) => lines.decoded_bytes(group),
        }
    }

    /// A batch as it is written back, with the edits of each row put in place.
    pub(crate) fn edited(&self, batch: &RecordBatch, edits: &[RowEdits]) -> Result<RecordBatch> {
        let texts = self.rows(batch)?.edited(edits)?;
        let mut columns = batch.columns().to_vec();
        for (at, text) in self.columns.text.columns().into_iter().zip(texts) {
            columns[at] = text;
        }
        if let Groups::Lines(lines) = &self.groups {
            lines.put_back(&mut columns, edits)?;
        }
        Ok(RecordBatch::try_new(batch.schema(), columns)?)
    }

    /// The line of a row of such a batch, if the row was read from one that is no record, or not wholly one.
    pub(crate) fn unread_line<'b>(&self, batch: &'b RecordBatch, row: usize) -> Option<&'b str> {
        let Groups::Lines(lines) = &self.groups else { return None };
        let line = text_at(batch.columns().last()?.as_ref(), row)?.ok()?;
        let is_record = match &self.columns.text {
            TextPlace::Plain(column) => text_at(batch.columns().get(*column)?.as_ref(), row).is_some(),
            TextPlace::Chats(_) => lines.is_record(line),
        };
        (!is_record).then_some(line)
    }

    /// The accessors of one batch's columns.
    pub(crate) fn rows<'b>(&self, batch: &'b RecordBatch) -> Result<Rows<'b>> {
        let undecoded = match &self.groups {
            Groups::Parquet(_) => None,
            Groups::Lines(_) => Undecoded::of(batch),
        };
        Ok(Rows { undecoded, ..self.columns.rows(&self.stored, batch)? })
    }
}

/// Batches of one group. Damage ends them with an error that the caller turns into quarantine.
pub(crate) struct Batches(Box<dyn Iterator<Item = std::result::Result<RecordBatch, String>>>);

impl Batches {
    /// Those that were kept when they were first decoded.
    pub(crate) fn kept(batches: Vec<RecordBatch>) -> Self {
        Self(Box::new(batches.into_iter().map(Ok)))
    }
}

impl Iterator for Batches {
    type Item = std::result::Result<RecordBatch, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// The accessors of a batch that comes from no shard.
pub(crate) fn rows_of<'b>(batch: &'b RecordBatch, input: &Input, fields: &[WantedField]) -> Result<Rows<'b>> {
    let schema = batch.schema_ref();
    Columns::find(Path::new("batch"), schema, input, fields)?.rows(schema, batch)
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
    /// The text of a row; chat records are joined in `chat`.
    pub(crate) fn text<'s>(&'s self, row: usize, chat: &'s mut Chat) -> std::result::Result<&'s str, Cause> {
        self.document(row, chat).map(|document| document.text)
    }

    /// The text of a row, and of a chat record where its turns stand in it; nothing else of the record.
    pub(crate) fn document<'s>(
        &'s self,
        row: usize,
        chat: &'s mut Chat,
    ) -> std::result::Result<Document<'s>, Cause> {
        if let Some(cause) = self.undecoded.as_ref().and_then(|undecoded| undecoded.cause(row)) {
            return Err(cause);
        }
        match &self.text {
            TextColumn::Plain(strings) => {
                let text = strings.get(row).ok_or(Cause::NullText)?.map_err(|_| Cause::InvalidUtf8)?;
                Ok(Document { text, ..Document::default() })
            }
            TextColumn::Chats(chats) => {
                chat.clear();
                chats.tell(row, chat)?;
                let within = self.undecoded.as_ref().map(|undecoded| undecoded.joints(row));
                within.into_iter().flatten().for_each(|joint| chat.divide(joint));
                Ok(chat.document(&Document::default()))
            }
        }
    }

    /// The text of a row whatever its bytes are, with U+FFFD where they are not UTF-8; `None` for a null.
    pub(crate) fn lossy<'s>(&'s self, row: usize, chat: &'s mut Chat) -> Option<(Cow<'s, str>, &'s Chat)> {
        chat.clear();
        match &self.text {
            TextColumn::Plain(strings) => strings.lossy(row).map(|text| (text, &*chat)),
            TextColumn::Chats(chats) => match chats.tell(row, chat) {
                Err(Cause::NullText) => None,
                _ => Some((Cow::Borrowed(chat.text()), &*chat)),
            },
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
    Chats(Chats<'b>),
}

fn column(path: &Path, schema: &Schema, name: &str) -> Result<usize> {
    schema.index_of(name).map_err(|_| {
        let fields = schema.fields().iter().take(NAMES_TOLD_MAX);
        let names: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
        Error::input(path, format!("no column `{name}`; there are: {}", names.join(", ")))
    })
}
