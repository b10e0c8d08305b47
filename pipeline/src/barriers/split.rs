//! # What it measures
//! Nothing: it puts each record into one of several splits, such as `train` and `validation`.
//! # Why
//! A loss measured on texts that stand almost alike in what is learnt from is too low (Lee et al. 2022, section 5, find
//! that one in twenty validation documents of C4 has a near copy in training). So records that are near-duplicates
//! of one another, or equal in what `group_by` names, are never parted.
//! # Source
//! Own definition. Near-duplicates are found as the stage `near-duplicates` finds them (Broder 1997), with a signature
//! that misses fewer than one in forty thousand pairs at the default bound.
//! # How
//! Records are joined into clusters: near-duplicates, equal groups, and whatever these are joined with in turn. The
//! clusters are put into an order by the least hash of seed and id among their records, and one after the other goes to
//! the first split in which it has room. What has none goes to `rest`. So the number of records in a split is exact,
//! unless there are no clusters small enough to fill it up.
//! # Example
//! ```toml
//! [[stage]]
//! use = "split"
//! fractions = { validation = "0.005", test = "0.005" }
//! group_by = ["host"]
//! ```

mod clusters;

use super::exact::{By, Part};
use super::near::{self, NearDuplicates};
use super::share::Share;
use super::{Barrier, BarrierSpec, Marking, Resolution};
use crate::Result;
use crate::barriers::corpus::Corpus;
use crate::config::NAME_BYTES_MAX;
use filters::{BuildError, Context, Decimal, Findings, Rule, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

/// Which splits there are, and what they never part.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The share of the records in each split but `rest`. Required.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fractions: BTreeMap<String, Decimal>,
    /// The split of all other records.
    pub rest: String,
    /// Records equal in any of these parts are in the same split.
    pub group_by: Vec<By>,
    /// The Jaccard index from which on two records are in the same split.
    pub jaccard_min: Decimal,
    /// Bands of the signature.
    pub bands: usize,
    /// Hashes in a band.
    pub rows: usize,
    /// Words in a shingle.
    pub ngram: usize,
    /// Another seed chooses other records.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            fractions: BTreeMap::new(),
            rest: "train".into(),
            group_by: Vec::new(),
            jaccard_min: Decimal::of(0.5),
            // 1 − (1 − 0.5³)⁸⁰ = 0.99998
            bands: 80,
            rows: 3,
            ngram: 5,
            seed: 1,
        }
    }
}

/// The built barrier.
pub struct Split {
    near: NearDuplicates,
    group_by: Vec<Part>,
    /// Names of the splits; the first takes what is left.
    names: Vec<String>,
    /// The shares of the others.
    shares: Vec<Share>,
    seed: u64,
}

impl BarrierSpec for Config {
    const NAME: &'static str = "split";
    const SUMMARY: &'static str =
        "puts records into train, validation and other splits; near-duplicates and groups stay together";
    const SOURCE: &'static str = "own definition; near-duplicates as in Broder 1997";
    const RULES: &'static [Rule] = &[];
    type Barrier = Split;

