//! The tokens of spaCy 3.8's blank English pipeline, as datatrove 0.10 counts them.
//!
//! A text is cut at white space into chunks. Most chunks of an English text are ASCII
//! words with marks around them; those are done in one pass by [`plain`]. All others go through [`split`], which follows spaCy
//! step by step, and are remembered by [`memo`]. Tokens of white space, which spaCy makes and datatrove drops, are
//! never made.
//!
//! One difference is known and left: datatrove deletes the string `IS_ALPHA` from some texts that hold it, to work
//! around an error in spaCy; here it is a word like any other.

mod affixes;
mod classes;
mod exceptions;
mod memo;
mod merges;
mod notable;
mod plain;
mod split;
#[cfg(test)]
mod tests;
mod url;

use super::ascii;
use super::hash::word_hash;
use super::python;
use super::tokens::Columns;
use exceptions::EXCEPTIONS;
use memo::{Memo, Part};
use merges::{MERGES, Merge};
use notable::{NOTABLE, Notable};
use split::Splitter;

/// What tokenizing keeps from text to text.
#[derive(Debug, Default)]
pub(super) struct Spacy {
    memo: Memo,
    splitter: Splitter,
    spare: Columns,
}

impl Spacy {
    /// Appends the tokens of `text`.
    pub(super) fn fill(&mut self, text: &str, out: &mut Columns) {
        let notable: &Notable = &NOTABLE;
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if ascii::is_space(byte) {
                at += 1;
                continue;
            }
            at = match plain::chunk(bytes, at, notable, out) {
                Some(end) => end,
                None => self.other_chunk(text, at, out),
            };
        }
        let merges = MERGES.find(text, &out.spans, &out.hashes);
        if !merges.is_empty() {
            std::mem::swap(out, &mut self.spare);
            out.clear();
            apply(&merges, text, &self.spare, out);
        }
    }

    /// Appends the tokens of the chunk at `at` and returns where it ends. White space that is not ASCII is an empty
    /// chunk.
    fn other_chunk(&mut self, text: &str, at: usize, out: &mut Columns) -> usize {
        let (end, next) = chunk_end(text, at);
        let chunk = &text[at..end];
        let hash = word_hash(chunk.as_bytes());
        if let Some(parts) = self.memo.get(chunk.as_bytes(), hash) {
            for part in parts {
                let (start, end) = (at + usize::from(part.start), at + usize::from(part.end));
                out.push(start, end, u32::from(part.chars), part.hash, part.flags);
            }
            return next;
        }
        let before = out.len();
        for &(start, end) in self.splitter.split(chunk, Some(&EXCEPTIONS)) {
            let token = &chunk[start..end];
            let hash = if token.len() == chunk.len() { hash } else { word_hash(token.as_bytes()) };
            out.push_hashed(at + start, token, hash);
        }
        self.memo.put(chunk.as_bytes(), hash, (before..out.len()).map(|index| part(out, index, at)));
        next
    }
}

/// A token as it is remembered; only tokens of short chunks are.
fn part(out: &Columns, index: usize, chunk: usize) -> Part {
    let (start, end) = out.spans[index];
    Part {
        hash: out.hashes[index],
        flags: out.flags[index],
        start: (start as usize - chunk) as u8,
        end: (end as usize - chunk) as u8,
        chars: out.chars[index] as u8,
    }
}

/// Whether white space may begin with the byte: ASCII white space, and the first bytes of all other white space.
static MAY_BEGIN_SPACE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = ascii::is_space(byte as u8) || matches!(byte, 0xc2 | 0xe1 | 0xe2 | 0xe3);
        byte += 1;
    }
    table
};

/// Where the chunk that holds the byte at `at` ends, and where to go on after white space that is not ASCII.
fn chunk_end(text: &str, at: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let mut end = at;
    while let Some(more) = bytes[end..].iter().position(|&byte| MAY_BEGIN_SPACE[usize::from(byte)]) {
        end += more;
        if bytes[end].is_ascii() {
            return (end, end);
        }
        if let Some(c) = text[end..].chars().next()
            && python::is_space(c)
        {
            return (end, end + c.len_utf8());
        }
        end += 1;
    }
    (text.len(), text.len())
}

/// Replaces tokens by those of exceptions.
fn apply(merges: &[Merge], text: &str, old: &Columns, out: &mut Columns) {
    let mut next = 0;
    for merge in merges {
        out.extend_from(old, next, merge.first);
        let base = old.spans[merge.first].0 as usize;
        let mut start = base;
        for end in &merge.exception.ends {
            out.push_word(start, &text[start..base + end]);
            start = base + end;
        }
        next = merge.first + merge.count;
    }
    out.extend_from(old, next, old.len());
}
