//! What one reader is shown: proofs, disclosures, samples, countersignatures, timestamps, chains, all by the command line.

use crate::harness::{Sandbox, config};
use crate::ledgers::ledger;
use crate::parquet_files::{texts, write};
use crate::tamper::failed;
use std::fs;
use std::process::Command;

const KEPT: &str = "An ordinary sentence about gardens, long enough to stay.";
const STAGES: &str = "[[stage]]\nuse = \"doc-length\"\nchars_min = 20\n\n[[stage]]\nuse = \"keywords\"\npacks = [\"self-harm\"]\n\n[[stage]]\nuse = \"exact-duplicates\"\n";

fn released() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    for (shard, more) in
        [("a", "The first of the shards has this sentence."), ("b", "The second has another one.")]
    {
        let path = sandbox.path(format!("corpus/{shard}.parquet"));
        write(&path, &texts(&[Some(KEPT), Some("too short"), Some(more)]), 2);
    }
    sandbox.write("c.toml", config(STAGES));
    sandbox.release("c.toml", "release", &[]).expect(0);
    sandbox.run(&["redact", "release", "--out", "public"]).expect(0);
    sandbox.run(&["keygen", "--out", "auditor.pem", "--alg", "ed25519"]).expect(0);
    sandbox
}

fn check_proof(sandbox: &Sandbox, proof: &str, more: &[&str]) -> (i32, String) {
    let fixed =
        ["check-proof", proof, "--manifest", "public/manifest.sigstore.json", "--key", "producer.pub.pem"];
    let output = sandbox.run(&[&fixed, more].concat());
    (output.code, output.stdout + &output.stderr)
}

#[test]
fn every_record_can_be_proved_with_the_manifest_alone() {
    let sandbox = released();
    for (at, row) in ledger(&sandbox.path("release")).iter().enumerate() {
        let (record, proof) = (format!("{}:{}", row.shard, row.row), format!("{at}.json"));
        sandbox.run(&["prove", "release", "--record", &record, "--out", &proof]).expect(0);
        let (code, said) = check_proof(&sandbox, &proof, &[]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains(&format!("was {}", row.fate)), "{said}");
        let rule = row.rule.clone().unwrap_or_default();
        assert!(said.contains(&rule), "{said}: {rule}");
        assert!(sandbox.read(&proof).len() < 4096);
    }
    // by name, by id, opened, and held against a text
    let named = sandbox.run(&["prove", "release", "--record", "b:1"]).expect(0);
    assert!(named.stdout.contains("\"opening\":null"), "{}", named.stdout);
    sandbox.run(&["prove", "release", "--record", "r1", "--open", "--out", "open.json"]).expect(0);
    sandbox.write("text", "too short");
    let (code, said) = check_proof(&sandbox, "open.json", &["--text", "text"]);
    assert!(code == 0 && said.contains("the text is the one"), "{said}");
    sandbox.write("text", "too short.");
    assert_eq!(check_proof(&sandbox, "open.json", &["--text", "text"]).0, 1);
    sandbox.run(&["prove", "release", "--record", "nobody"]).expect(2);
    sandbox.run(&["prove", "public", "--record", "0:1"]).expect(2);
}

#[test]
fn a_changed_proof_proves_nothing() {
    let sandbox = released();
    sandbox.run(&["prove", "release", "--record", "0:1", "--open", "--out", "p.json"]).expect(0);
    let proof = String::from_utf8(sandbox.read("p.json")).unwrap();
    for (from, to) in [
        ("\"removed\"", "\"quarantined\""),
        ("chars", "words"),
        ("\"row\":1", "\"row\":2"),
        ("proof/v1", "proof/v2"),
        ("{\"format\"", "{ \"format\""),
    ] {
        assert!(proof.contains(from), "{proof}");
        sandbox.write("changed.json", proof.replacen(from, to, 1));
        let (code, said) = check_proof(&sandbox, "changed.json", &[]);
        assert!(code == 1 && said.contains("NOT proved"), "{from}: {code} {said}");
    }
    let strangers = ["check-proof", "p.json", "--manifest", "public", "--key", "auditor.pub.pem"];
    sandbox.run(&strangers).expect(1);
    sandbox.run(&["check-proof", "none", "--manifest", "public", "--key", "producer.pub.pem"]).expect(2);
}

