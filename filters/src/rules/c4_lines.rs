//! # What it measures
//! Line by line, what C4 takes for page furniture. Such lines are cut out of the text (an edit), `[12]`, `[edit]`
//! and `[citation needed]` are cut out of the others; the record breaks a rule when a remaining line holds
//! `lorem ipsum` or `{`, or when too few sentences remain. Rules are decided in the order of the lines.
//! # Why
//! Crawled pages mix prose with menus, notices and scripts: cutting lines saves the prose that a page-wide rule
//! would throw away.
//! # Source
//! Raffel et al. 2020 (C4), JMLR 21/140, section 2.2; every definition and default as in datatrove 0.10.1,
//! `pipeline/filters/c4_filters.py` with `filter_no_terminal_punct=False`, as FineWeb runs it. A line that loses is:
//! one with a word over `word_chars_max`; one not ended by `. ? ! " '` or ended by `...` (only with
//! `terminal_punctuation = true`); one of fewer than `line_words_min` words; one that mentions `javascript`, terms of
//! use, or a privacy or cookie policy. What remains is joined by single line feeds and stripped.
//! # Differs from datatrove 0.10.1 in
//! * comparing phrases without regard to the case of ASCII letters only (there the Kelvin sign is a k as well);
//! * reporting, under `measure = "all"`, a rule's value for the whole text, as if no earlier rule had decided.
//! # Example
//! Of a page of ten sentences with a line `We use cookies` that line is cut, and the record is edited.

use super::c4_phrases::{Phrases, Topic};
use super::c4_rewrite::{Rewrite, citations, without};
use super::sentences;
use crate::text::python;
use crate::{
    Bound, BuildError, Column, ColumnNote, Context, Filter, Findings, Kind, Rule, RuleBound, Spec, Value,
    View, Words,
};
use serde::{Deserialize, Serialize};
use std::ops::{ControlFlow, Range};

/// Which lines stay, and how many sentences must.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether a line must end with terminal punctuation.
    pub terminal_punctuation: bool,
    /// Fewest words of a line, words being what stands between white space.
    pub line_words_min: u32,
    /// Longest word of a line, in code points.
    pub word_chars_max: u32,
    /// Fewest sentences that must remain.
    pub sentences_min: u32,
}

impl Default for Config {
    // datatrove 0.10.1, but for terminal_punctuation, which is FineWeb's choice: it costs 30 % of the tokens
    fn default() -> Self {
        Self { terminal_punctuation: false, line_words_min: 3, word_chars_max: 1000, sentences_min: 5 }
    }
}

const LOREM_IPSUM: usize = 0;
const CURLY_BRACKET: usize = 1;
const TOO_FEW_SENTENCES: usize = 2;

const RULES: [Rule; 3] = [
    Rule {
        id: "lorem-ipsum",
        summary: "whether a remaining line holds `lorem ipsum`",
        alias: Some("lorem_ipsum"),
    },
    Rule { id: "curly-bracket", summary: "whether a remaining line holds `{`", alias: Some("curly_bracket") },
    Rule { id: "too-few-sentences", summary: "sentences that remain", alias: Some("too_few_sentences") },
];

/// The built filter.
pub struct C4Lines {
    config: Config,
    phrases: Phrases,
}

impl Spec for Config {
    const NAME: &'static str = "c4-lines";
    const SUMMARY: &'static str =
        "cuts page furniture line by line, removes what is left with too few sentences";
    const SOURCE: &'static str =
        "Raffel et al. 2020, JMLR 21/140, 2.2; datatrove 0.10.1 C4QualityFilter, as in FineWeb";
    const RULES: &'static [Rule] = &RULES;
    const COLUMNS: &'static [ColumnNote] = &[("lines_removed", Kind::Number, "how many lines were cut out")];
    const EXAMPLE: Option<&'static str> = Some("sentences_min = 5");
    type Filter = C4Lines;

    fn build(&self, _: &mut dyn Context) -> Result<C4Lines, BuildError> {
        let phrases = Phrases::new().map_err(|e| BuildError::Config(e.to_string()))?;
        Ok(C4Lines { config: self.clone(), phrases })
    }
}

/// What a line mentions.
#[derive(Clone, Copy, Default)]
struct Mentions {
    lorem_ipsum: bool,
    javascript: bool,
    policy: bool,
    curly_bracket: bool,
}

impl Mentions {
    fn note(&mut self, topic: Topic) {
        match topic {
            Topic::LoremIpsum => self.lorem_ipsum = true,
            Topic::Javascript => self.javascript = true,
            Topic::Policy => self.policy = true,
        }
    }
}

