//! The bad files of `tests/bad/`: each is made here, read by `run`, and comes to exactly what `expected.toml` says.

mod assets;
mod configs;
mod gibibyte;
mod lines;
mod parquet;
mod releases;
mod shard;
mod texts;
mod thrift;

use crate::harness::{Sandbox, repository};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A file, how it is made, and how it is read.
pub struct Bad {
    name: &'static str,
    extension: &'static str,
    make: Box<dyn Fn(&Path) + Send + Sync>,
    /// Keys of `[input]` besides the usual.
    input: &'static str,
}

/// A file of Parquet.
fn bad(name: &'static str, make: impl Fn(&Path) + Send + Sync + 'static) -> Bad {
    Bad { name, extension: "parquet", make: Box::new(make), input: "" }
}

/// What becomes of it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcome {
    /// The run ends with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// It warns of this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    warned: Vec<String>,
    /// It ends well, and so many records had this fate.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fates: BTreeMap<String, u64>,
}

fn outcome(sandbox: &Sandbox, bad: &Bad) -> Outcome {
    let name = format!("bad.{}", bad.extension);
    let shard = sandbox.path(&name);
    (bad.make)(&shard);
    sandbox.write("c.toml", format!(
        "schema = 1\n[input]\nfiles = [\"{name}\"]\ntext = \"text\"\nid = \"id\"\n{}\n[[stage]]\nuse = \"exact-duplicates\"",
        bad.input
    ));
    let output = sandbox.run(&["run", "c.toml", "--out", "out"]);
    assert!(!output.stderr.contains("panicked"), "{}: {}", bad.name, output.stderr);
    let told = |line: &str| line.trim().strip_prefix(&format!("WARN `{name}`: ")).map(str::to_string);
    let outcome = match output.code {
        0 => Outcome {
            warned: output.stderr.lines().filter_map(told).collect(),
            fates: fates(sandbox),
            error: None,
        },
        2 => Outcome { error: Some(output.errors().join("\n")), ..Outcome::default() },
        other => panic!("{}: exit code {other}: {}", bad.name, output.stderr),
    };
    for left in ["out", "out.unfinished"] {
        _ = std::fs::remove_dir_all(sandbox.path(left));
    }
    std::fs::remove_file(shard).unwrap();
    outcome
}

/// How many records had which fate, as the ledger tells and the manifest counts.
fn fates(sandbox: &Sandbox) -> BTreeMap<String, u64> {
    let mut fates = BTreeMap::new();
    for row in crate::ledgers::ledger(&sandbox.path("out")) {
        *fates.entry(row.summary()).or_default() += 1;
    }
    let statement = crate::harness::statement(&sandbox.path("out"));
    let counted = statement["predicate"]["accounting"]["in"].as_u64();
    assert_eq!(counted, Some(fates.values().sum()));
    fates
}

#[test]
fn every_bad_file_comes_to_what_is_expected_of_it() {
    let path = repository().join("tests/bad/expected.toml");
    let all: Vec<Bad> = parquet::all().into_iter().chain(lines::all()).collect();
    // a run waits for the disk most of the time
    let found: BTreeMap<String, Outcome> = std::thread::scope(|scope| {
        let part = |bads: &'_ [Bad]| {
            let sandbox = Sandbox::new();
            bads.iter().map(|bad| (bad.name.to_string(), outcome(&sandbox, bad))).collect::<Vec<_>>()
        };
        let threads: Vec<_> =
            all.chunks(all.len().div_ceil(4)).map(|bads| scope.spawn(move || part(bads))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(found.len(), all.len(), "two files of one name");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = format!("{HEAD}\n{}", toml::to_string(&found).unwrap());
        std::fs::write(&path, text).unwrap();
    }
    let expected: BTreeMap<String, Outcome> =
        toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for (name, found) in &found {
        assert_eq!(Some(found), expected.get(name), "{name}");
    }
    for name in expected.keys() {
        assert!(found.contains_key(name), "{name} is expected and not made");
    }
}

const HEAD: &str = "# What becomes of each bad file. They are made by `tests/it/bad/`, which see for what is wrong with
# them. `error` is all that is said where the run ends; `fates` counts the records of the ledger by their fate where it
# goes on, and `warned` is what it says of the file meanwhile. Written by `UPDATE_GOLDEN=1 cargo test --test it bad::`.
";
