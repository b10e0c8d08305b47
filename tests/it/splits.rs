//! `split`: near-duplicates and groups are never parted, sizes are exact, and a release with splits is verified,
//! taken from and compared with like any other.

use crate::harness::{Sandbox, config, config_with, differences, statement};
use crate::ledgers::{Row, ledger};
use crate::made_up::Random;
use crate::near_truth::{LEAST, all_pairs, shingles};
use crate::parquet_files::{batch, column, read, strings, write};
use crate::shared_data::link;
use arrow_array::RecordBatch;
use filters::Scratch;
use std::collections::{BTreeMap, BTreeSet};

/// A made-up record.
#[derive(Clone)]
struct Record {
    id: String,
    text: String,
    book: Option<String>,
    url: String,
}

/// Every fifth record is a copy of an earlier one (most of these copies themselves) with some of its words changed,
/// every fortieth is of one of six books.
fn records() -> Vec<Record> {
    let (mut words, mut numbers) = (Random(7), Random(11));
    let mut word = || {
        format!("ba{}", ["ko", "lu", "mi", "re"][words.below(4) as usize].repeat(1 + words.below(7) as usize))
    };
    let mut other = |below: usize| numbers.below(below as u64) as usize;
    let mut texts: Vec<Vec<String>> = Vec::new();
    for n in 0..600_usize {
        let text = match n % 5 {
            4 => {
                let mut copy = texts[n - 1 - other(5.min(n))].clone();
                (0..other(12)).for_each(|_| {
                    let at = other(copy.len());
                    copy[at] = word();
                });
                copy
            }
            _ => (0..40 + other(60)).map(|_| word()).collect(),
        };
        texts.push(text);
    }
    let record = |(n, text): (usize, &Vec<String>)| Record {
        id: format!("record-{n}"),
        text: text.join(" "),
        book: n.is_multiple_of(40).then(|| format!("book {}", n / 40 % 6)),
        url: format!("https://www.host-{}.example/{n}", if n % 50 == 3 { 1000 } else { n }),
    };
    texts.iter().enumerate().map(record).collect()
}

fn shard(records: &[Record]) -> RecordBatch {
    batch(vec![
        ("id", strings(records.iter().map(|r| Some(r.id.as_str())))),
        ("text", strings(records.iter().map(|r| Some(r.text.as_str())))),
        ("book", strings(records.iter().map(|r| r.book.as_deref()))),
        ("url", strings(records.iter().map(|r| Some(r.url.as_str())))),
    ])
}

const SPLIT: &str = "[[stage]]\nuse = \"split\"\nfractions = { test = \"0.05\", validation = \"0.1\" }\n";
const GROUPS: &str = "group_by = [\"column:book\", \"host\"]\n";

fn corpus(records: &[Record]) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    for (name, part) in ["a", "b", "c"].iter().zip(records.chunks(records.len().div_ceil(3))) {
        write(&sandbox.path(format!("corpus/{name}.parquet")), &shard(part), 70);
    }
    sandbox
}

fn configured(sandbox: &Sandbox, stages: &str) {
    sandbox.write("c.toml", config_with("text = \"text\"\nid = \"id\"\nurl = \"url\"", stages));
}

/// The ids of each split.
fn by_split(rows: &[Row]) -> BTreeMap<String, BTreeSet<String>> {
    let mut splits: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        splits.entry(row.split.clone().unwrap()).or_default().insert(row.id.clone());
    }
    splits
}

/// Pairs that stand in different splits though their Jaccard index is [`LEAST`] or more, and how many pairs there are.
fn parted(texts: &[String], splits: &[Option<String>]) -> (usize, usize) {
    let scratch = Scratch::default();
    let sets: Vec<Vec<u64>> = texts.iter().map(|text| shingles(text, &scratch)).collect();
    let pairs = all_pairs(&sets);
    (pairs.iter().filter(|(a, b, _)| splits[*a] != splits[*b]).count(), pairs.len())
}

#[test]
fn near_duplicates_and_groups_are_never_parted() {
    let records = records();
    let sandbox = corpus(&records);
    configured(&sandbox, &format!("{SPLIT}{GROUPS}"));
    sandbox.release("c.toml", "out", &["--threads", "3"]).expect(0);
    let rows = ledger(&sandbox.path("out"));
    let texts: Vec<String> = records.iter().map(|record| record.text.clone()).collect();
    let splits: Vec<Option<String>> = rows.iter().map(|row| row.split.clone()).collect();
    let (across, pairs) = parted(&texts, &splits);
    assert!(pairs > 50, "{pairs} pairs");
    assert_eq!(across, 0, "of {pairs} pairs");
    let sizes: Vec<(String, usize)> =
        by_split(&rows).into_iter().map(|(name, ids)| (name, ids.len())).collect();
    assert_eq!(sizes, [("test".into(), 30), ("train".into(), 510), ("validation".into(), 60)]);
    for of in
        [|r: &Record| r.book.clone(), |r: &Record| r.url.contains("host-1000").then(|| "host".to_string())]
    {
        let mut seen: BTreeMap<String, &Option<String>> = BTreeMap::new();
        for (record, split) in records.iter().zip(&splits) {
            let Some(group) = of(record) else { continue };
            assert_eq!(*seen.entry(group).or_insert(split), split, "{}", record.id);
        }
    }
}

