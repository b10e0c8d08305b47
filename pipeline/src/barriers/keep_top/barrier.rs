//! The built barrier: which ranked records are removed.

use super::RULES;
use super::policy::Policy;
use super::ranking::{COST, Ranking, SCORE};
use crate::Result;
use crate::barriers::corpus::Corpus;
use crate::barriers::keep::UNSCORED;
use crate::barriers::{Barrier, RecordNumber, Removal, Resolution};
use filters::{Findings, Rule, View};
use std::borrow::Cow;

/// Position of the rule that a record without a score breaks.
pub(crate) const NO_SCORE: usize = 2;

/// The built barrier.
pub struct KeepTop {
    /// Its lists are the groups, then the slices.
    pub(crate) ranking: Ranking,
    pub(crate) removes_unscored: bool,
    pub(crate) policy: Policy,
}

impl Barrier for KeepTop {
    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn measures_similarity(&self, _: usize) -> bool {
        false
    }

    fn key_words(&self) -> usize {
        self.ranking.key_words()
    }

    fn sign(&self, view: &View<'_>, findings: &Findings, key: &mut [u64]) {
        self.ranking.sign(view, findings, key);
    }

    /// Ids, where they begin alike.
    fn compared<'a>(&self, view: &View<'a>) -> Cow<'a, str> {
        Cow::Borrowed(view.document().id)
    }

    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        let lists = self.ranking.lists(corpus)?;
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

pub(crate) fn removal(record: RecordNumber, rule: usize, (value, bound): (f64, f64)) -> Removal {
    Removal { record, survivor: None, similarity: value, bound: Some(bound), rule }
}
