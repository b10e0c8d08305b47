//! Columns of a ledger as text, whatever their type: what samples, reports and the gate make groups of.

use crate::inspect::explain::cell;
use crate::source::parquet::ParquetReader;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use manifests::audit::CATEGORY;
use std::path::Path;

/// The rows of a ledger file, each with the cells of these columns, in this order.
pub(crate) type Cells<'a> = Box<dyn Iterator<Item = Result<Vec<Option<String>>, String>> + 'a>;

/// Reads columns of one ledger file, row by row.
pub(crate) fn read<'a>(file: &Path, columns: &'a [String]) -> Result<Cells<'a>, String> {
    Ok(Box::new(batches(file, columns)?.flat_map(move |batch| match batch {
        Ok(batch) => rows(&batch, columns),
        Err(error) => vec![Err(error)],
    })))
}

/// Reads columns of one ledger file as they are stored.
pub(crate) fn batches(
    file: &Path,
    columns: &[String],
) -> Result<impl Iterator<Item = Result<RecordBatch, String>> + use<>, String> {
    let reader = ParquetReader::of_release(file)?.with_batches_of(8192);
    let fields = reader.schema().fields();
    let place = |name: &String| {
        let stored = if name == CATEGORY { "spans" } else { name };
        let found = fields.iter().position(|field| field.name() == stored);
        found.ok_or_else(|| format!("no column `{name}`; there are {}", names(fields)))
    };
    let mut places = columns.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    places.sort_unstable();
    places.dedup();
    Ok(reader.all(Some(places), None))
}

/// The names of the columns of a ledger file.
pub(crate) fn columns(file: &Path) -> Result<Vec<String>, String> {
    Ok(ParquetReader::of_release(file)?.schema().fields().iter().map(|field| field.name().clone()).collect())
}

fn names(fields: &arrow_schema::Fields) -> String {
    fields.iter().map(|field| format!("`{}`", field.name())).collect::<Vec<_>>().join(", ")
}

fn rows(batch: &RecordBatch, columns: &[String]) -> Vec<Result<Vec<Option<String>>, String>> {
    let one = |name: &String, at: usize| {
        if name == CATEGORY {
            return category(batch, at);
        }
        let column = batch.column_by_name(name)?;
        column.is_valid(at).then(|| cell(column.as_ref(), at))
    };
    (0..batch.num_rows()).map(|at| Ok(columns.iter().map(|name| one(name, at)).collect())).collect()
}

/// The rule of the first span.
fn category(batch: &RecordBatch, at: usize) -> Option<String> {
    let spans = batch.column_by_name("spans")?.as_list_opt::<i32>()?.value(at);
    let rules = spans.as_struct_opt()?.column_by_name("rule")?.as_string_opt::<i32>()?;
    (!rules.is_empty()).then(|| rules.value(0).to_string())
}
