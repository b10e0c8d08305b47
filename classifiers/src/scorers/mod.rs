//! The scorers: one file each, with its definition, source, configuration, code and tests.

pub mod ensemble;
pub mod fasttext;
pub mod language;
pub mod language_spans;
pub mod linear;
mod model;
pub mod perplexity;
pub mod tokens;

#[cfg(test)]
mod tests;
