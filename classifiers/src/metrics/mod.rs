//! How good scores are: for any scorer, from scores and what is true alone.
//!
//! Every statistic is a function of a [`Sample`], so each has a bootstrap interval ([`bootstrap`]), and two scorers can
//! be compared on the same records ([`Interval::overlaps`]).

mod agreement;
mod bootstrap;
mod calibration;
mod ranking;
mod threshold;

pub use agreement::{pearson, rmse};
pub use bootstrap::{Interval, bootstrap, bootstrap_difference, quantile, wilson};
pub use calibration::{Bin, expected_calibration_error, reliability};
pub use ranking::{auc, average_precision, spearman};
pub use threshold::{Confusion, Curve, Point, Policy, PolicyError, macro_f1};

/// One scored record. `truth` is 1 and 0 for yes and no, or a grade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The score.
    pub score: f64,
    /// What is true.
    pub truth: f64,
}

impl Sample {
    /// A record that is or is not what the scorer looks for.
    pub fn of(score: f64, truth: bool) -> Self {
        Self { score, truth: f64::from(u8::from(truth)) }
    }

    /// Whether a yes is true: a grade of more than half a point.
    pub fn is_positive(&self) -> bool {
        self.truth > 0.5
    }
}
