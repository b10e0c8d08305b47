//! The two views of a release: the same signed bytes, and nothing in the public one that it should not tell.

use crate::harness::{Sandbox, config, differences, tree};
use crate::parquet_files::{column, read, texts, write};
use crate::tamper::failed;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use manifests::digest::Sha256;
use std::fs;

const PACK: &str = r#"
schema = 1
id = "unobtanium"
version = "0.1.0"
owner = "a test"
summary = "words made up for a test"

[[source]]
id = "test"
title = "made up"
edition = "1"

[[group]]
category = "unobtanium-weapons"
source = "test"
lang = "en"
terms = ["zorblax", "quintofrine"]
must_hit = ["The zorblax."]
must_miss = ["The blax."]
"#;

const STAGES: &str = r#"
[[stage]]
use = "doc-length"
chars_min = 17

[[stage]]
use = "keywords"
name = "harm-terms"
packs = ["packs/secret.toml"]
action = "quarantine"

[[stage]]
use = "score-range"
name = "too-many"
score = "harm-terms/distinct"
at_most = "6.625"

[[stage]]
use = "exact-duplicates"
"#;

/// What the committed stages are: their names, their files, their terms, categories and thresholds.
const SECRETS: [&str; 9] = [
    "harm-terms",
    "too-many",
    "secret.toml",
    "unobtanium",
    "zorblax",
    "quintofrine",
    "6.625",
    "distinct-terms",
    "distinct_min",
];

const KEPT: &str = "An ordinary sentence about gardens, long enough to stay.";
const HARMFUL: &str = "How to pour zorblax into quintofrine without spilling it.";
const SHORT: &str = "brief remark";

fn released() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    write(
        &sandbox.path("corpus/a.parquet"),
        &texts(&[Some(KEPT), Some(HARMFUL), Some(SHORT), Some(KEPT), Some("Another sentence, about bread.")]),
        3,
    );
    sandbox.write("packs/secret.toml", PACK);
    sandbox.write("c.toml", config(STAGES));
    sandbox.release("c.toml", "release", &[]).expect(0);
    sandbox.run(&["redact", "release", "--out", "public"]).expect(0);
    sandbox
}

#[test]
fn a_stage_is_published_as_its_configuration_says() {
    let sandbox = Sandbox::with_keys();
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some(KEPT), Some(HARMFUL), Some(SHORT)]), 3);
    sandbox.write("packs/secret.toml", PACK);
    let stages = |length: &str, terms: &str, score: &str| {
        let length = format!("[[stage]]\nuse = \"doc-length\"\nchars_min = 17\n{length}");
        let terms = format!("[[stage]]\nuse = \"keywords\"\npacks = [\"packs/secret.toml\"]\n{terms}");
        let score = format!(
            "[[stage]]\nuse = \"score-range\"\nscore = \"keywords/distinct\"\nat_most = \"9\"\n{score}"
        );
        config(&[length, terms, score].join("\n"))
    };
    let (open, closed) = ("publish = true", "publish = false");
    for (at, (length, terms, score, expected)) in [
        ("", "", "", [true, false, false]),
        (closed, open, "", [false, true, true]),
        ("", open, closed, [true, true, false]),
        (open, closed, "", [true, false, false]),
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("release-{at}");
        sandbox.write("c.toml", stages(length, terms, score));
        sandbox.release("c.toml", &out, &[]).expect(0);
        sandbox.verify(&out, &["--inputs", "corpus", "--level", "replay"]).expect(0);
        let public: serde_json::Value =
            serde_json::from_slice(&sandbox.read(format!("{out}/config.public.json"))).unwrap();
        let names = ["doc-length", "keywords", "score-range"];
        let shown = |at: usize| public["stages"][at]["use"] == names[at];
        assert_eq!([0, 1, 2].map(shown), expected, "{public}");
    }
    sandbox.write("c.toml", stages("", "", open));
    let errors = sandbox.run(&["plan", "c.toml"]).expect(2).stderr;
    assert!(
        errors.contains("`publish` is true, but it names `keywords`, which is not published"),
        "{errors}"
    );
    sandbox.write("c.toml", stages("publish = 1", "", ""));
    let errors = sandbox.run(&["plan", "c.toml"]).expect(2).stderr;
    assert!(errors.contains("`publish` is integer, expected a boolean"), "{errors}");
}

/// Every way in which a text, or bytes, may be spelled in a file.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let upper = hex.to_uppercase();
    let base64 = [STANDARD.encode(secret), URL_SAFE_NO_PAD.encode(secret)];
    let texts = [hex, upper].into_iter().chain(base64).map(String::into_bytes);
    std::iter::once(secret.to_vec()).chain(texts).collect()
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

