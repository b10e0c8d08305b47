//! The fuzz targets' entry functions on stable Rust: every seed, and many mutations of each. None may panic.
//!
//! `UPDATE_SEEDS=1 cargo test --test it fuzz_seeds` makes the seeds anew, all by our own code and with a new key; build
//! again afterwards, for the key is compiled in.

use crate::fixture;
use crate::harness::{Sandbox, config, repository, tree};
use crate::made_up::Random;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

#[path = "../../fuzz/entries.rs"]
mod entries;

/// Mutations of all seeds of a target that parses.
const CASES: usize = 2_000;

/// The same of a target each of whose cases is a whole run.
const RUNS: usize = 100;

type Entry = fn(&[u8]);

const TARGETS: [(&str, Entry); 12] = [
    ("bundle", entries::bundle),
    ("ledger_index", entries::ledger_index),
    ("proof", entries::proof),
    ("sums", entries::sums),
    ("config", entries::config),
    ("pack", entries::pack),
    ("fasttext", entries::fasttext),
    ("linear", entries::linear),
    ("ensemble", entries::ensemble),
    ("language_model", entries::language_model),
    ("rows", entries::rows),
    ("text", entries::text),
];

const TARGETS_THAT_RUN: [(&str, Entry); 3] =
    [("parquet", entries::parquet), ("lines", entries::lines), ("signature_index", entries::signature_index)];

/// Where the seeds are, made anew if that is asked for.
fn seeds() -> PathBuf {
    static MADE: OnceLock<()> = OnceLock::new();
    let folder = repository().join("tests/seeds");
    MADE.get_or_init(|| {
        if std::env::var_os("UPDATE_SEEDS").is_some() {
            make(&folder);
        }
    });
    folder
}

/// A place in something so long, also in what is empty.
fn below(random: &mut Random, limit: usize) -> usize {
    random.below(limit.max(1) as u64) as usize
}

