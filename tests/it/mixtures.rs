//! `mix` and exact samples: what stands in the release is what the weights ask for, counted anew.

use crate::harness::{Sandbox, config, differences, statement};
use crate::ledgers::{Row, ledger};
use crate::parquet_files::{batch, column, read, strings, write};
use std::collections::BTreeMap;

const SOURCES: &str = "[[source]]\nid = \"web\"\nfiles = [\"corpus/web*\"]\n[[source]]\nid = \"books\"\nfiles = [\"corpus/books*\"]\n\
    [[source]]\nid = \"code\"\nfiles = [\"corpus/code*\"]\n";
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
    let gone = rows.iter().max_by_key(|row| row.repeats).unwrap();
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

/// A corpus with a reserve: every tenth text is on history, and a third of those hold a word that is filtered.
fn protected(reserve: usize) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    let shard = |name: &str, size: usize, topic: &dyn Fn(usize) -> Option<&'static str>| {
        let ids: Vec<String> = (0..size).map(|n| format!("{name}-{n}")).collect();
        let text = |n: usize| {
            format!("{name} {n} {}", if n.is_multiple_of(3) && topic(n).is_some() { "" } else { "and more" })
        };
        let texts: Vec<String> = (0..size).map(text).collect();
        let of = |all: &Vec<String>| strings(all.iter().map(|one| Some(one.as_str())));
        let topics = strings((0..size).map(topic));
        write(
            &sandbox.path(format!("corpus/{name}.parquet")),
            &batch(vec![("id", of(&ids)), ("text", of(&texts)), ("topic", topics)]),
            64,
        );
    };
    shard("books", reserve, &|n| Some(["history", "cooking"][n % 2]));
    shard("web", 1000, &|n| n.is_multiple_of(10).then_some("history"));
    sandbox
}

const RESTORE: &str = "[[stage]]\nuse = \"input-label\"\nname = \"topic\"\ncolumn = \"topic\"\n\
    [[stage]]\nuse = \"doc-length\"\nwhen = \"source!=books\"\nchars_min = 14\n\
    [[stage]]\nuse = \"restore-shares\"\nby = \"topic/label\"\nvalues = [\"history\"]\nreserve = \"source=books\"\n";

#[test]
fn a_protected_share_is_restored_from_a_reserve() {
    for (reserve, restored, warned) in [(200, true, false), (20, false, true)] {
        let sandbox = protected(reserve);
        sandbox.write("c.toml", config(&format!("{SOURCES}{RESTORE}")));
        let told = sandbox.release("c.toml", "out", &[]).expect(0).stderr;
        sandbox
            .verify("out", &["--level", "signature,files,ledger,content,replay", "--inputs", "corpus"])
            .expect(0);
        let report: serde_json::Value =
            serde_json::from_slice(&sandbox.read("out/auditor/restored-shares.json")).unwrap();
        let history = &report["values"]["history"];
        let ppm = |name: &str| history[name].as_u64().unwrap();
        assert_eq!(ppm("beforePpm"), 100_000);
        assert!(ppm("afterPpm") < 95_000, "{report}");
        assert_eq!(ppm("restoredPpm").abs_diff(100_000) <= 5_000, restored, "{report}");
        assert_eq!(told.contains("`history` was 100000 ppm"), warned, "{told}");
        // what was not needed says so, and nothing but the topic that lost came in
        let rows = ledger(&sandbox.path("out"));
        let books = rows.iter().filter(|row| row.id.starts_with("books"));
        for row in books {
            let rule = if row.is_released() { None } else { Some("not-needed") };
            assert_eq!(row.rule.as_deref(), rule, "{row:?}");
            assert!(!row.is_released() || row.recorded["topic/label"] == "history", "{row:?}");
        }
        let added = rows.iter().filter(|row| row.id.starts_with("books") && row.is_released()).count() as u64;
        assert_eq!(ppm("added"), added);
    }
}

