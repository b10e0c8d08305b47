//! Checking a release with nothing but a public key.
//!
//! Nothing in a release is trusted until a check says so: [`verify`] turns bytes into a [`Checked`] statement by its
//! signature, the statement's digests turn index files into something to count with, and rows are counted against
//! those. Every check is reported, done or not, with what it proves. A check that is not reached stays `skipped`,
//! which is never exit code 0.
//!
//! Rows and texts come through [`Evidence`], so that this crate needs no reader for any file format.

mod attestations;
mod audits;
mod checks;
mod commitments;
mod content;
mod disclosures;
mod files;
mod indexes;
mod inputs;
mod ledger;
mod orphans;
mod release;
mod replay;
mod report;
mod signature;
mod statement;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub use attestations::Stamp;
pub use audits::public_stages;
pub use checks::{CheckId, Level, LevelError};
pub use replay::{Decided, Input, Prepared, Replay, Scope, StageKind};
pub use report::{Check, FINDINGS_MAX, Finding, Report, Status};
pub use statement::{Checked, ManifestError};

pub(crate) use indexes::Indexes;
pub(crate) use release::{INDEX_BYTES_MAX, Release};

use crate::audit::StratifiedSample;
use crate::chain::State;
use crate::digest::Sha256;
use crate::keys::PublicKey;
use crate::layout::{MANIFEST, SUMS, UNSIGNED_MANIFEST, covered, is_countersignature};
use crate::ledger::{LedgerRow, SaltKey};
use crate::policy::Policy;
use crate::predicate::Statement;
use crate::timestamp::Authority;
use disclosures::Revealed;
use report::Findings;

/// What a row's commitment was made from: digests of the text as it came in. Zeros for a record without a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// SHA-256 of the text.
    pub content: Sha256,
    /// SHA-256 of the text in the form `norm-v1`.
    pub norm: Sha256,
}

/// One released text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextDigest {
    /// SHA-256 of the text.
    pub sha256: Sha256,
    /// Its length.
    pub bytes: u64,
}

/// Rows of a ledger file, one at a time.
pub type LedgerRows<'a> = Box<dyn Iterator<Item = Result<(LedgerRow, Opening), String>> + 'a>;
/// The cells of one row after the other.
pub type CellRows<'a> = Box<dyn Iterator<Item = Result<Vec<Option<String>>, String>> + 'a>;
/// One text after the other.
pub type TextDigests<'a> = Box<dyn Iterator<Item = Result<TextDigest, String>> + 'a>;

/// Reads the files whose format this crate does not know.
///
/// An error is a finding: a file that cannot be read is not what was claimed.
pub trait Evidence {
    /// The rows of a ledger file, in order. `stems` are the shards' names in index order, by which the ledger's
    /// shard numbers become names.
    fn ledger<'a>(&'a self, file: &Path, stems: &'a [String]) -> Result<LedgerRows<'a>, String>;

    /// The values of named columns of a ledger file as text, row by row in order; `None` for a null. Numbers are in the
    /// shortest form that reads back equal.
    fn cells<'a>(&'a self, file: &Path, columns: &'a [String]) -> Result<CellRows<'a>, String>;

    /// Digest and length of the text of each record of an output part, in row order.
    fn output_texts<'a>(&'a self, file: &Path) -> Result<TextDigests<'a>, String>;

    /// The number of records in an input file.
    fn input_rows(&self, file: &Path) -> Result<u64, String>;
}

/// What to check.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The levels. `None` means signature and files; ledger and content too where `auditor/` is present; inputs too
    /// where they are given. A level that is asked for by name and cannot be checked makes the exit code 3.
    pub levels: Option<Vec<Level>>,
    /// The directory that the names in `inputs/index.json` are relative to.
    pub inputs: Option<PathBuf>,
    /// Samples that audits rest on, for those whose design is not public.
    pub samples: Vec<StratifiedSample>,
    /// Auditors whose countersignatures are checked.
    pub auditors: Vec<PublicKey>,
    /// Authorities whose timestamps are checked.
    pub authorities: Vec<Authority>,
    /// What the verifier asks of a release; its auditors and authorities count too.
    pub policy: Option<Policy>,
    /// What the verifier remembers of earlier releases.
    pub state: Option<State>,
    /// How much the level `replay` decides anew.
    pub scope: Scope,
}

impl Request {
    fn levels(&self, auditor: bool) -> Vec<Level> {
        if let Some(levels) = &self.levels {
            return levels.clone();
        }
        let mut levels = vec![Level::Signature, Level::Files];
        if auditor {
            levels.extend([Level::Ledger, Level::Content]);
        }
        if self.inputs.is_some() {
            levels.push(Level::Inputs);
        }
        levels
    }
}

