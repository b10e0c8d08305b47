//! Chat records: fields that hold a string, or a list of structs with a text and, mostly, a role, as OpenAI and ShareGPT
//! shape them.

use super::Cause;
use super::lists::Lists;
use super::strings::{is_bytes, is_text, lossy_at, text_at};
use crate::config::Messages;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_schema::{DataType, Fields, Schema};
use filters::{Chat, Role};
use std::path::Path;

/// Names of the field with a turn's text; the first that a struct has counts.
const CONTENT: [&str; 2] = ["content", "value"];
/// Names of the field that says whose turn it is.
const ROLE: [&str; 2] = ["role", "from"];
/// The field with the text of a part of a turn.
const PART: &str = "text";

/// Where a field of chat records stands, and whose turn a string in it is.
pub(super) type ChatColumn = (usize, Role);

/// The fields of chat records, in order.
pub(super) struct Chats<'b>(pub(super) Vec<(&'b ArrayRef, Role)>);

/// What is told of a record, turn by turn.
pub(super) trait Listener {
    fn turn(&mut self, role: Role, field: usize);

    /// A string of the last turn: the `leaf`-th of all strings in its field, see [`leaves`].
    fn say(&mut self, text: &str, leaf: usize);
}

impl Listener for Chat {
    fn turn(&mut self, role: Role, field: usize) {
        self.turn(role, field);
    }

    fn say(&mut self, text: &str, _: usize) {
        self.say(text);
    }
}

impl Chats<'_> {
    /// Tells a record. Bytes that are not UTF-8 are told as U+FFFD, and are an error in the end.
    pub(super) fn tell(&self, row: usize, listener: &mut impl Listener) -> std::result::Result<(), Cause> {
        let mut told = Told { null: true, invalid: false };
        for (field, &(array, role)) in self.0.iter().enumerate() {
            if is_text(array.data_type()) {
                if array.is_valid(row) {
                    listener.turn(role, field);
                    told.null = false;
                    told.say(array.as_ref(), row, listener);
                }
            } else if let Some(list) = Lists::of(array.as_ref()) {
                told.turns(list, (row, field), listener);
            }
        }
        match told {
            Told { null: true, .. } => Err(Cause::NullText),
            Told { invalid: true, .. } => Err(Cause::InvalidUtf8),
            _ => Ok(()),
        }
    }
}

struct Told {
    /// Whether no field holds anything.
    null: bool,
    /// Whether something was not UTF-8.
    invalid: bool,
}

impl Told {
    fn turns(&mut self, list: Lists<'_>, (row, field): (usize, usize), listener: &mut impl Listener) {
        let Some((range, messages)) = list.range(row).zip(list.values().as_struct_opt()) else { return };
        let Some(contents) = named(messages, &CONTENT) else { return };
        self.null = false;
        let roles = named(messages, &ROLE);
        for at in range {
            let role = match roles.and_then(|roles| text_at(roles.as_ref(), at)) {
                Some(Ok(name)) => Role::named(name),
                Some(Err(_)) => {
                    self.invalid = true;
                    Role::Other
                }
                None => Role::Other,
            };
            listener.turn(role, field);
            match Lists::of(contents.as_ref()) {
                None => self.say(contents.as_ref(), at, listener),
                // parts without text, such as images, add nothing
                Some(parts) => {
                    let structs = parts.values().as_struct_opt();
                    let texts = structs.and_then(|structs| structs.column_by_name(PART));
                    for part in parts.range(at).into_iter().flatten() {
                        if let Some((structs, texts)) = structs.zip(texts).filter(|(s, _)| s.is_valid(part)) {
                            debug_assert_eq!(structs.len(), texts.len());
                            self.say(texts.as_ref(), part, listener);
                        }
                    }
                }
            }
        }
    }

    fn say(&mut self, strings: &dyn Array, at: usize, listener: &mut impl Listener) {
        if let Some(text) = lossy_at(strings, at) {
            self.invalid |= text_at(strings, at).is_some_and(|text| text.is_err());
            listener.say(&text, at);
        }
    }
}

fn named<'s>(structs: &'s StructArray, names: &[&str]) -> Option<&'s ArrayRef> {
    names.iter().find_map(|name| structs.column_by_name(name))
}

