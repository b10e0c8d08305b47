//! The same inputs and the same configuration make the same bytes: whatever the threads, the listing, the run, or
//! the moment at which an earlier attempt was killed.

use crate::harness::{Sandbox, differences, profile, roots, statement, tree};
use std::fs::{self, File};
use std::process::Stdio;

fn corpus(records: usize) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", records);
    sandbox.write("c.toml", profile(&sandbox, "pretraining"));
    sandbox
}

#[test]
fn threads_and_repetition_change_no_byte() {
    let sandbox = corpus(600);
    sandbox.release("c.toml", "one", &["--threads", "1"]).expect(0);
    for (out, threads) in [("again", "1"), ("two", "2"), ("five", "5"), ("eight", "8")] {
        sandbox.release("c.toml", out, &["--threads", threads]).expect(0);
        assert_eq!(differences(&sandbox.path("one"), &sandbox.path(out)), [""; 0], "{out}");
    }
}

/// The least memory makes tasks wait for one another and barriers sort on disk; more threads than there are groups wait.
#[test]
fn memory_changes_no_byte() {
    let sandbox = corpus(600);
    sandbox.release("c.toml", "one", &["--threads", "1"]).expect(0);
    for (out, threads, memory) in [("least", "2", "96MiB"), ("many", "8", "128MiB"), ("much", "8", "4GiB")] {
        sandbox.release("c.toml", out, &["--threads", threads, "--memory", memory]).expect(0);
        assert_eq!(differences(&sandbox.path("one"), &sandbox.path(out)), [""; 0], "{out}");
    }
}

#[test]
fn a_plan_that_cannot_do_with_the_memory_is_refused_before_anything_is_done() {
    let sandbox = corpus(20);
    let refused = sandbox.release("c.toml", "out", &["--threads", "200", "--memory", "512MiB"]).expect(2);
    assert!(
        refused.stderr.contains("error: memory for these stages on 200 threads: limit 512 MiB, got "),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("; give `--memory "), "{}", refused.stderr);
    assert!(!sandbox.path("out").exists() && !sandbox.path("out.unfinished").exists());
}

#[test]
fn the_listing_of_files_changes_no_decision_and_no_data() {
    let sandbox = corpus(200);
    sandbox.release("c.toml", "glob", &[]).expect(0);
    let text = String::from_utf8(sandbox.read("c.toml")).unwrap();
    let listings = [
        "\"corpus/sample-0.parquet\", \"corpus/sample-1.parquet\"",
        "\"corpus/sample-1.parquet\", \"corpus/sample-0.parquet\"",
        "\"corpus\", \"./corpus/*.parquet\", \"corpus/../corpus/sample-1.parquet\"",
        "\"corpus/**/*.parquet\"",
    ];
    for (at, listing) in listings.iter().enumerate() {
        let (file, out) = (format!("c{at}.toml"), format!("out{at}"));
        sandbox.write(&file, text.replace("\"corpus/*.parquet\"", listing));
        sandbox.release(&file, &out, &[]).expect(0);
        // the patterns stand in the public configuration, and so in what is signed
        let signed = [
            "SHA256SUMS",
            "attestations/dataset.sig",
            "config.public.json",
            "manifest.sigstore.json",
            "README.md",
        ];
        let mut differing = differences(&sandbox.path("glob"), &sandbox.path(&out));
        differing.retain(|name| !signed.contains(&name.as_str()));
        assert_eq!(differing, [""; 0], "{listing}");
        assert_eq!(roots(&sandbox.path("glob")), roots(&sandbox.path(&out)), "{listing}");
    }
}

#[test]
fn where_the_corpus_and_the_release_lie_changes_no_byte() {
    let (here, there) = (corpus(120), Sandbox::new());
    here.release("c.toml", "out", &[]).expect(0);
    for name in ["producer.pem", "salt.key"] {
        there.write(&format!("deep/er/{name}"), here.read(name));
    }
    for name in ["c.toml", "corpus/sample-0.parquet", "corpus/sample-1.parquet"] {
        there.write(&format!("deep/er/{name}"), here.read(name));
    }
    let arguments = [
        "run",
        "deep/er/c.toml",
        "--out",
        "x/y",
        "--key",
        "deep/er/producer.pem",
        "--salt-key",
        "deep/er/salt.key",
    ];
    there.run(&arguments).expect(0);
    assert_eq!(differences(&here.path("out"), &there.path("x/y")), [""; 0]);
}

#[test]
fn salt_and_signing_key_change_no_root() {
    let sandbox = corpus(200);
    sandbox.release("c.toml", "one", &[]).expect(0);
    sandbox.run(&["keygen", "--out", "other.pem", "--alg", "ed25519"]).expect(0);
    sandbox.run(&["run", "c.toml", "--out", "two", "--key", "other.pem"]).expect(0);
    assert_eq!(roots(&sandbox.path("one")), roots(&sandbox.path("two")));
    let record = |name: &str| statement(&sandbox.path(name))["predicate"]["ledger"]["recordRoot"].clone();
    assert_ne!(record("one"), record("two"), "commitments must depend on the salt key");
    assert_eq!(sandbox.read("one/data/part-00000.parquet"), sandbox.read("two/data/part-00000.parquet"));
    // a salt key that is not given is drawn: two runs differ in it
    sandbox.run(&["run", "c.toml", "--out", "three"]).expect(0);
    assert_ne!(sandbox.read("two/auditor/salt.key"), sandbox.read("three/auditor/salt.key"));
}

