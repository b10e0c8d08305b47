//! Each verb: what it prints, what it leaves, how it exits.

use crate::harness::{Sandbox, config, config_with, profile, repository, statement};
use crate::parquet_files::{texts, write};
use std::fs;

const PROFILES: [&str; 4] = ["observe", "pretraining", "fine-tuning", "high-risk"];

/// The verbs as the program lists them.
pub fn verbs(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.run(&["--help"]).expect(0).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names =
        commands.take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_string).collect()
}

#[test]
fn help_lists_every_verb_and_every_verb_has_help() {
    let sandbox = Sandbox::new();
    let listed = verbs(&sandbox);
    for verb in ["demo", "init", "plan", "run", "filters", "explain", "whatif", "keygen", "sign", "verify"] {
        assert!(listed.iter().any(|name| name == verb), "{verb} is not among {listed:?}");
    }
    for verb in listed {
        let help = sandbox.run(&[&verb, "--help"]).expect(0).stdout;
        assert!(help.contains(&format!("Usage: probity {verb}")), "{help}");
    }
    let version = sandbox.run(&["--version"]).expect(0).stdout;
    assert_eq!(version.trim(), concat!("probity ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_exits_2() {
    let sandbox = Sandbox::new();
    sandbox.run(&["keygen", "--out", "k.pem"]).expect(0);
    fs::create_dir(sandbox.path("empty")).unwrap();
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("a text")]), 10);
    sandbox.write("c.toml", config(""));
    sandbox.write("short.key", [1; 31]);
    let cases: &[(&[&str], &str)] = &[
        (&[], "Usage: probity"),
        (&["curate"], "error: unrecognized subcommand 'curate'"),
        (&["plan"], "error: the following required arguments were not provided:"),
        (
            &["plan", "none.toml"],
            "error: none.toml: No such file or directory (os error 2)\nhint: `probity init pretraining > config.toml` writes one to start from",
        ),
        (&["init", "posttraining"], "error: invalid value 'posttraining' for '<PROFILE>'"),
        (
            &["filters", "gopher"],
            "error: no stage `gopher`; there are: doc-length, chat-turns, gopher-repetition,",
        ),
        (&["run", "c.toml"], "--out <RELEASE>"),
        (
            &["run", "c.toml", "--out", "r", "--threads", "0"],
            "error: invalid value '0' for '--threads <THREADS>': 0 is not in 1..=1024",
        ),
        (
            &["run", "c.toml", "--out", "r", "--threads", "1025"],
            "error: invalid value '1025' for '--threads <THREADS>': 1025 is not in 1..=1024",
        ),
        (
            &["run", "c.toml", "--out", "r", "--threads", "many"],
            "error: invalid value 'many' for '--threads <THREADS>'",
        ),
        (&["run", "c.toml", "--out", "r", "--key", "none.pem"], "error: `none.pem`: "),
        (
            &["run", "c.toml", "--out", "r", "--key", "k.pub.pem"],
            "error: `k.pub.pem`: expected a PEM private key, found public key",
        ),
        (
            &["run", "c.toml", "--out", "r", "--salt-key", "none.key"],
            "error: `none.key`: No such file or directory",
        ),
        (
            &["run", "c.toml", "--out", "r", "--salt-key", "short.key"],
            "error: `short.key`: expected 32 bytes, got 31",
        ),
        (&["sign", "empty", "--key", "k.pem"], "error: there is no `manifest.json` to sign"),
        (&["sign", "none", "--key", "k.pem"], "error: `none`: No such file or directory"),
        (&["verify", "none", "--key", "k.pub.pem"], "error: `none`: not a directory"),
        (&["verify", "c.toml", "--key", "k.pub.pem"], "error: `c.toml`: not a directory"),
        (&["verify", "empty", "--key", "none.pem"], "error: `none.pem`: "),
        (
            &["verify", "empty", "--key", "c.toml"],
            "error: `c.toml`: expected a PEM public key, found no PEM block",
        ),
        (
            &["verify", "empty", "--key", "k.pem"],
            "error: `k.pem`: expected a PEM public key, found private key",
        ),
        (
            &["verify", "empty", "--key", "k.pub.pem", "--level", "all"],
            "there is no level `all`; the levels are signature, files, ledger, content, inputs and replay",
        ),
        (&["explain", "none", "r0"], "error: `none/auditor/ledger`: No such file or directory"),
    ];
    for (arguments, message) in cases {
        let output = sandbox.run(arguments);
        assert_eq!(output.code, 2, "{arguments:?}: {}", output.stderr);
        assert!(output.stderr.contains(message), "{arguments:?}: {}", output.stderr);
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", output.stdout);
        assert!(!sandbox.path("r").exists(), "{arguments:?} left a release");
    }
}

