//! How much of each group is drawn: exact, in whole numbers.

use crate::barriers::keep_top::Ranking;
use filters::{BuildError, Decimal};
use std::collections::BTreeMap;

/// The hash that stands for a group.
pub(super) type Section = [u64; 2];

/// Decimals a weight may have, its limit, and how many there may be: so that amounts of 64 bits times the sum of all
/// weights times the repeats fit 128 bits.
const DECIMALS_MAX: usize = 6;
const WEIGHT_MAX: f64 = 1e6;
const WEIGHTS_MAX: usize = 1000;

/// The weights of groups, as whole numbers.
pub(super) struct Weights {
    groups: BTreeMap<Section, (String, u128)>,
    sum: u128,
}

impl Weights {
    pub(super) fn of(weights: &BTreeMap<String, Decimal>) -> Result<Self, BuildError> {
        let mut groups = BTreeMap::new();
        for (value, weight) in weights {
            let text = weight.to_string();
            let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
            let digits = format!("{whole}{decimals:0<DECIMALS_MAX$}").parse::<u128>();
            let fits = decimals.len() <= DECIMALS_MAX && weight.get() <= WEIGHT_MAX;
            let Some(digits) = digits.ok().filter(|_| fits) else {
                let why = format!(
                    "has {weight} for `{value}`, expected 0 to {WEIGHT_MAX} with {DECIMALS_MAX} decimals"
                );
                return Err(BuildError::key("weights", why));
            };
            groups.insert(Ranking::section_of([Some(value.as_str())].into_iter()), (value.clone(), digits));
        }
        let sum = groups.values().map(|(_, weight)| weight).sum();
        if sum == 0 || groups.len() > WEIGHTS_MAX {
            return Err(BuildError::key(
                "weights",
                format!("needs 1 to {WEIGHTS_MAX} values, not all of weight 0"),
            ));
        }
        Ok(Self { groups, sum })
    }

    /// The value of a group and its part of the total; `None` for a group without a weight.
    pub(super) fn target(&self, section: Section, total: u64) -> Option<(&str, u64)> {
        let (value, weight) = self.groups.get(&section)?;
        Some((value, (u128::from(total) * weight / self.sum) as u64))
    }

    /// Values that no record has.
    pub(super) fn absent(&self, amounts: &BTreeMap<Section, u64>) -> impl Iterator<Item = &str> {
        let groups = self.groups.iter().filter(|(section, _)| !amounts.contains_key(*section));
        groups.map(|(_, (value, _))| value.as_str())
    }
}

/// The largest total of which no group's part is more than all its records repeated as often as allowed, but no more
/// than is needed to have all of every group.
pub(super) fn total(weights: &Weights, amounts: &BTreeMap<Section, u64>, repeats_max: u32) -> u64 {
    let there = weights.groups.iter().filter_map(|(section, (_, weight))| {
        let amount = amounts.get(section).copied()?;
        (*weight > 0).then_some((u128::from(amount) * weights.sum, *weight))
    });
    let all = there.clone().map(|(amount, weight)| amount.div_ceil(weight)).max();
    let reach = there.map(|(amount, weight)| amount * u128::from(repeats_max) / weight).min();
    all.min(reach).unwrap_or_default().try_into().unwrap_or(u64::MAX)
}

/// How often each record of a group is drawn, and how much of the group once more.
pub(super) fn draw(target: u64, amount: u64, repeats_max: u32) -> (u64, u64) {
    match (target.checked_div(amount), u64::from(repeats_max)) {
        (None, _) => (1, 0),
        (Some(whole), most) if whole >= most => (most, 0),
        (Some(whole), _) => (whole, target % amount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(of: &[(&str, &str)]) -> Result<Weights, String> {
        let of = of.iter().map(|(value, weight)| (value.to_string(), Decimal::of(weight.parse().unwrap())));
        Weights::of(&of.collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_total_is_what_the_scarcest_group_allows() {
        for (of, amounts, repeats_max, expected) in [
            // equal weights: the smaller decides, then both are there whole
            (["1", "1"], [100, 30], 1, 60),
            (["1", "1"], [100, 30], 3, 180),
            (["1", "1"], [100, 30], 4, 200),
            (["0.7", "0.3"], [700, 300], 4, 1000),
            (["0.9", "0.1"], [90, 100], 1, 100),
            (["0.9", "0.1"], [90, 100], 20, 1000),
            (["1", "0"], [10, 100], 1, 10),
        ] {
            let weights = weights(&[("a", of[0]), ("b", of[1])]).unwrap();
            let section = |value| Ranking::section_of([Some(value)].into_iter());
            let amounts = [(section("a"), amounts[0]), (section("b"), amounts[1])].into();
            assert_eq!(total(&weights, &amounts, repeats_max), expected, "{of:?} {amounts:?} {repeats_max}");
        }
    }

    #[test]
    fn a_group_is_drawn_whole_and_then_in_part() {
        for (target, amount, repeats_max, expected) in [
            (3, 10, 1, (0, 3)),
            (10, 10, 1, (1, 0)),
            (25, 10, 4, (2, 5)),
            (40, 10, 4, (4, 0)),
            (90, 10, 4, (4, 0)),
            (0, 10, 4, (0, 0)),
            (5, 0, 4, (1, 0)),
        ] {
            assert_eq!(draw(target, amount, repeats_max), expected, "{target} of {amount}");
        }
    }

    #[test]
    fn weights_are_refused_that_mean_nothing() {
        for of in [&[][..], &[("a", "0")], &[("a", "0.0000001")], &[("a", "-1")], &[("a", "2000000")]] {
            assert!(weights(of).is_err(), "{of:?}");
        }
    }
}
