//! How spaCy splits one chunk: a piece of text between white space.
//!
//! Source: spaCy 3.8.18, `spacy/tokenizer.pyx` (`_split_affixes`, `_attach_tokens`).

use super::exceptions::{Exception, Exceptions};
use super::{affixes, url};

/// Splits chunks; keeps its buffers.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    tokens: Vec<(usize, usize)>,
    suffixes: Vec<(usize, usize)>,
}

impl Splitter {
    /// The byte ranges of the chunk's tokens, in order. Without exceptions, by rule alone.
    pub(super) fn split(&mut self, chunk: &str, exceptions: Option<&Exceptions>) -> &[(usize, usize)] {
        self.tokens.clear();
        self.suffixes.clear();
        let exception = |start: usize, end: usize| exceptions.and_then(|table| table.get(&chunk[start..end]));
        let (start, end) = self.peel(chunk, &|start, end| exception(start, end).is_some());
        if start < end {
            match exception(start, end) {
                Some(exception) => self.push_exception(start, exception),
                None if url::is_url(&chunk[start..end]) => self.tokens.push((start, end)),
                None => self.split_at_infixes(&chunk[start..end], start),
            }
        }
        self.tokens.extend(self.suffixes.iter().rev());
        &self.tokens
    }

    /// Takes prefixes and suffixes off until an exception or nothing more to take off remains, and returns the range
    /// of what remains.
    fn peel(&mut self, chunk: &str, is_exception: &dyn Fn(usize, usize) -> bool) -> (usize, usize) {
        let (mut start, mut end) = (0, chunk.len());
        while start < end && !is_exception(start, end) {
            let prefix = affixes::prefix(&chunk[start..end]);
            let inner = start + prefix;
            if prefix > 0 && inner < end && is_exception(inner, end) {
                self.tokens.push((start, inner));
                return (inner, end);
            }
            let suffix = affixes::suffix(&chunk[inner..end]);
            let outer = end - suffix;
            if suffix > 0 && start < outer && is_exception(start, outer) {
                self.suffixes.push((outer, end));
                return (start, outer);
            }
            if prefix == 0 && suffix == 0 {
                break;
            }
            if prefix > 0 {
                self.tokens.push((start, inner));
            }
            if suffix > 0 {
                self.suffixes.push((outer, end));
            }
            (start, end) = (inner, outer);
        }
        (start, end)
    }

    fn push_exception(&mut self, start: usize, exception: &Exception) {
        let mut from = start;
        for end in &exception.ends {
            self.tokens.push((from, start + end));
            from = start + end;
        }
    }

    /// Splits what the affixes left. An infix at the very start stays with what follows it.
    fn split_at_infixes(&mut self, text: &str, base: usize) {
        let mut from = 0;
        affixes::infixes(text, |start, end| {
            if start == 0 {
                return;
            }
            if from < start {
                self.tokens.push((base + from, base + start));
            }
            self.tokens.push((base + start, base + end));
            from = end;
        });
        if from < text.len() {
            self.tokens.push((base + from, base + text.len()));
        }
    }
}
