//! The columns that lines become: one for each member the configuration names, and `json` for the others.

use super::chats::Message;
use super::members::Members;
use super::record::{Record, Value};
use crate::Result;
use crate::config::Input;
use crate::source::batch::{Cause, WantedField};
use arrow_array::builder::{
    BooleanBuilder, Float64Builder, ListBuilder, StringBuilder, StructBuilder, UInt8Builder, UInt64Builder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use filters::{Kind, Role};
use std::sync::Arc;

/// What a column holds of each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// The record's text.
    Text,
    /// Messages with role and content; with a role perhaps a string, which is one message of that role.
    Messages(Option<Role>),
    /// A string or an integer, as text.
    Name,
    /// A string.
    String,
    /// A string, number or boolean, as text.
    Label,
    Number,
    Flag,
}

/// The columns of a shard of lines.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    columns: Vec<(String, Holds)>,
    /// The member that is in its column alone, so that an edited text leaves no trace.
    text: Option<String>,
    stored: SchemaRef,
    decoded: SchemaRef,
}

impl Layout {
    /// The columns that a configuration asks for.
    pub(crate) fn new(input: &Input, fields: &[WantedField]) -> Self {
        let mut columns: Vec<(String, Holds)> = Vec::new();
        let mut add = |name: &String, holds: Holds| {
            if columns.iter().all(|(there, _)| there != name) {
                columns.push((name.clone(), holds));
            }
        };
        input.text.iter().for_each(|name| add(name, Holds::Text));
        if let Some(messages) = &input.messages {
            let role = |role: Role| messages.may_be_strings().then_some(role);
            messages.fields().iter().for_each(|field| add(&field.name, Holds::Messages(role(field.role))));
        }
        input.id.iter().for_each(|name| add(name, Holds::Name));
        input.url.iter().for_each(|name| add(name, Holds::String));
        // a number can stand for a label, but not the other way round
        for wanted in [Kind::Number, Kind::Flag, Kind::Label] {
            let holds = match wanted {
                Kind::Number => Holds::Number,
                Kind::Flag => Holds::Flag,
                Kind::Label => Holds::Label,
            };
            fields.iter().filter(|(_, kind)| *kind == wanted).for_each(|(name, _)| add(name, holds));
        }
        let mut json = "json".to_string();
        while columns.iter().any(|(name, _)| *name == json) {
            json.push('_');
        }
        let mut stored: Vec<Field> =
            columns.iter().map(|(name, holds)| Field::new(name, holds.data_type(), true)).collect();
        stored.push(Field::new(json, DataType::Utf8, true));
        let mut decoded = stored.clone();
        decoded.extend(Undecoded::fields());
        let schema = |fields: Vec<Field>| Arc::new(Schema::new(fields));
        Self { columns, text: input.text.clone(), stored: schema(stored), decoded: schema(decoded) }
    }

    /// The columns of a record as they are written.
    pub(crate) fn stored(&self) -> &SchemaRef {
        &self.stored
    }

    /// How records of these columns are spelled as lines.
    pub(super) fn members(&self) -> Members {
        let json = self.stored.fields().last().map(|field| field.name().clone()).unwrap_or_default();
        Members { text: self.text.clone(), json }
    }

    /// The names of the columns that come from members.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// A builder of batches.
    pub(super) fn builder(&self) -> BatchBuilder<'_> {
        BatchBuilder {
            layout: self,
            columns: self.columns.iter().map(|(_, holds)| holds.builder()).collect(),
            json: StringBuilder::new(),
            causes: UInt8Builder::new(),
            bytes: UInt64Builder::new(),
            joints: ListBuilder::new(UInt64Builder::new()),
            rows: 0,
        }
    }
}

fn message_fields() -> Fields {
    Fields::from(["role", "content"].map(|name| Field::new(name, DataType::Utf8, true)).to_vec())
}

