//! Judging batches where they are.

use crate::capsules::{Given, Reader, take};
use crate::errors::failed;
use crate::frames::{Batch, Stream};
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use pipeline::{BatchJudge, Config, Error, Override};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

/// Reads the configuration at `path`, and raises what is wrong with it.
#[pyfunction]
pub fn check(py: Python<'_>, path: PathBuf, set: Vec<String>) -> PyResult<()> {
    let overrides = overrides(&set)?;
    py.detach(|| Config::load(&path, &overrides)).map(drop).map_err(failed)
}

/// Values that are set in a configuration, `STAGE.KEY=VALUE`.
pub fn overrides(set: &[String]) -> PyResult<Vec<Override>> {
    let one = |text: &String| text.parse().map_err(|why| PyValueError::new_err(format!("`{text}`: {why}")));
    set.iter().map(one).collect()
}

/// The same values as plans spell them.
#[pyfunction]
pub fn spelled(set: Vec<String>) -> PyResult<Vec<String>> {
    Ok(overrides(&set)?.iter().map(ToString::to_string).collect())
}

/// The per-record stages of a configuration.
#[pyclass(frozen, module = "probity._probity")]
pub struct Judge(Arc<BatchJudge>);

#[pymethods]
impl Judge {
    /// Builds the stages of a configuration that reads `text` and is meant from the folder of `path`.
    #[new]
    fn new(py: Python<'_>, path: PathBuf, text: &str, set: Vec<String>) -> PyResult<Self> {
        let overrides = overrides(&set)?;
        let judge = || Config::parse(&path, text, &overrides).and_then(BatchJudge::new);
        Ok(Self(Arc::new(py.detach(judge).map_err(failed)?)))
    }

    /// The barriers, which are left out.
    #[getter]
    fn left_out(&self) -> Vec<String> {
        self.0.left_out().to_vec()
    }

    /// One row for each row that is given: a `Batch` for a batch, a `Stream` for anything longer.
    #[pyo3(signature = (data, source))]
    fn judge<'py>(
        &self,
        py: Python<'py>,
        data: &Bound<'py, PyAny>,
        source: Option<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match take(data)? {
            Given::Batch(batch) => {
                let judged = py.detach(|| self.0.judge(&batch, source.as_deref())).map_err(failed)?;
                Ok(Bound::new(py, Batch(judged))?.into_any())
            }
            Given::Stream(given) => {
                let judged = JudgedStream { judge: Arc::clone(&self.0), given, source };
                // what is wrong with the columns is told here, with its own exception
                judged.judge(&RecordBatch::new_empty(judged.given.schema())).map_err(failed)?;
                Ok(Bound::new(py, Stream::new(Box::new(judged)))?.into_any())
            }
        }
    }
}

/// The answers about a stream, made as they are read.
struct JudgedStream {
    judge: Arc<BatchJudge>,
    given: Reader,
    source: Option<String>,
}

impl JudgedStream {
    fn judge(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        self.judge.judge(batch, self.source.as_deref())
    }
}

impl Iterator for JudgedStream {
    type Item = Result<RecordBatch, ArrowError>;

    /// Whoever reads the stream calls this from C, where no panic may pass.
    fn next(&mut self) -> Option<Self::Item> {
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let batch = self.given.next()?;
            Some(batch.and_then(|batch| self.judge(&batch).map_err(told)))
        }));
        judged.unwrap_or_else(|_| Some(Err(told(Error::Bug("a batch could not be judged".into())))))
    }
}

impl RecordBatchReader for JudgedStream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.judge.schema())
    }
}

/// An error as Arrow has them; as C has it, it cannot hold a NUL.
pub fn told(error: Error) -> ArrowError {
    ArrowError::ExternalError(error.to_string().replace('\0', "\u{fffd}").into())
}
