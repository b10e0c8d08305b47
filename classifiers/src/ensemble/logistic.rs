//! A probability from percentiles: logistic regression by Newton's method, small enough to be exact.

use super::{decimals, numbers};
use filters::Decimal;
use serde::{Deserialize, Serialize};

/// `1 / (1 + e^-(bias + weights · percentiles))`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(from = "Written", into = "Written")]
pub struct Logistic {
    pub(super) weights: Vec<f64>,
    pub(super) bias: f64,
}

/// As it is written: decimals, never binary floats.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    weights: Vec<Decimal>,
    bias: Decimal,
}

impl From<Written> for Logistic {
    fn from(written: Written) -> Self {
        Self { weights: numbers(written.weights), bias: written.bias.get() }
    }
}

impl From<Logistic> for Written {
    fn from(logistic: Logistic) -> Self {
        Self { weights: decimals(&logistic.weights), bias: Decimal::of(logistic.bias) }
    }
}

/// Newton steps; with the penalty below they settle in fewer than ten.
const STEPS: usize = 50;
/// The weight of `‖weights‖² / 2` against the sum of the losses: keeps weights finite where labels can be told apart
/// without an error.
const PENALTY: f64 = 1.0;
/// A step smaller than this ends it.
const STEP_MIN: f64 = 1e-12;

impl Logistic {
    pub(super) fn probability(&self, percentiles: &[f64]) -> f64 {
        let logit: f64 = self.weights.iter().zip(percentiles).map(|(weight, p)| weight * p).sum();
        1.0 / (1.0 + libm::exp(-(logit + self.bias)))
    }

    /// Fits it to percentiles with known labels.
    pub(super) fn fit(known: &[(Vec<f64>, bool)], width: usize) -> Self {
        let mut at = Self { weights: vec![0.0; width], bias: 0.0 };
        for _ in 0..STEPS {
            let step = at.newton_step(known);
            at.weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight -= step);
            at.bias -= step[width];
            if step.iter().all(|step| step.abs() < STEP_MIN) {
                break;
            }
        }
        at
    }

    /// The inverse of the curvature times the gradient; the bias comes last and is not penalised.
    fn newton_step(&self, known: &[(Vec<f64>, bool)]) -> Vec<f64> {
        let width = self.weights.len();
        let mut gradient: Vec<f64> = self.weights.iter().map(|weight| PENALTY * weight).collect();
        gradient.push(0.0);
        let mut curvature = vec![vec![0.0; width + 1]; width + 1];
        // a trace of curvature for the bias, too, lest it vanish where all probabilities are 0 or 1
        (0..=width).for_each(|at| curvature[at][at] = if at < width { PENALTY } else { STEP_MIN });
        for (percentiles, label) in known {
            let p = self.probability(percentiles);
            let error = p - f64::from(u8::from(*label));
            let features: Vec<f64> = percentiles.iter().copied().chain([1.0]).collect();
            for ((slope, curves), feature) in gradient.iter_mut().zip(&mut curvature).zip(&features) {
                *slope += error * feature;
                let weight = p * (1.0 - p) * feature;
                curves.iter_mut().zip(&features).for_each(|(curve, other)| *curve += weight * other);
            }
        }
        solve(curvature, gradient)
    }
}

/// Solves a positive definite system by elimination, which then needs no pivoting.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for pivot in 0..size {
        let (above, below) = matrix.split_at_mut(pivot + 1);
        let (known, top) = (right[pivot], &above[pivot]);
        for (row, right) in below.iter_mut().zip(&mut right[pivot + 1..]) {
            let factor = row[pivot] / top[pivot];
            row.iter_mut().zip(top).for_each(|(cell, top)| *cell -= factor * top);
            *right -= factor * known;
        }
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|column| matrix[row][column] * right[column]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}
