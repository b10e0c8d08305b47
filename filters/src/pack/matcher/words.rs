//! Words of a text as written: longest runs of letters, digits and combining marks.
//!
//! These are the word boundaries of UAX #29 for scripts written with spaces, tailored (as section 4.1.1 there allows) so
//! that apostrophes, full stops, colons and underscores separate too: a name is found in `sarin's` and `sarin_note`. A run
//! of a script written without spaces is a word of its own: a name is also found between Han letters.

use super::unspaced::is_unspaced;
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
        bytes.get(start)?;
        match beyond_ascii_at(text, start) {
            Some((WordPart::Gap, len)) => start += len,
            _ => break,
        }
    }
    let mut end = start;
    let mut script = None;
    loop {
        let ascii = leading(bytes, end, Run::AsciiWord);
        if ascii > 0 && joins_script(&mut script, WordPart::Spaced) {
            end += ascii;
        }
        let Some((part, len)) = beyond_ascii_at(text, end) else { return Some((start, end)) };
        if !joins_script(&mut script, part) {
            return Some((start, end));
        }
        end += len;
    }
}

/// Whether a character goes on with a word of this script, which is that of its first letter.
#[inline]
pub(super) fn joins_script(script: &mut Option<WordPart>, part: WordPart) -> bool {
    match part {
        WordPart::Gap => false,
        WordPart::Mark => true,
        letter => *script.get_or_insert(letter) == letter,
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

/// What the character beyond ASCII at a byte is, if one stands there, and its length.
fn beyond_ascii_at(text: &str, at: usize) -> Option<(WordPart, usize)> {
    let c = text[at..].chars().next().filter(|c| !c.is_ascii())?;
    Some((word_part(c), c.len_utf8()))
}

/// What a character is to the words of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WordPart {
    /// Not part of any.
    Gap,
    /// A combining mark, which belongs to the letter it stands on.
    Mark,
    /// A letter or digit of a script written with spaces between words.
    Spaced,
    /// One of a script written without.
    Unspaced,
}

/// The parts of the code points up to U+FFFF: asking the standard library costs several times as much.
static WORD_PARTS: LazyLock<Vec<WordPart>> = LazyLock::new(|| {
    (0..=0xffff).map(|code| char::from_u32(code).map_or(WordPart::Gap, defined_part)).collect()
});

pub(super) fn word_part(c: char) -> WordPart {
    WORD_PARTS.get(c as usize).copied().unwrap_or_else(|| defined_part(c))
}

pub(super) fn is_word_char(c: char) -> bool {
    word_part(c) != WordPart::Gap
}

fn defined_part(c: char) -> WordPart {
    match c {
        c if unicode_normalization::char::is_combining_mark(c) => WordPart::Mark,
        c if !c.is_alphanumeric() => WordPart::Gap,
        c if is_unspaced(c) => WordPart::Unspaced,
        _ => WordPart::Spaced,
    }
}

/// Most characters between two words of a term: "foot- and-mouth", "mustard\n> gas". White space in a row counts as one.
pub const GAP_CHARS_MAX: usize = 3;

/// What stands between two words, read one character at a time. White space in a row counts as one character.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gap {
    chars: usize,
    after_space: bool,
    after_stop: bool,
    ends_sentence: bool,
}

impl Gap {
    pub fn push(&mut self, c: char) {
        let space = c.is_whitespace();
        self.chars += usize::from(!(space && self.after_space));
        self.ends_sentence |= space && self.after_stop;
        (self.after_space, self.after_stop) = (space, matches!(c, '.' | '!' | '?'));
    }

    /// Whether a term may go on after it: it is short, and no sentence ends in it.
    pub fn joins(self) -> bool {
        self.chars <= GAP_CHARS_MAX && !self.ends_sentence
    }
}

/// Whether a term may go on after this gap.
pub(super) fn joins(gap: &str) -> bool {
    let mut read = Gap::default();
    gap.chars().all(|c| {
        read.push(c);
        read.joins()
    })
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
