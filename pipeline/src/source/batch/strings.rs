//! Strings, or bytes that should be UTF-8, in whatever Arrow type holds them.

use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Schema};
use std::borrow::Cow;
use std::path::Path;

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

    /// The text of a row, with U+FFFD for bytes that are not UTF-8; `None` for a null.
    pub(crate) fn lossy(&self, row: usize) -> Option<Cow<'b, str>> {
        lossy_at(self.0.as_ref(), row)
    }

    /// The type of the column.
    pub(super) fn data_type(&self) -> &DataType {
        self.0.data_type()
    }
}

/// Whether a type holds bytes rather than strings.
pub(crate) fn is_bytes(kind: &DataType) -> bool {
    match kind {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Dictionary(_, values) => is_bytes(values),
        _ => false,
    }
}

/// The same of any array.
pub(super) fn lossy_at(array: &dyn Array, row: usize) -> Option<Cow<'_, str>> {
    let bytes = match text_at(array, row)? {
        Ok(text) => return Some(Cow::Borrowed(text)),
        Err(_) => bytes_at(array, row)?,
    };
    Some(String::from_utf8_lossy(bytes))
}

/// The bytes of a row of a column of bytes.
fn bytes_at(array: &dyn Array, row: usize) -> Option<&[u8]> {
    match array.data_type() {
        DataType::Binary => Some(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Some(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => Some(array.as_binary_view().value(row)),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let key = *dictionary.normalized_keys().get(row)?;
            bytes_at(dictionary.values().as_ref(), key)
        }
        _ => None,
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

/// Whether a column of this type holds strings, or bytes that may be.
pub(crate) fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        other => is_bytes(other),
    }
}

/// Checks that a column holds strings.
pub(super) fn string_column(path: &Path, schema: &Schema, index: usize) -> Result<usize> {
    let field = schema.field(index);
    if is_text(field.data_type()) {
        return Ok(index);
    }
    let why = format!("column `{}` is {}, expected a string", field.name(), field.data_type());
    Err(Error::input(path, why))
}
