//! `retract`: a release without records that have to be taken down.

use crate::harness::{Sandbox, config, copy, profile, statement, tree};
use crate::parquet_files::{column, read, texts, write};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use std::collections::BTreeMap;
use std::fs;

const STAGES: &str = r#"
[[stage]]
use = "doc-length"
chars_min = 10

[[stage]]
use = "c4-lines"

[[stage]]
use = "exact-duplicates"

[[stage]]
use = "near-duplicates"
index = true
"#;

const SECRET: &str = "Maria Beispiel lived at number nine and told this story about her own life.";

/// A word for each number, of letters alone: digits all look the same to `near-duplicates`.
fn letters(number: usize) -> String {
    let digits = format!("{number:05}").into_bytes();
    digits.iter().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

/// Three shards: the second holds what is taken down, the third a duplicate of it.
fn corpus(sandbox: &Sandbox) {
    // words that no two sentences share, so that none is like another
    let sentence = |shard: usize, n: usize| {
        let words: Vec<String> = (0..14).map(|word| letters((shard * 100 + n) * 20 + word)).collect();
        format!("{}.", words.join(" "))
    };
    for shard in 0..3 {
        let mut all: Vec<String> = (0..12).map(|n| sentence(shard, n)).collect();
        all[2] = "short".into();
        if shard > 0 {
            all[5] = SECRET.into();
        }
        all[7] = format!(
            "{}\nPlease enable javascript to read shard {shard} of this.\nThis second sentence of {shard} is kept.",
            sentence(shard, 77)
        );
        let all: Vec<Option<&str>> = all.iter().map(|text| Some(text.as_str())).collect();
        let rows = texts(&all);
        let ids: Vec<String> = (0..12).map(|n| format!("s{shard}-{n}")).collect();
        let ids = crate::parquet_files::strings(ids.iter().map(|id| Some(id.as_str())));
        let rows =
            arrow_array::RecordBatch::try_new(rows.schema(), vec![ids, rows.column(1).clone()]).unwrap();
        write(&sandbox.path(format!("corpus/{shard}.parquet")), &rows, 5);
    }
}

fn released() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    corpus(&sandbox);
    sandbox.write("c.toml", config(STAGES).replace("c4-lines\"", "c4-lines\"\nsentences_min = 1"));
    sandbox.release("c.toml", "old", &[]).expect(0);
    sandbox
}

fn retract(sandbox: &Sandbox, ids: &str, more: &[&str]) -> crate::harness::Output {
    sandbox.write("ids.txt", ids);
    let fixed = ["retract", "old", "--ids", "ids.txt", "--out", "new", "--key", "producer.pem"];
    sandbox.run(&[&fixed, more].concat())
}

/// Fate, stage and place by id.
fn ledger(sandbox: &Sandbox, release: &str) -> BTreeMap<String, (String, Option<String>, Option<u64>)> {
    let mut all = BTreeMap::new();
    for shard in 0..3 {
        let rows = read(&sandbox.path(format!("{release}/auditor/ledger/part-{shard:05}.parquet")));
        let out = rows.column_by_name("out_row").unwrap().as_primitive::<UInt64Type>().clone();
        let (id, fate, stage) = (column(&rows, "id"), column(&rows, "fate"), column(&rows, "stage"));
        for (at, id) in id.into_iter().enumerate() {
            let place = arrow_array::Array::is_valid(&out, at).then(|| out.value(at));
            all.insert(id.unwrap(), (fate[at].clone().unwrap(), stage[at].clone(), place));
        }
    }
    all
}

/// Whether any file of a release, Parquet decoded, holds a text.
fn holds(sandbox: &Sandbox, release: &str, text: &str) -> Vec<String> {
    let files = tree(&sandbox.path(release)).into_iter();
    let found = files.filter(|(name, bytes)| match name.ends_with(".parquet") {
        true => format!("{:?}", read(&sandbox.path(format!("{release}/{name}"))).columns()).contains(text),
        false => bytes.windows(text.len()).any(|window| window == text.as_bytes()),
    });
    found.map(|(name, _)| name).collect()
}