impl Holds {
    fn data_type(self) -> DataType {
        match self {
            Self::Messages(_) => {
                DataType::List(Arc::new(Field::new("item", DataType::Struct(message_fields()), true)))
            }
            Self::Number => DataType::Float64,
            Self::Flag => DataType::Boolean,
            Self::Text | Self::Name | Self::String | Self::Label => DataType::Utf8,
        }
    }

    fn builder(self) -> Column {
        match self {
            Self::Messages(_) => {
                Column::Messages(ListBuilder::new(StructBuilder::from_fields(message_fields(), 0)))
            }
            Self::Number => Column::Numbers(Float64Builder::new()),
            Self::Flag => Column::Flags(BooleanBuilder::new()),
            Self::Text | Self::Name | Self::String | Self::Label => Column::Strings(StringBuilder::new()),
        }
    }
}

enum Column {
    Strings(StringBuilder),
    Messages(ListBuilder<StructBuilder>),
    Numbers(Float64Builder),
    Flags(BooleanBuilder),
}

impl Column {
    /// Appends a line's value, or a null; of what should be a text and is none the cause.
    fn append(
        &mut self,
        holds: Holds,
        value: Option<Value<'_>>,
        joints: &mut Joints,
    ) -> std::result::Result<(), Cause> {
        match self {
            Self::Strings(strings) => {
                let text = match holds {
                    Holds::Text => value.map(Value::text).transpose(),
                    Holds::Name => Ok(value.and_then(Value::name)),
                    Holds::String => Ok(value.and_then(Value::string)),
                    _ => Ok(value.and_then(Value::label)),
                };
                strings.append_option(text.as_ref().ok().and_then(Option::as_ref));
                return text.map(|_| ());
            }
            Self::Messages(lists) => {
                let Holds::Messages(role) = holds else { return Ok(()) };
                // of several fields one may be null
                let value = value.filter(|value| role.is_none() || !value.is_null());
                let messages = value.map(|value| value.turns(role)).transpose();
                let told = messages.as_ref().ok().and_then(Option::as_deref);
                told.unwrap_or_default().iter().for_each(|message| joints.after(message));
                append_messages(lists, told);
                return messages.map(|_| ());
            }
            Self::Numbers(numbers) => numbers.append_option(value.and_then(Value::number)),
            Self::Flags(flags) => flags.append_option(value.and_then(Value::flag)),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Strings(strings) => Arc::new(strings.finish()),
            Self::Messages(lists) => Arc::new(lists.finish()),
            Self::Numbers(numbers) => Arc::new(numbers.finish()),
            Self::Flags(flags) => Arc::new(flags.finish()),
        }
    }
}

fn append_messages(lists: &mut ListBuilder<StructBuilder>, messages: Option<&[Message<'_>]>) {
    for message in messages.unwrap_or_default() {
        let structs = lists.values();
        for (at, text) in [message.role.clone(), message.content()].into_iter().enumerate() {
            if let Some(strings) = structs.field_builder::<StringBuilder>(at) {
                strings.append_option(text);
            }
        }
        structs.append(true);
    }
    lists.append(messages.is_some());
}

/// Where the parts of a record's turns were joined, which its columns do not tell.
#[derive(Default)]
struct Joints {
    found: Vec<u64>,
    /// Where the next turn begins.
    at: u64,
}

impl Joints {
    fn after(&mut self, message: &Message<'_>) {
        let (joints, length) = message.joints();
        self.found.extend(joints.into_iter().map(|joint| self.at + joint));
        self.at += length + 1;
    }
}

/// Collects lines.
pub(super) struct BatchBuilder<'l> {
    layout: &'l Layout,
    columns: Vec<Column>,
    json: StringBuilder,
    causes: UInt8Builder,
    bytes: UInt64Builder,
    joints: ListBuilder<UInt64Builder>,
    rows: usize,
}

