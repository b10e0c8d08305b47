//! SLSA provenance v1 (<https://slsa.dev/spec/v1.0/provenance>) and OpenLineage 2-0-2, on request. Both leave out times,
//! which no signed byte of a release holds; what requires one says so.

use serde_json::{Value, json};

use super::Facts;
use crate::index::{INPUTS_INDEX, LEDGER_INDEX};
use crate::predicate::STATEMENT_TYPE;

pub(super) fn slsa(facts: &Facts<'_>) -> Value {
    let predicate = facts.predicate;
    let file =
        |(name, sha256): &(&str, crate::digest::Sha256)| json!({"name": name, "digest": {"sha256": sha256}});
    let asset =
        |asset: &crate::predicate::Asset| json!({"name": asset.name, "digest": {"sha256": asset.sha256}});
    let mut dependencies = vec![json!({"name": INPUTS_INDEX, "digest": predicate.inputs.index.digest})];
    dependencies.extend(predicate.assets.iter().map(asset));
    json!({
        "_type": STATEMENT_TYPE,
        "subject": facts.parts.iter().map(file).collect::<Vec<_>>(),
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:x-probity:curation:v1",
                "externalParameters": {"config": {"name": predicate.config.file, "digest": predicate.config.digest}},
                "internalParameters": {},
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": {
                    "id": format!("urn:x-probity:tool:{}", predicate.tool.name),
                    "version": {"probity": predicate.tool.version},
                },
                "byproducts": [{"name": LEDGER_INDEX, "digest": predicate.ledger.index.digest}],
            },
        },
    })
}

pub(super) fn openlineage(facts: &Facts<'_>) -> Value {
    let predicate = facts.predicate;
    let producer = format!("urn:x-probity:tool:{}:{}", predicate.tool.name, predicate.tool.version);
    let input =
        |source: &crate::predicate::Source| json!({"namespace": predicate.dataset.name, "name": source.id});
    let output = |(name, _): &(&str, crate::digest::Sha256)| json!({"namespace": predicate.dataset.name, "name": name});
    json!({
        "eventType": "COMPLETE",
        // The declared date: a release holds no clock.
        "eventTime": predicate.dataset.released.as_deref().map_or_else(
            || "1970-01-01T00:00:00Z".to_owned(),
            |date| if date.len() == 10 { format!("{date}T00:00:00Z") } else { date.to_owned() },
        ),
        "producer": producer,
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id(&predicate.ledger.record_root)},
        "job": {"namespace": predicate.dataset.name, "name": format!("curate {}", predicate.dataset.version)},
        "inputs": predicate.inputs.sources.iter().map(input).collect::<Vec<_>>(),
        "outputs": facts.parts.iter().map(output).collect::<Vec<_>>(),
    })
}

/// A UUID of version 8 (RFC 9562, section 5.8) from the record root: the same run has the same name.
fn run_id(root: &crate::digest::Sha256) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&root.0[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
