//! Shannon's entropy.

/// The entropy, in bits, of what occurs this often; 0 of nothing.
pub(crate) fn entropy(counts: impl Iterator<Item = u64> + Clone) -> f64 {
    let all = counts.clone().sum::<u64>() as f64;
    let bits = |count: u64| {
        let share = count as f64 / all;
        -share * libm::log2(share)
    };
    // -0 and 0 are 0
    counts.filter(|count| *count > 0).map(bits).sum::<f64>() + 0.0
}