#[test]
fn stages_judge_the_values_they_are_for() {
    let sandbox = protected(20);
    let label = "[[stage]]\nuse = \"input-label\"\nname = \"topic\"\ncolumn = \"topic\"\n";
    let stage =
        |when: &str| format!("{label}[[stage]]\nuse = \"doc-length\"\nwhen = \"{when}\"\nchars_min = 1000\n");
    for (at, (when, gone)) in [
        ("topic/label=history", 110),
        ("topic/label = cooking, history", 120),
        ("topic/label!=history", 910),
        ("source=books", 20),
    ]
    .into_iter()
    .enumerate()
    {
        let rows = run(&sandbox, &format!("out-{at}"), &stage(when), &[]);
        assert_eq!(rows.iter().filter(|row| !row.is_released()).count(), gone, "{when}");
    }
    for (when, why) in [
        ("topic/label=", "expected `COLUMN=VALUE` or `COLUMN!=VALUE`"),
        ("topics/label=x", "no earlier stage records `topics/label`"),
    ] {
        sandbox.write("c.toml", config(&stage(when)));
        let told = sandbox.run(&["plan", "c.toml"]).expect(2).stderr;
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_wrong_mixture_is_told() {
    let sandbox = corpus();
    let (mix, restore, split) = ("use = \"mix\"\n", "use = \"restore-shares\"\n", "use = \"split\"\n");
    let short = "use = \"doc-length\"\nchars_min = 1\n[[stage]]\nuse = \"text-statistics\"\n[[stage]]\n";
    for (stage, why) in [
        (format!("{mix}weights = {{ web = 1 }}"), "`by` is missing"),
        (format!("{mix}by = \"source\""), "`weights` needs 1 to 1000 values"),
        (
            format!("{mix}by = \"source\"\nweights = {{ wep = 1 }}"),
            "`weights` names `wep`, which no `[[source]]` declares",
        ),
        (format!("{mix}by = \"source\"\nweights = {{ web = -1 }}"), "`weights` has -1 for `web`"),
        (format!("{mix}by = \"source\"\nweights = {{ web = 1 }}\nrepeats_max = 0"), "`repeats_max` is 0"),
        (
            format!("{mix}by = \"source\"\nweights = {{ web = 1 }}\ncount = \"tokens\""),
            "no earlier stage records `tokens`",
        ),
        (restore.into(), "`by` is missing"),
        (
            format!("{restore}by = \"source\"\nvalues = [\"web\"]\nreserve = \"code\""),
            "expected `COLUMN=VALUE`",
        ),
        (
            format!(
                "{short}{restore}by = \"text-statistics/words\"\nvalues = [\"1\"]\nreserve = \"source=code\""
            ),
            "counts `text-statistics/words`, which records that `doc-length` took out do not have",
        ),
        (split.into(), "`fractions` is missing"),
        (format!("{split}fractions = {{ train = \"0.1\" }}"), "`fractions` names `train`, which is `rest`"),
        (
            format!("{split}fractions = {{ \"a/b\" = \"0.1\" }}"),
            "`fractions` names `a/b`; up to 64 lower-case letters",
        ),
        (
            // in binary 1.2999999999999998
            format!("{split}fractions = {{ a = \"0.6\", b = \"0.7\" }}"),
            "`fractions` add up to 1.3, more than 1",
        ),
        (format!("{split}fractions = {{ a = \"0.1\" }}\njaccard_min = 0"), "`jaccard_min` is 0"),
        (
            format!(
                "{split}fractions = {{ a = \"0.1\" }}\n[[stage]]\n{split}name = \"other\"\nfractions = {{ b = \"0.1\" }}"
            ),
            "`split` does the same already, and one stage alone can",
        ),
    ] {
        sandbox.write("c.toml", config(&format!("{SOURCES}[[stage]]\n{stage}")));
        let told = sandbox.run(&["plan", "c.toml"]).expect(2).stderr;
        assert!(told.contains(why), "{stage}: {told}");
    }
}
