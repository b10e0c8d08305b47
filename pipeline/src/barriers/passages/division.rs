//! A text divided into the units of which passages are made.

use super::Unit;
use filters::View;
use filters::rules::sentences::sentences;
use filters::text::{Piece, Tokens, ngrams, python};
use manifests::digest::Sha256;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// Ends a unit where units are digested; no byte of UTF-8 is this one.
const BREAK: u8 = 0xff;

/// One text's units, in order, and the lines (or paragraphs) in which they stand. Buffers are reused.
#[derive(Default)]
pub(super) struct Division {
    blocks: Vec<Block>,
    units: Vec<Range<usize>>,
    hashes: Vec<u64>,
    /// Before each token, and behind the last, how many hold a letter or digit.
    words: Vec<usize>,
    /// The bytes of all units, each ended by [`BREAK`], and where each begins; made when asked for.
    joined: Vec<u8>,
    begins: Vec<usize>,
}

/// A line or paragraph: what goes whole when all that is in it goes.
struct Block {
    bytes: Range<usize>,
    /// Its first unit; the next block's first unit ends it.
    first: usize,
    blank: bool,
}

impl Division {
    /// Divides a text.
    pub(super) fn fill(&mut self, unit: Unit, view: &View<'_>) {
        self.blocks.clear();
        self.units.clear();
        self.hashes.clear();
        self.words.clear();
        self.joined.clear();
        match unit {
            Unit::Paragraphs => view.lines().paragraphs().iter().for_each(|piece| self.piece(view, piece)),
            Unit::Lines => view.lines().by_newline().iter().for_each(|piece| self.piece(view, piece)),
            Unit::Sentences => {
                for line in view.lines().by_newline() {
                    self.block(line);
                    let place = (line.start as usize, line.end as usize);
                    sentences(view, place, |start, end| self.unit(view, start, end));
                }
            }
            Unit::Tokens => {
                let tokens = view.tokens();
                let mut placed = tokens.spans().zip(tokens.hashes()).peekable();
                for line in view.lines().by_newline() {
                    self.block(line);
                    while let Some(((start, end), hash)) =
                        placed.next_if(|((start, _), _)| *start < line.end as usize)
                    {
                        self.units.push(start..end);
                        self.hashes.push(*hash);
                    }
                }
                self.count_words(view.text());
            }
        }
    }

    fn count_words(&mut self, text: &str) {
        let mut words = 0;
        self.words.push(words);
        for token in &self.units {
            words += usize::from(text[token.clone()].contains(char::is_alphanumeric));
            self.words.push(words);
        }
    }

    /// How many tokens of a run hold a letter or digit.
    pub(super) fn words(&self, run: Range<usize>) -> usize {
        let before = |at: usize| self.words.get(at).copied().unwrap_or_default();
        before(run.end) - before(run.start)
    }

    fn block(&mut self, piece: &Piece) {
        let bytes = piece.start as usize..piece.end as usize;
        self.blocks.push(Block { bytes, first: self.units.len(), blank: piece.blank });
    }

    /// A block that is one unit.
    fn piece(&mut self, view: &View<'_>, piece: &Piece) {
        self.block(piece);
        if !piece.blank {
            self.unit(view, piece.start as usize, piece.end as usize);
        }
    }

    /// A unit without the white space around it.
    fn unit(&mut self, view: &View<'_>, start: usize, end: usize) {
        let written = &view.text()[start..end];
        let start = start + (written.len() - python::lstrip(written).len());
        let stripped = python::strip(written);
        if !stripped.is_empty() {
            self.units.push(start..start + stripped.len());
            self.hashes.push(xxh3_64(stripped.as_bytes()));
        }
    }

    /// How many runs of so many units there are.
    pub(super) fn runs(&self, width: usize) -> usize {
        (self.units.len() + 1).saturating_sub(width)
    }