/// What breaks readers: bits, cut ends, stretches twice or elsewhere, numbers at their limits, bytes of structure.
fn mutate(seed: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    const PIECES: [&[u8]; 14] = [
        b"\"",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b"-1",
        b"9007199254740993",
        b"1e400",
        b"null",
        b"\\ud800",
        b"../",
        b"\0",
        b"\xff\xff\xff\xff",
    ];
    let mut bytes = seed.to_vec();
    for _ in 0..=below(random, 4) {
        let at = below(random, bytes.len() + 1);
        match below(random, 8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << below(random, 8),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 => bytes.truncate(at),
            3 => {
                let end = (at + below(random, 64)).min(bytes.len());
                let stretch = bytes[at..end].to_vec();
                bytes.splice(at..at, stretch);
            }
            4 => drop(bytes.drain(at..(at + below(random, 16)).min(bytes.len()))),
            5 => drop(bytes.splice(at..at, PIECES[below(random, PIECES.len())].iter().copied())),
            6 if at + 8 <= bytes.len() => {
                let number = [0, 1, u64::MAX, i64::MAX as u64, 1 << 32, 1 << 53][below(random, 6)];
                bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
            }
            _ => {
                let from = below(random, other.len() + 1);
                let to = (from + below(random, 128)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

#[test]
fn no_seed_and_no_mutation_of_one_makes_a_reader_panic() {
    let parsing = TARGETS.into_iter().zip(std::iter::repeat(CASES));
    let running = TARGETS_THAT_RUN.into_iter().zip(std::iter::repeat(RUNS));
    for ((target, entry), cases) in parsing.chain(running) {
        let files: Vec<Vec<u8>> = tree(&seeds().join(target)).into_values().collect();
        assert!(files.len() >= 2, "{target} has {} seeds", files.len());
        files.iter().for_each(|seed| entry(seed));
        entry(b"");
        let mut random = Random(1);
        for case in 0..cases {
            let state = random.0;
            let (seed, other) = (&files[case % files.len()], &files[below(&mut random, files.len())]);
            let bytes = mutate(seed, other, &mut random);
            let held = std::panic::catch_unwind(|| entry(&bytes)).is_ok();
            assert!(held, "{target}, case {case}, state {state:#x}: {:?}", String::from_utf8_lossy(&bytes));
        }
    }
}

/// A new filter or scorer is fuzzed, or it is said why not.
#[test]
fn every_filter_and_scorer_judges_fuzzed_texts() {
    // what needs turns or columns; `lines` and `parquet` reach the code that reads those
    const OTHERS: [&str; 3] = ["chat-turns", "input-label", "input-score"];
    let judging = entries::stages_of_text();
    let all = filters::FILTERS.iter().chain(classifiers::SCORERS).map(|entry| entry.name);
    let missing: Vec<&str> = all.filter(|name| !judging.contains(name) && !OTHERS.contains(name)).collect();
    assert!(missing.is_empty(), "fuzz/stages/all.toml lacks {missing:?}");
}

/// The seeds do reach what lies behind the first check.
#[test]
fn seeds_are_what_they_should_be() {
    let read = |name: &str| fs::read(seeds().join(name)).unwrap();
    let key = manifests::keys::PublicKey::load(&seeds().join("key.pub.pem")).unwrap();
    manifests::verify::Checked::open(&read("bundle/manifest"), &key).unwrap();
    manifests::proof::Proof::parse(&read("proof/opened")).unwrap();
    manifests::proof::Revelation::parse(&read("proof/disclosed")).unwrap();
    manifests::sums::parse_sums(str::from_utf8(&read("sums/release")).unwrap()).unwrap();
    filters::pack::Pack::parse("seed", &read("pack/two-groups")).unwrap();
    for model in ["words", "pruned-tree"] {
        let bytes: std::sync::Arc<dyn AsRef<[u8]> + Send + Sync> =
            std::sync::Arc::new(read(&format!("fasttext/{model}")));
        classifiers::fasttext::Model::load(bytes).unwrap_or_else(|e| panic!("{model}: {e}"));
    }
    for model in ["two-labels", "no-words"] {
        let bytes = read(&format!("linear/{model}"));
        classifiers::linear::Model::load(&bytes).unwrap_or_else(|e| panic!("{model}: {e}"));
    }
    for mapping in ["maximum", "learnt"] {
        let bytes = read(&format!("ensemble/{mapping}"));
        classifiers::ensemble::Mapping::load(&bytes).unwrap_or_else(|e| panic!("{mapping}: {e}"));
    }
    // the binary one was made by KenLM's own `build_binary`: ours is the same to the byte
    for (name, bytes) in crate::language_models::seeds() {
        assert!(read(&name) == bytes, "{name}");
    }
    let config = String::from_utf8(read("config/stages")).unwrap();
    let config = pipeline::Config::parse(std::path::Path::new("c.toml"), &config, &[]).unwrap();
    pipeline::Plan::new(config).unwrap();
}

const PACK: &str =
    "schema = 1\nid = \"seed\"\nversion = \"0.1.0\"\nowner = \"a test\"\nsummary = \"made up\"\n
[[source]]\nid = \"t\"\ntitle = \"t\"\nedition = \"1\"\n
[[group]]\ncategory = \"made-up\"\nsource = \"t\"\nlang = \"en\"\nterms = [\"zorblax\", \"two words\"]\n\
must_hit = [\"The zorblax.\"]\nmust_miss = [\"The blax.\"]\n
[[group]]\ncategory = \"short\"\nsource = \"t\"\nlang = \"mul\"\ncase = \"exact\"\nterms = [\"QX\"]\n\
must_hit = [\"a QX\"]\nmust_miss = [\"a qx\"]\n";

fn make(folder: &Path) {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 40);
    let stages = "[[stage]]\nuse = \"doc-length\"\nchars_min = 20\n\n[[stage]]\nuse = \"keywords\"\nname = \"hazard\"\n\
        packs = [\"packs/p.toml\"]\n\n[[stage]]\nuse = \"exact-duplicates\"\n";
    sandbox.write("packs/p.toml", PACK);
    sandbox.write("c.toml", config(stages));
    sandbox.release("c.toml", "release", &[]).expect(0);
    sandbox.run(&["prove", "release", "--record", "0:1", "--out", "plain"]).expect(0);
    sandbox.run(&["prove", "release", "--record", "0:2", "--open", "--out", "opened"]).expect(0);
    let sample = ["audit", "sample", "release", "--key", "producer.pub.pem", "--seed", "s", "--n", "2"];
    sandbox.run(&[&sample[..], &["--out", "sample.json"]].concat()).expect(0);
    sandbox.run(&["disclose", "release", "--sample", "sample.json", "--out", "disclosed"]).expect(0);
    let payload = serde_json::to_vec(&crate::harness::statement(&sandbox.path("release"))).unwrap();
    let first_opening = sandbox.read("release/auditor/disclosures.jsonl");
    let first_opening = first_opening.split(|byte| *byte == b'\n').next().unwrap().to_vec();
    let sums = sandbox.read("release/SHA256SUMS");
    let end = sums.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let profile = sandbox.run(&["init", "fine-tuning"]).expect(0).stdout.into_bytes();
    let plain = config(
        "[[stage]]\nuse = \"gopher-quality\"\nwords_min = 5\n\n[[stage]]\nuse = \"near-duplicates\"\n\n\
        [[stage]]\nuse = \"score-range\"\nname = \"r\"\nscore = \"gopher-quality\"\nat_most = \"0.5\"\n",
    );
    let stages = config(
        "[[stage]]\nuse = \"gopher-quality\"\nwords_min = 5\n\n[[stage]]\nuse = \"near-duplicates\"\n",
    );
    let files: [(&str, Vec<u8>); 17] = [
        ("key.pub.pem", sandbox.read("producer.pub.pem")),
        ("bundle/manifest", sandbox.read("release/manifest.sigstore.json")),
        ("bundle/directory", sandbox.read("release/attestations/dataset.sig")),
        ("bundle/statement", payload),
        ("ledger_index/ledger", sandbox.read("release/ledger/index.json")),
        ("ledger_index/inputs", sandbox.read("release/inputs/index.json")),
        ("proof/plain", sandbox.read("plain")),
        ("proof/opened", sandbox.read("opened")),
        ("proof/disclosed", sandbox.read("disclosed")),
        ("proof/opening", first_opening),
        ("sums/release", sums.clone()),
        ("sums/one-line", sums[..end].to_vec()),
        ("config/profile", profile),
        ("config/stages", stages.into_bytes()),
        ("config/wrong", plain.into_bytes()),
        ("pack/two-groups", PACK.as_bytes().to_vec()),
        ("pack/one-group", PACK.rsplit_once("[[group]]").unwrap().0.into()),
    ];
    let models = [("words", fixture::Fixture::words()), ("pruned-tree", fixture::Fixture::pruned_tree())];
    let models = models.map(|(name, fixture)| (format!("fasttext/{name}"), fixture.write()));
    let linear = [("two-labels", "zorblax"), ("no-words", "")];
    let linear = linear.map(|(name, word)| (format!("linear/{name}"), linear_model(word)));
    let mappings = [("maximum", false), ("learnt", true)];
    let mappings = mappings.map(|(name, learnt)| (format!("ensemble/{name}"), mapping(learnt)));
    let models = models.into_iter().chain(linear).chain(mappings).chain(crate::language_models::seeds());
    let models = models.chain(crate::shard_seeds::seeds());
    for (name, bytes) in files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).chain(models) {
        let path = folder.join(&name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// A mapping of one score of few values.
fn mapping(learnt: bool) -> Vec<u8> {
    use classifiers::ensemble::{Combination, Fitted, Logistic, Sample, fit};
    let sample = |at: u8| Sample {
        language: (at > 3).then(|| "en".to_string()),
        scores: vec![f64::from(at % 3)],
        label: Some(at.is_multiple_of(2)),
    };
    let fitted = Fitted {
        scores: vec!["a/score".into()],
        language: Some("l/label".into()),
        combination: if learnt { Combination::Logistic(Logistic::default()) } else { Combination::Maximum },
        records_min: 4,
    };
    fit(&(0..9).map(sample).collect::<Vec<_>>(), &fitted).unwrap().to_bytes().unwrap()
}

/// A small model with two labels, learnt from texts with and without a word.
fn linear_model(word: &str) -> Vec<u8> {
    use classifiers::linear::{Example, Settings, train};
    let example = |at: usize| Example {
        text: if at.is_multiple_of(2) { word.to_string() } else { String::new() },
        targets: vec![Some((at % 2) as f32), (at > 3).then_some(f32::from(u8::from(at > 5)))],
        weight: 1.0,
    };
    let examples: Vec<Example> = (0..9).map(example).collect();
    let settings = Settings { table_bits: 8, chunk_bytes: 64, ..Settings::default() };
    let names = ["zorb", "quim"].map(str::to_string);
    let trained = train(2, &examples, &settings);
    let policy = classifiers::metrics::Policy::Documents(0.5);
    trained
        .into_model(&names, &examples, Some(policy), Vec::new(), "made up".into())
        .unwrap()
        .to_bytes()
        .unwrap()
}
