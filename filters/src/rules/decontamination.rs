//! # What it measures
//! How much of an item of a benchmark the text holds: of the item's different n-grams, runs of `ngram` words, the share
//! that stands in the text. The value is that of the item with the largest share. Words are those of the simplified
//! text (lower case, no accents, every number the same), so case, punctuation and white space do not matter. Besides
//! it counts canary strings, which benchmarks carry so that they can be found: those are looked for as they are, but
//! for the case of ASCII letters.
//!
//! * An item with fewer words than an n-gram is looked for as a whole, if it has `item_words_min` words.
//! * An n-gram with fewer than `distinct_words_min` different words of two letters or more counts for nothing: tables
//!   of numbers, formulas and lists of letters are equal everywhere. An item of which nothing else remains is looked
//!   for as a whole, however long it is, and its numbers have to be the same to the digit.
//! * An item with fewer words than `item_words_min`, or of one word again and again, is not looked for. How many there
//!   are, and of which benchmarks, is said when the stage is built.
//! * Of Han characters and kana each is a word: they are written without spaces.
//! * Punctuation parts words. As there are texts in which it was taken out instead, each item is looked for without
//!   it, too ("dont" for "don't"), with a share of its own.
//! * Hashes only find candidates; what is reported was compared word by word.
//!
//! Where there is a hit, `item` names the item, `overlap` and `hits` say how much of it there is, and `position` is its
//! first byte in the text the stage saw. Spans are every stretch that is part of an item, and lead back to the
//! original text.
//! # Why
//! A model that has seen the questions makes their results worthless.
//! # Source
//! Brown et al. 2020, arXiv 2005.14165, appendix C: n-grams of 13 words without case, punctuation and white space, and
//! of no fewer than 8, because shorter ones collide by chance; datatrove 0.10.1, `pipeline/decont/n_grams.py`, for
//! the words and for one n-gram being enough.
//! # Differs from datatrove 0.10.1 in
//! * 13 words by default instead of 12;
//! * taking the whole text of an item (and fields named in `append`) instead of its label and the end of its query;
//! * looking for short items, which datatrove drops silently, and not for n-grams that tell nothing;
//! * taking Han characters and kana for words, where datatrove takes all between two spaces for one;
//! * comparing words where datatrove compares 64-bit hashes;
//! * needing files of items instead of an evaluation harness, with their digests in the manifest.
//! # Example
//! `benchmarks = ["eval/items.jsonl", "eval/more.parquet"]`: a file has one item a row, with its text in `text`.
//! `["eval/*.parquet"]` are all that match, in the order of their names.
//! `overlap_min = "0.8"` lets quotations pass and finds copies.

mod canaries;
mod index;
mod items;
mod normalisation;
mod overlap;
mod parts;
mod table;
mod words;

#[cfg(test)]
mod tests;

pub use normalisation::Normalisation;

use crate::{
    BenchmarkItem, Bound, BuildError, Column, ColumnNote, Context, Decimal, Filter, Findings, ItemFields,
    Kind, NameField, Rule, RuleBound, Spec, Value, View,
};
use canaries::Canaries;
use index::Cut;
use items::{Items, ItemsBuilder};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What is looked for, and how much of it is too much.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Files of items, or globs: `.parquet`, or `.jsonl` with one object a line, also compressed as `.jsonl.zst`.
    pub benchmarks: Vec<String>,
    /// The field with an item's text.
    pub text: String,
    /// Fields with more text of an item, such as its answer.
    pub append: Vec<String>,
    /// The field with an item's id; unless given, `id` where there is one, and else items are numbered from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The field with the name of an item's benchmark; unless given, `benchmark` where there is one, and else it is
    /// the file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benchmark: Option<String>,
    /// Words of an n-gram.
    pub ngram: usize,
    /// When two words are the same: `words`, `numbers` or `exact`.
    pub normalisation: Normalisation,
    /// How many different n-grams of one item are an overlap; an item that has fewer must be there whole.
    pub hits_min: u32,
    /// The share of an item's n-grams from which on a record breaks the rule; with 0 any is enough.
    pub overlap_min: Decimal,
    /// Words from which on an item shorter than an n-gram is looked for; unless given 8, or `ngram` if that is less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_words_min: Option<usize>,
    /// Different words of two letters or more without which an n-gram counts for nothing; unless given 5, or `ngram`
    /// if that is less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct_words_min: Option<usize>,
    /// Strings that mark texts as not meant for training.
    pub canaries: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            benchmarks: Vec::new(),
            text: "text".into(),
            append: Vec::new(),
            id: None,
            benchmark: None,
            ngram: NGRAM,
            normalisation: Normalisation::Words,
            hits_min: 1,
            overlap_min: Decimal::of(0.0),
            item_words_min: None,
            distinct_words_min: None,
            canaries: Vec::new(),
        }
    }
}

