//! Inputs in an object store: the same decisions as from disk, whatever the network does, or a clear error.

use crate::harness::{Sandbox, config, differences, roots, tree};
use crate::loopback_store::State;
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
    roots(&sandbox.path(release))[0].clone()
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
    assert_eq!(tree(&sandbox.path("out/data")), tree(&sandbox.path("local/data")));
}

#[test]
fn an_object_that_changes_is_noticed_by_its_tag_or_length() {
    let (sandbox, store) = corpus();
    over(&sandbox, "s3://bucket/crawl/");
    let (name, object) =
        store.state().objects.first_key_value().map(|(n, o)| (n.clone(), o.clone())).unwrap();
    let other = |bytes: usize| {
        let name = name.clone();
        move |state: &mut State| {
            let changed = &mut state.objects.get_mut(&name).unwrap().bytes;
            changed[0] ^= 1;
            changed.truncate(bytes);
        }
    };
    // the first range from the start of the file that is not all of it: the first column, when all is hashed
    let cases =
        [(object.bytes.len(), "has changed since it was hashed"), (object.bytes.len() - 1, "has changed")];
    for (bytes, why) in cases {
        store.state().before = Some((format!("GET {name} bytes=4-"), Box::new(other(bytes))));
        let told = store.release(&sandbox, "c.toml", "out", &[]).expect(2);
        assert!(told.stderr.contains(&format!("error: `s3://{name}`: {why}")), "{}", told.stderr);
        assert!(!sandbox.path("out/manifest.sigstore.json").exists());
        store.state().objects.insert(name.clone(), object.clone());
    }
    store.state().careless = true;
    let told = store.release(&sandbox, "c.toml", "short", &[]).expect(2);
    assert!(told.stderr.contains(" bytes came of "), "{}", told.stderr);
    store.state().careless = false;
    store.release(&sandbox, "c.toml", "out", &[]).expect(0);
    assert_eq!(tree(&sandbox.path("out/data")), tree(&sandbox.path("local/data")));
}

#[test]
fn what_is_no_address_of_an_object_is_told_without_repeating_it() {
    let sandbox = Sandbox::new();
    let cases = [
        ("https://user:hidden@host/a.parquet", "has a user name or password in it"),
        ("https://host/a.parquet?X-Amz-Signature=hidden", "has a query or a fragment in it"),
        ("ftp://hidden/a.parquet", "has a scheme that is none of `s3://`"),
    ];
    for (url, why) in cases {
        let of_source = format!("[[source]]\nid = \"a\"\nfiles = [\"{url}\"]\n");
        for text in [config("").replace("corpus/*.parquet", url), config(&of_source)] {
            sandbox.write("c.toml", text);
            let told = sandbox.run(&["plan", "c.toml"]).expect(2);
            assert!(told.stderr.contains(&format!("`files`: a URL {why}")), "{}", told.stderr);
            assert!(!told.stderr.contains("hidden"), "{}", told.stderr);
        }
    }
    over(&sandbox, "http://127.0.0.1:9/folder/");
    let told = sandbox.run(&["plan", "c.toml"]).expect(2);
    assert!(told.stderr.contains("web servers do not list files"), "{}", told.stderr);
    let told = sandbox.run(&["verify", "s3://bucket/release", "--key", "k"]).expect(3);
    assert!(told.stderr.contains("from a local copy"), "{}", told.stderr);
}

#[test]
fn a_release_is_uploaded_whole_or_without_a_manifest() {
    let (sandbox, store) = corpus();
    let upload =
        |out: &str, staging: &str| store.release(&sandbox, "local.toml", out, &["--staging", staging]);
    // the store goes away when some files are there
    let line = "PUT bucket/releases/1/data".to_string();
    store.state().before = Some((line, Box::new(|state| state.unavailable = usize::MAX)));
    let told = upload("s3://bucket/releases/1", "staging").expect(2);
    assert!(
        told.stderr.contains("`s3://bucket/releases/1/") && told.stderr.contains("503"),
        "{}",
        told.stderr
    );
    store.state().unavailable = 0;
    let there = |name: &str| store.state().objects.contains_key(name);
    assert!(there("bucket/releases/1.unfinished") && !there("bucket/releases/1/manifest.sigstore.json"));
    let made = sandbox.read("staging/manifest.sigstore.json");

    store.state().requests.clear();
    upload("s3://bucket/releases/1/", "staging").expect(0);
    assert_eq!(sandbox.read("staging/manifest.sigstore.json"), made, "nothing is decided anew");
    let writes: Vec<String> =
        store.state().requests.iter().filter(|line| line.starts_with("PUT")).cloned().collect();
    assert_eq!(writes.last().unwrap(), "PUT bucket/releases/1/manifest.sigstore.json");
    assert!(!there("bucket/releases/1.unfinished"));
    store.copy_to("bucket/releases/1/", &sandbox.path("copy"));
    assert_eq!(differences(&sandbox.path("copy"), &sandbox.path("staging")), Vec::<String>::new());
    sandbox.verify("copy", &["--inputs", "corpus"]).expect(0);

    // what is there already is not sent again
    store.state().objects.remove("bucket/releases/1/manifest.sigstore.json");
    store.state().requests.clear();
    upload("s3://bucket/releases/1", "staging").expect(0);
    let writes =
        store.state().requests.iter().filter(|line| line.starts_with("PUT bucket/releases/1/")).count();
    assert_eq!(writes, 1);
}

#[test]
fn an_upload_refuses_a_folder_that_is_taken() {
    let (sandbox, store) = corpus();
    let upload =
        |out: &str, staging: &str| store.release(&sandbox, "local.toml", out, &["--staging", staging]);
    upload("s3://bucket/a", "staging").expect(0);
    let told = upload("s3://bucket/a", "other").expect(2);
    assert_eq!(told.errors(), ["error: `s3://bucket/a`: holds a finished release; choose another folder"]);
    assert!(!sandbox.path("other").exists(), "that is told before anything is done");

    store.put("bucket/b/data/left-over", "x");
    let told = upload("s3://bucket/b", "staging").expect(2);
    assert!(
        told.stderr.contains("holds `data/left-over`, which is not part of the release"),
        "{}",
        told.stderr
    );
    store.put("bucket/c.unfinished", "another manifest");
    let told = upload("s3://bucket/c", "staging").expect(2);
    assert!(told.stderr.contains("another release is being uploaded"), "{}", told.stderr);

    sandbox.write("local.toml", config("[[stage]]\nuse = \"gopher-quality\"\n"));
    let told = upload("s3://bucket/d", "staging").expect(2);
    assert!(told.stderr.contains("holds a finished release of another configuration"), "{}", told.stderr);
    for (args, why) in [
        (vec!["--out", "s3://bucket/e", "--key", "producer.pem"], "give `--staging DIR`"),
        (vec!["--out", "s3://bucket/e", "--staging", "f"], "give `--key`"),
        (vec!["--out", "e", "--staging", "f"], "`--staging` is for"),
        (vec!["--out", "s3://bucket", "--staging", "f"], "is no folder of"),
        (vec!["--out", "https://host/f", "--staging", "f"], "is no folder of"),
    ] {
        let told = store.run(&sandbox, &[vec!["run", "local.toml"], args].concat()).expect(2);
        assert!(told.stderr.contains(why), "{}", told.stderr);
    }
}
