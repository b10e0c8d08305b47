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
