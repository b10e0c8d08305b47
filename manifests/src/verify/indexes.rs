//! The two public index files: what was read and what was decided, shard by shard.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::release::{INDEX_BYTES_MAX, Release};
use super::report::{Finding, Findings};
use super::statement::subject;
use crate::canonical::parse_canonical;
use crate::digest::Sha256;
use crate::index::{INPUTS_INDEX, InputsIndex, LEDGER_INDEX, LedgerIndex, LedgerShard, OutputPart};
use crate::ledger::{content_root, decision_root, record_root, shard_stem};
use crate::paths::RelPath;
use crate::predicate::{Predicate, Statement};

/// Both index files, read.
pub(crate) struct Indexes {
    pub(crate) inputs: InputsIndex,
    pub(crate) ledger: LedgerIndex,
}

impl Indexes {
    /// Reads them as they lie there, before anything is signed.
    pub(crate) fn read(release: &mut Release) -> Result<Self, Finding> {
        let mut findings = Findings::default();
        let inputs = load(release, INPUTS_INDEX, None, &mut findings);
        let ledger = load(release, LEDGER_INDEX, None, &mut findings);
        match (inputs, ledger, findings.into_first()) {
            (Some(inputs), Some(ledger), None) => Ok(Self { inputs, ledger }),
            (_, _, Some(finding)) => Err(finding),
            _ => Err(Finding::new(INPUTS_INDEX, "an index", "none")),
        }
    }

    /// Reads them if they are the ones the statement signs.
    pub(super) fn signed(
        release: &mut Release,
        statement: &Statement,
        findings: &mut Findings,
    ) -> Option<Self> {
        let inputs = load(release, INPUTS_INDEX, subject(statement, INPUTS_INDEX), findings);
        let ledger = load(release, LEDGER_INDEX, subject(statement, LEDGER_INDEX), findings);
        Some(Self { inputs: inputs?, ledger: ledger? })
    }

    /// The stems of the ledger's shards, in index order.
    pub(super) fn stems(&self) -> Vec<String> {
        self.ledger.shards.iter().map(|shard| shard.name.clone()).collect()
    }
}

/// Reads a canonical file; bytes other than the signed ones are never parsed.
pub(super) fn load<T: DeserializeOwned + Serialize>(
    release: &mut Release,
    name: &str,
    signed: Option<Sha256>,
    findings: &mut Findings,
) -> Option<T> {
    let bytes = match release.read(name, INDEX_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(why) => {
            findings.add(name, "a readable file", why);
            return None;
        }
    };
    let found = Sha256::of(&bytes);
    if let Some(signed) = signed.filter(|signed| *signed != found) {
        findings.add(name, format_args!("sha256 {signed}"), found);
        return None;
    }
    match parse_canonical(&bytes, INDEX_BYTES_MAX) {
        Ok(value) => Some(value),
        Err(why) => {
            findings.add(name, "an index in canonical form", why);
            None
        }
    }
}

/// Everything in the index files that contradicts them or the claims.
pub(crate) fn contradictions(indexes: &Indexes, predicate: &Predicate, findings: &mut Findings) {
    inputs(&indexes.inputs, predicate, findings);
    shards(indexes, findings);
    ledger(&indexes.ledger, predicate, findings);
    outputs(&indexes.ledger, predicate, findings);
}

fn inputs(index: &InputsIndex, predicate: &Predicate, findings: &mut Findings) {
    let (totals, claimed) = (index.totals(), &predicate.inputs);
    for (what, expected, got) in [
        ("inputs.shards", claimed.shards, totals.shards),
        ("inputs.excluded", claimed.excluded, totals.excluded),
        ("inputs.rows", claimed.rows, totals.rows),
        ("inputs.bytes", claimed.bytes, totals.bytes),
    ] {
        findings.same(INPUTS_INDEX, what, expected, got);
    }
    for source in &claimed.sources {
        let (shards, rows) = totals.sources.get(&source.id).copied().unwrap_or_default();
        findings.same(INPUTS_INDEX, &format!("shards of source `{}`", source.id), source.shards, shards);
        findings.same(INPUTS_INDEX, &format!("rows of source `{}`", source.id), source.rows, rows);
    }
    let listed: BTreeSet<&str> = claimed.sources.iter().map(|source| source.id.as_str()).collect();
    for id in totals.sources.keys().filter(|id| !listed.contains(id.as_str())) {
        findings.add(INPUTS_INDEX, "a source that the manifest lists", id);
    }
    for shard in &index.shards {
        if let Err(why) = shard.name.parse::<RelPath>() {
            findings.add(INPUTS_INDEX, "safe names of shards", format_args!("{:?}: {why}", shard.name));
        }
        if shard.rows.is_none() && shard.excluded.is_none() {
            findings.add(INPUTS_INDEX, format_args!("the number of rows of `{}`", shard.name), "null");
        }
    }
    if !index.shards.is_sorted_by(|a, b| shard_stem(&a.name) < shard_stem(&b.name)) {
        findings.add(INPUTS_INDEX, "shards in byte order of their stems, each once", "another order");
    }
}

