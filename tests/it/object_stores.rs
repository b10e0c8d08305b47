//! Inputs in an object store: the same decisions as from disk, whatever the network does, or a clear error.

use crate::harness::{Sandbox, config, differences, statement, tree};
use crate::loopback_store::Store;
use serde_json::Value;
use std::fs;

const STAGES: &str = "[[stage]]\nuse = \"gopher-quality\"\n[[stage]]\nuse = \"exact-duplicates\"\n\
    [[stage]]\nuse = \"near-duplicates\"\n[[stage]]\nuse = \"fineweb-quality\"\n";

/// The generator's corpus on disk and as objects `bucket/crawl/…`, and a release made from disk in `local`.
fn corpus() -> (Sandbox, Store) {
    let (sandbox, store) = (Sandbox::with_keys(), Store::start());
    sandbox.samples("corpus", 300);
    store.put_folder(&sandbox.path("corpus"), "bucket/crawl/");
    sandbox.write("local.toml", config(STAGES));
    sandbox.release("local.toml", "local", &[]).expect(0);
    (sandbox, store)
}

/// A configuration over other files.
fn over(sandbox: &Sandbox, files: &str) {
    sandbox.write("c.toml", config(STAGES).replace("corpus/*.parquet", files));
}

fn root(sandbox: &Sandbox, release: &str) -> Value {
    statement(&sandbox.path(release))["predicate"]["ledger"]["decisionRoot"].clone()
}

#[test]
fn objects_come_to_the_same_release_as_files() {
    let (sandbox, store) = corpus();
    let http = format!("{}/bucket/crawl/", store.http());
    let single = fs::read_dir(sandbox.path("corpus")).unwrap().map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        format!("{http}{name}")
    });
    let single: Vec<String> = single.collect();
    let patterns = [
        "s3://bucket/crawl/*.parquet",
        "s3://bucket/crawl/",
        "s3://bucket/**/*.parquet",
        &single.join("\", \""),
    ];
    for (at, pattern) in patterns.iter().enumerate() {
        over(&sandbox, pattern);
        let out = format!("out-{at}");
        store.release(&sandbox, "c.toml", &out, &["--threads", "3"]).expect(0);
        assert_eq!(root(&sandbox, &out), root(&sandbox, "local"), "{pattern}");
        assert_eq!(tree(&sandbox.path(&out).join("data")), tree(&sandbox.path("local/data")), "{pattern}");
        assert_eq!(sandbox.read(format!("{out}/inputs/index.json")), sandbox.read("local/inputs/index.json"));
        sandbox.verify(&out, &["--inputs", "corpus"]).expect(0);
    }
    let shown = store.run(&sandbox, &["plan", "c.toml"]).expect(0).stdout;
    assert!(shown.contains(&format!("{} shards", single.len())), "{shown}");
    for (name, bytes) in tree(&sandbox.path("out-0")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("of-the-test"), "a credential in {name}");
    }
}

#[test]
fn each_object_is_read_whole_once_and_by_ranges_after() {
    let (sandbox, store) = corpus();
    over(&sandbox, "s3://bucket/crawl/");
    store.release(&sandbox, "c.toml", "out", &["--threads", "1"]).expect(0);
    let requests = store.state().requests.clone();
    for (name, object) in &store.state().objects {
        let gets = requests.iter().filter(|line| line.starts_with(&format!("GET {name} ")));
        let whole = format!("bytes=0-{}", object.bytes.len() - 1);
        // small files fit into one tail: the footer is read as the whole file, too
        assert!(gets.clone().any(|line| line.ends_with(&whole)), "{requests:?}");
        assert!(gets.clone().all(|line| line.contains("bytes=")), "{requests:?}");
    }
}

#[test]
fn json_lines_are_read_from_a_store_plain_and_packed() {
    let (sandbox, store) = (Sandbox::with_keys(), Store::start());
    sandbox.samples("corpus", 300);
    for entry in fs::read_dir(sandbox.path("corpus")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_string();
        let lines = crate::json_lines::lines_of(&path, &["id", "text"]);
        store.put(&format!("bucket/plain/{stem}.jsonl"), lines.as_bytes());
        store.put(&format!("bucket/packed/{stem}.jsonl.zst"), zstd::encode_all(lines.as_bytes(), 3).unwrap());
    }
    sandbox.write("local.toml", config(STAGES));
    sandbox.release("local.toml", "local", &[]).expect(0);
    for folder in ["plain", "packed"] {
        over(&sandbox, &format!("s3://bucket/{folder}/"));
        store.release(&sandbox, "c.toml", folder, &[]).expect(0);
        assert_eq!(root(&sandbox, folder), root(&sandbox, "local"), "{folder}");
    }
}

#[test]
fn a_server_that_fails_for_a_while_changes_nothing() {
    let (sandbox, store) = corpus();
    over(&sandbox, "s3://bucket/crawl/");
    let bytes: usize = store.state().objects.values().map(|object| object.bytes.len()).sum();
    {
        let mut state = store.state();
        state.unavailable = 3;
        state.cuts = (1..12).map(|n| n * 7919 % bytes).collect();
    }
    store.release(&sandbox, "c.toml", "out", &[]).expect(0);
    assert!(store.state().cuts.len() < 8, "nothing was cut");
    assert_eq!(tree(&sandbox.path("out/data")), tree(&sandbox.path("local/data")));
    assert_eq!(root(&sandbox, "out"), root(&sandbox, "local"));
}

#[test]
fn what_cannot_be_had_is_named_and_the_run_goes_on_later() {
    let (sandbox, store) = corpus();
    let name = store.state().objects.keys().next().unwrap().clone();
    over(&sandbox, &format!("s3://{name}x"));
    let told = store.release(&sandbox, "c.toml", "out", &[]).expect(2);
    assert_eq!(told.errors(), [format!("error: `s3://{name}x`: there is no such object")]);

    over(&sandbox, "s3://bucket/nothing/*.parquet");
    let told = store.release(&sandbox, "c.toml", "out", &[]).expect(2);
    assert!(
        told.stderr.contains("`input.files`: nothing matches `s3://bucket/nothing/*.parquet`"),
        "{}",
        told.stderr
    );

    over(&sandbox, "s3://bucket/crawl/");
    store.state().unavailable = usize::MAX;
    let told = store.release(&sandbox, "c.toml", "out", &[]).expect(2);
    assert!(
        told.stderr.contains("error: `s3://bucket/crawl/`:") && told.stderr.contains("503"),
        "{}",
        told.stderr
    );

    // it disappears when all is hashed and judging has begun
    store.state().unavailable = 0;
    let object = store.state().objects[&name].clone();
    let (gone, line) = (name.clone(), format!("GET {name} bytes=0-"));
    store.state().before = Some((line, Box::new(move |state| drop(state.objects.remove(&gone)))));
    let told = store.release(&sandbox, "c.toml", "out", &[]).expect(2);
    assert!(
        told.stderr.contains(&format!("error: `s3://{name}`: there is no such object")),
        "{}",
        told.stderr
    );
    sandbox.verify("out", &[]).expect(1);

    store.state().objects.insert(name, object);
    store.release(&sandbox, "c.toml", "out", &[]).expect(0);
    assert_eq!(differences(&sandbox.path("out/data"), &sandbox.path("local/data")), Vec::<String>::new());
}
