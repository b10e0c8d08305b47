//! What a threshold costs and finds, and which one a policy chooses. A record is flagged when its score is above the
//! threshold, as `score-range` with `at_most` has it.

use super::Sample;
use serde::{Deserialize, Serialize};

/// What came of a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Positives flagged.
    pub true_positives: u64,
    /// Negatives flagged.
    pub false_positives: u64,
    /// Positives let through.
    pub false_negatives: u64,
    /// Negatives let through.
    pub true_negatives: u64,
}

impl Confusion {
    /// Counts a sample.
    pub fn of(samples: &[Sample], threshold: f64) -> Self {
        let mut counts = Self::default();
        for sample in samples {
            let count = match (sample.score > threshold, sample.is_positive()) {
                (true, true) => &mut counts.true_positives,
                (true, false) => &mut counts.false_positives,
                (false, true) => &mut counts.false_negatives,
                (false, false) => &mut counts.true_negatives,
            };
            *count += 1;
        }
        counts
    }

    /// The harmonic mean of precision and recall; `None` where nothing is flagged and nothing should be.
    pub fn f1(&self) -> Option<f64> {
        let answers = 2 * self.true_positives + self.false_positives + self.false_negatives;
        (answers > 0).then(|| 2.0 * self.true_positives as f64 / answers as f64)
    }
}

/// The mean F1 over classes of which each record has one; `pairs` are true and predicted class.
pub fn macro_f1(pairs: &[(usize, usize)], classes: usize) -> Option<f64> {
    let f1 = |class: usize| {
        let samples: Vec<Sample> = pairs
            .iter()
            .map(|(truth, told)| Sample::of(f64::from(u8::from(*told == class)), *truth == class))
            .collect();
        Confusion::of(&samples, 0.5).f1()
    };
    (0..classes).map(f1).sum::<Option<f64>>().map(|sum| sum / classes as f64)
}

/// One threshold of a [`Curve`].
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Flagged is what scores more.
    pub threshold: f64,
    /// Share of the labelled positives that is flagged.
    pub recall: f64,
    /// Share of the labelled flagged that is positive; 1 where nothing is flagged.
    pub precision: f64,
    /// Share of all documents that is flagged.
    pub documents: f64,
    /// Share of all tokens that is in flagged documents.
    pub tokens: f64,
}

/// What chooses a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The highest threshold with at least this recall.
    Recall(f64),
    /// The lowest threshold with at least this precision.
    Precision(f64),
    /// The lowest threshold that flags at most this share of documents.
    Documents(f64),
    /// The lowest threshold that flags at most this share of tokens.
    Tokens(f64),
}

/// Why no threshold can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A share that is none.
    #[error("expected a share between 0 and 1, got {0}")]
    NotAShare(f64),
    /// Recall of nothing.
    #[error("no record is labelled positive, so no recall or precision is known")]
    NoPositives,
    /// No threshold reaches it.
    #[error("no threshold reaches a precision of {wanted}; the best is {best}")]
    Unreachable {
        /// The precision asked for.
        wanted: f64,
        /// The best there is.
        best: f64,
    },
}

/// Every threshold that tells something, from the highest down.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve(Vec<Point>);

