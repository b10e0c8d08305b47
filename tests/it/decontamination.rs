//! Benchmark items planted in a made-up corpus: which of them are found, where, and that nothing else is.

use crate::harness::{Sandbox, config};
use crate::ledgers::{Row, ledger};
use crate::made_up::{self, Random};
use crate::parquet_files::{batch, column, read, strings, write};
use crate::shared_data::link;
use std::collections::BTreeMap;

/// Items of each of the two files.
const ITEMS: usize = 120;

/// A way to change a planted item, and how many of the items so changed must be found at least, in hundredths.
struct Dress(&'static str, fn(&str) -> String, usize);

const DRESSES: &[Dress] = &[
    Dress("verbatim", str::to_string, 100),
    Dress("upper case", |text| text.to_uppercase(), 95),
    Dress("lower case", |text| text.to_lowercase(), 95),
    Dress("no punctuation", |text| text.replace(|c: char| c.is_ascii_punctuation(), ""), 95),
    Dress(
        "spaces for punctuation",
        |text| text.replace(|c: char| c.is_ascii_punctuation() && c != ',', " "),
        95,
    ),
    Dress("typographic punctuation", typographic, 95),
    Dress("more punctuation", |text| text.replace(' ', " - ").replace("the", "“the”"), 95),
    Dress("white space", |text| format!("\u{2003}{}\r\n", text.replace(' ', "\u{a0} \n\t")), 95),
    Dress("one line", |text| text.split_whitespace().collect::<Vec<_>>().join(" "), 100),
    Dress("all at once", |text| typographic(&text.to_uppercase()).replace(' ', "\n\n"), 95),
];

fn typographic(text: &str) -> String {
    text.replace('\'', "’").replace(" (", " — ").replace(')', " —").replace("...", "…").replace('"', "”")
}

/// An item of one of the kinds there are: a sentence, a short one, a formula, and one in a script without spaces.
fn item(seed: u64) -> String {
    match seed % 6 {
        0 => sentence(seed, 8),
        1 => formula(seed),
        2 => unspaced(seed),
        _ => sentence(seed, 8 + Random(seed).below(50) as usize),
    }
}

/// Made-up words with the marks, numbers and compounds that questions have.
fn sentence(seed: u64, words: usize) -> String {
    let mut random = Random(seed);
    let mut text = String::new();
    for (nth, word) in made_up::text(seed, words).split(' ').enumerate() {
        let gap =
            if nth == 0 { "" } else { [" ", " ", " ", ", ", "\n", " the ", " - "][random.below(7) as usize] };
        text.push_str(gap);
        match random.below(16) {
            0 => text.push_str(&format!("{word}'s")),
            1 => text.push_str(&format!("{word}-like")),
            2 => text.push_str(&format!("({word})")),
            3 => text.push_str(&format!("\"{word}...\"")),
            4 => text.push_str(&format!("{word} 1,234.5")),
            _ => text.push_str(word),
        }
    }
    text.push('?');
    text
}

/// Numbers, letters and signs.
fn formula(seed: u64) -> String {
    let mut random = Random(seed);
    let mut text = String::from("Compute ((x - 3)");
    for _ in 0..6 + random.below(12) {
        let sign = ["+", "*", "- -", "/", "^"][random.below(5) as usize];
        text.push_str(&format!(" {sign} {}", random.below(100)));
    }
    text.push_str(") = y");
    text
}

fn unspaced(seed: u64) -> String {
    const CHARACTERS: &str = "港灯台船海風朝夜山川町橋石魚鳥花時計鐘声のはがをにでとか見聞書読行来";
    let characters: Vec<char> = CHARACTERS.chars().collect();
    let mut random = Random(seed);
    let mut some = |count| -> String {
        (0..count).map(|_| characters[random.below(characters.len() as u64) as usize]).collect()
    };
    format!("{}、{}。", some(9), some(8))
}

/// What the ledger calls an item, and its text.
fn items() -> Vec<(String, String)> {
    let named = |nth: usize| match nth {
        n if n < ITEMS => format!("quiz/q{n}"),
        n => format!("lines/{}", n - ITEMS),
    };
    (0..2 * ITEMS).map(|nth| (named(nth), item(1_000 + nth as u64))).collect()
}

/// The items in `eval/quiz.parquet`, with ids, and in `eval/lines.jsonl`, without.
fn write_benchmarks(sandbox: &Sandbox, items: &[(String, String)]) {
    let (quiz, lines) = items.split_at(ITEMS);
    let ids: Vec<&str> = quiz.iter().map(|(label, _)| label.trim_start_matches("quiz/")).collect();
    let table = batch(vec![
        ("id", strings(ids.iter().map(|id| Some(*id)))),
        ("benchmark", strings(quiz.iter().map(|_| Some("quiz")))),
        ("question", strings(quiz.iter().map(|(_, text)| Some(text.as_str())))),
    ]);
    write(&sandbox.path("eval/quiz.parquet"), &table, 50);
    let lines: Vec<String> =
        lines.iter().map(|(_, text)| serde_json::json!({ "question": text }).to_string()).collect();
    sandbox.write("eval/lines.jsonl", lines.join("\n"));
}

/// A record with text before and behind what is planted, or without anything planted.
fn record(seed: u64, planted: &str) -> String {
    let (before, behind) = (made_up::text(seed, 90), made_up::text(seed + 1, 40));
    format!("{before}. Née – {planted} {behind}.")
}

const STAGE: &str = "[[stage]]\nuse = \"decontamination\"\nbenchmarks = [\"eval/quiz.parquet\", \"eval/lines.jsonl\"]\ntext = \"question\"\n";

/// Every item in every dress, and as many records without any; their ids say which.
fn corpus(items: &[(String, String)]) -> Vec<(String, String)> {
    let mut records = Vec::new();
    for (nth, (label, text)) in items.iter().enumerate() {
        for (of, Dress(name, change, _)) in DRESSES.iter().enumerate() {
            let seed = 100_000 + (nth * DRESSES.len() + of) as u64 * 4;
            records.push((format!("{name}|{label}"), record(seed, &change(text))));
            records.push((format!("clean|{label}|{name}"), record(seed + 2, "")));
        }
    }
    records
}

fn curate(sandbox: &Sandbox, records: &[(String, String)], stage: &str) -> Vec<Row> {
    let column = |of: fn(&(String, String)) -> &str| strings(records.iter().map(|record| Some(of(record))));
    let shard = batch(vec![("id", column(|r| &r.0)), ("text", column(|r| &r.1))]);
    write(&sandbox.path("corpus/a.parquet"), &shard, 700);
    sandbox.write("c.toml", config(stage));
    sandbox.release("c.toml", "out", &["--set", "measure=all"]).expect(0);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
    ledger(&sandbox.path("out"))
}

#[test]
fn planted_items_are_found_and_nothing_else_is() {
    let sandbox = Sandbox::with_keys();
    let items = items();
    write_benchmarks(&sandbox, &items);
    let records = corpus(&items);
    let rows = curate(&sandbox, &records, STAGE);
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for (row, (id, text)) in rows.iter().zip(&records) {
        assert_eq!(&row.id, id);
        let (dress, label) = id.split_once('|').unwrap();
        let removed = row.fate == "removed";
        assert!(!(removed && dress == "clean"), "{id}: {text}");
        *found.entry(dress).or_default() += usize::from(removed);
        if dress == "verbatim" {
            check_verbatim(row, text, &items.iter().find(|(name, _)| name == label).unwrap().1);
        }
    }
    for Dress(name, _, least) in DRESSES {
        let count = found[name];
        println!("{name}: {count} of {} items found", items.len());
        assert!(count * 100 >= least * items.len(), "{name}: {count} of {}", items.len());
    }
}

/// An item that was planted as it is, is named, measured as whole, and placed where it begins.
fn check_verbatim(row: &Row, text: &str, item: &str) {
    assert_eq!((row.rule.as_deref(), row.value.as_deref()), (Some("overlap"), Some("1")), "{row:?}");
    let label = row.id.split_once('|').unwrap().1;
    assert_eq!(row.recorded["decontamination/item"], label);
    assert_eq!(row.recorded["decontamination/overlap"], "1");
    let place = text.find(item).unwrap() + item.find(char::is_alphanumeric).unwrap();
    assert_eq!(row.recorded["decontamination/position"], place.to_string(), "{text}");
}

#[test]
fn what_is_looked_for_is_listed_explained_and_can_be_asked_about() {
    let sandbox = Sandbox::with_keys();
    let items = items();
    write_benchmarks(&sandbox, &items);
    let words: Vec<&str> = items[0].1.split_inclusive(' ').collect();
    let part = words[..words.len() * 2 / 3].concat();
    let records = [("part".to_string(), record(1, &part)), ("whole".to_string(), record(5, &items[1].1))];
    let rows = curate(&sandbox, &records, STAGE);
    assert_eq!(rows.iter().map(|row| row.fate.as_str()).collect::<Vec<_>>(), ["removed", "removed"]);

    let plan = sandbox.run(&["plan", "c.toml"]).expect(0).stdout;
    for name in ["eval/quiz.parquet", "eval/lines.jsonl"] {
        let line = plan.lines().find(|line| line.starts_with("asset ") && line.contains(name));
        assert!(line.is_some(), "{plan}");
        let assets = crate::harness::statement(&sandbox.path("out"))["predicate"]["assets"].to_string();
        let digest = line.and_then(|line| line.split_whitespace().nth(1)).unwrap();
        assert!(assets.contains(name) && assets.contains(digest), "{assets}");
    }
    let told = sandbox.run(&["explain", "out", "whole"]).expect(0).stdout;
    assert!(told.contains("quiz/q1"), "{told}");
    let whatif = ["whatif", "out", "--set", "decontamination.overlap_min=0.99", "--json"];
    let told = sandbox.run(&whatif).expect(0).json();
    assert_eq!((&told["flipped"], &told["changes"][0]["id"]), (&1.into(), &"part".into()), "{told}");
}

/// Words as the stage counts them: what stands between punctuation and white space, a fraction being one.
fn words(text: &str) -> usize {
    let chars: Vec<char> = text.chars().collect();
    let digit = |at: usize| chars.get(at).is_some_and(|c| c.is_numeric());
    let inside = |at: usize| {
        let separates = at > 0 && matches!(chars[at], '.' | ',') && digit(at - 1) && digit(at + 1);
        chars[at].is_alphanumeric() || separates
    };
    (0..chars.len()).filter(|&at| inside(at) && !(at > 0 && inside(at - 1))).count()
}

/// How many items of the real benchmarks are planted.
const SAMPLED: usize = 2_000;

#[test]
fn real_items_are_found_wherever_they_are_planted() {
    let sandbox = Sandbox::with_keys();
    let Some(()) = link(&sandbox, "benchmarks/benchmarks.parquet", "eval/real.parquet") else { return };
    let all: Vec<String> =
        column(&read(&sandbox.path("eval/real.parquet")), "text").into_iter().flatten().collect();
    let mut random = Random(20);
    let chosen = std::iter::repeat_with(|| &all[random.below(all.len() as u64) as usize]);
    let items: Vec<&String> = chosen.filter(|text| words(text) >= 8).take(SAMPLED).collect();
    let mut records = Vec::new();
    for (nth, item) in items.iter().enumerate() {
        for (of, Dress(name, change, _)) in
            [&DRESSES[0], &DRESSES[1 + nth % (DRESSES.len() - 1)]].into_iter().enumerate()
        {
            records.push((format!("{name}|{nth}"), record((nth * 4 + of * 2) as u64, &change(item))));
        }
    }
    let stage = "[[stage]]\nuse = \"decontamination\"\nbenchmarks = [\"eval/*.parquet\"]\n";
    let rows = curate(&sandbox, &records, stage);
    for Dress(name, _, least) in DRESSES {
        let dressed = || rows.iter().filter(|row| row.id.split_once('|').unwrap().0 == *name);
        let missed: Vec<_> = dressed().filter(|row| row.fate != "removed").map(|row| &row.id).collect();
        let count = dressed().count();
        println!("{name}: {} of {count} real items found", count - missed.len());
        assert!((count - missed.len()) * 100 >= least * count, "{name}: {missed:?}");
    }
}
