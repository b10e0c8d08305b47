//! The signed statement: one reading of its bytes, and arithmetic that holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::report::Findings;
use crate::bundle::{BUNDLE_BYTES_MAX, BundleError, open_bundle};
use crate::canonical::parse_canonical;
use crate::digest::Sha256;
use crate::disclosure::{ALGORITHM, COMMITTED, PAD, is_digest};
use crate::index::{AUDITOR_INDEX, INPUTS_INDEX, LEDGER_INDEX};
use crate::keys::PublicKey;
use crate::layout::{CONFIG, MANIFEST, RESERVED, SUMS};
use crate::paths::RelPath;
use crate::predicate::{
    FORMAT_VERSION, LEDGER_FORMAT, NORMALIZATION, PREDICATE_TYPE, Predicate, STATEMENT_TYPE, Statement,
    Subject,
};

/// A statement whose signature held under a key the caller trusts.
///
/// Only verification makes one, so a function that takes a `Checked` cannot be given bytes nobody vouched for.
#[derive(Clone, Debug)]
pub struct Checked {
    statement: Statement,
    sha256: Sha256,
}

/// Why a bundle gives no statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The envelope or its signature does not hold.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The signed bytes are not a curation manifest, or contradict themselves.
    #[error("the signed statement does not hold: {0}")]
    Statement(String),
}

impl Checked {
    /// Opens the bytes of a `manifest.sigstore.json` with a trusted key.
    pub fn open(bundle: &[u8], key: &PublicKey) -> Result<Self, ManifestError> {
        let mut findings = Findings::default();
        let checked = Self::read(&open_bundle(bundle, key)?, &mut findings);
        match (checked, findings.into_first()) {
            (Some(checked), None) => Ok(checked),
            (_, Some(finding)) => Err(ManifestError::Statement(finding.to_string())),
            (None, None) => Err(ManifestError::Statement("unreadable".to_owned())),
        }
    }

    /// Reads bytes whose signature held. A statement that contradicts itself is still given, so that the checks
    /// against the data can say which side is wrong.
    pub(super) fn read(payload: &[u8], findings: &mut Findings) -> Option<Self> {
        let statement = parse(payload, findings)?;
        contradictions(&statement, findings);
        Some(Self { statement, sha256: Sha256::of(payload) })
    }

    /// The statement.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Its claims.
    pub fn predicate(&self) -> &Predicate {
        &self.statement.predicate
    }

    /// Digest of the statement bytes: what the next release names as `previousManifest`.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }
}

/// The part of any statement that says what kind it is.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "_type", default)]
    statement_type: String,
    #[serde(rename = "predicateType", default)]
    predicate_type: String,
}

/// Reads statement bytes. A foreign type is named as such rather than as the first field that does not fit.
pub(crate) fn parse(payload: &[u8], findings: &mut Findings) -> Option<Statement> {
    match parse_canonical(payload, BUNDLE_BYTES_MAX) {
        Ok(statement) => Some(statement),
        Err(error) => {
            if let Ok(head) = serde_json::from_slice::<Head>(payload) {
                types(&head.statement_type, &head.predicate_type, findings);
            }
            if findings.is_empty() {
                findings.add(MANIFEST, "a curation manifest in canonical form", error);
            }
            None
        }
    }
}

fn types(statement_type: &str, predicate_type: &str, findings: &mut Findings) {
    findings.same(MANIFEST, "_type", STATEMENT_TYPE, statement_type);
    findings.same(MANIFEST, "predicateType", PREDICATE_TYPE, predicate_type);
}

/// The signed digest of a subject.
pub(super) fn subject(statement: &Statement, name: &str) -> Option<Sha256> {
    let subject = statement.subject.iter().find(|subject| subject.name == name);
    subject.map(|subject| subject.digest.sha256)
}

/// Everything that can be wrong with a statement on its own, without any other file.
pub(crate) fn contradictions(statement: &Statement, findings: &mut Findings) {
    let predicate = &statement.predicate;
    types(&statement.statement_type, &statement.predicate_type, findings);
    constants(predicate, findings);
    subjects(&statement.subject, predicate, findings);
    sequence(predicate, findings);
    totals(predicate, findings);
    reasons(predicate, findings);
    documents(predicate, findings);
    disclosures(predicate, findings);
}

fn constants(predicate: &Predicate, findings: &mut Findings) {
    for (what, expected, got) in [
        ("formatVersion", FORMAT_VERSION, &predicate.format_version),
        ("config.file", CONFIG, &predicate.config.file),
        ("inputs.index.name", INPUTS_INDEX, &predicate.inputs.index.name),
        ("ledger.index.name", LEDGER_INDEX, &predicate.ledger.index.name),
        ("ledger.format", LEDGER_FORMAT, &predicate.ledger.format),
        ("ledger.normalization", NORMALIZATION, &predicate.ledger.normalization),
        ("auditor.index.name", AUDITOR_INDEX, &predicate.auditor.index.name),
        ("disclosures.alg", ALGORITHM, &predicate.disclosures.alg),
    ] {
        findings.same(MANIFEST, what, expected, got);
    }
}

