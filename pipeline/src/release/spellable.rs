//! Columns that JSON has no spelling for, as columns that it has one for.

use crate::source::batch::Lists;
use crate::source::drift::converted;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, TimeUnit};
use std::sync::Arc;

/// The days from 1970 on, in either direction, that calendars know a date for: some 260,000 years.
const DAYS_MAX: i64 = 95_000_000;
const DAY_SECONDS: i64 = 86_400;

/// By row, whether JSON lines can spell it; `None` if they can spell all.
pub(crate) fn spellable_rows(batch: &RecordBatch) -> Option<Vec<bool>> {
    let beyond: Vec<&ArrayRef> = batch.columns().iter().filter(|column| is_beyond(column)).collect();
    let spellable = |row: usize| !beyond.iter().any(|column| is_beyond(&column.slice(row, 1)));
    (!beyond.is_empty()).then(|| (0..batch.num_rows()).map(spellable).collect())
}

/// A batch whose columns can be written as JSON: times with a zone in UTC, keys of maps as strings.
pub(super) fn spellable(batch: &RecordBatch) -> Result<RecordBatch, String> {
    let schema = batch.schema();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        if is_beyond(column) {
            return Err(format!("column `{}` has a date that JSON lines cannot spell", field.name()));
        }
        let spelled = converted(column, &spelled(column.data_type()));
        let why = |e: ArrowError| format!("column `{}`: {e}", field.name());
        columns.push(spelled.map_err(why)?);
    }
    let fields = schema.fields().iter().zip(&columns);
    let fields: Vec<Field> = fields
        .map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| e.to_string())
}

/// The type that a column is spelled as.
fn spelled(kind: &DataType) -> DataType {
    use DataType::*;
    let within =
        |field: &FieldRef| Arc::new(field.as_ref().clone().with_data_type(spelled(field.data_type())));
    match kind {
        Timestamp(unit, Some(_)) => Timestamp(*unit, Some("+00:00".into())),
        Struct(fields) => Struct(fields.iter().map(within).collect()),
        List(item) => List(within(item)),
        LargeList(item) => LargeList(within(item)),
        Map(entry, sorted) => match entry.data_type() {
            Struct(parts) if parts.len() == 2 => {
                let key = Arc::new(parts[0].as_ref().clone().with_data_type(Utf8));
                let entry =
                    entry.as_ref().clone().with_data_type(Struct(vec![key, within(&parts[1])].into()));
                Map(Arc::new(entry), *sorted)
            }
            _ => kind.clone(),
        },
        other => other.clone(),
    }
}

/// Whether a column holds a date that no calendar has.
fn is_beyond(array: &ArrayRef) -> bool {
    use DataType::*;
    match array.data_type() {
        Date32 => {
            array.as_primitive::<Date32Type>().iter().flatten().any(|day| i64::from(day).abs() > DAYS_MAX)
        }
        Date64 => any_beyond::<Date64Type>(array, 1000),
        Timestamp(TimeUnit::Second, _) => any_beyond::<TimestampSecondType>(array, 1),
        Timestamp(TimeUnit::Millisecond, _) => any_beyond::<TimestampMillisecondType>(array, 1000),
        Timestamp(TimeUnit::Microsecond, _) => any_beyond::<TimestampMicrosecondType>(array, 1_000_000),
        Struct(_) => array.as_struct().columns().iter().any(is_beyond),
        List(_) | LargeList(_) => Lists::of(array.as_ref()).is_some_and(|lists| is_beyond(lists.values())),
        Map(..) => is_beyond(array.as_map().values()) || is_beyond(array.as_map().keys()),
        _ => false,
    }
}

fn any_beyond<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef, per_second: i64) -> bool {
    let most = DAYS_MAX * DAY_SECONDS * per_second;
    array.as_primitive::<T>().iter().flatten().any(|time| time.unsigned_abs() > most.unsigned_abs())
}
