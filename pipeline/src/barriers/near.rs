//! # What it measures
//! The Jaccard index of the word n-gram sets of two simplified texts.
//! # Why
//! Near copies (mirrors, revisions, templates) waste compute and teach by rote (Lee et al. 2022).
//! # Source
//! MinHash (Broder 1997) with locality-sensitive hashing by bands (Leskovec, Rajaraman, Ullman, *Mining of Massive
//! Datasets*, chapter 3); 14 bands of 8 rows over word 5-grams as FineWeb and datatrove 0.10.1 do. Unlike them,
//! every candidate pair is compared by its true Jaccard index before anything is removed, and a removed record is
//! tied to a survivor it is itself similar to, never only to a chain of others.

use super::clusters::{Tie, UnionFind, stars};
use super::keep::Keep;
use super::minhash::MinHash;
use super::shingle_sets::{self, jaccard, shingle_set};
use super::{Barrier, BarrierSpec, RecordNumber, Removal};
use crate::Result;
use crate::corpus::{Corpus, Texts};
use crate::verdicts::decimal;
use filters::{BuildError, Decimal, Rule, Scratch, View};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use xxhash_rust::xxh3::xxh3_64;

/// Parameters of near-duplicate detection.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Bands of the signature; records that agree in one whole band are compared.
    pub bands: usize,
    /// Hashes in a band.
    pub rows: usize,
    /// Words in a shingle.
    pub ngram: usize,
    /// Least Jaccard index of a removed record with its survivor.
    pub verify_jaccard_min: Decimal,
    /// Which record survives.
    pub keep: Keep,
    /// Seed of the hash functions.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bands: 14,
            rows: 8,
            ngram: 5,
            verify_jaccard_min: Decimal::of(0.75),
            keep: Keep::Earliest,
            seed: 1,
        }
    }
}

const JACCARD: Rule = Rule {
    id: "jaccard",
    summary: "Jaccard index of the shingle sets of the record and its survivor",
    alias: None,
};

/// A band bucket up to this size is compared all against all; a larger one is near certainly one template, and
/// each member is compared with the first and with its neighbours.
const ALL_PAIRS_MAX: usize = 48;
/// Neighbours a member of a larger bucket is compared with.
const NEIGHBOURS: usize = 8;

/// The built barrier.
pub struct NearDuplicates {
    config: Config,
    family: MinHash,
}

impl BarrierSpec for Config {
    const NAME: &'static str = "near-duplicates";
    const SUMMARY: &'static str =
        "removes records whose word n-grams nearly equal another record's, every pair verified";
    const SOURCE: &'static str = "Broder 1997; FineWeb's parameters (14 bands of 8, word 5-grams)";
    const RULES: &'static [Rule] = &[JACCARD];
    type Barrier = NearDuplicates;

    fn build(&self) -> std::result::Result<NearDuplicates, BuildError> {
        let in_range = |key: &'static str, value: usize, most: usize| match value {
            v if (1..=most).contains(&v) => Ok(()),
            v => Err(BuildError::key(key, format!("is {v}, expected 1 to {most}"))),
        };
        in_range("bands", self.bands, 1024)?;
        in_range("rows", self.rows, 256)?;
        in_range("ngram", self.ngram, 64)?;
        let least = self.verify_jaccard_min.get();
        if !(0.0..=1.0).contains(&least) {
            return Err(BuildError::key("verify_jaccard_min", format!("is {least}, expected 0 to 1")));
        }
        let family = MinHash::new(self.bands * self.rows, self.seed);
        Ok(NearDuplicates { config: self.clone(), family })
    }
}

