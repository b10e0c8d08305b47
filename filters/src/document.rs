//! The text view of a record, and the analysis shared by all rules.

use crate::text::{Buffers, Lines, Shingles, Tokens};
use crate::{Turn, Words};
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};

/// The text view of one record, as the rules see it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Document<'a> {
    /// The text; for a chat record its parts joined by one newline.
    pub text: &'a str,
    /// The record's id, unique in the corpus.
    pub id: &'a str,
    /// Where it came from, if the record says so.
    pub url: Option<&'a str>,
    /// The declared source it belongs to.
    pub source: &'a str,
    /// The turns of a chat record, in order; empty for any other.
    pub turns: &'a [Turn],
    /// Where the strings of a chat record were joined: newlines in the text that no edit takes away.
    pub joints: &'a [usize],
    /// The fields of the record that stages asked for with [`Context::field`](crate::Context::field); `None` where
    /// the record has none.
    pub fields: &'a [Option<Cow<'a, str>>],
}

/// One of a document's fields; got from [`Context::field`](crate::Context::field).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldRef(pub usize);

impl<'a> Document<'a> {
    /// What the record holds in a field, as text.
    pub fn field(&self, field: FieldRef) -> Option<&'a str> {
        self.fields.get(field.0)?.as_deref()
    }
}

/// Buffers that one worker reuses from text to text, so that analysing a text allocates nothing.
#[derive(Default)]
pub struct Scratch {
    words: Words,
    free: RefCell<Buffers>,
}

impl Scratch {
    /// Scratch whose views count these words.
    pub fn new(words: Words) -> Self {
        Self { words, free: RefCell::default() }
    }
}

/// Which parts of a text's analysis have been made: of interest to measurements, never to rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Analysed {
    /// [`View::tokens`].
    pub tokens: bool,
    /// [`View::shingles`].
    pub shingles: bool,
    /// [`View::lines`].
    pub lines: bool,
}

/// A document with its analysis: each part is computed when a rule first asks for it, and once.
pub struct View<'a> {
    document: Document<'a>,
    scratch: &'a Scratch,
    chars: OnceCell<usize>,
    tokens: OnceCell<Tokens>,
    shingles: OnceCell<Shingles>,
    lines: OnceCell<Lines>,
}

impl<'a> View<'a> {
    /// A view of `document` that borrows its buffers from `scratch` and gives them back when dropped.
    pub fn new(document: Document<'a>, scratch: &'a Scratch) -> Self {
        Self {
            document,
            scratch,
            chars: OnceCell::new(),
            tokens: OnceCell::new(),
            shingles: OnceCell::new(),
            lines: OnceCell::new(),
        }
    }

    /// A view of another document, such as some turns of this one, with the same buffers.
    pub fn beside<'b>(&self, document: Document<'b>) -> View<'b>
    where
        'a: 'b,
    {
        View::new(document, self.scratch)
    }

    /// The document.
    pub fn document(&self) -> &Document<'a> {
        &self.document
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        self.document.text
    }

    /// The length of the text in code points.
    pub fn chars(&self) -> usize {
        *self.chars.get_or_init(|| self.document.text.chars().count())
    }

    /// Whether every character is ASCII, so that lengths in code points are lengths in bytes.
    pub fn is_ascii(&self) -> bool {
        self.chars() == self.document.text.len()
    }

    /// Which definition of a word [`View::tokens`] follows.
    pub fn words(&self) -> Words {
        self.scratch.words
    }

    /// The parts of the analysis that have been made so far.
    pub fn analysed(&self) -> Analysed {
        Analysed {
            tokens: self.tokens.get().is_some(),
            shingles: self.shingles.get().is_some(),
            lines: self.lines.get().is_some(),
        }
    }

    /// The words of the text, by the configured definition of a word.
    pub fn tokens(&self) -> &Tokens {
        self.tokens.get_or_init(|| {
            let mut tokens = std::mem::take(&mut self.scratch.free.borrow_mut().tokens);
            tokens.fill(self.text(), self.scratch.words);
            tokens
        })
    }

    /// The words of the simplified text, hashed: what near-duplicate detection and decontamination shingle.
    pub fn shingles(&self) -> &Shingles {
        self.shingles.get_or_init(|| {
            let mut shingles = std::mem::take(&mut self.scratch.free.borrow_mut().shingles);
            shingles.fill(self.text());
            shingles
        })
    }

    /// The lines and paragraphs of the text.
    pub fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| {
            let mut lines = std::mem::take(&mut self.scratch.free.borrow_mut().lines);
            lines.fill(self.text(), self.is_ascii());
            lines
        })
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        let mut free = self.scratch.free.borrow_mut();
        if let Some(tokens) = self.tokens.take() {
            free.tokens = tokens;
        }
        if let Some(shingles) = self.shingles.take() {
            free.shingles = shingles;
        }
        if let Some(lines) = self.lines.take() {
            free.lines = lines;
        }
    }
}
