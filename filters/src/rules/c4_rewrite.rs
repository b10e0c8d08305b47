//! How the C4 filter writes its text anew: citations cut out of lines, the lines that stay joined and stripped,
//! told as edits of the original.

use crate::text::python;
use std::borrow::Cow;
use std::ops::Range;

/// The citations of a line, in order: `[` digits `]`, `[edit]` and `[citation needed]`, as datatrove's
/// `CITATION_REGEX`. `brackets` are the positions of the line's brackets, `end` is where the line ends.
pub(super) fn citations(text: &str, brackets: &[usize], end: usize) -> Vec<Range<usize>> {
    brackets.iter().filter_map(|&at| Some(at..at + citation_len(&text[at..end])?)).collect()
}

fn citation_len(at_bracket: &str) -> Option<usize> {
    let inside = at_bracket.strip_prefix('[')?;
    let rest = ["edit", "citation needed"]
        .iter()
        .find_map(|word| inside.strip_prefix(word).filter(|rest| rest.starts_with(']')))
        .unwrap_or_else(|| inside.trim_start_matches(python::is_decimal));
    rest.starts_with(']').then(|| at_bracket.len() - rest.len() + 1)
}

/// A line without the stretches cut out of it.
pub(super) fn without(text: &str, line: &Range<usize>, cuts: &[Range<usize>]) -> String {
    let mut rest = String::with_capacity(line.len());
    let mut at = line.start;
    for cut in cuts {
        rest.push_str(&text[at..cut.start]);
        at = cut.end;
    }
    rest.push_str(&text[at..line.end]);
    rest
}

/// A stretch of the original that stays.
struct Kept {
    start: usize,
    end: usize,
    begins_line: bool,
}

/// Collects what stays of a text.
#[derive(Default)]
pub(super) struct Rewrite(Vec<Kept>);

impl Rewrite {
    /// Keeps a line but for the cuts in it. Lines come in order.
    pub(super) fn keep(&mut self, line: Range<usize>, cuts: &[Range<usize>]) {
        let mut start = line.start;
        let mut begins_line = true;
        for cut in cuts {
            self.0.push(Kept { start, end: cut.start, begins_line });
            start = cut.end;
            begins_line = false;
        }
        self.0.push(Kept { start, end: line.end, begins_line });
    }

    /// Tells the edits that leave the kept lines, joined by line feeds and stripped, in order.
    pub(super) fn edits(mut self, text: &str, mut edit: impl FnMut(Range<usize>, Cow<'static, str>)) {
        let mut tell = |range: Range<usize>, with: Cow<'static, str>| {
            if text[range.clone()] != *with {
                edit(range, with);
            }
        };
        let mut at = 0;
        let mut breaks = 0;
        for kept in self.stripped(text) {
            breaks += usize::from(kept.begins_line);
            if kept.start == kept.end {
                continue;
            }
            let join = match breaks {
                // nothing was kept before it
                _ if at == 0 => Cow::Borrowed(""),
                0 => Cow::Borrowed(""),
                1 => Cow::Borrowed("\n"),
                more => Cow::Owned("\n".repeat(more)),
            };
            tell(at..kept.start, join);
            at = kept.end;
            breaks = 0;
        }
        tell(at..text.len(), Cow::Borrowed(""));
    }

    /// Takes white space off both ends of the whole.
    fn stripped(&mut self, text: &str) -> &[Kept] {
        while let Some(last) = self.0.last_mut() {
            last.end = last.start + python::rstrip(&text[last.start..last.end]).len();
            if last.start < last.end {
                break;
            }
            self.0.pop();
        }
        let mut first = 0;
        while let Some(kept) = self.0.get_mut(first) {
            kept.start = kept.end - python::lstrip(&text[kept.start..kept.end]).len();
            if kept.start < kept.end {
                break;
            }
            first += 1;
        }
        &self.0[first..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Edit, Edits};

    #[test]
    fn citations_are_those_of_the_pattern() {
        for (text, rest) in [
            ("a[1]b[23]c[]d", "abcd"),
            ("a[edit]b[citation needed]c", "abc"),
            ("a[٣]b", "ab"),
            ("a[x]b[1b[edit c]d[Edit]", "a[x]b[1b[edit c]d[Edit]"),
            ("[[1]]", "[]"),
            ("a[12", "a[12"),
        ] {
            let brackets: Vec<usize> = text.match_indices('[').map(|(at, _)| at).collect();
            let cuts = citations(text, &brackets, text.len());
            assert_eq!(without(text, &(0..text.len()), &cuts), rest, "{text}");
        }
    }

    type Stretch = (usize, usize);

    /// The text that is left when these lines, without these cuts, are kept.
    fn rewritten(text: &str, lines: &[(Stretch, &[Stretch])]) -> String {
        let mut rewrite = Rewrite::default();
        for &((start, end), cuts) in lines {
            let cuts: Vec<Range<usize>> = cuts.iter().map(|&(start, end)| start..end).collect();
            rewrite.keep(start..end, &cuts);
        }
        let mut edits = Vec::new();
        rewrite.edits(text, |range, with| edits.push(Edit { start: range.start, end: range.end, with }));
        assert!(edits.windows(2).all(|pair| pair[0].end < pair[1].start), "{edits:?}");
        Edits::new(text, edits).apply(text)
    }

    #[test]
    fn kept_lines_are_joined_and_stripped() {
        assert_eq!(rewritten("one\n\n two \nthree", &[((0, 3), &[]), ((6, 9), &[])]), "one\ntwo");
        assert_eq!(rewritten("one\ntwo", &[]), "");
        assert_eq!(rewritten("[1] a\nb [2]", &[((0, 5), &[(0, 3)]), ((6, 11), &[(8, 11)])]), "a\nb");
        let blank_ends: &[(Stretch, &[Stretch])] =
            &[((0, 7), &[(0, 3), (4, 7)]), ((8, 9), &[]), ((10, 13), &[(10, 13)])];
        assert_eq!(rewritten("[1] [2]\na\n[3]", blank_ends), "a");
        assert_eq!(rewritten("a\n[1]\nb", &[((0, 1), &[]), ((2, 5), &[(2, 5)]), ((6, 7), &[])]), "a\n\nb");
    }

    #[test]
    fn a_text_that_stays_has_no_edits() {
        let mut rewrite = Rewrite::default();
        rewrite.keep(0..3, &[]);
        rewrite.keep(4..7, &[]);
        rewrite.edits("one\ntwo", |range, _| panic!("{range:?}"));
    }
}
