//! `mix` and exact samples: what stands in the release is what the weights ask for, counted anew.

use crate::harness::{Sandbox, config, differences, statement};
use crate::ledgers::{Row, ledger};
use crate::parquet_files::{batch, column, read, strings, write};
use std::collections::BTreeMap;

const SOURCES: &str = "[[source]]\nid = \"web\"\nfiles = [\"web*\"]\n[[source]]\nid = \"books\"\nfiles = [\"books*\"]\n\
    [[source]]\nid = \"code\"\nfiles = [\"code*\"]\n";
const SIZES: [(&str, usize); 4] = [("books", 40), ("code", 11), ("other", 25), ("web", 300)];

/// Four shards of texts of different length, in this order.
fn corpus() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    for (name, size) in SIZES {
        let ids: Vec<String> = (0..size).map(|n| format!("{name}-{n}")).collect();
        let texts: Vec<String> =
            (0..size).map(|n| format!("{name} {n} {}", "x".repeat(n * 37 % 101))).collect();
        let of = |all: &Vec<String>| strings(all.iter().map(|one| Some(one.as_str())));
        write(
            &sandbox.path(format!("corpus/{name}.parquet")),
            &batch(vec![("id", of(&ids)), ("text", of(&texts))]),
            16,
        );
    }
    sandbox
}

fn run(sandbox: &Sandbox, out: &str, stages: &str, more: &[&str]) -> Vec<Row> {
    sandbox.write("c.toml", config(&format!("{SOURCES}{stages}")));
    sandbox.release("c.toml", out, more).expect(0);
    sandbox
        .verify(out, &["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus"])
        .expect(0);
    ledger(&sandbox.path(out))
}

/// By source: rows written.
fn written(rows: &[Row]) -> BTreeMap<&str, u32> {
    let mut sizes = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_released()) {
        *sizes.entry(row.id.split('-').next().unwrap()).or_default() += row.repeats;
    }
    sizes
}

#[test]
fn groups_have_exactly_their_weights() {
    let sandbox = corpus();
    let mix = "[[stage]]\nuse = \"mix\"\nby = \"source\"\n";
    for (at, (keys, expected)) in [
        // code decides: 11 of 10 %
        ("weights = { web = \"0.6\", books = \"0.3\", code = \"0.1\" }", [33, 11, 25, 66]),
        ("weights = { web = 6, books = 3, code = 1 }\nmissing = \"remove\"", [33, 11, 0, 66]),
        ("weights = { web = 6, books = 3, code = 1 }\nrepeats_max = 4", [132, 44, 25, 264]),
        ("weights = { web = 6, books = 3, code = 1 }\nrepeats_max = 9", [150, 50, 25, 300]),
        ("weights = { web = 6, books = 3, code = 1 }\nrepeats_max = 9\ntotal = 100", [30, 10, 25, 60]),
        // too little of it, however often
        ("weights = { web = 1, code = 1 }\nrepeats_max = 3\ntotal = 100", [40, 33, 25, 50]),
        ("weights = { web = 1, code = 0 }\nrepeats_max = 3", [40, 0, 25, 300]),
    ]
    .into_iter()
    .enumerate()
    {
        let rows = run(&sandbox, &format!("out-{at}"), &format!("{mix}{keys}"), &[]);
        let expected: BTreeMap<&str, u32> =
            SIZES.iter().map(|(name, _)| *name).zip(expected).filter(|(_, rows)| *rows > 0).collect();
        assert_eq!(written(&rows), expected, "{keys}");
        let (most, least) =
            (rows.iter().map(|row| row.repeats).max(), rows.iter().map(|row| row.repeats).min());
        assert!(most <= Some(9) && least == Some(1), "{most:?} {least:?}");
    }
}

#[test]
fn bytes_are_mixed_to_within_a_text() {
    let sandbox = corpus();
    let mix = "[[stage]]\nuse = \"mix\"\nby = \"source\"\ncount = \"bytes\"\nrepeats_max = 4\n";
    let rows = run(&sandbox, "out", &format!("{mix}weights = {{ web = 2, books = 1 }}\ntotal = 9000"), &[]);
    let lengths = |name: &str| -> u64 {
        let texts = column(&read(&sandbox.path(format!("corpus/{name}.parquet"))), "text");
        let of = rows.iter().filter(|row| row.id.starts_with(name) && row.is_released());
        of.map(|row| texts[row.row as usize].as_ref().unwrap().len() as u64 * u64::from(row.repeats)).sum()
    };
    for (name, part) in [("web", 6000), ("books", 3000)] {
        let bytes = lengths(name);
        assert!((part - 120..=part).contains(&bytes), "{name}: {bytes}");
    }
}

