//! The native half of the Python package `probity`: thin bindings to the crate `pipeline`. What is for users (types,
//! defaults, documentation) is written in Python, in `src-python/probity/`.

mod capsules;
mod errors;
mod frames;
mod interrupt;
mod judge;
mod logging;
mod release;
mod tasks;

use pyo3::prelude::*;

/// The native half of `probity`.
#[pymodule]
mod _probity {
    #[pymodule_export]
    use super::frames::{Batch, Stream};
    #[pymodule_export]
    use super::judge::{Judge, check, spelled};
    #[pymodule_export]
    use super::release::{keygen, ledger, memory, run, samples, verify};
    #[pymodule_export]
    use super::tasks::{Tasks, plan};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn begin(module: &Bound<'_, PyModule>) -> PyResult<()> {
        pipeline::hide_caught_panics();
        super::logging::begin();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
