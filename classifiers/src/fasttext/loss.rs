//! From the hidden vector to labels with probabilities (`loss.cc`).
//!
//! Exponentials and logarithms are those of the `libm` crate rather than the platform's, so that a score is the
//! same number on every machine.

use super::header::LossKind;
use super::matrix::Matrix;
use super::{ModelError, Prediction};

/// fastText keeps logarithms of probabilities, and this offset keeps them finite. A certain label therefore has
/// the probability 1.00001.
const LOG_OFFSET: f64 = 1e-5;

const SIGMOID_MAX: f32 = 8.0;
const SIGMOID_STEPS: f32 = 512.0;

/// Turns a hidden vector into probabilities.
#[derive(Debug)]
pub(super) enum Loss {
    /// Hierarchical softmax: each inner node of a tree over the labels decides between its two sides.
    Tree(Tree),
    Softmax,
    /// Each label by itself, through fastText's table of the logistic function.
    Sigmoid(Vec<f32>),
}

/// The output matrix with the bytes it lies in.
#[derive(Clone, Copy)]
pub(super) struct Output<'a> {
    pub(super) matrix: &'a Matrix,
    pub(super) bytes: &'a [u8],
}

impl Output<'_> {
    fn dot(self, row: usize, hidden: &[f32]) -> f32 {
        self.matrix.dot_row(self.bytes, row, hidden)
    }
}

/// Buffers that predictions reuse.
#[derive(Debug, Default)]
pub(super) struct LossScratch {
    outputs: Vec<f32>,
    open: Vec<(u32, f32)>,
}

impl Loss {
    pub(super) fn new(kind: LossKind, label_counts: &[i64]) -> Result<Self, ModelError> {
        Ok(match kind {
            LossKind::Tree => Self::Tree(Tree::new(label_counts)?),
            LossKind::Softmax => Self::Softmax,
            LossKind::Sigmoid => Self::Sigmoid(sigmoid_table()),
        })
    }

    /// The `k` most probable labels whose probability is at least `threshold`, the most probable first; of equally
    /// probable labels the one with the smaller number first. `best` must be empty; it gets logarithms.
    pub(super) fn predict(
        &self,
        output: Output<'_>,
        hidden: &[f32],
        (k, threshold): (usize, f32),
        scratch: &mut LossScratch,
        best: &mut Vec<Prediction>,
    ) {
        if let Self::Tree(tree) = self {
            tree.descend(output, hidden, (k, log(threshold)), &mut scratch.open, best);
        } else {
            self.outputs(output, hidden, &mut scratch.outputs);
            let likely =
                scratch.outputs.iter().enumerate().filter(|(_, probability)| **probability >= threshold);
            best.extend(
                likely.map(|(label, probability)| Prediction { label, probability: log(*probability) }),
            );
            if k == 1 {
                // the usual question needs no sorting
                let first = best.iter().copied().min_by(Prediction::order);
                best.clear();
                best.extend(first);
            }
            best.sort_unstable_by(Prediction::order);
            best.truncate(k);
        }
        for prediction in best {
            prediction.probability = libm::expf(prediction.probability);
        }
    }

    /// The probability of one label; of a tree only the path to it is evaluated.
    pub(super) fn probability(
        &self,
        output: Output<'_>,
        hidden: &[f32],
        label: usize,
        scratch: &mut LossScratch,
    ) -> f32 {
        let score = match self {
            Self::Tree(tree) => tree.climb(output, hidden, label, &mut scratch.open),
            Self::Softmax => {
                self.outputs(output, hidden, &mut scratch.outputs);
                log(scratch.outputs[label])
            }
            Self::Sigmoid(table) => log(sigmoid(table, output.dot(label, hidden))),
        };
        libm::expf(score)
    }

    fn outputs(&self, output: Output<'_>, hidden: &[f32], outputs: &mut Vec<f32>) {
        outputs.clear();
        outputs.extend((0..output.matrix.rows()).map(|row| output.dot(row, hidden)));
        if let Self::Sigmoid(table) = self {
            for output in outputs {
                *output = sigmoid(table, *output);
            }
            return;
        }
        let largest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut total = 0.0;
        for output in &mut *outputs {
            *output = libm::expf(*output - largest);
            total += *output;
        }
        for output in outputs {
            *output /= total;
        }
    }
}

fn log(probability: f32) -> f32 {
    libm::log(f64::from(probability) + LOG_OFFSET) as f32
}

fn sigmoid_table() -> Vec<f32> {
    let at = |step: u32| (step * 2) as f32 * SIGMOID_MAX / SIGMOID_STEPS - SIGMOID_MAX;
    (0..=SIGMOID_STEPS as u32).map(|step| 1.0 / (1.0 + libm::expf(-at(step)))).collect()
}

