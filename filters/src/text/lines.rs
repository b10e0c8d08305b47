//! The lines and paragraphs of a text, in each of the ways in which the reference implementations divide it.

use super::python;
use memchr::memchr_iter;
use xxhash_rust::xxh3::xxh3_64;

/// One line or paragraph: where it stands, without its break, and what the rules compare it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins, in bytes.
    pub start: u32,
    /// Where it ends, in bytes, without the break.
    pub end: u32,
    /// Its length in code points.
    pub chars: u32,
    /// Whether Python's `strip` leaves nothing of it.
    pub blank: bool,
    /// XXH3-64 (seed 0) of its bytes; equal pieces have equal hashes.
    pub hash: u64,
}

impl Piece {
    /// The piece of the text the lines were made from.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    fn new(text: &str, start: usize, end: usize, ascii: bool) -> Self {
        let piece = text.get(start..end).unwrap_or_default();
        let chars = if ascii { piece.len() } else { piece.chars().count() };
        let printable = piece.as_bytes().first().is_some_and(|byte| (b'!'..=b'~').contains(byte));
        let blank = !printable && piece.chars().all(python::is_space);
        let hash = xxh3_64(piece.as_bytes());
        Self { start: start as u32, end: end as u32, chars: chars as u32, blank, hash }
    }

    /// A paragraph from its start to its end that begins with the line `opening`; often it is that line.
    fn paragraph(text: &str, (start, end, opening): (usize, usize, &Self), ascii: bool) -> Self {
        let is_line = opening.start as usize == start && opening.end as usize == end;
        if is_line { *opening } else { Self::new(text, start, end, ascii) }
    }
}

/// The lines of one text.
#[derive(Debug, Default)]
pub struct Lines {
    newline: Vec<Piece>,
    broken: Vec<Piece>,
    paragraphs: Vec<Piece>,
    other_breaks: bool,
}

impl Lines {
    /// `text.split("\n")`: always one piece more than there are line feeds, so the empty text has one (empty) piece.
    /// FineWeb's lines are those that are not [`Piece::blank`].
    pub fn by_newline(&self) -> &[Piece] {
        &self.newline
    }

    /// `re.split("\n+", text)`: a text that begins or ends with line feeds has one empty first or last piece.
    pub fn by_newline_runs(&self) -> impl Iterator<Item = &Piece> + Clone {
        let last = self.newline.len().saturating_sub(1);
        self.newline
            .iter()
            .enumerate()
            .filter(move |(at, piece)| piece.start < piece.end || *at == 0 || *at == last)
            .map(|(_, piece)| piece)
    }

    /// `text.splitlines()`: also broken at carriage returns, form feeds, U+2028 … ([`python::is_line_break`]); no
    /// empty piece after a break at the end, none at all in the empty text.
    pub fn by_break(&self) -> &[Piece] {
        if self.other_breaks {
            return &self.broken;
        }
        match self.newline.split_last() {
            Some((last, rest)) if last.start == last.end => rest,
            _ => &self.newline,
        }
    }

    /// `re.split("\n{2,}", text.strip())`: always at least one piece.
    pub fn paragraphs(&self) -> &[Piece] {
        &self.paragraphs
    }
    /// Replaces the content by the lines of `text`.
    pub(crate) fn fill(&mut self, text: &str, ascii: bool) {
        self.newline.clear();
        let mut start = 0;
        for end in memchr_iter(b'\n', text.as_bytes()) {
            self.newline.push(Piece::new(text, start, end, ascii));
            start = end + 1;
        }
        self.newline.push(Piece::new(text, start, text.len(), ascii));
        self.fill_broken(text, ascii);
        self.fill_paragraphs(text, ascii);
    }

    fn fill_broken(&mut self, text: &str, ascii: bool) {
        self.broken.clear();
        self.other_breaks = has_other_break(text, ascii);
        if self.other_breaks {
            let base = text.as_ptr() as usize;
            self.broken.extend(python::split_lines(text).map(|line| {
                let start = line.as_ptr() as usize - base;
                Piece::new(text, start, start + line.len(), ascii)
            }));
        }
    }

