//! The words of a stretch of text in normal form, each with the bytes it was written in.

use super::encoded::{decode, tag};
use super::normal::{self, Part};
use super::words::{Gap, WordPart, fold, joins_script, word_part};
use std::ops::Range;

/// A word that may be disguised, in bytes of the text.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub start: usize,
    pub end: usize,
    /// Where its readings stand in [`Tokens::forms`]: the normal form, then those with digits and symbols as letters.
    readings: [Range<usize>; READINGS_MAX],
    /// The normal form without repeated letters, where one stands three times or more in a row.
    squeezed: Option<Range<usize>>,
    /// Whether any reading differs from the word as written.
    pub altered: bool,
    /// Whether a term may go on from the word before to this one.
    pub joined: bool,
    /// Whether markup stands between the two: a tag or an encoded character.
    pub after_markup: bool,
}

/// As it is; with `1`, `!` and `|` as i; with them as l.
const READINGS_MAX: usize = 3;
/// A letter this often in a row is no spelling of any word.
const RUN: usize = 3;

/// Tokens with the buffer their forms stand in.
#[derive(Default)]
pub(super) struct Tokens {
    pub list: Vec<Token>,
    /// What stands after the last word.
    gap: Gap,
    markup: bool,
    /// Where the last tag ends, which may hold white space.
    tag_end: usize,
    forms: String,
    folded: String,
}

impl Tokens {
    pub fn clear(&mut self) {
        self.list.clear();
        self.forms.clear();
        (self.gap, self.markup, self.tag_end) = (Gap::default(), false, 0);
    }

    /// Whether markup stands beside any of the words, or where there are none.
    pub fn hold_markup(&self) -> bool {
        self.markup || self.list.iter().any(|token| token.after_markup)
    }

    /// The forms a word of a term may have to be this token, without repetition.
    pub fn readings(&self, token: &Token) -> impl Iterator<Item = &str> {
        token.readings.iter().filter(|range| !range.is_empty()).map(|range| &self.forms[range.clone()])
    }

    /// The form without repeated letters, if it has any.
    pub fn squeezed(&self, token: &Token) -> Option<&str> {
        token.squeezed.clone().map(|range| &self.forms[range])
    }

    /// The one reading that is most likely meant: letters, where digits or symbols may be letters.
    pub fn best(&self, token: &Token) -> &str {
        let [normal, letters, _] = &token.readings;
        &self.forms[if letters.is_empty() { normal } else { letters }.clone()]
    }

    /// Adds the words of a chunk, which is a stretch of `text` without white space of ASCII.
    pub fn add(&mut self, text: &str, chunk: Range<usize>) {
        let leet = !is_address(&text[chunk.clone()]);
        let (mut open, mut script) = (None, None);
        let mut at = chunk.start.max(self.tag_end);
        self.gap.push(' ');
        while let Some(written) = text.get(at..chunk.end).and_then(|rest| rest.chars().next()) {
            let (c, len) = match written {
                '&' | '%' => decode(&text[..chunk.end], at),
                '<' => tag(&text[at..]).map(|len| (' ', len)),
                _ => None,
            }
            .unwrap_or((written, written.len_utf8()));
            let part = word_part(c);
            if part != WordPart::Gap && !joins_script(&mut script, part) {
                self.close(text, open.take(), leet);
                script = Some(part);
            }
            let before = self.forms.len();
            match normal::push(c, &mut self.forms) {
                Part::Nothing => {}
                Part::Letters => {
                    let open = open.get_or_insert_with(|| self.open(at, before));
                    open.letters |= !c.is_ascii_digit();
                    self.end(open, at + len);
                }
                Part::Gap if leet && is_leet_symbol(c) => {
                    self.forms.push(c);
                    let open = open.get_or_insert_with(|| self.open(at, before));
                    // punctuation at the end of a word is punctuation
                    if matches!(c, '@' | '!') {
                        self.gap.push(c);
                    } else {
                        self.end(open, at + len);
                    }
                }
                Part::Gap => {
                    self.close(text, open.take(), leet);
                    script = None;
                    self.gap.push(c);
                    self.markup |= len > written.len_utf8();
                }
            }
            at += len;
        }
        self.tag_end = at;
        self.close(text, open, leet);
    }

    fn open(&self, start: usize, form: usize) -> Open {
        Open {
            start,
            form,
            solid: (start, form),
            letters: false,
            joined: self.gap.joins(),
            after_markup: self.markup,
        }
    }

    /// The word goes on up to here.
    fn end(&mut self, open: &mut Open, end: usize) {
        open.solid = (end, self.forms.len());
        (self.gap, self.markup) = (Gap::default(), false);
    }

    fn close(&mut self, text: &str, open: Option<Open>, leet: bool) {
        let Some(open) = open.filter(|open| open.solid.0 > open.start) else { return };
        self.forms.truncate(open.solid.1);
        let mut readings = [open.form..open.solid.1, 0..0, 0..0];
        let is_leet = |c: char| c.is_ascii_digit() || is_leet_symbol(c);
        if leet && open.letters && self.forms[readings[0].clone()].contains(is_leet) {
            for (reading, stroke) in readings[1..].iter_mut().zip(['i', 'l']) {
                *reading = self.unleet(open.form..open.solid.1, stroke);
            }
            if self.forms[readings[1].clone()] == self.forms[readings[2].clone()] {
                readings[2] = 0..0;
            }
        }
        let best = usize::from(!readings[1].is_empty());
        let squeezed = self.squeeze(readings[best].clone());
        fold(&text[open.start..open.solid.0], &mut self.folded);
        let altered = best > 0 || squeezed.is_some() || self.folded != self.forms[readings[0].clone()];
        let (start, end) = (open.start, open.solid.0);
        let Open { joined, after_markup, .. } = open;
        self.list.push(Token { start, end, readings, squeezed, altered, joined, after_markup });
    }

