//! Releases that somebody changed, given to the verbs that read releases.

use super::parquet;
use crate::harness::{Sandbox, config, copy};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

const LEDGER: &str = "auditor/ledger/part-00000.parquet";
const INDEX: &str = manifests::index::LEDGER_INDEX;

/// What is done to a release, and what the ledger's readers say of it.
struct Changed(&'static str, fn(&Path), &'static str);

fn pipe(path: &Path) {
    std::fs::remove_file(path).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn put(path: &Path, bad: &str) {
    let all = parquet::all();
    let bad = all.iter().find(|file| file.name == bad).unwrap();
    (bad.make)(path);
}

const CHANGED: &[Changed] = &[
    Changed("pipe", |release| pipe(&release.join(LEDGER)), "not a regular file"),
    Changed(
        "link",
        |release| {
            let ledger = release.join(LEDGER);
            std::fs::rename(&ledger, release.join("../outside.parquet")).unwrap();
            symlink(release.join("../outside.parquet").canonicalize().unwrap(), ledger).unwrap();
        },
        "a symbolic link leads to the file",
    ),
    Changed(
        "folder",
        |release| {
            std::fs::remove_file(release.join(LEDGER)).unwrap();
            std::fs::create_dir(release.join(LEDGER)).unwrap();
        },
        "not a regular file",
    ),
    Changed("page", |release| put(&release.join(LEDGER), "parquet/page-of-2-gib"), ""),
    Changed("schema", |release| put(&release.join(LEDGER), "parquet/schema-deep"), "nests more than 64 deep"),
    Changed(
        "footer",
        |release| put(&release.join(LEDGER), "parquet/rows-beyond-counting"),
        "1099511627776 rows",
    ),
];

/// Verbs that read a ledger, with what they need.
const VERBS: &[&[&str]] = &[
    &["explain", "out", "0:0"],
    &["duplicates", "out"],
    &["whatif", "out", "--set", "doc-length.chars_min=3"],
];

fn released() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 40);
    sandbox.write(
        "c.toml",
        config("[[stage]]\nuse = \"doc-length\"\nchars_min = 2\n[[stage]]\nuse = \"exact-duplicates\""),
    );
    sandbox.release("c.toml", "good", &[]).expect(0);
    sandbox
}

#[test]
fn a_changed_ledger_is_refused_by_all_who_read_it() {
    let sandbox = released();
    for Changed(name, change, why) in CHANGED {
        copy(&sandbox.path("good"), &sandbox.path("out"));
        change(&sandbox.path("out"));
        for verb in VERBS {
            let output = sandbox.run(verb).expect(2);
            assert!(!output.stderr.contains("panicked"), "{name}: {verb:?}: {}", output.stderr);
            assert!(output.errors()[0].contains(why), "{name}: {verb:?}: {}", output.stderr);
        }
        let output = sandbox.verify("out", &[]).expect(1);
        assert!(!output.stderr.contains("panicked"), "{name}: {}", output.stderr);
        std::fs::remove_dir_all(sandbox.path("out")).unwrap();
    }
}

#[test]
fn no_path_of_an_index_leads_outside() {
    let sandbox = released();
    std::fs::copy(sandbox.path("good").join(LEDGER), sandbox.path("outside.parquet")).unwrap();
    let absolute = sandbox.path("outside.parquet").display().to_string();
    for outside in ["../outside.parquet", &absolute, "auditor/../../outside.parquet", "", "auditor/ledger"] {
        copy(&sandbox.path("good"), &sandbox.path("out"));
        let index = String::from_utf8(sandbox.read(format!("out/{INDEX}"))).unwrap();
        assert!(index.contains(LEDGER));
        sandbox.write(&format!("out/{INDEX}"), index.replace(LEDGER, outside));
        let output = sandbox.run(&["report", "out", "removal"]);
        assert_eq!(output.code, 2, "{outside}: {}{}", output.stdout, output.stderr);
        assert!(!output.stderr.contains("panicked"), "{outside}: {}", output.stderr);
        sandbox.verify("out", &[]).expect(1);
        std::fs::remove_dir_all(sandbox.path("out")).unwrap();
    }
}

#[test]
fn a_manifest_that_is_no_file_is_no_manifest() {
    let sandbox = released();
    for name in ["manifest.sigstore.json", "config.public.json", "SHA256SUMS", INDEX] {
        copy(&sandbox.path("good"), &sandbox.path("out"));
        pipe(&sandbox.path("out").join(name));
        let output = sandbox.verify("out", &[]);
        assert!(matches!(output.code, 1 | 2), "{name}: {}{}", output.stdout, output.stderr);
        assert!(!output.stderr.contains("panicked"), "{name}: {}", output.stderr);
        std::fs::remove_dir_all(sandbox.path("out")).unwrap();
    }
}
