//! Many small runs in one process leave nothing behind: no memory, no threads, no open files.

use crate::harness::{Sandbox, profile};
use pipeline::{Config, Options, Plan, Silent};
use std::fs;

/// Runs unless `PROBITY_SOAK_RUNS` says another number.
const RUNS: usize = 600;

/// What the median of the last third may be above that of the one before.
const GROWTH_MAX: f64 = 1.02;

/// Three profiles, so that every kind of stage comes and goes; each run reads, writes and forgets all it had.
const PROFILES: [&str; 3] = ["pretraining", "high-risk", "observe"];

/// Anonymous memory in KiB, threads, open files of this process.
fn held() -> [u64; 3] {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    [number("RssAnon:"), number("Threads:"), fs::read_dir("/proc/self/fd").unwrap().count() as u64]
}

fn median(mut of: Vec<u64>) -> u64 {
    of.sort_unstable();
    of[of.len() / 2]
}

#[test]
#[ignore = "takes minutes; .ci/full runs it"]
fn many_runs_in_one_process_leave_nothing_behind() {
    let runs = std::env::var("PROBITY_SOAK_RUNS").map_or(RUNS, |runs| runs.parse().unwrap());
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 60);
    for name in PROFILES {
        sandbox.write(&format!("{name}.toml"), profile(&sandbox, name));
    }
    let release = sandbox.path("out");
    let mut samples = Vec::with_capacity(runs);
    for run in 0..runs {
        let config = sandbox.path(format!("{}.toml", PROFILES[run % PROFILES.len()]));
        let plan = Plan::new(Config::load(&config, &[]).unwrap()).unwrap();
        let threads = 1 + run % 3;
        let options = Options {
            release: release.clone(),
            key: None,
            salt_key: None,
            threads,
            memory: 256 << 20,
            stop: pipeline::Stop::default(),
        };
        pipeline::run(&plan, &options, &Silent).unwrap();
        fs::remove_dir_all(&release).unwrap();
        samples.push(held());
        if run % (runs / 10).max(1) == 0 {
            println!("run {run}: {:?} KiB, threads, open files", samples[run]);
        }
    }
    for (at, what) in ["anonymous memory in KiB", "threads", "open files"].iter().enumerate() {
        let third = |nth: usize| {
            let part = &samples[nth * runs / 3..(nth + 1) * runs / 3];
            median(part.iter().map(|sample| sample[at]).collect())
        };
        let [first, second, last] = [0, 1, 2].map(third);
        println!("{what}: medians of the thirds of {runs} runs {first}, {second}, {last}");
        assert!(last as f64 <= second as f64 * GROWTH_MAX, "{what} grew");
    }
}
