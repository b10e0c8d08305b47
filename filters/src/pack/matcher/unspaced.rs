//! Terms in scripts that put no space between words: found anywhere in a run of such a script, the longest first.

use super::normal::{self, Part};
use super::words::fold;
use super::{Hit, Sight};
use aho_corasick::{AhoCorasick, MatchKind};
use unicode_normalization::char::is_combining_mark;

/// Han, Hiragana, Katakana, Thai, Lao, Khmer and Myanmar letters, by the blocks of Unicode 17.0.
pub(in crate::pack) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{1aff0}'..='\u{1b16f}' | '\u{20000}'..='\u{323af}')
}

/// The terms, and in what order they were listed.
#[derive(Default)]
pub(super) struct Unspaced {
    forms: Vec<String>,
    /// Term and folded spelling of each form.
    terms: Vec<(usize, String)>,
    automaton: Option<AhoCorasick>,
}

impl Unspaced {
    pub fn add(&mut self, term: usize, spelling: &str) {
        let mut form = String::new();
        spelling.chars().for_each(|c| _ = normal::push(c, &mut form));
        let mut folded = String::new();
        fold(spelling, &mut folded);
        self.forms.push(form);
        self.terms.push((term, folded));
    }

    /// Makes the automaton; only then is anything found. The error tells that the terms are too many.
    pub fn finish(&mut self) -> Result<(), String> {
        if !self.forms.is_empty() {
            let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&self.forms);
            self.automaton = Some(built.map_err(|e| e.to_string())?);
        }
        Ok(())
    }

    /// Finds the terms in all runs of such scripts.
    pub fn find(&self, text: &str, sights: &[Sight], hits: &mut Vec<Hit>) {
        let Some(automaton) = &self.automaton else { return };
        let (mut run, mut places) = (String::new(), Vec::new());
        for (at, c) in text.char_indices() {
            if c.is_ascii() || !(is_unspaced(c) || normal::part(c) == Part::Nothing) {
                self.find_in(automaton, text, sights, (&mut run, &mut places), hits);
                continue;
            }
            normal::push(c, &mut run);
            // each byte of the form knows the character it comes from
            places.resize(run.len(), (at, at + c.len_utf8()));
        }
        self.find_in(automaton, text, sights, (&mut run, &mut places), hits);
    }

    fn find_in(
        &self,
        automaton: &AhoCorasick,
        text: &str,
        sights: &[Sight],
        (run, places): (&mut String, &mut Vec<(usize, usize)>),
        hits: &mut Vec<Hit>,
    ) {
        let mut folded = String::new();
        for found in automaton.find_iter(run.as_str()) {
            let (start, end) = (places[found.start()].0, places[found.end() - 1].1);
            if text[end..].chars().next().is_some_and(is_combining_mark) {
                continue;
            }
            let (term, spelling) = &self.terms[found.pattern().as_usize()];
            fold(&text[start..end], &mut folded);
            let sight = if folded == *spelling { Sight::Raw } else { Sight::Normalised };
            if sights.contains(&sight) {
                hits.push(Hit { start, end, term: *term, sight });
            }
        }
        run.clear();
        places.clear();
    }
}
