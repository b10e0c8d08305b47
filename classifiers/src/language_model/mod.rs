//! N-gram language models: how probable a text is to somebody who has read a corpus.
//!
//! A [`Model`] is read from an ARPA file or from KenLM's binary format of probing hash tables (version 5, as
//! `build_binary probing` of KenLM 0.3.0 writes it) and scores as KenLM does. Either way it lies in memory in the form of
//! the binary file, so a [`Builder`] makes files for KenLM, too. [`Discounts`] are those of modified Kneser-Ney
//! smoothing (Chen and Goodman 1998); the estimation around them, which sorts what grows with the corpus on disk, is in
//! the pipeline.
//!
//! Files may come from anywhere: every length is held against the bytes there are before anything is allocated, every
//! weight is checked to be finite, and a search of a hash table ends after one round.

mod arpa;
mod builder;
mod discounts;
mod error;
mod hash;
mod layout;
mod score;
mod table;
mod words;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use arpa::arpa_header;
pub use builder::{Builder, Weights};
pub use discounts::{CountsOfCounts, Discounts};
pub use error::ModelError;
pub use layout::ORDER_MAX;
pub use score::Score;
pub use words::Words;

use layout::Layout;
use std::fmt;
use std::sync::Arc;

/// Bytes that somebody else owns, such as a memory map.
type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A language model of order 2 to [`ORDER_MAX`].
#[derive(Clone)]
pub struct Model {
    bytes: Bytes,
    layout: Layout,
    words: Option<Words>,
    /// The id of `<s>`.
    start: u32,
    /// The id of `</s>`.
    end: u32,
}

impl Model {
    /// Reads an ARPA file or a KenLM binary file; the latter is used where it lies.
    pub fn load(bytes: Bytes) -> Result<Self, ModelError> {
        match Layout::read((*bytes).as_ref()) {
            Some(layout) => Self::of(bytes, layout?, None),
            None => arpa::read((*bytes).as_ref()),
        }
    }

    fn of(bytes: Bytes, layout: Layout, words: Option<Words>) -> Result<Self, ModelError> {
        let mut model = Self { bytes, layout, words, start: 0, end: 0 };
        for (word, id) in [("<s>", model.id_of("<s>")), ("</s>", model.id_of("</s>"))] {
            if id == 0 {
                return Err(ModelError::Entry(format!("the model has no word `{word}`")));
            }
        }
        (model.start, model.end) = (model.id_of("<s>"), model.id_of("</s>"));
        Ok(model)
    }

    /// The number of words in its longest n-grams.
    pub fn order(&self) -> usize {
        self.layout.counts.len()
    }

    /// How many n-grams of each order it has.
    pub fn counts(&self) -> &[u64] {
        &self.layout.counts
    }

    /// What the model's file says about words; only ARPA files say it.
    pub fn words(&self) -> Option<Words> {
        self.words
    }

    /// The same model with texts divided so.
    pub fn with_words(self, words: Words) -> Self {
        Self { words: Some(words), ..self }
    }

    /// The id of a word; 0 if the model does not know it.
    pub fn id_of(&self, word: &str) -> u32 {
        self.id((*self.bytes).as_ref(), hash::word_key(word.as_bytes()))
    }

    /// A file in KenLM's format of probing hash tables. It does not say how texts are divided into words.
    pub fn as_binary(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Model").field("counts", &self.layout.counts).field("words", &self.words).finish()
    }
}
