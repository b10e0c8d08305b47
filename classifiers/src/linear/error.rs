//! Why a file is not a model this crate can use.

/// What is wrong with a model file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file does not start as models do.
    #[error("not a linear model: the file does not start with `{expected}`")]
    Magic {
        /// The first bytes of a model.
        expected: &'static str,
    },
    /// The file is of another version of the format.
    #[error("a linear model of another version of the format than {expected}")]
    Version {
        /// The version that can be read.
        expected: &'static str,
    },
    /// The file ends before what it announces.
    #[error("the file ends inside {what}: {needed} bytes announced, {left} left")]
    Truncated {
        /// The part being read.
        what: &'static str,
        /// Bytes the part needs.
        needed: u64,
        /// Bytes there are.
        left: u64,
    },
    /// Bytes changed since the file was written.
    #[error("the checksum does not match: the file is damaged")]
    Checksum,
    /// The header is not the TOML it should be.
    #[error("the header is malformed: {0}")]
    Header(String),
    /// A number of the header lies outside its domain.
    #[error("`{field}` {why}")]
    Field {
        /// The key in the header.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The weights are not as many as the header says.
    #[error("the weights of label {label} do not fill its table: {rows} rows announced, {found} found")]
    Rows {
        /// Position of the label.
        label: usize,
        /// Rows announced.
        rows: usize,
        /// Rows found.
        found: usize,
    },
    /// Something follows the weights.
    #[error("{0} bytes follow the weights")]
    Trailing(usize),
}
