//! The native half of the Python package.
use pyo3::prelude::*;

/// Stub.
#[pymodule]
mod _probity {
    use super::*;
    /// Stub.
    #[pyfunction]
    fn program() -> usize {
        pipeline::Options::MEMORY as usize
    }
}