#[test]
fn a_record_is_taken_down_and_nothing_else_changes() {
    let sandbox = released();
    let before = ledger(&sandbox, "old");
    assert_eq!(before["s2-5"].1.as_deref(), Some("exact-duplicates"));
    assert_eq!(
        holds(&sandbox, "old", SECRET),
        ["auditor/removed/part-00002.parquet", "data/part-00001.parquet"]
    );
    let untouched = tree(&sandbox.path("old"));
    let done = retract(&sandbox, "s1-5\n", &["--json"]).expect(0).json();
    assert_eq!(
        (&done["retracted"], &done["orphaned"], &done["textsDropped"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert_eq!(tree(&sandbox.path("old")), untouched, "the old release stays as it was");
    assert_eq!(holds(&sandbox, "new", SECRET), [""; 0]);
    // every level that needs no inputs, the public view, and the inputs too
    sandbox.verify("new", &["--level", "signature,files,ledger,content"]).expect(0);
    sandbox.verify("new", &["--level", "inputs", "--inputs", "corpus"]).expect(0);
    sandbox.run(&["redact", "new", "--out", "public"]).expect(0);
    sandbox.verify("public", &[]).expect(0);
    let replay = ["--level", "replay", "--inputs", "corpus"];
    sandbox.verify("new", &replay).expect(0);
    sandbox.verify("new", &[&replay[..], &["--replay-groups", "9", "--seed", "x"]].concat()).expect(0);
    // fates: one record changes, those behind it in its shard move up
    let after = ledger(&sandbox, "new");
    assert_eq!(after["s1-5"], ("removed".into(), Some("retract".into()), None));
    for (id, (fate, stage, place)) in &before {
        if id == "s1-5" {
            continue;
        }
        let moved = id.starts_with("s1-") && *place > before["s1-5"].2;
        let expected = (fate.clone(), stage.clone(), place.map(|place| place - u64::from(moved)));
        assert_eq!(after[id], expected, "{id}");
    }
    // only files of the shards concerned are other files
    let (old, new) = (untouched, tree(&sandbox.path("new")));
    let written: Vec<&String> =
        old.keys().filter(|name| name.ends_with(".parquet") && old.get(*name) != new.get(*name)).collect();
    let expected = [
        "auditor/ledger/part-00001.parquet",
        "auditor/removed/part-00002.parquet",
        "data/part-00001.parquet",
    ];
    assert_eq!(written, expected);
    assert!(done["written"].as_array().unwrap().contains(&"auditor/index/near-duplicates.keys".into()));
}

#[test]
fn the_new_release_follows_the_old_one_and_says_what_changed() {
    let sandbox = released();
    let output = retract(&sandbox, "s1-5\n0:0\n", &[]).expect(0);
    assert!(output.stdout.contains("retracted      2"), "{}", output.stdout);
    let difference =
        sandbox.run(&["diff", "old", "new", "--key", "producer.pub.pem", "--json"]).expect(1).json();
    assert_eq!(difference["successor"], true);
    let changes = difference["changes"].as_array().unwrap();
    let new = |field: &str| {
        changes.iter().find(|change| change["field"] == field).map(|change| change["new"].clone())
    };
    assert_eq!(new("accounting.byRule[retract/retracted].removed"), Some(2.into()));
    assert_eq!(new("dataset.sequence"), Some(2.into()));
    assert_eq!(new("accounting.orphans"), Some(1.into()));
    let (old, new) = (statement(&sandbox.path("old")), statement(&sandbox.path("new")));
    assert_eq!(old["predicate"]["config"], new["predicate"]["config"]);
    assert_eq!(
        old["predicate"]["ledger"]["saltKeyCommitment"],
        new["predicate"]["ledger"]["saltKeyCommitment"]
    );
    // a state that knows the old one goes on to the new one, and not back
    sandbox.verify("old", &["--state", "state.json"]).expect(0);
    sandbox.verify("new", &["--state", "state.json"]).expect(0);
    sandbox.verify("old", &["--state", "state.json"]).expect(1);
    // and once more, from the new one
    sandbox.write("more.txt", "s0-1\n");
    sandbox
        .run(&["retract", "new", "--ids", "more.txt", "--out", "newer", "--key", "producer.pem"])
        .expect(0);
    sandbox.verify("newer", &["--level", "signature,files,ledger,content"]).expect(0);
    assert_eq!(statement(&sandbox.path("newer"))["predicate"]["dataset"]["sequence"], 3);
    // what it was: explained, proven; and not asked about other bounds
    let told = sandbox.run(&["explain", "newer", "s1-5"]).expect(0).stdout;
    assert!(told.contains("retract"), "{told}");
    sandbox.run(&["prove", "newer", "--record", "1:5", "--out", "p.json"]).expect(0);
    sandbox
        .run(&[
            "check-proof",
            "p.json",
            "--manifest",
            "newer/manifest.sigstore.json",
            "--key",
            "producer.pub.pem",
        ])
        .expect(0);
}

#[test]
fn edited_records_and_records_that_were_out_already() {
    let sandbox = released();
    let before = ledger(&sandbox, "old");
    assert_eq!((before["s0-7"].0.as_str(), before["s0-2"].0.as_str()), ("edited", "removed"));
    let output = retract(&sandbox, "s0-7\ns0-2\ns2-5\n", &[]).expect(0);
    assert!(output.stdout.contains("was not out    0:2 (s0-2): its decision stands"), "{}", output.stdout);
    // a duplicate that is named: the record it duplicates is still released, and said to be
    assert!(output.stdout.contains("same text      1:5 (s1-5) is still released"), "{}", output.stdout);
    let after = ledger(&sandbox, "new");
    assert_eq!(after["s0-2"], before["s0-2"]);
    assert_eq!(after["s0-7"], ("removed".into(), Some("retract".into()), None));
    assert_eq!(holds(&sandbox, "new", "This second sentence of 0"), [""; 0]);
    assert_eq!(holds(&sandbox, "new", SECRET), ["data/part-00001.parquet"]);
    sandbox.verify("new", &["--level", "signature,files,ledger,content"]).expect(0);
    fs::remove_dir_all(sandbox.path("new")).unwrap();
    retract(&sandbox, "s2-5\n", &["--equal-texts"]).expect(0);
    assert_eq!(holds(&sandbox, "new", SECRET), [""; 0]);
    sandbox.verify("new", &["--level", "signature,files,ledger,content"]).expect(0);
}

#[test]
fn what_cannot_be_taken_down_is_said_and_nothing_is_made() {
    let sandbox = released();
    let output = retract(&sandbox, "s1-5\nnobody\n7:7\n", &[]).expect(2);
    assert!(
        output.stderr.contains("ids.txt: no record has the id or place `nobody`, `7:7`"),
        "{}",
        output.stderr
    );
    assert!(output.stderr.contains("hint: `--ignore-unknown`"), "{}", output.stderr);
    retract(&sandbox, "\n", &[]).expect(2);
    assert!(!sandbox.path("new").exists() && !sandbox.path("new.unfinished").exists());
    let output = retract(&sandbox, "s1-5\nnobody\n", &["--ignore-unknown"]).expect(0);
    assert!(output.stdout.contains("unknown        nobody"), "{}", output.stdout);
    // nothing is overwritten
    let output = retract(&sandbox, "s1-6\n", &[]).expect(2);
    assert!(output.stderr.contains("exists and is not overwritten"), "{}", output.stderr);
    fs::remove_dir_all(sandbox.path("new")).unwrap();
    // a release that was changed, or another key
    sandbox.run(&["keygen", "--out", "other.pem"]).expect(0);
    sandbox.run(&["retract", "old", "--ids", "ids.txt", "--out", "new", "--key", "other.pem"]).expect(2);
    copy(&sandbox.path("old"), &sandbox.path("public"));
    fs::remove_dir_all(sandbox.path("public/auditor")).unwrap();
    sandbox
        .run(&["retract", "public", "--ids", "ids.txt", "--out", "new", "--key", "producer.pem"])
        .expect(2);
    crate::mutations::flip(&sandbox.path("old"), crate::mutations::DATA);
    let output = retract(&sandbox, "s1-6\n", &[]).expect(2);
    assert!(output.stderr.contains("does not verify; nothing is made from it"), "{}", output.stderr);
    assert!(!sandbox.path("new").exists());
}

#[test]
fn an_interrupted_takedown_leaves_no_release() {
    let sandbox = released();
    sandbox.write("ids.txt", "s1-5\n");
    let args = ["retract", "old", "--ids", "ids.txt", "--out", "new", "--key", "producer.pem"];
    for appears in ["new.unfinished/auditor", "new.unfinished/ledger/index.json", "new.unfinished/SHA256SUMS"]
    {
        if sandbox.kill_when(&args, appears) {
            assert!(!sandbox.path("new").exists(), "{appears}");
        }
        let _ = fs::remove_dir_all(sandbox.path("new"));
    }
    sandbox.run(&args).expect(0);
    sandbox.verify("new", &[]).expect(0);
    assert!(!sandbox.path("new.unfinished").exists());
}

/// Committed stages stay committed, with their totals.
#[test]
fn a_release_with_committed_stages_keeps_them() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 120);
    sandbox.write("c.toml", profile(&sandbox, "pretraining"));
    sandbox.release("c.toml", "old", &[]).expect(0);
    let rows = read(&sandbox.path("old/auditor/ledger/part-00000.parquet"));
    let (ids, fates) = (column(&rows, "id"), column(&rows, "fate"));
    let kept = fates.iter().position(|fate| fate.as_deref() == Some("kept")).unwrap();
    retract(&sandbox, &format!("{}\n", ids[kept].as_deref().unwrap()), &[]).expect(0);
    sandbox.verify("new", &["--level", "signature,files,ledger,content"]).expect(0);
    let of = |release: &str| statement(&sandbox.path(release))["predicate"]["disclosures"].clone();
    assert_eq!(of("old"), of("new"));
}

/// The list of bursts names runs of many records, none of one: it stays as it was signed.
#[test]
fn a_list_of_bursts_goes_on_unchanged() {
    let sandbox = Sandbox::with_keys();
    let text =
        |n: usize| format!("{} zorblax {} {}.", letters(3 * n), letters(3 * n + 1), letters(3 * n + 2));
    let all: Vec<String> = (0..60).map(text).collect();
    let all: Vec<Option<&str>> = all.iter().map(|text| Some(text.as_str())).collect();
    write(&sandbox.path("corpus/0.parquet"), &texts(&all), 20);
    sandbox.write("c.toml", config("[[stage]]\nuse = \"ngram-bursts\""));
    sandbox.release("c.toml", "old", &[]).expect(0);
    let list = "auditor/ngram-bursts.json";
    assert!(!holds(&sandbox, "old", "zorblax").is_empty());
    retract(&sandbox, "r7\n", &[]).expect(0);
    assert_eq!(sandbox.read(format!("old/{list}")), sandbox.read(format!("new/{list}")));
    assert_eq!(holds(&sandbox, "new", &letters(22)), [""; 0]);
    sandbox.verify("new", &["--level", "signature,files,ledger,content"]).expect(0);
}
