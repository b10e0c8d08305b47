//! How far a measured share may be from the true one.

/// The ends of Wilson's 95 % interval of a share (Wilson 1927) that was measured on so many records, more than none.
pub fn wilson(share: f64, records: u64) -> (f64, f64) {
    /// The 97.5th percentile of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    let n = records as f64;
    let centre = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let end = |centre: f64| (centre / (1.0 + Z * Z / n)).clamp(0.0, 1.0);
    (end(centre - spread), end(centre + spread))
}
