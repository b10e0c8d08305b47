//! Whether higher scores go to what is true: area under the ROC curve, average precision, rank correlation.

use super::Sample;

/// The probability that a positive scores higher than a negative, ties counting half (Hanley and McNeil 1982); `None`
/// where either is missing.
pub fn auc(samples: &[Sample]) -> Option<f64> {
    let ranks = ranks(samples.iter().map(|sample| sample.score));
    let positives = samples.iter().filter(|sample| sample.is_positive()).count() as f64;
    let negatives = samples.len() as f64 - positives;
    let sum: f64 =
        ranks.iter().zip(samples).filter(|(_, sample)| sample.is_positive()).map(|(rank, _)| rank).sum();
    (positives > 0.0 && negatives > 0.0)
        .then(|| (sum - positives * (positives + 1.0) / 2.0) / (positives * negatives))
}

/// The mean precision at each recall level, over distinct scores from the highest down, without interpolation (as
/// scikit-learn's `average_precision_score`); `None` without positives.
pub fn average_precision(samples: &[Sample]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(|a, b| b.score.total_cmp(&a.score));
    let positives = samples.iter().filter(|sample| sample.is_positive()).count() as f64;
    let (mut seen, mut found, mut sum) = (0.0, 0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.score == b.score) {
        let hits = tied.iter().filter(|sample| sample.is_positive()).count() as f64;
        seen += tied.len() as f64;
        found += hits;
        sum += hits * found / seen;
    }
    (positives > 0.0).then(|| sum / positives)
}

/// Spearman's rank correlation of score and truth, tied ranks averaged; `None` where one of them never varies.
pub fn spearman(samples: &[Sample]) -> Option<f64> {
    let scores = ranks(samples.iter().map(|sample| sample.score));
    let truths = ranks(samples.iter().map(|sample| sample.truth));
    let mean = (samples.len() as f64 + 1.0) / 2.0;
    let (mut both, mut one, mut other) = (0.0, 0.0, 0.0);
    for (score, truth) in scores.iter().zip(&truths) {
        both += (score - mean) * (truth - mean);
        one += (score - mean) * (score - mean);
        other += (truth - mean) * (truth - mean);
    }
    (one > 0.0 && other > 0.0).then(|| both / (one * other).sqrt())
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let values: Vec<f64> = values.collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|at| ranks[*at] = rank);
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(scores: &[f64], truths: &[f64]) -> Vec<Sample> {
        scores.iter().zip(truths).map(|(score, truth)| Sample { score: *score, truth: *truth }).collect()
    }

    /// Expected values: scikit-learn's and SciPy's definitions, by hand.
    #[test]
    fn known_rankings_have_known_numbers() {
        let mixed = samples(&[0.1, 0.4, 0.35, 0.8], &[0.0, 0.0, 1.0, 1.0]);
        assert_eq!(auc(&mixed), Some(0.75));
        assert_eq!(average_precision(&mixed), Some((1.0 + 2.0 / 3.0) / 2.0));
        let tied = samples(&[0.5; 4], &[0.0, 1.0, 0.0, 1.0]);
        assert_eq!((auc(&tied), average_precision(&tied), spearman(&tied)), (Some(0.5), Some(0.5), None));
        let grades = samples(&[1.0, 2.0, 3.0, 4.0, 5.0], &[0.0, 1.0, 3.0, 2.0, 5.0]);
        assert_eq!(spearman(&grades), Some(0.9));
    }

    #[test]
    fn without_both_answers_there_is_no_number() {
        let yes = samples(&[0.2, 0.3], &[1.0, 1.0]);
        assert_eq!((auc(&yes), average_precision(&yes), spearman(&yes)), (None, Some(1.0), None));
        assert_eq!((auc(&[]), average_precision(&[]), spearman(&[])), (None, None, None));
    }
}