/// Checks the release in `dir` with a key the caller trusts.
pub fn verify(dir: &Path, key: &PublicKey, request: &Request, evidence: &dyn Evidence) -> Report {
    verify_replaying(dir, key, request, evidence, None)
}

/// The same with what decides anew, for the level `replay`.
pub fn verify_replaying(
    dir: &Path,
    key: &PublicKey,
    request: &Request,
    evidence: &dyn Evidence,
    replay: Option<&dyn Replay>,
) -> Report {
    let mut release = match Release::open(dir) {
        Ok(release) => release,
        Err(error) => return unreadable(key, request, &error),
    };
    let levels = request.levels(release.has_auditor());
    let mut report = Report::new(key.key_id(), &levels);
    attestations::waive(request, &levels, &mut report);
    let Some(checked) = signature::manifest(&mut release, key, &mut report) else { return report };
    report.statement_sha256 = Some(checked.sha256().to_string());
    let statement = checked.statement();
    let mut directory = None;
    if report.wants(CheckId::SignatureDirectory) || report.wants(CheckId::FilesDirectory) {
        directory = signature::directory(&mut release, key, statement, &mut report);
    }
    attestations::check(&mut release, &checked, key, request, &mut report);
    let indexes = read_indexes(&mut release, statement, &mut report);
    if levels.contains(&Level::Files) {
        check_files(&mut release, statement, indexes.as_ref(), &mut report);
        if let Some(listed) = directory {
            settle(&mut report, CheckId::FilesDirectory, |findings| {
                files::directory(&mut release, &listed, findings);
            });
        }
    }
    let revealed = reveal(&mut release, statement, &mut report);
    let Some(indexes) = indexes else { return report };
    audits::check(&mut release, checked.sha256(), &indexes, evidence, request, &mut report);
    let salt_key = files::trusted_salt_key(&mut release, statement);
    let case = Case {
        release: &release,
        statement,
        indexes: &indexes,
        revealed: revealed.as_ref(),
        salt_key: salt_key.as_ref(),
        evidence,
    };
    let mut placement = None;
    if levels.contains(&Level::Ledger) || levels.contains(&Level::Content) {
        let texts = levels.contains(&Level::Content);
        placement = ledger::check(&case, texts, &mut report);
    }
    if levels.contains(&Level::Content) {
        content::check(&case, placement, &mut report);
    }
    if levels.contains(&Level::Inputs) {
        inputs::check(&case, request.inputs.as_deref(), &mut report);
    }
    if levels.contains(&Level::Replay) {
        replay::check(&case, request.inputs.as_deref(), &request.scope, replay, &mut report);
    }
    report
}

/// What the checks of rows work on: a signed statement and the index files it signs.
struct Case<'a> {
    release: &'a Release,
    statement: &'a Statement,
    indexes: &'a Indexes,
    /// What is public as digests only; `None` if it could not be opened.
    revealed: Option<&'a Revealed>,
    /// The key the manifest commits to.
    salt_key: Option<&'a SaltKey>,
    evidence: &'a dyn Evidence,
}

fn unreadable(key: &PublicKey, request: &Request, error: &std::io::Error) -> Report {
    let mut report = Report::new(key.key_id(), &request.levels(false));
    settle(&mut report, CheckId::SignatureBundle, |findings| findings.add(".", "a readable release", error));
    report
}

fn settle(report: &mut Report, id: CheckId, check: impl FnOnce(&mut Findings)) -> bool {
    let mut findings = Findings::default();
    check(&mut findings);
    report.settle(id, findings)
}

/// The index files, if they are the signed ones. That they contradict something does not keep them from being used:
/// the rows decide who is right.
fn read_indexes(release: &mut Release, statement: &Statement, report: &mut Report) -> Option<Indexes> {
    if !report.wants(CheckId::FilesIndexes) {
        return None;
    }
    let mut findings = Findings::default();
    let indexes = Indexes::signed(release, statement, &mut findings);
    if let Some(indexes) = &indexes {
        indexes::contradictions(indexes, &statement.predicate, &mut findings);
    }
    report.settle(CheckId::FilesIndexes, findings);
    indexes
}

/// The committed fields, where the view carries their openings.
fn reveal(release: &mut Release, statement: &Statement, report: &mut Report) -> Option<Revealed> {
    if !release.has_auditor() {
        report.waive(CheckId::FilesDisclosures, "this view carries no `auditor/`");
        return None;
    }
    if !report.wants(CheckId::FilesDisclosures) {
        return None;
    }
    let mut findings = Findings::default();
    let revealed = disclosures::check(release, statement, &mut findings);
    report.settle(CheckId::FilesDisclosures, findings);
    revealed
}

