//! Attesting: the indices, the public configuration, the rendered documents, then the manifest, which is written last.
//!
//! What helps somebody evade a filter is signed as digests: stages of keyword packs, stages named `hazard` or
//! `hazard-…`, and every stage that names a column of one of these. See [`manifests::disclosure`].

use crate::config::{self, Source};
use crate::files::store;
use crate::plan::Plan;
use crate::release::fates::Fates;
use crate::release::gate;
use crate::release::write::{Written, ledger_file};
use crate::source::inputs::Shard;
use crate::{Error, Result};
use manifests::canonical::to_canonical;
use manifests::digest::Sha256;
use manifests::disclosure::commit_stages;
use manifests::index::{
    FileDigest, INPUTS_INDEX, InputShard, InputsIndex, LEDGER_INDEX, LedgerIndex, LedgerShard, SALT_KEY,
};
use manifests::keys::SigningKey;
use manifests::ledger::{RuleCount, SaltKey};
use manifests::predicate::{Asset, Dataset, Fields, Producer, Teacher, Tool};
use manifests::seal::{self, Sealed, SourceDeclaration, Withheld};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What came of attesting.
#[derive(Debug)]
pub struct Attested {
    /// The sealed statement.
    pub sealed: Sealed,
    /// The limits of the gate that are broken; the release is unsigned if there are any.
    pub gate: Vec<String>,
}

/// Everything the manifest is made from.
pub(crate) struct Draft<'r> {
    pub(crate) plan: &'r Plan,
    /// Every shard found, the excluded ones too.
    pub(crate) listed: &'r [Shard],
    /// The shards read.
    pub(crate) shards: &'r [Shard],
    pub(crate) written: &'r [Written],
    pub(crate) fates: &'r Fates<'r>,
}

/// Writes everything but the shards themselves; `run` is threads and seconds, for `run.json`.
pub(crate) fn attest(
    draft: &Draft<'_>,
    release: &Path,
    key: Option<&SigningKey>,
    run: (usize, f64),
) -> Result<Attested> {
    write_json(&release.join(INPUTS_INDEX), &inputs_index(draft.listed))?;
    write_json(&release.join(LEDGER_INDEX), &ledger_index(draft)?)?;
    let (config, withheld) = withhold(draft.plan, release)?;
    write_json(&release.join("config.public.json"), &config)?;
    write_run(release, draft, run)?;
    let mut claims = claims(draft, withheld);
    let fail = |e: seal::SealError| Error::output(release, e);
    let preview = seal::preview(release, &claims).map_err(fail)?;
    claims.documents = manifests::render::DOCUMENTS.map(String::from).to_vec();
    let gate = gate::broken(draft.plan.config.file.gate.as_ref(), &preview.accounting, release)?;
    let key = key.filter(|_| gate.is_empty());
    let sealed = seal::seal(release, &claims, key).map_err(fail)?;
    Ok(Attested { sealed, gate })
}

fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let bytes = to_canonical(value).map_err(|e| Error::Bug(format!("`{}`: {e}", path.display())))?;
    store::write_file(path, &bytes)
}

/// What a release says of its inputs.
pub(crate) fn inputs_index(shards: &[Shard]) -> InputsIndex {
    let shard = |shard: &Shard| InputShard {
        name: shard.name.clone(),
        sha256: shard.sha256,
        bytes: shard.bytes,
        rows: shard.excluded.is_none().then(|| shard.rows()),
        source: shard.source.clone(),
        excluded: shard.excluded.clone(),
    };
    InputsIndex { shards: shards.iter().map(shard).collect() }
}

fn ledger_index(draft: &Draft<'_>) -> Result<LedgerIndex> {
    let mut index = LedgerIndex::default();
    for (at, (shard, written)) in draft.shards.iter().zip(draft.written).enumerate() {
        let name = ledger_file(at);
        let sha256 = digest_of(written, &name)?;
        index.shards.push(LedgerShard::new(written.entry(shard), FileDigest { name, sha256 }));
        index.outputs.extend(written.outputs.iter().cloned());
    }
    Ok(index)
}

fn digest_of(written: &Written, name: &str) -> Result<Sha256> {
    let found = written.files.iter().find(|(file, _)| file == name);
    found.map(|(_, digest)| *digest).ok_or_else(|| Error::Bug(format!("`{name}` was not written")))
}