#[test]
fn signing_later_makes_the_same_release() {
    let sandbox = corpus(120);
    sandbox.release("c.toml", "now", &[]).expect(0);
    sandbox.run(&["run", "c.toml", "--out", "later", "--salt-key", "salt.key"]).expect(0);
    sandbox.run(&["sign", "later", "--key", "producer.pem"]).expect(0);
    assert_eq!(differences(&sandbox.path("now"), &sandbox.path("later")), [""; 0]);
}

/// A moment of a run, told by a file that has just appeared: below the release or below its unfinished work.
const MOMENTS: [&str; 9] = [
    "out.unfinished/lock",
    "out.unfinished/judge/00000-00001.verdicts",
    "out.unfinished/judge/00001-00000.verdicts",
    "out.unfinished/barrier-0/removals",
    "out.unfinished/barrier-1/removals",
    "out/auditor/salt.key",
    "out/data/part-00000.parquet.partial",
    "out.unfinished/write/00000.written",
    "out/README.md",
];

/// The arguments of a run that is to be killed.
fn run_with_threads(threads: &str) -> [&str; 10] {
    ["run", "c.toml", "--out", "out", "--key", "producer.pem", "--salt-key", "salt.key", "--threads", threads]
}

#[test]
fn a_killed_run_is_continued_to_the_same_bytes() {
    let sandbox = corpus(1500);
    sandbox.release("c.toml", "undisturbed", &[]).expect(0);
    let arguments = run_with_threads("1");
    let mut killed = 0;
    for moment in MOMENTS {
        let early = sandbox.kill_when(&arguments, moment);
        if early && !sandbox.path("out/manifest.sigstore.json").exists() {
            killed += 1;
            if sandbox.path("out").exists() {
                sandbox.verify("out", &[]).expect(1);
            }
            sandbox.release("c.toml", "out", &["--threads", "2"]).expect(0);
            assert!(!sandbox.path("out.unfinished").exists(), "{moment}");
        }
        assert_eq!(differences(&sandbox.path("undisturbed"), &sandbox.path("out")), [""; 0], "{moment}");
        sandbox.verify("out", &[]).expect(0);
        fs::remove_dir_all(sandbox.path("out")).unwrap();
        let _ = fs::remove_dir_all(sandbox.path("out.unfinished"));
    }
    // the early moments leave nearly the whole run to go
    assert!(killed >= 1, "only {killed} runs were killed in time");
}

#[test]
fn a_run_killed_again_and_again_still_ends_in_the_same_bytes() {
    let sandbox = corpus(1500);
    sandbox.release("c.toml", "undisturbed", &[]).expect(0);
    let arguments = run_with_threads("2");
    for milliseconds in [5, 20, 40, 80, 120, 160] {
        let mut child =
            sandbox.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    if !sandbox.path("out/manifest.sigstore.json").exists() {
        sandbox.run(&arguments).expect(0);
    }
    assert_eq!(differences(&sandbox.path("undisturbed"), &sandbox.path("out")), [""; 0]);
}

#[test]
fn damaged_or_foreign_work_of_an_earlier_attempt_is_not_used() {
    let sandbox = corpus(1500);
    sandbox.release("c.toml", "undisturbed", &[]).expect(0);
    let arguments = run_with_threads("1");
    let mut child = sandbox.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // most row groups are judged, and no barrier has been passed
    let moment = sandbox.path("out.unfinished/judge/00001-00000.verdicts");
    while !moment.exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_micros(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    if sandbox.path("out/manifest.sigstore.json").exists() {
        println!("skipped: the run was not killed in time");
        return;
    }
    let entries = fs::read_dir(sandbox.path("out.unfinished/judge")).unwrap();
    for (at, entry) in entries.enumerate() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let is_keys = path.extension().unwrap().to_str().unwrap().starts_with("keys");
        match at % 3 {
            // keys by which no two records would ever be compared
            _ if is_keys => {
                let noise = |n: usize| noise_byte(n as u64 + at as u64 * 1_000_003);
                bytes[64..].iter_mut().enumerate().for_each(|(n, byte)| *byte ^= noise(n));
            }
            0 => bytes.truncate(bytes.len() / 2),
            1 => bytes[70] ^= 1,
            _ => bytes[20] ^= 1,
        }
        fs::write(path, bytes).unwrap();
    }
    sandbox.run(&arguments).expect(0);
    assert_eq!(differences(&sandbox.path("undisturbed"), &sandbox.path("out")), [""; 0]);
}

/// A byte that depends on the number.
fn noise_byte(number: u64) -> u8 {
    (crate::random_arrays::Random::new(number).next() >> 40) as u8
}

#[test]
fn two_runs_into_one_directory_exclude_each_other() {
    let sandbox = corpus(120);
    fs::create_dir_all(sandbox.path("out.unfinished")).unwrap();
    let lock = File::create(sandbox.path("out.unfinished/lock")).unwrap();
    lock.lock().unwrap();
    let refused = sandbox.release("c.toml", "out", &[]).expect(2);
    let busy = "error: `out`: another run is writing this release";
    assert_eq!(refused.errors(), [busy, "hint: wait until it is done, or choose another directory"]);
    assert!(tree(&sandbox.path("out")).is_empty(), "a run that was refused wrote something");
    lock.unlock().unwrap();
    sandbox.release("c.toml", "out", &[]).expect(0);

    // the same without our help: both start, exactly one of them makes the release
    let start = || {
        let arguments = ["run", "c.toml", "--out", "race", "--threads", "1"];
        sandbox.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut runs = [start(), start()];
    let mut codes = runs.each_mut().map(|run| run.wait().unwrap().code().unwrap());
    codes.sort_unstable();
    assert_eq!(codes, [0, 2]);
    sandbox.run(&["sign", "race", "--key", "producer.pem"]).expect(0);
    sandbox.verify("race", &[]).expect(0);
}
