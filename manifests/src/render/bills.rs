//! Bills of materials, on request: SPDX 3.0.1 with its Dataset profile, and CycloneDX 1.7 with a component of type `data`.

use serde_json::{Value, json};

use super::Facts;
use crate::predicate::Predicate;

fn license(predicate: &Predicate) -> String {
    let told = predicate.inputs.sources.iter().map(|source| source.license.as_deref().unwrap_or("unknown"));
    let licenses: std::collections::BTreeSet<&str> = told.collect();
    licenses.into_iter().collect::<Vec<_>>().join(", ")
}

fn processing(predicate: &Predicate) -> Vec<String> {
    let line = |stage: &crate::predicate::StageCount| {
        format!("{}: {} removed, {} quarantined", stage.stage, stage.removed, stage.quarantined)
    };
    predicate.accounting.by_stage.iter().map(line).collect()
}

pub(super) fn spdx(facts: &Facts<'_>) -> Value {
    let predicate = facts.predicate;
    let base = format!("urn:x-probity:content:{}", predicate.outputs.content_root);
    let created = predicate.dataset.released.as_deref().unwrap_or("1970-01-01");
    let file = |(name, sha256): &(&str, crate::digest::Sha256)| {
        json!({
            "type": "software_File",
            "spdxId": format!("{base}/{name}"),
            "creationInfo": "_:creation",
            "name": name,
            "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": sha256}],
        })
    };
    let mut graph = vec![
        json!({
            "type": "CreationInfo",
            "@id": "_:creation",
            "specVersion": "3.0.1",
            "created": format!("{}T00:00:00Z", created.get(..10).unwrap_or(created)),
            "createdBy": [format!("{base}/producer")],
        }),
        json!({
            "type": "Organization",
            "spdxId": format!("{base}/producer"),
            "creationInfo": "_:creation",
            "name": if predicate.producer.name.is_empty() { "unknown" } else { &predicate.producer.name },
        }),
        json!({
            "type": "dataset_DatasetPackage",
            "spdxId": format!("{base}/dataset"),
            "creationInfo": "_:creation",
            "name": predicate.dataset.name,
            "software_packageVersion": predicate.dataset.version,
            "software_primaryPurpose": "data",
            "dataset_datasetType": ["text"],
            "dataset_datasetSize": predicate.outputs.bytes,
            "dataset_dataPreprocessing": processing(predicate),
            "comment": format!("declared licences: {}", license(predicate)),
        }),
    ];
    graph.extend(facts.parts.iter().map(file));
    json!({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph})
}

pub(super) fn cyclonedx(facts: &Facts<'_>) -> Value {
    let predicate = facts.predicate;
    let file = |(name, sha256): &(&str, crate::digest::Sha256)| json!({"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": sha256}]});
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "version": predicate.dataset.sequence,
        "metadata": {"tools": {"components": [
            {"type": "application", "name": predicate.tool.name, "version": predicate.tool.version},
        ]}},
        "components": [{
            "type": "data",
            "name": predicate.dataset.name,
            "version": predicate.dataset.version,
            "description": processing(predicate).join("; "),
            "data": [{
                "type": "dataset",
                "name": predicate.dataset.name,
                "contents": {"properties": [
                    {"name": "probity:records", "value": predicate.outputs.rows.to_string()},
                    {"name": "probity:contentRoot", "value": predicate.outputs.content_root},
                    {"name": "probity:declaredLicences", "value": license(predicate)},
                ]},
            }],
            "components": facts.parts.iter().map(file).collect::<Vec<_>>(),
        }],
    })
}
