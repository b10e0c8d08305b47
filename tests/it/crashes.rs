//! Verbs that write, walked through operation by operation: at each one the process dies, power is lost, the disk is full
//! or the device fails (`disk/src/faults.rs`). What is left then is either the whole release or none, and the same
//! command goes on to the same bytes as if nothing had happened.

use crate::harness::{Output, Sandbox, config_with, copy, tree};
use crate::made_up::{Random, changed, text};
use crate::parquet_files::{batch, strings, write};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A verb that is walked through. `OUT` stands for the folder it writes.
struct Walk {
    name: &'static str,
    arguments: &'static str,
    /// A release that is copied to `OUT` beforehand, because the verb completes it.
    begins_with: Option<&'static str>,
    /// The release it must come to, made undisturbed.
    comes_to: &'static str,
    /// How many points of each kind a quick walk tries.
    sample: usize,
    /// Which points a long walk tries: every one, or, where they differ from time to time, every so many.
    step: usize,
}

const WALKS: [Walk; 7] = [
    Walk {
        name: "run",
        arguments: "run c.toml --out OUT --key producer.pem --salt-key salt.key --threads 1",
        begins_with: None,
        comes_to: "signed",
        sample: 9,
        step: 1,
    },
    Walk {
        name: "run on two threads",
        arguments: "run c.toml --out OUT --key producer.pem --salt-key salt.key --threads 2",
        begins_with: None,
        comes_to: "signed",
        sample: 3,
        step: 10,
    },
    Walk {
        name: "run with little memory",
        arguments: "run c.toml --out OUT --key producer.pem --salt-key salt.key --threads 1 --memory 64MiB",
        begins_with: None,
        comes_to: "signed",
        sample: 2,
        step: 10,
    },
    Walk {
        name: "sign",
        arguments: "sign OUT --key producer.pem",
        begins_with: Some("unsigned"),
        comes_to: "signed",
        sample: 2,
        step: 1,
    },
    Walk {
        name: "sign --previous",
        arguments: "sign OUT --key producer.pem --previous signed",
        begins_with: Some("unsigned"),
        comes_to: "following",
        sample: 2,
        step: 1,
    },
    Walk {
        name: "retract",
        arguments: "retract signed --ids ids.txt --out OUT --key producer.pem",
        begins_with: None,
        comes_to: "retracted",
        sample: 2,
        step: 1,
    },
    Walk {
        name: "redact",
        arguments: "redact signed --out OUT",
        begins_with: None,
        comes_to: "redacted",
        sample: 2,
        step: 1,
    },
];

const KINDS: [&str; 5] = ["kill", "tear", "enospc", "eio", "delay"];

/// Stages of every sort that leaves something behind: edits, removals, barriers, an index, copies, splits, and one that
/// is not published.
const STAGES: &str = r#"
[[source]]
id = "web"
files = ["corpus/a*"]
[[source]]
id = "books"
files = ["corpus/b*", "corpus/c*"]
[[stage]]
use = "doc-length"
publish = false
words_min = 10
[[stage]]
use = "exact-duplicates"
[[stage]]
use = "near-duplicates"
index = true
[[stage]]
use = "keep-top"
seed = 1
fraction = "0.9"
[[stage]]
use = "mix"
by = "source"
weights = { web = 2, books = 1 }
repeats_max = 2
[[stage]]
use = "split"
fractions = { validation = "0.2" }
[[stage]]
use = "repeated-passages"
unit = "lines"
words_left_min = 1
"#;

/// Two shards of Parquet and one of packed JSON lines, and what every walk comes to, made undisturbed.
pub fn prepared() -> Sandbox {
    let sandbox = Sandbox::in_memory();
    sandbox.run(&["keygen", "--out", "producer.pem", "--alg", "ed25519"]).expect(0);
    sandbox.write("salt.key", crate::harness::SALT);
    let line = text(99, 12);
    let record = |n: u64| match n % 8 {
        3 => text(n - 1, 60),
        4 => changed(&text(n - 2, 60), &[50]),
        5 => "far too short".to_string(),
        6 => format!("{}\n{line}\n{}", text(n, 30), text(n + 1000, 30)),
        _ => text(n, 60),
    };
    let records: Vec<(String, String)> = (0..40).map(|n| (format!("r{n}"), record(n))).collect();
    for (name, records) in ["a", "b"].iter().zip(records.chunks(16)) {
        let ids = strings(records.iter().map(|(id, _)| Some(id.as_str())));
        let texts = strings(records.iter().map(|(_, text)| Some(text.as_str())));
        write(&sandbox.path(format!("corpus/{name}.parquet")), &batch(vec![("id", ids), ("text", texts)]), 8);
    }
    let lines: String = records[32..]
        .iter()
        .map(|(id, text)| serde_json::json!({ "id": id, "text": text }).to_string() + "\n")
        .collect();
    sandbox.write("corpus/c.jsonl.zst", zstd::encode_all(lines.as_bytes(), 3).unwrap());
    sandbox.write("c.toml", config_with("text = \"text\"\nid = \"id\"", STAGES).replace("*.parquet", "*"));
    sandbox.write("ids.txt", "r0\n");
    let run = ["run", "c.toml", "--out", "unsigned", "--salt-key", "salt.key"];
    sandbox.run(&run).expect(0);
    for (walk, from) in [(0, None), (4, Some("unsigned")), (5, None), (6, None)] {
        let out = WALKS[walk].comes_to;
        from.into_iter().for_each(|from| copy(&sandbox.path(from), &sandbox.path(out)));
        sandbox.run(&WALKS[walk].arguments(out)).expect(0);
        if out != "redacted" {
            sandbox.verify(out, &ALL_LEVELS).expect(0);
        }
    }
    sandbox
}

