//! What stands around a place of a text: the words before it, what it is attached to, whether it is part of a URL.

use super::topics::{TOPICS, Topic};
use aho_corasick::{AhoCorasick, BuildError};
use std::cell::OnceCell;

/// How many bytes before a place are looked at for a word that explains it: about six words.
const BEFORE: usize = 40;
/// How many bytes behind it.
const BEHIND: usize = 12;
/// The longest URL looked back over.
const URL: usize = 512;

/// Finds the words that say what a number is.
pub(super) struct Context {
    words: AhoCorasick,
    topics: Vec<Topic>,
}

impl Context {
    pub(super) fn new() -> Result<Self, BuildError> {
        let words = TOPICS.iter().flat_map(|(_, words)| words.iter());
        let topics = TOPICS.iter().flat_map(|(topic, words)| words.iter().map(|_| *topic));
        let found = AhoCorasick::builder().ascii_case_insensitive(true).build(words)?;
        Ok(Self { words: found, topics: topics.collect() })
    }

    /// What the whole words in a stretch of text are about, one bit for each topic.
    fn topics(&self, window: &str) -> u32 {
        let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
        let bytes = window.as_bytes();
        let whole = self.words.find_overlapping_iter(window).filter(|found| {
            // words of scripts without spaces stand next to others
            let is_ascii = window[found.range()].is_ascii();
            let before = bytes[..found.start()].last();
            // as in the identifier `j.cell`
            let inside = is_letter(before) || before == Some(&b'.') || is_letter(bytes.get(found.end()));
            !(is_ascii && inside)
        });
        whole.fold(0, |topics, found| topics | 1 << self.topics[found.pattern()] as u32)
    }
}

/// A place in a text.
pub(super) struct Place<'t> {
    pub(super) text: &'t str,
    /// The byte at which something begins.
    pub(super) at: usize,
    context: &'t Context,
    before: OnceCell<u32>,
}

impl<'t> Place<'t> {
    pub(super) fn new(text: &'t str, at: usize, context: &'t Context) -> Self {
        Self { text, at, context, before: OnceCell::new() }
    }

    /// Whether a word shortly before the place is about a topic.
    pub(super) fn is_about(&self, topic: Topic) -> bool {
        let topics = self.before.get_or_init(|| {
            let start = self.text.floor_char_boundary(self.at.saturating_sub(BEFORE));
            // a word that the window cuts is none
            let cut = |c: char| start > 0 && c.is_ascii_alphabetic();
            self.context.topics(self.text[start..self.at].trim_start_matches(cut))
        });
        topics & 1 << topic as u32 != 0
    }

    /// Whether a word shortly behind `end` is about a topic.
    pub(super) fn is_before_word(&self, end: usize, topic: Topic) -> bool {
        let stop = self.text.ceil_char_boundary((end + BEHIND).min(self.text.len()));
        let behind = &self.text[end..stop];
        let cut = |c: char| stop < self.text.len() && c.is_ascii_alphabetic();
        // most have another number behind them
        let word = behind.trim_start_matches([' ', '-', '(', '\t']);
        word.starts_with(char::is_alphabetic)
            && self.context.topics(behind.trim_end_matches(cut)) & 1 << topic as u32 != 0
    }

    /// Whether it lies inside a URL: numbers there are names of pages more often than of people.
    pub(super) fn is_in_url(&self) -> bool {
        let start = self.text.floor_char_boundary(self.at.saturating_sub(URL));
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '|');
        let word = self.text[start..self.at].rsplit(ends).next();
        word.is_some_and(|word| word.contains("://") || word.contains("www.") || word.contains("doi"))
    }
}

/// Whether what begins at `at` goes on something before it: a letter, digit or underscore, or such a one and a
/// character that joins them to one name, path, amount or formula.
pub(super) fn is_attached_before(text: &[u8], at: usize) -> bool {
    let back = |n: usize| at.checked_sub(n).and_then(|at| text.get(at)).copied();
    match back(1) {
        // `No.` and the like, but not the fraction of an amount
        Some(b'.') => back(2).is_some_and(|byte| byte.is_ascii_digit()),
        Some(b',') => goes_on_amount(text, at),
        Some(b'-' | b'/' | b'\\' | b'+' | b'*' | b'^' | b'&' | b'%' | b'~' | b'@') => {
            back(2).is_some_and(is_word)
        }
        Some(b'$') => true,
        _ => is_in_word(text, at),
    }
}

/// Whether a letter, digit or underscore stands before `at`. What programs write for a line break (`\n`) and what
/// surrounds an emphasis (`_`) belongs to nothing.
pub(super) fn is_in_word(text: &[u8], at: usize) -> bool {
    let back = |n: usize| at.checked_sub(n).and_then(|at| text.get(at)).copied();
    match (back(1), back(2)) {
        (Some(b'n' | b'r' | b't'), Some(b'\\')) => false,
        (Some(b'_'), before) => before.is_some_and(is_word),
        (before, _) => before.is_some_and(is_word),
    }
}

/// Whether the digits at `at` are thousands, or the fraction of a number below one, behind a comma; in a list of values
/// they are neither.
fn goes_on_amount(text: &[u8], at: usize) -> bool {
    let back = |n: usize| at.checked_sub(n).and_then(|at| text.get(at)).copied();
    let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    let group = text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_thousands = group == 3 && text.get(at + group) != Some(&b'-');
    is_digit(back(2)) && (is_thousands || (back(2) == Some(b'0') && !is_digit(back(3))))
}

/// Whether what ends at `end` goes on behind it.
pub(super) fn is_attached_behind(text: &[u8], end: usize) -> bool {
    let next = text.get(end + 1).copied();
    match text.get(end) {
        Some(b'_') => next.is_some_and(is_word),
        Some(&byte) if is_word(byte) => true,
        Some(b'-' | b'.' | b'/' | b'\\' | b'+' | b'*' | b'^' | b'%' | b'@' | b'=') => {
            next.is_some_and(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// A letter, digit or underscore of ASCII.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
