//! `pack` and `suggest-terms`: what each prints, how it exits, and what it says of files it cannot use.

use crate::harness::{Sandbox, config, statement};
use crate::ledgers::ledger;
use crate::made_up::{config_of_shards, write_shards};
use crate::parquet_files::{batch, strings, texts, write};

const PACK: &str = r#"schema = 1
id = "bakery"
version = "1"
owner = "the tests"
summary = "what a bakery sells"

[[source]]
id = "menu"
title = "a menu made for a test"
edition = "1"

[[group]]
category = "cakes"
source = "menu"
lang = "en"
weight = 3
terms = ["apple tart | apple tarts", "quince pie"]
must_hit = ["Two apple tarts, please."]
must_miss = ["An apple and a tart."]
"#;

/// Rows of text, source and label.
const TEXTS: [[&str; 3]; 6] = [
    ["An apple tart is on the shelf.", "shop", "cake"],
    ["We ate a quince pie and an apple tart.", "shop", "cake"],
    ["The bread is fresh, and so is the butter on it.", "shop", "none"],
    ["A quiet morning beside the river, nothing else.", "walk", "none"],
    ["Rain fell on the old mill for most of the day.", "walk", "none"],
    ["She read the quince pie recipe twice and went home.", "walk", "none"],
];

/// A good pack, wrong ones, and texts in both formats.
fn bakery() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("bakery.toml", PACK);
    sandbox.write(
        "later.toml",
        PACK.replace("version = \"1\"", "version = \"2\"").replace(", \"quince pie\"", ""),
    );
    sandbox.write("wrong.toml", PACK.replace("An apple and a tart.", "An apple tart."));
    sandbox.write("dated.toml", PACK.replace("\n\n[[source]]", "\nexpires = \"2026-11-30\"\n\n[[source]]"));
    sandbox.write("broken.toml", PACK.replace("weight = 3", "wait = 3"));
    sandbox.write("other.toml", PACK.replace("schema = 1", "schema = 2"));
    let column = |at: usize| strings(TEXTS.iter().map(|row| Some(row[at])));
    let columns = vec![("text", column(0)), ("source", column(1)), ("label", column(2))];
    write(&sandbox.path("texts.parquet"), &batch(columns), 10);
    let line =
        |row: &[&str; 3]| serde_json::json!({"text": row[0], "source": row[1], "label": row[2]}).to_string();
    sandbox.write("texts.jsonl", TEXTS.iter().map(line).collect::<Vec<_>>().join("\n"));
    let many = serde_json::json!({"text": "Two apple tarts, an apple tart and a quince pie. ".repeat(30)});
    sandbox.write("many.jsonl", many.to_string());
    sandbox.write("list.txt", "# a comment\napple tart\nquince\n");
    sandbox.write("empty.txt", "# a comment\n");
    sandbox.write("long.txt", "apple tart\na b c d e f g\n");
    sandbox
}

/// The arguments, the exit code, and what standard output or, where the code is 2, standard error must hold.
type Case<'a> = (&'a str, i32, &'a [&'a str]);

const LINTS: &[Case<'_>] = &[
    ("pack lint", 0, &["cbrn 0.", ": good, ", " terms, sha256 ", "self-harm "]),
    ("pack lint bakery.toml", 0, &["bakery 1: good, 2 terms, sha256 "]),
    ("pack lint wrong.toml", 1, &["bakery 1: wrong, 2 terms", "  group `cakes` hits `An apple tart.`"]),
    ("pack lint dated.toml", 0, &["good"]),
    ("pack lint dated.toml --today 2026-11-30", 0, &["good"]),
    ("pack lint bakery.toml dated.toml --today 2026-12-01", 1, &["good", "wrong", "  expired on 2026-11-30"]),
    ("pack lint bakery.toml --corpus texts.parquet", 0, &["good"]),
    (
        "pack lint bakery.toml --corpus many.jsonl",
        1,
        &["bakery 1: wrong", "  term `apple tart | apple tarts` makes 66.7 % of the pack's hits (60 of 90)"],
    ),
    ("pack lint bakery.toml --corpus none.jsonl", 2, &["error: `none.jsonl`: No such file"]),
    ("pack lint bakery.toml --corpus texts.parquet --column body", 2, &["no column `body`"]),
    ("pack lint dated.toml --today tomorrow", 1, &["`tomorrow` is not a day written YYYY-MM-DD"]),
    ("pack test bakery.toml", 0, &["bakery 1: good"]),
    ("pack test wrong.toml", 1, &["  group `cakes` hits `An apple tart.`"]),
    ("pack test dated.toml", 0, &["good"]),
    (
        "pack lint none.toml",
        2,
        &["error: `none.toml` is no shipped pack (adult, cbrn, ", "cannot be read as a file: No such file"],
    ),
    ("pack lint broken.toml", 2, &["asset `broken.toml`: line 16: unknown field `wait`"]),
    ("pack test other.toml", 2, &["asset `other.toml`: schema 2 is not one this program reads: 1"]),
    ("pack lint list.txt", 2, &["asset `list.txt`: line 2: "]),
];