#[test]
fn copies_stand_behind_one_another_and_are_counted_everywhere() {
    let sandbox = corpus();
    let near = "[[stage]]\nuse = \"near-duplicates\"\nindex = true\n";
    let mix = "[[stage]]\nuse = \"mix\"\nby = \"source\"\nweights = { web = 6, books = 3, code = 1 }\nrepeats_max = 4\n";
    let split = "[[stage]]\nuse = \"split\"\nfractions = { validation = \"0.1\" }\n";
    let stages = format!("{near}verify_jaccard_min = \"1\"\n{mix}{split}");
    let rows = run(&sandbox, "old", &stages, &["--threads", "1"]);
    run(&sandbox, "again", &stages, &["--threads", "4"]);
    assert_eq!(differences(&sandbox.path("old"), &sandbox.path("again")), [""; 0]);
    let mut expected: BTreeMap<u32, Vec<Option<String>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_released()) {
        let (part, at) = row.out.unwrap();
        let ids = expected.entry(part).or_default();
        assert_eq!(at as usize, ids.len(), "{}", row.id);
        ids.extend((0..row.repeats).map(|_| Some(row.id.clone())));
    }
    for (part, ids) in &expected {
        let split = ["train", "validation"][*part as usize % 2];
        let file = sandbox.path(format!("old/data/{split}/part-{:05}.parquet", part / 2));
        assert_eq!(column(&read(&file), "id"), *ids, "{}", file.display());
    }
    let predicate = statement(&sandbox.path("old"))["predicate"].clone();
    let extra: u32 = rows.iter().map(|row| row.repeats - 1).sum();
    assert!(extra > 0);
    assert_eq!(predicate["accounting"]["repeated"], extra);
    let counts = |name: &str| predicate["accounting"][name].as_u64().unwrap();
    assert_eq!(predicate["outputs"]["rows"], counts("kept") + counts("edited") + u64::from(extra));
    // a record with copies is taken down, all of them
    let gone = rows.iter().find(|row| row.repeats == 4).unwrap();
    sandbox.write("ids.txt", &gone.id);
    sandbox.run(&["retract", "old", "--ids", "ids.txt", "--out", "new", "--key", "producer.pem"]).expect(0);
    sandbox
        .verify("new", &["--level", "signature,files,ledger,content,replay", "--inputs", "corpus"])
        .expect(0);
    // the index of signatures names the first of the copies
    for release in ["old", "new"] {
        let next = format!("{near}verify_jaccard_min = \"1\"\nagainst = [\"{release}\"]\n");
        let again = run(&sandbox, &format!("next-{release}"), &next, &[]);
        let there = |row: &Row| rows.iter().any(|r| r.id == row.id && r.is_released());
        for row in again.iter().filter(|row| there(row) && (release == "old" || row.id != gone.id)) {
            assert_eq!(row.rule.as_deref(), Some("earlier"), "{release}: {row:?}");
        }
    }
}

#[test]
fn samples_have_exactly_the_size_that_is_asked_for() {
    let sandbox = corpus();
    let draw = "[[stage]]\nuse = \"keep-top\"\nby = [\"source\"]\n";
    for (at, (keys, expected)) in [
        ("seed = 1\nfraction = \"0.1\"", [4, 2, 3, 30]),
        ("seed = 2\nrecords = 20", [20, 11, 20, 20]),
        ("seed = 1\nfraction = \"0.1\"\n[[stage.slice]]\ncolumn = \"source\"\nvalue = \"books\"\nrecords_min = 10", [10, 2, 3, 30]),
        ("seed = 1\nfraction = 1\n[[stage.slice]]\ncolumn = \"source\"\nvalue = \"web\"\nrecords_max = 50", [40, 11, 25, 50]),
    ]
    .into_iter()
    .enumerate()
    {
        let rows = run(&sandbox, &format!("out-{at}"), &format!("{draw}{keys}"), &[]);
        assert_eq!(written(&rows), SIZES.iter().map(|(name, _)| *name).zip(expected).collect(), "{keys}");
    }
    let ids = |rows: &[Row]| -> Vec<String> {
        rows.iter().filter(|row| row.is_released()).map(|row| row.id.clone()).collect()
    };
    let one = run(&sandbox, "one", "[[stage]]\nuse = \"keep-top\"\nseed = 1\nrecords = 100", &[]);
    let two = run(&sandbox, "two", "[[stage]]\nuse = \"keep-top\"\nseed = 2\nrecords = 100", &[]);
    assert_eq!((ids(&one).len(), ids(&two).len()), (100, 100));
    assert_ne!(ids(&one), ids(&two));
}
