use super::*;
use crate::tamper_tests::fixture::Fixture;

fn facts_of(release: &Fixture) -> (Predicate, Value) {
    let config = serde_json::json!({"input": {"text": "text"}});
    (release.statement().predicate, config)
}

#[test]
fn every_target_renders_and_says_the_signed_numbers() {
    let release = Fixture::sealed();
    let (mut predicate, config) = facts_of(&release);
    predicate.inputs.sources[1].license = Some("a | b\nc".to_owned());
    let facts = Facts {
        predicate: &predicate,
        parts: vec![("data/part-00000.parquet", Sha256::of(b"x"))],
        config: &config,
    };
    for name in TARGETS {
        let text = target(name, &facts).unwrap();
        assert!(text.ends_with('\n') && (text.contains("tiny") || name == "slsa"), "{name}: {text}");
        assert_eq!(target(name, &facts).unwrap(), text);
        let lower = text.to_lowercase();
        assert!(!lower.contains("complian"), "{name} must not judge");
        if text.starts_with('{') {
            serde_json::from_str::<Value>(&text).unwrap();
        } else {
            assert!(!text.contains("a | b"), "{name}: a declared text ends its cell");
        }
    }
    assert!(target("other", &facts).is_none() && document("notes.md", &facts).is_none());
    for name in DOCUMENTS {
        assert!(document(name, &facts).is_some() && renderer(name) != NO_RENDERER, "{name}");
    }
}

#[test]
fn croissant_has_what_the_specification_requires() {
    let release = Fixture::sealed();
    let (predicate, config) = facts_of(&release);
    let part = ("data/part-00000.parquet", Sha256::of(b"x"));
    let facts = Facts { predicate: &predicate, parts: vec![part], config: &config };
    let document: Value = serde_json::from_str(&target("croissant", &facts).unwrap()).unwrap();
    for field in [
        "@context",
        "@type",
        "conformsTo",
        "description",
        "license",
        "name",
        "url",
        "creator",
        "distribution",
    ] {
        assert!(!document[field].is_null(), "{field}");
    }
    // a date only where one is declared: mlcroissant refuses any other text
    assert_eq!(document["datePublished"], "2026-11-21");
    let mut dated = predicate.clone();
    for declared in [None, Some("soon".to_owned())] {
        dated.dataset.released = declared;
        let facts = Facts { predicate: &dated, parts: Vec::new(), config: &config };
        let document: Value = serde_json::from_str(&target("croissant", &facts).unwrap()).unwrap();
        assert!(document["datePublished"].is_null());
    }
    assert_eq!(document["distribution"][0]["sha256"], Sha256::of(b"x").to_string());
    assert_eq!(document["recordSet"][0]["field"][0]["source"]["extract"]["column"], "text");
}

#[test]
fn the_summary_keeps_hazard_apart_from_quality_and_unknown_apart_from_no() {
    let release = Fixture::sealed();
    let (predicate, config) = facts_of(&release);
    let facts = Facts { predicate: &predicate, parts: Vec::new(), config: &config };
    let text = target("eu-summary", &facts).unwrap();
    let (hazard, other) = text.split_once("### 3.3").unwrap();
    let hazard = hazard.split_once("### 3.2").unwrap().1;
    assert!(hazard.contains("| (committed) | 1 | 0 |") && !hazard.contains("gopher"), "{text}");
    assert!(other.contains("| gopher | 1 | 0 |") && !other.contains("(committed)"), "{text}");
    assert!(text.contains("| undeclared | unknown | unknown | unknown | unknown | unknown | 4 |"), "{text}");
}