impl BatchBuilder<'_> {
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a line. One that is no record has its cause, and stands in `json` as it is.
    pub(super) fn line(&mut self, line: &[u8]) {
        match Record::parse(line) {
            Ok(record) => {
                let (mut cause, mut joints) = (None, Joints::default());
                for ((name, holds), column) in self.layout.columns.iter().zip(&mut self.columns) {
                    cause = cause.or(column.append(*holds, record.find(name), &mut joints).err());
                }
                self.joints.values().append_slice(&joints.found);
                // what could not be taken for a text is nowhere else
                let taken = self.layout.text.as_deref().filter(|_| cause.is_none());
                self.end(Some(&record.without(taken)), cause, None);
            }
            Err(cause) => {
                self.empty();
                self.end(Some(&String::from_utf8_lossy(line)), Some(cause), None);
            }
        }
    }

    /// Adds a line that was too long to be read.
    pub(super) fn too_long(&mut self, bytes: u64) {
        self.empty();
        self.end(None, None, Some(bytes));
    }

    fn empty(&mut self) {
        for ((_, holds), column) in self.layout.columns.iter().zip(&mut self.columns) {
            // a value that is not there has no cause
            let _ = column.append(*holds, None, &mut Joints::default());
        }
    }

    fn end(&mut self, json: Option<&str>, cause: Option<Cause>, bytes: Option<u64>) {
        self.json.append_option(json);
        self.causes.append_option(cause.and_then(code_of));
        self.bytes.append_option(bytes);
        self.joints.append(true);
        self.rows += 1;
    }

    pub(super) fn finish(mut self) -> Result<RecordBatch> {
        let mut arrays: Vec<ArrayRef> = self.columns.iter_mut().map(Column::finish).collect();
        arrays.push(Arc::new(self.json.finish()));
        arrays.push(Arc::new(self.causes.finish()));
        arrays.push(Arc::new(self.bytes.finish()));
        arrays.push(Arc::new(self.joints.finish()));
        Ok(RecordBatch::try_new(Arc::clone(&self.layout.decoded), arrays)?)
    }
}

/// The causes that a column of bytes holds, by their places here.
const CAUSES: [Cause; 6] = [
    Cause::NullText,
    Cause::InvalidUtf8,
    Cause::InvalidJson,
    Cause::NotAnObject,
    Cause::DuplicateKey,
    Cause::TextType,
];

fn code_of(cause: Cause) -> Option<u8> {
    CAUSES.iter().position(|&other| other == cause).and_then(|at| u8::try_from(at).ok())
}

/// Why lines of a batch have no text, and where the parts of their turns were joined: its last columns, which are never
/// written.
pub(crate) struct Undecoded<'b> {
    causes: &'b arrow_array::UInt8Array,
    bytes: &'b arrow_array::UInt64Array,
    joints: &'b arrow_array::ListArray,
}

impl<'b> Undecoded<'b> {
    fn fields() -> [Field; 3] {
        let joints = DataType::List(Arc::new(Field::new("item", DataType::UInt64, true)));
        [
            Field::new("cause", DataType::UInt8, true),
            Field::new("bytes", DataType::UInt64, true),
            Field::new("joints", joints, false),
        ]
    }

    /// The causes of a decoded batch.
    pub(crate) fn of(batch: &'b RecordBatch) -> Option<Self> {
        let [.., causes, bytes, joints] = batch.columns() else { return None };
        Some(Self {
            causes: causes.as_any().downcast_ref()?,
            bytes: bytes.as_any().downcast_ref()?,
            joints: joints.as_any().downcast_ref()?,
        })
    }

    /// Why a row has no text, where there is more to say than that it has none.
    pub(crate) fn cause(&self, row: usize) -> Option<Cause> {
        match self.bytes.is_valid(row) {
            true => Some(Cause::TooLarge(self.bytes.value(row))),
            false if self.causes.is_valid(row) => CAUSES.get(usize::from(self.causes.value(row))).copied(),
            false => None,
        }
    }

    /// Where the parts of a row's turns were joined, in bytes of its text.
    pub(crate) fn joints(&self, row: usize) -> Vec<usize> {
        let joints = self.joints.value(row);
        joints.as_primitive::<UInt64Type>().values().iter().map(|&joint| joint as usize).collect()
    }
}