    fn build(&self, context: &mut dyn Context) -> std::result::Result<Split, BuildError> {
        if self.fractions.is_empty() {
            return Err(BuildError::key("fractions", "is missing: names of splits with their shares"));
        }
        let names: Vec<String> = [&self.rest].into_iter().chain(self.fractions.keys()).cloned().collect();
        for (at, name) in names.iter().enumerate() {
            let key = if at == 0 { "rest" } else { "fractions" };
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) {
                let why = format!(
                    "names `{name}`; up to {NAME_BYTES_MAX} lower-case letters, digits and dashes are allowed"
                );
                return Err(BuildError::key(key, why));
            }
            if names[..at].contains(name) {
                return Err(BuildError::key(key, format!("names `{name}`, which is `rest`")));
            }
        }
        let sum: f64 = self.fractions.values().map(|share| share.get()).sum();
        // decimals are summed as binary numbers
        if sum > 1.0 + 1e-9 {
            let sum = format!("{sum:.9}");
            let sum = sum.trim_end_matches('0').trim_end_matches('.');
            return Err(BuildError::key("fractions", format!("add up to {sum}, more than 1")));
        }
        let shares = self.fractions.values().map(|share| Share::of("fractions", *share));
        if self.jaccard_min.get() <= 0.0 {
            return Err(BuildError::key(
                "jaccard_min",
                format!("is {}, expected more than 0", self.jaccard_min),
            ));
        }
        let near = near::Config {
            bands: self.bands,
            rows: self.rows,
            ngram: self.ngram,
            verify_jaccard_min: self.jaccard_min,
            cluster_share_max: Decimal::of(1.0),
            ..near::Config::default()
        };
        Ok(Split {
            near: near.build(context)?,
            group_by: self
                .group_by
                .iter()
                .map(|by| Part::new(by, context))
                .collect::<std::result::Result<_, _>>()?,
            names,
            shares: shares.collect::<std::result::Result<_, _>>()?,
            seed: self.seed,
        })
    }
}

impl Split {
    /// Words of the key behind those of the signature: the hash of the id, then two for each group, 0 for none.
    fn id_word(&self) -> usize {
        self.near.key_words()
    }

    fn group_words(&self, group: usize) -> [usize; 2] {
        let first = self.id_word() + 1 + 2 * group;
        [first, first + 1]
    }
}

impl Barrier for Split {
    fn rules(&self) -> &'static [Rule] {
        &[]
    }

    fn key_words(&self) -> usize {
        self.id_word() + 1 + 2 * self.group_by.len()
    }

    fn sign(&self, view: &View<'_>, findings: &Findings, key: &mut [u64]) {
        let (signature, rest) = key.split_at_mut(self.id_word());
        self.near.sign(view, findings, signature);
        let document = view.document();
        rest[0] = xxh3_64_with_seed(document.id.as_bytes(), self.seed);
        for (words, part) in rest[1..].chunks_exact_mut(2).zip(&self.group_by) {
            // a collision puts two groups into one split, and no more
            let hash = part.of(document).map_or(0, |value| xxh3_128(value.as_bytes()).max(1));
            words.copy_from_slice(&[(hash >> 64) as u64, hash as u64]);
        }
    }

    fn marking(&self) -> Option<Marking<'_>> {
        Some(Marking::Split(&self.names))
    }

    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        let clusters = self.clusters(corpus)?;
        let wanted: Vec<u64> = self.shares.iter().map(|share| share.floor(clusters.len() as u64)).collect();
        let mut filled = vec![0; wanted.len()];
        let mut from = 0;
        while from < clusters.len() {
            let cluster = clusters.get(from)[..2].to_vec();
            let to =
                (from..clusters.len()).find(|at| clusters.get(*at)[..2] != cluster).unwrap_or(clusters.len());
            let size = (to - from) as u64;
            let split = (0..wanted.len()).find(|&at| filled[at] + size <= wanted[at]);
            if let Some(at) = split {
                filled[at] += size;
                clusters
                    .range(from..to)
                    .try_for_each(|[.., record]| resolution.mark(record, at as u64 + 1))?;
            }
            from = to;
        }
        for ((name, wanted), filled) in self.names[1..].iter().zip(wanted).zip(filled) {
            match filled == wanted {
                true => tracing::info!("split `{name}`: {filled} of {} records", clusters.len()),
                false => tracing::warn!(
                    "split `{name}`: {filled} records instead of {wanted}; the other clusters are larger"
                ),
            }
        }
        Ok(())
    }

    fn outlook(&self) -> Vec<String> {
        let mut lines = vec![format!("data/{}/part-*", self.names.join("/part-*, data/"))];
        lines.extend(self.near.outlook());
        lines
    }
}
