//! Intervals for shares and ratios of shares, and agreement between reviewers.
//!
//! | what | interval | source |
//! |---|---|---|
//! | one share | score | E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209; R. G. Newcombe, Stat. Med. 17 (1998) 857, method 3 |
//! | a weighted sum of shares | recovered from the limits of each | G. Y. Zou, A. Donner, Stat. Med. 27 (2008) 1693 |
//! | a ratio of two shares | recovered from the limits of each | A. Donner, G. Y. Zou, Stat. Methods Med. Res. 21 (2012) 347 |
//!
//! The estimate of a weighted sum is D. G. Horvitz and D. J. Thompson's (J. Am. Stat. Assoc. 47 (1952) 663). Its usual
//! normal interval has no width where nothing was found, and covers far too seldom where little was: that is why its
//! limits are put together from those of the strata. They are Wilson's with the correction for continuity (Newcombe's
//! method 4): Wilson's own lower limit is too high after one find among very many, and a sum over strata of which one
//! weighs most inherits that (90 instead of 95 % in the simulation).

use serde::Serialize;

use super::{AuditError, between};

/// Between which bounds something lies; shares from 0 to 1, ratios from 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// So many found among those looked at, of a known number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Found.
    pub found: u64,
    /// Looked at.
    pub looked_at: u64,
    /// How many there are, at least those looked at.
    pub of: u64,
}

impl Share {
    fn check(self) -> Result<Self, AuditError> {
        let Self { found, looked_at, of } = self;
        match found <= looked_at && looked_at > 0 && looked_at <= of {
            true => Ok(self),
            false => Err(AuditError::Found { found, looked_at }),
        }
    }

    fn estimate(self) -> f64 {
        self.found as f64 / self.looked_at as f64
    }

    /// How much of the variance is left when so many of so many are looked at: (N − n) / (N − 1).
    fn finite(self) -> f64 {
        (self.of - self.looked_at) as f64 / (self.of - 1).max(1) as f64
    }

    /// What its limits as a part of a sum are: Wilson's, corrected for continuity.
    fn corrected(self, z: f64) -> Interval {
        let (p, left) = (self.estimate(), self.finite());
        if left == 0.0 {
            return Interval { low: p, high: p };
        }
        corrected_score(p, self.looked_at as f64 / left, z)
    }

    /// Wilson's interval with the sample counted as n (N − 1) / (N − n), so that a stratum looked at whole is known.
    fn interval(self, z: f64) -> Interval {
        let (p, left) = (self.estimate(), self.finite());
        if left == 0.0 {
            return Interval { low: p, high: p };
        }
        score(p, self.looked_at as f64 / left, z)
    }
}

/// The interval in which the true share lies, after `found` of `looked_at` of very many.
pub fn wilson(found: u64, looked_at: u64, confidence: f64) -> Result<Interval, AuditError> {
    let share = Share { found, looked_at, of: u64::MAX }.check()?;
    Ok(score(share.estimate(), looked_at as f64, deviate(confidence)?))
}

/// The same around a share that was estimated otherwise, as from weighed records, and is worth that of `worth` of them.
pub fn wilson_of_share(share: f64, worth: f64, confidence: f64) -> Result<Interval, AuditError> {
    Ok(score(share, worth, deviate(confidence)?))
}

/// The same for a sample of a known number of records.
pub(super) fn wilson_of(share: Share, confidence: f64) -> Result<Interval, AuditError> {
    Ok(share.check()?.interval(deviate(confidence)?))
}

fn score(p: f64, n: f64, z: f64) -> Interval {
    let centre = p + z * z / (2.0 * n);
    let spread = z * libm::sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
    let scale = 1.0 + z * z / n;
    Interval { low: ((centre - spread) / scale).max(0.0), high: ((centre + spread) / scale).min(1.0) }
}

/// Newcombe's method 4.
fn corrected_score(p: f64, n: f64, z: f64) -> Interval {
    let (twice, q, square) = (2.0 * n * p, 1.0 - p, z * z);
    let root = |inner: f64| z * libm::sqrt(inner.max(0.0));
    let low = twice + square - 1.0 - root(square - 2.0 - 1.0 / n + 4.0 * p * (n * q + 1.0));
    let high = twice + square + 1.0 + root(square + 2.0 - 1.0 / n + 4.0 * p * (n * q - 1.0));
    let scale = 2.0 * (n + square);
    Interval {
        low: if p == 0.0 { 0.0 } else { (low / scale).max(0.0) },
        high: if p == 1.0 { 1.0 } else { (high / scale).min(1.0) },
    }
}

