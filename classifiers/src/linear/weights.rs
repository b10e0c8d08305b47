//! The tables of weights and the sums over them.

use super::features;

/// Labels whose weights stand side by side.
pub(super) const LANES: usize = 4;

/// Weights of one byte for each feature row and label, with one step (the value of a weight of 1) for each label.
///
/// Sums of whole numbers do not depend on their order, and a table of 2^18 rows stays in a processor's second cache:
/// fractions would gain neither.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weights {
    pub(super) table_bits: u32,
    /// One table for every four labels.
    pub(super) tables: Vec<Vec<[i8; LANES]>>,
    pub(super) steps: Vec<f64>,
    pub(super) biases: Vec<f64>,
}

impl Weights {
    /// Rounds fractions, `weights[label]` of which are one label's column, to bytes.
    pub(super) fn quantise(table_bits: u32, columns: &[Vec<f32>], biases: Vec<f64>) -> Self {
        let rows = 1usize << table_bits;
        let mut tables = vec![vec![[0i8; LANES]; rows]; columns.len().div_ceil(LANES)];
        let mut steps = Vec::with_capacity(columns.len());
        for (label, column) in columns.iter().enumerate() {
            let largest = column.iter().fold(0f32, |largest, weight| largest.max(weight.abs()));
            let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
            for (row, weight) in column.iter().enumerate() {
                tables[label / LANES][row][label % LANES] = (weight / step).round() as i8;
            }
            steps.push(f64::from(step));
        }
        Self { table_bits, tables, steps, biases }
    }

    /// The logit of each label for one folded chunk: `bias + step * sum / sqrt(n)` over its `n` features.
    pub(super) fn logits(&self, folded: &[u8], logits: &mut [f64]) {
        for ((table, logits), first) in
            self.tables.iter().zip(logits.chunks_mut(LANES)).zip((0..).step_by(LANES))
        {
            let mut sums = [0i32; LANES];
            let mask = table.len() - 1;
            let count = features::each(folded, self.table_bits, |row, times| {
                let weights = table[row & mask];
                for lane in 0..LANES {
                    sums[lane] += times * i32::from(weights[lane]);
                }
            });
            let scale = 1.0 / (count.max(1) as f64).sqrt();
            for ((logit, sum), label) in logits.iter_mut().zip(sums).zip(first..) {
                *logit = self.biases[label] + self.steps[label] * f64::from(sum) * scale;
            }
        }
    }
}
