//! Shards whose columns differ: one schema that holds the columns of all of them without loss, so that a release is
//! read as one data set.

use crate::source::batch::{Lists, is_bytes};
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, MapArray, RecordBatch, StructArray, new_null_array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The columns that shards were found to have so far.
#[derive(Default)]
pub(crate) struct Common {
    fields: Vec<(FieldRef, PathBuf)>,
    shards: usize,
    /// Whether two shards had different columns.
    differ: bool,
}

impl Common {
    /// Takes in a shard's columns.
    pub(crate) fn add(&mut self, name: &Path, schema: &Schema) -> Result<()> {
        let before: Vec<&Field> = self.fields.iter().map(|(field, _)| field.as_ref()).collect();
        self.differ |=
            self.shards > 0 && before != schema.fields().iter().map(AsRef::as_ref).collect::<Vec<_>>();
        for field in schema.fields() {
            match self.fields.iter_mut().find(|(known, _)| known.name() == field.name()) {
                Some((known, first)) => {
                    let both = wider(known.data_type(), field.data_type()).ok_or_else(|| {
                        let (found, other) = (field.data_type(), known.data_type());
                        Error::input(
                            name,
                            format!(
                                "column `{}` is {found}, but {other} in `{}`; no type holds both without loss",
                                field.name(),
                                first.display()
                            ),
                        )
                    })?;
                    *known = Arc::new(of_type(known, both, known.is_nullable() | field.is_nullable()));
                }
                None => {
                    let missing = self.shards > 0 && !field.is_nullable();
                    let field = if missing { Arc::new(nullable(field)) } else { Arc::clone(field) };
                    self.fields.push((field, name.to_path_buf()));
                }
            }
        }
        for (known, _) in &mut self.fields {
            if schema.field_with_name(known.name()).is_err() {
                *known = Arc::new(nullable(known));
            }
        }
        self.shards += 1;
        Ok(())
    }

    /// The columns of all shards, if they are not those of each.
    pub(crate) fn schema(self) -> Option<SchemaRef> {
        let fields: Vec<FieldRef> = self.fields.into_iter().map(|(field, _)| field).collect();
        self.differ.then(|| Arc::new(Schema::new(fields)))
    }
}

fn of_type(field: &Field, kind: DataType, nullable: bool) -> Field {
    field.clone().with_data_type(kind).with_nullable(nullable)
}

fn nullable(field: &Field) -> Field {
    field.clone().with_nullable(true)
}

/// The smallest type that holds every value of both, and tells them apart as each does.
fn wider(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::*;
    if one == other {
        return Some(one.clone());
    }
    let text = |kind: &DataType| matches!(kind, Utf8 | LargeUtf8 | Utf8View);
    match (one, other) {
        (Null, kind) | (kind, Null) => Some(kind.clone()),
        (Dictionary(_, value), kind) | (kind, Dictionary(_, value)) => wider(value, kind),
        (one, other) if text(one) && text(other) => Some(LargeUtf8),
        (one, other) if is_bytes(one) && is_bytes(other) => Some(LargeBinary),
        (one, other) if one.is_integer() && other.is_integer() => integer(one, other),
        (Float16, Float32) | (Float32, Float16) => Some(Float32),
        (Float16 | Float32, Float64) | (Float64, Float16 | Float32) => Some(Float64),
        // a double holds every integer of 32 bits
        (Float64, whole) | (whole, Float64) if whole.is_integer() && whole.primitive_width() <= Some(4) => {
            Some(Float64)
        }
        (Decimal128(p, s), Decimal128(q, t)) => {
            let whole = (*p as i16 - i16::from(*s)).max(*q as i16 - i16::from(*t));
            let precision = u8::try_from(whole + i16::from(*s.max(t))).ok()?;
            (precision <= 38).then(|| Decimal128(precision, *s.max(t)))
        }
        (List(a), List(b)) => Some(List(item(a, b)?)),
        (List(a) | LargeList(a), List(b) | LargeList(b)) => Some(LargeList(item(a, b)?)),
        (Map(a, sorted), Map(b, also)) => Some(Map(entries(a, b)?, *sorted && *also)),
        (Struct(a), Struct(b)) => Some(Struct(members(a, b)?)),
        _ => None,
    }
}