#[test]
fn an_auditor_draws_a_sample_from_the_public_view_and_gets_it_opened() {
    let sandbox = released();
    let draw = |seed: &str, out: &str| {
        let fixed = ["audit", "sample", "public", "--key", "producer.pub.pem", "--n", "4"];
        sandbox.run(&[&fixed[..], &["--seed", seed, "--out", out]].concat()).expect(0);
        sandbox.read(out)
    };
    assert_eq!(draw("s1", "one.json"), draw("s1", "again.json"));
    assert_ne!(draw("s2", "two.json"), draw("s3", "three.json"));
    let disclose =
        ["disclose", "release", "--sample", "one.json", "--field", "config.stages.1", "--out", "open.json"];
    sandbox.run(&disclose).expect(0);
    let (code, said) = check_proof(&sandbox, "open.json", &["--sample", "one.json"]);
    assert!(code == 0 && said.contains("all 4 records of the sample are there"), "{said}");
    assert!(
        said.contains("`config.stages.1` is {\"action\":\"tag\"") && said.contains("self-harm"),
        "{said}"
    );
    let (code, said) = check_proof(&sandbox, "open.json", &["--sample", "two.json"]);
    assert!(code == 1 && said.contains("of the sample is not opened"), "{said}");
    sandbox.run(&["disclose", "release", "--field", "producer", "--out", "x.json"]).expect(2);
    sandbox.run(&["disclose", "release", "--out", "x.json"]).expect(2);
    assert_eq!(sandbox.run(&["audit", "size", "--share", "0.01"]).expect(0).stdout, "459\n");
    let told = sandbox.run(&["audit", "interval", "--found", "0", "--n", "459"]).expect(0).stdout;
    assert_eq!(told, "0 of 459: between 0.0000 % and 0.8300 %\n");
    sandbox
        .run(&["audit", "sample", "public", "--key", "producer.pub.pem", "--n", "7", "--seed", "x"])
        .expect(2);
}

#[test]
fn a_countersignature_is_shown_to_those_who_trust_the_auditor() {
    let sandbox = released();
    let countersign = |release: &str, name: &str| {
        let fixed = ["countersign", release, "--key", "auditor.pem", "--producer", "producer.pub.pem"];
        let rest = [
            "--name",
            name,
            "--id",
            "https://lab.example",
            "--property",
            "looked-at:100",
            "--time",
            "2026-11-22T00:00:00Z",
        ];
        sandbox.run(&[&fixed[..], &rest[..]].concat())
    };
    countersign("public", "lab").expect(0);
    countersign("public", "lab").expect(2);
    let output = sandbox.verify("public", &["--auditor", "auditor.pub.pem"]).expect(0);
    let line = "https://lab.example asserts since 2026-11-22T00:00:00Z: verified:files, verified:signature, looked-at:100";
    assert!(output.stdout.contains(line), "{}", output.stdout);
    assert!(!sandbox.verify("public", &[]).expect(0).stdout.contains("asserts"));
    let bundle = String::from_utf8(sandbox.read("public/attestations/audit-lab.sigstore.json")).unwrap();
    sandbox.write(
        "public/attestations/audit-lab.sigstore.json",
        bundle.replacen("\"sig\":\"", "\"sig\":\"A", 1),
    );
    let report = sandbox.verify("public", &["--auditor", "auditor.pub.pem", "--json"]).expect(1).json();
    assert_eq!(failed(&report), ["signature.countersignatures"]);
    // what does not verify is not countersigned
    sandbox.write("release/README.md", "another card");
    countersign("release", "lab").expect(1);
    assert!(!sandbox.path("release/attestations/audit-lab.sigstore.json").exists());
}

#[test]
fn releases_form_a_chain_and_go_forward_only() {
    let sandbox = released();
    sandbox.run(&["run", "c.toml", "--out", "second", "--salt-key", "salt.key"]).expect(0);
    let sign = ["sign", "second", "--key", "producer.pem", "--previous", "release"];
    let output = sandbox.run(&sign).expect(0);
    assert!(output.stdout.contains("release 2"), "{}", output.stdout);
    sandbox.verify("second", &[]).expect(0);
    let card = String::from_utf8(sandbox.read("second/README.md")).unwrap();
    assert!(card.contains("Release 2,"), "{card}");
    let diff = sandbox.run(&["diff", "release", "second", "--key", "producer.pub.pem"]).expect(1).stdout;
    assert!(diff.contains("dataset.sequence: 1 -> 2") && diff.contains("names the old one"), "{diff}");
    sandbox.run(&["diff", "release", "release", "--key", "producer.pub.pem"]).expect(0);
    // the newest one seen is remembered
    sandbox.verify("release", &["--state", "state.json"]).expect(0);
    sandbox.verify("second", &["--state", "state.json"]).expect(0);
    let report = sandbox.verify("release", &["--state", "state.json", "--json"]).expect(1).json();
    assert_eq!(failed(&report), ["signature.state"]);
    sandbox.verify("second", &["--state", "state.json"]).expect(0);
}

