//! What disguise does to a scorer: how much it still finds, and what harmless texts it flags for their disguise alone.

use super::{Record, Scorer};
use classifiers::metrics::{Interval, Sample, wilson};
use filters::attacks::{Attack, HARMLESS_EVERY, Random, disguise_words};
use rayon::prelude::*;
use serde::Serialize;

/// What one attack does to one scorer.
#[derive(Clone, Debug, Serialize)]
pub struct Attacked {
    /// The attack.
    pub attack: &'static str,
    /// The share of the positives that is flagged when every word of them is disguised.
    pub recall: Option<Interval>,
    /// Of the negatives that are not flagged as they are, the share that is when every eighth word is disguised.
    pub false_positives: Option<Interval>,
}

/// Makes every attack on records whose scores are known.
pub(super) fn attacks(
    scorer: &Scorer,
    records: &[Record],
    samples: &[Sample],
    threshold: f64,
    seed: u64,
) -> Vec<Attacked> {
    let flagged = |attack: Attack, nth: usize, every: usize| {
        let mut random = Random::of(seed, nth, attack);
        let disguised = disguise_words(&records[nth].text, every, attack, &mut random);
        u64::from(scorer.score(&disguised).is_some_and(|score| score > threshold))
    };
    let places = |asked: &dyn Fn(&Sample) -> bool| -> Vec<usize> {
        samples.iter().enumerate().filter(|(_, sample)| asked(sample)).map(|(nth, _)| nth).collect()
    };
    let positives = places(&|sample| sample.is_positive());
    let unflagged = places(&|sample| !sample.is_positive() && sample.score <= threshold);
    let share = |attack: Attack, of: &[usize], every: usize| {
        wilson(of.par_iter().map(|&nth| flagged(attack, nth, every)).sum(), of.len() as u64)
    };
    let told = |attack: Attack| Attacked {
        attack: attack.name(),
        recall: share(attack, &positives, 1),
        false_positives: share(attack, &unflagged, HARMLESS_EVERY),
    };
    Attack::ALL.into_iter().map(told).collect()
}
