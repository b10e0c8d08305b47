//! What a replay rests on: that it is what was signed.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

use super::super::Case;
use super::super::disclosures::Revealed;
use super::{Findings, Input, Prepared};
use crate::digest::{Sha256, sha256_file};
use crate::disclosure::DISCLOSURES;
use crate::index::LEDGER_INDEX;
use crate::layout::{CONFIG, MANIFEST};
use crate::paths::RelPath;
use crate::predicate::Asset;

/// The configuration, the files it rests on, and the inputs and ledger files that are read.
pub(super) struct Basis<'a> {
    case: &'a Case<'a>,
    /// The inputs that were read, in order.
    pub(super) inputs: Vec<Input>,
    pub(super) findings: Findings,
    /// Files that are not there.
    pub(super) missing: Vec<String>,
}

impl<'a> Basis<'a> {
    pub(super) fn new(case: &'a Case<'a>, root: &Path) -> Self {
        let mut basis = Self { case, inputs: Vec::new(), findings: Findings::default(), missing: Vec::new() };
        for (number, shard) in case.indexes.inputs.read().enumerate() {
            match shard.name.parse::<RelPath>() {
                Ok(name) => {
                    basis.inputs.push(Input { shard: shard.clone(), path: name.under(root), number });
                }
                Err(_) => basis.findings.add(&shard.name, "a safe name", "one that leads elsewhere"),
            }
        }
        let ledgers = case.indexes.ledger.shards.len();
        basis.findings.same(LEDGER_INDEX, "one ledger for each input: number", basis.inputs.len(), ledgers);
        basis
    }

    /// The configuration at hand is the opened one, and so are the files it names.
    pub(super) fn configuration(&mut self, revealed: &Revealed, prepared: &Prepared) {
        differences("", &revealed.config, &prepared.config, &mut self.findings);
        let committed = revealed.opened.assets().unwrap_or_default();
        let signed = self.case.statement.predicate.assets.iter().map(|asset| (MANIFEST, asset));
        let signed = signed.chain(committed.iter().map(|asset| (DISCLOSURES, asset)));
        let key = |asset: &Asset| (asset.name.clone(), asset.sha256);
        let mut found: BTreeMap<(String, Sha256), &Asset> =
            prepared.assets.iter().map(|asset| (key(asset), asset)).collect();
        for (file, asset) in signed {
            if found.remove(&key(asset)).is_none() {
                let other = prepared.assets.iter().find(|other| other.name == asset.name);
                let got = other.map_or_else(|| "none".to_owned(), |other| other.sha256.to_string());
                self.findings.add(
                    file,
                    format_args!("asset `{}` with sha256 {}", asset.name, asset.sha256),
                    got,
                );
            }
        }
        let signed_names: Vec<&str> = self
            .case
            .statement
            .predicate
            .assets
            .iter()
            .chain(&committed)
            .map(|asset| asset.name.as_str())
            .collect();
        for ((name, sha256), _) in found {
            if !signed_names.contains(&name.as_str()) {
                self.findings.add(MANIFEST, format_args!("no asset `{name}`"), sha256);
            }
        }
    }

    /// The rows that the footer of an input promises are those that were counted, so that no footer makes the work
    /// endless.
    pub(super) fn rows(&mut self, number: usize, row_groups: &[u64]) {
        let Some(shard) = self.case.indexes.ledger.shards.get(number) else { return };
        let found = row_groups.iter().fold(0_u64, |sum, rows| sum.saturating_add(*rows));
        self.findings.same(&self.inputs[number].shard.name, "rows", shard.rows, found);
    }

    /// An input and the ledger of its records are the signed files.
    pub(super) fn files(&mut self, number: usize) {
        let Some(input) = self.inputs.get(number) else { return };
        match sha256_file(&input.path) {
            Ok((sha256, _)) => self.findings.same(&input.shard.name, "sha256", input.shard.sha256, sha256),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.missing.push(format!("input `{}`", input.shard.name));
            }
            Err(error) => self.missing.push(format!("input `{}` ({error})", input.shard.name)),
        }
        let Some(shard) = self.case.indexes.ledger.shards.get(number) else { return };
        let ledger = &shard.ledger_file;
        let path = self.case.release.path(&ledger.name).filter(|_| self.case.release.has(&ledger.name));
        match path.map(|path| sha256_file(&path)) {
            Some(Ok((sha256, _))) => self.findings.same(&ledger.name, "sha256", ledger.sha256, sha256),
            Some(Err(error)) => self.findings.add(&ledger.name, "a readable ledger file", error),
            None => self.findings.add(&ledger.name, "a ledger file", "none"),
        }
    }
}

/// Every key that differs, by its place.
fn differences(place: &str, signed: &Value, found: &Value, findings: &mut Findings) {
    match (signed, found) {
        (Value::Object(signed), Value::Object(found)) => {
            let keys: std::collections::BTreeSet<&String> = signed.keys().chain(found.keys()).collect();
            for key in keys {
                let below = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                differences(&below, &of(signed), &of(found), findings);
            }
        }
        (Value::Array(signed), Value::Array(found)) if signed.len() == found.len() => {
            for (at, (signed, found)) in signed.iter().zip(found).enumerate() {
                differences(&format!("{place}[{at}]"), signed, found, findings);
            }
        }
        _ if signed == found => {}
        _ => findings.add(CONFIG, format_args!("`{place}` = {signed}"), found),
    }
}
