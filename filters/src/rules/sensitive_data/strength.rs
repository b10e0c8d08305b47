//! Whether a string can be a secret: drawn at random, and no placeholder.

/// Bits per byte from which on a string counts as drawn at random. Random strings of 16 letters and digits have about
/// 3.6, of 32 hexadecimal digits 3.4 at least in 99 of 100; names and repeated characters have fewer.
const ENTROPY_MIN: f64 = 3.0;

/// What documentation writes where a secret belongs.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "xxxx",
    "your",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "dummy",
    "sample",
    "redacted",
    "insert",
    "_here",
    "-here",
    "random",
    "abcdefgh",
    "12345678",
    "01234567",
    "...",
    "****",
    "####",
];

/// Whether a string looks drawn at random and is not written as a placeholder.
pub(super) fn is_strong(value: &str) -> bool {
    entropy(value.as_bytes()) >= ENTROPY_MIN && !is_placeholder(value)
}

/// Whether a string is what documentation writes where a secret belongs.
pub(super) fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let repeats = lower.as_bytes().windows(6).any(|run| run.iter().all(|byte| *byte == run[0]));
    repeats || PLACEHOLDERS.iter().any(|word| lower.contains(word))
}

/// The entropy of the bytes, in bits per byte.
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0; 256];
    value.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    crate::entropy::entropy(counts.into_iter())
}
