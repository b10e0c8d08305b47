//! What an attacker, or a signer who lies, can do to a release, and the check that must notice.
//!
//! The cases are data: a change to an honest release, and exactly the checks that fail afterwards.

mod attacks;
mod audits;
mod evidence;
pub(crate) mod fixture;
mod lies;
mod outside;
mod threats;

use std::fs;
use std::path::Path;

use crate::verify::{CheckId, Level, Report, Request, Status, verify};
pub(crate) use evidence::TextEvidence;
use fixture::Fixture;

pub(crate) fn failed(report: &Report) -> Vec<&'static str> {
    report.failed().map(|check| check.id.as_str()).collect()
}

fn names(report: &Report, file: &str) -> bool {
    report.failed().flat_map(|check| &check.findings).any(|finding| finding.file == file)
}

#[test]
fn an_honest_release_passes_every_check() {
    let release = Fixture::sealed();
    let request = Request { inputs: Some(release.inputs()), ..Request::default() };
    let report = verify(release.dir(), &release.public(), &request, &TextEvidence);
    assert_eq!(report.exit_code(), 0, "{report}");
    let done = |check: &&crate::verify::Check| check.status == Status::Pass;
    assert_eq!(report.checks.iter().filter(done).count(), report.checks.len() - 8, "{report}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["checks"][0]["id"], "signature.bundle");
    assert_eq!(json["checks"][0]["status"], "pass");
    assert_eq!(
        report.to_string().lines().last().unwrap(),
        "verified: 23 passed, 0 failed, 0 skipped, 8 not requested"
    );
}

#[test]
fn the_public_view_passes_with_the_same_signatures() {
    let release = Fixture::sealed();
    fs::remove_dir_all(release.dir().join("auditor")).unwrap();
    fs::remove_file(release.dir().join("run.json")).unwrap();
    let report = release.verify();
    assert_eq!(report.exit_code(), 0, "{report}");
    assert_eq!(report.status(CheckId::FilesDigests), Status::Pass);
    assert_eq!(report.status(CheckId::LedgerRows), Status::NotRequested);
    assert_eq!(report.status(CheckId::FilesAuditor), Status::NotRequested);
}

#[test]
fn a_level_that_was_asked_for_and_cannot_be_checked_is_exit_3() {
    let release = Fixture::sealed();
    fs::remove_dir_all(release.dir().join("auditor")).unwrap();
    for (level, skipped) in [
        (Level::Ledger, CheckId::LedgerRows),
        (Level::Content, CheckId::ContentBijection),
        (Level::Inputs, CheckId::InputsRows),
        (Level::Replay, CheckId::ReplayDecisions),
    ] {
        let request = Request { levels: Some(vec![level]), ..Request::default() };
        let report = verify(release.dir(), &release.public(), &request, &TextEvidence);
        assert_eq!((report.exit_code(), report.status(skipped)), (3, Status::Skipped), "{report}");
    }
    let request = Request { levels: Some(vec![Level::Content]), ..Request::default() };
    let report = verify(release.dir(), &release.public(), &request, &TextEvidence);
    assert_eq!(report.status(CheckId::ContentRoot), Status::Pass, "the texts need no ledger");
    assert_eq!(report.status(CheckId::FilesSums), Status::NotRequested);
}

#[test]
fn run_json_is_covered_by_nothing() {
    let release = Fixture::sealed();
    fs::write(release.dir().join("run.json"), "{}").unwrap();
    assert_eq!(release.verify().exit_code(), 0);
}

#[test]
fn countersignatures_may_be_added_and_are_not_vouched_for() {
    let release = Fixture::sealed();
    fs::write(release.dir().join("attestations/audit-lab.sigstore.json"), "{}").unwrap();
    let report = release.verify();
    assert_eq!(report.exit_code(), 0, "{report}");
    assert!(report.to_string().contains("1 countersignatures were not checked"), "{report}");
}

/// Any changed byte of any file fails, and the report names the file.
#[test]
fn every_file_is_bound_byte_by_byte() {
    let release = Fixture::sealed();
    for file in release.files().iter().filter(|file| *file != "run.json") {
        let path = release.dir().join(file);
        let bytes = fs::read(&path).unwrap();
        let step = (bytes.len() / 12).max(1);
        for at in (0..bytes.len()).step_by(step) {
            for mask in [0x01, 0x20, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= mask;
                check_changed(&release, &path, file, &changed, &format!("byte {at} ^ {mask:#x}"));
            }
        }
        let longer = [bytes.as_slice(), b"\n"].concat();
        check_changed(&release, &path, file, &longer, "appended");
        check_changed(&release, &path, file, &bytes[..bytes.len() - 1], "cut");
        check_changed(&release, &path, file, b"", "emptied");
        fs::remove_file(&path).unwrap();
        let report = release.verify();
        assert!(report.exit_code() == 1 && names(&report, file), "`{file}` removed: {report}");
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(release.verify().exit_code(), 0, "everything was put back");
}

/// Random bytes of random files: nothing that is changed anywhere verifies.
#[test]
fn no_random_change_verifies() {
    use proptest::prelude::*;
    let release = Fixture::sealed();
    let files: Vec<String> = release.files().into_iter().filter(|file| file != "run.json").collect();
    let case = (0..files.len(), any::<prop::sample::Index>(), 1..=255_u8);
    let config = ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |((file, at, mask) in case)| {
        let path = release.dir().join(&files[file]);
        let bytes = fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] ^= mask;
        fs::write(&path, changed).unwrap();
        let report = release.verify();
        fs::write(&path, bytes).unwrap();
        prop_assert_eq!(report.exit_code(), 1, "{} {}", &files[file], report);
    });
}