#[test]
fn splits_depend_on_ids_and_texts_alone() {
    let mut records = records();
    let sandbox = corpus(&records);
    configured(&sandbox, &format!("{SPLIT}{GROUPS}"));
    sandbox.release("c.toml", "one", &["--threads", "1"]).expect(0);
    sandbox.release("c.toml", "four", &["--threads", "4", "--memory", "64MiB"]).expect(0);
    assert_eq!(differences(&sandbox.path("one"), &sandbox.path("four")), [""; 0]);
    let splits = by_split(&ledger(&sandbox.path("one")));
    configured(&sandbox, &format!("{SPLIT}{GROUPS}seed = 2\n"));
    sandbox.release("c.toml", "other", &[]).expect(0);
    assert_ne!(by_split(&ledger(&sandbox.path("other")))["test"], splits["test"]);
    records.reverse();
    let sandbox = corpus(&records);
    configured(&sandbox, &format!("{SPLIT}{GROUPS}"));
    sandbox.release("c.toml", "reversed", &[]).expect(0);
    assert_eq!(by_split(&ledger(&sandbox.path("reversed"))), splits);
}

#[test]
fn a_release_with_splits_is_like_any_other() {
    let records = records();
    let sandbox = corpus(&records);
    let near = "[[stage]]\nuse = \"near-duplicates\"\nindex = true\n";
    configured(&sandbox, &format!("{near}{SPLIT}"));
    sandbox.release("c.toml", "old", &[]).expect(0);
    let all = ["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus"];
    sandbox.verify("old", &all).expect(0);
    sandbox.run(&["redact", "old", "--out", "public"]).expect(0);
    sandbox.verify("public", &[]).expect(0);
    // what the ledger says is where it says
    let rows = ledger(&sandbox.path("old"));
    let mut places: BTreeMap<(u32, u64), &Row> = BTreeMap::new();
    rows.iter().filter(|row| row.is_released()).for_each(|row| _ = places.insert(row.out.unwrap(), row));
    let names = ["train", "test", "validation"];
    let outputs = statement(&sandbox.path("old"))["predicate"]["outputs"].clone();
    for (number, split) in (0..9).map(|number| (number, names[number as usize % 3])) {
        let file = sandbox.path(format!("old/data/{split}/part-{:05}.parquet", number / 3));
        let ids = column(&read(&file), "id");
        let expected: Vec<Option<String>> =
            places.range((number, 0)..(number + 1, 0)).map(|(_, row)| Some(row.id.clone())).collect();
        assert_eq!(ids, expected, "{}", file.display());
        assert!(
            places.range((number, 0)..(number + 1, 0)).all(|(_, row)| row.split.as_deref() == Some(split))
        );
    }
    let signed: Vec<&str> =
        outputs["splits"].as_array().unwrap().iter().map(|split| split["name"].as_str().unwrap()).collect();
    assert_eq!(signed, ["test", "train", "validation"]);
    let card = String::from_utf8(sandbox.read("old/README.md")).unwrap();
    assert!(card.contains("- split: validation\n    path: data/validation/*.parquet"), "{card}");
    // one record out of each split
    let first = |split: &str| rows.iter().find(|row| row.split.as_deref() == Some(split)).unwrap();
    let gone: Vec<&str> = names.iter().map(|split| first(split).id.as_str()).collect();
    sandbox.write("ids.txt", gone.join("\n"));
    let retract = ["retract", "old", "--ids", "ids.txt", "--out", "new", "--key", "producer.pem"];
    sandbox.run(&retract).expect(0);
    sandbox.verify("new", &all).expect(0);
    // compared with, by the texts at their places in the splits
    configured(&sandbox, &format!("{near}against = [\"old\"]\n"));
    sandbox.release("c.toml", "next", &[]).expect(0);
    let again = ledger(&sandbox.path("next"));
    assert!(again.iter().all(|row| row.rule.as_deref() == Some("earlier")), "{:?}", again[0]);
}

#[test]
fn what_is_forged_about_splits_is_found() {
    let records = records();
    let sandbox = corpus(&records);
    configured(&sandbox, SPLIT);
    sandbox.release("c.toml", "out", &[]).expect(0);
    let file = |split: &str| sandbox.path(format!("out/data/{split}/part-00000.parquet"));
    let (left, right) = (std::fs::read(file("test")).unwrap(), std::fs::read(file("validation")).unwrap());
    std::fs::write(file("test"), right).unwrap();
    std::fs::write(file("validation"), left).unwrap();
    let told = sandbox.verify("out", &[]).expect(1);
    assert!(told.stdout.contains("data/test/part-00000.parquet"), "{}", told.stdout);
}

#[test]
fn real_near_duplicates_are_never_parted() {
    let sandbox = Sandbox::with_keys();
    let shard = "docs-00003-of-00004";
    let Some(()) = link(&sandbox, &format!("corpus/small/{shard}.parquet"), "corpus/docs.parquet") else {
        return;
    };
    sandbox.write("c.toml", config("[[stage]]\nuse = \"split\"\nfractions = { validation = \"0.1\" }"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let texts = column(&read(&sandbox.path("corpus/docs.parquet")), "text");
    let texts: Vec<String> = texts.into_iter().map(Option::unwrap_or_default).collect();
    let rows = ledger(&sandbox.path("out"));
    let splits: Vec<Option<String>> = rows.iter().map(|row| row.split.clone()).collect();
    let (across, pairs) = parted(&texts, &splits);
    let drawn = splits.iter().filter(|split| split.as_deref() == Some("validation")).count();
    println!(
        "{} records, {drawn} in validation; {across} of {pairs} pairs of at least {LEAST} parted",
        texts.len()
    );
    assert_eq!((across, drawn), (0, texts.len() / 10));
}
