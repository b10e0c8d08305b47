//! How far two mixtures are apart, and how far chance alone would put them.

use super::CONFIDENCE;
use classifiers::metrics::quantile;
use filters::Random;
use manifests::audit::Interval;
use serde::Serialize;

/// Draws for an interval; its bounds are then the 25th draw from either end.
const ROUNDS: usize = 1000;
/// The seed of the draws.
const SEED: u64 = 1;
/// From this variance on a binomial is drawn as a rounded normal number: what that misses by is far below one draw's
/// spread.
const NORMAL_FROM: f64 = 100.0;

/// The distance of two mixtures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Distance {
    /// From 0, which is none.
    pub value: f64,
    /// Its interval by the percentile bootstrap (B. Efron, Ann. Stat. 7 (1979) 1): records are drawn anew with
    /// replacement. Distances are never negative, so that it lies above 0 also where there is nothing but chance: hold
    /// it against `by_chance`.
    pub interval: Interval,
    /// What as many records taken out at random come to at most, in 95 of 100 draws.
    pub by_chance: f64,
}

/// One part of a corpus: records before, and how many of them are left.
pub(super) type Part = (u64, u64);

/// Total variation distance and Kullback-Leibler divergence (in nats) of the mixture that is left from the one before;
/// `None` where nothing is left.
pub(super) fn distances(parts: &[Part]) -> Option<(Distance, Distance)> {
    let found = measures(parts)?;
    let (before, after) = totals(parts);
    let kept = after as f64 / before as f64;
    let own = draws(parts, |drawn, random| drawn_anew(parts, drawn, random));
    let random = draws(parts, |drawn, random| {
        drawn.iter_mut().for_each(|part| part.1 = binomial(random, part.0, kept))
    });
    let distance = |value: f64, pick: fn(&(f64, f64)) -> f64| {
        let sorted = |draws: &[(f64, f64)]| {
            let mut values: Vec<f64> = draws.iter().map(pick).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let tail = (1.0 - CONFIDENCE) / 2.0;
        let own = sorted(&own);
        let end = |share| quantile(&own, share).unwrap_or(value);
        let interval = Interval { low: end(tail), high: end(1.0 - tail) };
        Distance { value, interval, by_chance: quantile(&sorted(&random), CONFIDENCE).unwrap_or(0.0) }
    };
    Some((distance(found.0, |draw| draw.0), distance(found.1, |draw| draw.1)))
}

fn totals(parts: &[Part]) -> (u64, u64) {
    parts.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
}

fn measures(parts: &[Part]) -> Option<(f64, f64)> {
    let (before, after) = totals(parts);
    (after > 0).then(|| {
        parts.iter().fold((0.0, 0.0), |(variation, divergence), part| {
            let (p, q) = (part.0 as f64 / before as f64, part.1 as f64 / after as f64);
            let nats = if part.1 > 0 { q * libm::log(q / p) } else { 0.0 };
            (variation + (p - q).abs() / 2.0, divergence + nats)
        })
    })
}

/// The distances of mixtures that are drawn in place of `parts`.
fn draws(parts: &[Part], mut draw: impl FnMut(&mut [Part], &mut Random)) -> Vec<(f64, f64)> {
    let (mut random, mut drawn) = (Random(SEED), parts.to_vec());
    let mut round = || {
        draw(&mut drawn, &mut random);
        measures(&drawn)
    };
    (0..ROUNDS).filter_map(|_| round()).collect()
}

/// As many records as there are in all parts, drawn from them with replacement: one binomial after the other, of what is
/// left to draw and the share of what is left to draw from.
fn drawn_anew(parts: &[Part], drawn: &mut [Part], random: &mut Random) {
    let (mut to_draw, _) = totals(parts);
    let mut from = to_draw;
    for (part, drawn) in parts.iter().zip(drawn) {
        let mut draw = |records: u64| {
            let share = if from > 0 { records as f64 / from as f64 } else { 0.0 };
            let found = binomial(random, to_draw, share);
            (to_draw, from) = (to_draw - found, from - records);
            found
        };
        let kept = draw(part.1);
        *drawn = (kept + draw(part.0 - part.1), kept);
    }
}

/// From 0 to 1, 1 excluded.
fn uniform(random: &mut Random) -> f64 {
    (random.next() >> 11) as f64 / (1u64 << 53) as f64
}

/// How many of `n` happen, each with the probability `p`: by inversion of the distribution function, or from a normal
/// number (G. E. P. Box, M. E. Muller, Ann. Math. Stat. 29 (1958) 610) where the variance is large.
fn binomial(random: &mut Random, n: u64, p: f64) -> u64 {
    if p > 0.5 {
        return n - binomial(random, n, 1.0 - p);
    }
    let (mean, variance) = (n as f64 * p, n as f64 * p * (1.0 - p));
    if variance >= NORMAL_FROM {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - uniform(random)));
        let normal = radius * libm::cos(std::f64::consts::TAU * uniform(random));
        return ((mean + libm::sqrt(variance) * normal).round().max(0.0) as u64).min(n);
    }
    let (mut left, mut happen) = (uniform(random), 0u64);
    let mut probability = libm::exp(n as f64 * libm::log1p(-p));
    while left >= probability && happen < n {
        left -= probability;
        probability *= (n - happen) as f64 / (happen + 1) as f64 * p / (1.0 - p);
        happen += 1;
    }
    happen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomials_have_their_mean_and_variance() {
        for (n, p) in [(1, 0.3), (40, 0.02), (40, 0.98), (500, 0.25), (100_000, 0.4), (7, 0.0), (7, 1.0)] {
            let mut random = Random(3);
            let drawn: Vec<f64> = (0..20_000).map(|_| binomial(&mut random, n, p) as f64).collect();
            let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
            let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
            let (m, v) = (n as f64 * p, n as f64 * p * (1.0 - p));
            assert!((mean - m).abs() <= 4.0 * (v / 20_000.0).sqrt(), "{n} {p}: {mean}");
            assert!((variance - v).abs() <= 0.06 * v, "{n} {p}: {variance}");
        }
    }

    #[test]
    fn distances_of_mixtures_that_are_easily_worked_out() {
        // before ½ ½, after ⅔ ⅓: ⅙, and ⅔ ln 4/3 + ⅓ ln 2/3
        let (variation, divergence) = distances(&[(1000, 800), (1000, 400)]).unwrap();
        assert!((variation.value - 1.0 / 6.0).abs() < 1e-12);
        let nats = 2.0 / 3.0 * (4.0f64 / 3.0).ln() + 1.0 / 3.0 * (2.0f64 / 3.0).ln();
        assert!((divergence.value - nats).abs() < 1e-12);
        for distance in [variation, divergence] {
            let Interval { low, high } = distance.interval;
            assert!(low < distance.value && distance.value < high, "{distance:?}");
            assert!(distance.by_chance < low, "{distance:?}");
        }
        let (same, _) = distances(&[(1000, 500), (3000, 1500)]).unwrap();
        assert!(same.value == 0.0 && same.by_chance > 0.0, "{same:?}");
        // what is kept or taken as a whole is still a sample
        let (whole, _) = distances(&[(500, 500), (500, 0)]).unwrap();
        let Interval { low, high } = whole.interval;
        // half of 1000, give or take two standard errors
        assert!((low - 0.469).abs() < 0.004 && (high - 0.531).abs() < 0.004, "{whole:?}");
        assert_eq!(distances(&[(5, 0), (0, 0)]), None);
        let (alone, _) = distances(&[(5, 2)]).unwrap();
        assert_eq!((alone.value, alone.by_chance), (0.0, 0.0));
    }
}