/// Integers of both ranges.
fn integer(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::*;
    let bits = |kind: &DataType| kind.primitive_width().map_or(64, |bytes| 8 * bytes);
    let signed = [one, other].map(DataType::is_signed_integer);
    if signed[0] == signed[1] {
        return Some(if bits(one) >= bits(other) { one.clone() } else { other.clone() });
    }
    // a signed type holds the unsigned ones that are shorter
    let (plus, minus) = if signed[0] { (other, one) } else { (one, other) };
    match (2 * bits(plus)).max(bits(minus)) {
        16 => Some(Int16),
        32 => Some(Int32),
        64 => Some(Int64),
        _ => None,
    }
}

fn item(one: &Field, other: &Field) -> Option<FieldRef> {
    let kind = wider(one.data_type(), other.data_type())?;
    Some(Arc::new(of_type(one, kind, one.is_nullable() | other.is_nullable())))
}

/// Keys and values of both. They are what they are by their places: writers give them different names.
fn entries(one: &Field, other: &Field) -> Option<FieldRef> {
    let (DataType::Struct(a), DataType::Struct(b)) = (one.data_type(), other.data_type()) else {
        return None;
    };
    let [key, value] = [0, 1].map(|at| item(a.get(at)?, b.get(at)?));
    Some(Arc::new(of_type(one, DataType::Struct(vec![key?, value?].into()), false)))
}

/// The members of both, by their names.
fn members(one: &Fields, other: &Fields) -> Option<Fields> {
    let mut all: Vec<FieldRef> = Vec::new();
    for field in one {
        all.push(match other.find(field.name()) {
            Some((_, also)) => item(field, also)?,
            None => Arc::new(nullable(field)),
        });
    }
    let more = other.iter().filter(|field| one.find(field.name()).is_none());
    all.extend(more.map(|field| Arc::new(nullable(field))));
    Some(all.into())
}

