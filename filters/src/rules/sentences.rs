//! Counts and finds sentences the way spaCy's rule-based sentencizer does, which datatrove's C4 filter relies on.
//!
//! Source: spaCy 3.8, `pipeline/sentencizer.pyx`: a sentence begins at the first token after a sentence end that is
//! neither punctuation nor itself a sentence end. White space that is not one plain space is a token of its own there,
//! and not punctuation, so it begins a sentence too; at the end of a text it counts as one.

use crate::text::{Tokens, python};
use crate::{View, Words};
use regex::Regex;
use std::cell::Cell;
use std::sync::LazyLock;

/// `Sentencizer.default_punct_chars` beyond ASCII (which has `!`, `.` and `?`). Inclusive ranges of code points.
const SENTENCE_ENDS: &[(u32, u32)] = &[
    (0x589, 0x589),
    (0x61f, 0x61f),
    (0x6d4, 0x6d4),
    (0x700, 0x702),
    (0x7f9, 0x7f9),
    (0x964, 0x965),
    (0x104a, 0x104b),
    (0x1362, 0x1362),
    (0x1367, 0x1368),
    (0x166e, 0x166e),
    (0x1735, 0x1736),
    (0x1803, 0x1803),
    (0x1809, 0x1809),
    (0x1944, 0x1945),
    (0x1aa8, 0x1aab),
    (0x1b5a, 0x1b5b),
    (0x1b5e, 0x1b5f),
    (0x1c3b, 0x1c3c),
    (0x1c7e, 0x1c7f),
    (0x203c, 0x203d),
    (0x2047, 0x2049),
    (0x2e2e, 0x2e2e),
    (0x2e3c, 0x2e3c),
    (0x3002, 0x3002),
    (0xa4ff, 0xa4ff),
    (0xa60e, 0xa60f),
    (0xa6f3, 0xa6f3),
    (0xa6f7, 0xa6f7),
    (0xa876, 0xa877),
    (0xa8ce, 0xa8cf),
    (0xa92f, 0xa92f),
    (0xa9c8, 0xa9c9),
    (0xaa5d, 0xaa5f),
    (0xaaf0, 0xaaf1),
    (0xabeb, 0xabeb),
    (0xfe52, 0xfe52),
    (0xfe56, 0xfe57),
    (0xff01, 0xff01),
    (0xff0e, 0xff0e),
    (0xff1f, 0xff1f),
    (0xff61, 0xff61),
    (0x10a56, 0x10a57),
    (0x11047, 0x11048),
    (0x110be, 0x110c1),
    (0x11141, 0x11143),
    (0x111c5, 0x111c6),
    (0x111cd, 0x111cd),
    (0x111de, 0x111df),
    (0x11238, 0x11239),
    (0x1123b, 0x1123c),
    (0x112a9, 0x112a9),
    (0x1144b, 0x1144c),
    (0x115c2, 0x115c3),
    (0x115c9, 0x115d7),
    (0x11641, 0x11642),
    (0x1173c, 0x1173e),
    (0x11a42, 0x11a43),
    (0x11a9b, 0x11a9c),
    (0x11c41, 0x11c42),
    (0x16a6e, 0x16a6f),
    (0x16af5, 0x16af5),
    (0x16b37, 0x16b38),
    (0x16b44, 0x16b44),
    (0x1bc9f, 0x1bc9f),
    (0x1da88, 0x1da88),
];

/// spaCy's `is_punct`: every character is of a general category P.
static PUNCTUATION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{P}+$").ok());

fn is_sentence_end(token: &str) -> bool {
    let mut chars = token.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return false };
    if c.is_ascii() {
        return matches!(c, '!' | '.' | '?');
    }
    let c = u32::from(c);
    let at = SENTENCE_ENDS.partition_point(|&(_, last)| last < c);
    SENTENCE_ENDS.get(at).is_some_and(|&(first, _)| first <= c)
}

fn is_punctuation(token: &str) -> bool {
    if token.is_ascii() {
        // these ASCII symbols are of a category S
        return token.bytes().all(|b| b.is_ascii_punctuation() && !b"$+<=>^`|~".contains(&b));
    }
    !token.starts_with(python::is_alpha) && PUNCTUATION.as_ref().is_some_and(|all| all.is_match(token))
}

/// The state of the scan of one text.
#[derive(Default)]
struct Scan {
    started: usize,
    after_end: bool,
}

impl Scan {
    fn white_space(&mut self) {
        if self.after_end {
            self.started += 1;
            self.after_end = false;
        }
    }

    fn token(&mut self, token: &str) {
        if token.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) {
            self.white_space();
        } else if is_sentence_end(token) {
            self.after_end = true;
        } else if self.after_end && !is_punctuation(token) {
            self.white_space();
        }
    }
}

