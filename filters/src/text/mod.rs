//! The analysis of a text: words, lines and hashes, computed once and kept in flat, reusable buffers.

mod ascii;
mod code_points;
mod hash;
mod lines;
#[cfg(test)]
mod parity;
mod places;
pub mod punctuation;
pub mod python;
mod shingles;
mod simplify;
mod spacy;
mod tokens;

pub(crate) use code_points::CodePoints;
pub use hash::{ngrams, word_hash};
pub use lines::{Lines, Piece};
pub use places::placed_words;
pub use shingles::Shingles;
pub use simplify::simplify_text;
pub use tokens::Tokens;

/// The buffers a worker reuses from text to text.
#[derive(Default)]
pub(crate) struct Buffers {
    pub(crate) tokens: Tokens,
    pub(crate) shingles: Shingles,
    pub(crate) lines: Lines,
}