/// A batch with these columns; `stored` are those it has, of whose types a reader may have chosen another spelling.
pub(crate) fn conform(
    batch: &RecordBatch,
    stored: &Schema,
    wanted: &SchemaRef,
) -> std::result::Result<RecordBatch, ArrowError> {
    let column = |field: &FieldRef| match stored.index_of(field.name()) {
        Err(_) => Ok(new_null_array(field.data_type(), batch.num_rows())),
        Ok(at) if stored.field(at).data_type() == field.data_type() => Ok(Arc::clone(batch.column(at))),
        Ok(at) => converted(batch.column(at), field.data_type()),
    };
    let columns = wanted.fields().iter().map(column).collect::<std::result::Result<Vec<_>, _>>()?;
    let fields = wanted.fields().iter().zip(&columns);
    let fields: Vec<Field> = fields
        .map(|(field, array)| field.as_ref().clone().with_data_type(array.data_type().clone()))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// An array as one of a wider type.
pub(crate) fn converted(array: &ArrayRef, wanted: &DataType) -> std::result::Result<ArrayRef, ArrowError> {
    use DataType::*;
    if array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    Ok(match (array.data_type(), wanted) {
        (Struct(_), Struct(fields)) => {
            let array = array.as_struct();
            let member = |field: &FieldRef| match array.column_by_name(field.name()) {
                Some(column) => converted(column, field.data_type()),
                None => Ok(new_null_array(field.data_type(), array.len())),
            };
            let columns = fields.iter().map(member).collect::<std::result::Result<Vec<_>, _>>()?;
            Arc::new(StructArray::try_new_with_length(
                fields.clone(),
                columns,
                array.nulls().cloned(),
                array.len(),
            )?)
        }
        (List(_), List(item)) | (LargeList(_), LargeList(item)) => match Lists::of(array.as_ref()) {
            Some(lists) => lists.with_values(item, converted(lists.values(), item.data_type())?)?,
            None => return Err(ArrowError::CastError(format!("a list that is none, for {wanted}"))),
        },
        (List(item), LargeList(_)) => {
            converted(&cast_with_options(array, &LargeList(Arc::clone(item)), &exact())?, wanted)?
        }
        (Map(..), Map(entry, sorted)) => {
            let (_, offsets, entries, nulls, _) = array.as_map().clone().into_parts();
            let Struct(parts) = entry.data_type() else {
                return Err(ArrowError::CastError(format!(
                    "entries of a map that are {}",
                    entry.data_type()
                )));
            };
            let columns = entries.columns().iter().zip(parts).map(|(a, part)| converted(a, part.data_type()));
            let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
            let entries = StructArray::try_new(parts.clone(), columns, entries.nulls().cloned())?;
            Arc::new(MapArray::try_new(Arc::clone(entry), offsets, entries, nulls, *sorted)?)
        }
        _ => cast_with_options(array, wanted, &exact())?,
    })
}

/// A value that does not fit is an error; there is none in a wider type.
fn exact() -> CastOptions<'static> {
    CastOptions { safe: false, ..CastOptions::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DataType::*;

    fn list(kind: DataType) -> DataType {
        List(Arc::new(Field::new("item", kind, true)))
    }

    fn structs(members: &[(&str, DataType)]) -> DataType {
        Struct(members.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect())
    }

    #[test]
    fn entries_of_maps_are_keys_and_values_whatever_they_are_called() {
        let map = |names: [&str; 2], value: DataType| {
            let parts = [Field::new(names[0], Utf8, false), Field::new(names[1], value, true)];
            Map(Arc::new(Field::new("entries", Struct(parts.to_vec().into()), false)), false)
        };
        let both = wider(&map(["key", "value"], Int32), &map(["k", "v"], Int64)).unwrap();
        assert_eq!(both, map(["key", "value"], Int64));
        let mut builder = arrow_array::builder::MapBuilder::new(
            Some(arrow_array::builder::MapFieldNames {
                entry: "entries".into(),
                key: "k".into(),
                value: "v".into(),
            }),
            arrow_array::builder::StringBuilder::new(),
            arrow_array::builder::Int32Builder::new(),
        );
        builder.keys().append_value("a");
        builder.values().append_value(7);
        builder.append(true).unwrap();
        let array: ArrayRef = Arc::new(builder.finish());
        let wide = converted(&array, &both).unwrap();
        assert_eq!(wide.data_type(), &both);
        assert_eq!(wide.as_map().values().as_primitive::<arrow_array::types::Int64Type>().value(0), 7);
    }

    #[test]
    fn a_wider_type_holds_both_or_there_is_none() {
        let dictionary = Dictionary(Box::new(Int8), Box::new(Utf8));
        let cases = [
            (Int32, Int64, Some(Int64)),
            (UInt8, Int8, Some(Int16)),
            (UInt32, Int16, Some(Int64)),
            (UInt16, Int64, Some(Int64)),
            (UInt64, Int64, None),
            (Float32, Float64, Some(Float64)),
            (Int64, Float64, None),
            (Utf8, LargeUtf8, Some(LargeUtf8)),
            (dictionary.clone(), Utf8, Some(Utf8)),
            (Null, list(Utf8), Some(list(Utf8))),
            (Utf8, Int64, None),
            (Decimal128(9, 2), Decimal128(20, 2), Some(Decimal128(20, 2))),
            (Decimal128(9, 2), Decimal128(9, 3), Some(Decimal128(10, 3))),
            (Decimal128(38, 2), Decimal128(9, 3), None),
            (Int32, Float64, Some(Float64)),
            (list(Int8), list(Int32), Some(list(Int32))),
            (list(Int8), list(Utf8), None),
            (
                structs(&[("a", Int8), ("b", Utf8)]),
                structs(&[("c", Boolean), ("a", Int16)]),
                Some(structs(&[("a", Int16), ("b", Utf8), ("c", Boolean)])),
            ),
        ];
        for (one, other, expected) in cases {
            assert_eq!(wider(&one, &other), expected, "{one} and {other}");
            assert_eq!(wider(&other, &one).is_some(), expected.is_some(), "{other} and {one}");
        }
    }
}
