//! Fitting the weights: logistic regression for each label, or linear regression on grades, by stochastic gradients with AdaGrad's step sizes
//! (Duchi, Hazan, Singer 2011), in a fixed order drawn from a seed. One thread and one order of summation: equal examples give equal bytes.

use super::calibrate::Method;
use super::features;
use super::weights::Weights;
use filters::Random;
use serde::{Deserialize, Serialize};

/// A text with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The text.
    pub text: String,
    /// For each label 1 where it applies and 0 where not, or a grade; `None` where nobody looked, which teaches that
    /// label nothing.
    pub targets: Vec<Option<f32>>,
    /// How much it counts while weights are fitted; calibration and evaluation count every text once.
    pub weight: f32,
}

/// What the score of a text is to those of its chunks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// The highest of them: one bad passage is enough.
    #[default]
    Highest,
    /// Their mean: what the text is as a whole.
    Mean,
}

impl Pool {
    fn is_highest(&self) -> bool {
        *self == Self::Highest
    }
}

/// What fitting makes small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// The logarithm of the probability given to what is not true: for yes and no.
    #[default]
    Logistic,
    /// The square of the distance from the grade, in standard deviations of the grades.
    Squared,
}

impl Loss {
    fn is_logistic(&self) -> bool {
        *self == Self::Logistic
    }
}

/// How to fit. The defaults are those of the shipped model.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Rows of the table, as a power of two.
    pub table_bits: u32,
    /// Longest chunk of a text, in bytes.
    pub chunk_bytes: usize,
    /// At most so many chunks of a text are learnt from, the first ones.
    pub chunks_max: usize,
    /// How the chunks of a text make its score. Written only where it is not the default, so that the bytes of models
    /// from before there was a choice stay what they are.
    #[serde(skip_serializing_if = "Pool::is_highest")]
    pub pool: Pool,
    /// What is minimised. Written like `pool`.
    #[serde(skip_serializing_if = "Loss::is_logistic")]
    pub loss: Loss,
    /// How logits become probabilities. Written like `pool`; of no account for grades.
    #[serde(skip_serializing_if = "Method::is_platt")]
    pub calibration: Method,
    /// Passes over the examples.
    pub epochs: usize,
    /// AdaGrad's step size.
    pub rate: f64,
    /// How far rare answers are made to weigh as much as frequent ones: 0 not at all, 1 entirely.
    pub balance: f64,
    /// Parts for cross-validation.
    pub folds: usize,
    /// Seed of the order of examples and of the folds.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            table_bits: 17,
            chunk_bytes: 1000,
            chunks_max: 4,
            pool: Pool::Highest,
            loss: Loss::Logistic,
            calibration: Method::Platt,
            epochs: 5,
            rate: 0.2,
            balance: 0.5,
            folds: 5,
            seed: 1,
        }
    }
}

/// Examples as rows of features: one entry for each chunk.
pub(super) struct Prepared {
    chunks: Vec<Chunk>,
    rows: Vec<u32>,
}

struct Chunk {
    example: usize,
    /// The share this chunk has of its text.
    share: f32,
    rows: std::ops::Range<usize>,
}

impl Prepared {
    /// Folds and hashes the texts, once for all folds.
    pub(super) fn new(examples: &[Example], settings: &Settings) -> Self {
        let mut prepared = Self { chunks: Vec::new(), rows: Vec::new() };
        let mut folded = Vec::new();
        for (example, Example { text, .. }) in examples.iter().enumerate() {
            let first = prepared.chunks.len();
            for part in features::chunks(text, settings.chunk_bytes).take(settings.chunks_max) {
                features::fold(part, &mut folded);
                let start = prepared.rows.len();
                features::each(&folded, settings.table_bits, |row, times| {
                    prepared.rows.extend((0..times).map(|_| row as u32));
                });
                prepared.chunks.push(Chunk { example, share: 1.0, rows: start..prepared.rows.len() });
            }
            let share = 1.0 / (prepared.chunks.len() - first) as f32;
            prepared.chunks[first..].iter_mut().for_each(|chunk| chunk.share = share);
        }
        prepared
    }
}

/// Fits weights to the examples that `learns` picks.
pub(super) fn fit(
    examples: &[Example],
    prepared: &Prepared,
    labels: usize,
    settings: &Settings,
    learns: impl Fn(usize) -> bool,
) -> Weights {
    let scales: Vec<Scale> = (0..labels).map(|label| Scale::of(examples, label, settings, &learns)).collect();
    let mut order: Vec<&Chunk> = prepared.chunks.iter().filter(|chunk| learns(chunk.example)).collect();
    let mut random = Random(settings.seed);
    let mut learner = Learner::new(labels, settings);
    for _ in 0..settings.epochs {
        shuffle(&mut random, &mut order);
        for chunk in &order {
            let Example { targets, weight, .. } = &examples[chunk.example];
            let rows = &prepared.rows[chunk.rows.clone()];
            learner.step(rows, |label| {
                let (target, balance) = scales[label].scaled(targets[label]?);
                Some((target, weight * chunk.share * balance))
            });
        }
    }
    learner.finish()
}

