//! What records are ranked by: a score or a draw, what they cost of a budget, and the lists they stand in.

use super::order;
use crate::barriers::corpus::Corpus;
use crate::barriers::keep::{UNSCORED, descending};
use crate::files::artefact::Kind;
use crate::files::spill::Listing;
use crate::{Error, Result};
use filters::{ColumnRef, Findings, SliceBy, View};
use manifests::digest::Sha256;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Words of the key: the score, descending; what the record costs of a budget; how its id begins; then two for each
/// list it may be ranked in, which are 0 where it is not.
pub(crate) const SCORE: usize = 0;
pub(crate) const COST: usize = 1;
pub(super) const ID: usize = 2;
const LISTS: usize = ID + order::ID_WORDS;

/// What puts records in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Score {
    /// The number in a column, the highest first.
    Column(ColumnRef),
    /// The hash of this seed and the id.
    Draw(u64),
}

/// What a record costs of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// The count in a column, rounded up.
    Column(ColumnRef),
    /// The bytes of its text.
    Bytes,
    /// 1: records are counted.
    Record,
    /// There is no budget.
    Nothing,
}

/// Lists of records, one for each of the values they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) by: Vec<SliceBy>,
    pub(crate) members: Members,
}

/// Which records are in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    /// All; to have no value is a value, too.
    All,
    /// Those that have a value.
    Valued,
    /// Those that have this value.
    Value(String),
}

/// How records are ranked, and in which lists.
pub(crate) struct Ranking {
    pub(crate) score: Score,
    pub(crate) cost: Cost,
    pub(crate) lists: Vec<List>,
}

/// What is ranked of a record, by whoever knows it: the judge or a reader of the ledger.
pub(crate) trait Ranked {
    fn id(&self) -> &str;
    fn text_bytes(&self) -> u64;
    fn number(&self, column: ColumnRef) -> Option<f64>;
    /// Its value, as text.
    fn value(&self, by: SliceBy) -> Option<Cow<'_, str>>;
}

impl Ranking {
    /// The columns it looks at.
    pub(crate) fn columns(&self) -> Vec<ColumnRef> {
        let cost = if let Cost::Column(column) = self.cost { Some(column) } else { None };
        let parts = self.lists.iter().flat_map(|list| &list.by).filter_map(|by| match by {
            SliceBy::Source => None,
            SliceBy::Column(column) => Some(*column),
        });
        let score = if let Score::Column(column) = self.score { Some(column) } else { None };
        score.into_iter().chain(cost).chain(parts).collect()
    }

    /// The score, descending, and the cost of a record; `None` where one of them is missing. A count below 0 is none.
    pub(crate) fn measure(&self, record: &impl Ranked) -> Option<(u64, u64)> {
        let score = match self.score {
            Score::Column(column) => descending(record.number(column)?),
            Score::Draw(seed) => xxh3_64_with_seed(record.id().as_bytes(), seed).min(UNSCORED - 1),
        };
        let cost = match self.cost {
            Cost::Column(column) => record.number(column).filter(|count| *count >= 0.0)?.ceil() as u64,
            Cost::Bytes => record.text_bytes(),
            Cost::Record => 1,
            Cost::Nothing => 0,
        };
        (score != UNSCORED).then_some((score, cost))
    }

    /// The group, or the slice, to which a record belongs in a list.
    pub(crate) fn section(list: &List, record: &impl Ranked) -> Option<[u64; 2]> {
        let values = list.by.iter().map(|by| {
            let value = record.value(*by);
            match (&list.members, &value) {
                (Members::Valued | Members::Value(_), None) => None,
                (Members::Value(only), Some(value)) if only != value => None,
                _ => Some(value),
            }
        });
        Some(Self::section_of(values.collect::<Option<Vec<_>>>()?.iter().map(Option::as_deref)))
    }

    /// The hash of values, which stands for the group or slice.
    pub(crate) fn section_of<'v>(values: impl Iterator<Item = Option<&'v str>>) -> [u64; 2] {
        let mut name = String::new();
        for value in values {
            // each with its length, so that no two lists of values are confused
            name.push_str(&value.map_or_else(|| "-".into(), |value| format!("{}:{value}", value.len())));
        }
        let digest = Sha256::of(name.as_bytes()).0;
        let word = |at: usize| u64::from_be_bytes(digest[at..at + 8].try_into().unwrap_or_default());
        [word(0).max(1), word(8)]
    }

    pub(crate) fn key_words(&self) -> usize {
        LISTS + 2 * self.lists.len()
    }

    /// Writes a record's key.
    pub(crate) fn sign(&self, view: &View<'_>, findings: &Findings, key: &mut [u64]) {
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

    /// The lists in which records are ranked, in order.
    pub(crate) fn lists(&self, corpus: &Corpus<'_>) -> Result<Listing<5>> {
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

/// A record as the judge sees it.
struct Judged<'v> {
    view: &'v View<'v>,
    findings: &'v Findings,
}

impl Ranked for Judged<'_> {
    fn id(&self) -> &str {
        self.view.document().id
    }

    fn text_bytes(&self) -> u64 {
        self.view.text().len() as u64
    }

    fn number(&self, column: ColumnRef) -> Option<f64> {
        self.findings.number(column)
    }

    fn value(&self, by: SliceBy) -> Option<Cow<'_, str>> {
        by.value(self.view, self.findings)
    }
}