/// arXiv 2005.14165, appendix C.
const NGRAM: usize = 13;

/// The least of that appendix.
const ITEM_WORDS_MIN: usize = 8;

/// On real text the hits that are none had at most 1, all others at least 9.
const DISTINCT_WORDS_MIN: usize = 5;

/// The longest n-gram: more words are an item of their own.
const NGRAM_MAX: usize = 64;

const OVERLAP: Rule =
    Rule { id: "overlap", summary: "largest share of an item's n-grams in the text", alias: None };
const CANARY: Rule = Rule { id: "canary", summary: "different canary strings in the text", alias: None };

const ITEM_COLUMN: usize = 0;
const OVERLAP_COLUMN: usize = 1;
const HITS_COLUMN: usize = 2;
const POSITION_COLUMN: usize = 3;

/// The built filter.
pub struct Decontamination {
    items: Option<Items>,
    canaries: Option<Canaries>,
    hits_min: u32,
    overlap_min: f64,
}

impl Spec for Config {
    const NAME: &'static str = "decontamination";
    const SUMMARY: &'static str = "texts that hold parts of benchmark items, or canary strings";
    const SOURCE: &'static str = "GPT-3, arXiv 2005.14165, appendix C; datatrove 0.10.1 NGramsDecontFilter";
    const RULES: &'static [Rule] = &[OVERLAP, CANARY];
    const COLUMNS: &'static [ColumnNote] = &[
        ("item", Kind::Label, "`benchmark/id` of the item with the largest share"),
        ("overlap", Kind::Number, "share of the item's n-grams that stand in the text"),
        ("hits", Kind::Number, "how many n-grams these are"),
        ("position", Kind::Number, "their first byte in the text that the stage saw"),
    ];
    const EXAMPLE: Option<&'static str> = Some("canaries = [\"this sentence is in no training set\"]");
    type Filter = Decontamination;

    fn build(&self, context: &mut dyn Context) -> Result<Decontamination, BuildError> {
        self.check()?;
        let items = if self.benchmarks.is_empty() { None } else { Some(self.items(context)?) };
        Ok(Decontamination {
            items,
            canaries: Canaries::new(&self.canaries, CANARY.id)?,
            hits_min: self.hits_min,
            overlap_min: self.overlap_min.get(),
        })
    }
}

impl Config {
    fn check(&self) -> Result<(), BuildError> {
        if self.benchmarks.is_empty() && self.canaries.is_empty() {
            return Err(BuildError::key(
                "benchmarks",
                "is empty, and so is `canaries`: name a file of items",
            ));
        }
        BuildError::in_range("ngram", self.ngram, 1..=NGRAM_MAX)?;
        BuildError::in_range("item_words_min", self.item_words_min(), 1..=self.ngram)?;
        BuildError::in_range("distinct_words_min", self.distinct_words_min(), 0..=self.ngram)?;
        if self.hits_min == 0 {
            return Err(BuildError::key("hits_min", "is 0, expected at least 1"));
        }
        if !(0.0..=1.0).contains(&self.overlap_min.get()) {
            return Err(BuildError::key("overlap_min", format!("is {}, expected 0 to 1", self.overlap_min)));
        }
        Ok(())
    }

    fn item_words_min(&self) -> usize {
        self.item_words_min.unwrap_or(ITEM_WORDS_MIN.min(self.ngram))
    }

    fn distinct_words_min(&self) -> usize {
        self.distinct_words_min.unwrap_or(DISTINCT_WORDS_MIN.min(self.ngram))
    }

