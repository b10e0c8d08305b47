//! Deduplicating comes to the same bytes whatever the memory, the threads, and the moment at which it was killed.

use crate::harness::{Sandbox, differences};
use crate::made_up::{Random, changed, config_of_shards, text};
use crate::parquet_files::{batch, strings, write};

/// Clusters of as many members as are compared all against all. Their pairs in 14 bands fill more than what sorting
/// them may take of 64 MiB (700,000 rows), so that smallest limit writes sorted runs; the others hold them in memory.
const CLUSTERS: usize = 52;
const MEMBERS: usize = 48;
const STAGES: &str = "[[stage]]\nuse = \"exact-duplicates\"\nkeep = \"longest\"\n[[stage]]\nuse = \"near-duplicates\"\nkeep = \"longest\"\nindex = true";

fn corpus() -> Sandbox {
    let sandbox = Sandbox::with_keys();
    let mut random = Random(9);
    let mut all: Vec<String> = Vec::new();
    for cluster in 0..CLUSTERS {
        let template = text(cluster as u64, 40);
        for member in 0..MEMBERS {
            // the same shingles in other bytes, now and then other shingles, now and then the same bytes
            all.push(match random.below(24) {
                0 => changed(&template, &[39]),
                1 if member > 1 => all[all.len() - 1].clone(),
                _ => format!("{template}{}", " .".repeat(member)),
            });
        }
    }
    // neighbours in the corpus are of other clusters
    for at in (1..all.len()).rev() {
        all.swap(at, random.below(at as u64 + 1) as usize);
    }
    for (name, texts) in ["a", "b"].iter().zip(all.chunks(all.len().div_ceil(2))) {
        let ids: Vec<String> = (0..texts.len()).map(|at| format!("{name}{at}")).collect();
        let columns = vec![
            ("id", strings(ids.iter().map(|id| Some(id.as_str())))),
            ("text", strings(texts.iter().map(|text| Some(text.as_str())))),
            ("url", strings(texts.iter().map(|_| None))),
        ];
        write(&sandbox.path(format!("corpus/{name}.parquet")), &batch(columns), 500);
    }
    sandbox.write("c.toml", config_of_shards(STAGES));
    sandbox
}

const ARGUMENTS: [&str; 8] =
    ["run", "c.toml", "--out", "out", "--key", "producer.pem", "--salt-key", "salt.key"];
const SPILLED: &str = "out.unfinished/barrier-1/pairs.runs/run-0";

/// A file that has just appeared, one for each phase.
const MOMENTS: [&str; 13] = [
    "out.unfinished/judge/00000-00001.verdicts",
    "out.unfinished/barrier-0/pairs",
    "out.unfinished/barrier-0/candidates",
    "out.unfinished/barrier-0/texts-00000-00000",
    "out.unfinished/barrier-0/removals",
    SPILLED,
    "out.unfinished/barrier-1/pairs",
    "out.unfinished/barrier-1/candidates",
    "out.unfinished/barrier-1/texts-00001-00000",
    "out.unfinished/barrier-1/removals",
    "out/data/part-00000.parquet.partial",
    "out.unfinished/write/00000.written",
    "out/auditor/index/near-duplicates.keys",
];

#[test]
fn memory_threads_and_interruptions_change_no_byte() {
    let sandbox = corpus();
    sandbox.release("c.toml", "reference", &["--threads", "1"]).expect(0);
    let verified = sandbox.verify("reference", &["--inputs", "corpus"]).expect(0);
    assert!(verified.stdout.contains("verified"), "{}", verified.stdout);
    for (threads, memory) in [("2", "2GiB"), ("1", "256MiB"), ("2", "256MiB"), ("1", "64MiB"), ("2", "64MiB")]
    {
        let out = format!("out-{threads}-{memory}");
        sandbox.release("c.toml", &out, &["--threads", threads, "--memory", memory]).expect(0);
        let differing = differences(&sandbox.path("reference"), &sandbox.path(&out));
        assert_eq!(differing, [""; 0], "{threads} threads, {memory}");
    }
    let mut killed = Vec::new();
    for (at, moment) in MOMENTS.into_iter().enumerate() {
        let arguments = [&ARGUMENTS[..], &["--threads", "1", "--memory", "64MiB"]].concat();
        if sandbox.kill_when(&arguments, moment) {
            killed.push(moment);
        }
        if !sandbox.path("out/manifest.sigstore.json").exists() {
            // what was begun with little memory may be ended with more, and the other way round
            let memory = ["64MiB", "256MiB", "2GiB"][at % 3];
            sandbox.release("c.toml", "out", &["--threads", "2", "--memory", memory]).expect(0);
        }
        assert!(!sandbox.path("out.unfinished").exists(), "{moment}");
        assert_eq!(differences(&sandbox.path("reference"), &sandbox.path("out")), [""; 0], "{moment}");
        std::fs::remove_dir_all(sandbox.path("out")).unwrap();
    }
    println!("killed at {killed:?}");
    assert!(killed.contains(&SPILLED), "nothing was spilled, or not for long: {killed:?}");
    assert!(killed.len() > MOMENTS.len() / 2, "{killed:?}");
    // with more memory nothing is written that would have to be sorted again
    let arguments = [&ARGUMENTS[..], &["--memory", "256MiB"]].concat();
    assert!(!sandbox.kill_when(&arguments, SPILLED));
}
