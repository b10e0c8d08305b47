//! # What it measures
//! Which passages of a text stand more than once in the corpus: lines, paragraphs, sentences (in spans) or runs of
//! tokens. Every occurrence but the first is cut out, and a record of which too few words are left is removed.
//! # Why
//! Navigation, licence notes and quoted articles survive the comparison of whole documents; models recite what they
//! saw often, and cutting repeated substrings makes them do so a tenth as often (Lee et al. 2022).
//! # Source
//! Lines: Wenzek et al. 2020 (CCNet). Sentences: Raffel et al. 2020 (C4: spans of three) and datatrove 0.10.1,
//! `dedup/sentence_dedup.py`, from which the 50 words that must be left come, too. Tokens: Lee et al. 2022
//! (ExactSubstr, 50 tokens).
//! # How
//! A passage of tokens is any run of at least `tokens_min` tokens. A position lies in one that stands twice if and only
//! if one of the runs of exactly `tokens_min` tokens around it stands twice; so what a suffix array of the corpus would
//! find is found by comparing runs of one length, which needs no more memory than it is given (`search`). Runs are
//! compared by 128 bits of SHA-256. Tokens are the words of the configuration (`words`) with case and punctuation as
//! written, but without the white space between them; a run includes the full stop before it where all its occurrences
//! have one. Lines, paragraphs and sentences are compared byte by byte, white space around them aside; a sentence ends
//! with its line at the latest, within it where spaCy's sentencizer ends it.
//!
//! Where they repeat, how often and where they stand first is written for auditors (`evidence`), also where they are
//! only reported.
//!
//! The first occurrence is that of the earliest record, and in it the earliest. Where a first occurrence overlaps a
//! later one of another passage, the overlap goes: it stands earlier in the corpus. Where an occurrence overlaps the
//! first of its own passage, it goes only from where that ends. A record that is removed because too little is left
//! takes with it what it was the first to hold; how many passages that are is logged.
//! # Differs from datatrove and C4 in
//! Texts are not simplified before they are compared, and short passages stay (`chars_min`, `words_min`).

mod cutting;
mod division;
mod evidence;
mod occurrences;
mod search;
#[cfg(test)]
mod tests;

pub(crate) use evidence::FOLDER;

use super::{Barrier, BarrierSpec, RecordNumber, Resolution};
use crate::Result;
use crate::barriers::corpus::Corpus;
use crate::files::artefact::Kind;
use division::Division;
use filters::{BuildError, Context, Findings, Rule, View};
use occurrences::Policy;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::path::Path;

/// What counts as a repeated passage, and what becomes of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What passages are made of.
    pub unit: Unit,
    /// Consecutive sentences in a passage, with `unit = "sentences"`.
    pub span: usize,
    /// Fewest tokens in a passage, with `unit = "tokens"`.
    pub tokens_min: usize,
    /// Fewest characters in a passage of any other unit.
    pub chars_min: usize,
    /// Fewest words, punctuation aside, in a passage; unless given 5, or half of `tokens_min` with `unit = "tokens"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words_min: Option<usize>,
    /// How often a passage must stand in the corpus.
    pub copies_min: u64,
    /// Whether repeats within one record count.
    pub within_records: bool,
    /// Which occurrence stays.
    pub keep: Stays,
    /// Fewest words that must be left of a record out of which something was cut.
    pub words_left_min: usize,
    /// Whether nothing is cut or removed, only counted.
    pub report: bool,
}

/// What passages are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Lines, divided by line feeds.
    Lines,
    /// Paragraphs, divided by blank lines.
    Paragraphs,
    /// Sentences, `span` of them.
    Sentences,
    /// Words, `tokens_min` of them or more.
    Tokens,
}

/// Which occurrence of a passage stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stays {
    /// The first in the order of the corpus.
    First,
    /// None.
    None,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            unit: Unit::Lines,
            span: 3,
            tokens_min: 50,
            chars_min: 20,
            words_min: None,
            copies_min: 2,
            within_records: true,
            keep: Stays::First,
            words_left_min: 50,
            report: false,
        }
    }
}

const RULES: [Rule; 1] =
    [Rule { id: "remainder", summary: "words left when repeated passages are cut out", alias: None }];
const REMAINDER: usize = 0;

/// The one word of the key: how many runs of units the text has that may be passages.
const RUNS: usize = 0;

/// Fewest words in a passage that is not made of tokens.
const WORDS_MIN: usize = 5;

