//! A run that many processes work on comes to the release of one process, whoever does which task, how often, and
//! whatever becomes of them.

use crate::harness::{Output, Sandbox, config, differences};
use crate::loopback_store::Store;
use serde_json::Value;
use std::fs;
use std::path::Path;

const STAGES: &str = "[[stage]]\nuse = \"gopher-quality\"\n[[stage]]\nuse = \"exact-duplicates\"\n\
    [[stage]]\nuse = \"near-duplicates\"\nindex = true\n[[stage]]\nuse = \"fineweb-quality\"\n\
    [[stage]]\nuse = \"split\"\nseed = 7\nfractions = { validation = \"0.1\" }\n\
    [[stage]]\nuse = \"repeated-passages\"\n";

const PLAN: [&str; 6] = ["--salt-key", "salt.key", "--task-bytes", "100KiB", "--parts", "2"];

/// The generator's corpus, and the release that one process makes of it.
fn corpus() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 1500);
    sandbox.write("c.toml", config(STAGES));
    sandbox.release("c.toml", "alone", &[]).expect(0);
    sandbox
}

fn plan(sandbox: &Sandbox, more: &[&str]) -> Output {
    sandbox.run(&[&["plan", "c.toml", "--tasks", "p.json"], &PLAN[..], more].concat())
}

fn finish(sandbox: &Sandbox) -> Output {
    sandbox.run(&["finish", "--plan", "p.json", "--out", "out", "--key", "producer.pem"])
}

/// The passes of a plan, and how many tasks each has.
fn passes(path: &Path) -> Vec<(String, u64)> {
    let plan: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let pass = |pass: &Value| (pass["stage"].as_str().unwrap().to_string(), pass["tasks"].as_u64().unwrap());
    plan["passes"].as_array().unwrap().iter().map(pass).collect()
}

#[test]
fn many_processes_come_to_the_release_of_one() {
    let sandbox = corpus();
    for parts in ["1", "3"] {
        let to = ["plan", "c.toml", "--tasks", "p.json", "--parts", parts];
        sandbox.run(&[&to, &PLAN[..4]].concat()).expect(0);
        let passes = passes(&sandbox.path("p.json"));
        assert!(passes[0].1 > 3, "{passes:?}");
        for (stage, tasks) in &passes {
            // the last task first, each in a process of its own, some of them twice
            for task in (0..*tasks).rev().chain(0..2.min(*tasks)) {
                let task = task.to_string();
                let args =
                    ["run-task", "--plan", "p.json", "--stage", stage, "--task", &task, "--threads", "1"];
                sandbox.run(&args).expect(0);
            }
        }
        finish(&sandbox).expect(0);
        assert_eq!(differences(&sandbox.path("alone"), &sandbox.path("out")), [""; 0], "{parts} parts");
        sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
        for gone in ["p.json.work", "out.unfinished"] {
            assert!(!sandbox.path(gone).exists(), "{gone}");
        }
        fs::remove_dir_all(sandbox.path("out")).unwrap();
        fs::remove_file(sandbox.path("p.json")).unwrap();
    }
}

#[test]
fn a_store_serves_as_well_as_a_folder() {
    let (sandbox, store) = (corpus(), Store::start());
    let lines = (0..300).map(|n| format!("{{\"id\":\"j{n}\",\"text\":\"line {n} of a few\"}}\n"));
    let lines = crate::json_lines::zstd(lines.collect::<String>().as_bytes());
    sandbox.write("corpus/z.jsonl.zst", lines);
    store.put_folder(&sandbox.path("corpus"), "bucket/crawl/");
    sandbox.write("c.toml", config(STAGES).replace("\"corpus/*.parquet\"", "\"s3://bucket/crawl/\""));
    store.release(&sandbox, "c.toml", "one", &[]).expect(0);
    let to = ["plan", "c.toml", "--tasks", "p.json", "--work", "s3://bucket/work"];
    store
        .run(&sandbox, &[&to, &PLAN[..4]].concat().into_iter().chain(["--parts", "1"]).collect::<Vec<_>>())
        .expect(0);
    for (stage, _) in passes(&sandbox.path("p.json")) {
        store.run(&sandbox, &["run-task", "--plan", "p.json", "--stage", &stage]).expect(0);
    }
    store.run(&sandbox, &["finish", "--plan", "p.json", "--out", "out", "--key", "producer.pem"]).expect(0);
    assert_eq!(differences(&sandbox.path("one"), &sandbox.path("out")), [""; 0]);
    assert!(store.state().objects.keys().all(|name| !name.starts_with("bucket/work/")));
}

/// Two who do all tasks at the same time, one of whom is killed again and again.
#[test]
fn two_drivers_and_a_worker_that_dies_do_no_harm() {
    let sandbox = corpus();
    plan(&sandbox, &[]).expect(0);
    for (nth, (stage, _)) in passes(&sandbox.path("p.json")).iter().enumerate() {
        let all = ["run-task", "--plan", "p.json", "--stage", stage, "--threads", "1"];
        sandbox.kill_when(&all, &format!("p.json.work/done/{nth:03}/000000.json"));
        let drivers: Vec<_> = (0..2).map(|_| sandbox.command(&all).output()).collect();
        let at_once: Vec<_> = (0..2).map(|_| sandbox.command(&all).spawn().unwrap()).collect();
        for mut driver in at_once {
            assert!(driver.wait().unwrap().success(), "{stage}");
        }
        assert!(drivers.into_iter().all(|driver| driver.unwrap().status.success()), "{stage}");
    }
    finish(&sandbox).expect(0);
    assert_eq!(differences(&sandbox.path("alone"), &sandbox.path("out")), [""; 0]);
}

#[test]
fn what_cannot_be_done_yet_or_any_more_is_told() {
    let sandbox = corpus();
    plan(&sandbox, &[]).expect(0);
    plan(&sandbox, &[]).expect(0);
    let run = |stage: &str, task: &str| {
        sandbox.run(&["run-task", "--plan", "p.json", "--stage", stage, "--task", task])
    };
    let told = |code: i32, output: Output| output.expect(code).errors().join("\n");
    assert!(told(3, run("write", "0")).contains("error: task 0 of `judge` is not done"));
    assert!(told(3, finish(&sandbox)).contains("error: task 0 of `judge` is not done"));
    assert!(
        told(3, run("judgement", "0")).contains("error: the plan has no pass `judgement`; it has `judge`, ")
    );
    assert!(told(3, run("judge", "99")).contains("tasks, numbered from 0; there is no task 99"));

    run("judge", "0").expect(0);
    let done = "p.json.work/done/000/000000.json";
    let told_of = sandbox.read(done);
    run("judge", "0").expect(0);
    assert_eq!(sandbox.read(done), told_of, "done once");

    sandbox.write("c.toml", config("[[stage]]\nuse = \"gopher-quality\""));
    assert!(told(2, plan(&sandbox, &[])).contains("`p.json`: is another plan; choose another name"));
    let other = ["plan", "c.toml", "--tasks", "q.json", "--work", "p.json.work", "--salt-key", "salt.key"];
    sandbox.run(&other).expect(0);
    let output = sandbox.run(&["run-task", "--plan", "q.json", "--stage", "judge", "--task", "0"]);
    assert!(told(2, output).contains("belongs to another plan; give each plan a place of its own"));
    sandbox.write("p.json", "{}");
    assert!(told(2, run("judge", "0")).contains("error: p.json: missing field"));
}