#[test]
fn every_profile_plans_and_runs_over_a_generated_corpus() {
    for name in PROFILES {
        let sandbox = Sandbox::with_keys();
        if name == "fine-tuning" {
            crate::bad_input::write_chat(&sandbox.path("corpus/chat.parquet"));
        } else {
            sandbox.samples("corpus", 120);
        }
        sandbox.write("c.toml", profile(&sandbox, name));
        let plan = sandbox.run(&["plan", "c.toml"]).expect(0).stdout;
        assert!(plan.starts_with("plan digest  "), "{name}: {plan}");
        sandbox.release("c.toml", "out", &[]).expect(0);
        sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
    }
}

#[test]
fn plan_shows_stages_passes_and_assets_and_warns_of_orphans() {
    let sandbox = Sandbox::new();
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("a text")]), 10);
    sandbox.write(
        "c.toml",
        config("[[stage]]\nuse = \"exact-duplicates\"\n[[stage]]\nuse = \"keywords\"\nname = \"terms\"\npacks = [\"cbrn\"]\n[[stage]]\nuse = \"doc-length\""),
    );
    let plan = sandbox.run(&["plan", "c.toml"]).expect(0).stdout;
    for part in [
        "input        1 shards, 0.0 MB",
        "  a.parquet",
        "  barrier  exact-duplicates",
        "  judge    terms (keywords)",
        "pass 2       resolve exact-duplicates",
        "last pass    write data, removed records and ledger",
        " cbrn (",
        "warning      `doc-length` may take out a record for which `exact-duplicates` has removed its duplicates",
    ] {
        assert!(plan.contains(part), "{part}\n{plan}");
    }
    let resolved = sandbox.run(&["plan", "c.toml", "--json"]).expect(0).json();
    assert_eq!(resolved["stages"][1]["name"], "terms");
    assert_eq!(resolved["stages"][1]["action"], "tag");
    assert_eq!(resolved["stages"][1]["distinct_min"], 2);
    assert_eq!(resolved["input"]["max_record_bytes"], 64 << 20);
    assert!(!sandbox.path("out").exists());
}

#[test]
fn the_plan_digest_covers_what_decides_and_nothing_else() {
    let sandbox = Sandbox::new();
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("a text")]), 10);
    sandbox.write("list.txt", "example.org\n");
    let stages = "[[stage]]\nuse = \"doc-length\"\n[[stage]]\nuse = \"gopher-quality\"\n[[stage]]\nuse = \"url-list\"\ndomains = \"list.txt\"";
    sandbox.write("c.toml", config_with("text = \"text\"\nurl = \"id\"", stages));
    let digest = |more: &[&str]| {
        let output = sandbox.run(&[&["plan", "c.toml"], more].concat()).expect(0);
        output.stdout.lines().next().unwrap().to_string()
    };
    let first = digest(&[]);
    assert_eq!(first, digest(&[]));
    // writing a default out changes nothing
    assert_eq!(first, digest(&["--set", "gopher-quality.words_min=50"]));
    assert_ne!(first, digest(&["--set", "doc-length.chars_min=3"]));
    sandbox.write("c.toml", format!("# a remark\n{}", config_with("text = \"text\"\nurl = \"id\"", stages)));
    assert_eq!(first, digest(&[]));
    sandbox.write("list.txt", "example.com\n");
    assert_ne!(first, digest(&[]));
}