/// The Horvitz-Thompson estimate over strata, its standard error, and its interval.
///
/// With W the stratum's part of all records: the estimate is Σ W p; its variance Σ W² (1 − n/N) p (1 − p) / (n − 1), a
/// stratum with one record looked at adding nothing; the limits are the estimate ∓ √(Σ W² (p − limit)²) with the
/// corrected limits of each stratum. Errors: a stratum nobody looked at.
pub fn stratified(strata: &[Share], confidence: f64) -> Result<(f64, f64, Interval), AuditError> {
    let z = deviate(confidence)?;
    let all: f64 = strata.iter().map(|share| share.of as f64).sum();
    let (mut estimate, mut variance, mut below, mut above) = (0.0, 0.0, 0.0, 0.0);
    for share in strata {
        let (share, weight) = (share.check()?, share.of as f64 / all);
        let (p, Interval { low, high }) = (share.estimate(), share.corrected(z));
        let left = 1.0 - share.looked_at as f64 / share.of as f64;
        estimate += weight * p;
        variance += weight * weight * left * p * (1.0 - p) / (share.looked_at - 1).max(1) as f64;
        below += weight * weight * (p - low) * (p - low);
        above += weight * weight * (high - p) * (high - p);
    }
    let low = (estimate - libm::sqrt(below)).max(0.0);
    let high = (estimate + libm::sqrt(above)).min(1.0);
    Ok((estimate, libm::sqrt(variance), Interval { low, high }))
}

/// The ratio of the share `a.0` of `a.1` to the share `b.0` of `b.1`, and its interval, recovered from the Wilson limits
/// l and u of both shares p (MOVER for ratios): with A = p₁p₂, the lower bound is (A − √(A² − l₁(2p₁ − l₁) u₂(2p₂ − u₂))) /
/// (u₂(2p₂ − u₂)), the upper one (A + √(A² − u₁(2p₁ − u₁) l₂(2p₂ − l₂))) / (l₂(2p₂ − l₂)). Where nothing was found in the
/// second, ratio and upper bound are infinite. `None` where either was not looked at, or nothing was found in both.
pub fn ratio(a: (u64, u64), b: (u64, u64), confidence: f64) -> Result<Option<(f64, Interval)>, AuditError> {
    for (found, looked_at) in [a, b] {
        if found > looked_at {
            return Err(AuditError::Found { found, looked_at });
        }
    }
    if a.1 == 0 || b.1 == 0 || (a.0 == 0 && b.0 == 0) {
        return Ok(None);
    }
    let (first, second) = (wilson(a.0, a.1, confidence)?, wilson(b.0, b.1, confidence)?);
    let (p, q) = (a.0 as f64 / a.1 as f64, b.0 as f64 / b.1 as f64);
    let product = p * q;
    let root = |mine: f64, other: f64| libm::sqrt((product * product - mine * other).max(0.0));
    let bent = |limit: f64, share: f64| limit * (2.0 * share - limit);
    let under = bent(second.high, q);
    let low = match under == 0.0 {
        // the fraction's limit as its denominator goes to 0
        true => bent(first.low, p) / (2.0 * product),
        false => (product - root(bent(first.low, p), under)) / under,
    };
    let over = bent(second.low, q);
    let high = match over > 0.0 {
        true => (product + root(bent(first.high, p), over)) / over,
        false => f64::INFINITY,
    };
    let ratio = if b.0 == 0 { f64::INFINITY } else { p / q };
    Ok(Some((ratio, Interval { low: low.max(0.0), high })))
}

/// Cohen's κ = (agreement − chance) / (1 − chance) of a table whose rows are the first reviewer's answers and whose
/// columns the second's (J. Cohen, Educ. Psychol. Meas. 20 (1960) 37). `None` where chance alone must agree.
pub fn kappa<const N: usize>(table: &[[u64; N]; N]) -> Option<f64> {
    let all = table.iter().flatten().sum::<u64>() as f64;
    let part = |count: u64| count as f64 / all;
    let rows = table.iter().map(|row| part(row.iter().sum()));
    let columns = (0..N).map(|at| part(table.iter().map(|row| row[at]).sum()));
    let chance: f64 = rows.zip(columns).map(|(row, column)| row * column).sum();
    let agreement = part((0..N).map(|at| table[at][at]).sum());
    (all > 0.0 && chance < 1.0).then(|| (agreement - chance) / (1.0 - chance))
}

/// How many standard deviations leave this much between them: 1.96 for 0.95.
fn deviate(confidence: f64) -> Result<f64, AuditError> {
    Ok(quantile(0.5 + between("the confidence", confidence)? / 2.0))
}

