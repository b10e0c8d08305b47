//! Whether a probability of 0.7 is right seven times in ten.

use super::Sample;

/// Bins of equal width, the usual number (Guo et al. 2017 use 15, scikit-learn's curves 5 to 10).
const BINS: usize = 10;

/// Scores between two bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// How many.
    pub count: u64,
    /// Their mean score.
    pub score: f64,
    /// The share of them that is positive.
    pub positive: f64,
}

/// Ten bins of equal width over 0 to 1; of an empty one all numbers are 0.
pub fn reliability(samples: &[Sample]) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); BINS];
    for sample in samples {
        // scores of other ranges than 0 to 1 fall into the bins at the ends
        let bin = &mut bins[((sample.score * BINS as f64) as usize).min(BINS - 1)];
        bin.count += 1;
        bin.score += sample.score;
        bin.positive += f64::from(u8::from(sample.is_positive()));
    }
    for bin in bins.iter_mut().filter(|bin| bin.count > 0) {
        bin.score /= bin.count as f64;
        bin.positive /= bin.count as f64;
    }
    bins
}

/// The mean distance of score and share of positives over the bins of [`reliability`], weighted by their counts
/// (Naeini, Cooper, Hauskrecht 2015); `None` without samples.
pub fn expected_calibration_error(samples: &[Sample]) -> Option<f64> {
    let distance = |bin: &Bin| bin.count as f64 * (bin.score - bin.positive).abs();
    let sum: f64 = reliability(samples).iter().map(distance).sum();
    (!samples.is_empty()).then(|| sum / samples.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_distance_of_score_and_truth() {
        let of = |score: f64, yes: usize| (0..10).map(move |nth| Sample::of(score, nth < yes));
        let right: Vec<Sample> = of(0.7, 7).collect();
        let wrong: Vec<Sample> = of(0.7, 7).chain(of(0.2, 6)).collect();
        assert!(expected_calibration_error(&right).unwrap() < 1e-12);
        assert!((expected_calibration_error(&wrong).unwrap() - 0.2).abs() < 1e-12);
        assert_eq!(expected_calibration_error(&[]), None);
        assert_eq!(reliability(&[Sample::of(1.0, true), Sample::of(f64::NAN, true)])[9].count, 1);
    }
}