impl Curve {
    /// The curve of scored records: score, answer where it is known, and tokens.
    pub fn new(records: &[(f64, Option<bool>, u64)]) -> Self {
        let mut sorted = records.to_vec();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        let share = |part: u64, all: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
        let positives = sorted.iter().filter(|record| record.1 == Some(true)).count() as u64;
        let tokens: u64 = sorted.iter().map(|record| record.2).sum();
        let (mut found, mut wrong, mut documents, mut flagged) = (0u64, 0u64, 0u64, 0u64);
        let mut points = Vec::new();
        for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
            points.push(Point {
                threshold: tied[0].0,
                recall: share(found, positives),
                precision: if found + wrong == 0 { 1.0 } else { share(found, found + wrong) },
                documents: share(documents, sorted.len() as u64),
                tokens: share(flagged, tokens),
            });
            found += tied.iter().filter(|record| record.1 == Some(true)).count() as u64;
            wrong += tied.iter().filter(|record| record.1 == Some(false)).count() as u64;
            documents += tied.len() as u64;
            flagged += tied.iter().map(|record| record.2).sum::<u64>();
        }
        points.extend(points.last().copied().map(|_| Point {
            threshold: 0.0f64.min(sorted.last().map_or(0.0, |record| record.0 - 1e-9)),
            recall: share(found, positives),
            precision: if found + wrong == 0 { 1.0 } else { share(found, found + wrong) },
            documents: 1.0,
            tokens: 1.0,
        }));
        Self(points)
    }

    /// The points, from the highest threshold down.
    pub fn points(&self) -> &[Point] {
        &self.0
    }

    /// About `count` points, evenly spread over the share of documents flagged, the ends included.
    pub fn thinned(&self, count: usize) -> Vec<Point> {
        let mut kept: Vec<Point> = Vec::new();
        let step = 1.0 / count.max(1) as f64;
        for point in &self.0 {
            let due = kept.last().is_none_or(|last| point.documents >= last.documents + step);
            if due || point.documents == 1.0 {
                kept.push(*point);
            }
        }
        kept
    }

    /// The point a policy chooses.
    pub fn choose(&self, policy: Policy) -> Result<Point, PolicyError> {
        let (Policy::Recall(share)
        | Policy::Precision(share)
        | Policy::Documents(share)
        | Policy::Tokens(share)) = policy;
        if !(0.0..=1.0).contains(&share) {
            return Err(PolicyError::NotAShare(share));
        }
        let known = self.0.last().is_some_and(|last| last.recall > 0.0);
        if !known && matches!(policy, Policy::Recall(_) | Policy::Precision(_)) {
            return Err(PolicyError::NoPositives);
        }
        let chosen = match policy {
            Policy::Recall(least) => self.0.iter().find(|point| point.recall >= least),
            Policy::Precision(least) => {
                self.0.iter().rfind(|point| point.precision >= least && point.recall > 0.0)
            }
            Policy::Documents(most) => self.0.iter().rfind(|point| point.documents <= most),
            Policy::Tokens(most) => self.0.iter().rfind(|point| point.tokens <= most),
        };
        chosen.copied().ok_or_else(|| {
            let flagging = self.0.iter().filter(|point| point.recall > 0.0);
            let best = flagging.map(|point| point.precision).fold(0.0, f64::max);
            PolicyError::Unreachable { wanted: share, best }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve() -> Curve {
        Curve::new(&[
            (0.9, Some(true), 10),
            (0.8, Some(true), 10),
            (0.8, None, 40),
            (0.6, Some(false), 10),
            (0.4, Some(true), 10),
            (0.2, Some(false), 20),
        ])
    }

    #[test]
    fn each_policy_chooses_its_point() {
        let threshold = |policy| curve().choose(policy).map(|point| point.threshold);
        for (policy, expected) in [
            (Policy::Recall(0.0), 0.9),
            (Policy::Recall(0.5), 0.6),
            (Policy::Recall(1.0), 0.2),
            (Policy::Precision(1.0), 0.6),
            (Policy::Precision(0.75), 0.2),
            (Policy::Documents(0.5), 0.6),
            (Policy::Documents(0.49), 0.8),
            (Policy::Documents(0.0), 0.9),
            (Policy::Tokens(0.6), 0.6),
            (Policy::Tokens(0.1), 0.8),
        ] {
            assert_eq!(threshold(policy), Ok(expected), "{policy:?}");
        }
        assert_eq!(threshold(Policy::Recall(1.5)), Err(PolicyError::NotAShare(1.5)));
        let wrong = Curve::new(&[(0.9, Some(false), 1), (0.1, Some(true), 1)]);
        let unreachable = PolicyError::Unreachable { wanted: 0.9, best: 0.5 };
        assert_eq!(wrong.choose(Policy::Precision(0.9)), Err(unreachable));
        assert_eq!(Curve::new(&[(0.9, None, 1)]).choose(Policy::Recall(0.9)), Err(PolicyError::NoPositives));
    }

    #[test]
    fn a_point_counts_what_scores_above_it() {
        let at = curve().choose(Policy::Recall(0.5)).unwrap();
        assert_eq!((at.precision, at.documents, at.tokens), (1.0, 0.5, 0.6));
        assert_eq!(at.recall, 2.0 / 3.0);
        let thin = curve().thinned(2);
        assert_eq!((thin.first().unwrap().documents, thin.last().unwrap().documents), (0.0, 1.0));
    }

    #[test]
    fn f1_is_the_harmonic_mean() {
        let samples = [(0.9, true), (0.8, false), (0.3, true), (0.1, false)].map(|(s, t)| Sample::of(s, t));
        let counts = Confusion::of(&samples, 0.5);
        assert_eq!(counts.f1(), Some(0.5));
        assert_eq!(Confusion::of(&samples[3..], 0.5).f1(), None);
        assert_eq!(macro_f1(&[(0, 0), (0, 0), (1, 1), (1, 0)], 2), Some((0.8 + 2.0 / 3.0) / 2.0));
    }
}
