//! `train-lm` and the stage `perplexity`, over texts of made-up words.

use crate::arpa_fixture::ARPA;
use crate::harness::{Sandbox, config};
use crate::ledgers::ledger;
use crate::made_up::Random;
use crate::parquet_files::{batch, strings, texts, write};
use classifiers::language_model::Model;
use pipeline::language_model::{Training, Words, train};
use std::path::PathBuf;
use std::sync::Arc;

/// A small model in both formats, for seeds.
pub fn seeds() -> [(String, Vec<u8>); 2] {
    let binary = load(ARPA.as_bytes()).as_binary().to_vec();
    [("language_model/arpa".into(), ARPA.into()), ("language_model/binary".into(), binary)]
}

fn load(bytes: &[u8]) -> Model {
    Model::load(Arc::new(bytes.to_vec())).unwrap()
}

/// The word of a rank: a syllable for each digit.
fn word(rank: u64) -> String {
    let syllables = ["ba", "co", "du", "fe", "gi", "la", "mo", "nu", "re", "si", "ta", "vo"];
    let rest = if rank < 12 { String::new() } else { word(rank / 12) };
    rest + syllables[(rank % 12) as usize]
}

/// Sentences of words of which few are frequent and many rare, as in any language.
fn sentences(seed: u64, count: usize) -> Vec<String> {
    let mut random = Random(seed);
    let mut any = || {
        let ranks = 1 << random.below(12);
        word(random.below(ranks))
    };
    let sentence = |length: usize| (0..length).map(|_| any()).collect::<Vec<_>>().join(" ");
    (0..count).map(|nth| 1 + nth % 9).map(sentence).collect()
}

/// `corpus/a.parquet`: texts of a few lines, and one that is null.
fn corpus(sandbox: &Sandbox) -> Vec<String> {
    let lines = sentences(1, 4000);
    let documents: Vec<String> = lines.chunks(5).map(|lines| lines.join("\n\n")).collect();
    let all: Vec<Option<&str>> = documents.iter().map(|text| Some(text.as_str())).chain([None]).collect();
    write(&sandbox.path("corpus/a.parquet"), &batch(vec![("text", strings(all))]), 100);
    documents
}

fn trained(more: &[&str]) -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::with_keys();
    let documents = corpus(&sandbox);
    sandbox.run(&[&["train-lm", "corpus", "--out", "m.arpa"], more].concat()).expect(0);
    (sandbox, documents)
}