    /// The hash of every run of so many units, in order. It groups; [`Division::digest`] decides.
    pub(super) fn hashes(&self, width: usize) -> impl Iterator<Item = u64> + '_ {
        ngrams(&self.hashes, width)
    }

    /// Where a run stands, in bytes.
    pub(super) fn bytes(&self, run: Range<usize>) -> Range<usize> {
        match self.units.get(run).and_then(|units| units.first().zip(units.last())) {
            Some((first, last)) => first.start..last.end,
            None => 0..0,
        }
    }

    /// The first half of the SHA-256 of a run's units: no two different passages have it in common, whoever wrote
    /// them.
    pub(super) fn digest(&mut self, text: &str, run: Range<usize>) -> [u64; 2] {
        if self.joined.is_empty() {
            self.join(text);
        }
        let bytes = &self.joined[self.begins[run.start]..self.begins[run.end]];
        let digest = Sha256::of(bytes).0;
        let half = |at: usize| u64::from_be_bytes(digest[at..at + 8].try_into().unwrap_or_default());
        [half(0), half(8)]
    }

    fn join(&mut self, text: &str) {
        self.begins.clear();
        for unit in &self.units {
            self.begins.push(self.joined.len());
            self.joined.extend_from_slice(&text.as_bytes()[unit.clone()]);
            self.joined.push(BREAK);
        }
        self.begins.push(self.joined.len());
    }

    /// The bytes that go when a run of units goes: a line of which everything goes, goes with its break; of another
    /// the break stays, and one of the two spaces around what goes. Blank lines go if lines around them go, or if they
    /// would follow upon others. Adds to `cuts`, which come in order; ranges that touch are one.
    pub(super) fn cut(&self, run: Range<usize>, cuts: &mut Vec<Range<usize>>) {
        let holding = self.blocks.partition_point(|block| block.first <= run.start).saturating_sub(1);
        // whether what stays before the run ends in a blank line, or is nothing
        let mut open = holding.checked_sub(1).is_none_or(|before| self.blocks[before].blank);
        for nth in holding..self.blocks.len() {
            let block = &self.blocks[nth];
            let inside = block.first < run.end;
            if inside && !block.blank {
                open &= nth > holding || block.first == run.start;
                self.cut_in(nth, &run, cuts);
                continue;
            }
            let reached = cuts.last().is_some_and(|last| last.end == block.bytes.start);
            if nth > holding && reached && block.blank && (inside || open) {
                add(cuts, self.whole(nth));
            } else if !inside {
                break;
            }
        }
    }

    /// Cuts what goes of a block when a run of units goes.
    fn cut_in(&self, nth: usize, run: &Range<usize>, cuts: &mut Vec<Range<usize>>) {
        let end = self.blocks.get(nth + 1).map_or(self.units.len(), |next| next.first);
        let block = self.blocks[nth].first..end;
        let here = block.start.max(run.start)..block.end.min(run.end);
        if here.is_empty() {
            return;
        }
        if here == block {
            return add(cuts, self.whole(nth));
        }
        let bytes = self.bytes(here.clone());
        // whether there is something between a unit and the one before it
        let apart = |at: usize| self.units[at - 1].end < self.units[at].start;
        if here.end == block.end {
            add(cuts, self.units[here.start - 1].end..bytes.end);
        } else if here.start == block.start || apart(here.start) {
            add(cuts, bytes.start..self.units[here.end].start);
        } else {
            // both neighbours touch what goes: a gap inside of it stays, so that they do not become one word
            let apart = if apart(here.end) { None } else { (here.start + 1..here.end).find(|&at| apart(at)) };
            match apart {
                Some(at) => {
                    add(cuts, bytes.start..self.units[at - 1].end);
                    add(cuts, self.units[at].start..bytes.end);
                }
                None => add(cuts, bytes),
            }
        }
    }

    /// A block up to the next one; the last one with the break before it.
    fn whole(&self, nth: usize) -> Range<usize> {
        let block = &self.blocks[nth].bytes;
        match (self.blocks.get(nth + 1), nth.checked_sub(1)) {
            (Some(next), _) => block.start..next.bytes.start,
            (None, Some(before)) => self.blocks[before].bytes.end..block.end,
            (None, None) => block.clone(),
        }
    }
}

/// Adds a range to sorted ones; those that touch are one.
fn add(cuts: &mut Vec<Range<usize>>, bytes: Range<usize>) {
    match cuts.last_mut() {
        Some(last) if last.end >= bytes.start => last.end = last.end.max(bytes.end),
        _ => cuts.push(bytes),
    }
}

