//! What a verification found, check by check.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::attestations::Stamp;
use super::checks::{CheckId, Level};
use crate::audit::attest::Audited;
use crate::countersign::Countersigned;

/// How many findings of one check are listed; the rest is counted.
pub const FINDINGS_MAX: usize = 100;

/// The answer to one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It was done, and everything was as claimed.
    Pass,
    /// It was done, and something was not as claimed.
    Fail,
    /// It was requested and could not be done.
    Skipped,
    /// It was not requested, or it does not apply to this release.
    NotRequested,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::Skipped => "skipped",
            Self::NotRequested => "not requested",
        }
    }
}

/// One thing that is not as claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The file of the release, or the input file, that it concerns.
    pub file: String,
    /// The row in that file, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// What was claimed.
    pub expected: String,
    /// What was found.
    pub got: String,
}

impl Finding {
    pub(crate) fn new(file: &str, expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        Self { file: file.to_owned(), row: None, expected: expected.to_string(), got: got.to_string() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file)?;
        if let Some(row) = self.row {
            write!(f, " row {row}")?;
        }
        write!(f, ": expected {}, got {}", self.expected, self.got)
    }
}

/// The findings of one check while it runs: all are counted, the first [`FINDINGS_MAX`] are kept.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
    omitted: u64,
}

impl Findings {
    /// Something about a file.
    pub(crate) fn add(&mut self, file: &str, expected: impl fmt::Display, got: impl fmt::Display) {
        self.push(file, None, &expected, &got);
    }

    /// Something about a row of a file.
    pub(crate) fn add_row(
        &mut self,
        file: &str,
        row: u64,
        expected: impl fmt::Display,
        got: impl fmt::Display,
    ) {
        self.push(file, Some(row), &expected, &got);
    }

    /// A finding if the two differ.
    pub(crate) fn same<T: PartialEq + fmt::Display>(&mut self, file: &str, what: &str, expected: T, got: T) {
        if expected != got {
            self.add(file, format_args!("{what} {expected}"), got);
        }
    }

    fn push(&mut self, file: &str, row: Option<u64>, expected: &dyn fmt::Display, got: &dyn fmt::Display) {
        // Past the limit nothing is even formatted: a release of a billion wrong rows must not fill the memory.
        if self.list.len() >= FINDINGS_MAX {
            self.omitted += 1;
            return;
        }
        self.list.push(Finding {
            file: file.to_owned(),
            row,
            expected: expected.to_string(),
            got: got.to_string(),
        });
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first finding.
    pub(crate) fn into_first(self) -> Option<Finding> {
        self.list.into_iter().next()
    }
}

/// One check and its answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Check {
    /// Its stable name.
    pub id: CheckId,
    /// The level it belongs to.
    pub level: Level,
    /// The answer.
    pub status: Status,
    /// What a pass proves, and what it does not.
    pub proves: &'static str,
    /// Why it was skipped or does not apply, or something worth knowing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What is not as claimed.
    pub findings: Vec<Finding>,
    /// Further findings that are not listed.
    pub omitted_findings: u64,
}

/// The answers to all checks, in a fixed order.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// Key id of the trusted key: the hexadecimal SHA-256 of its public key.
    pub key_id: String,
    /// Digest of the signed statement; absent if no signature held.
    pub statement_sha256: Option<String>,
    /// One entry for each check there is.
    pub checks: Vec<Check>,
    /// The times that trusted authorities put to a signature.
    pub timestamps: Vec<Stamp>,
    /// What trusted auditors assert.
    pub countersignatures: Vec<Countersigned>,
    /// What trusted auditors found in samples.
    pub audits: Vec<Audited>,
}

impl Report {
    /// A report in which nothing has been done: what is requested stays skipped until a check settles it, so that
    /// a check that is never reached can never look like a pass.
    pub(crate) fn new(key_id: String, requested: &[Level]) -> Self {
        let check = |id: &CheckId| {
            let wanted = requested.iter().any(|level| id.serves(*level));
            Check {
                id: *id,
                level: id.level(),
                status: if wanted { Status::Skipped } else { Status::NotRequested },
                proves: id.proves(),
                note: wanted.then(|| "not reached: an earlier check failed".to_owned()),
                findings: Vec::new(),
                omitted_findings: 0,
            }
        };
        let checks = CheckId::ALL.iter().map(check).collect();
        Self {
            key_id,
            statement_sha256: None,
            checks,
            timestamps: Vec::new(),
            countersignatures: Vec::new(),
            audits: Vec::new(),
        }
    }