/// The number of sentences in `line`, whose tokens are given as byte ranges of `text`; never less than one.
/// `line` is the byte range of the line. Counting stops at `enough`.
fn count_tokens(
    text: &str,
    line: (usize, usize),
    tokens: impl Iterator<Item = (usize, usize)>,
    enough: usize,
) -> usize {
    let mut scan = Scan { started: 1, after_end: false };
    let mut at = line.0;
    for (start, end) in tokens {
        if !matches!(&text[at..start], "" | " ") {
            scan.white_space();
        }
        scan.token(&text[start..end]);
        at = end;
        if scan.started >= enough {
            return scan.started;
        }
    }
    if !matches!(&text[at..line.1], "" | " ") {
        scan.white_space();
    }
    scan.started
}

/// The sentences of a line of a text whose tokens are those of spaCy.
pub(super) fn count(text: &str, tokens: &Tokens, line: (usize, usize), enough: usize) -> usize {
    let inside = (first_from(tokens, line.0)..tokens.len()).map(|nth| tokens.span(nth));
    count_tokens(text, line, inside.take_while(|span| span.1 <= line.1), enough)
}

/// Calls `found` with start and end of each sentence of a line of a text, given in bytes, in order; white space around
/// a sentence may belong to it.
pub fn sentences(view: &View<'_>, line: (usize, usize), mut found: impl FnMut(usize, usize)) {
    let text = view.text();
    let mut divide = |tokens: &mut dyn Iterator<Item = (usize, usize)>| {
        let mut scan = Scan { started: 1, after_end: false };
        let (mut begun, mut at) = (line.0, line.0);
        for (start, end) in tokens {
            let before = scan.started;
            if !matches!(&text[at..start], "" | " ") {
                scan.white_space();
            }
            scan.token(&text[start..end]);
            if scan.started > before {
                found(begun, at);
                begun = start;
            }
            at = end;
        }
        found(begun, line.1);
    };
    if view.words() == Words::SpacyEn {
        let tokens = view.tokens();
        let inside = (first_from(tokens, line.0)..tokens.len()).map(|nth| tokens.span(nth));
        divide(&mut inside.take_while(|span| span.1 <= line.1));
    } else {
        let mut tokens = TOKENS.take();
        tokens.fill(&text[line.0..line.1], Words::SpacyEn);
        divide(&mut tokens.spans().map(|(start, end)| (line.0 + start, line.0 + end)));
        TOKENS.set(tokens);
    }
}

/// The first token that begins at or after a byte.
fn first_from(tokens: &Tokens, byte: usize) -> usize {
    let (mut low, mut high) = (0, tokens.len());
    while low < high {
        let middle = low.midpoint(high);
        if tokens.span(middle).0 < byte { low = middle + 1 } else { high = middle }
    }
    low
}

thread_local! {
    static TOKENS: Cell<Tokens> = Cell::default();
}

/// The sentences of a line that has no tokens yet.
pub(super) fn count_anew(line: &str, enough: usize) -> usize {
    let mut tokens = TOKENS.take();
    tokens.fill(line, Words::SpacyEn);
    let counted = count_tokens(line, (0, line.len()), tokens.spans(), enough);
    TOKENS.set(tokens);
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Document, Scratch};

    #[test]
    fn sentences_are_those_of_spacys_sentencizer() {
        for (line, sentences) in [
            ("", 1),
            ("no end at all", 1),
            ("One. Two! Three?", 3),
            ("He said \"yes.\" She left.", 2),
            ("Wait... what?!", 1),
            ("What?! (Really.) Yes", 3),
            ("One.  Two", 2),
            ("One.  ", 2),
            ("One. ", 1),
            ("版本一。 版本二！ 版本三", 3),
            ("Price. $5", 2),
        ] {
            assert_eq!(count_anew(line, usize::MAX), sentences, "{line}");
        }
    }

    #[test]
    fn sentences_are_found_where_they_are_counted() {
        let text = "Skip. Me.\nHe said \"yes.\" She left.  \"So!\" Né? Yes \nNot. This.";
        let line = (10, text.len() - 11);
        for words in [Words::SpacyEn, Words::Uax29] {
            let scratch = Scratch::new(words);
            let view = View::new(Document { text, ..Document::default() }, &scratch);
            let mut all = Vec::new();
            sentences(&view, line, |start, end| all.push(text[start..end].trim()));
            assert_eq!(all, ["He said \"yes.\"", "She left.", "\"So!\"", "Né?", "Yes"]);
            all.clear();
            sentences(&view, (9, 9), |start, end| all.push(&text[start..end]));
            assert_eq!(all, [""]);
        }
    }

    #[test]
    fn counting_stops_when_it_is_enough() {
        assert_eq!(count_anew("One. Two. Three. Four. Five. Six.", 5), 5);
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(SENTENCE_ENDS.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(
            is_sentence_end("。") && is_sentence_end("؟") && !is_sentence_end("…") && !is_sentence_end("..")
        );
    }
}
