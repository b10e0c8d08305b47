//! Scores from a ledger to a mapping, and from the mapping to buckets of which the best are kept.

use crate::harness::{Sandbox, config, statement};
use crate::ledgers::{Row, ledger};
use crate::parquet_files::{batch, strings, write};
use crate::shared_data::link;
use arrow_array::Float64Array;
use manifests::digest::Sha256;
use std::collections::BTreeMap;
use std::sync::Arc;

const SCORES: &str = "[[stage]]\nuse = \"input-score\"\nname = \"a\"\ncolumn = \"a\"\n\
    [[stage]]\nuse = \"input-score\"\nname = \"b\"\ncolumn = \"b\"\n\
    [[stage]]\nuse = \"input-label\"\nname = \"lang\"\ncolumn = \"lang\"\n";
const ENSEMBLE: &str = "[[stage]]\nuse = \"ensemble\"\nmapping = \"mapping.toml\"\nscores = [\"a\", \"b\"]\nlanguage = \"lang/label\"\n";

/// 600 records; the scores of German ones are a hundredth of those of English ones.
fn scored() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    let rows = 0..600u32;
    let scale = |n: u32| if n.is_multiple_of(3) { 0.01 } else { 1.0 };
    let ids: Vec<String> = rows.clone().map(|n| format!("r{n}")).collect();
    let columns = batch(vec![
        ("id", strings(ids.iter().map(|id| Some(id.as_str())))),
        ("text", strings(ids.iter().map(|id| Some(id.as_str())))),
        (
            "a",
            Arc::new(rows.clone().map(|n| Some(f64::from(n * 7 % 600) * scale(n))).collect::<Float64Array>()),
        ),
        (
            "b",
            Arc::new(
                rows.clone()
                    .map(|n| (n != 7).then_some(f64::from(n * 11 % 601) * scale(n)))
                    .collect::<Float64Array>(),
            ),
        ),
        ("lang", strings(rows.map(|n| Some(if n.is_multiple_of(3) { "de" } else { "en" })))),
    ]);
    write(&sandbox.path("corpus/a.parquet"), &columns, 100);
    sandbox.write("scores.toml", config(SCORES));
    sandbox.release("scores.toml", "scored", &[]).expect(0);
    sandbox
}

const FIT: [&str; 9] =
    ["fit-ensemble", "scored", "--score", "a", "--score", "b/score", "--language", "lang/label", "--out"];

#[test]
fn a_mapping_makes_buckets_and_is_signed_by_its_digest() {
    let sandbox = scored();
    let fit =
        |out: &str, more: &[&str]| sandbox.run(&[&FIT[..], &[out, "--records-min", "100"], more].concat());
    let told = fit("mapping.toml", &[]).expect(0).stdout;
    assert!(told.starts_with("records      600\nwith scores  599\nmapping      "), "{told}");
    fit("again.toml", &[]).expect(0);
    assert_eq!(sandbox.read("mapping.toml"), sandbox.read("again.toml"));
    for combine in ["mean", "logistic"] {
        let label: &[&str] = if combine == "mean" { &[] } else { &["--label", "lang/label=en"] };
        fit(&format!("{combine}.toml"), &[&["--combine", combine], label].concat()).expect(0);
    }
    let keep = "[[stage]]\nuse = \"keep-top\"\nscore = \"ensemble\"\nfraction = \"0.5\"\nby = [\"lang/label\", \"ensemble/bucket\"]\n";
    sandbox.write("c.toml", config(&[SCORES, ENSEMBLE, keep].concat()));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
    let asset = statement(&sandbox.path("out"))["predicate"]["assets"][0].clone();
    assert_eq!(asset["name"], "mapping.toml");
    let digest = Sha256::of(&sandbox.read("mapping.toml")).to_string();
    assert!(asset.to_string().contains(&digest), "{asset}");
    let rows = ledger(&sandbox.path("out"));
    // the percentiles of one language know nothing of the other: both fill all buckets
    for lang in ["de", "en"] {
        let of_lang = rows.iter().filter(|row| row.recorded["lang/label"] == lang);
        let buckets = of_lang.filter_map(|row| row.recorded.get("ensemble/bucket"));
        assert!(buckets.collect::<std::collections::BTreeSet<_>>().len() >= 15, "{lang}");
    }
    assert!(!rows[7].recorded.contains_key("ensemble/score") && rows[7].is_released());
    halves(&rows, &["lang/label", "ensemble/bucket"]);
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let sandbox = scored();
    let cases: [(&[&str], &str); 6] = [
        (&["none", "--score", "a"], "error: `none/ledger/index.json`"),
        (&["scored", "--score", "c"], "no column `c/score`"),
        (&["scored"], "--score <COLUMN>"),
        (&["scored", "--score", "a", "--combine", "logistic"], "needs `--label COLUMN=VALUE`"),
        (&["scored", "--score", "a", "--label", "lang/label=en"], "`--label` is of no use"),
        (
            &["scored", "--score", "a", "--combine", "logistic", "--label", "lang/label=fr"],
            "error: `scored`: the labels are all alike: 0 records with it, 600 without",
        ),
    ];
    for (arguments, expected) in cases {
        let output = sandbox.run(&[&["fit-ensemble"], arguments, &["--out", "m.toml"]].concat()).expect(2);
        assert!(output.stderr.contains(expected), "{arguments:?}: {}", output.stderr);
        assert!(!sandbox.path("m.toml").exists());
    }
}

