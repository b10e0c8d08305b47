//! Models, packs and lists that lie, are cut, or are made to cost: each comes to exactly what `tests/bad/assets.toml` says
//! when a plan is made of them.

use crate::harness::{Sandbox, repository};
use std::collections::BTreeMap;

/// A file and the stage that reads it.
struct BadAsset {
    name: String,
    file: &'static str,
    stage: &'static str,
    bytes: Vec<u8>,
}

const FASTTEXT: (&str, &str) = ("model.bin", "use = \"fasttext\"\nmodel = \"model.bin\"\nlabel = \"yes\"");
const LINEAR: (&str, &str) = ("model.probity", "use = \"linear\"\nmodel = \"model.probity\"");
const PERPLEXITY: (&str, &str) = ("model.lm", "use = \"perplexity\"\nmodel = \"model.lm\"");
const TOKENS: (&str, &str) = ("tokenizer.json", "use = \"tokens\"\ntokenizer = \"tokenizer.json\"");
const PACK: (&str, &str) = ("pack.toml", "use = \"keywords\"\npacks = [\"pack.toml\"]");
const WORDS: (&str, &str) = ("words.txt", "use = \"url-list\"\nhard_words = \"words.txt\"");
const ITEMS: (&str, &str) = ("items.jsonl", "use = \"decontamination\"\nbenchmarks = [\"items.jsonl\"]");
const PARQUET_ITEMS: (&str, &str) =
    ("items.parquet", "use = \"decontamination\"\nbenchmarks = [\"items.parquet\"]");

fn asset((file, stage): (&'static str, &'static str), name: impl Into<String>, bytes: Vec<u8>) -> BadAsset {
    BadAsset { name: name.into(), file, stage, bytes }
}

fn seed(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("tests/seeds").join(name)).unwrap()
}