/// The configuration as it is published, and what is left out of it.
fn withhold(plan: &Plan, release: &Path) -> Result<(Value, Withheld)> {
    let mut config = plan.resolved().clone();
    let places = plan.withheld();
    if places.is_empty() {
        return Ok((config, Withheld::default()));
    }
    let path = release.join(SALT_KEY);
    let bytes = disk::read(&path).map_err(|e| Error::output(&path, e))?;
    let key = <[u8; 32]>::try_from(bytes).map_err(|_| Error::output(&path, "not 32 bytes"))?;
    let stages = commit_stages(&mut config, places, &SaltKey::from_bytes(key))
        .map_err(|e| Error::Bug(format!("the resolved configuration: {e}")))?;
    let assets = plan.assets().iter().filter(|asset| !names(&config, &asset.name));
    Ok((config.clone(), Withheld { stages, assets: assets.map(asset).collect() }))
}

/// Whether a text stands anywhere in a document: what no public stage names belongs to a committed one.
fn names(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(items) => items.iter().any(|item| names(item, text)),
        Value::Object(fields) => fields.values().any(|field| names(field, text)),
        _ => false,
    }
}

fn asset(asset: &crate::plan::Asset) -> Asset {
    Asset { name: asset.name.clone(), sha256: asset.sha256, bytes: asset.bytes }
}

fn claims(draft: &Draft<'_>, withheld: Withheld) -> seal::Draft {
    let file = &draft.plan.config.file;
    let mut by_rule: BTreeMap<(String, String), RuleCount> = BTreeMap::new();
    for (stage, rule, removed, quarantined) in draft.written.iter().flat_map(|w| &w.by_rule) {
        let count = by_rule.entry((stage.clone(), rule.clone())).or_default();
        count.removed += removed;
        count.quarantined += quarantined;
    }
    let assets = draft.plan.assets().iter().map(asset);
    seal::Draft {
        dataset: Dataset {
            name: file.dataset.name.clone(),
            version: file.dataset.version.clone(),
            sequence: 1,
            previous_manifest: None,
            released: file.dataset.released.clone(),
        },
        producer: Producer { name: file.producer.name.clone(), contact: file.producer.contact.clone() },
        tool: Tool { name: "probity".into(), version: env!("CARGO_PKG_VERSION").into() },
        sources: file.sources.iter().map(declaration).collect(),
        by_rule,
        orphans: draft.fates.orphans(),
        assets: assets.filter(|asset| !withheld.assets.contains(asset)).collect(),
        withheld,
        documents: Vec::new(),
        fields: fields(),
    }
}

fn teacher(teacher: &config::Teacher) -> Teacher {
    let told = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Teacher { model: teacher.model.clone(), version: told(&teacher.version), license: told(&teacher.license) }
}

fn declaration(source: &Source) -> SourceDeclaration {
    let told = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    SourceDeclaration {
        id: source.id.clone(),
        license: told(&source.license),
        category: told(&source.category),
        collected: told(&source.collected),
        uri: told(&source.uri),
        teachers: source.teachers.as_ref().map(|all| all.iter().map(teacher).collect()),
    }
}

fn fields() -> Fields {
    let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Fields {
        declared: list(&[
            "dataset",
            "producer",
            "inputs.sources[].category",
            "inputs.sources[].collected",
            "inputs.sources[].id",
            "inputs.sources[].license",
            "inputs.sources[].teachers",
            "inputs.sources[].uri",
        ]),
        measured: list(&[
            "accounting",
            "assets",
            "config",
            "inputs.bytes",
            "inputs.excluded",
            "inputs.rows",
            "inputs.shards",
            "inputs.sources[].rows",
            "inputs.sources[].shards",
            "ledger",
            "outputs",
            "tool",
        ]),
    }
}

/// Times and throughput, which no signature covers.
#[derive(Serialize)]
struct RunRecord {
    seconds: f64,
    threads: usize,
    text_bytes: u64,
    text_megabytes_per_second: f64,
    finished_unix_seconds: u64,
}

fn write_run(release: &Path, draft: &Draft<'_>, (threads, seconds): (usize, f64)) -> Result<()> {
    let text_bytes: u64 = draft.written.iter().map(|w| w.in_text_bytes).sum();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let record = RunRecord {
        seconds,
        threads,
        text_bytes,
        text_megabytes_per_second: text_bytes as f64 / 1e6 / seconds.max(1e-9),
        finished_unix_seconds: now.map_or(0, |since| since.as_secs()),
    };
    let json = serde_json::to_vec_pretty(&record).map_err(|e| Error::Bug(e.to_string()))?;
    store::write_file(&release.join("run.json"), &json)
}