const ALL_LEVELS: [&str; 4] = ["--level", "signature,files,ledger,content,inputs", "--inputs", "corpus"];

impl Walk {
    fn arguments<'a>(&self, out: &'a str) -> Vec<&'a str>
    where
        Self: 'a,
    {
        self.arguments.split(' ').map(|word| if word == "OUT" { out } else { word }).collect()
    }

    /// What the verb does, undisturbed: a line for each operation.
    fn trace(&self, sandbox: &Sandbox) -> Vec<String> {
        let out = format!("traced-{}", self.name.replace(' ', "-"));
        self.begin(sandbox, &out);
        let file = sandbox.path(format!("{out}.trace"));
        let order = format!("trace@{}", file.display());
        output(sandbox, &self.arguments(&out), &order).expect(0);
        self.end(sandbox, &out);
        let trace = fs::read_to_string(file).unwrap();
        trace.lines().map(str::to_string).collect()
    }

    fn begin(&self, sandbox: &Sandbox, out: &str) {
        if let Some(from) = self.begins_with {
            copy(&sandbox.path(from), &sandbox.path(out));
        }
    }

    /// Tries one point; gives what became of the disturbed process.
    fn point(&self, sandbox: &Sandbox, kind: &str, at: usize) -> Outcome {
        let out = format!("{}-{kind}-{at}", self.name.replace(' ', "-"));
        self.begin(sandbox, &out);
        let arguments = self.arguments(&out);
        let disturbed = output(sandbox, &arguments, &format!("{kind}@{at}"));
        let outcome = self.judge(sandbox, kind, &out, disturbed);
        // a release with both manifests is still to be completed
        let there = |name: &str| sandbox.path(format!("{out}/{name}")).exists();
        let manifest = there("manifest.sigstore.json") && !there("manifest.json");
        if manifest && self.name != "redact" {
            sandbox.verify(&out, &ALL_LEVELS).expect(0);
        }
        if outcome != Outcome::Went {
            let again = sandbox.run(&arguments);
            let told = again.code == 2 && manifest && !again.stderr.contains(".unfinished");
            assert!(again.code == 0 || told, "{out}: {again:?}");
        }
        self.end(sandbox, &out);
        outcome
    }

    /// What the exit code and the messages have to be.
    fn judge(&self, sandbox: &Sandbox, kind: &str, out: &str, disturbed: Output) -> Outcome {
        let path = sandbox.path("").display().to_string();
        match (kind, disturbed.code) {
            (_, 0) => Outcome::Went,
            ("kill" | "tear", 137) => Outcome::Died,
            ("enospc" | "eio", 2) => {
                let errors = disturbed.errors().join("\n");
                let names = ["`", "c.toml: ", "ids.txt: "].iter().any(|name| errors.contains(name));
                let named = errors.starts_with("error: ") && names;
                assert!(named && !errors.contains(&path) && !errors.contains("bug"), "{out}: {errors}");
                let hinted = errors.contains("hint: make room, ");
                assert_eq!(hinted, kind == "enospc", "{out}: {errors}");
                Outcome::Told
            }
            (_, code) => panic!("{out}: exit code {code}\n{}", disturbed.stderr),
        }
    }

    /// Nothing is left over, and everything is as if nothing had happened.
    fn end(&self, sandbox: &Sandbox, out: &str) {
        let [made, expected] = [out, self.comes_to].map(|name| {
            let mut files = tree(&sandbox.path(name));
            // it holds times
            files.remove("run.json");
            files
        });
        let names = made.keys().chain(expected.keys());
        let differing: BTreeSet<&String> =
            names.filter(|name| made.get(*name) != expected.get(*name)).collect();
        assert!(differing.is_empty(), "{out}: {differing:?}");
        for beside in [format!("{out}.unfinished"), format!("{out}.partial")] {
            assert!(!sandbox.path(&beside).exists(), "{beside} is left over");
        }
        fs::remove_dir_all(sandbox.path(out)).unwrap();
    }
}

