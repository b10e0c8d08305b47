//! How often words stand in some reference corpus.

use super::key;
use crate::{Asset, BuildError};
use std::collections::HashMap;

/// Counts of words.
pub(super) struct Reference {
    counts: HashMap<u64, u64>,
    /// All counts, with one more for each word and for what is not listed.
    mass: f64,
}

/// The most words of a reference: about 400 MB of them.
const WORDS_MAX: usize = 10_000_000;

impl Reference {
    /// Reads lines `word<TAB>count`. A word that is there twice counts both times.
    pub(super) fn read(asset: &Asset) -> Result<Self, BuildError> {
        let wrong = |why: String| BuildError::asset(&asset.name, why);
        let text = std::str::from_utf8((*asset.bytes).as_ref())
            .map_err(|e| wrong(format!("not UTF-8 after byte {}", e.valid_up_to())))?;
        let mut counts: HashMap<u64, u64> = HashMap::new();
        let mut sum = 0u64;
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let parsed =
                line.split_once('\t').and_then(|(word, count)| Some((word, count.parse::<u64>().ok()?)));
            let sum_after = parsed.and_then(|(_, count)| sum.checked_add(count));
            let (Some((word, count)), Some(sum_after)) = (parsed, sum_after) else {
                return Err(wrong(format!("line {}: expected a word, a tab and a count", at + 1)));
            };
            sum = sum_after;
            *counts.entry(key(word)).or_default() += count;
            if counts.len() > WORDS_MAX {
                return Err(wrong(format!("has more than {WORDS_MAX} words")));
            }
        }
        if sum == 0 {
            return Err(wrong("counts no word".to_owned()));
        }
        let mass = sum as f64 + counts.len() as f64 + 1.0;
        Ok(Self { counts, mass })
    }

    /// Bits for each word from the counts of a text to those of the reference.
    pub(super) fn divergence(&self, counts: &[(u64, u64)]) -> Option<f64> {
        let all = counts.iter().map(|(_, count)| count).sum::<u64>() as f64;
        let bits = |(word, count): &(u64, u64)| {
            let share = *count as f64 / all;
            let expected = (self.counts.get(word).copied().unwrap_or(0) as f64 + 1.0) / self.mass;
            share * libm::log2(share / expected)
        };
        (!counts.is_empty()).then(|| counts.iter().map(bits).sum())
    }
}