fn subjects(found: &[Subject], predicate: &Predicate, findings: &mut Findings) {
    let names: Vec<&str> = found.iter().map(|subject| subject.name.as_str()).collect();
    findings.same(
        MANIFEST,
        "subjects",
        [SUMS, INPUTS_INDEX, LEDGER_INDEX].join(", ").as_str(),
        &names.join(", "),
    );
    for index in [&predicate.inputs.index, &predicate.ledger.index] {
        if let Some(subject) = found.iter().find(|subject| subject.name == index.name) {
            let what = format!("the digest of subject `{}`", index.name);
            findings.same(MANIFEST, &what, subject.digest.sha256, index.digest.sha256);
        }
    }
}

fn sequence(predicate: &Predicate, findings: &mut Findings) {
    let dataset = &predicate.dataset;
    if dataset.sequence == 0 {
        findings.add(MANIFEST, "a dataset.sequence of at least 1", 0);
    } else if (dataset.sequence == 1) != dataset.previous_manifest.is_none() {
        let got = if dataset.sequence == 1 { "one in the first release" } else { "none in a later one" };
        findings.add(MANIFEST, "dataset.previousManifest in every release but the first", got);
    }
}

/// A sum that cannot be a number of records is no sum; such a value equals nothing that is claimed.
fn sum(numbers: impl IntoIterator<Item = u64>) -> u64 {
    numbers.into_iter().fold(0, u64::saturating_add)
}

fn totals(predicate: &Predicate, findings: &mut Findings) {
    let (counts, inputs, outputs) = (&predicate.accounting, &predicate.inputs, &predicate.outputs);
    let released = sum([counts.kept, counts.edited]);
    for (what, expected, got) in [
        (
            "kept + edited + removed + quarantined =",
            counts.records_in,
            sum([released, counts.removed, counts.quarantined]),
        ),
        ("inputs.rows", counts.records_in, inputs.rows),
        ("ledger.rows", counts.records_in, predicate.ledger.rows),
        ("outputs.rows", sum([released, counts.repeated]), outputs.rows),
        ("rows of all sources", inputs.rows, sum(inputs.sources.iter().map(|source| source.rows))),
        ("shards of all sources", inputs.shards, sum(inputs.sources.iter().map(|source| source.shards))),
        ("removed by all stages", counts.removed, sum(counts.by_stage.iter().map(|stage| stage.removed))),
        ("removed by all rules", counts.removed, sum(counts.by_rule.iter().map(|rule| rule.removed))),
        (
            "quarantined by all stages",
            counts.quarantined,
            sum(counts.by_stage.iter().map(|stage| stage.quarantined)),
        ),
        (
            "quarantined by all rules",
            counts.quarantined,
            sum(counts.by_rule.iter().map(|rule| rule.quarantined)),
        ),
    ] {
        findings.same(MANIFEST, what, expected, got);
    }
    let taken_out = sum([counts.removed, counts.quarantined]);
    if !outputs.splits.is_empty() {
        let rows = sum(outputs.splits.iter().map(|split| split.rows));
        findings.same(MANIFEST, "rows of all splits", outputs.rows, rows);
    }
    if counts.orphans > taken_out {
        findings.add(MANIFEST, format_args!("at most {taken_out} orphans"), counts.orphans);
    }
}

/// The stages are the sums of their rules, and both lists are sorted and name nothing twice.
fn reasons(predicate: &Predicate, findings: &mut Findings) {
    let counts = &predicate.accounting;
    let mut stages: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for rule in &counts.by_rule {
        let stage = stages.entry(&rule.stage).or_default();
        *stage = (sum([stage.0, rule.removed]), sum([stage.1, rule.quarantined]));
    }
    let claimed =
        counts.by_stage.iter().map(|stage| (stage.stage.as_str(), stage.removed, stage.quarantined));
    if !claimed.eq(stages.iter().map(|(stage, (removed, quarantined))| (*stage, *removed, *quarantined))) {
        findings.add(MANIFEST, "accounting.byStage in order and the sum of byRule", "another table");
    }
    if !counts.by_rule.is_sorted_by(|a, b| (&a.stage, &a.rule) < (&b.stage, &b.rule)) {
        findings.add(MANIFEST, "accounting.byRule in byte order, each rule once", "another order");
    }
    if !predicate.inputs.sources.is_sorted_by(|a, b| a.id < b.id) {
        findings.add(MANIFEST, "inputs.sources in byte order, each source once", "another order");
    }
}

fn disclosures(predicate: &Predicate, findings: &mut Findings) {
    let digests = &predicate.disclosures.digests;
    let well_formed = digests.iter().all(|digest| is_digest(digest));
    if !well_formed || !digests.is_sorted_by(|a, b| a < b) || !digests.len().is_multiple_of(PAD) {
        let expected = format!("disclosures.digests in byte order, each once, a multiple of {PAD} in number");
        findings.add(MANIFEST, expected, "another list");
    }
    let withheld = predicate.accounting.by_rule.iter().any(|rule| rule.stage == COMMITTED);
    if withheld && digests.is_empty() {
        findings.add(MANIFEST, "digests of the committed stages", "none");
    }
}

fn documents(predicate: &Predicate, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for document in &predicate.documents {
        let name = document.name.as_str();
        let plain = name.parse::<RelPath>().is_ok() && !name.contains('/') && !RESERVED.contains(&name);
        if !plain || !seen.insert(name) {
            findings.add(MANIFEST, "documents of their own name at the top of the release", name);
        }
    }
}