const DIFFERENCES: &[Case<'_>] = &[
    (
        "pack diff bakery.toml later.toml --data texts.parquet",
        0,
        &[
            "bakery 1 sha256 ",
            "bakery 2 sha256 ",
            "1 of 6 records change (16.667 %)",
            "        1  escalate -> pass",
            "  row 5 (walk): escalate -> pass",
        ],
    ),
    ("pack diff bakery.toml later.toml --data texts.jsonl --limit 0", 0, &["1 of 6 records change"]),
    (
        "pack diff bakery.toml bakery.toml --data texts.parquet --max-changed 0",
        0,
        &["0 of 6 records change (0.000 %)"],
    ),
    ("pack diff bakery.toml later.toml --data texts.parquet --max-changed 16", 1, &["1 of 6 records change"]),
    ("pack diff bakery.toml later.toml --data texts.parquet --max-changed 17", 0, &["1 of 6 records change"]),
    ("pack diff bakery.toml later.toml --data texts.parquet --only shop", 0, &["0 of 3 records change"]),
    ("pack diff bakery.toml none.toml --data texts.parquet", 2, &["`none.toml` is no shipped pack"]),
    ("pack diff bakery.toml later.toml --data none.parquet", 2, &["error: `none.parquet`: No such file"]),
    (
        "pack diff bakery.toml later.toml --data texts.parquet --column body",
        2,
        &["`texts.parquet`: no column `body`; there are: text, source, label"],
    ),
    (
        "pack diff bakery.toml later.toml --data texts.jsonl --column body",
        2,
        &["`texts.jsonl`: line 1: no `body`"],
    ),
    (
        "pack diff bakery.toml later.toml --data list.txt",
        2,
        &["`list.txt`: is none of .parquet, .jsonl and .jsonl.zst"],
    ),
    ("pack diff bakery.toml later.toml", 2, &["--data <FILE>..."]),
];

const MEASURES: &[Case<'_>] = &[
    (
        "pack attack --packs bakery.toml --data texts.parquet --harmless none",
        0,
        &[
            "6 texts, 4 terms found as written, seed 1",
            "4 harmless texts: 25.000 % hold a term as written, 25.000 % either way, 0.000 points more",
            "4 harmless texts: 25.000 % are escalated as written, 25.000 % either way, 0.000 points more",
            "homoglyph           0.000        1.000                0.000                0.000",
        ],
    ),
    (
        "pack attack --packs bakery.toml --data texts.jsonl --seed 7",
        0,
        &["6 harmless texts: 50.000 %", "seed 7"],
    ),
    ("pack attack --packs other.toml --data texts.parquet", 2, &["schema 2 is not one this program reads"]),
    (
        "pack attack --packs bakery.toml --data texts.parquet --column source --only none",
        0,
        &["0 texts, 0 terms"],
    ),
    (
        "pack bench --packs bakery.toml --data texts.parquet texts.jsonl --rounds 1",
        0,
        &["2 terms, 12 texts, ", "raw ", "both ", " MB/s ", ", 6 escalated (50.00 %)"],
    ),
    ("pack bench --packs bakery.toml --data none.jsonl", 2, &["error: `none.jsonl`: No such file"]),
    (
        "pack hash list.txt --salt pepper",
        0,
        &["[group.hashed]", "salt = \"pepper\"", "words_max = 2", "tags = [", "terms = ["],
    ),
    ("pack hash empty.txt --salt pepper", 2, &["error: `empty.txt`: holds no terms"]),
    ("pack hash long.txt --salt pepper", 2, &["error: `long.txt`: line 2: 7 words, more than 6"]),
    ("pack hash list.txt --salt=", 2, &["a value is required for '--salt <SALT>'"]),
    ("pack hash none.txt --salt pepper", 2, &["error: `none.txt`: No such file"]),
    ("pack hash list.txt", 2, &["--salt <SALT>"]),
];