/// Which words begin in a range of bytes.
pub(super) fn words_in(tokens: &Tokens, bytes: &Range<usize>) -> Range<usize> {
    let before = |byte: usize| {
        let (mut low, mut high) = (0, tokens.len());
        while low < high {
            let middle = low.midpoint(high);
            if tokens.span(middle).0 < byte { low = middle + 1 } else { high = middle }
        }
        low
    };
    before(bytes.start)..before(bytes.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use filters::{Document, Scratch};

    /// What is left of a text when runs of units go.
    fn left(unit: Unit, text: &str, runs: &[(usize, usize)]) -> String {
        let scratch = Scratch::default();
        let view = View::new(Document { text, ..Document::default() }, &scratch);
        let mut division = Division::default();
        division.fill(unit, &view);
        let mut cuts = Vec::new();
        runs.iter().for_each(|&(start, end)| division.cut(start..end, &mut cuts));
        assert!(cuts.windows(2).all(|pair| pair[0].end < pair[1].start), "{cuts:?}");
        let mut left = text.to_string();
        cuts.iter().rev().for_each(|cut| left.replace_range(cut.clone(), ""));
        left
    }

    #[test]
    fn a_line_goes_with_its_break() {
        let text = "one\n two \n\nthree\nfour";
        assert_eq!(left(Unit::Lines, text, &[(0, 1)]), " two \n\nthree\nfour");
        assert_eq!(left(Unit::Lines, text, &[(1, 2)]), "one\n\nthree\nfour");
        assert_eq!(left(Unit::Lines, text, &[(3, 4)]), "one\n two \n\nthree");
        assert_eq!(left(Unit::Lines, text, &[(1, 4)]), "one\n");
        assert_eq!(left(Unit::Lines, text, &[(1, 3)]), "one\nfour");
        assert_eq!(left(Unit::Lines, text, &[(0, 1), (2, 4)]), " two \n\n");
        assert_eq!(left(Unit::Lines, "one\ntwo\n", &[(1, 2)]), "one\n");
        assert_eq!(left(Unit::Lines, "one", &[(0, 1)]), "");
        assert_eq!(left(Unit::Lines, "one\ntwo", &[(0, 2)]), "");
    }

    #[test]
    fn no_blank_lines_gather_where_lines_went() {
        let text = "one\n\ntwo\n \n\nthree\n\nfour\n";
        assert_eq!(left(Unit::Lines, text, &[(0, 1)]), "two\n \n\nthree\n\nfour\n");
        assert_eq!(left(Unit::Lines, text, &[(1, 2)]), "one\n\nthree\n\nfour\n");
        assert_eq!(left(Unit::Lines, text, &[(1, 3)]), "one\n\nfour\n");
        assert_eq!(left(Unit::Lines, text, &[(3, 4)]), "one\n\ntwo\n \n\nthree\n\n");
        assert_eq!(left(Unit::Tokens, "a b\n\nc d", &[(1, 3)]), "a\n\nd");
        assert_eq!(left(Unit::Tokens, "a b\n\nc\nd", &[(1, 3)]), "a\n\nd");
        assert_eq!(left(Unit::Tokens, "a b\n\nc d", &[(0, 3)]), "d");
    }

    #[test]
    fn a_paragraph_goes_with_the_blank_lines_after_it() {
        let text = "one\nmore\n\n\ntwo\n\nthree\n";
        assert_eq!(left(Unit::Paragraphs, text, &[(0, 1)]), "two\n\nthree\n");
        assert_eq!(left(Unit::Paragraphs, text, &[(1, 2)]), "one\nmore\n\n\nthree\n");
        assert_eq!(left(Unit::Paragraphs, text, &[(2, 3)]), "one\nmore\n\n\ntwo\n");
    }

    #[test]
    fn sentences_leave_the_break_of_a_line_of_which_something_stays() {
        let text = "A one. A two. A three.\nB one. B two.\nC one.";
        assert_eq!(left(Unit::Sentences, text, &[(0, 1)]), "A two. A three.\nB one. B two.\nC one.");
        assert_eq!(left(Unit::Sentences, text, &[(1, 2)]), "A one. A three.\nB one. B two.\nC one.");
        assert_eq!(left(Unit::Sentences, text, &[(2, 3)]), "A one. A two.\nB one. B two.\nC one.");
        assert_eq!(left(Unit::Sentences, text, &[(1, 4)]), "A one.\nB two.\nC one.");
        assert_eq!(left(Unit::Sentences, text, &[(2, 5)]), "A one. A two.\nC one.");
        assert_eq!(left(Unit::Sentences, text, &[(4, 6)]), "A one. A two. A three.\nB one.");
    }

    #[test]
    fn tokens_stand_in_lines() {
        let text = "é two, three\n\nfour five";
        assert_eq!(left(Unit::Tokens, text, &[(0, 1)]), "two, three\n\nfour five");
        assert_eq!(left(Unit::Tokens, text, &[(2, 5)]), "é two\n\nfive");
        assert_eq!(left(Unit::Tokens, text, &[(0, 4)]), "four five");
    }

    #[test]
    fn words_that_stood_apart_stay_apart() {
        let text = "one. two three, (four) five";
        // one | . | two | three | , | ( | four | ) | five
        for (run, expected) in [
            ((1, 2), "one two three, (four) five"),
            ((1, 3), "one three, (four) five"),
            ((1, 4), "one , (four) five"),
            ((1, 6), "one four) five"),
            ((4, 5), "one. two three (four) five"),
            ((5, 8), "one. two three, five"),
            ((6, 7), "one. two three, () five"),
            ((7, 9), "one. two three, (four"),
        ] {
            assert_eq!(left(Unit::Tokens, text, &[run]), expected, "{run:?}");
        }
    }

    #[test]
    fn the_digest_tells_where_a_unit_ends() {
        let scratch = Scratch::default();
        let text = "ab c\na bc\nab c";
        let view = View::new(Document { text, ..Document::default() }, &scratch);
        let mut division = Division::default();
        division.fill(Unit::Tokens, &view);
        assert_eq!(division.runs(2), 5);
        let digests = [0, 2, 4].map(|at| division.digest(text, at..at + 2));
        assert_eq!(digests[0], digests[2]);
        assert_ne!(digests[0], digests[1]);
        assert_eq!(division.bytes(1..3), 3..6);
        assert_eq!(words_in(view.tokens(), &(3..7)), 1..3);
    }
}
