//! Columns besides text, id and URL, which stages ask for by name: `lang`, or `meta.lang` for a field of a struct.

use super::strings::{is_text, text_at};
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, downcast_primitive_array};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use filters::Kind;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

/// A column that a stage asks for, and as what.
pub(crate) type WantedField = (String, Kind);

/// Where the values of a wanted field are: a column of the shard, then fields of structs.
pub(super) struct FieldColumn {
    root: usize,
    within: Vec<String>,
}

impl FieldColumn {
    /// Finds a field in a shard's schema. A column whose name holds dots is found by its whole name.
    pub(super) fn find(path: &Path, schema: &Schema, (name, kind): &WantedField) -> Result<Self> {
        let (root, within) = match schema.index_of(name) {
            Ok(root) => (root, Vec::new()),
            Err(_) => {
                let mut parts = name.split('.');
                let root = super::column(path, schema, parts.next().unwrap_or_default())?;
                (root, parts.map(String::from).collect())
            }
        };
        let mut field = schema.field(root);
        for part in &within {
            let DataType::Struct(fields) = field.data_type() else {
                let why = format!(
                    "column `{name}`: `{}` is {}, expected a struct",
                    field.name(),
                    field.data_type()
                );
                return Err(Error::input(path, why));
            };
            field = inner(fields.iter(), part).ok_or_else(|| {
                let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
                Error::input(
                    path,
                    format!("no column `{name}`; `{}` holds: {}", field.name(), names.join(", ")),
                )
            })?;
        }
        check(path, name, field, *kind)?;
        Ok(Self { root, within })
    }

    pub(super) fn root(&self) -> usize {
        self.root
    }

    /// The values, which stand within `root`. A null struct holds nulls.
    pub(super) fn leaf(&self, root: &ArrayRef) -> Result<ArrayRef> {
        let mut array = Arc::clone(root);
        for part in &self.within {
            let structs = array.as_struct();
            let nulls = structs.nulls().cloned();
            let child = structs.column_by_name(part).cloned();
            let child = child.ok_or_else(|| Error::Bug(format!("field `{part}` was not read")))?;
            let all = arrow_buffer::NullBuffer::union(nulls.as_ref(), child.logical_nulls().as_ref());
            let data = child.to_data().into_builder().nulls(all).build();
            array = arrow_array::make_array(data.map_err(|e| Error::Bug(e.to_string()))?);
        }
        Ok(array)
    }
}

fn inner<'f>(mut fields: impl Iterator<Item = &'f FieldRef>, name: &str) -> Option<&'f Field> {
    fields.find(|field| field.name() == name).map(AsRef::as_ref)
}

fn check(path: &Path, name: &str, field: &Field, kind: Kind) -> Result<()> {
    let stored = field.data_type();
    let number = stored.is_integer() || stored.is_floating();
    let (fits, expected) = match kind {
        Kind::Number => (number, "a number"),
        Kind::Flag => (*stored == DataType::Boolean, "a boolean"),
        Kind::Label => (is_value(stored), "a string, number or boolean"),
    };
    match fits {
        true => Ok(()),
        false => Err(Error::input(path, format!("column `{name}` is {stored}, expected {expected}"))),
    }
}

/// Whether [`value_at`] finds something in a column of this type.
pub(crate) fn is_value(kind: &DataType) -> bool {
    is_text(kind) || kind.is_primitive() || *kind == DataType::Boolean
}

/// A value as text: strings as they are, numbers in the shortest form that reads back as the same number, dates and
/// times as the integers they are stored as; `None` for a null and for bytes that are not UTF-8.
pub(crate) fn value_at(array: &dyn Array, row: usize) -> Option<Cow<'_, str>> {
    if is_text(array.data_type()) {
        return text_at(array, row)?.ok().map(Cow::Borrowed);
    }
    if !array.is_valid(row) {
        return None;
    }
    let text = downcast_primitive_array!(
        array => format!("{:?}", array.value(row)),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        _ => return None,
    );
    Some(Cow::Owned(text))
}
