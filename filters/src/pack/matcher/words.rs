//! Words of a text as written: longest runs of letters, digits and combining marks.
//!
//! These are the word boundaries of UAX #29 for scripts written with spaces, tailored (as section 4.1.1 there allows) so
//! that apostrophes, full stops, colons and underscores separate too: a name is found in `sarin's` and `sarin_note`.

use std::sync::LazyLock;

/// The byte ranges of the words of a text.
pub(in crate::pack) fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let word = next_word(text, at)?;
        at = word.1;
        Some(word)
    })
}

/// The first word at or after the byte `from`, which is a character boundary.
#[inline]
pub(super) fn next_word(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut start = from;
    loop {
        start += leading(bytes, start, Run::AsciiGap);
        if bytes.get(start)?.is_ascii() {
            break;
        }
        match word_char_at(text, start) {
            (true, _) => break,
            (false, len) => start += len,
        }
    }
    let mut end = start;
    loop {
        end += leading(bytes, end, Run::AsciiWord);
        match bytes.get(end) {
            Some(byte) if !byte.is_ascii() => match word_char_at(text, end) {
                (true, len) => end += len,
                (false, _) => return Some((start, end)),
            },
            _ => return Some((start, end)),
        }
    }
}

/// A run of bytes of one kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    /// Letters and digits.
    AsciiWord,
    /// All other ASCII.
    AsciiGap,
}

/// How many bytes of this kind stand at `at`. Most runs end within eight bytes, which are looked at as one number:
/// a branch for every byte would be mispredicted at the end of nearly every word.
#[inline]
fn leading(bytes: &[u8], at: usize, run: Run) -> usize {
    let mut len = 0;
    while let Some(block) = bytes.get(at + len..).and_then(<[u8]>::first_chunk) {
        let block = u64::from_le_bytes(*block);
        let word = ascii_alphanumerics(block);
        let others = if run == Run::AsciiWord { word ^ HIGH_BITS } else { word | (block & HIGH_BITS) };
        match others.trailing_zeros() / 8 {
            8 => len += 8,
            few => return len + few as usize,
        }
    }
    let rest = bytes.get(at + len..).unwrap_or_default();
    let same = |byte: &&u8| byte.is_ascii() && byte.is_ascii_alphanumeric() == (run == Run::AsciiWord);
    len + rest.iter().take_while(same).count()
}

pub(super) const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

const ONES: u64 = 0x0101_0101_0101_0101;

/// The high bit of each byte that is at least `bound`; the bytes are below 0x80. Adding to seven bits carries into the
/// eighth exactly when the byte reaches the bound.
#[inline]
fn reach(bytes: u64, bound: u8) -> u64 {
    bytes + ONES * u64::from(0x80 - bound)
}

/// The high bit of each of the eight bytes that is an ASCII letter.
#[inline]
pub(super) fn ascii_letters(block: u64) -> u64 {
    let small = (block | (ONES * 0x20)) & !HIGH_BITS;
    reach(small, b'a') & !reach(small, b'z' + 1) & !block & HIGH_BITS
}

/// The high bit of each of the eight bytes that is an ASCII letter or digit.
#[inline]
fn ascii_alphanumerics(block: u64) -> u64 {
    let plain = block & !HIGH_BITS;
    let digits = reach(plain, b'0') & !reach(plain, b'9' + 1);
    ascii_letters(block) | (digits & !block & HIGH_BITS)
}

/// Whether the character at a byte belongs to a word, and its length.
fn word_char_at(text: &str, at: usize) -> (bool, usize) {
    text[at..].chars().next().map_or((false, 1), |c| (is_word_char(c), c.len_utf8()))
}

/// One bit for every code point up to U+FFFF: asking the standard library costs several times as much.
static WORD_CHARS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut bits = vec![0u64; 0x1_0000 / 64];
    for c in ('\0'..='\u{ffff}').filter(|&c| defines_word_char(c)) {
        bits[c as usize / 64] |= 1 << (c as usize % 64);
    }
    bits
});

pub(super) fn is_word_char(c: char) -> bool {
    match WORD_CHARS.get(c as usize / 64) {
        Some(bits) => bits >> (c as usize % 64) & 1 == 1,
        None => defines_word_char(c),
    }
}

/// Letters and digits; a combining mark belongs to the letter it stands on.
fn defines_word_char(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

/// Most characters between two words of a term: "foot- and-mouth", "mustard\n> gas".
pub const GAP_CHARS_MAX: usize = 3;

/// Whether a term may go on after this gap: it is short, and no sentence ends in it.
pub(super) fn joins(gap: &str) -> bool {
    let mut stop = false;
    for (nth, c) in gap.chars().enumerate() {
        if nth >= GAP_CHARS_MAX || (stop && c.is_whitespace()) {
            return false;
        }
        stop = matches!(c, '.' | '!' | '?');
    }
    true
}

/// Writes a word without regard to case.
pub(super) fn fold(word: &str, folded: &mut String) {
    folded.clear();
    if word.is_ascii() {
        folded.push_str(word);
        folded.make_ascii_lowercase();
    } else {
        folded.extend(word.chars().flat_map(fold_char));
    }
}

/// By way of upper case, where the two small sigmas meet, and of lower case before, where both sharp s do.
pub(super) fn fold_char(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// Calls `found` for every sequence of up to `words_max` words that a term could be, folded and joined by spaces.
pub fn sequences(text: &str, words_max: usize, mut found: impl FnMut(&str)) {
    let places: Vec<(usize, usize)> = words(text).collect();
    let (mut folded, mut sequence) = (String::new(), String::new());
    for first in 0..places.len() {
        sequence.clear();
        for (nth, &(start, end)) in places[first..].iter().take(words_max).enumerate() {
            if nth > 0 {
                if !joins(&text[places[first + nth - 1].1..start]) {
                    break;
                }
                sequence.push(' ');
            }
            fold(&text[start..end], &mut folded);
            sequence.push_str(&folded);
            found(&sequence);
        }
    }
}
