//! The configuration of `keep-top`, and what it is built to.

use super::policy::{Count, Cut, Limits, Policy, Share};
use super::{Cost, KeepTop, List, RULES};
use crate::barriers::BarrierSpec;
use filters::{BuildError, Context, Decimal, Kind, Rule, SliceBy};
use serde::{Deserialize, Serialize};

/// By which score, how much, of which groups.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The column, `stage/column`, or a stage's name alone for its column `score`; the highest is the best. Required.
    pub score: String,
    /// The share of each group's records that stays, from 0 to 1, rounded up.
    pub fraction: Option<Decimal>,
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
    /// The slice is the records with this value; without one, each value is a slice of its own.
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
        if self.score.is_empty() {
            return Err(BuildError::key("score", "is missing: the column of an earlier stage"));
        }
        let (groups, cost) = self.cut(context)?;
        let by = self.by.iter().map(|name| SliceBy::find(name, context)).collect::<Result<_, _>>()?;
        let mut lists = vec![List { by, only: None }];
        let mut slices = Vec::new();
        for slice in &self.slice {
            lists.push(List { by: vec![SliceBy::find(&slice.column, context)?], only: slice.value.clone() });
            slices.push(slice.limits()?);
        }
        Ok(KeepTop {
            score: context.column(&self.score, Kind::Number)?,
            cost,
            removes_unscored: self.missing == Missing::Remove,
            lists,
            policy: Policy { groups, slices },
        })
    }
}

impl Config {
    fn cut(&self, context: &dyn Context) -> Result<(Cut, Cost), BuildError> {
        match (self.fraction, self.tokens, &self.count, self.bytes) {
            (Some(fraction), None, None, None) => {
                Ok((Cut::Share(Share::of("fraction", fraction)?), Cost::Nothing))
            }
            (None, Some(tokens), Some(count), None) => {
                let count = context.column(count, Kind::Number)?;
                Ok((Cut::Budget(tokens), Cost::Column(count)))
            }
            (None, None, None, Some(bytes)) => Ok((Cut::Budget(bytes), Cost::Bytes)),
            (None, Some(_), None, None) => {
                Err(BuildError::key("count", "is missing: the column that counts a record's `tokens`"))
            }
            _ => Err(BuildError::key("fraction", "or `tokens` with `count`, or `bytes` is needed, and only one")),
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
            Limits { least: None, most: None } => Err(BuildError::key("slice", "has neither a floor nor a quota")),
            limits => Ok(limits),
        }
    }
}

fn count(
    (key, fraction): (&'static str, Option<Decimal>),
    records: Option<u64>,
) -> Result<Option<Count>, BuildError> {
    match (fraction, records) {
        (Some(_), Some(_)) => Err(BuildError::key(key, "and a number of records are two bounds for one thing")),
        (Some(fraction), None) => Ok(Some(Count::Share(Share::of(key, fraction)?))),
        (None, records) => Ok(records.map(Count::Records)),
    }
}