    fn items(&self, context: &mut dyn Context) -> Result<Items, BuildError> {
        let mut builder = ItemsBuilder::new(Cut {
            ngram: self.ngram,
            item_words_min: self.item_words_min(),
            distinct_words_min: self.distinct_words_min(),
            letters_min: 2,
            normalisation: self.normalisation,
        });
        for name in self.files(context)? {
            let fields = ItemFields {
                text: &self.text,
                append: &self.append,
                id: NameField::new(self.id.as_deref(), "id"),
                benchmark: NameField::new(self.benchmark.as_deref(), "benchmark"),
            };
            let items = context.benchmark(&name, fields)?;
            if items.is_empty() {
                return Err(BuildError::asset(name, "holds no items"));
            }
            for (number, item) in items.iter().enumerate() {
                let label = label(&name, number, item);
                builder
                    .add(&label, &item.text)
                    .map_err(|_| BuildError::asset(&name, "has too many words"))?;
            }
        }
        let items = builder.finish();
        if items.sought == 0 {
            let unsought = items.unsought.told().join("\n");
            return Err(BuildError::key("benchmarks", format!("hold nothing to look for: {unsought}")));
        }
        Ok(items)
    }

    /// The files of items, in the order in which they are named.
    fn files(&self, context: &mut dyn Context) -> Result<Vec<String>, BuildError> {
        let mut files: Vec<String> = Vec::new();
        for pattern in &self.benchmarks {
            for name in context.expand(pattern)? {
                if files.contains(&name) {
                    return Err(BuildError::key("benchmarks", format!("names `{name}` twice")));
                }
                files.push(name);
            }
        }
        Ok(files)
    }
}

/// What the ledger calls an item: `benchmark/id`.
fn label(file: &str, number: usize, item: &BenchmarkItem) -> Arc<str> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.split_once(".jsonl").or(name.rsplit_once('.')).map_or(name, |(stem, _)| stem);
    let benchmark = item.benchmark.as_deref().unwrap_or(stem);
    match &item.id {
        Some(id) => format!("{benchmark}/{id}").into(),
        None => format!("{benchmark}/{number}").into(),
    }
}

impl Filter for Decontamination {
    fn rules(&self) -> Vec<RuleBound> {
        let overlap = match (&self.items, self.overlap_min) {
            (None, _) => Bound::Off,
            // a text that holds nothing has the share 0, and nothing is no overlap
            (Some(_), 0.0) => Bound::AtMost(0.0),
            (Some(_), least) => Bound::Below(least),
        };
        let canary = if self.canaries.is_some() { Bound::NO_MATCH } else { Bound::Off };
        vec![RuleBound::new(&OVERLAP, overlap), RuleBound::new(&CANARY, canary)]
    }

    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn notes(&self) -> Vec<String> {
        let Some(items) = self.items.as_ref().filter(|items| items.unsought.len() > 0) else {
            return Vec::new();
        };
        let mut notes = items.unsought.told();
        let all = items.sought + items.unsought.len();
        notes[0] = format!("looks for {} of {all} items; not for {}", items.sought, notes[0]);
        notes
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let share = self.items.as_ref().map_or(0.0, |items| self.look(items, view, findings));
        findings.measure(0, share)?;
        let canaries = self.canaries.as_ref().map_or(0, |canaries| canaries.count(view.text(), findings));
        findings.measure(1, canaries as f64)
    }
}

impl Decontamination {
    /// Looks for items and notes what there is; returns the share that is held against the bound.
    fn look(&self, items: &Items, view: &View<'_>, findings: &mut Findings) -> f64 {
        let found = items.overlap(view.text(), view.shingles().words(), self.hits_min);
        let (share, hits) = found.as_ref().map_or((0.0, 0), |found| (found.share, found.hits));
        findings.record(OVERLAP_COLUMN, Value::Number(share));
        findings.record(HITS_COLUMN, Value::Number(f64::from(hits)));
        if let Some(found) = found {
            findings.record(ITEM_COLUMN, Value::Label(found.item));
            findings.record(POSITION_COLUMN, Value::Number(found.position as f64));
            found.spans.into_iter().for_each(|span| findings.span(span));
        }
        share
    }
}
