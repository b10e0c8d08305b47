//! Chat records: a list of structs with a string field `content`.

use super::Cause;
use super::strings::{is_text, text_at};
use crate::{Error, Result};
use arrow_array::{Array, ArrayRef, LargeListArray, ListArray, StructArray};
use arrow_schema::{DataType, Schema};
use std::path::Path;

/// A column of chat records: a list of structs with a `content`.
pub(super) struct Messages<'b>(pub(super) &'b ArrayRef);

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
    pub(super) fn join<'s>(&self, row: usize, joined: &'s mut String) -> std::result::Result<&'s str, Cause> {
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

/// Checks that a column holds chat records.
pub(super) fn messages_column(path: &Path, schema: &Schema, index: usize) -> Result<usize> {
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
