//! Chat records: a list of structs with a text and, mostly, a role, as OpenAI and ShareGPT shape them.

use super::Cause;
use super::strings::{is_text, text_at};
use crate::{Error, Result};
use arrow_array::{Array, ArrayRef, LargeListArray, ListArray, StructArray};
use arrow_schema::{DataType, Fields, Schema};
use filters::{Role, Turn};
use std::path::Path;

/// Names of the field with a turn's text; the first that a struct has counts.
const CONTENT: [&str; 2] = ["content", "value"];
/// Names of the field that says whose turn it is.
const ROLE: [&str; 2] = ["role", "from"];
/// The field with the text of a part of a turn.
const PART: &str = "text";

/// A column of chat records.
pub(super) struct Messages<'b>(pub(super) &'b ArrayRef);

impl Messages<'_> {
    /// Joins the texts of a record's turns by one newline and says where each stands.
    pub(super) fn join<'s>(
        &self,
        row: usize,
        (joined, turns): (&'s mut String, &mut Vec<Turn>),
    ) -> std::result::Result<&'s str, Cause> {
        joined.clear();
        turns.clear();
        let list = items(self.0.as_ref(), row).ok_or(Cause::NullText)?;
        let messages = list.as_any().downcast_ref::<StructArray>().ok_or(Cause::NullText)?;
        let named = |names: &[&str]| names.iter().find_map(|name| messages.column_by_name(name));
        let contents = named(&CONTENT).ok_or(Cause::NullText)?;
        let roles = named(&ROLE);
        for at in 0..messages.len() {
            if at > 0 {
                joined.push('\n');
            }
            let start = joined.len();
            append(contents.as_ref(), at, joined)?;
            let role = match roles.and_then(|roles| text_at(roles.as_ref(), at)) {
                Some(Ok(name)) => Role::named(name),
                Some(Err(_)) => return Err(Cause::InvalidUtf8),
                None => Role::Other,
            };
            turns.push(Turn { role, range: start..joined.len() });
        }
        Ok(joined)
    }
}

/// What a list holds in a row.
fn items(array: &dyn Array, row: usize) -> Option<ArrayRef> {
    if !array.is_valid(row) {
        return None;
    }
    match array.data_type() {
        DataType::List(_) => array.as_any().downcast_ref::<ListArray>().map(|list| list.value(row)),
        DataType::LargeList(_) => array.as_any().downcast_ref::<LargeListArray>().map(|list| list.value(row)),
        _ => None,
    }
}

/// Appends the text of a turn: a string, or the strings of its parts, each in a line of its own. Parts without text, such
/// as images, add nothing.
fn append(contents: &dyn Array, at: usize, joined: &mut String) -> std::result::Result<(), Cause> {
    if let Some(text) = text_at(contents, at) {
        joined.push_str(text.map_err(|_| Cause::InvalidUtf8)?);
        return Ok(());
    }
    let Some(parts) = items(contents, at) else { return Ok(()) };
    let Some(parts) = parts.as_any().downcast_ref::<StructArray>() else { return Ok(()) };
    let Some(texts) = parts.column_by_name(PART) else { return Ok(()) };
    let mut first = true;
    for part in (0..parts.len()).filter(|part| parts.is_valid(*part)) {
        if let Some(text) = text_at(texts.as_ref(), part) {
            if !first {
                joined.push('\n');
            }
            first = false;
            joined.push_str(text.map_err(|_| Cause::InvalidUtf8)?);
        }
    }
    Ok(())
}

/// Checks that a column holds chat records.
pub(super) fn messages_column(path: &Path, schema: &Schema, index: usize) -> Result<usize> {
    let field = schema.field(index);
    let fields = fields_of(field.data_type());
    let find = |names: &[&str]| {
        let fields = fields?;
        names.iter().find_map(|name| fields.iter().find(|field| field.name() == name)).map(|f| f.data_type())
    };
    let has_text = find(&CONTENT).is_some_and(is_content);
    if has_text && find(&ROLE).is_none_or(is_text) {
        return Ok(index);
    }
    let why = format!(
        "column `{}` is {}, expected a list of structs with a text in `content` (or `value`) and a string `role` (or `from`)",
        field.name(),
        field.data_type()
    );
    Err(Error::input(path, why))
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

fn is_content(kind: &DataType) -> bool {
    let part = |fields: &Fields| {
        fields.iter().find(|field| field.name() == PART).is_some_and(|field| is_text(field.data_type()))
    };
    is_text(kind) || fields_of(kind).is_some_and(part)
}
