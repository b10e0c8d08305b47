//! Isotonic calibration: the non-decreasing function nearest to the answers, by pool-adjacent-violators (Ayer et al.
//! 1955; for classifiers Zadrozny and Elkan 2002).

use serde::{Deserialize, Serialize};

/// The most points of a table; pooling leaves far fewer.
pub(super) const POINTS_MAX: usize = 256;

/// Logits with their probabilities, both rising: straight lines between them, level beyond the ends. Lines rather than
/// the steps that pooling gives, so that texts between two points keep their order.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Isotonic {
    /// Logit and probability of each point.
    pub points: Vec<[f64; 2]>,
}

/// Neighbouring logits that share a probability: the mean of both.
struct Block {
    logits: f64,
    answers: f64,
    count: f64,
}

impl Isotonic {
    /// Fits the table to logits with known answers; `None` where one of the answers never occurs.
    pub fn fit(known: &[(f64, bool)]) -> Option<Self> {
        let yes = known.iter().filter(|(_, answer)| *answer).count();
        if yes == 0 || yes == known.len() {
            return None;
        }
        let mut sorted = known.to_vec();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut blocks: Vec<Block> = Vec::new();
        for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
            let count = tied.len() as f64;
            let answers = tied.iter().filter(|(_, answer)| *answer).count() as f64;
            blocks.push(Block { logits: tied[0].0 * count, answers, count });
            pool(&mut blocks);
        }
        while blocks.len() > POINTS_MAX {
            blocks = halve(blocks);
        }
        let points = blocks.iter().map(|block| [block.logits / block.count, block.answers / block.count]);
        Some(Self { points: points.collect() })
    }

    /// The probability of a logit.
    pub fn probability(&self, logit: f64) -> f64 {
        let after = self.points.partition_point(|point| point[0] <= logit);
        match (after.checked_sub(1).and_then(|before| self.points.get(before)), self.points.get(after)) {
            (Some([x0, y0]), Some([x1, y1])) => y0 + (y1 - y0) * ((logit - x0) / (x1 - x0)),
            (Some([_, level]), None) | (None, Some([_, level])) => *level,
            (None, None) => 0.0,
        }
    }

    /// Why the table cannot be used, if it cannot.
    pub(super) fn fault(&self) -> Option<String> {
        if self.points.is_empty() || self.points.len() > POINTS_MAX {
            return Some(format!("has {} points, expected 1 to {POINTS_MAX}", self.points.len()));
        }
        let sound = |[logit, probability]: &[f64; 2]| logit.abs() <= 1e9 && (0.0..=1.0).contains(probability);
        let rises = |pair: &[[f64; 2]]| pair[0][0] < pair[1][0] && pair[0][1] <= pair[1][1];
        let ok = self.points.iter().all(sound) && self.points.windows(2).all(rises);
        (!ok).then(|| "has points that are out of range or do not rise".to_owned())
    }
}

/// Joins the last block with those before it while its mean is not above theirs.
fn pool(blocks: &mut Vec<Block>) {
    while let [.., before, last] = &mut blocks[..] {
        if last.answers * before.count > before.answers * last.count {
            break;
        }
        before.logits += last.logits;
        before.answers += last.answers;
        before.count += last.count;
        blocks.pop();
    }
}

/// Joins each two neighbours.
fn halve(blocks: Vec<Block>) -> Vec<Block> {
    let join = |pair: &[Block]| Block {
        logits: pair.iter().map(|block| block.logits).sum(),
        answers: pair.iter().map(|block| block.answers).sum(),
        count: pair.iter().map(|block| block.count).sum(),
    };
    blocks.chunks(2).map(join).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the second and third answers are out of order and share a half.
    #[test]
    fn what_falls_is_pooled_and_lines_join_the_points() {
        let known = [(0.0, false), (1.0, true), (2.0, false), (3.0, true)];
        let table = Isotonic::fit(&known).unwrap();
        assert_eq!(table.points, [[0.0, 0.0], [1.5, 0.5], [3.0, 1.0]]);
        for (logit, expected) in [(-9.0, 0.0), (0.75, 0.25), (1.5, 0.5), (3.0, 1.0), (9.0, 1.0)] {
            assert!((table.probability(logit) - expected).abs() < 1e-12, "{logit}");
        }
        assert_eq!((Isotonic::fit(&[]), Isotonic::fit(&[(1.0, true)])), (None, None));
    }

    #[test]
    fn a_table_is_short_and_never_falls() {
        let known: Vec<(f64, bool)> =
            (0..20_000u32).map(|n| (f64::from(n), n.wrapping_mul(2_654_435_761) >> 8 < n * 838)).collect();
        let table = Isotonic::fit(&known).unwrap();
        assert!(table.points.len() <= POINTS_MAX && table.fault().is_none(), "{}", table.points.len());
        assert!((table.probability(10_000.0) - 0.5).abs() < 0.05);
    }

    #[test]
    fn a_table_from_elsewhere_is_checked() {
        for points in [vec![], vec![[0.0, 2.0]], vec![[1.0, 0.1], [0.0, 0.2]], vec![[0.0, 0.2], [1.0, 0.1]]] {
            assert!(Isotonic { points: points.clone() }.fault().is_some(), "{points:?}");
        }
        assert!(Isotonic { points: vec![[0.0, 0.1]; POINTS_MAX + 1] }.fault().is_some());
        assert!(Isotonic { points: vec![[f64::NAN, 0.1]] }.fault().is_some());
    }
}
