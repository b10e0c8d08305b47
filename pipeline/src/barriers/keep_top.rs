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
//! earlier record. With `seed` instead of `score` the order is that of the hashes (xxh3-64) of seed and id, so what stays
//! is a sample of exactly the size that is asked for. Of each group the first `ceil(fraction × records)` stay, or the longest beginning whose tokens or
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

mod barrier;
mod order;
mod policy;
mod ranking;

use super::BarrierSpec;
use super::share::Share;
use filters::{BuildError, Context, Decimal, Kind, Rule, SliceBy};
use policy::{Count, Limits};
use serde::{Deserialize, Serialize};

pub use barrier::KeepTop;
pub(crate) use barrier::{NO_SCORE, removal};
pub(crate) use policy::{Cut, Entry, Policy, for_sections};
pub(crate) use ranking::{COST, Cost, List, Members, Ranked, Ranking, SCORE, Score};

/// By which score, how much, of which groups.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The column, `stage/column`, or a stage's name alone for its column `score`; the highest is the best.
    pub score: Option<String>,
    /// Instead of `score`: the order is drawn, by a hash of this seed and the id.
    pub seed: Option<u64>,
    /// The share of each group's records that stays, from 0 to 1, rounded up.
    pub fraction: Option<Decimal>,
    /// How many records of each group stay at most.
    pub records: Option<u64>,
    /// How many tokens of each group stay at most.
    pub tokens: Option<u64>,
    /// The column that counts a record's tokens; needed with `tokens`.
    pub count: Option<String>,
    /// How many bytes of text of each group stay at most.
    pub bytes: Option<u64>,
    /// What groups are made of: `source` and recorded columns. One group of all without any.
    pub by: Vec<String>,
    /// What becomes of records without a score or count.
    pub missing: Missing,
    /// Slices with floors and quotas.
    pub slice: Vec<Slice>,
}

/// What becomes of records that cannot be ranked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// They stay and count nowhere.
    #[default]
    Keep,
    /// They are taken out, by the rule `no-score`.
    Remove,
}

/// Records that must not vanish or must not crowd out the rest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Slice {
    /// `source` or a recorded column. Required.
    pub column: String,
    /// The slice is the records with this value; without one, each value is a slice of its own; a record
    /// without any is in none.
    pub value: Option<String>,
    /// The share of the slice's records that stays at least, rounded up.
    pub fraction_min: Option<Decimal>,
    /// How many of its records stay at least.
    pub records_min: Option<u64>,
    /// The share of the slice's records that stays at most, rounded down.
    pub fraction_max: Option<Decimal>,
    /// How many of its records stay at most.
    pub records_max: Option<u64>,
}

impl BarrierSpec for Config {
    const NAME: &'static str = "keep-top";
    const SUMMARY: &'static str =
        "keeps the best by a score: a fraction or a budget of each group, with floors and quotas for slices";
    const SOURCE: &'static str = "own definition";
    const RULES: &'static [Rule] = &RULES;
    type Barrier = KeepTop;

    fn build(&self, context: &mut dyn Context) -> Result<KeepTop, BuildError> {
        let (groups, cost) = self.cut(context)?;
        let by = self.by.iter().map(|name| SliceBy::find(name, context)).collect::<Result<_, _>>()?;
        let mut lists = vec![List { by, members: Members::All }];
        let mut slices = Vec::new();
        for slice in &self.slice {
            let members = slice.value.clone().map_or(Members::Valued, Members::Value);
            lists.push(List { by: vec![SliceBy::find(&slice.column, context)?], members });
            slices.push(slice.limits()?);
        }
        Ok(KeepTop {
            ranking: Ranking { score: self.score(context)?, cost, lists },
            removes_unscored: self.missing == Missing::Remove,
            policy: Policy { groups, slices },
        })
    }
}

impl Config {
    fn score(&self, context: &dyn Context) -> Result<Score, BuildError> {
        match (&self.score, self.seed) {
            (Some(score), None) => Ok(Score::Column(context.column(score, Kind::Number)?)),
            (None, Some(seed)) => Ok(Score::Draw(seed)),
            (None, None) => {
                Err(BuildError::key("score", "is missing: the column of an earlier stage, or `seed` to draw"))
            }
            (Some(_), Some(_)) => Err(BuildError::key("seed", "draws records; give it or `score`")),
        }
    }

    fn cut(&self, context: &dyn Context) -> Result<(Cut, Cost), BuildError> {
        let Self { fraction, records, tokens, count, bytes, .. } = self;
        match (*fraction, *records, *tokens, count, *bytes) {
            (Some(fraction), None, None, None, None) => {
                Ok((Cut::Share(Share::of("fraction", fraction)?), Cost::Nothing))
            }
            (None, Some(records), None, None, None) => Ok((Cut::Budget(records), Cost::Record)),
            (None, None, Some(tokens), Some(count), None) => {
                let count = context.column(count, Kind::Number)?;
                Ok((Cut::Budget(tokens), Cost::Column(count)))
            }
            (None, None, None, None, Some(bytes)) => Ok((Cut::Budget(bytes), Cost::Bytes)),
            (None, None, Some(_), None, None) => {
                Err(BuildError::key("count", "is missing: the column that counts a record's `tokens`"))
            }
            _ => Err(BuildError::key(
                "fraction",
                "or `records`, or `tokens` with `count`, or `bytes` is needed, and only one",
            )),
        }
    }
}

impl Slice {
    fn limits(&self) -> Result<Limits, BuildError> {
        let limits = Limits {
            least: count(("fraction_min", self.fraction_min), self.records_min)?,
            most: count(("fraction_max", self.fraction_max), self.records_max)?,
        };
        match limits {
            Limits { least: None, most: None } => {
                Err(BuildError::key("slice", "has neither a floor nor a quota"))
            }
            limits => Ok(limits),
        }
    }
}

fn count(
    (key, fraction): (&'static str, Option<Decimal>),
    records: Option<u64>,
) -> Result<Option<Count>, BuildError> {
    match (fraction, records) {
        (Some(_), Some(_)) => {
            Err(BuildError::key(key, "and a number of records are two bounds for one thing"))
        }
        (Some(fraction), None) => Ok(Some(Count::Share(Share::of(key, fraction)?))),
        (None, records) => Ok(records.map(Count::Records)),
    }
}

const RULES: [Rule; 3] = [
    Rule {
        id: "rank",
        summary: "rank in its group, 1 for the best; the bound is how many stay",
        alias: None,
    },
    Rule { id: "quota", summary: "rank among the kept of a slice; the bound is its quota", alias: None },
    Rule { id: "no-score", summary: "1 for a record without a score or count", alias: None },
];
