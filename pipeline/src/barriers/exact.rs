//! # What it measures
//! Whether another record has the same text, byte for byte.
//! # Why
//! Exact copies teach nothing new and weigh their content twice.
//! # Source
//! Own definition. Records are grouped by xxh3-128 of the text and then compared byte by byte, so that a collision
//! removes nothing (datatrove 0.10.1 and most others trust a 64-bit hash).

use super::{Barrier, BarrierSpec, RecordNumber, Removal};
use crate::Result;
use crate::corpus::Corpus;
use filters::{BuildError, Rule, View};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_128;

/// `exact-duplicates` has nothing to configure: the earliest record survives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

const DUPLICATE: Rule =
    Rule { id: "duplicate", summary: "1 if an earlier record has the same text", alias: None };

/// The built barrier.
pub struct ExactDuplicates;

impl BarrierSpec for Config {
    const NAME: &'static str = "exact-duplicates";
    const SUMMARY: &'static str = "removes records whose text equals an earlier record's, byte for byte";
    const SOURCE: &'static str = "own definition";
    const RULES: &'static [Rule] = &[DUPLICATE];
    type Barrier = ExactDuplicates;

    fn build(&self) -> std::result::Result<ExactDuplicates, BuildError> {
        Ok(ExactDuplicates)
    }
}

impl Barrier for ExactDuplicates {
    fn rule(&self) -> &'static Rule {
        &DUPLICATE
    }

    fn bound(&self) -> String {
        "0".into()
    }

    fn key_len(&self) -> usize {
        16
    }

    fn sign(&self, view: &View<'_>, key: &mut [u8]) {
        key.copy_from_slice(&xxh3_128(view.text().as_bytes()).to_le_bytes());
    }

    fn resolve(&self, corpus: &Corpus<'_>) -> Result<Vec<Removal>> {
        let mut keyed: Vec<(u128, RecordNumber)> = Vec::new();
        corpus.for_each_key(|record, key| {
            keyed.push((u128::from_le_bytes(key.try_into().unwrap_or_default()), record));
        })?;
        keyed.sort_unstable();
        let groups: Vec<&[(u128, RecordNumber)]> =
            keyed.chunk_by(|a, b| a.0 == b.0).filter(|g| g.len() > 1).collect();
        let mut members: Vec<RecordNumber> =
            groups.iter().flat_map(|g| g.iter().map(|(_, record)| *record)).collect();
        members.sort_unstable();
        let texts = corpus.texts(&members)?;
        let mut removals = Vec::new();
        for group in groups {
            // all texts of a group are equal unless 128 bits collided, so this holds one text as a rule
            let mut first_with: HashMap<&str, RecordNumber> = HashMap::new();
            for &(_, record) in group {
                let survivor = *first_with.entry(texts.get(record)?).or_insert(record);
                if survivor != record {
                    removals.push(Removal { record, survivor, similarity: 1.0 });
                }
            }
        }
        removals.sort_unstable_by_key(|removal| removal.record);
        Ok(removals)
    }
}
