//! How near told numbers come to true ones.

use super::Sample;

/// The root of the mean squared distance of score and truth, in their unit; `None` without samples.
pub fn rmse(samples: &[Sample]) -> Option<f64> {
    let squares: f64 = samples.iter().map(|of| (of.score - of.truth) * (of.score - of.truth)).sum();
    (!samples.is_empty()).then(|| (squares / samples.len() as f64).sqrt())
}

/// Pearson's correlation of score and truth; `None` where one of them never varies.
pub fn pearson(samples: &[Sample]) -> Option<f64> {
    let count = samples.len().max(1) as f64;
    let score = samples.iter().map(|of| of.score).sum::<f64>() / count;
    let truth = samples.iter().map(|of| of.truth).sum::<f64>() / count;
    let (mut both, mut one, mut other) = (0.0, 0.0, 0.0);
    for of in samples {
        both += (of.score - score) * (of.truth - truth);
        one += (of.score - score) * (of.score - score);
        other += (of.truth - truth) * (of.truth - truth);
    }
    (one > 0.0 && other > 0.0).then(|| both / (one * other).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_and_correlations_are_those_by_hand() {
        let of = |pairs: [[f64; 2]; 3]| pairs.map(|[score, truth]| Sample { score, truth });
        let samples = of([[1.0, 2.0], [2.0, 2.0], [3.0, 5.0]]);
        assert_eq!(rmse(&samples), Some((5.0f64 / 3.0).sqrt()));
        assert!((pearson(&samples).unwrap() - 0.75f64.sqrt()).abs() < 1e-12);
        let level = of([[1.0, 2.0], [1.0, 3.0], [1.0, 4.0]]);
        assert_eq!((pearson(&level), pearson(&[]), rmse(&[])), (None, None, None));
    }
}
