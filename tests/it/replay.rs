//! `verify --level replay`: the decisions made anew, and a producer who signs other ones.

use crate::harness::{Output, Sandbox, config, profile, statement};
use crate::parquet_files::{texts, write};
use crate::tamper::failed;
use manifests::disclosure::{DISCLOSURES, Opened};
use manifests::keys::SigningKey;
use manifests::predicate::Statement;
use manifests::seal::{Draft, seal};
use std::fs;
use std::path::Path;

const STAGES: &str = r#"
[[stage]]
use = "doc-length"
chars_min = 20

[[stage]]
use = "exact-duplicates"

[[stage]]
use = "gopher-quality"
words_min = 5
"#;

fn corpus(sandbox: &Sandbox) {
    let sentence =
        |n: usize| format!("The gardener number {n} has seen that the trees of the park are tall.");
    for shard in 0..3 {
        let mut all: Vec<String> = (0..30).map(|n| sentence(n + 25 * shard)).collect();
        all[3] = "short".into();
        all[7] = "A text about nothing in particular and of the usual length.".into();
        let all: Vec<Option<&str>> = all.iter().map(|text| Some(text.as_str())).collect();
        write(&sandbox.path(format!("corpus/{shard}.parquet")), &texts(&all), 10);
    }
}

fn replay(sandbox: &Sandbox, release: &str, more: &[&str]) -> Output {
    let fixed = ["--level", "signature,files,ledger,content,inputs,replay", "--inputs", "corpus", "--json"];
    sandbox.verify(release, &[&fixed, more].concat())
}

fn released() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    corpus(&sandbox);
    sandbox.write("c.toml", config(STAGES));
    sandbox.release("c.toml", "release", &[]).expect(0);
    sandbox
}

fn check<'r>(report: &'r serde_json::Value, id: &str) -> &'r serde_json::Value {
    report["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap()
}

#[test]
fn an_honest_release_is_decided_the_same_way_again() {
    let sandbox = released();
    let report = replay(&sandbox, "release", &[]).expect(0).json();
    assert_eq!(check(&report, "replay.corpus")["status"], "pass");
    assert_eq!(check(&report, "replay.decisions")["note"], "all row groups, 90 records");
    let sample = ["--replay-groups", "4", "--seed", "dice: 3 1 6"];
    let report = replay(&sandbox, "release", &sample).expect(0).json();
    let note = check(&report, "replay.decisions")["note"].as_str().unwrap().to_owned();
    assert!(note.starts_with("4 of 9 row groups, 40 records"), "{note}");
    assert_eq!(check(&report, "replay.corpus")["status"], "not-requested");
    // by the producer's own file too, and from it only if it says the same
    replay(&sandbox, "release", &["--config", "c.toml"]).expect(0);
    sandbox.write("other.toml", config(STAGES).replace("chars_min = 20", "chars_min = 21"));
    let report = replay(&sandbox, "release", &["--config", "other.toml"]).expect(1).json();
    assert_eq!(failed(&report), ["replay.basis"]);
    let finding = &check(&report, "replay.basis")["findings"][0];
    assert_eq!((&finding["expected"], &finding["got"]), (&"`stages[0].chars_min` = 20".into(), &"21".into()));
}

/// Edits, committed stages, models and packs: everything a shipped profile has.
#[test]
fn shipped_profiles_are_decided_the_same_way_again() {
    for name in ["pretraining", "fine-tuning"] {
        let sandbox = Sandbox::with_keys();
        sandbox.samples("corpus", 120);
        let all = profile(&sandbox, name).replace("messages = \"messages\"", "text = \"text\"");
        sandbox.write("c.toml", all);
        if sandbox.release("c.toml", "release", &[]).code != 0 {
            assert_ne!(name, "pretraining");
            continue;
        }
        replay(&sandbox, "release", &[]).expect(0);
        replay(&sandbox, "release", &["--replay-groups", "2", "--seed", "x"]).expect(0);
    }
}

#[test]
fn what_is_not_at_hand_is_not_replayed() {
    let sandbox = released();
    sandbox.verify("release", &["--level", "replay"]).expect(3);
    sandbox.verify("release", &["--level", "replay", "--inputs", "none"]).expect(3);
    let output = sandbox.verify("release", &["--level", "replay", "--replay-groups", "3"]).expect(2);
    assert!(output.stderr.contains("give `--seed`"), "{}", output.stderr);
    let whole = sandbox.read("corpus/1.parquet");
    // another input than the signed one: nothing to replay on
    fs::copy(sandbox.path("corpus/2.parquet"), sandbox.path("corpus/1.parquet")).unwrap();
    let report =
        sandbox.verify("release", &["--level", "replay", "--inputs", "corpus", "--json"]).expect(1).json();
    assert_eq!(failed(&report), ["replay.basis"]);
    fs::remove_file(sandbox.path("corpus/1.parquet")).unwrap();
    let output = sandbox.verify("release", &["--level", "replay", "--inputs", "corpus"]).expect(3);
    assert!(output.stdout.contains("1.parquet"), "{}", output.stdout);
    sandbox.write("corpus/1.parquet", whole);
    sandbox.run(&["redact", "release", "--out", "public"]).expect(0);
    sandbox.verify("public", &["--level", "replay", "--inputs", "corpus"]).expect(3);
}

