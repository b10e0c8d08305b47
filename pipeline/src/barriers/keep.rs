//! Which of several duplicates survives.

use filters::{BuildError, ColumnRef, Context, Findings, Kind, View};
use serde::{Deserialize, Serialize};

/// The policy; ties go to the earliest record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// The first record in input order.
    #[default]
    Earliest,
    /// The record with the longest text, in bytes.
    Longest,
    /// The record with the highest score, of the column that `score` names; records without one come last.
    HighestScore,
    /// The record whose source stands first in `sources`; sources not listed come last.
    SourcePriority,
}

/// A policy with what it looks at.
#[derive(Debug)]
pub(crate) struct Preference {
    keep: Keep,
    score: Option<ColumnRef>,
    sources: Vec<String>,
}

impl Preference {
    /// Checks that the keys `score` and `sources` are there exactly where the policy needs them.
    pub(crate) fn new(
        keep: Keep,
        score: &str,
        sources: &[String],
        context: &dyn Context,
    ) -> Result<Self, BuildError> {
        let by = |key: &'static str, given: bool, needed: bool| match (given, needed) {
            (false, true) => Err(BuildError::key(key, "is needed by this `keep`")),
            (true, false) => Err(BuildError::key(key, "is of no use to this `keep`")),
            _ => Ok(()),
        };
        by("score", !score.is_empty(), keep == Keep::HighestScore)?;
        by("sources", !sources.is_empty(), keep == Keep::SourcePriority)?;
        let score = match keep {
            Keep::HighestScore => Some(context.column(score, Kind::Number)?),
            _ => None,
        };
        Ok(Self { keep, score, sources: sources.to_vec() })
    }

    /// The record's rank: the least survives.
    pub(crate) fn rank(&self, view: &View<'_>, findings: &Findings) -> u64 {
        match self.keep {
            Keep::Earliest => 0,
            Keep::Longest => u64::MAX - view.text().len() as u64,
            Keep::HighestScore => {
                self.score.and_then(|column| findings.number(column)).map_or(UNSCORED, descending)
            }
            Keep::SourcePriority => {
                let place = self.sources.iter().position(|source| source == view.document().source);
                place.map_or(u64::MAX, |place| place as u64)
            }
        }
    }
}

/// The rank of a record without a score: it comes last.
pub(super) const UNSCORED: u64 = u64::MAX;

/// Integers in the opposite order of the numbers, all below [`UNSCORED`].
pub(super) fn descending(number: f64) -> u64 {
    if number.is_nan() { UNSCORED } else { !ascending(number) }
}

/// Integers in the order of the numbers; -0 as 0.
pub(crate) fn ascending(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The number of such an integer.
pub(crate) fn number(ascending: u64) -> f64 {
    f64::from_bits(if ascending >> 63 == 1 { ascending ^ 1 << 63 } else { !ascending })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_in_the_order_of_the_numbers() {
        let numbers = [
            f64::NEG_INFINITY,
            f64::MIN,
            -2.5,
            -1e-300,
            0.0,
            1e-300,
            0.1,
            0.25,
            3.0,
            f64::MAX,
            f64::INFINITY,
        ];
        assert!(numbers.windows(2).all(|pair| ascending(pair[0]) < ascending(pair[1])));
        assert!(numbers.iter().all(|n| number(ascending(*n)) == *n));
        assert_eq!(ascending(-0.0), ascending(0.0));
    }
}