#[test]
fn threads_memory_and_the_division_into_files_take_no_part_in_the_model() {
    let (sandbox, documents) = trained(&["--threads", "1"]);
    let expected = sandbox.read("m.arpa");
    let (first, second) = documents.split_at(300);
    for (name, part) in [("b", second), ("c", first)] {
        let part = part.iter().map(|text| Some(text.as_str()));
        write(&sandbox.path(format!("parts/{name}.parquet")), &batch(vec![("text", strings(part))]), 37);
    }
    let training = Training {
        files: vec![sandbox.path("parts/*.parquet")],
        text: "text".into(),
        order: 3,
        words: Words::Plain,
        prune: vec![0; 3],
        vocabulary: None,
        discount_fallback: false,
        threads: 4,
        // the least there is: everything goes by way of the disk
        memory: 0,
    };
    let again: PathBuf = sandbox.path("again.arpa");
    let trained = train(&training, &again, &pipeline::Silent).unwrap();
    assert_eq!((trained.sentences, trained.skipped), (4000, 0));
    assert!(sandbox.read("again.arpa") == expected);
    let left = std::fs::read_dir(sandbox.path(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("train-lm"));
    assert_eq!(left.count(), 0, "folders are left behind");
}

/// The words of an ARPA file by the ids they get.
fn words(arpa: &[u8]) -> Vec<String> {
    let text = str::from_utf8(arpa).unwrap();
    let section = text.split("\\1-grams:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    section.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn probabilities_after_any_words_sum_to_one() {
    let options: [&[&str]; 5] = [
        &[],
        &["--order", "2"],
        &["--order", "5", "--discount-fallback"],
        &["--prune", "1,2"],
        &["--vocabulary", "12", "--order", "4", "--prune", "0,1", "--discount-fallback"],
    ];
    for more in options {
        let (sandbox, _) = trained(more);
        let arpa = sandbox.read("m.arpa");
        let (model, words) = (load(&arpa), words(&arpa));
        let ids: Vec<u32> = words.iter().map(|word| model.id_of(word)).collect();
        assert_eq!(ids, (0..words.len() as u32).collect::<Vec<_>>());
        let start = model.id_of("<s>");
        let mut random = Random(7);
        let mut contexts: Vec<Vec<u32>> = vec![vec![], vec![start], vec![start, start], vec![0], vec![2, 3]];
        contexts.extend(
            (0..60).map(|nth| (0..nth % 6).map(|_| random.below(words.len() as u64) as u32).collect()),
        );
        for context in contexts {
            let next = ids.iter().filter(|id| **id != start);
            let sum: f64 = next.map(|id| 10f64.powf(f64::from(model.conditional(&context, *id)))).sum();
            assert!((sum - 1.0).abs() < 1e-4, "{more:?}, after {context:?}: {sum}");
        }
    }
}

#[test]
fn both_formats_score_alike() {
    let (sandbox, documents) = trained(&[]);
    sandbox.run(&["train-lm", "corpus/a.parquet", "--out", "m.binary"]).expect(0);
    let (arpa, binary) = (load(&sandbox.read("m.arpa")), load(&sandbox.read("m.binary")));
    assert_eq!(arpa.as_binary(), binary.as_binary());
    for text in documents.iter().take(100).map(String::as_str).chain(["unseen ba", "co co co co"]) {
        assert_eq!(arpa.score(text), binary.score(text));
    }
}

#[test]
fn what_cannot_be_trained_is_refused_with_a_hint() {
    let (sandbox, _) = trained(&[]);
    write(&sandbox.path("tiny.parquet"), &texts(&[Some("a b c")]), 1);
    for (more, code, expected) in [
        (
            &["tiny.parquet", "--out", "t.arpa"][..],
            3,
            "no discount for 1-grams: none has the adjusted count 2",
        ),
        (&["tiny.parquet", "--out", "t.arpa"], 3, "hint: more text, without copies, or a smaller `--order`"),
        (&["tiny.parquet", "--out", "m.arpa"], 2, "`m.arpa` is there already"),
        (&["tiny.parquet", "--out", "t.bin"], 2, "`t.bin`: the name of a model ends in `.arpa` or `.binary`"),
        (&["none.parquet", "--out", "t.arpa"], 2, "`none.parquet`: nothing matches"),
        (&["tiny.parquet", "--out", "t.arpa", "--text", "txt"], 2, "no column `txt`"),
        (&["tiny.parquet", "--out", "t.arpa", "--order", "1"], 2, "expected 2 to 6"),
        (&["tiny.parquet", "--out", "t.arpa", "--prune", "2,1"], 2, "`--prune`: the counts decrease"),
        (&["tiny.parquet", "--out", "t.arpa", "--prune", "0,0,1"], 2, "`--prune` has 3 counts"),
        (&["tiny.parquet", "--out", "t.arpa", "--words", "all"], 2, "expected `plain` or `folded`"),
    ] {
        let refused = sandbox.run(&[&["train-lm"], more].concat()).expect(code);
        assert!(refused.stderr.contains(expected), "{more:?}: {}", refused.stderr);
    }
    write(&sandbox.path("blank.parquet"), &texts(&[Some(" \n\t")]), 10);
    let blank = ["train-lm", "blank.parquet", "--out", "b.arpa", "--discount-fallback"];
    assert!(sandbox.run(&blank).expect(3).stderr.contains("the texts hold no word"));
    assert!(!sandbox.path("b.arpa").exists());
    let fallback = ["train-lm", "tiny.parquet", "--out", "t.arpa", "--discount-fallback", "--json"];
    let told = sandbox.run(&fallback).expect(0).json();
    assert_eq!((&told["sentences"], &told["words"], &told["ngrams"][2]), (&1.into(), &3.into(), &3.into()));
}

const STAGES: &str = r#"
[[stage]]
use = "perplexity"
name = "fluency"
model = "m.arpa"
cuts = { all = ["20", "1000"] }

[[stage]]
use = "score-range"
score = "fluency"
at_most = "1000"
action = "quarantine"
"#;

#[test]
fn a_release_records_perplexities_and_a_rule_decides() {
    let (sandbox, _) = trained(&["--words", "folded"]);
    std::fs::remove_file(sandbox.path("corpus/a.parquet")).unwrap();
    let strange = "zorblax quimble ".repeat(20);
    let all = [Some("Co co.\ndu fe"), Some(strange.as_str()), Some(" ")];
    write(&sandbox.path("corpus/b.parquet"), &texts(&all), 2);
    sandbox.write("c.toml", config(STAGES));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let rows = ledger(&sandbox.path("out"));
    let fates: Vec<&str> = rows.iter().map(|row| row.fate.as_str()).collect();
    assert_eq!(fates, ["kept", "quarantined", "kept"]);
    let recorded = |row: usize, name: &str| rows[row].recorded.get(&format!("fluency/{name}")).cloned();
    assert_eq!(recorded(0, "words").as_deref(), Some("5"));
    assert_eq!(recorded(1, "oov").as_deref(), Some("1"));
    assert_eq!(recorded(1, "tercile").as_deref(), Some("tail"));
    assert_eq!(recorded(2, "score"), None);
    let levels = ["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus"];
    sandbox.verify("out", &levels).expect(0);
}