    fn fill_paragraphs(&mut self, text: &str, ascii: bool) {
        self.paragraphs.clear();
        let first = text.len() - python::lstrip(text).len();
        let last = python::rstrip(text).len().max(first);
        let mut open: Option<(usize, usize, &Piece)> = None;
        for line in &self.newline {
            let start = (line.start as usize).max(first);
            let end = (line.end as usize).min(last);
            open = match open {
                Some((paragraph, _, opening)) if start < end => Some((paragraph, end, opening)),
                None if start < end => Some((start, end, line)),
                other => {
                    self.paragraphs.extend(other.map(|paragraph| Piece::paragraph(text, paragraph, ascii)));
                    None
                }
            };
        }
        self.paragraphs.extend(open.map(|paragraph| Piece::paragraph(text, paragraph, ascii)));
        if self.paragraphs.is_empty() {
            self.paragraphs.push(Piece::new(text, first, first, ascii));
        }
    }
}

/// Whether `splitlines` breaks the text anywhere but at line feeds.
fn has_other_break(text: &str, ascii: bool) -> bool {
    // Without an early exit the compiler makes wide comparisons of this.
    let breaks = |block: &[u8]| {
        block
            .iter()
            .fold(false, |found, &byte| found | (byte.wrapping_sub(0x0b) < 3) | (byte.wrapping_sub(0x1c) < 3))
    };
    text.as_bytes().chunks(256).any(breaks) || (!ascii && has_wide_break(text))
}

fn has_wide_break(text: &str) -> bool {
    let mut breaks = ["\u{85}", "\u{2028}", "\u{2029}"].into_iter();
    breaks.any(|wide| memchr::memmem::find(text.as_bytes(), wide.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> Lines {
        let mut lines = Lines::default();
        lines.fill("left\r\n\nover", true);
        lines.fill(text, text.is_ascii());
        lines
    }

    fn texts<'a>(pieces: impl IntoIterator<Item = &'a Piece>, text: &'a str) -> Vec<&'a str> {
        pieces.into_iter().map(|piece| piece.of(text)).collect()
    }

    #[test]
    fn each_way_of_dividing() {
        let text = "\n a\n\nb\r\nc \n \n\n\nd\n";
        let lines = lines(text);
        assert_eq!(texts(lines.by_newline(), text), ["", " a", "", "b\r", "c ", " ", "", "", "d", ""]);
        assert_eq!(texts(lines.by_newline_runs(), text), ["", " a", "b\r", "c ", " ", "d", ""]);
        assert_eq!(texts(lines.by_break(), text), ["", " a", "", "b", "c ", " ", "", "", "d"]);
        assert_eq!(texts(lines.paragraphs(), text), ["a", "b\r\nc \n ", "d"]);
    }

    #[test]
    fn the_empty_and_the_blank_text() {
        for (text, newline, runs, broken) in
            [("", 1, 1, 0), ("\n\n", 3, 2, 2), (" ", 1, 1, 1), ("\r", 1, 1, 1)]
        {
            let lines = lines(text);
            assert_eq!(lines.by_newline().len(), newline, "{text:?}");
            assert_eq!(lines.by_newline_runs().count(), runs, "{text:?}");
            assert_eq!(lines.by_break().len(), broken, "{text:?}");
            assert_eq!(texts(lines.paragraphs(), text), [""]);
            assert!(lines.by_newline().iter().all(|piece| piece.blank));
        }
    }

    proptest! {
        #[test]
        fn pieces_are_those_of_the_definitions(text in "(a|b c|é|\n|\n\n| |\r\n|\r|\u{b}|\u{1c}|\u{85}|\u{2028}|\u{a0}){0,12}") {
            let lines = lines(&text);
            prop_assert_eq!(texts(lines.by_newline(), &text), text.split('\n').collect::<Vec<_>>());
            prop_assert_eq!(texts(lines.by_break(), &text), python::split_lines(&text).collect::<Vec<_>>());
            let newlines = regex::Regex::new("\n+").unwrap();
            prop_assert_eq!(texts(lines.by_newline_runs(), &text), newlines.split(&text).collect::<Vec<_>>());
            let gaps = regex::Regex::new("\n{2,}").unwrap();
            prop_assert_eq!(texts(lines.paragraphs(), &text), gaps.split(python::strip(&text)).collect::<Vec<_>>());
            for piece in lines.by_newline().iter().chain(lines.by_break()).chain(lines.paragraphs()) {
                let line = piece.of(&text);
                prop_assert_eq!(piece.chars as usize, line.chars().count());
                prop_assert_eq!(piece.blank, python::strip(line).is_empty());
                prop_assert_eq!(piece.hash, xxh3_64(line.as_bytes()));
            }
        }
    }
}
