//! A release made by the program, changed in every way we can think of: which checks fail, and only those.

use crate::harness::{Sandbox, copy, profile, tree};
use crate::mutations::{DATA, MUTATIONS, Mutation, flip};
use std::fs;

/// The ids of the failed checks of a report, in its order.
pub fn failed(report: &serde_json::Value) -> Vec<&str> {
    with_status(report, "fail")
}

fn with_status<'r>(report: &'r serde_json::Value, status: &str) -> Vec<&'r str> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["status"] == status).map(|check| check["id"].as_str().unwrap()).collect()
}

fn released(records: usize) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", records);
    sandbox.write("c.toml", profile(&sandbox, "pretraining"));
    sandbox.release("c.toml", "release", &[]).expect(0);
    sandbox
}

/// `ROWS?`: a bit may lie in a column that the verifier does not read, which only the file's digest protects, or
/// keep the file from being read at all; which of these it is depends on the compressor.
const OF_ROWS: [&str; 9] = [
    "ledger.rows",
    "ledger.roots",
    "ledger.counts",
    "ledger.conservation",
    "ledger.commitments",
    "ledger.duplicates",
    "ledger.audits",
    "content.bijection",
    "content.root",
];

#[test]
fn every_change_is_caught_by_the_checks_it_concerns() {
    let sandbox = released(200);
    let mut wrong = Vec::new();
    for Mutation(name, change, expected) in MUTATIONS {
        let changed = sandbox.path("changed");
        copy(&sandbox.path("release"), &changed);
        change(&changed);
        let output = sandbox.verify("changed", &["--json"]);
        let report = output.json();
        let mut found = failed(&report);
        if expected.contains(&"ROWS?") {
            found.retain(|id| !OF_ROWS.contains(id));
            found.push("ROWS?");
        }
        let code = i32::from(!expected.is_empty());
        if found != *expected || output.code != code {
            wrong.push(format!("{name}: exit {}, failed {found:?}\n    expected {expected:?}", output.code));
        }
        fs::remove_dir_all(&changed).unwrap();
        let _ = fs::remove_file(changed.with_extension("moved"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_byte_of_the_signed_files_is_free_to_change() {
    let sandbox = released(40);
    for (name, bytes) in tree(&sandbox.path("release")) {
        if name == "run.json" {
            continue;
        }
        // first and last byte, and some between
        for at in [0, bytes.len() / 3, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 0x20;
            fs::write(sandbox.path("release").join(&name), changed).unwrap();
            let output = sandbox.verify("release", &[]);
            assert_eq!(output.code, 1, "{name}, byte {at}: {}", output.stdout);
        }
        fs::write(sandbox.path("release").join(&name), bytes).unwrap();
    }
    sandbox.verify("release", &[]).expect(0);
}

#[test]
fn the_public_view_verifies_without_the_auditors_files() {
    let sandbox = released(80);
    fs::remove_dir_all(sandbox.path("release/auditor")).unwrap();
    let report = sandbox.verify("release", &["--json"]).expect(0).json();
    let unchecked = with_status(&report, "not-requested");
    assert_eq!(
        unchecked,
        [
            "signature.timestamp",
            "signature.countersignatures",
            "signature.policy",
            "signature.state",
            "files.auditor",
            "files.disclosures",
            "ledger.rows",
            "ledger.roots",
            "ledger.counts",
            "ledger.conservation",
            "ledger.commitments",
            "ledger.duplicates",
            "ledger.audits",
            "content.bijection",
            "content.root",
            "inputs.digests",
            "inputs.rows",
            "replay.basis",
            "replay.decisions",
            "replay.corpus"
        ]
    );
    let ledger = sandbox.verify("release", &["--level", "ledger", "--json"]).expect(3).json();
    assert_eq!(
        with_status(&ledger, "skipped"),
        [
            "ledger.rows",
            "ledger.roots",
            "ledger.counts",
            "ledger.conservation",
            "ledger.commitments",
            "ledger.duplicates"
        ]
    );
    // the texts can be checked without a ledger, their places cannot
    let content = sandbox.verify("release", &["--level", "content", "--json"]).expect(3).json();
    assert_eq!(with_status(&content, "skipped"), ["content.bijection"]);
    assert!(with_status(&content, "pass").contains(&"content.root"));
    sandbox.verify("release", &["--level", "signature,files"]).expect(0);
    // a check that fails outweighs one that could not be done
    flip(&sandbox.path("release"), DATA);
    sandbox.verify("release", &["--level", "files,ledger"]).expect(1);
    sandbox.verify("release", &["--level", "signature"]).expect(0);
}

#[test]
fn inputs_are_checked_where_they_are_given() {
    let sandbox = released(80);
    sandbox.verify("release", &["--level", "inputs"]).expect(3);
    sandbox.verify("release", &["--level", "inputs", "--inputs", "none"]).expect(3);
    sandbox.verify("release", &["--level", "inputs", "--inputs", "corpus"]).expect(0);
    let failing = |sandbox: &Sandbox| {
        let report = sandbox
            .verify("release", &["--level", "inputs", "--inputs", "corpus", "--json"])
            .expect(1)
            .json();
        failed(&report).join(" ")
    };
    let whole = sandbox.read("corpus/sample-0.parquet");
    flip(&sandbox.path("corpus"), "sample-0.parquet");
    assert_eq!(failing(&sandbox), "inputs.digests");
    fs::remove_file(sandbox.path("corpus/sample-0.parquet")).unwrap();
    assert_eq!(failing(&sandbox), "inputs.digests inputs.rows");
    sandbox.write("corpus/sample-0.parquet", &whole);
    sandbox.samples("other", 90);
    fs::copy(sandbox.path("other/sample-1.parquet"), sandbox.path("corpus/sample-1.parquet")).unwrap();
    assert_eq!(failing(&sandbox), "inputs.digests inputs.rows");
}

#[test]
fn only_the_trusted_key_verifies() {
    let sandbox = released(40);
    for algorithm in ["p256", "ed25519"] {
        let out = format!("{algorithm}.pem");
        sandbox.run(&["keygen", "--out", &out, "--alg", algorithm]).expect(0);
        let public = format!("{algorithm}.pub.pem");
        let report = sandbox.run(&["verify", "release", "--key", &public, "--json"]).expect(1).json();
        assert_eq!(failed(&report), ["signature.bundle"]);
        // nothing is said about what nobody vouched for
        assert!(with_status(&report, "pass").is_empty(), "{report}");
    }
    sandbox.run(&["verify", "release", "--key", "none.pub.pem"]).expect(2);
}

#[test]
fn a_release_of_another_run_lends_no_files() {
    let (left, right) = (released(40), released(80));
    // the same key signs both
    fs::copy(left.path("producer.pem"), right.path("producer.pem")).unwrap();
    fs::remove_dir_all(right.path("release")).unwrap();
    right.release("c.toml", "release", &[]).expect(0);
    for (name, bytes) in tree(&right.path("release")) {
        let own = fs::read(left.path("release").join(&name)).unwrap();
        // the salt key is the same in all tests, and so is the configuration
        if name == "run.json" || own == bytes {
            continue;
        }
        fs::write(left.path("release").join(&name), bytes).unwrap();
        left.verify("release", &[]).expect(1);
        fs::write(left.path("release").join(&name), own).unwrap();
    }
    left.verify("release", &[]).expect(0);
}

#[test]
fn sign_refuses_a_release_that_was_changed() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 40);
    sandbox.write("c.toml", profile(&sandbox, "pretraining"));
    sandbox.run(&["run", "c.toml", "--out", "release", "--salt-key", "salt.key"]).expect(0);
    for (name, bytes) in tree(&sandbox.path("release")) {
        // the unsigned manifest is itself what `sign` is asked to sign
        if name == "run.json" || name == "manifest.json" {
            continue;
        }
        flip(&sandbox.path("release"), &name);
        let output = sandbox.run(&["sign", "release", "--key", "producer.pem"]);
        assert_eq!(output.code, 2, "{name}: {}", output.stdout);
        assert!(!sandbox.path("release/manifest.sigstore.json").exists(), "{name}");
        fs::write(sandbox.path("release").join(&name), bytes).unwrap();
    }
    sandbox.run(&["sign", "release", "--key", "producer.pem"]).expect(0);
}

/// Parquet readers tell the same error for ever once a page is damaged.
#[test]
fn no_flipped_bit_of_a_shard_is_passed_over_or_read_for_ever() {
    let sandbox = released(120);
    for part in ["data/part-00000.parquet", "auditor/ledger/part-00000.parquet"] {
        let path = sandbox.path("release").join(part);
        let whole = fs::read(&path).unwrap();
        for at in 0..40 {
            let mut bytes = whole.clone();
            bytes[at * (whole.len() / 40) + at % 7] ^= 1 << (at % 8);
            fs::write(&path, bytes).unwrap();
            let report = sandbox.verify("release", &["--json"]).expect(1).json();
            assert!(failed(&report).iter().any(|id| id.starts_with("files.")), "{part}, {at}: {report}");
        }
        fs::write(&path, whole).unwrap();
    }
    sandbox.verify("release", &[]).expect(0);
}
