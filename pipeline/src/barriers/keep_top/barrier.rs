//! The built barrier: keys, lists and removals.

use super::policy::Policy;
use super::{RULES, order};
use crate::barriers::corpus::Corpus;
use crate::barriers::keep::{UNSCORED, descending};
use crate::barriers::{Barrier, RecordNumber, Removal, Resolution};
use crate::files::artefact::Kind;
use crate::files::spill::Listing;
use crate::{Error, Result};
use filters::{ColumnRef, Findings, Rule, SliceBy, View};
use manifests::digest::Sha256;
use std::borrow::Cow;

/// Position of the rule that a record without a score breaks.
pub(crate) const NO_SCORE: usize = 2;

/// Words of the key: the score, descending; what the record costs of a budget; how its id begins; then two for each
/// list it may be ranked in, which are 0 where it is not.
pub(super) const SCORE: usize = 0;
const COST: usize = 1;
pub(super) const ID: usize = 2;
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

    /// The score, descending, and the cost of a record; `None` where one of them is missing. A count below 0 is none.
    pub(crate) fn measure(&self, record: &impl Ranked) -> Option<(u64, u64)> {
        let score = descending(record.number(self.score)?);
        let cost = match self.cost {
            Cost::Column(column) => record.number(column).filter(|count| *count >= 0.0)?.ceil() as u64,
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
            match (&list.members, &value) {
                (Members::Valued | Members::Value(_), None) => return None,
                (Members::Value(only), Some(value)) if only != value => return None,
                _ => {}
            }
            // each with its length, so that no two lists of values are confused
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
        self.findings.number(column)
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
