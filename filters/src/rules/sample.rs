//! # What it measures
//! Where the record's id falls in [0, 1) when it is hashed with the seed; a record is drawn when that number lies
//! below the rate. With `weights` the number is divided by the weight of the record's value first, so that of two
//! values the one with half the weight has half as many of its records drawn.
//! # Why
//! A smaller corpus of the same composition. The draw depends on the id and the seed alone: not on the order of
//! reading, the number of threads, or which other records there are, and a higher rate draws a superset.
//! # Source
//! Own definition: the upper 53 bits of `xxh3_64(id, seed)`, divided by 2^53.
//! # Differs from datatrove's SamplerFilter in
//! being seeded always; there the draw comes from a stream of random numbers, by default unseeded.
//! # Example
//! `rate = "0.1"` keeps one record in ten. By the buckets of a score, all of the best and half of the next:
//! ```toml
//! [[stage]]
//! use = "sample"
//! rate = "1"
//! by = "ensemble/bucket"
//! weights = { "18" = "0.5", "17" = "0.25" }
//! ```

use crate::{Bound, BuildError, Context, Decimal, Filter, Findings, Rule, RuleBound, SliceBy, Spec, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How many records are drawn, and which.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The share of records kept, from 0 (none) to 1 (all). Required.
    pub rate: Option<Decimal>,
    /// Another seed draws other records.
    pub seed: u64,
    /// What `weights` are by: `source`, or a column of an earlier stage.
    pub by: Option<String>,
    /// The weight of values of `by`: 1 times the rate is the rate, 0 draws none. Values that are not listed weigh 1.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, Decimal>,
}

const NOT_DRAWN: Rule = Rule {
    id: "not-drawn",
    summary: "the hashed id as a number in [0, 1), over the weight; 1 at most",
    alias: None,
};

/// The built filter.
pub struct Sample {
    rate: f64,
    seed: u64,
    by: Option<SliceBy>,
    weights: BTreeMap<String, f64>,
}

impl Spec for Config {
    const NAME: &'static str = "sample";
    const SUMMARY: &'static str = "a reproducible share of the records, drawn by id";
    const SOURCE: &'static str = "own definition";
    const RULES: &'static [Rule] = &[NOT_DRAWN];
    const EXAMPLE: Option<&'static str> = Some("rate = \"0.1\"");
    type Filter = Sample;

    fn build(&self, context: &mut dyn Context) -> Result<Sample, BuildError> {
        let Some(rate) = self.rate else {
            return Err(BuildError::key("rate", "is missing: the share of records to keep, from 0 to 1"));
        };
        if !(0.0..=1.0).contains(&rate.get()) {
            return Err(BuildError::key("rate", format!("is {rate}, outside 0 to 1")));
        }
        if self.by.is_some() == self.weights.is_empty() {
            return Err(BuildError::key("weights", "and `by` need each other"));
        }
        if let Some((value, weight)) = self.weights.iter().find(|(_, weight)| weight.get() < 0.0) {
            return Err(BuildError::key("weights", format!("has {weight} for `{value}`, less than 0")));
        }
        let by = self.by.as_ref().map(|name| SliceBy::find(name, context)).transpose()?;
        let weights = self.weights.iter().map(|(value, weight)| (value.clone(), weight.get())).collect();
        Ok(Sample { rate: rate.get(), seed: self.seed, by, weights })
    }
}

impl Filter for Sample {
    fn rules(&self) -> Vec<RuleBound> {
        vec![RuleBound::new(&NOT_DRAWN, Bound::Below(self.rate))]
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let drawn = drawn(view.document().id, self.seed) / self.weight(view, findings);
        // from 1 on nothing is drawn at any rate; so is what weighs nothing, also where 0 is divided by 0
        findings.measure(0, drawn.min(1.0))
    }
}

impl Sample {
    fn weight(&self, view: &View<'_>, findings: &Findings) -> f64 {
        let value = self.by.and_then(|by| by.value(view, findings));
        value.and_then(|value| self.weights.get(value.as_ref()).copied()).unwrap_or(1.0)
    }
}

/// The hash of the id as a number in [0, 1): 53 bits are what an f64 holds exactly, so 1 is never reached.
fn drawn(id: &str, seed: u64) -> f64 {
    (xxh3_64_with_seed(id.as_bytes(), seed) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::drawn;

    #[test]
    fn the_share_drawn_is_the_rate() {
        for seed in [0, 1, 7] {
            let below = (0..20_000).filter(|n| drawn(&format!("record-{n}"), seed) < 0.25).count();
            assert!((4_700..5_300).contains(&below), "seed {seed}: {below}");
        }
    }

    #[test]
    fn the_extremes_of_the_hash_stay_below_one() {
        assert!((u64::MAX >> 11) as f64 / ((1u64 << 53) as f64) < 1.0);
    }
}
