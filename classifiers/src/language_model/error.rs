//! Why a file is not a language model this crate can use, or one cannot be estimated.

/// What is wrong with a model, or with what it should be made from.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file is neither an ARPA file nor a KenLM binary file.
    #[error("neither an ARPA file nor a KenLM binary file: the first line is not `\\data\\`")]
    Unknown,
    /// A KenLM file of another version, or one that was never finished.
    #[error(
        "a KenLM binary file of another version; rebuild it from its ARPA file with `build_binary probing`"
    )]
    Version,
    /// A KenLM file of another kind than probing hash tables.
    #[error(
        "a KenLM binary file of kind {0}, and only probing (0) can be read; rebuild it with `build_binary probing`"
    )]
    Kind(u32),
    /// A number of the header lies outside its domain.
    #[error("`{field}` {why}")]
    Field {
        /// What the number is.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The file ends before what it announces.
    #[error("the file ends inside {what}: {needed} bytes announced, {left} there")]
    Truncated {
        /// The part being read.
        what: &'static str,
        /// Bytes up to the end of the part.
        needed: u64,
        /// Bytes of the file.
        left: u64,
    },
    /// A line of an ARPA file cannot be read.
    #[error("line {line}: {why}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The entries of an n-gram contradict each other.
    #[error("{0}")]
    Entry(String),
    /// The text is too little or too uniform for discounts to be estimated.
    #[error(
        "no discount for {order}-grams: {why} (too little text, or copies of the same; fallback discounts can stand in)"
    )]
    Discounts {
        /// The order without a discount.
        order: usize,
        /// What is missing.
        why: String,
    },
}

impl ModelError {
    pub(super) fn field(field: &'static str, why: impl Into<String>) -> Self {
        Self::Field { field, why: why.into() }
    }
}
