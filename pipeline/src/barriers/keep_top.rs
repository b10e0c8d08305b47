//! # What it measures
//! A record's rank by a score among the records of its group, 1 for the best.
//! # Why
//! One threshold for a whole corpus keeps some languages and sources whole and empties others, because scores mean
//! different things there. The best of each group, with floors for slices that must not vanish and quotas for those
//! that must not crowd out the rest, is what curated corpora are made by.
//! # Source
//! Own definition. Quotas by group: Penedo et al. 2025 (FineWeb2, arXiv 2506.20920) and Su et al. 2024 (Nemotron-CC,
//! arXiv 2412.02595), who keep or weigh by bucket.
//! # How
//! All records with a score are put into one order: the higher score, then the smaller id, byte by byte, then the
//! earlier record. Of each group the first `ceil(fraction × records)` stay, or the longest beginning whose tokens or
//! bytes are within the budget. Groups and slices are told apart by SHA-256, cut to 128 bits, so that nobody can make
//! two of them one.
//!
//! What it keeps is not safe thereby: what any other stage takes out stays out, wherever that stage stands, and counts
//! in its group only if it was alive here.
//! # Example
//! ```toml
//! [[stage]]
//! use = "keep-top"
//! score = "ensemble"
//! fraction = "0.4"
//! by = ["source", "language/label", "ensemble/bucket"]
//!
//! [[stage.slice]]
//! column = "language/label"
//! value = "sw"
//! records_min = 1000
//! ```

mod config;
mod order;
mod policy;

use super::keep::{UNSCORED, descending};
use super::{Barrier, RecordNumber, Removal, Resolution};
use crate::artefact::Kind;
use crate::corpus::Corpus;
use crate::spill::Listing;
use crate::{Error, Result};
use filters::{ColumnRef, Findings, Rule, SliceBy, Value, View};
use manifests::digest::Sha256;
use std::borrow::Cow;

pub use config::{Config, Missing, Slice};
pub(crate) use policy::{Entry, Policy};

const RULES: [Rule; 3] = [
    Rule { id: "rank", summary: "rank in its group, 1 for the best; the bound is how many stay", alias: None },
    Rule { id: "quota", summary: "rank among the kept of a slice; the bound is its quota", alias: None },
    Rule { id: "no-score", summary: "1 for a record without a score or count", alias: None },
];
pub(crate) const NO_SCORE: usize = 2;

/// Words of the key: the score, descending; what the record costs of a budget; how its id begins; then two for each
/// list it may be ranked in, which are 0 where it is not.
const SCORE: usize = 0;
const COST: usize = 1;
const ID: usize = 2;
const LISTS: usize = ID + order::ID_WORDS;

/// What a record costs of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// The count in a column, rounded up.
    Column(ColumnRef),
    /// The bytes of its text.
    Bytes,
    /// There is no budget.
    Nothing,
}

/// A list of records: each with those whose values are equal, or only those with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) by: Vec<SliceBy>,
    pub(crate) only: Option<String>,
}

/// The built barrier.
pub struct KeepTop {
    pub(crate) score: ColumnRef,
    pub(crate) cost: Cost,
    pub(crate) removes_unscored: bool,
    /// The groups, then the slices.
    pub(crate) lists: Vec<List>,
    pub(crate) policy: Policy,
}

/// What is ranked of a record, by whoever knows it: the judge or a reader of the ledger.
pub(crate) trait Ranked {
    fn text_bytes(&self) -> u64;
    fn number(&self, column: ColumnRef) -> Option<f64>;
    /// Its value, as text.
    fn value(&self, by: SliceBy) -> Option<Cow<'_, str>>;
}

impl KeepTop {
    /// The columns it looks at.
    pub(crate) fn columns(&self) -> Vec<ColumnRef> {
        let cost = if let Cost::Column(column) = self.cost { Some(column) } else { None };
        let parts = self.lists.iter().flat_map(|list| &list.by).filter_map(|by| match by {
            SliceBy::Source => None,
            SliceBy::Column(column) => Some(*column),
        });
        std::iter::once(self.score).chain(cost).chain(parts).collect()
    }

    /// The score, descending, and the cost of a record; `None` where one of them is missing.
    pub(crate) fn measure(&self, record: &impl Ranked) -> Option<(u64, u64)> {
        let score = descending(record.number(self.score)?);
        let cost = match self.cost {
            Cost::Column(column) => record.number(column)?.ceil().max(0.0) as u64,
            Cost::Bytes => record.text_bytes(),
            Cost::Nothing => 0,
        };
        (score != UNSCORED).then_some((score, cost))
    }

