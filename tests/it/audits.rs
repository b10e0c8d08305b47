//! Audits by strata from the first seed to the signed result, over-removal, and the limits of the gate.

use crate::harness::{Output, Sandbox, config_with};
use crate::ledgers::ledger;
use crate::parquet_files::{batch, write};
use arrow_array::{ArrayRef, StringArray};
use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;

const INPUT: &str = "text = \"text\"\nid = \"id\"";
const LABELS: &str = "[[stage]]\nuse = \"input-label\"\nname = \"dialect\"\ncolumn = \"dialect\"\n\
    [[stage]]\nuse = \"input-label\"\nname = \"gold\"\ncolumn = \"gold\"\n\
    [[stage]]\nuse = \"keywords\"\nname = \"identity\"\npacks = [\"identity\"]\ndistinct_min = 1\npublish = true\n\
    [[stage]]\nuse = \"doc-length\"\nwords_min = 5\n";

/// Two hundred harmless records in two dialects; so many of each hundred are too short for `doc-length`.
fn corpus(short: [usize; 2]) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    write_corpus(&sandbox, &[(100, "a", short[0]), (100, "b", short[1])]);
    sandbox
}

/// Harmless records: so many of each dialect, the first so many of which are too short for `doc-length`.
fn write_corpus(sandbox: &Sandbox, dialects: &[(usize, &str, usize)]) {
    let of_dialect = |&(records, dialect, short)| (0..records).map(move |at| (dialect, at < short));
    let all: Vec<(&str, bool)> = dialects.iter().flat_map(of_dialect).collect();
    let text = |(at, (_, short)): (usize, &(&str, bool))| match short {
        true => format!("Women sing {at}."),
        false => format!("The women of house {at} founded a choir by the river."),
    };
    let ids: StringArray = (0..all.len()).map(|at| Some(format!("r{at}"))).collect();
    let texts: StringArray = all.iter().enumerate().map(|record| Some(text(record))).collect();
    let dialect: StringArray = all.iter().map(|(dialect, _)| Some(*dialect)).collect();
    let gold: StringArray = all.iter().map(|_| Some("0")).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(ids)),
        ("text", Arc::new(texts)),
        ("dialect", Arc::new(dialect)),
        ("gold", Arc::new(gold)),
    ];
    write(&sandbox.path("corpus/a.parquet"), &batch(columns), 64);
}

fn released(short: [usize; 2], gate: &str) -> (Sandbox, Output) {
    let sandbox = corpus(short);
    sandbox.write("c.toml", config_with(INPUT, &format!("{gate}\n{LABELS}")));
    let output = sandbox.release("c.toml", "out", &[]);
    (sandbox, output)
}