fn check_changed(release: &Fixture, path: &Path, file: &str, bytes: &[u8], what: &str) {
    let original = fs::read(path).unwrap();
    fs::write(path, bytes).unwrap();
    let report = release.verify();
    assert!(report.exit_code() == 1 && names(&report, file), "`{file}` {what}: {report}");
    fs::write(path, original).unwrap();
}

#[test]
fn every_attack_fails_exactly_the_checks_it_should() {
    let mut wrong = String::new();
    for attack in attacks::ATTACKS.iter().chain(lies::LIES) {
        let release = Fixture::sealed();
        (attack.change)(&release);
        let report = release.verify();
        if failed(&report) != attack.fails || report.exit_code() != 1 {
            wrong +=
                &format!("{}: expected {:?}\n   failed {:?}\n", attack.name, attack.fails, failed(&report));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn inputs_are_held_against_the_index() {
    let request = |release: &Fixture| Request {
        levels: Some(vec![Level::Inputs]),
        inputs: Some(release.inputs()),
        ..Request::default()
    };
    for (name, change, fails) in [
        ("changed", Some("x\nb\nc\nd\ne\n"), vec!["inputs.digests"]),
        ("longer", Some("a\nb\nc\nd\ne\nf\n"), vec!["inputs.digests", "inputs.rows"]),
        ("absent", None, vec!["inputs.digests", "inputs.rows"]),
    ] {
        let release = Fixture::sealed();
        let path = release.inputs().join("a/one.parquet");
        match change {
            Some(text) => fs::write(path, text).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        let report = verify(release.dir(), &release.public(), &request(&release), &TextEvidence);
        assert_eq!(failed(&report), fails, "{name}: {report}");
    }
}

#[test]
fn findings_are_capped_and_the_rest_is_counted() {
    let release = Fixture::sealed();
    for number in 0..crate::verify::FINDINGS_MAX + 7 {
        fs::write(release.dir().join(format!("stray-{number}")), "").unwrap();
    }
    let report = release.verify();
    let check = report.checks.iter().find(|check| check.id == CheckId::FilesExtra).unwrap();
    assert_eq!((check.findings.len(), check.omitted_findings), (crate::verify::FINDINGS_MAX, 7));
}

#[test]
fn a_directory_that_is_not_there_is_a_failure() {
    let release = Fixture::sealed();
    let nowhere = release.dir().join("nowhere");
    let report = verify(&nowhere, &release.public(), &Request::default(), &TextEvidence);
    assert_eq!((report.exit_code(), failed(&report)), (1, vec!["signature.bundle"]));
}