/// The ledger speaks about exactly the shards that were read, in their order.
fn shards(indexes: &Indexes, findings: &mut Findings) {
    let read: Vec<_> = indexes.inputs.read().collect();
    let entries = &indexes.ledger.shards;
    findings.same(LEDGER_INDEX, "shards", read.len(), entries.len());
    for (input, entry) in read.iter().zip(entries) {
        findings.same(LEDGER_INDEX, "shard", shard_stem(&input.name), entry.name.as_str());
        let what = format!("digest of input `{}`", input.name);
        findings.same(LEDGER_INDEX, &what, input.sha256, entry.input_sha256);
        findings.same(
            LEDGER_INDEX,
            &format!("rows of `{}`", entry.name),
            input.rows.unwrap_or(0),
            entry.rows,
        );
        let fates = [entry.kept, entry.edited, entry.removed, entry.quarantined];
        let total = fates.into_iter().fold(0, u64::saturating_add);
        findings.same(LEDGER_INDEX, &format!("fates of `{}`", entry.name), entry.rows, total);
    }
    let mut files = BTreeSet::new();
    for file in entries.iter().map(|entry| &entry.ledger_file.name) {
        if !(file.starts_with("auditor/") && file.parse::<RelPath>().is_ok() && files.insert(file)) {
            findings.add(LEDGER_INDEX, "one ledger file under `auditor/` for each shard", file);
        }
    }
}

fn ledger(index: &LedgerIndex, predicate: &Predicate, findings: &mut Findings) {
    let count =
        |number: fn(&LedgerShard) -> u64| index.shards.iter().map(number).fold(0, u64::saturating_add);
    let claimed = &predicate.accounting;
    for (what, expected, got) in [
        ("accounting.in", claimed.records_in, count(|shard| shard.rows)),
        ("accounting.kept", claimed.kept, count(|shard| shard.kept)),
        ("accounting.edited", claimed.edited, count(|shard| shard.edited)),
        ("accounting.removed", claimed.removed, count(|shard| shard.removed)),
        ("accounting.quarantined", claimed.quarantined, count(|shard| shard.quarantined)),
    ] {
        findings.same(LEDGER_INDEX, what, expected, got);
    }
    let entries: Vec<_> = index.shards.iter().map(LedgerShard::entry).collect();
    let claimed = &predicate.ledger;
    findings.same(LEDGER_INDEX, "ledger.recordRoot", claimed.record_root, record_root(&entries));
    findings.same(LEDGER_INDEX, "ledger.decisionRoot", claimed.decision_root, decision_root(&entries));
}

fn outputs(index: &LedgerIndex, predicate: &Predicate, findings: &mut Findings) {
    let (parts, claimed) = (&index.outputs, &predicate.outputs);
    let sum = |numbers: Vec<u64>| numbers.into_iter().fold(0, u64::saturating_add);
    for (what, expected, got) in [
        ("outputs.shards", claimed.shards, parts.len() as u64),
        ("outputs.rows", claimed.rows, sum(parts.iter().map(|part| part.rows).collect())),
        ("outputs.textBytes", claimed.text_bytes, sum(parts.iter().map(|part| part.text_bytes).collect())),
    ] {
        findings.same(LEDGER_INDEX, what, expected, got);
    }
    let roots: Vec<Sha256> = parts.iter().map(|part| part.content_root).collect();
    findings.same(LEDGER_INDEX, "outputs.contentRoot", claimed.content_root, content_root(&roots));
    if index.splits() != claimed.splits {
        findings.add(LEDGER_INDEX, "the splits that the manifest lists", "others");
    }
    let mut names = BTreeSet::new();
    for OutputPart { name, split, .. } in parts {
        let folder = split.as_ref().map_or_else(|| "data/".to_owned(), |split| format!("data/{split}/"));
        let in_folder = name.strip_prefix(&folder).is_some_and(|file| split.is_none() || !file.contains('/'));
        if !(in_folder && name.parse::<RelPath>().is_ok() && names.insert(name)) {
            findings.add(
                LEDGER_INDEX,
                "output parts under `data/`, in the folder of their split, each once",
                name,
            );
        }
    }
}
