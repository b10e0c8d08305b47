//! Platt's sigmoid (Platt 1999), fitted by Newton's method with backtracking as Lin, Lin and Weng (2007) do.

use serde::{Deserialize, Serialize};

/// From logits to probabilities: `1 / (1 + e^-(slope * logit + offset))`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sigmoid {
    /// How steep; not negative, so that the order of texts is never turned round.
    pub slope: f64,
    /// The log-odds of a logit of 0.
    pub offset: f64,
}

/// Newton steps; ten are enough in practice (Lin, Lin, Weng 2007, algorithm 1, allows 100).
const STEPS_MAX: usize = 100;
/// Smallest step of the line search, added curvature, and gradient at which to stop (the same algorithm).
const STEP_MIN: f64 = 1e-10;
const RIDGE: f64 = 1e-12;
const GRADIENT_MIN: f64 = 1e-5;

impl Sigmoid {
    /// What changes nothing but the scale.
    pub const IDENTITY: Self = Self { slope: 1.0, offset: 0.0 };

    /// The probability of a logit.
    pub fn probability(&self, logit: f64) -> f64 {
        1.0 / (1.0 + libm::exp(-(self.slope * logit + self.offset)))
    }

    /// Why it cannot be used, if it cannot.
    pub(super) fn fault(&self) -> Option<String> {
        if ![self.slope, self.offset].iter().all(|number| number.abs() <= 1e9) {
            return Some("is not a finite number".to_owned());
        }
        (self.slope < 0.0).then(|| "has a slope that is negative".to_owned())
    }

    /// Fits the sigmoid to logits with known answers. Where one of the answers never occurs, or the logits point the
    /// wrong way, there is nothing to fit and the identity is the answer.
    pub fn fit(known: &[(f64, bool)]) -> Self {
        let yes = known.iter().filter(|(_, answer)| *answer).count() as f64;
        let no = known.len() as f64 - yes;
        if yes == 0.0 || no == 0.0 {
            return Self::IDENTITY;
        }
        // Platt's targets: a little inside 0 and 1, by how few answers there are
        let targets = [1.0 / (no + 2.0), (yes + 1.0) / (yes + 2.0)];
        let known: Vec<(f64, f64)> =
            known.iter().map(|(logit, answer)| (*logit, targets[usize::from(*answer)])).collect();
        let fitted = newton(&known, Self { slope: 0.0, offset: libm::log((yes + 1.0) / (no + 1.0)) });
        if fitted.slope > 0.0 { fitted } else { Self::IDENTITY }
    }

    /// The negative log-likelihood.
    fn loss(&self, known: &[(f64, f64)]) -> f64 {
        let loss = |(logit, target): &(f64, f64)| {
            let z = self.slope * logit + self.offset;
            // in the form that does not overflow
            let tail = libm::log1p(libm::exp(-libm::fabs(z)));
            if z >= 0.0 { (1.0 - target) * z + tail } else { -target * z + tail }
        };
        known.iter().map(loss).sum()
    }
}

fn newton(known: &[(f64, f64)], start: Sigmoid) -> Sigmoid {
    let mut at = start;
    let mut loss = at.loss(known);
    for _ in 0..STEPS_MAX {
        let (mut h11, mut h22, mut h21, mut g1, mut g2) = (RIDGE, RIDGE, 0.0, 0.0, 0.0);
        for (logit, target) in known {
            let p = at.probability(*logit);
            let curve = p * (1.0 - p);
            h11 += logit * logit * curve;
            h22 += curve;
            h21 += logit * curve;
            g1 += logit * (p - target);
            g2 += p - target;
        }
        if g1.abs() < GRADIENT_MIN && g2.abs() < GRADIENT_MIN {
            break;
        }
        let determinant = h11 * h22 - h21 * h21;
        let slope = -(h22 * g1 - h21 * g2) / determinant;
        let offset = -(h11 * g2 - h21 * g1) / determinant;
        let descent = g1 * slope + g2 * offset;
        let mut step = 1.0;
        loop {
            let next = Sigmoid { slope: at.slope + step * slope, offset: at.offset + step * offset };
            let next_loss = next.loss(known);
            if next_loss < loss + 1e-4 * step * descent {
                (at, loss) = (next, next_loss);
                break;
            }
            step /= 2.0;
            if step < STEP_MIN {
                return at;
            }
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_sigmoid_is_found_again() {
        let truth = Sigmoid { slope: 2.0, offset: -1.0 };
        let mut known = Vec::new();
        for step in -30..=30 {
            let logit = f64::from(step) / 10.0;
            let yes = (truth.probability(logit) * 1000.0).round() as usize;
            known.extend((0..1000).map(|nth| (logit, nth < yes)));
        }
        let found = Sigmoid::fit(&known);
        assert!((found.slope - 2.0).abs() < 0.01 && (found.offset + 1.0).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn where_nothing_can_be_fitted_nothing_is_changed() {
        for known in [vec![], vec![(1.0, true)], vec![(1.0, false), (-1.0, true)]] {
            assert_eq!(Sigmoid::fit(&known), Sigmoid::IDENTITY, "{known:?}");
        }
        let apart = Sigmoid::fit(&[(-1.0, false), (1.0, true)]);
        assert!(apart.slope > 0.0 && apart.slope.is_finite(), "{apart:?}");
    }
}