/// What becomes of a line.
enum Fate {
    Cut,
    Kept,
    LoremIpsum,
    CurlyBracket,
}

impl C4Lines {
    fn has_few_words(&self, line: &str) -> bool {
        let least = self.config.line_words_min as usize;
        !begins_with_words(line, least)
    }

    fn ends_wrongly(&self, line: &str) -> bool {
        self.config.terminal_punctuation
            && (!line.ends_with(['.', '?', '!', '"', '\'']) || line.ends_with("..."))
    }

    fn mentions(&self, line: &str) -> Mentions {
        let mut mentions = Mentions { curly_bracket: line.contains('{'), ..Mentions::default() };
        self.phrases.find(line, |_, topic| mentions.note(topic));
        mentions
    }

    /// The tests in datatrove's order. `words` is the line with its citations, `line` without them.
    fn fate(&self, words: &str, line: &str, mentions: &Mentions) -> Fate {
        if has_long_word(words, self.config.word_chars_max as usize)
            || self.ends_wrongly(line)
            || self.has_few_words(words)
        {
            Fate::Cut
        } else if mentions.lorem_ipsum {
            Fate::LoremIpsum
        } else if mentions.javascript {
            Fate::Cut
        } else if mentions.curly_bracket {
            Fate::CurlyBracket
        } else if mentions.policy {
            Fate::Cut
        } else {
            Fate::Kept
        }
    }
}

/// Whether the line has `least` words. In ASCII a word begins where a space ends, which needs no decoding.
fn begins_with_words(line: &str, least: usize) -> bool {
    let mut words = 0;
    let mut in_word = false;
    for &byte in line.as_bytes() {
        if words >= least {
            return true;
        }
        if !byte.is_ascii() {
            return python::split_words(line).take(least).count() == least;
        }
        let space = python::is_space(char::from(byte));
        words += usize::from(!space && !in_word);
        in_word = !space;
    }
    words >= least
}

/// Whether the line holds a word of more than `most` code points. A word that long has more than `most` bytes, so
/// it is enough to look back from every `most`-th byte for a space.
fn has_long_word(line: &str, most: usize) -> bool {
    let bytes = line.as_bytes();
    let mut at = 0;
    while at + most < bytes.len() {
        match bytes[at..=at + most]
            .iter()
            .rposition(|byte| python::is_space(char::from(*byte)) && byte.is_ascii())
        {
            Some(space) => at += space + 1,
            None => return python::split_words(line).any(|word| word.chars().nth(most).is_some()),
        }
    }
    false
}

/// What one look at the whole text finds for all its lines.
struct Marks {
    phrases: Vec<(usize, Topic)>,
    brackets: Vec<usize>,
}

impl Marks {
    fn of(text: &str, phrases: &Phrases) -> Self {
        let mut found = Vec::new();
        phrases.find(text, |start, topic| found.push((start, topic)));
        Self { phrases: found, brackets: memchr::memchr2_iter(b'[', b'{', text.as_bytes()).collect() }
    }

    fn brackets_in(&self, line: &Range<usize>) -> &[usize] {
        let first = self.brackets.partition_point(|&at| at < line.start);
        let len = self.brackets[first..].partition_point(|&at| at < line.end);
        &self.brackets[first..first + len]
    }

    fn mentions(&self, text: &str, line: &Range<usize>) -> Mentions {
        let curly_bracket = self.brackets_in(line).iter().any(|&at| text.as_bytes()[at] == b'{');
        let mut mentions = Mentions { curly_bracket, ..Mentions::default() };
        let inside = self.phrases.iter().filter(|(at, _)| line.contains(at));
        inside.for_each(|&(_, topic)| mentions.note(topic));
        mentions
    }
}

/// The walk over the lines of one text.
struct Walk<'a, 'v> {
    filter: &'a C4Lines,
    view: &'a View<'v>,
    marks: Marks,
    rewrite: Rewrite,
    sentences: usize,
    lines_removed: u32,
    /// Whether [`LOREM_IPSUM`] and [`CURLY_BRACKET`] were measured.
    matched: [bool; 2],
}

