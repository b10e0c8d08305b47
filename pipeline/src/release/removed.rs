//! `auditor/removed/`: the records that are not in the release, each with its reason; whole, but for what stages redact.

use crate::release::fates::RecordFate;
use crate::release::redaction::Redaction;
use crate::source::batch::ShardReader;
use crate::{Error, Result};
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray, StructArray, UInt64Array};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use std::sync::Arc;

fn reason_fields() -> Fields {
    let mut fields = vec![Field::new("row", DataType::UInt64, false)];
    fields.extend(
        ["fate", "stage", "rule", "value", "bound", "similarity"]
            .map(|n| Field::new(n, DataType::Utf8, true)),
    );
    Fields::from(fields)
}

/// The input's schema and one struct column with the reason, under a name the input does not use.
pub(crate) fn schema(input: &SchemaRef) -> SchemaRef {
    let mut name = "probity".to_string();
    while input.index_of(&name).is_ok() {
        name.push('_');
    }
    let mut fields: Vec<_> = input.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(name, DataType::Struct(reason_fields()), false)));
    Arc::new(Schema::new_with_metadata(fields, input.metadata().clone()))
}

/// The rows of `batch` that are not released, with their reasons; `first_row` is the batch's first row in its shard.
pub(crate) fn rows(
    batch: &RecordBatch,
    fates: &[RecordFate],
    first_row: u64,
    redaction: Option<(&Redaction<'_>, &ShardReader)>,
) -> Result<Option<RecordBatch>> {
    let drop: BooleanArray = fates.iter().map(|fate| Some(!fate.is_released())).collect();
    if drop.true_count() == 0 {
        return Ok(None);
    }
    let part = arrow_select::filter::filter_record_batch(batch, &drop)?;
    let part = match redaction {
        Some((redaction, reader)) => redaction.rows(reader, &part)?,
        None => part,
    };
    let dropped: Vec<(usize, &RecordFate)> =
        fates.iter().enumerate().filter(|(_, fate)| !fate.is_released()).collect();
    let text = |of: &dyn Fn(&RecordFate) -> Option<String>| -> ArrayRef {
        Arc::new(dropped.iter().map(|(_, fate)| of(fate)).collect::<StringArray>())
    };
    let row: UInt64Array = dropped.iter().map(|(at, _)| Some(first_row + *at as u64)).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(row),
        text(&|fate| Some(fate.fate.as_str().to_string())),
        text(&|fate| fate.stage.clone()),
        text(&|fate| fate.rule.clone()),
        text(&|fate| fate.value.clone()),
        text(&|fate| fate.bound.clone()),
        text(&|fate| fate.similarity.clone()),
    ];
    let reason = StructArray::try_new(reason_fields(), columns, None)?;
    let mut all = part.columns().to_vec();
    all.push(Arc::new(reason));
    RecordBatch::try_new(schema(&batch.schema()), all).map(Some).map_err(Error::from)
}