/// The most occurrences that are held back until there are enough of them.
const COPIES_MAX: u64 = 1 << 16;

/// The built barrier.
pub struct RepeatedPassages {
    unit: Unit,
    /// Units in a passage.
    width: usize,
    chars_min: Option<usize>,
    words_min: Option<usize>,
    words_left_min: Option<usize>,
    policy: Policy,
    report: bool,
}

impl BarrierSpec for Config {
    const NAME: &'static str = "repeated-passages";
    const SUMMARY: &'static str =
        "cuts out lines, paragraphs, sentences or runs of tokens that stand elsewhere in the corpus";
    const SOURCE: &'static str =
        "Lee et al. 2022 (tokens); CCNet (lines); C4 and datatrove 0.10.1 (sentences)";
    const RULES: &'static [Rule] = &RULES;
    type Barrier = RepeatedPassages;

    fn build(&self, _: &mut dyn Context) -> std::result::Result<RepeatedPassages, BuildError> {
        BuildError::in_range("span", self.span as u64, 1..=64)?;
        BuildError::in_range("tokens_min", self.tokens_min as u64, 2..=1 << 16)?;
        BuildError::in_range("copies_min", self.copies_min, 2..=COPIES_MAX)?;
        self.check_unit()?;
        let width = match self.unit {
            Unit::Lines | Unit::Paragraphs => 1,
            Unit::Sentences => self.span,
            Unit::Tokens => self.tokens_min,
        };
        let words_min = self.words_min.unwrap_or(match self.unit {
            // rulings of tables and rows of dots are equal everywhere
            Unit::Tokens => self.tokens_min / 2,
            _ => WORDS_MIN,
        });
        Ok(RepeatedPassages {
            unit: self.unit,
            width,
            chars_min: (self.unit != Unit::Tokens && self.chars_min > 0).then_some(self.chars_min),
            words_min: (words_min > 0).then_some(words_min),
            words_left_min: (self.words_left_min > 0).then_some(self.words_left_min),
            policy: Policy {
                width: width as u64,
                copies_min: self.copies_min,
                within_records: self.within_records,
                keep: self.keep,
            },
            report: self.report,
        })
    }
}

impl Config {
    /// What the unit has no use for must not be set.
    fn check_unit(&self) -> std::result::Result<(), BuildError> {
        let default = Self::default();
        let set = [
            ("span", self.span != default.span, self.unit == Unit::Sentences),
            ("tokens_min", self.tokens_min != default.tokens_min, self.unit == Unit::Tokens),
            ("chars_min", self.chars_min != default.chars_min, self.unit != Unit::Tokens),
        ];
        match set.into_iter().find(|(_, set, of_use)| *set && !of_use) {
            Some((key, ..)) => Err(BuildError::key(key, "is of no use to this `unit`")),
            None if self.unit == Unit::Tokens
                && self.words_min.is_some_and(|least| least > self.tokens_min) =>
            {
                let (least, tokens) = (self.words_min.unwrap_or_default(), self.tokens_min);
                Err(BuildError::key(
                    "words_min",
                    format!("is {least}, expected at most `tokens_min`: {tokens}"),
                ))
            }
            None => Ok(()),
        }
    }
}

thread_local! {
    /// A worker's buffers while it judges.
    static DIVISION: RefCell<Division> = RefCell::default();
}

impl Barrier for RepeatedPassages {
    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn bound(&self, _: usize) -> String {
        self.words_left_min.unwrap_or_default().to_string()
    }

    fn measures_similarity(&self, _: usize) -> bool {
        false
    }

    fn key_words(&self) -> usize {
        1
    }

    fn sign(&self, view: &View<'_>, _: &Findings, key: &mut [u64]) {
        DIVISION.with_borrow_mut(|division| {
            division.fill(self.unit, view);
            key[RUNS] = division.runs(self.width) as u64;
        });
    }

    fn edits(&self) -> bool {
        !self.report
    }

    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        let repeated = self.repeated(corpus)?;
        self.cut(corpus, &repeated, resolution)
    }

    fn publishes(&self) -> bool {
        true
    }

    fn keeps(&self) -> &'static [&'static str] {
        &["evidence", "repeated"]
    }

    fn publish(
        &self,
        corpus: &Corpus<'_>,
        _: &mut dyn Iterator<Item = (RecordNumber, (u32, u64))>,
        release: &Path,
    ) -> Result<()> {
        evidence::write(corpus, &corpus.kept(Kind::Evidence)?, &corpus.kept(Kind::Repeated)?, release)
    }
}