/// What became of a disturbed process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// It did what it was to do, as if nothing had happened.
    Went,
    Died,
    /// It told what was wrong.
    Told,
}

fn output(sandbox: &Sandbox, arguments: &[&str], order: &str) -> Output {
    let output = sandbox.command(arguments).env("PROBITY_FAULT", order).output().unwrap();
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Tries the points on two processors; prints what became of them, and fails for those that were not got over.
fn try_all(sandbox: &Sandbox, points: &mut [(&Walk, &str, usize)]) {
    // a walk that is broken off has been everywhere
    let mut random = Random(2);
    (1..points.len()).rev().for_each(|at| points.swap(at, random.below(at as u64 + 1) as usize));
    let next = AtomicUsize::new(0);
    let became = Mutex::new(BTreeMap::<_, usize>::new());
    let failed = Mutex::new(Vec::new());
    let work = || {
        while let Some((walk, kind, at)) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
            match catch_unwind(AssertUnwindSafe(|| walk.point(sandbox, kind, *at))) {
                Ok(outcome) => *became.lock().unwrap().entry((walk.name, *kind, outcome)).or_default() += 1,
                Err(_) => failed.lock().unwrap().push((walk.name, *kind, *at)),
            }
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| _ = scope.spawn(work)));
    let (became, failed) = (became.into_inner().unwrap(), failed.into_inner().unwrap());
    for ((walk, kind, outcome), count) in &became {
        println!("{walk}: {kind} at {count} points: {outcome:?}");
    }
    println!("{} points tried, {} not got over: {failed:?}", points.len(), failed.len());
    let died = became.iter().filter(|((_, _, outcome), _)| *outcome == Outcome::Died);
    assert!(died.map(|(_, count)| count).sum::<usize>() > points.len() / 5, "faults are not made");
    assert!(failed.is_empty());
}

#[test]
fn a_sample_of_points_is_got_over() {
    let sandbox = prepared();
    let mut random = Random(std::env::var("PROBITY_SEED").map_or(1, |seed| seed.parse().unwrap()));
    let traces: Vec<Vec<String>> = WALKS.iter().map(|walk| walk.trace(&sandbox)).collect();
    let mut points = Vec::new();
    for (walk, trace) in WALKS.iter().zip(&traces) {
        for kind in KINDS {
            // one of each part, so that every phase has its turn
            let part = |n: usize| n * trace.len() / walk.sample;
            let drawn = |n: usize| part(n) + random.below((part(n + 1) - part(n)) as u64) as usize + 1;
            let drawn: BTreeSet<usize> = (0..walk.sample).map(drawn).collect();
            points.extend(drawn.into_iter().map(|at| (walk, kind, at)));
        }
    }
    try_all(&sandbox, &mut points);
}

/// Where a walk that leaves nothing out has to try a kind. To die before a read is to die before what is written next,
/// and a disk is found to be full by what needs room; of reads of one file in a row, every eighth fails.
fn places(kind: &str, trace: &[String]) -> Vec<usize> {
    let reads_before = |at: usize| trace[..at].iter().rev().take_while(|line| **line == trace[at]).count();
    let is = |line: &str, names: &[&str]| names.iter().any(|name| line.split('\t').next() == Some(name));
    let decides = |at: usize, line: &str| match kind {
        "kill" | "tear" => !is(line, &["Open", "Read", "List"]),
        "enospc" => is(line, &["Create", "Write", "Sync", "MakeFolder", "Link"]),
        "eio" => !is(line, &["Read"]) || reads_before(at).is_multiple_of(8),
        _ => false,
    };
    trace.iter().enumerate().filter(|(at, line)| decides(*at, line)).map(|(at, _)| at + 1).collect()
}

#[test]
#[ignore = "takes half an hour: every operation, every way in which it can go wrong"]
fn every_point_is_got_over() {
    let sandbox = prepared();
    let traces: Vec<Vec<String>> = WALKS.iter().map(|walk| walk.trace(&sandbox)).collect();
    let mut points = Vec::new();
    for (walk, trace) in WALKS.iter().zip(&traces) {
        for kind in KINDS {
            let places: Vec<usize> = places(kind, trace).into_iter().step_by(walk.step).collect();
            println!("{}: {kind} at {} of {} operations", walk.name, places.len(), trace.len());
            points.extend(places.into_iter().map(|at| (walk, kind, at)));
        }
    }
    assert!(points.len() >= 500, "only {} points", points.len());
    try_all(&sandbox, &mut points);
}
