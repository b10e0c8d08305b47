//! No file of a release holds what the stage `sensitive-data` has found, whatever became of the record.

use crate::harness::{Sandbox, config, tree};
use crate::ledgers::ledger;
use crate::parquet_files::{batch, column, read, strings, write};
use crate::shared_data::shared;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{BinaryArray, RecordBatch};
use std::sync::Arc;

/// What must not be in any file. All are made up.
const RAW: [&str; 6] = [
    "ann@lovelace.dev",
    "4000 0566 5566 5556",
    "GB33BUKB20201555555555",
    "AKIA3XR7QPLM2WZK5TVB",
    "646-555-2368",
    "81.2.69.142",
];

const STAGES: &str = r#"
[output]
compression = "uncompressed"

[[stage]]
use = "doc-length"
chars_min = 60

[[stage]]
use = "sensitive-data"
spans_max = 3

[[stage]]
use = "exact-duplicates"

[[stage]]
use = "doc-length"
name = "not-too-long"
chars_max = 200
"#;

/// Texts with what became of them: one for every way out of the corpus.
fn records() -> Vec<(String, &'static str)> {
    let long = "A line of ordinary words that is long enough to pass the first of the stages. ";
    vec![
        (format!("{long}Write to {} or call {}.", RAW[0], RAW[4]), "edited"),
        (format!("{long}Nothing to see here."), "kept"),
        (format!("Too short: {}", RAW[0]), "removed doc-length"),
        (format!("{long}{}", RAW.join(", ")), "quarantined sensitive-data"),
        (format!("{long}Write to {} or call {}.", RAW[0], RAW[4]), "removed exact-duplicates"),
        (format!("{}{} and host {}", long.repeat(3), RAW[3], RAW[5]), "removed not-too-long"),
    ]
}

/// Runs the stages over a corpus in `corpus/` and fails where something raw is written.
fn released_without_a_trace(sandbox: &Sandbox, expected: &[&str]) {
    sandbox.write("c.toml", config(STAGES));
    let run = sandbox.release("c.toml", "out", &[]).expect(0);
    let mut told = vec![("standard error".to_string(), run.stderr), ("standard output".into(), run.stdout)];
    for (name, bytes) in tree(&sandbox.path("out")) {
        let content = match name.ends_with(".parquet") {
            true => format!("{:?}", read(&sandbox.path("out").join(&name))),
            false => String::from_utf8_lossy(&bytes).into_owned(),
        };
        told.push((name, content));
    }
    for row in 0..expected.len() {
        told.push((format!("explain {row}"), sandbox.run(&["explain", "out", &format!("0:{row}")]).stdout));
    }
    for (place, content) in told {
        for raw in RAW {
            assert!(!content.contains(raw), "`{raw}` is in {place}");
        }
    }
    let rows = ledger(&sandbox.path("out"));
    let fates = rows.iter().map(|row| format!("{} {}", row.fate, row.stage.as_deref().unwrap_or_default()));
    assert_eq!(fates.map(|fate| fate.trim().to_string()).collect::<Vec<_>>(), expected);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
}

#[test]
fn nothing_found_is_written_whatever_becomes_of_the_record() {
    let sandbox = Sandbox::with_keys();
    let records = records();
    let texts: Vec<Option<&str>> = records.iter().map(|(text, _)| Some(text.as_str())).collect();
    write(&sandbox.path("corpus/a.parquet"), &crate::parquet_files::texts(&texts), 2);
    released_without_a_trace(&sandbox, &records.iter().map(|(_, fate)| *fate).collect::<Vec<_>>());
    let kept = column(&read(&sandbox.path("out/data/part-00000.parquet")), "text");
    assert!(kept[0].as_deref().is_some_and(|text| text.ends_with("Write to <EMAIL> or call <PHONE>.")));
    let removed = column(&read(&sandbox.path("out/auditor/removed/part-00000.parquet")), "text");
    assert_eq!(removed[0].as_deref(), Some("Too short: <EMAIL>"));
}

