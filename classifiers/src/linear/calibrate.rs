//! From logits to what is told: probabilities, or grades.

mod isotonic;
mod line;
mod sigmoid;

pub use isotonic::Isotonic;
pub use line::Line;
pub use sigmoid::Sigmoid;

use serde::{Deserialize, Serialize};

/// How probabilities are fitted to the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Platt's sigmoid: two numbers, right where logits of yes and of no are spread alike.
    #[default]
    Platt,
    /// A table that never falls: right whatever the spread, given a thousand answers or so.
    Isotonic,
}

impl Method {
    pub(super) fn is_platt(&self) -> bool {
        *self == Self::Platt
    }
}

/// What makes a label's value of a logit; none ever turns the order of texts round.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Calibration {
    /// A sigmoid.
    Sigmoid(Sigmoid),
    /// A table of points.
    Isotonic(Isotonic),
    /// A line, for grades.
    Line(Line),
}

impl Calibration {
    /// What changes nothing but the scale.
    pub const IDENTITY: Self = Self::Sigmoid(Sigmoid::IDENTITY);

    /// Fits to logits with known answers; the identity where there is nothing to fit.
    pub fn fit(method: Method, known: &[(f64, bool)]) -> Self {
        match method {
            Method::Platt => Self::Sigmoid(Sigmoid::fit(known)),
            Method::Isotonic => Isotonic::fit(known).map_or(Self::IDENTITY, Self::Isotonic),
        }
    }

    /// The probability or grade of a logit.
    pub fn value(&self, logit: f64) -> f64 {
        match self {
            Self::Sigmoid(sigmoid) => sigmoid.probability(logit),
            Self::Isotonic(table) => table.probability(logit),
            Self::Line(line) => line.grade(logit),
        }
    }

    /// Why it cannot be used, if it cannot.
    pub(super) fn fault(&self) -> Option<String> {
        match self {
            Self::Sigmoid(sigmoid) => sigmoid.fault(),
            Self::Isotonic(table) => table.fault(),
            Self::Line(line) => line.fault(),
        }
    }
}
