//! Why a file is not a fastText model this crate can use.

/// What is wrong with a model file. Nothing is allocated on the word of a header: every length is held against
/// the bytes that are there first.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file ends before what its headers announce.
    #[error("the file ends inside {what}: {needed} bytes announced, {left} left")]
    Truncated {
        /// The part being read.
        what: &'static str,
        /// Bytes the part needs.
        needed: u64,
        /// Bytes there are.
        left: u64,
    },
    /// The first four bytes are not fastText's.
    #[error("not a fastText model: magic number {found}")]
    Magic {
        /// The number found instead.
        found: i32,
    },
    /// A file format this crate does not know.
    #[error("file format version {found}: only 11 and 12 are known")]
    Version {
        /// The version found.
        found: i32,
    },
    /// Word vectors rather than a classifier.
    #[error("the model holds word vectors, not a classifier")]
    NotSupervised,
    /// A number in a header that no trained model has.
    #[error("{field} is {value}: {expected}")]
    Header {
        /// What the number says.
        field: &'static str,
        /// The number.
        value: i64,
        /// What it should be.
        expected: &'static str,
    },
    /// Words and labels are not stored as fastText stores them: words first, then labels.
    #[error("dictionary entry {entry} has type {found}, expected {expected} (0 word, 1 label)")]
    EntryType {
        /// The entry's position.
        entry: usize,
        /// The type found.
        found: u8,
        /// The type its position demands.
        expected: u8,
    },
    /// A label's name is not UTF-8.
    #[error("the name of label {label} is not UTF-8")]
    LabelName {
        /// The label's position.
        label: usize,
    },
    /// A weight that is not finite, or so large that sums of it could stop being finite.
    #[error("the {matrix} matrix holds the weight {value}: not a number within ±{limit}")]
    Weight {
        /// `input` or `output`.
        matrix: &'static str,
        /// The weight.
        value: f32,
        /// The largest magnitude accepted.
        limit: f32,
    },
    /// Bytes follow the output matrix.
    #[error("{extra} bytes follow the end of the model")]
    Trailing {
        /// How many.
        extra: u64,
    },
}