#[test]
fn set_changes_a_key_of_a_stage_and_of_the_top() {
    let sandbox = Sandbox::with_keys();
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("a text"), Some("a longer text")]), 10);
    sandbox.write("c.toml", config("[[stage]]\nuse = \"doc-length\""));
    let sets = ["--set", "doc-length.chars_min=8", "--set", "measure=all"];
    sandbox.release("c.toml", "out", &sets).expect(0);
    let rows = crate::ledgers::ledger(&sandbox.path("out"));
    assert_eq!(rows[0].summary(), "removed doc-length/chars-min 6 8");
    assert_eq!(rows[1].summary(), "kept");
    assert_eq!(rows[1].recorded["doc-length/chars-min"], "13");
}

#[test]
fn filters_lists_describes_and_writes_the_reference() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(&["filters"]).expect(0).stdout;
    for name in ["doc-length", "language", "near-duplicates"] {
        assert!(list.contains(&format!("  {name:20} ")), "{list}");
    }
    let one = sandbox.run(&["filters", "gopher-quality"]).expect(0).stdout;
    assert!(one.starts_with("## gopher-quality (filter)\n") && one.contains("words_min = 50"), "{one}");
    let reference = sandbox.run(&["filters", "--markdown"]).expect(0).stdout;
    let path = repository().join("docs/filters.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &reference).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == reference, "docs/filters.md is stale: run with UPDATE_GOLDEN=1");
}

#[test]
fn run_and_sign_tell_what_they_did() {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 120);
    sandbox.write("c.toml", profile(&sandbox, "pretraining"));
    let output = sandbox.release("c.toml", "out", &["--threads", "2"]).expect(0);
    let accounting = &statement(&sandbox.path("out"))["predicate"]["accounting"];
    for (label, key) in [("records in", "in"), ("removed", "removed"), ("quarantined", "quarantined")] {
        let line = format!("{label:15}{}", accounting[key]);
        assert!(output.stdout.lines().any(|l| l == line), "{line}\n{}", output.stdout);
    }
    assert!(output.stdout.contains("signed         by key "), "{}", output.stdout);
    let again = sandbox.release("c.toml", "out", &[]).expect(2);
    assert_eq!(again.errors(), ["error: `out`: holds a finished release; choose another directory"]);

    let unsigned = sandbox.run(&["run", "c.toml", "--out", "bare"]).expect(0).stdout;
    assert!(unsigned.contains("unsigned       `probity sign bare --key KEY` completes it"), "{unsigned}");
    let report = sandbox.verify("bare", &[]).expect(1).stdout;
    assert!(report.contains("`manifest.json` alone: the release is unsigned"), "{report}");
    let signed = sandbox.run(&["sign", "bare", "--key", "producer.pem"]).expect(0).stdout;
    assert!(signed.starts_with("signed by key "), "{signed}");
    sandbox.verify("bare", &[]).expect(0);
    sandbox.run(&["sign", "bare", "--key", "producer.pem"]).expect(2);
}

#[test]
fn verify_reports_as_text_and_as_json() {
    let sandbox = Sandbox::with_keys();
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("a text")]), 10);
    sandbox.write("c.toml", config(""));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let text = sandbox.verify("out", &[]).expect(0).stdout;
    assert!(
        text.trim_end().ends_with("verified: 21 passed, 0 failed, 0 skipped, 10 not requested"),
        "{text}"
    );
    let json = sandbox.verify("out", &["--json"]).expect(0).json();
    assert_eq!(json["checks"].as_array().unwrap().len(), 31);
    assert_eq!(json["checks"][0]["id"], "signature.bundle");
    assert_eq!(json["checks"][0]["status"], "pass");
    // an unfinished release is not a release
    fs::create_dir(sandbox.path("empty")).unwrap();
    let empty = sandbox.verify("empty", &[]).expect(1).stdout;
    assert!(empty.contains("none: the release is incomplete, no manifest"), "{empty}");
}