const SUGGESTIONS: &[Case<'_>] = &[
    (
        "suggest-terms cakes.jsonl others.jsonl",
        0,
        &["term\tpositive\tnegative\tratio\tlog_odds\trecall\tremoved\n", "quince\t12\t0\t1.000\t"],
    ),
    ("suggest-terms cakes.jsonl others.jsonl --terms-max 0", 0, &["removed\n"]),
    (
        "suggest-terms cakes.jsonl others.jsonl --words-max 0",
        2,
        &["invalid value '0' for '--words-max <N>': expected 1 to 6"],
    ),
    ("suggest-terms cakes.jsonl others.jsonl --column body", 2, &["`cakes.jsonl`: line 1: no `body`"]),
    ("suggest-terms cakes.jsonl empty.jsonl", 2, &["error: `empty.jsonl`: holds no texts"]),
    ("suggest-terms cakes.jsonl cakes.jsonl", 2, &["error: the two files hold the same texts"]),
    (
        "suggest-terms cakes.jsonl others.jsonl --budget 5",
        2,
        &["'--budget <BUDGET>': expected a share from 0 to 1"],
    ),
    ("suggest-terms none.jsonl others.jsonl", 2, &["error: `none.jsonl`: No such file"]),
];

fn all_as_written(sandbox: &Sandbox, cases: &[Case<'_>]) {
    for (arguments, code, parts) in cases {
        let output = sandbox.run(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(output.code, *code, "{arguments}\n{}{}", output.stdout, output.stderr);
        let told = if *code == 2 { &output.stderr } else { &output.stdout };
        for part in *parts {
            assert!(told.contains(part), "{arguments} lacks {part:?}:\n{told}");
        }
        assert!(*code != 2 || output.stdout.is_empty(), "{arguments}: {}", output.stdout);
    }
}

#[test]
fn lint_and_test_tell_what_is_wrong_with_packs() {
    all_as_written(&bakery(), LINTS);
}

#[test]
fn diff_tells_which_decisions_change() {
    all_as_written(&bakery(), DIFFERENCES);
}

#[test]
fn attack_bench_and_hash_print_what_they_measure() {
    let sandbox = bakery();
    all_as_written(&sandbox, MEASURES);
    let attack = ["pack", "attack", "--packs", "bakery.toml", "--data", "texts.parquet"];
    assert_eq!(sandbox.run(&attack).stdout, sandbox.run(&attack).stdout, "the seed decides");
}

#[test]
fn a_hashed_list_is_a_group_of_a_pack() {
    let sandbox = bakery();
    let hashed = sandbox.run(&["pack", "hash", "list.txt", "--salt", "pepper"]).expect(0).stdout;
    assert!(!hashed.contains("quince"), "{hashed}");
    sandbox.write(
        "hashed.toml",
        PACK.replace("terms = [\"apple tart | apple tarts\", \"quince pie\"]\n", "") + &hashed,
    );
    let lint = sandbox.run(&["pack", "lint", "hashed.toml"]).expect(1).stdout;
    assert!(
        lint.contains("bakery 1: wrong, 2 terms") && lint.contains("misses `Two apple tarts, please.`"),
        "{lint}"
    );
}

#[test]
fn suggestions_come_best_first() {
    let sandbox = Sandbox::new();
    let lines = |of: &dyn Fn(usize) -> String| {
        let line = |nth| serde_json::json!({"text": of(nth)}).to_string();
        (0..12).map(line).collect::<Vec<_>>().join("\n")
    };
    sandbox.write("cakes.jsonl", lines(&|nth| format!("a quince for pie {nth}")));
    sandbox.write("others.jsonl", lines(&|nth| format!("a pie for nobody {nth}")));
    sandbox.write("empty.jsonl", "");
    all_as_written(&sandbox, SUGGESTIONS);
    let few = sandbox.run(&["suggest-terms", "cakes.jsonl", "others.jsonl", "--terms-max", "0"]).expect(0);
    assert!(few.stderr.contains("find 0.000 of the texts about the subject, not 0.98"), "{}", few.stderr);
}

#[test]
fn the_packs_taken_by_default_are_those_of_the_profile() {
    let sandbox = bakery();
    let profile: toml::Table = sandbox.run(&["init", "high-risk"]).expect(0).stdout.parse().unwrap();
    let packs: Vec<&str> =
        profile["stage"][0]["packs"].as_array().unwrap().iter().filter_map(toml::Value::as_str).collect();
    assert_eq!(packs, filters::pack::HAZARDS);
    let linted = sandbox.run(&["pack", "lint"]).expect(0).stdout;
    let linted: Vec<&str> = linted.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(linted, filters::pack::HAZARDS);
}

#[test]
fn a_pack_marks_and_does_no_more_in_the_sources_it_names() {
    let sandbox = Sandbox::with_keys();
    sandbox.write(
        "bakery.toml",
        PACK.replace("\n\n[[source]]", "\nescalate_only_in = [\"sec*\"]\n\n[[source]]"),
    );
    let text = "An apple tart is on the shelf.";
    let records = [(0, "a", text.to_string(), None), (1, "b", text.to_string(), None)];
    write_shards(&sandbox, "corpus", &records);
    let stage = "[[stage]]\nuse = \"keywords\"\npacks = [\"bakery.toml\"]\naction = \"quarantine\"";
    sandbox.write("c.toml", config_of_shards(stage));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let rows = ledger(&sandbox.path("out"));
    let told: Vec<(&str, &str)> =
        rows.iter().map(|row| (row.fate.as_str(), row.recorded["keywords/escalated"].as_str())).collect();
    assert_eq!(told, [("quarantined", "true"), ("kept", "true")]);
    sandbox.write("c.toml", config_of_shards(&stage.replace("quarantine", "tag")));
    sandbox.release("c.toml", "tagged", &[]).expect(0);
    let broken = |row: &crate::ledgers::Row| row.recorded.get("keywords/broken").cloned();
    assert!(ledger(&sandbox.path("tagged")).iter().all(|row| broken(row).is_some()), "a mark is no decision");
}

#[test]
fn a_pack_past_its_day_is_never_used_in_silence() {
    let sandbox = Sandbox::with_keys();
    sandbox.write("dated.toml", PACK.replace("\n\n[[source]]", "\nexpires = \"2026-11-30\"\n\n[[source]]"));
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("An apple tart.")]), 10);
    let stage = "[[stage]]\nuse = \"keywords\"\npacks = [\"dated.toml\"]\npublish = true";
    let warning = "`keywords`: pack `bakery` 1 expired on 2026-11-30";
    let stated = "dated.toml, canonical, expired on 2026-11-30";
    for (released, expired) in [("2026-11-30", false), ("2026-12-01", true)] {
        sandbox.write("c.toml", config(&format!("[dataset]\nreleased = \"{released}\"\n{stage}")));
        let plan = sandbox.run(&["plan", "c.toml"]).expect(0).stdout;
        assert_eq!(plan.contains(&format!("warning      {warning}")), expired, "{plan}");
        let run = sandbox.release("c.toml", released, &[]).expect(0);
        assert_eq!(run.stderr.contains(warning), expired, "{}", run.stderr);
        let manifest = statement(&sandbox.path(released)).to_string();
        assert_eq!(manifest.contains(stated), expired, "{manifest}");
        sandbox.verify(released, &["--level", "replay", "--inputs", "corpus"]).expect(0);
    }
}
