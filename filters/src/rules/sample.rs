//! # What it measures
//! Where the record's id falls in [0, 1) when it is hashed with the seed; a record is drawn when that number lies
//! below the rate.
//! # Why
//! A smaller corpus of the same composition. The draw depends on the id and the seed alone: not on the order of
//! reading, the number of threads, or which other records there are, and a higher rate draws a superset.
//! # Source
//! Own definition: the upper 53 bits of `xxh3_64(id, seed)`, divided by 2^53.
//! # Differs from datatrove's SamplerFilter in
//! being seeded always; there the draw comes from a stream of random numbers, by default unseeded.
//! # Example
//! `rate = "0.1"` keeps one record in ten.

use crate::{Bound, BuildError, Context, Decimal, Filter, Findings, Rule, RuleBound, Spec, View};
use serde::{Deserialize, Serialize};
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
}

const NOT_DRAWN: Rule = Rule { id: "not-drawn", summary: "the hashed id as a number in [0, 1)", alias: None };

/// The built filter.
pub struct Sample {
    rate: f64,
    seed: u64,
}

impl Spec for Config {
    const NAME: &'static str = "sample";
    const SUMMARY: &'static str = "a reproducible share of the records, drawn by id";
    const SOURCE: &'static str = "own definition";
    const RULES: &'static [Rule] = &[NOT_DRAWN];
    const EXAMPLE: Option<&'static str> = Some("rate = \"0.1\"");
    type Filter = Sample;

    fn build(&self, _: &mut dyn Context) -> Result<Sample, BuildError> {
        let Some(rate) = self.rate else {
            return Err(BuildError::key("rate", "is missing: the share of records to keep, from 0 to 1"));
        };
        if !(0.0..=1.0).contains(&rate.get()) {
            return Err(BuildError::key("rate", format!("is {rate}, outside 0 to 1")));
        }
        Ok(Sample { rate: rate.get(), seed: self.seed })
    }
}

impl Filter for Sample {
    fn rules(&self) -> Vec<RuleBound> {
        vec![RuleBound::new(&NOT_DRAWN, Bound::Below(self.rate))]
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        findings.measure(0, drawn(view.document().id, self.seed))
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
