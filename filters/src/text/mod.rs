//! The analysis of a text: words and hashes, computed once and kept in flat, reusable buffers.

mod shingles;
mod tokens;

pub use shingles::Shingles;
pub use tokens::Tokens;

/// The buffers a worker reuses from text to text.
#[derive(Default)]
pub(crate) struct Buffers {
    pub(crate) tokens: Tokens,
    pub(crate) shingles: Shingles,
}
