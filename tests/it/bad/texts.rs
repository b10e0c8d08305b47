//! Texts that make a careless rule slow or fail, through every stage there is.

use super::configs::stages;
use crate::harness::Sandbox;
use crate::ledgers::ledger;
use crate::parquet_files::{batch, write};
use arrow_array::{Int64Array, RecordBatch, StringArray};
use pipeline::{Config, Plan};
use std::sync::Arc;

/// What is repeated, and to how many bytes about.
const PIECES: &[(&str, usize)] = &[
    ("", 0),
    ("word ", 2_000_000),
    ("the same line again\n", 2_000_000),
    ("ab", 1_000_000),
    (" ", 1_000_000),
    ("\n", 1_000_000),
    ("\r", 300_000),
    ("\u{301}", 300_000),
    ("a\u{301}\u{302}\u{303}", 300_000),
    ("👨\u{200d}", 1_000_000),
    ("\u{200d}", 300_000),
    ("\0", 300_000),
    ("\u{feff}", 300_000),
    ("\u{202e}a\u{202c}", 300_000),
    ("\u{e0041}", 300_000),
    ("字", 300_000),
    ("ก", 300_000),
    (".", 300_000),
    ("a. ", 300_000),
    ("• ", 300_000),
    ("- a\n", 300_000),
    ("1", 300_000),
    ("1,", 300_000),
    ("4111 1111 1111 1111 ", 300_000),
    ("{", 300_000),
    ("[edit] ", 300_000),
    ("\"", 300_000),
    ("'s", 300_000),
    ("a@", 300_000),
    ("a.b@c.example ", 300_000),
    ("http://", 300_000),
    ("http://a.example/b?c ", 300_000),
    ("AKIA", 300_000),
    ("aGk=", 300_000),
    ("<|im_start|>user\n", 300_000),
    ("b-o-m-b ", 300_000),
    ("ſ", 300_000),
    ("ﷺ", 300_000),
];

fn texts() -> RecordBatch {
    let texts = PIECES.iter().map(|(piece, bytes)| piece.repeat(bytes / piece.len().max(1)));
    let ids: StringArray = (0..PIECES.len()).map(|at| Some(format!("r{at}"))).collect();
    let texts: StringArray = texts.map(Some).collect();
    let scores: Int64Array = (0..PIECES.len() as i64).collect();
    batch(vec![("id", Arc::new(ids)), ("text", Arc::new(texts)), ("score", Arc::new(scores))])
}

/// Every stage that needs no other file, one behind the other.
fn every_stage(sandbox: &Sandbox) -> String {
    let top = "schema = 1\nmeasure = \"all\"\n[input]\nfiles = [\"corpus/a.parquet\"]\ntext = \"text\"\nid = \"id\"\n";
    let builds = |text: &str| {
        let config = Config::parse(&sandbox.path("c.toml"), text, &[]);
        config.and_then(Plan::new).is_ok()
    };
    let mut all = stages();
    // it cuts texts when all records are known, and nothing may come behind it
    all.sort_by_key(|(stage, _)| stage.name == "repeated-passages");
    let (mut text, mut count) = (top.to_string(), 0);
    for (_, table) in all {
        let longer = format!("{text}\n[[stage]]\n{}", toml::to_string(&table).unwrap());
        if builds(&longer) {
            (text, count) = (longer, count + 1);
        }
    }
    assert!(count > 20, "{text}");
    text
}

#[test]
fn every_stage_comes_to_an_end_on_every_text() {
    let sandbox = Sandbox::new();
    sandbox.write("list.txt", "bad.example\n");
    write(&sandbox.path("corpus/a.parquet"), &texts(), 1000);
    sandbox.write("c.toml", every_stage(&sandbox));
    let output = sandbox.run(&["run", "c.toml", "--out", "out"]).expect(0);
    // a stage that could not judge a record says so
    assert!(!output.stderr.contains("could not judge"), "{}", output.stderr);
    assert_eq!(ledger(&sandbox.path("out")).len(), PIECES.len());
}