impl Walk<'_, '_> {
    fn line(&mut self, line: Range<usize>, findings: &mut Findings) -> ControlFlow<()> {
        let text = self.view.text();
        let words = &text[line.clone()];
        let cuts = citations(text, self.marks.brackets_in(&line), line.end);
        let cited = (!cuts.is_empty()).then(|| without(text, &line, &cuts));
        let mut mentions = match &cited {
            Some(rest) => self.filter.mentions(rest),
            None => self.marks.mentions(text, &line),
        };
        loop {
            match self.filter.fate(words, cited.as_deref().unwrap_or(words), &mentions) {
                Fate::LoremIpsum => self.broken(LOREM_IPSUM, findings)?,
                Fate::CurlyBracket => self.broken(CURLY_BRACKET, findings)?,
                Fate::Cut => {
                    self.lines_removed += 1;
                    return ControlFlow::Continue(());
                }
                Fate::Kept => break,
            }
            // the rule has its value; what else would become of the line is only asked for when all is measured
            match mentions {
                Mentions { lorem_ipsum: true, .. } => mentions.lorem_ipsum = false,
                _ => mentions.curly_bracket = false,
            }
        }
        self.count_sentences(&line, cited.as_deref(), findings.keeps_values());
        self.rewrite.keep(line, &cuts);
        ControlFlow::Continue(())
    }

    fn broken(&mut self, rule: usize, findings: &mut Findings) -> ControlFlow<()> {
        if std::mem::replace(&mut self.matched[rule], true) {
            return ControlFlow::Continue(());
        }
        findings.measure(rule, 1.0)
    }

    fn count_sentences(&mut self, line: &Range<usize>, cited: Option<&str>, all: bool) {
        let least = self.filter.config.sentences_min as usize;
        let enough = if all { usize::MAX } else { least.saturating_sub(self.sentences) };
        if enough == 0 {
            return;
        }
        let text = self.view.text();
        self.sentences += match cited {
            Some(rest) => sentences::count_anew(rest, enough),
            None if self.view.words() == Words::SpacyEn => {
                sentences::count(text, self.view.tokens(), (line.start, line.end), enough)
            }
            None => sentences::count_anew(&text[line.clone()], enough),
        };
    }
}

impl Filter for C4Lines {
    fn rules(&self) -> Vec<RuleBound> {
        let bounds = [Bound::NO_MATCH, Bound::NO_MATCH, Bound::AtLeast(f64::from(self.config.sentences_min))];
        RULES.iter().zip(bounds).map(|(rule, bound)| RuleBound::new(rule, bound)).collect()
    }

    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn edits(&self) -> bool {
        true
    }

    // the line that comes first decides
    fn decides_in_order(&self) -> bool {
        false
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let text = view.text();
        let mut walk = Walk {
            filter: self,
            view,
            marks: Marks::of(text, &self.phrases),
            rewrite: Rewrite::default(),
            sentences: 0,
            lines_removed: 0,
            matched: [false; 2],
        };
        for line in view.lines().by_break() {
            let line = line.of(text);
            let stripped = python::strip(line);
            let start = stripped.as_ptr() as usize - text.as_ptr() as usize;
            walk.line(start..start + stripped.len(), findings)?;
        }
        for rule in [LOREM_IPSUM, CURLY_BRACKET] {
            if !walk.matched[rule] {
                findings.measure(rule, 0.0)?;
            }
        }
        findings.record(0, Value::Number(f64::from(walk.lines_removed)));
        findings.measure(TOO_FEW_SENTENCES, walk.sentences as f64)?;
        if findings.broken().is_none() {
            walk.rewrite.edits(text, |range, with| findings.edit(range, with));
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::{begins_with_words, has_long_word};

    #[test]
    fn words_are_counted_to_the_least() {
        for (line, words) in
            [("", 0), ("a", 1), (" a  b ", 2), ("a\u{1f}b\u{3000}c", 3), ("é\u{85}é", 2), ("a b c d", 4)]
        {
            for least in 0..6 {
                assert_eq!(begins_with_words(line, least), words >= least, "{line:?} {least}");
            }
        }
    }

    #[test]
    fn long_words_are_found_wherever_they_stand() {
        for most in [1usize, 3, 10] {
            for before in 0..12 {
                for length in most.saturating_sub(1)..most + 3 {
                    for (space, letter) in [(" ", "x"), ("\u{3000}", "x"), (" ", "é"), ("\u{1f}", "字")] {
                        let line = format!(
                            "{}{}{space}y",
                            format!("a{space}").repeat(before),
                            letter.repeat(length)
                        );
                        assert_eq!(has_long_word(&line, most), length > most, "{line} {most}");
                    }
                }
            }
        }
        assert!(has_long_word("x", 0) && !has_long_word("", 0));
    }
}