#[test]
fn a_policy_says_whom_to_trust() {
    let sandbox = released();
    let pem = |name: &str| serde_json::Value::from(String::from_utf8(sandbox.read(name)).unwrap());
    let policy = |more: serde_json::Value| {
        let mut policy = serde_json::json!({
            "format": "curation-policy/v1",
            "keys": [
                {"name": "nobody", "roles": ["producer"], "publicKey": pem("auditor.pub.pem")},
                {"name": "lab", "roles": ["producer"], "publicKey": pem("producer.pub.pem")},
            ],
        });
        policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        sandbox.write("policy.json", policy.to_string());
        let output = sandbox.run(&["verify", "public", "--policy", "policy.json", "--json"]);
        (output.code, if output.code == 2 { String::new() } else { failed(&output.json()).join(" ") })
    };
    let passes = (0, String::new());
    let fails = (1, "signature.policy".to_owned());
    assert_eq!(policy(serde_json::json!({})), passes);
    assert_eq!(policy(serde_json::json!({"dataset": "unnamed", "minimumSequence": 1})), passes);
    assert_eq!(policy(serde_json::json!({"dataset": "other"})), fails);
    assert_eq!(policy(serde_json::json!({"minimumSequence": 2})), fails);
    assert_eq!(policy(serde_json::json!({"countersignatures": 1})), fails);
    let window = |begin: &str, end: &str| {
        policy(serde_json::json!({"keys": [{
            "name": "lab", "roles": ["producer"], "publicKey": pem("producer.pub.pem"), "notBefore": begin, "notAfter": end,
        }]}))
    };
    assert_eq!(window("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"), passes);
    assert_eq!(window("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"), fails);
    assert_eq!(window("2098-01-01T00:00:00Z", "2099-01-01T00:00:00Z"), fails);
    // an auditor's key does not produce releases
    let auditor =
        serde_json::json!([{"name": "lab", "roles": ["auditor"], "publicKey": pem("producer.pub.pem")}]);
    assert_eq!(policy(serde_json::json!({"keys": auditor})).0, 2);
    assert_eq!(policy(serde_json::json!({"unknown": 1})).0, 2);
    let stranger =
        serde_json::json!([{"name": "x", "roles": ["producer"], "publicKey": pem("auditor.pub.pem")}]);
    assert_eq!(policy(serde_json::json!({"keys": stranger})), (1, "signature.bundle".to_owned()));
}

#[test]
fn encrypted_keys_need_their_passphrase() {
    let sandbox = Sandbox::new();
    let run = |arguments: &[&str], passphrase: Option<&str>| {
        let mut command = sandbox.command(arguments);
        if let Some(passphrase) = passphrase {
            command.env("PROBITY_PASSPHRASE", passphrase);
        }
        let output = command.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let keygen = ["keygen", "--out", "producer.pem", "--encrypt"];
    let (code, said) = run(&keygen, None);
    assert!(code == 2 && said.contains("there is no passphrase"), "{said}");
    assert_eq!(run(&keygen, Some("correct horse")).0, 0);
    write(&sandbox.path("corpus/a.parquet"), &texts(&[Some(KEPT)]), 1);
    sandbox.write("c.toml", config(STAGES));
    let release = |out: &'static str| ["run", "c.toml", "--out", out, "--key", "producer.pem"];
    let (code, said) = run(&release("a"), None);
    assert!(code == 2 && said.contains("PROBITY_PASSPHRASE"), "{said}");
    let (code, said) = run(&release("a"), Some("wrong"));
    assert!(code == 2 && said.contains("does not open"), "{said}");
    assert_eq!(run(&release("a"), Some("correct horse")).0, 0);
    sandbox.verify("a", &[]).expect(0);
    sandbox.write("passphrase", "correct horse\n");
    let mut command = sandbox.command(&release("b"));
    command.env("PROBITY_PASSPHRASE_FILE", sandbox.path("passphrase"));
    assert!(command.output().unwrap().status.success());
}

#[test]
fn the_independent_verifier_agrees() {
    let python = |arguments: &[&str], folder: &Sandbox| {
        let script = crate::harness::repository().join("tools/verify.py");
        Command::new("python3").arg(script).args(arguments).current_dir(folder.path("")).output()
    };
    let found = Command::new("python3").args(["-c", "import cryptography"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        println!("skipped: no python3 with cryptography");
        return;
    }
    let sandbox = released();
    sandbox.run(&["prove", "release", "--record", "0:1", "--open", "--out", "proof.json"]).expect(0);
    for release in ["release", "public"] {
        let output = python(&[release, "producer.pub.pem", "proof.json"], &sandbox).unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{release}: {said}");
        assert!(said.contains("ok    proof"), "{said}");
    }
    let says_no = |what: &str| {
        let output = python(&["public", "producer.pub.pem"], &sandbox).unwrap();
        assert_eq!(output.status.code(), Some(1), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    };
    for (name, bytes) in crate::harness::tree(&sandbox.path("public")) {
        let path = sandbox.path("public").join(&name);
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(&path, changed).unwrap();
            says_no(&format!("{name}, byte {at}"));
        }
        fs::remove_file(&path).unwrap();
        says_no(&name);
        fs::write(&path, &bytes).unwrap();
    }
    sandbox.write("public/data/extra", "x");
    says_no("a file too many");
    fs::remove_file(sandbox.path("public/data/extra")).unwrap();
    let output = python(&["public", "auditor.pub.pem"], &sandbox).unwrap();
    assert_eq!(output.status.code(), Some(1), "another key");
    let proof = String::from_utf8(sandbox.read("proof.json")).unwrap();
    sandbox.write("changed.json", proof.replacen("\"removed\"", "\"quarantined\"", 1));
    assert_eq!(
        python(&["public", "producer.pub.pem", "changed.json"], &sandbox).unwrap().status.code(),
        Some(1)
    );
    assert!(python(&["public", "producer.pub.pem", "proof.json"], &sandbox).unwrap().status.success());
}
