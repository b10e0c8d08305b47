//! How often the intervals hold the truth, on made-up corpora whose truth is known.

use std::collections::BTreeSet;

use super::intervals::wilson_of;
use super::{CONFIDENCE, Share, places, stratified};
use crate::digest::Sha256;

/// Runs of the simulation, and how many of them must cover: 93 %.
const RUNS: u64 = 200;
const COVERED_MIN: u64 = 186;
/// Records drawn of each stratum.
const DRAWN: u64 = 400;

/// What a corpus is made of: how many records each stratum has, and which share of them are errors.
const CORPORA: [(&str, &[(u64, f64)]); 4] = [
    ("removals by four stages", &[(5_000, 0.02), (20_000, 0.05), (800, 0.2), (300, 0.5)]),
    ("rare misses in score bands", &[(100_000, 0.0005), (20_000, 0.005), (5_000, 0.03), (1_000, 0.15)]),
    ("one large stratum and small ones", &[(1_000_000, 0.01), (500, 0.4), (450, 0.3), (20, 0.5)]),
    ("even halves", &[(3_000, 0.5), (3_000, 0.5), (3_000, 0.5)]),
];

/// The errors of a stratum are the first ones: who is drawn is left to chance, so their places do not matter.
fn draw(corpus: &str, run: u64, stratum: usize, (records, share): (u64, f64)) -> (Share, f64) {
    let errors = (records as f64 * share).round() as u64;
    let seed = format!("{corpus} {run} {stratum}");
    let drawn: BTreeSet<u64> =
        places(super::strata::DOMAIN, Sha256::of(b"root"), &seed, records, DRAWN.min(records)).unwrap();
    let found = drawn.iter().filter(|place| **place < errors).count() as u64;
    (Share { found, looked_at: drawn.len() as u64, of: records }, errors as f64 / records as f64)
}

/// In how many of the runs the interval of all strata, and of each one, held the truth.
fn covered(corpus: &str, strata: &[(u64, f64)]) -> (u64, Vec<u64>) {
    let (mut whole, mut each) = (0, vec![0; strata.len()]);
    for run in 0..RUNS {
        let drawn: Vec<(Share, f64)> =
            strata.iter().enumerate().map(|(at, stratum)| draw(corpus, run, at, *stratum)).collect();
        let holds =
            |low: f64, high: f64, truth: f64| u64::from(low - 1e-12 <= truth && truth <= high + 1e-12);
        for (covered, (share, truth)) in each.iter_mut().zip(&drawn) {
            let found = wilson_of(*share, CONFIDENCE).unwrap();
            *covered += holds(found.low, found.high, *truth);
        }
        let all: f64 = strata.iter().map(|(records, _)| *records as f64).sum();
        let truth = drawn.iter().map(|(share, truth)| share.of as f64 / all * truth).sum();
        let shares: Vec<Share> = drawn.iter().map(|(share, _)| *share).collect();
        let (_, _, bounds) = stratified(&shares, CONFIDENCE).unwrap();
        whole += holds(bounds.low, bounds.high, truth);
    }
    (whole, each)
}

#[test]
fn intervals_hold_the_truth_in_93_of_100_runs() {
    for (corpus, strata) in CORPORA {
        let (whole, each) = covered(corpus, strata);
        eprintln!("{corpus}: Horvitz-Thompson {whole} of {RUNS}, Wilson by stratum {each:?}");
        assert!(whole >= COVERED_MIN, "{corpus}: {whole} of {RUNS}");
        let by_stratum: u64 = each.iter().sum();
        assert!(by_stratum >= COVERED_MIN * strata.len() as u64, "{corpus}: {each:?}");
    }
}