/// Runs the program with these lines on standard input.
fn typed(sandbox: &Sandbox, args: &[&str], lines: &str) -> Output {
    let mut command = sandbox.command(args);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn plan(sandbox: &Sandbox, seed: &str, out: &str) -> Output {
    let fixed = ["audit", "plan", "out", "--key", "producer.pub.pem", "--by", "dialect/label,rule"];
    sandbox.run(&[&fixed, ["--seed", seed, "--per-stratum", "10", "--out", out].as_slice()].concat())
}

#[test]
fn from_a_seed_to_a_signed_result() {
    let (sandbox, run) = released([40, 40], "");
    run.expect(0);
    let drawn = plan(&sandbox, "lottery", "sample").expect(0);
    assert!(drawn.stdout.contains("     10 of        40  removed / a / "), "{}", drawn.stdout);
    assert!(drawn.stdout.contains("insufficient"), "{}", drawn.stdout);
    plan(&sandbox, "lottery", "again").expect(0);
    plan(&sandbox, "other", "other").expect(0);
    assert_eq!(sandbox.read("sample"), sandbox.read("again"));
    assert_ne!(sandbox.read("sample"), sandbox.read("other"));

    let label = |reviewer: &str, out: &str, lines: &str| {
        let args = ["audit", "label", "sample", "--release", "out", "--reviewer", reviewer, "--out", out];
        typed(&sandbox, &args, lines).expect(0)
    };
    let first = label("Ada", "ada", "y\nx\nr\nn\nq\n");
    assert!(first.stdout.contains("2 of 40 answered"), "{}", first.stdout);
    assert!(first.stdout.contains("[hidden]") && first.stdout.contains("`x` is none"), "{}", first.stdout);
    for told in ["removed", "kept", "doc-length", "dialect"] {
        assert!(!first.stdout.contains(told), "the reviewer is told {told}");
    }
    let hidden = first.stdout.split("[hidden]").count() - 1;
    let shown = first.stdout.to_lowercase().matches("women").count();
    assert_eq!((hidden, shown), (3, 1), "only what is revealed is shown: {}", first.stdout);
    let rest = label("Ada", "ada", &"n\n".repeat(38));
    assert!(rest.stdout.contains("40 of 40 answered"), "{}", rest.stdout);
    label("Bo", "bo", &"n\n".repeat(40));
    let foreign = ["audit", "label", "sample", "--release", "out", "--reviewer", "Bo", "--out", "ada"];
    typed(&sandbox, &foreign, "").expect(2);

    let twice = sandbox.run(&["audit", "result", "sample", "ada", "ada"]).expect(2);
    assert!(twice.stderr.contains("the answers of one reviewer, Ada"), "{}", twice.stderr);
    let told = sandbox.run(&["audit", "result", "sample", "ada", "bo", "--json"]).expect(0).json();
    assert_eq!(told["differences"].as_array().unwrap().len(), 1, "{told}");
    let open: u64 =
        told["outcome"]["strata"].as_array().unwrap().iter().map(|s| s["open"].as_u64().unwrap()).sum();
    assert_eq!(open, 1, "a difference stays open");
    let decided = sandbox.run(&["audit", "result", "sample", "ada", "bo", "--decide", "bo"]).expect(0);
    assert!(decided.stdout.contains("false positives: 0.000000 of 80 taken out"), "{}", decided.stdout);

    sandbox.run(&["keygen", "--out", "auditor.pem"]).expect(0);
    let attest = |sample: &str, name: &str| {
        sandbox.run(&[
            "audit",
            "attest",
            "out",
            "--sample",
            sample,
            "--labels",
            "ada",
            "--labels",
            "bo",
            "--decide",
            "bo",
            "--key",
            "auditor.pem",
            "--producer",
            "producer.pub.pem",
            "--name",
            name,
            "--id",
            "https://lab.example",
            "--time",
            "2026-11-21T12:00:00Z",
        ])
    };
    attest("other", "other").expect(2);
    let forged = String::from_utf8(sandbox.read("sample")).unwrap().replace("lottery", "chosen!");
    sandbox.write("forged", forged);
    let refused = attest("forged", "forged").expect(2);
    assert!(refused.stderr.contains("not the one that its seed draws"), "{}", refused.stderr);
    attest("sample", "lab").expect(0);
    let verified = sandbox.verify("out", &["--auditor", "auditor.pub.pem"]).expect(0);
    assert!(verified.stdout.contains("pass           ledger.audits"), "{}", verified.stdout);
    assert!(verified.stdout.contains("misses: 1.000000 of 120 released"), "{}", verified.stdout);
    let report = ["report", "out", "--key", "producer.pub.pem", "--auditor", "auditor.pub.pem"];
    let shown = sandbox.run(&report).expect(0);
    assert!(shown.stdout.contains("https://lab.example audited a sample of 4 strata"), "{}", shown.stdout);
}

#[test]
fn over_removal_is_told_by_slices() {
    let (sandbox, run) = released([40, 10], "");
    run.expect(0);
    let args = ["report", "out", "--by", "identity/escalated", "--harmless", "gold/label=0", "--json"];
    let told = sandbox.run(&args).expect(0).json();
    let rows = told["overRemoval"]["rows"].as_array().unwrap();
    let row = |slice: &str, value: &str| {
        let found = |row: &&serde_json::Value| {
            row["slice"] == slice && row["value"] == value && row["by"] == "doc-length"
        };
        rows.iter().find(found).unwrap_or_else(|| panic!("{slice} {value}: {told}"))
    };
    let a = row("dialect/label", "a");
    assert_eq!((a["records"].as_u64(), a["removed"].as_u64()), (Some(100), Some(40)));
    assert!((a["ratio"].as_f64().unwrap() - 4.0).abs() < 1e-9, "{a}");
    assert!(a["ratio_interval"]["low"].as_f64().unwrap() > 1.5, "{a}");
    assert_eq!(row("identity/escalated", "true")["records"], 200);
    assert!(rows.iter().any(|row| row["slice"] == "length"), "{told}");
    let plain = sandbox.run(&["report", "out", "--harmless", "gold/label=0"]).expect(0);
    assert!(plain.stdout.contains("4.00 x the rest"), "{}", plain.stdout);
    // what one rule took out is told once
    assert!(
        plain.stdout.contains("doc-length/words-min ") && !plain.stdout.contains("doc-length  "),
        "{}",
        plain.stdout
    );
    let nobody = sandbox.run(&["report", "out", "--harmless", "gold/label=2"]).expect(3);
    assert!(nobody.stderr.contains("no record of the release has `2` in `gold/label`"), "{}", nobody.stderr);
    let none = sandbox.run(&["report", "out", "--by", "none/label"]).expect(2);
    assert!(none.stderr.contains("no column `none/label`"), "{}", none.stderr);
}

#[test]
fn what_is_harmless_may_stand_in_a_file_of_its_own() {
    let (sandbox, run) = released([40, 10], "");
    run.expect(0);
    let line = |at: usize| {
        let label = if at < 150 { "neither" } else { "hate" };
        serde_json::json!({"key": format!("r{at}"), "label": label}).to_string()
    };
    let lines: Vec<String> = (0..200).map(line).collect();
    sandbox.write("truth.jsonl", lines.join("\n"));
    sandbox.write("twice.jsonl", [&lines[..], &[lines[0].replace("neither", "hate")]].concat().join("\n"));
    let ask = |file: &str, harmless: &str| {
        let args = ["report", "out", "--truth", file, "--id", "key", "--harmless", harmless, "--json"];
        sandbox.run(&args)
    };
    let told = ask("truth.jsonl", "label=neither").expect(0).json();
    assert_eq!(told["overRemoval"]["records"], 150);
    for (file, harmless, code, expected) in [
        ("truth.jsonl", "label=nobody", 3, "`truth.jsonl` calls no record of the release harmless"),
        ("twice.jsonl", "label=neither", 2, "row 200: `r0` has another `label` than in a row before"),
        ("truth.jsonl", "kind=neither", 2, "no line has `kind`; there are: key, label"),
        ("none.jsonl", "label=neither", 2, "`none.jsonl`: No such file"),
    ] {
        let error = ask(file, harmless).expect(code).stderr;
        assert!(error.contains(expected), "{error}");
    }
    let alone = sandbox.run(&["report", "out", "--truth", "truth.jsonl"]).expect(2).stderr;
    assert!(alone.contains("--harmless <COLUMN=VALUE>"), "{alone}");
}

#[test]
fn a_gate_stops_what_treats_dialects_unequally() {
    let gate = "[gate]\nslices = [\"dialect/label\"]\n";
    let ratio = format!("{gate}slice_ratio_max = \"1.5\"\n");
    let harmless = format!("{gate}false_positive_ratio_max = \"1.5\"\nharmless = \"gold/label=0\"\n");
    let least = |n: u32| format!("{harmless}slice_records_min = {n}\n");
    let one_value = ratio.replace("dialect", "gold");
    let by_stage = |n: u32| format!("[gate]\nremoved_ppm_max_by_stage = {{ doc-length = {n} }}\n");
    for (short, gate, key) in [
        ([40, 10], ratio.as_str(), Some("gate.slice_ratio_max")),
        ([40, 10], harmless.as_str(), Some("gate.false_positive_ratio_max")),
        ([40, 40], least(101).as_str(), Some("gate.false_positive_ratio_max")),
        ([40, 40], one_value.as_str(), Some("gate.slice_ratio_max")),
        ([40, 10], by_stage(200_000).as_str(), Some("gate.removed_ppm_max_by_stage.doc-length")),
        ([40, 40], ratio.as_str(), None),
        ([40, 38], harmless.as_str(), None),
        ([40, 40], least(100).as_str(), None),
        ([40, 10], by_stage(250_000).as_str(), None),
    ] {
        let (sandbox, run) = released(short, gate);
        let Some(key) = key else {
            run.expect(0);
            continue;
        };
        let run = run.expect(1);
        assert!(run.stdout.contains(&format!("gate broken    `{key}` ")), "{}", run.stdout);
        assert!(!sandbox.path("out/manifest.sigstore.json").exists(), "{key}");
        let sign = sandbox.run(&["sign", "out", "--key", "producer.pem"]).expect(1);
        assert!(sign.stdout.contains(key), "{}", sign.stdout);
    }
}

#[test]
fn a_gate_compares_a_small_slice_and_names_what_is_too_small() {
    let gate = "[gate]\nslices = [\"dialect/label\"]\nfalse_positive_ratio_max = \"1.5\"\n\
        harmless = \"gold/label=0\"\nslice_records_min = ";
    for (dialects, least, told) in [
        (&[(30, "a", 30), (170, "b", 0)][..], 20, "took out 30 of 30 records where `dialect/label` is `a`"),
        (&[(30, "a", 30), (170, "b", 0)], 31, "compares nothing by `dialect/label`"),
        (&[(9, "c", 9), (91, "a", 0), (100, "b", 0)], 20, ""),
    ] {
        let sandbox = Sandbox::with_keys();
        write_corpus(&sandbox, dialects);
        sandbox.write("c.toml", config_with(INPUT, &format!("{gate}{least}\n{LABELS}")));
        let run = sandbox.release("c.toml", "out", &[]).expect(i32::from(!told.is_empty()));
        assert!(run.stdout.contains(told), "{}", run.stdout);
        let small = "does not compare `dialect/label` = `c`: 9 records, and 191 others";
        assert_eq!(run.stderr.contains(small), told.is_empty(), "{}", run.stderr);
    }
}

#[test]
fn a_limit_without_an_effect_is_an_error() {
    let sandbox = corpus([1, 1]);
    let late = LABELS
        .replace("[[stage]]\nuse = \"input-label\"\nname = \"dialect\"\ncolumn = \"dialect\"\n", "")
        + "[[stage]]\nuse = \"input-label\"\nname = \"dialect\"\ncolumn = \"dialect\"\n";
    let secret = LABELS.replace("publish = true\n", "");
    for (gate, stages, expected) in [
        ("slice_ratio_max = \"1.5\"", LABELS, "need each other"),
        ("slices = [\"source\"]", LABELS, "need each other"),
        ("slices = [\"source\"]\nslice_ratio_max = \"0.5\"", LABELS, "below 1"),
        (
            "slices = [\"source\"]\nfalse_positive_ratio_max = \"2\"",
            LABELS,
            "`gate.harmless` need each other",
        ),
        (
            "slices = [\"a/label\"]\nslice_ratio_max = \"2\"",
            LABELS,
            "names no column: `a/label`; there are dialect/label",
        ),
        ("slices = [\"dialect/label\"]\nslice_ratio_max = \"2\"", &late, "put `dialect` before it"),
        (
            "slices = [\"identity/escalated\"]\nslice_ratio_max = \"2\"",
            &secret,
            "`identity`, which is not published",
        ),
        ("removed_ppm_max_by_stage = { dialect = 1 }", LABELS, "`dialect` takes nothing out"),
        ("removed_ppm_max_by_stage = { nobody = 1 }", LABELS, "names no stage: `nobody`"),
        ("slice_records_min = 50", LABELS, "`gate.slice_records_min` has no effect without `gate.slices`"),
        (
            "slices = [\"source\"]\nslice_ratio_max = \"2\"\nslice_records_min = 0",
            LABELS,
            "`gate.slice_records_min` is 0, expected at least 1",
        ),
        ("audit_max = 1", LABELS, "unknown field `audit_max`"),
    ] {
        sandbox.write("c.toml", config_with(INPUT, &format!("[gate]\n{gate}\n{stages}")));
        let error = sandbox.run(&["plan", "c.toml"]).expect(2).stderr;
        assert!(error.contains(expected), "{gate}: {error}");
    }
}

#[test]
fn every_removed_record_says_why() {
    let (sandbox, run) = released([40, 10], "");
    run.expect(0);
    let rows = ledger(&sandbox.path("out"));
    let removed: Vec<_> = rows.iter().filter(|row| row.fate == "removed").collect();
    assert_eq!(removed.len(), 50);
    for row in removed {
        assert!(row.stage.is_some() && row.rule.is_some() && row.value.is_some() && row.bound.is_some());
    }
}