#[test]
fn the_public_view_leaks_nothing() {
    let sandbox = released();
    let mut secrets: Vec<Vec<u8>> = SECRETS.iter().map(|secret| secret.as_bytes().to_vec()).collect();
    let pack = Sha256::of(PACK.as_bytes());
    secrets.extend(spellings(&pack.0));
    for text in [HARMFUL, SHORT] {
        secrets.push(text.as_bytes().to_vec());
        secrets.extend(spellings(&Sha256::of(text.as_bytes()).0));
    }
    secrets.extend(spellings(&sandbox.read("release/auditor/salt.key")));
    let mut public = tree(&sandbox.path("public"));
    assert!(!public.keys().any(|name| name.starts_with("auditor/") || name == "run.json"));
    // what is signed is in base64
    for bundle in ["manifest.sigstore.json", "attestations/dataset.sig"] {
        let json: serde_json::Value = serde_json::from_slice(&public[bundle]).unwrap();
        let payload = STANDARD.decode(json["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
        public.insert(format!("{bundle}, its payload"), payload);
    }
    // Parquet is compressed
    let rows = read(&sandbox.path("public/data/part-00000.parquet"));
    let released: Vec<String> = column(&rows, "text").into_iter().flatten().collect();
    assert_eq!(released, [KEPT, "Another sentence, about bread."]);
    public.insert("the released texts".to_owned(), released.join("\n").into_bytes());
    for (name, bytes) in &public {
        for secret in &secrets {
            assert!(!holds(bytes, secret), "`{name}` holds {:?}", String::from_utf8_lossy(secret));
            assert!(!holds(name.as_bytes(), secret), "{name}");
        }
    }
    // the test would find them: the auditors' view has them all
    let auditors: Vec<u8> = tree(&sandbox.path("release/auditor")).into_values().flatten().collect();
    for secret in ["harm-terms", "too-many", "secret.toml", "6.625", "distinct_min"] {
        assert!(holds(&auditors, secret.as_bytes()), "{secret}");
    }
}

#[test]
fn both_views_are_the_same_signed_bytes_and_verify() {
    let sandbox = released();
    sandbox.write("public/run.json", "{}");
    let only_auditors = differences(&sandbox.path("release"), &sandbox.path("public"));
    assert!(only_auditors.iter().all(|name| name.starts_with("auditor/")), "{only_auditors:?}");
    sandbox.verify("release", &[]).expect(0);
    sandbox.verify("public", &[]).expect(0);
    sandbox.verify("public", &["--level", "signature,files"]).expect(0);
    for level in ["ledger", "content"] {
        sandbox.verify("public", &["--level", level]).expect(3);
    }
    // nothing is redacted twice, over something else, or before it is signed
    let output = sandbox.run(&["redact", "release", "--out", "public"]).expect(2);
    assert!(output.stderr.contains("`public` exists"), "{}", output.stderr);
    sandbox.run(&["run", "c.toml", "--out", "unsigned"]).expect(0);
    let output = sandbox.run(&["redact", "unsigned", "--out", "other"]).expect(2);
    assert!(output.stderr.contains("only a signed release"), "{}", output.stderr);
}

#[test]
fn the_manifest_tells_how_much_was_withheld_and_not_by_what() {
    let sandbox = released();
    let predicate = crate::harness::statement(&sandbox.path("public"))["predicate"].clone();
    let stages = predicate["accounting"]["byStage"].as_array().unwrap();
    let names: Vec<&str> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(names, ["(committed)", "doc-length", "exact-duplicates"]);
    assert_eq!(stages[0]["quarantined"], 1);
    assert_eq!(predicate["assets"], serde_json::json!([]));
    assert_eq!(predicate["disclosures"]["digests"].as_array().unwrap().len(), 8);
    let card = String::from_utf8(sandbox.read("public/README.md")).unwrap();
    assert!(card.contains("| (committed) | 0 | 1 |"), "{card}");
    // an honest rerun has the same roots, whatever the salt key
    sandbox.run(&["run", "c.toml", "--out", "again", "--key", "producer.pem"]).expect(0);
    let again = crate::harness::statement(&sandbox.path("again"))["predicate"].clone();
    assert_eq!(again["ledger"]["decisionRoot"], predicate["ledger"]["decisionRoot"]);
    assert_ne!(again["disclosures"], predicate["disclosures"]);
}

#[test]
fn openings_are_bound_to_what_was_signed() {
    let sandbox = released();
    let openings = "release/auditor/disclosures.jsonl";
    let text = String::from_utf8(sandbox.read(openings)).unwrap();
    sandbox.write(openings, text.replacen("6.625", "9.625", 1));
    let report = sandbox.verify("release", &["--json"]).expect(1).json();
    assert_eq!(failed(&report), ["files.auditor", "files.disclosures"]);
    fs::remove_file(sandbox.path(openings)).unwrap();
    let report = sandbox.verify("release", &["--json"]).expect(1).json();
    assert_eq!(failed(&report), ["files.auditor", "files.disclosures"]);
}