thread_local! {
    /// A worker's buffers for one text's shingles and signature.
    static BUFFERS: RefCell<(Vec<u64>, Vec<u32>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

impl Barrier for NearDuplicates {
    fn rule(&self) -> &'static Rule {
        &JACCARD
    }

    fn bound(&self) -> String {
        decimal(self.config.verify_jaccard_min.get())
    }

    fn key_len(&self) -> usize {
        self.config.bands * 8
    }

    /// One 64-bit key per band; all zero for a text without words, which no text with words can have.
    fn sign(&self, view: &View<'_>, key: &mut [u8]) {
        BUFFERS.with_borrow_mut(|(shingles, signature)| {
            shingle_sets::shingles(view, self.config.ngram, shingles);
            if shingles.is_empty() {
                return;
            }
            self.family.signature(shingles, signature);
            let mut bytes = Vec::with_capacity(self.config.rows * 4);
            for (band, key) in signature.chunks_exact(self.config.rows).zip(key.chunks_exact_mut(8)) {
                bytes.clear();
                bytes.extend(band.iter().flat_map(|hash| hash.to_le_bytes()));
                key.copy_from_slice(&xxh3_64(&bytes).max(1).to_le_bytes());
            }
        });
    }

    fn resolve(&self, corpus: &Corpus<'_>) -> Result<Vec<Removal>> {
        let pairs = self.candidate_pairs(corpus)?;
        let mut records: Vec<RecordNumber> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
        records.sort_unstable();
        records.dedup();
        let texts = corpus.texts(&records)?;
        let sets = self.shingle_sets(&records, &texts)?;
        let mut removals = self.removals(&records, &texts, &sets, &pairs)?;
        removals.sort_unstable_by_key(|removal| removal.record);
        Ok(removals)
    }
}

impl NearDuplicates {
    /// Pairs of records that share a band, sorted and distinct. One band is in memory at a time.
    fn candidate_pairs(&self, corpus: &Corpus<'_>) -> Result<Vec<(RecordNumber, RecordNumber)>> {
        let mut pairs = Vec::new();
        for band in 0..self.config.bands {
            let mut keyed: Vec<(u64, RecordNumber)> = Vec::new();
            corpus.for_each_key(|record, key| {
                let key = u64::from_le_bytes(key[band * 8..band * 8 + 8].try_into().unwrap_or_default());
                if key != 0 {
                    keyed.push((key, record));
                }
            })?;
            keyed.par_sort_unstable();
            for bucket in keyed.chunk_by(|a, b| a.0 == b.0).filter(|bucket| bucket.len() > 1) {
                pair_up(bucket, &mut pairs);
            }
            pairs.par_sort_unstable();
            pairs.dedup();
        }
        Ok(pairs)
    }

    fn shingle_sets(&self, records: &[RecordNumber], texts: &Texts) -> Result<Vec<Vec<u64>>> {
        records
            .par_iter()
            .map_init(Scratch::default, |scratch, &record| {
                Ok(shingle_set(texts.get(record)?, self.config.ngram, scratch))
            })
            .collect()
    }

    fn removals(
        &self,
        records: &[RecordNumber],
        texts: &Texts,
        sets: &[Vec<u64>],
        pairs: &[(RecordNumber, RecordNumber)],
    ) -> Result<Vec<Removal>> {
        let least = self.config.verify_jaccard_min.get();
        let similarity = |a: u32, b: u32| jaccard(&sets[a as usize], &sets[b as usize]);
        let place =
            |record: RecordNumber| records.binary_search(&record).map(|at| at as u32).unwrap_or_default();
        let verified: Vec<(u32, u32)> = pairs
            .par_iter()
            .map(|&(a, b)| (place(a), place(b)))
            .filter(|&(a, b)| similarity(a, b) >= least)
            .collect();
        let mut forest = UnionFind::new(records.len());
        verified.iter().for_each(|&(a, b)| forest.join(a, b));
        let clusters: Result<Vec<Vec<Tie>>> = forest
            .sets()
            .into_par_iter()
            .map(|mut members| {
                let mut lengths = Vec::with_capacity(members.len());
                for &member in &members {
                    lengths.push((member, texts.get(records[member as usize])?.len()));
                }
                let length = |m: u32| {
                    lengths.binary_search_by_key(&m, |(member, _)| *member).map_or(0, |at| lengths[at].1)
                };
                members.sort_by_key(|&m| self.config.keep.preference(records[m as usize], length(m)));
                Ok(stars(&members, least, similarity))
            })
            .collect();
        let removal = |tie: Tie| Removal {
            record: records[tie.member as usize],
            survivor: records[tie.survivor as usize],
            similarity: tie.similarity,
        };
        Ok(clusters?.into_iter().flatten().map(removal).collect())
    }
}

fn pair_up(bucket: &[(u64, RecordNumber)], pairs: &mut Vec<(RecordNumber, RecordNumber)>) {
    let reach = if bucket.len() <= ALL_PAIRS_MAX { bucket.len() } else { NEIGHBOURS };
    for (at, &(_, a)) in bucket.iter().enumerate() {
        pairs.extend(bucket[at + 1..].iter().take(reach).map(|&(_, b)| (a, b)));
        if at > reach {
            pairs.push((bucket[0].1, a));
        }
    }
}

/// The share of pairs with Jaccard index `s` that become candidates: `1 − (1 − s^rows)^bands`.
pub fn candidate_share(s: f64, bands: usize, rows: usize) -> f64 {
    1.0 - (1.0 - s.powi(rows as i32)).powi(bands as i32)
}

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
    fn large_buckets_are_linked_to_their_first_member_and_neighbours() {
        let bucket: Vec<(u64, RecordNumber)> = (0..100).map(|n| (7, n)).collect();
        let mut pairs = Vec::new();
        pair_up(&bucket, &mut pairs);
        assert!((1..100).all(|n| pairs.contains(&(0, n))));
        assert!(pairs.contains(&(50, 58)) && !pairs.contains(&(50, 59)));
        assert!(pairs.len() < 100 * (NEIGHBOURS + 1));
        pairs.clear();
        pair_up(&bucket[..10], &mut pairs);
        assert_eq!(pairs.len(), 45);
    }
}
