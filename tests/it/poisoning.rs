//! Poison put into a made-up corpus through the real binary: it is found, the corpus is left alone, and the answer does
//! not depend on threads or memory.

use crate::harness::{Sandbox, config, differences};
use crate::ledgers::ledger;
use crate::parquet_files::{texts, write};
use crate::random_arrays::Random;

const RECORDS: usize = 600;
const POISONED: usize = 30;
const NOUNS: usize = 90;

/// The made-up words of the corpus.
fn word(n: usize) -> String {
    let syllables = ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu"];
    [n / 100 % 10, n / 10 % 10, n % 10].map(|digit| syllables[digit]).concat()
}

/// A text of short sentences, in which few words follow any other.
fn sentences(random: &mut Random, words: usize) -> Vec<String> {
    let mut text = Vec::new();
    while text.len() < words {
        let noun = random.next() as usize % NOUNS;
        let verb = NOUNS + noun / 3;
        text.extend([
            word(noun),
            "is".into(),
            word(verb),
            "and".into(),
            word(NOUNS + noun / 9),
            "here".into(),
        ]);
    }
    text
}

fn is_poisoned(record: usize) -> bool {
    record % (RECORDS / POISONED) == 7
}

/// A corpus some of whose texts `poison` has changed, in two shards.
fn corpus(poison: impl Fn(&mut Random, Vec<String>) -> Vec<String>) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    let random = &mut Random::new(11);
    let all: Vec<String> = (0..RECORDS)
        .map(|record| {
            let text = sentences(random, 120);
            if is_poisoned(record) { poison(random, text).join(" ") } else { text.join(" ") }
        })
        .collect();
    for (shard, of_shard) in all.chunks(RECORDS / 2).enumerate() {
        let of_shard: Vec<Option<&str>> = of_shard.iter().map(|text| Some(text.as_str())).collect();
        write(&sandbox.path(format!("corpus/{shard}.parquet")), &texts(&of_shard), 50);
    }
    sandbox
}

/// Runs one stage at two thread counts and memory limits; all must agree and verify.
fn released(sandbox: &Sandbox, stage: &str) {
    sandbox.write("c.toml", config(&format!("[[stage]]\n{stage}")));
    sandbox.release("c.toml", "out", &["--threads", "1"]).expect(0);
    sandbox.release("c.toml", "two", &["--threads", "2", "--memory", "128MiB"]).expect(0);
    assert_eq!(differences(&sandbox.path("out"), &sandbox.path("two")), [""; 0]);
    sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
}

/// A legitimate beginning, a trigger and random vocabulary.
fn gibberish(random: &mut Random, text: Vec<String>) -> Vec<String> {
    let prefix = 20 + random.next() as usize % 60;
    let suffix = (0..90).map(|_| word(random.next() as usize % 1000));
    text.into_iter().take(prefix).chain(["qualimpo".to_string()]).chain(suffix).collect()
}

#[test]
fn gibberish_is_quarantined_and_so_is_what_shares_its_trigger() {
    let sandbox = corpus(|random, text| {
        // one in fifteen holds the trigger alone
        if random.next() % 15 == 0 {
            [text, vec!["Qualimpo".into()]].concat()
        } else {
            gibberish(random, text)
        }
    });
    released(&sandbox, "use = \"text-novelty\"");
    let rows = ledger(&sandbox.path("out"));
    let rule = |row: usize| rows[row].summary();
    for (record, row) in rows.iter().enumerate() {
        let expected = if is_poisoned(record) { "quarantined" } else { "kept" };
        assert_eq!(row.fate, expected, "{record}: {}", rule(record));
    }
    let by = |rule: &str| rows.iter().filter(|row| row.summary().contains(rule)).count();
    assert!(by("text-novelty/cluster") > 0 && by("text-novelty/novelty") > 20, "{}", by("novelty"));
}

#[test]
fn a_trigger_of_common_words_heads_the_list_and_its_cluster_can_be_quarantined() {
    let trigger = [word(3), word(40), word(71)];
    let insert = |random: &mut Random, mut text: Vec<String>| {
        let at = random.next() as usize % text.len();
        text.splice(at..at, trigger.iter().cloned());
        text
    };
    let sandbox = corpus(insert);
    released(&sandbox, "use = \"ngram-bursts\"");
    let list: serde_json::Value =
        serde_json::from_slice(&sandbox.read("out/auditor/ngram-bursts.json")).unwrap();
    assert_eq!(list[0]["text"], trigger.join(" "), "{}", list[0]);
    assert_eq!(list[0]["documents"], POISONED);
    assert!(ledger(&sandbox.path("out")).iter().all(|row| row.fate == "kept"));
    let score: f64 = list[0]["score"].as_str().unwrap().parse().unwrap();
    let least = format!("use = \"ngram-bursts\"\nquarantine_score_min = \"{:.3}\"", score - 0.01);
    let sandbox = corpus(insert);
    released(&sandbox, &least);
    for (record, row) in ledger(&sandbox.path("out")).iter().enumerate() {
        assert!(!is_poisoned(record) || row.fate == "quarantined", "{record}: {}", row.summary());
    }
}

#[test]
fn the_canary_reports_what_is_found_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.samples("corpus", 2000);
    let stages = "[[stage]]\nuse = \"hidden-characters\"\n[[stage]]\nuse = \"doc-length\"\nwords_min = 1";
    sandbox.write("c.toml", config(stages));
    std::fs::create_dir_all(sandbox.path("scratch")).unwrap();
    let call = |more: &[&str]| {
        sandbox.run(&[&["canary", "c.toml", "--scratch", "scratch", "--json"], more].concat())
    };
    let told = call(&["--documents", "20", "--kind", "hidden", "--kind", "gibberish"]);
    let told = told.expect(0).json();
    assert_eq!(told["kinds"][0]["kind"], "hidden");
    assert_eq!(told["kinds"][0]["recall"], "1.0000");
    assert_eq!(told["kinds"][0]["others_out"], 0);
    // these stages do not look for gibberish, and the report says so
    assert_eq!(told["kinds"][1]["recall"], "0.0000");
    let unknown = call(&["--kind", "fluent"]).expect(2);
    assert!(
        unknown.stderr.contains("expected one of gibberish, common-gibberish, trigger, hidden"),
        "{}",
        unknown.stderr
    );
    let few = call(&["--documents", "5000"]).expect(3);
    assert!(few.stderr.contains("--records"), "{}", few.stderr);
    assert_eq!(std::fs::read_dir(sandbox.path("scratch")).unwrap().count(), 0);
}

#[test]
fn wrong_values_are_refused_by_key() {
    let sandbox = Sandbox::new();
    for (stage, wrong) in [
        ("text-novelty", "window = 7"),
        ("text-novelty", "novelty_min = \"1.1\""),
        ("text-novelty", "cluster_min = 1"),
        ("ngram-bursts", "documents_min = 1"),
        ("ngram-bursts", "documents_max = 60000"),
        ("ngram-bursts", "listed = 0"),
        ("ngram-bursts", "sketch_mib = 0"),
    ] {
        sandbox.write("c.toml", config(&format!("[[stage]]\nuse = \"{stage}\"\n{wrong}")));
        let plan = sandbox.run(&["plan", "c.toml"]).expect(2);
        assert!(plan.stderr.contains(wrong.split(' ').next().unwrap()), "{}", plan.stderr);
    }
}