fn check_files(release: &mut Release, statement: &Statement, indexes: Option<&Indexes>, report: &mut Report) {
    let mut findings = Findings::default();
    let listed = files::sums(release, statement, indexes, &mut findings);
    report.settle(CheckId::FilesSums, findings);
    match &listed {
        Some(listed) => {
            settle(report, CheckId::FilesDigests, |findings| {
                files::digests(release, statement, listed, findings);
            });
        }
        None => report.skip(CheckId::FilesDigests, "there is no signed list to compare with"),
    }
    settle(report, CheckId::FilesDocuments, |findings| {
        files::documents(release, statement, listed.as_ref(), findings);
    });
    match expected_names(listed, statement, indexes) {
        Some(names) => {
            settle(report, CheckId::FilesMissing, |findings| files::missing(release, &names, findings));
            settle(report, CheckId::FilesExtra, |findings| files::extra(release, &names, MANIFEST, findings));
            note_countersignatures(release, report);
        }
        None => {
            for id in [CheckId::FilesMissing, CheckId::FilesExtra] {
                report.skip(id, "neither a signed list nor a signed index says which files there should be");
            }
        }
    }
    settle(report, CheckId::FilesConfig, |findings| files::config(release, statement, findings));
    if release.has_auditor() {
        settle(report, CheckId::FilesAuditor, |findings| {
            files::auditor(release, statement, indexes, findings);
        });
    } else {
        report.waive(CheckId::FilesAuditor, "this view carries no `auditor/`");
    }
}

/// The names a release should have, by its list or else by its ledger index.
fn expected_names(
    listed: Option<files::Listed>,
    statement: &Statement,
    indexes: Option<&Indexes>,
) -> Option<BTreeSet<String>> {
    let documents = statement.predicate.documents.iter().map(|document| document.name.as_str());
    match (listed, indexes) {
        (Some(listed), _) => Some(listed.into_keys().collect()),
        (None, Some(indexes)) => Some(covered(&indexes.ledger, documents)),
        (None, None) => None,
    }
}

fn note_countersignatures(release: &Release, report: &mut Report) {
    let count = release.files().iter().filter(|name| is_countersignature(name)).count();
    let checked = report.status(CheckId::SignatureCountersignatures) != Status::NotRequested;
    if count > 0 && !checked && report.status(CheckId::FilesExtra) == Status::Pass {
        let note =
            format!("nothing unknown; {count} countersignatures were not checked, their keys are not known");
        report.note(CheckId::FilesExtra, note);
    }
}

/// Whether a statement agrees with itself and with the index files: asked before it is written.
pub(crate) fn self_consistent(indexes: &Indexes, statement: &Statement) -> Result<(), Finding> {
    let mut findings = Findings::default();
    statement::contradictions(statement, &mut findings);
    indexes::contradictions(indexes, &statement.predicate, &mut findings);
    findings.into_first().map_or(Ok(()), Err)
}

/// Reads a statement that still has to be signed and makes sure that the files are the ones it was made for. Gives
/// the statement and the digests of all files that a signature over the directory covers.
pub(crate) fn unsigned(release: &mut Release, payload: &[u8]) -> Result<(Statement, files::Listed), Finding> {
    let mut findings = Findings::default();
    let Some(statement) = statement::parse(payload, &mut findings) else {
        let unreadable = || Finding::new(UNSIGNED_MANIFEST, "a statement", "none");
        return Err(findings.into_first().unwrap_or_else(unreadable));
    };
    statement::contradictions(&statement, &mut findings);
    let indexes = Indexes::signed(release, &statement, &mut findings);
    if let Some(indexes) = &indexes {
        indexes::contradictions(indexes, &statement.predicate, &mut findings);
    }
    let listed = files::sums(release, &statement, indexes.as_ref(), &mut findings);
    let mut listed = listed.unwrap_or_default();
    files::digests(release, &statement, &listed, &mut findings);
    let names = listed.keys().cloned().collect();
    files::missing(release, &names, &mut findings);
    files::extra(release, &names, UNSIGNED_MANIFEST, &mut findings);
    files::config(release, &statement, &mut findings);
    files::documents(release, &statement, Some(&listed), &mut findings);
    files::auditor(release, &statement, indexes.as_ref(), &mut findings);
    match release.digest(SUMS) {
        Ok((sha256, _)) => drop(listed.insert(SUMS.to_owned(), sha256)),
        Err(why) => findings.add(SUMS, "a readable file", why),
    }
    findings.into_first().map_or(Ok((statement, listed)), Err)
}