/// The same bytes with a number of four bytes at a place.
fn with_number(bytes: &[u8], at: usize, number: i32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// Cuts at the ends of the header's fields, and each field at its limits.
fn lying_header(kind: (&'static str, &'static str), model: &str, fields: usize) -> Vec<BadAsset> {
    let whole = seed(model);
    let cuts = (0..=fields).map(|field| field * 4).chain([whole.len() / 2, whole.len() - 1]);
    let cut = |at: usize| asset(kind, format!("{model}/cut-at-{at}"), whole[..at].to_vec());
    let limits = [("largest", i32::MAX), ("least", i32::MIN), ("minus-one", -1), ("zero", 0)];
    let lie = |(name, number): (&str, i32), field: usize| {
        asset(kind, format!("{model}/field-{field}-{name}"), with_number(&whole, field * 4, number))
    };
    let lies = (0..fields).flat_map(|field| limits.map(|limit| lie(limit, field)));
    cuts.map(cut).chain(lies).collect()
}

fn replaced(kind: (&'static str, &'static str), model: &str, name: &str, from: &str, to: &str) -> BadAsset {
    let text = String::from_utf8(seed(model)).unwrap();
    assert!(text.contains(from), "{model} has no {from}");
    asset(kind, format!("{model}/{name}"), text.replace(from, to).into_bytes())
}

fn language_models() -> Vec<BadAsset> {
    let arpa = |name, from, to| replaced(PERPLEXITY, "language_model/arpa", name, from, to);
    vec![
        arpa("counts-lie-high", "ngram 1=6", "ngram 1=4000000000"),
        arpa("counts-lie-low", "ngram 1=6", "ngram 1=1"),
        arpa("counts-negative", "ngram 1=6", "ngram 1=-6"),
        arpa("counts-no-number", "ngram 2=5", "ngram 2=many"),
        arpa("no-end", "\\end\\", ""),
        arpa("order-missing", "\\2-grams:", "\\7-grams:"),
        arpa("not-a-number", "-", "nan"),
        asset(PERPLEXITY, "language_model/empty", Vec::new()),
        asset(PERPLEXITY, "language_model/zeros", vec![0; 4096]),
    ]
}

fn tokenizers() -> Vec<BadAsset> {
    let json = |name: &str, text: String| asset(TOKENS, format!("tokenizer/{name}"), text.into_bytes());
    let model = |model: &str| format!("{{\"version\":\"1.0\",\"added_tokens\":[],\"model\":{model}}}");
    vec![
        json("empty", String::new()),
        json("no-object", "[]".into()),
        json("nested", "[".repeat(100_000)),
        json("unknown-model", model("{\"type\":\"Crystal\"}")),
        json(
            "vocabulary-of-strings",
            model("{\"type\":\"WordLevel\",\"vocab\":{\"a\":\"b\"},\"unk_token\":\"a\"}"),
        ),
        json("negative-ids", model("{\"type\":\"WordLevel\",\"vocab\":{\"a\":-1},\"unk_token\":\"a\"}")),
        json("merges-of-nothing", model("{\"type\":\"BPE\",\"vocab\":{},\"merges\":[\"a b\"]}")),
    ]
}

fn pack(name: &str, terms: &str) -> BadAsset {
    let text = format!(
        "schema = 1\nid = \"made-up\"\nversion = \"0.1.0\"\nowner = \"a test\"\nsummary = \"made up\"\n\
         [[source]]\nid = \"t\"\ntitle = \"t\"\nedition = \"1\"\n\
         [[group]]\ncategory = \"made-up\"\nsource = \"t\"\nlang = \"en\"\nterms = {terms}\n\
         must_hit = []\nmust_miss = []\n"
    );
    asset(PACK, format!("pack/{name}"), text.into_bytes())
}

fn packs() -> Vec<BadAsset> {
    let many: Vec<String> = (0..100_000).map(|n| format!("\"zorblax {n}\"")).collect();
    vec![
        pack("no-terms", "[]"),
        pack("empty-term", "[\"\"]"),
        pack("white-space", "[\" \\t\"]"),
        pack("combining-marks", "[\"\\u0301\\u0301\"]"),
        pack("nested-stars", "[\"((((a*)*)*)*)*\"]"),
        pack("repetition", "[\"a{1,4000000000}\"]"),
        pack("a-hundred-thousand-terms", &format!("[{}]", many.join(","))),
        pack("a-term-of-a-megabyte", &format!("[\"{}\"]", "zorblax ".repeat(1 << 17))),
        pack("terms-of-numbers", "[1, 2]"),
        pack("nested", &"[".repeat(100_000)),
        asset(PACK, "pack/binary", vec![0xff; 64]),
        asset(PACK, "pack/empty", Vec::new()),
    ]
}

fn lists() -> Vec<BadAsset> {
    let item = |text: &str| format!("{{\"text\":{text}}}\n").into_bytes();
    vec![
        asset(WORDS, "words/binary", vec![0xff; 64]),
        asset(WORDS, "words/empty", Vec::new()),
        asset(WORDS, "words/one-line-of-10-megabytes", vec![b'x'; 10 << 20]),
        asset(ITEMS, "items/binary", vec![0xff; 64]),
        asset(ITEMS, "items/no-text", b"{\"test\":\"a\"}\n".to_vec()),
        asset(ITEMS, "items/text-is-a-number", item("1")),
        asset(ITEMS, "items/nested", item(&"[".repeat(100_000))),
        asset(ITEMS, "items/one-of-10-megabytes", item(&format!("\"{}\"", "lamp ".repeat(2 << 20)))),
        asset(PARQUET_ITEMS, "items/no-parquet", b"PAR1 and so on PAR1".to_vec()),
        asset(PARQUET_ITEMS, "items/empty-parquet", Vec::new()),
    ]
}

/// The error of a plan, or what it says if there is none.
fn outcome(sandbox: &Sandbox, bad: &BadAsset) -> String {
    sandbox.write(bad.file, &bad.bytes);
    let config =
        format!("schema = 1\n[input]\nfiles = [\"a.jsonl\"]\ntext = \"text\"\n[[stage]]\n{}\n", bad.stage);
    sandbox.write("c.toml", config);
    let output = sandbox.run(&["plan", "c.toml"]);
    assert!(!output.stderr.contains("panicked"), "{}: {}", bad.name, output.stderr);
    match output.code {
        0 => "is read".into(),
        2 => output.errors().join("\n"),
        other => panic!("{}: exit code {other}: {}", bad.name, output.stderr),
    }
}

#[test]
fn every_bad_asset_comes_to_what_is_expected_of_it() {
    let sandbox = Sandbox::new();
    sandbox.write("a.jsonl", "{\"text\":\"one two three\"}\n");
    let headers = [
        lying_header(FASTTEXT, "fasttext/words", 16),
        lying_header(LINEAR, "linear/two-labels", 12),
        lying_header(PERPLEXITY, "language_model/binary", 12),
    ];
    let all = headers.into_iter().chain([language_models(), tokenizers(), packs(), lists()]).flatten();
    let found: BTreeMap<String, String> =
        all.map(|bad| (bad.name.clone(), outcome(&sandbox, &bad))).collect();
    let path = repository().join("tests/bad/assets.toml");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{HEAD}\n{}", toml::to_string(&found).unwrap())).unwrap();
    }
    let expected: BTreeMap<String, String> =
        toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(found, expected);
}

const HEAD: &str =
    "# What `plan` says of each bad model, pack and list. They are made by `tests/it/bad/assets.rs`.
# Written by `UPDATE_GOLDEN=1 cargo test --test it bad::assets`.
";