/// How the targets of a label are learnt.
enum Scale {
    /// Yes and no, with the weight of each: `(all / (2 * those with the answer)) ^ balance`.
    Answers { no: f32, yes: f32 },
    /// Grades, less their mean and in standard deviations.
    Grades { mean: f32, deviation: f32 },
}

impl Scale {
    fn of(examples: &[Example], label: usize, settings: &Settings, learns: impl Fn(usize) -> bool) -> Self {
        let known = examples.iter().enumerate().filter(|(at, _)| learns(*at));
        let targets: Vec<f64> =
            known.filter_map(|(_, example)| example.targets[label].map(f64::from)).collect();
        let all = targets.len().max(1) as f64;
        match settings.loss {
            Loss::Logistic => {
                let yes = targets.iter().filter(|target| **target > 0.5).count();
                let weight = |count: usize| {
                    let ratio = targets.len() as f64 / (2.0 * count.max(1) as f64);
                    libm::pow(ratio, settings.balance) as f32
                };
                Self::Answers { no: weight(targets.len() - yes), yes: weight(yes) }
            }
            Loss::Squared => {
                let mean = targets.iter().sum::<f64>() / all;
                let variance =
                    targets.iter().map(|target| (target - mean) * (target - mean)).sum::<f64>() / all;
                let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
                Self::Grades { mean: mean as f32, deviation: deviation as f32 }
            }
        }
    }

    /// What is learnt for a target, and how much it counts.
    fn scaled(&self, target: f32) -> (f32, f32) {
        match self {
            Self::Answers { no, yes } => (target, if target > 0.5 { *yes } else { *no }),
            Self::Grades { mean, deviation } => ((target - mean) / deviation, 1.0),
        }
    }
}

/// Weights while they are learnt: rows of labels, each with the sum of its squared gradients.
struct Learner {
    labels: usize,
    table_bits: u32,
    rate: f32,
    loss: Loss,
    weights: Vec<f32>,
    squares: Vec<f32>,
    biases: Vec<f32>,
    bias_squares: Vec<f32>,
}

/// Where the sums of squared gradients start, as in TensorFlow's AdaGrad: features seen once or twice move little.
const SQUARES_START: f32 = 0.1;

impl Learner {
    fn new(labels: usize, settings: &Settings) -> Self {
        let cells = labels << settings.table_bits;
        Self {
            labels,
            table_bits: settings.table_bits,
            rate: settings.rate as f32,
            loss: settings.loss,
            weights: vec![0.0; cells],
            squares: vec![SQUARES_START; cells],
            biases: vec![0.0; labels],
            bias_squares: vec![SQUARES_START; labels],
        }
    }

    /// One example: `answer` tells target and weight of each label that is known.
    fn step(&mut self, rows: &[u32], answer: impl Fn(usize) -> Option<(f32, f32)>) {
        let scale = 1.0 / (rows.len().max(1) as f32).sqrt();
        for label in 0..self.labels {
            let Some((target, weight)) = answer(label) else { continue };
            let cell = |row: u32| row as usize * self.labels + label;
            let sum: f32 = rows.iter().map(|row| self.weights[cell(*row)]).sum();
            let logit = self.biases[label] + scale * sum;
            let told = match self.loss {
                Loss::Logistic => 1.0 / (1.0 + libm::expf(-logit)),
                Loss::Squared => logit,
            };
            let error = weight * (told - target);
            for row in rows {
                let cell = cell(*row);
                let gradient = error * scale;
                adagrad(&mut self.weights[cell], &mut self.squares[cell], gradient, self.rate);
            }
            adagrad(&mut self.biases[label], &mut self.bias_squares[label], error, self.rate);
        }
    }

    fn finish(self) -> Weights {
        let column = |label: usize| self.weights.iter().skip(label).step_by(self.labels).copied().collect();
        let columns: Vec<Vec<f32>> = (0..self.labels).map(column).collect();
        let biases = self.biases.iter().map(|bias| f64::from(*bias)).collect();
        Weights::quantise(self.table_bits, &columns, biases)
    }
}

fn adagrad(weight: &mut f32, squares: &mut f32, gradient: f32, rate: f32) {
    *squares += gradient * gradient;
    *weight -= rate * gradient / squares.sqrt();
}

/// Fisher and Yates's shuffle.
fn shuffle<T>(random: &mut Random, items: &mut [T]) {
    for at in (1..items.len()).rev() {
        items.swap(at, random.below(at + 1));
    }
}
