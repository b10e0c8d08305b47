//! The short way through chunks that are ASCII words with marks around them, such as `("well-known` or `2019).`
//!
//! It takes only what the rules of [`affixes`](super::affixes) split without a closer look: every mark is then a
//! token of its own, because each round of peeling takes one from either end and no exception can come up in
//! between. Where that is not certain it takes nothing, and the chunk goes the long way.

use super::notable::Notable;
use crate::text::ascii;
use crate::text::hash::short_word_hash;
use crate::text::tokens::{Columns, Tokens};

/// Appends the tokens of the chunk at `at` and returns its end; `None`, with nothing appended, if it is not plain.
#[inline]
pub(super) fn chunk(bytes: &[u8], at: usize, notable: &Notable, out: &mut Columns) -> Option<usize> {
    let (len, hash) = ascii::letters(bytes, at);
    let end = at + len;
    if len > 0 && at_end(bytes, end) {
        let notes = notable.get(hash);
        if notes & Notable::EXCEPTION == 0 {
            out.push(at, end, len as u32, hash, Tokens::ALPHA | notes & Notable::STOP_WORDS);
            return Some(end);
        }
        return None;
    }
    let before = out.len();
    let end = marked(bytes, at, notable, out);
    if end.is_none() {
        out.truncate(before);
    }
    end
}

/// A chunk with marks.
fn marked(bytes: &[u8], at: usize, notable: &Notable, out: &mut Columns) -> Option<usize> {
    let mut core = at;
    while matches!(bytes.get(core), Some(b'(' | b'[' | b'"')) {
        push_mark(bytes, core, out);
        core += 1;
    }
    let (len, hash) = ascii::letters(bytes, core);
    // Short cores come up in emoticons and list marks that are exceptions.
    let end = if len > 1 || (len == 1 && core == at) {
        letters(bytes, core, (len, hash), notable, out)?
    } else {
        number(bytes, core, out)?
    };
    closing(bytes, end, out)
}

/// Appends words joined by hyphens or slashes and a final `'s`, and returns where they end.
fn letters(
    bytes: &[u8],
    at: usize,
    (len, hash): (usize, u64),
    notable: &Notable,
    out: &mut Columns,
) -> Option<usize> {
    let notes = notable.get(hash);
    if notes & (Notable::EXCEPTION | Notable::BEGINS_EXCEPTION) != 0 {
        return None;
    }
    let mut end = at + len;
    out.push(at, end, len as u32, hash, Tokens::ALPHA | notes & Notable::STOP_WORDS);
    while matches!(bytes.get(end), Some(b'-' | b'/')) {
        let (len, hash) = ascii::letters(bytes, end + 1);
        if len == 0 {
            return None;
        }
        push_mark(bytes, end, out);
        let flags = Tokens::ALPHA | notable.get(hash) & Notable::STOP_WORDS;
        out.push(end + 1, end + 1 + len, len as u32, hash, flags);
        end += 1 + len;
    }
    if bytes.get(end) == Some(&b'\'') && bytes.get(end + 1) == Some(&b's') {
        out.push(end, end + 2, 2, short_word_hash(u64::from(b'\'') | u64::from(b's') << 8, 2), Tokens::ALPHA);
        end += 2;
    }
    Some(end)
}

/// Appends a number of two to seven digits and returns where it ends.
fn number(bytes: &[u8], at: usize, out: &mut Columns) -> Option<usize> {
    let block = ascii::block(bytes, at);
    let len = block.to_le_bytes().iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(2..8).contains(&len) {
        return None;
    }
    out.push(at, at + len, len as u32, short_word_hash(ascii::first_bytes(block, len), len), 0);
    Some(at + len)
}

/// Appends the marks after a word and returns where they end, if the chunk ends there too.
fn closing(bytes: &[u8], at: usize, out: &mut Columns) -> Option<usize> {
    let mut end = at;
    while !at_end(bytes, end) {
        let splits = match bytes[end] {
            b',' | b';' | b':' | b'!' | b'?' | b')' | b']' | b'"' => true,
            b'.' => splits_stop(&bytes[..end]) && bytes.get(end + 1) != Some(&b'.'),
            _ => false,
        };
        if !splits {
            return None;
        }
        push_mark(bytes, end, out);
        end += 1;
    }
    Some(end)
}

/// Whether a final full stop is a suffix after these bytes, which end in a word, a number or a mark.
fn splits_stop(before: &[u8]) -> bool {
    match before {
        [.., first, last] if last.is_ascii_uppercase() => first.is_ascii_uppercase(),
        [last] => !last.is_ascii_uppercase(),
        _ => true,
    }
}

fn push_mark(bytes: &[u8], at: usize, out: &mut Columns) {
    out.push(at, at + 1, 1, short_word_hash(u64::from(bytes[at]), 1), Tokens::SYMBOL);
}

#[inline]
fn at_end(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| ascii::is_space(*byte))
}