#[test]
fn a_pack_that_is_not_at_hand_is_missing_and_another_one_is_wrong() {
    const PACK: &str = "schema = 1\nid = \"p\"\nversion = \"1\"\nowner = \"a test\"\nsummary = \"made up\"\n
[[source]]\nid = \"t\"\ntitle = \"t\"\nedition = \"1\"\n
[[group]]\ncategory = \"c\"\nsource = \"t\"\nlang = \"en\"\nterms = [\"gardener\"]\n\
must_hit = [\"A gardener.\"]\nmust_miss = [\"A garden.\"]\n";
    let sandbox = Sandbox::with_keys();
    corpus(&sandbox);
    sandbox.write("packs/p.toml", PACK);
    let keywords = "\n[[stage]]\nuse = \"keywords\"\npacks = [\"packs/p.toml\"]\ndistinct_min = 1\n";
    sandbox.write("c.toml", config(&format!("{STAGES}{keywords}")));
    sandbox.release("c.toml", "release", &[]).expect(0);
    replay(&sandbox, "release", &[]).expect(0);
    let output =
        sandbox.verify("release", &["--level", "replay", "--inputs", "corpus", "--assets", "corpus"]);
    assert!(output.expect(3).stdout.contains("packs/p.toml"));
    sandbox.write("packs/p.toml", PACK.replace("edition = \"1\"", "edition = \"2\""));
    let report = replay(&sandbox, "release", &[]).expect(1).json();
    assert_eq!(failed(&report), ["replay.basis"]);
}

/// Signs a release's files as they are now, as its producer could.
fn sign_again(sandbox: &Sandbox, release: &Path, config: Option<&[u8]>) {
    let claims: Statement = serde_json::from_value(statement(release)).unwrap();
    let public: serde_json::Value =
        serde_json::from_slice(&fs::read(release.join("config.public.json")).unwrap()).unwrap();
    let opened = match fs::read(release.join(DISCLOSURES)) {
        Ok(bytes) => Opened::parse(&bytes, &claims.predicate.disclosures.digests, &public).unwrap(),
        Err(_) => Opened::default(),
    };
    let draft = Draft::again(&claims.predicate, &opened).unwrap();
    for name in ["manifest.json", "manifest.sigstore.json", "attestations/dataset.sig"] {
        let _ = fs::remove_file(release.join(name));
    }
    if let Some(config) = config {
        fs::write(release.join("config.public.json"), config).unwrap();
    }
    let key = SigningKey::load(&sandbox.path("producer.pem")).unwrap();
    seal(release, &draft, Some(&key)).unwrap();
}

/// The producer publishes one configuration and decides by another.
#[test]
fn a_ledger_of_other_decisions_is_caught_by_replay_alone() {
    let sandbox = released();
    let published = sandbox.read("release/config.public.json");
    // records that the published bound removes are kept, and one text more counts as short
    for set in ["doc-length.chars_min=1", "doc-length.chars_min=60", "gopher-quality.words_min=14"] {
        let forged = sandbox.path("forged");
        sandbox.release("c.toml", "forged", &["--set", set]).expect(0);
        assert_ne!(sandbox.read("forged/config.public.json"), published);
        sign_again(&sandbox, &forged, Some(&published));
        let all = ["--level", "signature,files,ledger,content,inputs", "--inputs", "corpus"];
        sandbox.verify("forged", &all).expect(0);
        let report = replay(&sandbox, "forged", &["--replay-groups", "9", "--seed", "s"]).expect(1).json();
        assert_eq!(failed(&report), ["replay.decisions"], "{set}");
        let finding = &check(&report, "replay.decisions")["findings"][0];
        assert!(finding["file"].as_str().unwrap().starts_with("auditor/ledger/part-"), "{finding}");
        assert!(finding["row"].is_u64() && finding["expected"] != finding["got"], "{finding}");
        let report = replay(&sandbox, "forged", &[]).expect(1).json();
        assert_eq!(failed(&report), ["replay.decisions", "replay.corpus"], "{set}");
        fs::remove_dir_all(forged).unwrap();
    }
}

/// Duplicates that were let through show only when all records are compared.
#[test]
fn duplicates_that_were_kept_are_caught_by_replaying_everything() {
    let sandbox = released();
    let published = sandbox.read("release/config.public.json");
    // a run in which nothing is a duplicate: records count as equal by their ids, which differ
    let other =
        config(STAGES).replace("use = \"exact-duplicates\"", "use = \"exact-duplicates\"\nby = [\"id\"]");
    sandbox.write("other.toml", other);
    sandbox.release("other.toml", "forged", &[]).expect(0);
    sign_again(&sandbox, &sandbox.path("forged"), Some(&published));
    sandbox.verify("forged", &["--level", "signature,files,ledger,content"]).expect(0);
    replay(&sandbox, "forged", &["--replay-groups", "9", "--seed", "s"]).expect(0);
    let report = replay(&sandbox, "forged", &[]).expect(1).json();
    assert_eq!(failed(&report), ["replay.corpus"]);
}