/// The quantile of the normal distribution, by halving: the distribution function is exact to the last digits, and
/// eighty halvings of twenty are below them.
fn quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (-10.0_f64, 10.0_f64);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        let below = libm::erfc(-middle / core::f64::consts::SQRT_2) / 2.0;
        if below < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 5e-5
    }

    /// Newcombe 1998, table I, method 3.
    #[test]
    fn intervals_are_the_published_ones() {
        for (found, looked_at, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let told = wilson(found, looked_at, 0.95).unwrap();
            assert!(close(told.low, low) && close(told.high, high), "{found}/{looked_at}: {told:?}");
        }
        // method 4
        for (found, looked_at, low, high) in [
            (81, 263, 0.2535, 0.3682),
            (15, 148, 0.0598, 0.1644),
            (0, 20, 0.0, 0.2005),
            (1, 29, 0.0018, 0.1963),
        ] {
            let z = deviate(0.95).unwrap();
            let told = corrected_score(f64::from(found) / f64::from(looked_at), f64::from(looked_at), z);
            assert!(close(told.low, low) && close(told.high, high), "{found}/{looked_at}: {told:?}");
        }
        assert_eq!(wilson(5, 5, 0.95).unwrap().high, 1.0);
        assert!(wilson(6, 5, 0.95).is_err() && wilson(0, 0, 0.95).is_err());
    }

    #[test]
    fn what_is_looked_at_whole_is_known() {
        let share = |found, looked_at, of| Share { found, looked_at, of };
        let told = wilson_of(share(3, 10, 10), 0.95).unwrap();
        assert_eq!((told.low, told.high), (0.3, 0.3));
        let few = wilson_of(share(20, 400, 500), 0.95).unwrap();
        let many = wilson(20, 400, 0.95).unwrap();
        assert!(few.low > many.low && few.high < many.high);
        let (estimate, error, bounds) = stratified(&[share(1, 2, 2), share(0, 2, 2)], 0.95).unwrap();
        assert_eq!((estimate, error, bounds.low, bounds.high), (0.25, 0.0, 0.25, 0.25));
        assert!(stratified(&[share(0, 0, 5)], 0.95).is_err(), "nobody looked");
    }

    #[test]
    fn one_stratum_is_its_own_sum() {
        let share = Share { found: 20, looked_at: 400, of: 100_000 };
        let (estimate, error, bounds) = stratified(&[share], 0.95).unwrap();
        let alone = share.corrected(deviate(0.95).unwrap());
        assert_eq!(estimate, 0.05);
        assert!(close(error, (0.996_f64 * 0.05 * 0.95 / 399.0).sqrt()), "{error}");
        assert!(close(bounds.low, alone.low) && close(bounds.high, alone.high), "{bounds:?} {alone:?}");
    }

    /// The definition, solved numerically: a ratio r is the lower bound where p₁ − r p₂ has its own lower bound at 0,
    /// (p₁ − r p₂)² = (p₁ − l₁)² + r² (u₂ − p₂)²; the upper one with the other limits.
    #[test]
    fn ratios_are_where_the_difference_is_nought() {
        for (a, b) in
            [((11, 100), (5, 100)), ((40, 100), (10, 100)), ((3, 7), (900, 9000)), ((100, 100), (5, 50))]
        {
            let (told, bounds) = ratio(a, b, 0.95).unwrap().unwrap();
            let share = |(found, n): (u64, u64)| found as f64 / n as f64;
            let (p, q) = (share(a), share(b));
            let (of_p, of_q) = (wilson(a.0, a.1, 0.95).unwrap(), wilson(b.0, b.1, 0.95).unwrap());
            let left = |r: f64, mine: f64, other: f64| {
                (p - r * q).powi(2) - (p - mine).powi(2) - (r * (other - q)).powi(2)
            };
            assert!(bounds.low < told && told < bounds.high, "{a:?} {b:?}: {bounds:?}");
            assert!(left(bounds.low, of_p.low, of_q.high).abs() < 1e-12, "{a:?} {b:?}: {bounds:?}");
            assert!(left(bounds.high, of_p.high, of_q.low).abs() < 1e-9, "{a:?} {b:?}: {bounds:?}");
        }
        let (none, bounds) = ratio((0, 1), (3, 70_000), 0.95).unwrap().unwrap();
        assert_eq!((none, bounds.low), (0.0, 0.0), "one record that was not taken proves no excess");
        let (all, bounds) = ratio((5, 50), (0, 50), 0.95).unwrap().unwrap();
        assert!(all.is_infinite() && bounds.high.is_infinite() && bounds.low > 0.5, "{bounds:?}");
        assert!(ratio((0, 10), (0, 10), 0.95).unwrap().is_none());
        assert!(ratio((0, 0), (1, 10), 0.95).unwrap().is_none());
        assert!(ratio((2, 1), (0, 1), 0.95).is_err());
    }

    /// The table of the first worked example in many textbooks: 45, 15, 25, 15 of 100 has κ = 0.1304.
    #[test]
    fn agreement_is_measured_beyond_chance() {
        assert!(close(kappa(&[[45, 15], [25, 15]]).unwrap(), 0.1304));
        assert_eq!(kappa(&[[5, 0], [0, 5]]), Some(1.0));
        assert_eq!(kappa(&[[5, 0], [0, 0]]), None);
        assert_eq!(kappa(&[[0, 0], [0, 0]]), None);
    }
}