    /// Appends a form with digits and symbols as the letters they look like.
    fn unleet(&mut self, form: Range<usize>, stroke: char) -> Range<usize> {
        let letters: String = self.forms[form].chars().map(|c| letter_of(c, stroke)).collect();
        self.append(&letters)
    }

    /// Appends a form without repeated letters if one stands in a row too often.
    fn squeeze(&mut self, form: Range<usize>) -> Option<Range<usize>> {
        let form = &self.forms[form];
        let mut run = 0;
        let mut last = None;
        let long = form.chars().any(|c| {
            run = if last == Some(c) { run + 1 } else { 1 };
            last = Some(c);
            run >= RUN && c.is_alphabetic()
        });
        let squeezed = long.then(|| squeeze(form))?;
        Some(self.append(&squeezed))
    }

    fn append(&mut self, form: &str) -> Range<usize> {
        let start = self.forms.len();
        self.forms.push_str(form);
        start..self.forms.len()
    }
}

/// A word being read.
struct Open {
    start: usize,
    /// Where its form begins.
    form: usize,
    /// Where word and form end, but for punctuation.
    solid: (usize, usize),
    letters: bool,
    joined: bool,
    after_markup: bool,
}

/// A word with each letter once where it stands in a row.
pub(super) fn squeeze(word: &str) -> String {
    let mut squeezed = String::with_capacity(word.len());
    for c in word.chars() {
        if !squeezed.ends_with(c) {
            squeezed.push(c);
        }
    }
    squeezed
}

/// Whether a word is another with some of its letters repeated, of the same letters in turn: only a run of three or more
/// stands for a shorter one, so that `aaas` is no `ass`.
pub(super) fn is_lengthened(word: &str, of: &str) -> bool {
    let (mut long, mut short) = (word.chars().peekable(), of.chars().peekable());
    while let Some(letter) = long.peek().copied() {
        let run = |letters: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            std::iter::from_fn(|| letters.next_if_eq(&letter)).count()
        };
        let (found, expected) = (run(&mut long), run(&mut short));
        if found != expected && (found < RUN || found < expected) {
            return false;
        }
    }
    short.peek().is_none()
}

/// Symbols that stand for letters.
pub(super) fn is_leet_symbol(c: char) -> bool {
    matches!(c, '@' | '$' | '!' | '|' | '+')
}

/// The letter a digit or symbol stands for; `stroke` is what an upright one is.
fn letter_of(c: char, stroke: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => stroke,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    }
}

/// URLs, handles and mail addresses: their digits and symbols are digits and symbols.
fn is_address(chunk: &str) -> bool {
    let domain = |rest: &str| rest.trim_end_matches(|c: char| !c.is_alphanumeric()).contains('.');
    chunk.starts_with('@')
        || chunk.starts_with("www.")
        || chunk.contains("://")
        || chunk.split_once('@').is_some_and(|(name, rest)| !name.is_empty() && domain(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(text: &str) -> Vec<String> {
        let mut tokens = Tokens::default();
        tokens.add(text, 0..text.len());
        let shown = |token: &Token| {
            let mut forms: Vec<&str> = tokens.readings(token).collect();
            forms.extend(tokens.squeezed(token));
            format!("{}={}", &text[token.start..token.end], forms.join("/"))
        };
        tokens.list.iter().map(shown).collect()
    }

    #[test]
    fn only_a_long_run_stands_for_a_shorter_one() {
        for (word, of, expected) in [
            ("booook", "book", true),
            ("boook", "bok", true),
            ("book", "bok", false),
            ("aaas", "ass", false),
            ("asss", "ass", true),
            ("aaasss", "ass", true),
            ("beeen", "ben", true),
            ("beennn", "ben", false),
            ("sooon", "sooon", true),
            ("sooo", "soon", false),
            ("", "a", false),
        ] {
            assert_eq!(is_lengthened(word, of), expected, "{word} {of}");
        }
    }

    #[test]
    fn a_token_has_the_readings_its_digits_and_symbols_allow() {
        for (text, expected) in [
            ("s4r1n", vec!["s4r1n=s4r1n/sarin/sarln"]),
            ("b@d,", vec!["b@d=b@d/bad"]),
            ("wow!", vec!["wow=wow"]),
            ("a$$!!", vec!["a$$=a$$/ass"]),
            ("1990", vec!["1990=1990"]),
            ("T-2", vec!["T=t", "2=2"]),
            ("https://x.org/s4", vec!["https=https", "x=x", "org=org", "s4=s4"]),
            ("@s4rin", vec!["s4rin=s4rin"]),
            ("me@x.org", vec!["me=me", "x=x", "org=org"]),
            ("soooon", vec!["soooon=soooon/son"]),
            ("s&#97;r\u{ad}in&amp;", vec!["s&#97;r\u{ad}in=sarin", "amp=amp"]),
            ("\u{200b}sar\u{200b}in\u{200b}", vec!["sar\u{200b}in=sarin"]),
            ("!!", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(readings(text), expected, "{text}");
        }
    }
}
