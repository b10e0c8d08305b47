//! The analysis held against recorded results of datatrove, where the recordings are at hand.

use super::{Shingles, Tokens, python, simplify_text, word_hash};
use crate::Words;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/golden/datatrove-tokens.jsonl");

#[test]
fn tokens_and_simplified_texts_are_datatroves() {
    let Ok(vectors) = std::fs::read_to_string(VECTORS) else {
        println!("skipped: there is no {VECTORS}");
        return;
    };
    let mut tokens = Tokens::default();
    let mut shingles = Shingles::default();
    for line in vectors.lines() {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = vector["text"].as_str().unwrap();
        tokens.fill(text, Words::SpacyEn);
        let words: Vec<&str> = tokens.spans().map(|(start, end)| &text[start..end]).collect();
        assert_eq!(serde_json::json!(words), vector["tokens"], "{text}");

        let simple = vector["simplified"].as_str().unwrap();
        assert_eq!(simplify_text(text), simple, "{text}");
        shingles.fill(text);
        let hashes: Vec<u64> = python::split_words(simple).map(|word| word_hash(word.as_bytes())).collect();
        assert_eq!(shingles.words(), hashes, "{text}");
    }
}
