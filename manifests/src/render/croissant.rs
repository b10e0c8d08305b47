//! Croissant 1.1 with RAI 1.0 (<https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html>, and the RAI
//! specification of 2024-03-06).
//!
//! Only `FileObject`s carry digests, so every part is one. `encodingFormat` is `application/x-parquet`, the only spelling
//! that mlcroissant 1.1.1 can load.

use serde_json::{Value, json};

use super::Facts;
use crate::disclosure::COMMITTED;
use crate::predicate::Predicate;

/// The context of appendix 1 of the specification, and `samplingRate`, without which mlcroissant 1.1.1 warns.
fn context() -> Value {
    let croissant = [
        "arrayShape",
        "citeAs",
        "column",
        "containedIn",
        "equivalentProperty",
        "extract",
        "field",
        "fileObject",
        "fileProperty",
        "fileSet",
        "format",
        "includes",
        "isArray",
        "isLiveDataset",
        "jsonPath",
        "key",
        "md5",
        "parentField",
        "path",
        "recordSet",
        "references",
        "regex",
        "repeated",
        "replace",
        "samplingRate",
        "separator",
        "source",
        "subField",
        "transform",
    ];
    let mut context = json!({
        "@language": "en",
        "@vocab": "https://schema.org/",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "dct": "http://purl.org/dc/terms/",
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "prov": "http://www.w3.org/ns/prov#",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
    });
    for name in croissant {
        context[name] = format!("cr:{name}").into();
    }
    context
}

pub(super) fn croissant(facts: &Facts<'_>) -> Value {
    let predicate = facts.predicate;
    let dataset = &predicate.dataset;
    let part = |(name, sha256): &(&str, crate::digest::Sha256)| {
        json!({
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "encodingFormat": encoding(name),
            "sha256": sha256,
        })
    };
    let mut document = json!({
        "@context": context(),
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": dataset.name,
        "version": dataset.version,
        "description": description(predicate),
        "license": licenses(predicate),
        "url": format!("urn:x-probity:content:{}", predicate.outputs.content_root),
        "creator": {"@type": "sc:Organization", "name": or_unknown(&predicate.producer.name)},
        "citeAs": format!("{} {}, content root {}", dataset.name, dataset.version, predicate.outputs.content_root),
        "distribution": facts.parts.iter().map(part).collect::<Vec<_>>(),
        "recordSet": record_sets(facts),
        "rai:dataCollection": collected(predicate),
        "rai:dataPreprocessingProtocol": stages(predicate),
        "prov:wasGeneratedBy": format!("{} {}", predicate.tool.name, predicate.tool.version),
        "prov:wasAttributedTo": or_unknown(&predicate.producer.name),
    });
    let derived: Vec<&str> = predicate.inputs.sources.iter().filter_map(|s| s.uri.as_deref()).collect();
    if !derived.is_empty() {
        document["prov:wasDerivedFrom"] = json!(derived);
    }
    // Only a date is one to mlcroissant; it warns of none, and refuses any other text.
    if let Some(released) = dataset.released.as_deref().filter(|date| is_date(date)) {
        document["datePublished"] = released.into();
    }
    document
}

/// Whether a text has the form `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let digits = |part: &str, len| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    [4, 2, 2].into_iter().all(|len| parts.next().is_some_and(|part| digits(part, len)))
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

fn description(predicate: &Predicate) -> String {
    let counts = &predicate.accounting;
    format!(
        "{} of {} records, curated by {} {}: {} unchanged, {} with edits. Decision root {}, content root {}.",
        predicate.outputs.rows,
        counts.records_in,
        predicate.tool.name,
        predicate.tool.version,
        counts.kept,
        counts.edited,
        predicate.ledger.decision_root,
        predicate.outputs.content_root
    )
}

fn licenses(predicate: &Predicate) -> Vec<String> {
    let told = |license: &Option<String>| license.clone().unwrap_or_else(|| "unknown".to_owned());
    let mut licenses: Vec<String> = predicate.inputs.sources.iter().map(|s| told(&s.license)).collect();
    licenses.sort();
    licenses.dedup();
    if licenses.is_empty() { vec!["unknown".to_owned()] } else { licenses }
}

fn collected(predicate: &Predicate) -> Vec<String> {
    let told = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let line = |source: &crate::predicate::Source| {
        let (category, collected) = (told(&source.category), told(&source.collected));
        format!(
            "{}: declared category {category}, declared period {collected}; {} records",
            source.id, source.rows
        )
    };
    predicate.inputs.sources.iter().map(line).collect()
}

fn stages(predicate: &Predicate) -> Vec<String> {
    let line = |stage: &crate::predicate::StageCount| match stage.stage.as_str() {
        COMMITTED => format!(
            "stages that are published as digests only: {} removed, {} quarantined",
            stage.removed, stage.quarantined
        ),
        name => format!("{name}: {} removed, {} quarantined", stage.removed, stage.quarantined),
    };
    predicate.accounting.by_stage.iter().map(line).collect()
}

/// One record set over the text column of every part; none for chat records, whose column is a nested one.
/// The media type of a part, by its name; Croissant knows none for lines that are packed but that of the packing.
fn encoding(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("jsonl") => "application/jsonlines",
        Some("gz") => "application/gzip",
        Some("zst") => "application/zstd",
        _ => "application/x-parquet",
    }
}

fn record_sets(facts: &Facts<'_>) -> Value {
    let Some(column) = facts.config.pointer("/input/text").and_then(Value::as_str) else { return json!([]) };
    let field = |(name, _): &(&str, crate::digest::Sha256)| {
        json!({
            "@type": "cr:RecordSet",
            "@id": format!("{name}#records"),
            "name": format!("{name}#records"),
            "field": [{
                "@type": "cr:Field",
                "@id": format!("{name}#records/text"),
                "name": "text",
                "dataType": "sc:Text",
                "source": {"fileObject": {"@id": name}, "extract": {"column": column}},
            }],
        })
    };
    // what is packed is not read by its members
    let read = |(name, _): &&(&str, crate::digest::Sha256)| {
        !encoding(name).ends_with("zip") && !encoding(name).ends_with("zstd")
    };
    facts.parts.iter().filter(read).map(field).collect()
}
