//! # What it measures
//! A record's place in a drawn order of its group, held against how many of the group are drawn.
//! # Why
//! How much of each source or language a model sees decides what it learns, and the sources are never as large as
//! they should weigh: large ones are sampled down, small ones are seen more than once. Up to four times costs little;
//! much more teaches by rote (Muennighoff et al. 2023, arXiv 2305.16264).
//! # Source
//! Own definition. Weights as in Gao et al. 2020 (The Pile, arXiv 2101.00027), table 1, where some parts are seen up to
//! three times.
//! # How
//! Of the total each group's part is its weight among all weights. A group with more is sampled down to it; one with
//! less is written whole as often as it fits, then its first records, in the drawn order, once more. Counted in whole
//! numbers. The order is that of the hashes (xxh3-64) of seed and id, so another group, another order of input or
//! another number of threads changes nothing.
//! # Example
//! ```toml
//! [[stage]]
//! use = "mix"
//! by = "source"
//! weights = { web = "0.7", books = "0.2", code = "0.1" }
//! repeats_max = 4
//! ```

mod draw;

use super::keep::UNSCORED;
use super::keep_top::{
    COST, Cost, Cut, List, Members, Missing, Ranking, SCORE, Score, for_sections, removal,
};
use super::{Barrier, BarrierSpec, Marking, Resolution};
use crate::Result;
use crate::barriers::corpus::Corpus;
use draw::{Weights, draw, total};
use filters::{BuildError, Context, Decimal, Findings, Kind, Rule, SliceBy, View};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What is mixed, and in which proportions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What tells groups: `source`, or a column of an earlier stage. Required.
    pub by: String,
    /// The weight of each value; their sum need not be 1. Required.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, Decimal>,
    /// What weights are parts of: `records`, `bytes` of text, or a column that counts, such as one of tokens.
    pub count: String,
    /// How much is released, in what `count` counts; as much as `repeats_max` allows unless given.
    pub total: Option<u64>,
    /// How often a record is written at most.
    pub repeats_max: u32,
    /// What becomes of records whose value has no weight, or that cannot be counted.
    pub missing: Missing,
    /// Another seed draws other records.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            by: String::new(),
            weights: BTreeMap::new(),
            count: "records".into(),
            total: None,
            repeats_max: 1,
            missing: Missing::Keep,
            seed: 1,
        }
    }
}

const fn rule(id: &'static str, summary: &'static str) -> Rule {
    Rule { id, summary, alias: None }
}

const RULES: [Rule; 2] = [
    rule("not-drawn", "the place in the drawn order of its group; the bound is how many are drawn"),
    rule("no-weight", "1 if the value has no weight, or the record cannot be counted"),
];
const NOT_DRAWN: usize = 0;
const NO_WEIGHT: usize = 1;

/// The most a record may be repeated: more is a fault, not a mixture.
const REPEATS_LIMIT: usize = 1000;

/// The built barrier.
pub struct Mix {
    ranking: Ranking,
    weights: Weights,
    total: Option<u64>,
    repeats_max: u32,
    removes_others: bool,
    told: Vec<String>,
}

impl BarrierSpec for Config {
    const NAME: &'static str = "mix";
    const SUMMARY: &'static str =
        "gives sources, languages or other groups their weights: samples large ones down, repeats small ones";
    const SOURCE: &'static str = "own definition; weights as in Gao et al. 2020 (The Pile)";
    const RULES: &'static [Rule] = &RULES;
    type Barrier = Mix;

    fn build(&self, context: &mut dyn Context) -> std::result::Result<Mix, BuildError> {
        if self.by.is_empty() {
            return Err(BuildError::key("by", "is missing: `source` or the column of an earlier stage"));
        }
        BuildError::in_range("repeats_max", self.repeats_max as usize, 1..=REPEATS_LIMIT)?;
        let cost = match self.count.as_str() {
            "records" => Cost::Record,
            "bytes" => Cost::Bytes,
            column => Cost::Column(context.column(column, Kind::Number)?),
        };
        let list = List { by: vec![SliceBy::find(&self.by, context)?], members: Members::All };
        let told = self.weights.iter().map(|(value, weight)| format!("{value} {weight}")).collect::<Vec<_>>();
        let upto = match self.repeats_max {
            1 => "none twice".into(),
            most => format!("a record up to {most} times"),
        };
        Ok(Mix {
            ranking: Ranking { score: Score::Draw(self.seed), cost, lists: vec![list] },
            weights: Weights::of(&self.weights)?,
            total: self.total,
            repeats_max: self.repeats_max,
            removes_others: self.missing == Missing::Remove,
            told: vec![format!("{} by {}: {}; {upto}", self.count, self.by, told.join(", "))],
        })
    }
}

impl Barrier for Mix {
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

    fn marking(&self) -> Option<Marking<'_>> {
        Some(Marking::Repeats)
    }

    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        let lists = self.ranking.lists(corpus)?;
        let cost = |record| corpus.word(record, COST);
        let mut amounts = BTreeMap::new();
        for_sections(&lists, |_, members| {
            amounts.insert(members.section(), members.iter().map(cost).fold(0, u64::saturating_add));
            Ok(())
        })?;
        self.weights.absent(&amounts).for_each(|value| tracing::warn!("mix: no record has `{value}`"));
        let total = self.total.unwrap_or_else(|| total(&self.weights, &amounts, self.repeats_max));
        for_sections(&lists, |_, members| {
            let Some((value, target)) = self.weights.target(members.section(), total) else {
                return members.iter().try_for_each(|record| self.other(record, resolution));
            };
            let amount = amounts.get(&members.section()).copied().unwrap_or_default();
            let (whole, rest) = draw(target, amount, self.repeats_max);
            if target > amount.saturating_mul(u64::from(self.repeats_max)) {
                tracing::warn!(
                    "mix: `{value}` has {amount}, too little for {target}, however often it is repeated"
                );
            }
            let more = Cut::Budget(rest).kept(members, cost);
            tracing::info!(
                "mix: `{value}`: {target} of {amount}, {more} records {} times, others {whole} times",
                whole + 1
            );
            for (rank, record) in (1..).zip(members.iter()) {
                match whole + u64::from(rank <= more) {
                    0 => resolution.remove(removal(record, NOT_DRAWN, (rank as f64, more as f64)))?,
                    1 => {}
                    repeats => resolution.mark(record, repeats)?,
                }
            }
            Ok(())
        })?;
        corpus.for_each([SCORE], |record, [score]| match score {
            UNSCORED => self.other(record, resolution),
            _ => Ok(()),
        })
    }

    fn outlook(&self) -> Vec<String> {
        self.told.clone()
    }
}

impl Mix {
    /// A record that has no part in the mixture.
    fn other(&self, record: u64, resolution: &mut Resolution) -> Result<()> {
        match self.removes_others {
            true => resolution.remove(removal(record, NO_WEIGHT, (1.0, 0.0))),
            false => Ok(()),
        }
    }
}
