//! Errors as exceptions: a class of `probity.errors` for each blame.

use pipeline::Error;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use std::path::Path;

/// The exception for an error of the library.
pub fn failed(error: Error) -> PyErr {
    let class = match &error {
        Error::Config { .. } => "ConfigError",
        Error::Input { .. } => "InputError",
        Error::Asset { .. } => "AssetError",
        Error::Output { .. } => "OutputError",
        Error::Limit { .. } => "LimitError",
        Error::Release { .. } => "ReleaseError",
        Error::Unanswerable { .. } => "UnanswerableError",
        Error::Busy { .. } => "BusyError",
        Error::Interrupted => return PyKeyboardInterrupt::new_err(error.to_string()),
        _ => "BugError",
    };
    exception(class, &error.to_string(), error.hint())
}

/// The exception for Arrow data that cannot be used.
pub fn failed_input(why: impl ToString) -> PyErr {
    exception("InputError", &why.to_string(), None)
}

/// The exception for a file that is named in a call and cannot be used.
pub fn failed_file(path: &Path, why: impl ToString) -> PyErr {
    failed(Error::Input { path: path.to_path_buf(), why: why.to_string() })
}

/// The exception for something that should not happen.
pub fn bug(why: impl ToString) -> PyErr {
    failed(Error::Bug(why.to_string()))
}

fn exception(class: &str, message: &str, hint: Option<&str>) -> PyErr {
    Python::attach(|py| {
        let made =
            py.import("probity.errors").and_then(|module| module.getattr(class)?.call1((message, hint)));
        made.map_or_else(|error| error, PyErr::from_value)
    })
}