/// Half of each group stays, rounded up: the better half, of equal scores that of the smaller ids.
fn halves(rows: &[Row], by: &[&str]) {
    let mut groups: BTreeMap<Vec<Option<&String>>, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.recorded.contains_key("ensemble/score")) {
        groups.entry(by.iter().map(|name| row.recorded.get(*name)).collect()).or_default().push(row);
    }
    let score = |row: &Row| row.recorded["ensemble/score"].parse::<f64>().unwrap();
    for (group, rows) in &mut groups {
        rows.sort_by(|a, b| {
            score(b).total_cmp(&score(a)).then(a.id.cmp(&b.id)).then((a.shard, a.row).cmp(&(b.shard, b.row)))
        });
        let kept: Vec<bool> = rows.iter().map(|row| row.is_released()).collect();
        let half = rows.len().div_ceil(2);
        assert!(kept[..half].iter().all(|kept| *kept) && !kept[half..].contains(&true), "{group:?}");
    }
    println!("{} groups of {} records keep exactly a half", groups.len(), rows.len());
}

#[test]
fn a_real_corpus_keeps_exactly_a_half_of_each_group() {
    let sandbox = Sandbox::with_keys();
    for (file, to) in [
        ("corpus/small", "corpus"),
        ("models/lid176/lid.176.ftz", "lid.ftz"),
        ("models/fasttext/quality_proxy.ftz", "quality.ftz"),
        ("models/fasttext/human_vs_machine.ftz", "human.ftz"),
    ] {
        let Some(()) = link(&sandbox, file, to) else { return };
    }
    sandbox.write("scores.toml", all_measured(REAL));
    sandbox.release("scores.toml", "scored", &[]).expect(0);
    let fit = ["fit-ensemble", "scored", "--score", "quality", "--score", "human"];
    sandbox.run(&[&fit[..], &["--language", "language/label", "--out", "mapping.toml"]].concat()).expect(0);
    sandbox.write("c.toml", all_measured(&[REAL, REAL_ENSEMBLE].concat()));
    sandbox.release("c.toml", "half", &[]).expect(0);
    let rows = ledger(&sandbox.path("half"));
    assert_eq!(rows.len(), 69_571);
    halves(&rows, &["source/label", "language/label", "ensemble/bucket"]);
    // what is told of a third is what a run comes to
    let third = ["--set", "keep-top.fraction=\"0.3\""];
    let told = sandbox.run(&[&["whatif", "half", "--json"], &third[..]].concat()).expect(0).json();
    sandbox.release("c.toml", "third", &third).expect(0);
    let flips: Vec<(String, bool)> = rows
        .iter()
        .zip(ledger(&sandbox.path("third")))
        .filter(|(old, new)| old.is_released() != new.is_released())
        .map(|(old, new)| (old.id.clone(), new.is_released()))
        .collect();
    let changes = told["changes"].as_array().unwrap().iter();
    let said: Vec<(String, bool)> =
        changes.map(|c| (c["id"].as_str().unwrap().into(), c["new"]["fate"] == "kept")).collect();
    assert_eq!(told["unanswered"], 0);
    assert_eq!(said, flips);
    println!("`whatif` tells the {} records that a run with a third flips", flips.len());
}

const REAL: &str = r#"
[[stage]]
use = "input-label"
name = "source"
column = "source"

[[stage]]
use = "language"
model = "lid.ftz"
keep = []

[[stage]]
use = "fasttext"
name = "quality"
model = "quality.ftz"
label = "hq"

[[stage]]
use = "fasttext"
name = "human"
model = "human.ftz"
label = "human"
"#;

const REAL_ENSEMBLE: &str = r#"
[[stage]]
use = "ensemble"
mapping = "mapping.toml"
scores = ["quality", "human"]
language = "language/label"

[[stage]]
use = "keep-top"
score = "ensemble"
fraction = "0.5"
by = ["source/label", "language/label", "ensemble/bucket"]
"#;

fn all_measured(stages: &str) -> String {
    config(stages).replacen("schema = 1", "schema = 1\nmeasure = \"all\"", 1)
}