/// All strings of a field.
pub(super) fn leaves(array: &ArrayRef) -> Option<&ArrayRef> {
    if is_text(array.data_type()) {
        return Some(array);
    }
    let messages = Lists::of(array.as_ref())?.values().as_struct_opt()?;
    let contents = named(messages, &CONTENT)?;
    match Lists::of(contents.as_ref()) {
        None => Some(contents),
        Some(parts) => parts.values().as_struct_opt()?.column_by_name(PART),
    }
}

/// A field with other strings.
pub(super) fn with_leaves(array: &ArrayRef, leaves: ArrayRef) -> Result<ArrayRef> {
    let Some(list) = Lists::of(array.as_ref()) else { return Ok(leaves) };
    let within = |list: Lists<'_>, names: &[&str], change: &dyn Fn(&ArrayRef) -> Result<ArrayRef>| {
        let structs =
            list.values().as_struct_opt().ok_or_else(|| Error::Bug("a list of no structs".into()))?;
        let (fields, mut columns, nulls) = structs.clone().into_parts();
        let at = names.iter().find_map(|name| fields.iter().position(|field| field.name() == name));
        let at = at.ok_or_else(|| Error::Bug("structs without a text".into()))?;
        columns[at] = change(&columns[at])?;
        let values = std::sync::Arc::new(StructArray::try_new(fields, columns, nulls)?);
        Ok::<_, Error>(list.with_values(&list.item()?, values)?)
    };
    within(list, &CONTENT, &|contents| match Lists::of(contents.as_ref()) {
        None => Ok(leaves.clone()),
        Some(parts) => within(parts, &[PART], &|_| Ok(leaves.clone())),
    })
}

/// Finds the fields of chat records and checks what they hold.
pub(super) fn chat_columns(path: &Path, schema: &Schema, messages: &Messages) -> Result<Vec<ChatColumn>> {
    let find = |field: &crate::config::ChatField| {
        let index = super::column(path, schema, &field.name)?;
        let kind = schema.field(index).data_type();
        if let Some([one, other]) = ambiguous(kind) {
            let why = format!(
                "column `{}` has both `{one}` and `{other}`; only one of them can be meant",
                field.name
            );
            return Err(Error::input(path, why));
        }
        if is_messages(kind) || (messages.may_be_strings() && is_text(kind)) {
            return Ok((index, field.role));
        }
        let or = if messages.may_be_strings() { "a string or " } else { "" };
        let why = format!(
            "column `{}` is {kind}, expected {or}a list of structs with a text in `content` (or `value`) and a string `role` (or `from`)",
            field.name,
        );
        Err(Error::input(path, why))
    };
    messages.fields().iter().map(find).collect()
}

/// The fields that hold bytes, of chat records: as JSON they would be written in hexadecimal.
pub(super) fn held_as_bytes<'s>(schema: &'s Schema, columns: &[ChatColumn]) -> Option<&'s str> {
    let fields = columns.iter().map(|(index, _)| schema.field(*index));
    let mut bytes = fields.filter(|field| leaf_type(field.data_type()).is_some_and(is_bytes));
    bytes.next().map(|field| field.name().as_str())
}

/// The type of all strings of a field, as [`leaves`] finds them.
fn leaf_type(field: &DataType) -> Option<&DataType> {
    let Some(turn) = fields_of(field) else { return Some(field) };
    let content = CONTENT.iter().find_map(|name| turn.find(name))?.1.data_type();
    match fields_of(content) {
        None => Some(content),
        Some(part) => part.find(PART).map(|(_, text)| text.data_type()),
    }
}

/// Two names that stand for the same, in one struct: a turn may be told by either.
fn ambiguous(kind: &DataType) -> Option<[&'static str; 2]> {
    let fields = fields_of(kind)?;
    [CONTENT, ROLE].into_iter().find(|names| names.iter().all(|name| fields.find(name).is_some()))
}

fn is_messages(kind: &DataType) -> bool {
    let Some(turn) = fields_of(kind) else { return false };
    let role = ROLE.iter().find_map(|name| turn.find(name));
    leaf_type(kind).is_some_and(is_text) && role.is_none_or(|(_, role)| is_text(role.data_type()))
}

/// The fields of the structs in a list.
fn fields_of(list: &DataType) -> Option<&Fields> {
    match list {
        DataType::List(item) | DataType::LargeList(item) => match item.data_type() {
            DataType::Struct(fields) => Some(fields),
            _ => None,
        },
        _ => None,
    }
}