#[test]
fn explain_finds_a_record_by_id_and_by_place() {
    let sandbox = Sandbox::with_keys();
    let long = "long enough to stay";
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some(long), Some("short"), Some(long)]), 2);
    write(&sandbox.path("corpus/b.parquet"), &texts(&[None, Some(long)]), 2);
    sandbox.write(
        "c.toml",
        config("[[stage]]\nuse = \"doc-length\"\nchars_min = 10\n[[stage]]\nuse = \"exact-duplicates\""),
    );
    sandbox.release("c.toml", "out", &[]).expect(0);
    let cases: &[(&str, &[&str])] = &[
        ("0:0", &["record r0 (0:0) was kept", "  out_row                  0"]),
        ("r0", &["record r0 (0:0) was kept"]),
        (
            "0:1",
            &[
                "record r1 (0:1) was removed",
                "  stage                    doc-length",
                "  rule                     chars-min",
                "  value                    5",
                "  bound                    10",
            ],
        ),
        (
            "1:1",
            &[
                "record r1 (1:1) was removed",
                "  rule                     duplicate",
                "  duplicate_of_shard       0",
                "  duplicate_of_row         0",
                "  similarity               1",
            ],
        ),
        ("1:0", &["record r0 (1:0) was quarantined", "  rule                     null-text"]),
    ];
    for (record, lines) in cases {
        let told = sandbox.run(&["explain", "out", record]).expect(0).stdout;
        for line in *lines {
            assert!(told.lines().any(|l| l == *line), "{record}: {line}\n{told}");
        }
    }
    let json = sandbox.run(&["explain", "out", "0:1", "--json"]).expect(0).json();
    assert_eq!((&json["fate"], &json["id"]), (&"removed".into(), &"r1".into()));
    for record in ["r9", "0:3", "9:0", "x:y"] {
        let output = sandbox.run(&["explain", "out", record]).expect(2);
        let message =
            format!("error: `out/auditor/ledger`: no record `{record}`: expected `SHARD:ROW` or an id");
        assert_eq!(output.errors(), [message]);
    }
}

#[test]
fn keygen_makes_a_private_key_and_overwrites_nothing() {
    let sandbox = Sandbox::new();
    for (algorithm, name) in [("p256", "a.pem"), ("ed25519", "b.pem")] {
        let output = sandbox.run(&["keygen", "--out", name, "--alg", algorithm]).expect(0);
        assert!(output.stdout.contains("key id       "), "{}", output.stdout);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(sandbox.path(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let before = (sandbox.read(name), sandbox.read(name.replace(".pem", ".pub.pem")));
        let again = sandbox.run(&["keygen", "--out", name]).expect(2);
        assert_eq!(again.errors(), [format!("error: {name} exists and is not overwritten")]);
        assert_eq!(before, (sandbox.read(name), sandbox.read(name.replace(".pem", ".pub.pem"))));
    }
    // the public half alone is enough to refuse
    fs::remove_file(sandbox.path("a.pem")).unwrap();
    sandbox.run(&["keygen", "--out", "a.pem"]).expect(2);
    assert!(!sandbox.path("a.pem").exists());
}

#[test]
fn a_release_signed_with_ed25519_verifies() {
    let sandbox = Sandbox::with_keys();
    sandbox.run(&["keygen", "--out", "ed.pem", "--alg", "ed25519"]).expect(0);
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some("a text")]), 10);
    sandbox.write("c.toml", config(""));
    sandbox.run(&["run", "c.toml", "--out", "out", "--key", "ed.pem"]).expect(0);
    assert!(!sandbox.path("out/attestations/dataset.sig").exists());
    let report = sandbox.run(&["verify", "out", "--key", "ed.pub.pem"]).expect(0).stdout;
    assert!(report.contains("the format has no Ed25519"), "{report}");
    sandbox.verify("out", &[]).expect(1);
}

#[test]
fn demo_makes_a_release_and_catches_its_own_forgery() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(&["demo", "--out", "d", "--records", "120"]).expect(0);
    for part in [
        "1. made 120 records",
        "2. curated",
        "3. one example",
        "verified: 21 passed",
        "5. changed one bit",
        "caught by files.digests",
        "where to look",
    ] {
        assert!(output.stdout.contains(part), "{part}\n{}", output.stdout);
    }
    sandbox.run(&["verify", "d/release", "--key", "d/producer.pub.pem", "--inputs", "d/corpus"]).expect(0);
    sandbox.run(&["verify", "d/tampered", "--key", "d/producer.pub.pem"]).expect(1);
    // nothing is overwritten: the second goes beside the first
    sandbox.run(&["demo", "--out", "d", "--records", "40"]).expect(0);
    assert!(sandbox.path("d-2/release/manifest.sigstore.json").exists());
    sandbox.run(&["demo", "--out", "d", "--records", "3"]).expect(2);
}