    /// Whether a check is to be done.
    pub(crate) fn wants(&self, id: CheckId) -> bool {
        self.checks.iter().any(|check| check.id == id && check.status != Status::NotRequested)
    }

    /// The check was done. Gives whether it passed; one that was not requested stays so.
    pub(crate) fn settle(&mut self, id: CheckId, findings: Findings) -> bool {
        let passed = findings.is_empty();
        self.update(id, |check| {
            check.status = if passed { Status::Pass } else { Status::Fail };
            check.note = None;
            check.findings = findings.list;
            check.omitted_findings = findings.omitted;
        });
        passed
    }

    /// The check could not be done.
    pub(crate) fn skip(&mut self, id: CheckId, why: &str) {
        self.update(id, |check| check.note = Some(why.to_owned()));
    }

    /// The check has no object in this release.
    pub(crate) fn waive(&mut self, id: CheckId, why: &str) {
        self.update(id, |check| {
            check.status = Status::NotRequested;
            check.note = Some(why.to_owned());
        });
    }

    /// Adds a remark to a check that was done.
    pub(crate) fn note(&mut self, id: CheckId, note: String) {
        self.update(id, |check| check.note = Some(note));
    }

    fn update(&mut self, id: CheckId, change: impl FnOnce(&mut Check)) {
        let found = self.checks.iter_mut().find(|check| check.id == id);
        if let Some(check) = found.filter(|check| check.status != Status::NotRequested) {
            change(check);
        }
    }

    /// The answer to one check.
    pub fn status(&self, id: CheckId) -> Status {
        self.checks.iter().find(|check| check.id == id).map_or(Status::NotRequested, |check| check.status)
    }

    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.status == Status::Fail)
    }

    /// 0 if every requested check passed, 1 if one failed, 3 if none failed and one could not be done.
    pub fn exit_code(&self) -> u8 {
        if self.failed().next().is_some() {
            1
        } else if self.checks.iter().any(|check| check.status == Status::Skipped) {
            3
        } else {
            0
        }
    }

    /// How many checks have each status.
    fn tally(&self) -> BTreeMap<&'static str, usize> {
        let mut tally = BTreeMap::new();
        for check in &self.checks {
            *tally.entry(check.status.as_str()).or_default() += 1;
        }
        tally
    }
}

/// One line for each check, its findings below it, and a count at the end.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            write!(f, "{:<13}  {:<27}", check.status.as_str(), check.id.as_str())?;
            writeln!(f, "  {}", check.note.as_deref().unwrap_or(check.proves))?;
            for finding in &check.findings {
                writeln!(f, "               {finding}")?;
            }
            if check.omitted_findings > 0 {
                writeln!(f, "               … and {} more", check.omitted_findings)?;
            }
        }
        for stamp in &self.timestamps {
            writeln!(f, "the signature in `{}` existed before {}", stamp.file, stamp.existed_before)?;
        }
        for signed in &self.countersignatures {
            let (who, when) = (&signed.verifier, &signed.time_created);
            writeln!(f, "{who} asserts since {when}: {}", signed.properties.join(", "))?;
        }
        for audit in &self.audits {
            writeln!(f, "{audit}")?;
        }
        let tally = self.tally();
        let count = |status: Status| tally.get(status.as_str()).copied().unwrap_or(0);
        let (passed, failed) = (count(Status::Pass), count(Status::Fail));
        let (skipped, not_requested) = (count(Status::Skipped), count(Status::NotRequested));
        let verdict = ["verified", "NOT verified", "", "incomplete"];
        let verdict = verdict.get(usize::from(self.exit_code())).copied().unwrap_or_default();
        write!(
            f,
            "{verdict}: {passed} passed, {failed} failed, {skipped} skipped, {not_requested} not requested"
        )
    }
}
