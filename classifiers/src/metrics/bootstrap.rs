//! Intervals: how far a statistic could have been another with another sample.

use super::Sample;
use filters::Random;

/// A statistic with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// What the sample says.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether the data cannot tell the two apart. Stricter than a test of the difference, on purpose: two intervals
    /// may overlap where such a test would just find a difference, never the other way round.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// The percentile bootstrap (Efron 1979): the statistic of the sample, and the 2.5th and 97.5th percentile of it over
/// `rounds` samples of the same size drawn with replacement by `seed`. Draws without a statistic (all of one answer)
/// are left out; `None` where the sample itself has none.
pub fn bootstrap(
    samples: &[Sample],
    rounds: usize,
    seed: u64,
    statistic: impl Fn(&[Sample]) -> Option<f64>,
) -> Option<Interval> {
    let value = statistic(samples)?;
    let mut random = Random(seed);
    let mut drawn = samples.to_vec();
    let mut values = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        drawn.iter_mut().for_each(|place| *place = samples[random.below(samples.len())]);
        values.extend(statistic(&drawn));
    }
    Some(percentiles(value, values))
}

/// The interval of how much better the first of two scorers of the same records is, record for record: each draw takes
/// the same records from both. Tighter than two intervals held side by side, since most of what another sample would
/// change, it changes for both.
pub fn bootstrap_difference(
    [first, second]: [&[Sample]; 2],
    rounds: usize,
    seed: u64,
    statistic: impl Fn(&[Sample]) -> Option<f64>,
) -> Option<Interval> {
    let value = statistic(first)? - statistic(second)?;
    let records = first.len().min(second.len());
    let mut random = Random(seed);
    let (mut one, mut other) = (first.to_vec(), second.to_vec());
    let mut values = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        for (one, other) in one.iter_mut().zip(&mut other) {
            let at = random.below(records);
            (*one, *other) = (first[at], second[at]);
        }
        values.extend(statistic(&one).zip(statistic(&other)).map(|(one, other)| one - other));
    }
    Some(percentiles(value, values))
}

/// The value with the 2.5th and 97.5th percentile of what the draws gave.
fn percentiles(value: f64, mut values: Vec<f64>) -> Interval {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| quantile(&values, share).unwrap_or(value);
    Interval { value, low: at(0.025), high: at(0.975) }
}

/// The number nearest to where this share of sorted numbers is smaller; `None` of nothing.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().saturating_sub(1);
    sorted.get((share * last as f64).round() as usize).copied()
}

/// Wilson's 95 % interval of a share (Wilson 1927); `None` of nothing.
pub fn wilson(hits: u64, of: u64) -> Option<Interval> {
    if of == 0 {
        return None;
    }
    let value = hits as f64 / of as f64;
    let (low, high) = filters::wilson(value, of);
    Some(Interval { value, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(samples: &[Sample]) -> Option<f64> {
        (!samples.is_empty()).then(|| samples.iter().map(|s| s.score).sum::<f64>() / samples.len() as f64)
    }

    #[test]
    fn the_interval_of_a_mean_is_about_two_standard_errors_each_way() {
        let samples: Vec<Sample> = (0..400).map(|n| Sample::of(f64::from(n % 2), false)).collect();
        let interval = bootstrap(&samples, 2000, 7, mean).unwrap();
        assert_eq!(interval.value, 0.5);
        // standard error 0.5 / 20
        assert!(
            (interval.low - 0.451).abs() < 0.005 && (interval.high - 0.549).abs() < 0.005,
            "{interval:?}"
        );
        assert_eq!(bootstrap(&samples, 2000, 7, mean), Some(interval), "equal seeds, equal intervals");
        assert_ne!(bootstrap(&samples, 2000, 8, mean), Some(interval));
        assert_eq!(bootstrap(&[], 100, 1, mean), None);
    }

    #[test]
    fn a_scorer_that_is_always_a_little_better_differs_though_its_interval_overlaps() {
        let worse: Vec<Sample> = (0..100).map(|n| Sample::of(f64::from(n), false)).collect();
        let better: Vec<Sample> = worse.iter().map(|of| Sample::of(of.score + 1.0, false)).collect();
        let difference = bootstrap_difference([&better, &worse], 200, 1, mean).unwrap();
        assert!((difference.low - 1.0).abs() < 1e-9 && (difference.high - 1.0).abs() < 1e-9);
        let [one, other] = [&better, &worse].map(|of| bootstrap(of, 200, 1, mean).unwrap());
        assert!(one.overlaps(&other));
        assert_eq!(bootstrap_difference([&[], &[]], 200, 1, mean), None);
    }

    /// reference: Wilson interval of 0 of 300, and of 20 of 400 (the audit's working sizes)
    #[test]
    fn shares_have_wilsons_interval() {
        let none = wilson(0, 300).unwrap();
        assert!(none.low < 1e-9 && (none.high - 0.0126).abs() < 1e-4, "{none:?}");
        let some = wilson(20, 400).unwrap();
        assert!((some.low - 0.0326).abs() < 1e-4 && (some.high - 0.0760).abs() < 1e-4, "{some:?}");
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn intervals_that_touch_overlap() {
        let of = |low, high| Interval { value: 0.0, low, high };
        assert!(of(0.1, 0.2).overlaps(&of(0.2, 0.3)) && of(0.0, 1.0).overlaps(&of(0.4, 0.5)));
        assert!(!of(0.1, 0.2).overlaps(&of(0.21, 0.3)) && !of(0.21, 0.3).overlaps(&of(0.1, 0.2)));
    }
}