fn sigmoid(table: &[f32], x: f32) -> f32 {
    if x < -SIGMOID_MAX {
        0.0
    } else if x > SIGMOID_MAX {
        1.0
    } else {
        table[((x + SIGMOID_MAX) * SIGMOID_STEPS / SIGMOID_MAX / 2.0) as usize]
    }
}

/// More than any corpus has labels. fastText marks nodes not yet built with this count, so the counts of real ones
/// must add up to less.
const UNBUILT: i64 = 1_000_000_000_000_000;
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    parent: u32,
    left: u32,
    right: u32,
    count: i64,
}

/// The Huffman tree over the labels: leaves first, then inner nodes, the root last. Inner node `n` belongs to row
/// `n - labels` of the output matrix, which gives the probability of its right side.
#[derive(Debug)]
pub(super) struct Tree {
    labels: usize,
    nodes: Vec<Node>,
}

impl Tree {
    fn new(counts: &[i64]) -> Result<Self, ModelError> {
        let wrong = |value, expected| ModelError::Header { field: "the count of a label", value, expected };
        let mut total = 0_i64;
        for &count in counts {
            if count < 0 {
                return Err(wrong(count, "must not be negative"));
            }
            total = total.saturating_add(count);
        }
        if total >= UNBUILT {
            return Err(wrong(total, "the counts together must be less than 10^15"));
        }
        let labels = counts.len();
        let unbuilt = Node { parent: NONE, left: NONE, right: NONE, count: UNBUILT };
        let mut nodes = vec![unbuilt; 2 * labels - 1];
        for (node, &count) in nodes.iter_mut().zip(counts) {
            node.count = count;
        }
        // labels come most frequent first, so the rarest are at the end and each merge yields the next larger node
        let (mut leaves, mut inner) = (labels, labels);
        for node in labels..nodes.len() {
            let mut next = || {
                if leaves > 0 && nodes[leaves - 1].count < nodes[inner].count {
                    leaves -= 1;
                    leaves
                } else {
                    inner += 1;
                    inner - 1
                }
            };
            let (left, right) = (next(), next());
            let count = nodes[left].count + nodes[right].count;
            nodes[node] = Node { parent: NONE, left: left as u32, right: right as u32, count };
            nodes[left].parent = node as u32;
            nodes[right].parent = node as u32;
        }
        Ok(Self { labels, nodes })
    }

    /// The logarithms of the probabilities of a node's left and right side.
    fn sides(&self, output: Output<'_>, hidden: &[f32], node: usize) -> (f32, f32) {
        let product = output.dot(node - self.labels, hidden);
        let right = (1.0 / f64::from(1.0 + libm::expf(-product))) as f32;
        (log((1.0 - f64::from(right)) as f32), log(right))
    }

    /// Depth first, the likelier side first, leaving out what cannot be among the `k` best. That fastText goes left
    /// first changes nothing but the work: it, too, looks at everything at least as likely as the worst of the best.
    fn descend(
        &self,
        output: Output<'_>,
        hidden: &[f32],
        (k, least): (usize, f32),
        open: &mut Vec<(u32, f32)>,
        best: &mut Vec<Prediction>,
    ) {
        open.clear();
        open.push((self.nodes.len() as u32 - 1, 0.0));
        while let Some((node, score)) = open.pop() {
            let worst =
                if best.len() >= k { best.last().map_or(0.0, |last| last.probability) } else { least };
            if score < least || score < worst {
                continue;
            }
            let node = node as usize;
            if node < self.labels {
                let found = Prediction { label: node, probability: score };
                best.insert(best.partition_point(|other| Prediction::order(other, &found).is_lt()), found);
                best.truncate(k);
                continue;
            }
            let (left, right) = self.sides(output, hidden, node);
            let children = [(self.nodes[node].left, score + left), (self.nodes[node].right, score + right)];
            open.extend(if left > right { [children[1], children[0]] } else { children });
        }
    }

    /// The logarithm of one label's probability, summed from the root as fastText does. `path` is a buffer.
    fn climb(&self, output: Output<'_>, hidden: &[f32], label: usize, path: &mut Vec<(u32, f32)>) -> f32 {
        path.clear();
        let mut child = label as u32;
        while self.nodes[child as usize].parent != NONE {
            let parent = self.nodes[child as usize].parent;
            let node = self.nodes[parent as usize];
            let (left, right) = self.sides(output, hidden, parent as usize);
            path.push((child, if node.left == child { left } else { right }));
            child = parent;
        }
        path.iter().rev().fold(0.0, |score, (_, side)| score + side)
    }
}
