//! How many records restore a share, and what came of it.

use serde::Serialize;
use std::collections::BTreeMap;

/// Records of one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Not of the reserve, before anything was taken out.
    pub(super) before: u64,
    /// Those of them that are there still.
    pub(super) after: u64,
    /// Of the reserve, before anything was taken out.
    pub(super) reserve: u64,
    /// Those of them that are there.
    pub(super) added: u64,
}

/// The records of each protected value, and of all others under `None`.
pub(super) type Counts = BTreeMap<Option<String>, Count>;

/// How far from the share before a restored one may be, in parts of it: one in twenty.
const TOLERANCE: u64 = 20;

fn sum(counts: &Counts, number: fn(&Count) -> u64) -> u64 {
    counts.values().map(number).sum()
}

/// How many records of the reserve each value needs: so many that its share is what it was before, of all that is then
/// there. Values that lost nothing need none.
pub(super) fn needed(counts: &Counts) -> Vec<(&str, u64)> {
    let (before, after) = (u128::from(sum(counts, |c| c.before)), u128::from(sum(counts, |c| c.after)));
    let valued = || counts.iter().filter_map(|(value, count)| Some((value.as_deref()?, count)));
    // what is there with the values that lost filled up, as a fraction: their own records left out of both sides
    let mut short: Vec<&str> = Vec::new();
    let (mut rest, mut whole) = (after, before);
    loop {
        let lost = |(value, count): &(&str, &Count)| {
            !short.contains(value) && u128::from(count.before) * rest > u128::from(count.after) * whole
        };
        let Some((value, count)) = valued().find(lost) else { break };
        short.push(value);
        rest = rest.saturating_sub(count.after.into());
        whole = whole.saturating_sub(count.before.into());
    }
    let needed = |count: &Count| {
        let share = match whole {
            0 => u128::from(count.after),
            // to the nearest
            _ => (2 * u128::from(count.before) * rest + whole) / (2 * whole),
        };
        (share as u64).saturating_sub(count.after)
    };
    valued().filter(|(value, _)| short.contains(value)).map(|(value, count)| (value, needed(count))).collect()
}

/// What became of the shares, as the release tells it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// All records, and by value.
    all: Numbers,
    values: BTreeMap<String, Numbers>,
}

/// Numbers of records, and shares of all in parts per million.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Numbers {
    before: u64,
    after: u64,
    restored: u64,
    reserve: u64,
    added: u64,
    before_ppm: u64,
    after_ppm: u64,
    restored_ppm: u64,
}

impl Report {
    pub(super) fn of(counts: &Counts) -> Self {
        let (before, after) = (sum(counts, |c| c.before), sum(counts, |c| c.after));
        let (reserve, added) = (sum(counts, |c| c.reserve), sum(counts, |c| c.added));
        let all = Count { before, after, reserve, added };
        let numbers = |count: &Count| {
            let ppm = |part: u64, of: u64| (u128::from(part) * 1_000_000 / u128::from(of.max(1))) as u64;
            Numbers {
                before: count.before,
                after: count.after,
                restored: count.after + count.added,
                reserve: count.reserve,
                added: count.added,
                before_ppm: ppm(count.before, before),
                after_ppm: ppm(count.after, after),
                restored_ppm: ppm(count.after + count.added, after + added),
            }
        };
        let values = counts.iter().filter_map(|(value, count)| Some((value.clone()?, numbers(count))));
        Self { all: numbers(&all), values: values.collect() }
    }

    /// Values whose share is not what it was, to one in twenty.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let off = |numbers: &Numbers| {
            numbers.before_ppm.abs_diff(numbers.restored_ppm) * TOLERANCE > numbers.before_ppm
        };
        self.values.iter().filter(move |(_, numbers)| off(numbers)).map(|(value, numbers)| {
            let Numbers { before_ppm, after_ppm, restored_ppm, reserve, added, .. } = numbers;
            format!(
                "`{value}` was {before_ppm} ppm of all records, {after_ppm} after removal, and is {restored_ppm} with {added} of \
                 the {reserve} records that the reserve has"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, u64, u64)]) -> Counts {
        let count = |(value, before, after): &(&str, u64, u64)| {
            let value = (!value.is_empty()).then(|| value.to_string());
            (value, Count { before: *before, after: *after, ..Count::default() })
        };
        of.iter().map(count).collect()
    }

    #[test]
    fn shares_are_restored_of_all_that_is_then_there() {
        type Case = (&'static [(&'static str, u64, u64)], &'static [(&'static str, u64)]);
        let cases: [Case; 6] = [
            // 10 of 100, then 5 of 95: 10 of 100 again
            (&[("", 90, 90), ("a", 10, 5)], &[("a", 5)]),
            // others lost as much: nothing is needed
            (&[("", 90, 45), ("a", 10, 5)], &[]),
            (&[("", 90, 81), ("a", 10, 0)], &[("a", 9)]),
            // of two, one gained
            (&[("", 80, 80), ("a", 10, 0), ("b", 10, 10)], &[("a", 10)]),
            (&[("", 80, 40), ("a", 10, 0), ("b", 10, 1)], &[("a", 5), ("b", 4)]),
            // nothing else is there
            (&[("a", 10, 5), ("b", 10, 10)], &[("a", 5)]),
        ];
        for (of, expected) in cases {
            assert_eq!(needed(&counts(of)), expected, "{of:?}");
        }
    }
}
