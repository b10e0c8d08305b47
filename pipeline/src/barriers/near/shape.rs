//! The shape of a signature: how many bands of how many rows, and which pairs it finds.

/// The share of pairs with Jaccard index `s` that become candidates: `1 − (1 − s^rows)^bands` (the S-curve).
pub fn candidate_share(s: f64, bands: usize, rows: usize) -> f64 {
    1.0 - (1.0 - s.powi(rows as i32)).powi(bands as i32)
}

/// The bands and rows, of at most `hashes` hashes, with the least sum of the areas of false candidates below the
/// threshold and of missed pairs above it, as datasketch's `MinHashLSH` chooses with equal weights.
pub(super) fn for_threshold(threshold: f64, hashes: usize) -> (usize, usize) {
    let shapes = (1..=hashes).flat_map(|bands| (1..=hashes / bands).map(move |rows| (bands, rows)));
    let error = |(bands, rows): (usize, usize)| {
        let area = |from: f64, to: f64, of: &dyn Fn(f64) -> f64| {
            let width = (to - from) / f64::from(STEPS);
            (0..STEPS).map(|step| of(from + width * (f64::from(step) + 0.5)) * width).sum::<f64>()
        };
        area(0.0, threshold, &|s| candidate_share(s, bands, rows))
            + area(threshold, 1.0, &|s| 1.0 - candidate_share(s, bands, rows))
    };
    let best = shapes.map(|shape| (error(shape), shape)).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or((1, 1), |(_, shape)| shape)
}

/// Parts into which an interval is divided to integrate over it.
const STEPS: u32 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_s_curve_of_the_default_parameters() {
        // datatrove-style 14 × 8, computed by hand
        for (s, share) in [(0.5, 0.053), (0.7, 0.565), (0.8, 0.924), (0.9, 0.9996)] {
            assert!((candidate_share(s, 14, 8) - share).abs() < 6e-4, "{s}");
        }
    }

    #[test]
    fn the_curve_is_steep_at_the_threshold() {
        // datasketch 1.6.5, MinHashLSH(threshold, num_perm=128).b and .r
        for (threshold, shape) in [(0.5, (25, 5)), (0.8, (9, 13)), (0.9, (5, 25))] {
            assert_eq!(for_threshold(threshold, 128), shape, "{threshold}");
        }
    }
}