/// First byte and end of every span of the first record.
fn spans_of_the_first(ledger: &RecordBatch) -> Vec<(usize, usize)> {
    let spans = ledger.column_by_name("spans").unwrap().as_list::<i32>().value(0);
    let offsets = |name| spans.as_struct().column_by_name(name).unwrap().as_primitive::<UInt64Type>().clone();
    let (starts, ends) = (offsets("start"), offsets("end"));
    starts.values().iter().zip(ends.values()).map(|(start, end)| (*start as usize, *end as usize)).collect()
}

#[test]
fn spans_say_where_it_stood_in_the_original() {
    let sandbox = Sandbox::with_keys();
    let text = format!("This line goes without a stop\nAsk {}, call {}, or try {}.", RAW[0], RAW[4], RAW[5]);
    write(&sandbox.path("corpus/a.parquet"), &crate::parquet_files::texts(&[Some(&text)]), 1);
    // the stage before cuts the first line
    let before = "[[stage]]\nuse = \"c4-lines\"\nterminal_punctuation = true\nsentences_min = 0\n";
    sandbox.write("c.toml", config(&format!("{before}[[stage]]\nuse = \"sensitive-data\"")));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let spans = spans_of_the_first(&read(&sandbox.path("out/auditor/ledger/part-00000.parquet")));
    let stood: Vec<&str> = spans.iter().map(|(start, end)| &text[*start..*end]).collect();
    assert_eq!(stood, [RAW[0], RAW[4], RAW[5]]);
}

#[test]
fn not_in_what_is_no_utf_8_either() {
    let sandbox = Sandbox::with_keys();
    let broken = [RAW[0].as_bytes(), b" \xff ", RAW[2].as_bytes()].concat();
    let texts: BinaryArray = [Some(broken.as_slice()), None, Some(b"short".as_slice())].into_iter().collect();
    let ids = strings([Some("a"), Some("b"), Some("c")]);
    write(&sandbox.path("corpus/a.parquet"), &batch(vec![("id", ids), ("text", Arc::new(texts))]), 10);
    released_without_a_trace(&sandbox, &["quarantined input", "quarantined input", "removed doc-length"]);
}

/// What a labelled set calls the kinds that are looked for.
const LABELS: [(&str, &str); 6] = [
    ("CREDIT_CARD", "card"),
    ("IBAN_CODE", "iban"),
    ("US_SSN", "national-id"),
    ("EMAIL_ADDRESS", "email"),
    ("IP_ADDRESS", "ip"),
    ("PHONE_NUMBER", "phone"),
];

#[test]
fn labelled_spans_are_found_by_kind() {
    let Some(path) = shared("labelled/pii_spans.parquet") else { return };
    let rows = read(&path);
    let sandbox = Sandbox::with_keys();
    let (texts, labels) = (column(&rows, "text"), column(&rows, "label"));
    let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
    write(&sandbox.path("corpus/a.parquet"), &crate::parquet_files::texts(&texts), 1000);
    sandbox.write("c.toml", config("[[stage]]\nuse = \"sensitive-data\"\nspans_max = 1000"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let found = ledger(&sandbox.path("out"));
    for (label, kind) in LABELS {
        let name = format!("sensitive-data/{kind}");
        let counts =
            found.iter().map(|row| row.recorded.get(&name).map_or(0.0, |n| n.parse::<f64>().unwrap()));
        let labelled =
            labels.iter().flatten().map(|spans| spans.matches(&format!("\"{label}\"")).count() as f64);
        let (mut all, mut hit, mut extra) = (0.0, 0.0, 0.0);
        for (labelled, count) in labelled.zip(counts) {
            all += labelled;
            hit += labelled.min(count);
            extra += (count - labelled).max(0.0);
        }
        println!("{kind:12} recall {:.3} of {all}, precision {:.3}", hit / all, hit / (hit + extra));
        let least = if kind == "phone" { 0.95 } else { 1.0 };
        assert!(hit / all >= least && hit / (hit + extra) >= 0.99, "{kind}: {hit} of {all}, {extra} others");
    }
}
