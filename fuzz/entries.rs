//! What the fuzz targets call: every reader of bytes that somebody else may have written. Whatever the bytes, an entry
//! returns; what it returns does not matter. `tests/it/fuzz_seeds.rs` runs the same functions on stable Rust.

// each target calls one of them
#![allow(dead_code, unused_imports)]

mod curation;

use std::path::Path;
use std::sync::Arc;

pub use curation::{lines, parquet, rows, signature_index, stages_of_text, text};

/// The public key under which the seeds' bundle opens.
const KEY: &str = include_str!("../tests/seeds/key.pub.pem");

/// The largest index that is parsed here; the program's own limit is far above what a fuzzer makes.
const BYTES_MAX: usize = 1 << 20;

/// A bundle, and the statement inside one, which its signature would otherwise keep from being reached.
pub fn bundle(data: &[u8]) {
    if let Ok(key) = manifests::keys::PublicKey::from_pem(KEY) {
        let _ = manifests::bundle::open_bundle(data, &key);
        let _ = manifests::verify::Checked::open(data, &key);
    }
    let _ = manifests::canonical::parse_canonical::<manifests::predicate::Statement>(data, BYTES_MAX);
}

/// `ledger/index.json` and `inputs/index.json`.
pub fn ledger_index(data: &[u8]) {
    if let Ok(index) = manifests::canonical::parse_canonical::<manifests::index::LedgerIndex>(data, BYTES_MAX)
    {
        let entries: Vec<_> = index.shards.iter().map(|shard| shard.entry()).collect();
        let _ = manifests::ledger::record_root(&entries);
    }
    if let Ok(index) = manifests::canonical::parse_canonical::<manifests::index::InputsIndex>(data, BYTES_MAX)
    {
        let _ = index.totals();
    }
}

/// Proofs, disclosed records and openings.
pub fn proof(data: &[u8]) {
    if let Ok(proof) = manifests::proof::Proof::parse(data) {
        let _ = proof.to_bytes();
        let _ = proof.check_text(b"a text");
    }
    let _ = manifests::proof::Revelation::parse(data);
    let _ = manifests::disclosure::Disclosure::parse(data, 1);
}

/// `SHA256SUMS`.
pub fn sums(data: &[u8]) {
    if let Ok(Ok(lines)) = std::str::from_utf8(data).map(manifests::sums::parse_sums) {
        assert_eq!(manifests::sums::format_sums(&lines).as_bytes(), data, "one spelling");
    }
}

/// A configuration, up to its stages being built.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(config) = pipeline::Config::parse(Path::new("nowhere/c.toml"), text, &[]) {
        let _ = pipeline::Plan::new(config);
    }
}

/// A keyword pack.
pub fn pack(data: &[u8]) {
    let _ = filters::pack::Pack::parse("fuzzed", data);
}

/// A model, and a prediction: whatever loads must predict.
pub fn fasttext(data: &[u8]) {
    let bytes: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(data.to_vec());
    if let Ok(model) = classifiers::fasttext::Model::load(bytes) {
        let _ = model.predict("good bad </s> \u{8a9e} x", model.labels().len(), 0.0);
        let _ = model.probability("bad", 0);
    }
}

/// A linear model, and scores: whatever loads must score.
pub fn linear(data: &[u8]) {
    if let Ok(model) = classifiers::linear::Model::load(data) {
        let scores = model.score("good bad \u{8a9e} x");
        assert!(scores.pooled.iter().chain(&scores.mean).all(|score| (0.0..=1.0).contains(score)));
    }
}

/// A mapping of scores, and a score: whatever loads must combine.
pub fn ensemble(data: &[u8]) {
    if let Ok(mapping) = classifiers::ensemble::Mapping::load(data) {
        let combined = mapping.combine(Some("en"), &vec![0.5; mapping.scores().len()]);
        assert!((0.0..=1.0).contains(&combined.score) && combined.bucket < classifiers::ensemble::BUCKETS);
    }
}

/// A language model, and a score: whatever loads must score, and finitely.
pub fn language_model(data: &[u8]) {
    let bytes: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(data.to_vec());
    if let Ok(model) = classifiers::language_model::Model::load(bytes) {
        assert!(model.score("red green mill\n\u{8a9e} red red").log10.is_finite());
    }
}