    /// The group, or the slice, to which a record belongs in a list.
    pub(crate) fn section(list: &List, record: &impl Ranked) -> Option<[u64; 2]> {
        let mut name = String::new();
        for by in &list.by {
            let value = record.value(*by);
            if list.only.is_some() && list.only.as_deref() != value.as_deref() {
                return None;
            }
            // each with its length, so that no two lists of values are confused; a missing one is a value, too
            name.push_str(&value.map_or_else(|| "-".into(), |value| format!("{}:{value}", value.len())));
        }
        let digest = Sha256::of(name.as_bytes()).0;
        let word = |at: usize| u64::from_be_bytes(digest[at..at + 8].try_into().unwrap_or_default());
        Some([word(0).max(1), word(8)])
    }
}

/// A record as the judge sees it.
struct Judged<'v> {
    view: &'v View<'v>,
    findings: &'v Findings,
}

impl Ranked for Judged<'_> {
    fn text_bytes(&self) -> u64 {
        self.view.text().len() as u64
    }

    fn number(&self, column: ColumnRef) -> Option<f64> {
        if let Value::Number(number) = self.findings.get(column) { Some(*number) } else { None }
    }

    fn value(&self, by: SliceBy) -> Option<Cow<'_, str>> {
        by.value(self.view, self.findings)
    }
}

impl Barrier for KeepTop {
    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn bound(&self, _: usize) -> String {
        "0".into()
    }

    fn measures_similarity(&self, _: usize) -> bool {
        false
    }

    fn key_words(&self) -> usize {
        LISTS + 2 * self.lists.len()
    }

    fn sign(&self, view: &View<'_>, findings: &Findings, key: &mut [u64]) {
        let record = Judged { view, findings };
        let Some((score, cost)) = self.measure(&record) else {
            key[SCORE] = UNSCORED;
            return;
        };
        (key[SCORE], key[COST]) = (score, cost);
        key[ID..LISTS].copy_from_slice(&order::id_words(view.document().id));
        for (words, list) in key[LISTS..].chunks_exact_mut(2).zip(&self.lists) {
            words.copy_from_slice(&Self::section(list, &record).unwrap_or_default());
        }
    }

    /// Ids, where they begin alike.
    fn compared<'a>(&self, view: &View<'a>) -> Cow<'a, str> {
        Cow::Borrowed(view.document().id)
    }

    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        let lists = self.lists(corpus)?;
        let mut told = corpus.sorter::<4>("told", 4);
        let cost = |record| corpus.word(record, COST);
        let out = self.policy.apply(&lists, corpus.len(), cost, &mut |row| told.push(row))?;
        for [record, rule, rank, bound] in told.finish()? {
            if out.get(record) {
                resolution.remove(removal(record, rule as usize, (rank as f64, bound as f64)))?;
            }
        }
        if self.removes_unscored {
            corpus.for_each([SCORE], |record, [score]| match score {
                UNSCORED => resolution.remove(removal(record, NO_SCORE, (1.0, 0.0))),
                _ => Ok(()),
            })?;
        }
        Ok(())
    }
}

impl KeepTop {
    /// The lists in which records are ranked, in order.
    fn lists(&self, corpus: &Corpus<'_>) -> Result<Listing<5>> {
        let places = order::places(corpus)?;
        corpus.listing(Kind::Lists, || {
            let mut sorter = corpus.sorter::<5>("lists", 2);
            for list in 0..self.lists.len() {
                let mut ranked = places.iter();
                let words = [SCORE, LISTS + 2 * list, LISTS + 2 * list + 1];
                corpus.for_each(words, |record, [score, high, low]| {
                    if score == UNSCORED {
                        return Ok(());
                    }
                    let place = ranked.next().filter(|[placed, _]| *placed == record);
                    let [_, place] = place.ok_or_else(|| Error::Bug(format!("no place for {record}")))?;
                    if high == 0 { Ok(()) } else { sorter.push([list as u64, high, low, place, record]) }
                })?;
            }
            Ok(sorter.finish()?.map(Ok))
        })
    }
}

fn removal(record: RecordNumber, rule: usize, (value, bound): (f64, f64)) -> Removal {
    Removal { record, survivor: None, similarity: value, bound: Some(bound), rule }
}
