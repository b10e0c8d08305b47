//! Arrow's C data interface in capsules, as its [PyCapsule interface] has them. Unsafe code of the package is here alone.
//!
//! [PyCapsule interface]: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html

use crate::errors::failed_input;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{Array, RecordBatch, RecordBatchOptions, RecordBatchReader, StructArray};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::ffi::CStr;
use std::sync::Arc;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// Batches, one after the other.
pub type Reader = Box<dyn RecordBatchReader + Send>;

/// What an object that holds Arrow data gives.
pub enum Given {
    /// One batch.
    Batch(RecordBatch),
    /// Any number of them.
    Stream(Reader),
}

/// Takes the data of any object with `__arrow_c_array__` or `__arrow_c_stream__`.
pub fn take(given: &Bound<'_, PyAny>) -> PyResult<Given> {
    if given.hasattr("__arrow_c_array__")? {
        let capsules = given.call_method0("__arrow_c_array__")?;
        let (schema, array): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) = capsules.extract()?;
        return Ok(Given::Batch(batch(&schema, &array)?));
    }
    if given.hasattr("__arrow_c_stream__")? {
        let capsule = given.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
        return Ok(Given::Stream(stream(&capsule)?));
    }
    let kind = given.get_type().name()?;
    Err(PyTypeError::new_err(format!(
        "expected Arrow data, an object with `__arrow_c_array__` or `__arrow_c_stream__`, got {kind}"
    )))
}

fn batch(schema: &Bound<'_, PyCapsule>, array: &Bound<'_, PyCapsule>) -> PyResult<RecordBatch> {
    let schema = schema.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
    let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
    // SAFETY: by the interface a capsule of this name points to such a struct, which lives as long as the capsule does,
    // and `schema` borrows from it within this function alone, in which the caller holds the capsule.
    let schema = unsafe { schema.as_ref() };
    // SAFETY: the same of the array. It is moved out and marked as released in its place, so it is released once.
    let array = unsafe { FFI_ArrowArray::from_raw(array.as_ptr()) };
    if array.is_released() || schema.release().is_none() {
        return Err(failed_input("the Arrow data was taken already"));
    }
    let columns = Schema::try_from(schema).map_err(failed_input)?;
    // SAFETY: by the interface the array is of this schema. What its buffers hold is checked below, before it is used.
    let data = unsafe { from_ffi(array, schema) }.map_err(failed_input)?;
    data.validate_full().map_err(failed_input)?;
    let (_, arrays, nulls) = StructArray::from(data.clone()).into_parts();
    if nulls.is_some_and(|nulls| nulls.null_count() > 0) {
        return Err(failed_input("rows that are null as a whole are no records"));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(data.len()));
    RecordBatch::try_new_with_options(Arc::new(columns), arrays, &options).map_err(failed_input)
}

fn stream(capsule: &Bound<'_, PyCapsule>) -> PyResult<Reader> {
    let stream = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: by the interface a capsule of this name points to such a struct, which lives as long as the capsule does.
    // It is moved out and marked as released in its place, so it is released once.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(stream.as_ptr()) };
    Ok(Box::new(Checked(RecordBatchStreamReader::try_new(stream).map_err(failed_input)?)))
}

/// Batches of another library, checked before they are used.
struct Checked(RecordBatchStreamReader);

impl Iterator for Checked {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let checked = |batch: RecordBatch| {
            batch.columns().iter().try_for_each(|column| column.to_data().validate_full())?;
            Ok(batch)
        };
        Some(self.0.next()?.and_then(checked))
    }
}

impl RecordBatchReader for Checked {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }
}

/// A schema for whoever asks.
pub fn give_schema<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema).map_err(failed_input)?;
    PyCapsule::new_with_value(py, schema, SCHEMA)
}

/// A batch for whoever asks: its schema and its data.
pub fn give_batch<'py>(
    py: Python<'py>,
    batch: &RecordBatch,
) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
    let array = FFI_ArrowArray::new(&StructArray::from(batch.clone()).to_data());
    Ok((give_schema(py, batch.schema_ref())?, PyCapsule::new_with_value(py, array, ARRAY)?))
}

/// Batches for whoever asks.
pub fn give_stream(py: Python<'_>, reader: Reader) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), STREAM)
}
