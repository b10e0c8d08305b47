//! # What it measures
//! A record's place in a drawn order of the reserve's records with its value, held against how many are needed.
//! # Why
//! What filters hazards also takes out harmless texts about medicine, history or people who are spoken ill of, and a model
//! learns less of these. Harmless neighbours from a reserve bring their share back (O'Brien et al. 2025,
//! arXiv 2508.06601).
//! # Source
//! Own definition.
//! # How
//! The share of each value among all records that are not of the reserve is counted before anything was taken out, and
//! among those alive here. Of every value that lost, as many records of the reserve are added, in the order of the hashes
//! (xxh3-64) of seed and id, as bring its share back among all that is then there. What is not needed is
//! removed. Records in, and what became of each value, are told in `auditor/restored-shares.json`, counted when the
//! release is written.
//! # Example
//! ```toml
//! [[stage]]
//! use = "restore-shares"
//! by = "topic/label"
//! values = ["medicine", "history"]
//! reserve = "source=harmless"
//! ```

mod shares;

use super::keep::UNSCORED;
use super::keep_top::{Cost, List, Members, Ranking, SCORE, Score, for_sections, removal};
use super::{Barrier, BarrierSpec, RecordNumber, Resolution};
use crate::barriers::corpus::{Corpus, Standing};
use crate::files::store;
use crate::{Error, Result};
use filters::{BuildError, ColumnRef, Context, Findings, Rule, Selection, SliceBy, View};
use serde::{Deserialize, Serialize};
use shares::{Count, Report, needed};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Whose share is restored, and from what.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What tells the protected records: a column of an earlier stage. Required.
    pub by: String,
    /// The values whose shares are restored. Required.
    pub values: BTreeSet<String>,
    /// The records of the reserve, as `COLUMN=VALUE` or `source=ID`. Required.
    pub reserve: String,
    /// Another seed draws other records.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { by: String::new(), values: BTreeSet::new(), reserve: String::new(), seed: 1 }
    }
}

const NOT_NEEDED: Rule = Rule {
    id: "not-needed",
    summary: "the place in the drawn order of the reserve's records with this value; the bound is how many are needed",
    alias: None,
};

/// Where a release tells what was restored.
pub(crate) const REPORT: &str = "auditor/restored-shares.json";

/// The built barrier.
pub struct Restore {
    /// Ranks the reserve alone.
    ranking: Ranking,
    by: SliceBy,
    values: BTreeSet<String>,
    reserve: Selection,
}

impl BarrierSpec for Config {
    const NAME: &'static str = "restore-shares";
    const SUMMARY: &'static str =
        "brings the shares of protected slices back to what they were before removal, from a reserve";
    const SOURCE: &'static str = "own definition; benign replacement as in O'Brien et al. 2025";
    const RULES: &'static [Rule] = &[NOT_NEEDED];
    type Barrier = Restore;

    fn build(&self, context: &mut dyn Context) -> std::result::Result<Restore, BuildError> {
        for (key, empty) in [
            ("by", self.by.is_empty()),
            ("values", self.values.is_empty()),
            ("reserve", self.reserve.is_empty()),
        ] {
            if empty {
                return Err(BuildError::key(key, "is missing"));
            }
        }
        let by = SliceBy::find(&self.by, context)?;
        let lists = vec![List { by: vec![by], members: Members::All }];
        Ok(Restore {
            ranking: Ranking { score: Score::Draw(self.seed), cost: Cost::Nothing, lists },
            by,
            values: self.values.clone(),
            reserve: Selection::find("reserve", &self.reserve, context)?,
        })
    }
}

impl Barrier for Restore {
    fn rules(&self) -> &'static [Rule] {
        &[NOT_NEEDED]
    }

    fn measures_similarity(&self, _: usize) -> bool {
        false
    }

    fn key_words(&self) -> usize {
        self.ranking.key_words()
    }

    fn sign(&self, view: &View<'_>, findings: &Findings, key: &mut [u64]) {
        match self.reserve.holds(view, findings) {
            true => self.ranking.sign(view, findings, key),
            false => key[SCORE] = UNSCORED,
        }
    }

    /// Ids, where they begin alike.
    fn compared<'a>(&self, view: &View<'a>) -> Cow<'a, str> {
        Cow::Borrowed(view.document().id)
    }

    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        let counts = self.counts(corpus, |record| corpus.standing(record) == Standing::Alive)?;
        let needed: BTreeMap<[u64; 2], u64> = needed(&counts)
            .into_iter()
            .map(|(value, records)| (Ranking::section_of([Some(value)].into_iter()), records))
            .collect();
        for_sections(&self.ranking.lists(corpus)?, |_, members| {
            let needed = needed.get(&members.section()).copied().unwrap_or_default();
            let over = (1..).zip(members.iter()).filter(|(place, _)| *place > needed);
            for (place, record) in over {
                resolution.remove(removal(record, 0, (place as f64, needed as f64)))?;
            }
            Ok(())
        })
    }

    fn counted(&self) -> Vec<ColumnRef> {
        let column = |by| match by {
            SliceBy::Source => None,
            SliceBy::Column(column) => Some(column),
        };
        [self.by, self.reserve.by()].into_iter().filter_map(column).collect()
    }

    fn publishes(&self) -> bool {
        true
    }

    fn publish(
        &self,
        corpus: &Corpus<'_>,
        released: &mut dyn Iterator<Item = (RecordNumber, (u32, u64))>,
        release: &Path,
    ) -> Result<()> {
        let mut released = released.map(|(record, _)| record).peekable();
        let counts = self.counts(corpus, |record| {
            while released.next_if(|next| *next < record).is_some() {}
            released.next_if_eq(&record).is_some()
        })?;
        let report = Report::of(&counts);
        report.warnings().for_each(|warning| tracing::warn!("{}: {warning}", corpus.stage_name()));
        let json = serde_json::to_vec_pretty(&report).map_err(|e| Error::Bug(e.to_string()))?;
        store::write_file(&release.join(REPORT), &json)
    }
}

impl Restore {
    /// Counts the records of each protected value, and of all others under no name; `there` says which are there
    /// still, asked in the order of the records.
    fn counts(
        &self,
        corpus: &Corpus<'_>,
        mut there: impl FnMut(RecordNumber) -> bool,
    ) -> Result<BTreeMap<Option<String>, Count>> {
        let mut counts: BTreeMap<Option<String>, Count> =
            self.values.iter().map(|value| (Some(value.clone()), Count::default())).collect();
        corpus.for_each_value([self.by, self.reserve.by()], |record, [value, mark]| {
            let value = value.filter(|value| self.values.contains(value.as_ref())).map(Cow::into_owned);
            let count = counts.entry(value).or_default();
            let there = u64::from(there(record));
            match self.reserve.chooses(mark.as_deref()) {
                true => (count.reserve, count.added) = (count.reserve + 1, count.added + there),
                false => (count.before, count.after) = (count.before + 1, count.after + there),
            }
        })?;
        Ok(counts)
    }
}
