//! Runs that are killed from outside or asked to stop, and what a run says that continues another.

use crate::crashes::prepared;
use crate::harness::{Sandbox, differences, profile, tree};
use crate::made_up::Random;
use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RUN: [&str; 10] =
    ["run", "c.toml", "--out", "out", "--key", "producer.pem", "--salt-key", "salt.key", "--threads", "2"];

/// The generator's corpus, and the release that every run here must come to.
fn corpus(records: usize) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", records);
    sandbox.write("c.toml", profile(&sandbox, "pretraining"));
    sandbox.release("c.toml", "undisturbed", &[]).expect(0);
    sandbox
}

fn is_finished(sandbox: &Sandbox) -> bool {
    sandbox.path("out/manifest.sigstore.json").exists()
}

/// Whatever happened before: the same command ends in the release as if nothing had.
fn finish(sandbox: &Sandbox) {
    let finished = is_finished(sandbox);
    let again = sandbox.run(&RUN);
    assert!(again.code == 0 || finished, "{again:?}");
    assert_eq!(differences(&sandbox.path("undisturbed"), &sandbox.path("out")), [""; 0]);
    assert!(!sandbox.path("out.unfinished").exists());
}

fn start(sandbox: &Sandbox) -> Child {
    sandbox.command(&RUN).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Kills runs at random moments, every other one in the directory that the one before left behind. Gives how many were
/// killed before their end.
fn killed_at_random(kills: u64) -> u64 {
    let sandbox = prepared();
    fs::rename(sandbox.path("signed"), sandbox.path("undisturbed")).unwrap();
    let mut random = Random(std::env::var("PROBITY_SEED").map_or(1, |seed| seed.parse().unwrap()));
    let begun = Instant::now();
    sandbox.run(&RUN).expect(0);
    let whole = begun.elapsed().as_micros() as u64;
    fs::remove_dir_all(sandbox.path("out")).unwrap();
    let mut killed = 0;
    for nth in 0..kills {
        let mut child = start(&sandbox);
        std::thread::sleep(Duration::from_micros(random.below(whole)));
        child.kill().unwrap();
        killed += u64::from(child.wait().unwrap().code().is_none());
        let again = nth % 2 == 0 && !is_finished(&sandbox);
        if !again || nth + 1 == kills {
            finish(&sandbox);
            fs::remove_dir_all(sandbox.path("out")).unwrap();
        }
    }
    killed
}

#[test]
fn runs_killed_at_random_are_continued() {
    let killed = killed_at_random(8);
    assert!(killed >= 4, "only {killed} were killed in time");
}

#[test]
#[ignore = "takes a minute"]
fn fifty_runs_killed_at_random_are_continued() {
    let killed = killed_at_random(50);
    println!("{killed} of 50 runs were killed before their end");
    assert!(killed >= 25);
}

fn send(signal: &str, child: &Child) {
    Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
}

/// Waits until a file is there, or the process has ended.
fn wait_for(sandbox: &Sandbox, child: &mut Child, appears: &str) {
    while !sandbox.path(appears).exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_micros(100));
    }
}

#[test]
fn a_run_that_is_asked_to_stop_leaves_what_the_next_one_continues() {
    let sandbox = corpus(3000);
    let mut stopped = 0;
    for (signal, code, moment) in [
        ("-INT", 130, "out.unfinished/lock"),
        ("-TERM", 143, "out.unfinished/judge/00000-00000.verdicts"),
        ("-INT", 130, "out.unfinished/barrier-0/removals"),
        ("-INT", 130, "out/data/part-00000.parquet.partial"),
    ] {
        let mut child = start(&sandbox);
        wait_for(&sandbox, &mut child, moment);
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        // a run that had begun nothing new anyway ends as if it had not been asked
        if output.status.code() != Some(0) {
            assert_eq!(output.status.code(), Some(code), "{moment}: {told}");
            assert!(told.ends_with("interrupted; the same command continues where this stopped\n"), "{told}");
            assert!(!is_finished(&sandbox), "{moment}");
            let partial = tree(&sandbox.path("out")).into_keys().find(|name| name.ends_with(".partial"));
            assert_eq!(partial, None, "{moment}: a task was broken off");
            stopped += 1;
        }
        finish(&sandbox);
        fs::remove_dir_all(sandbox.path("out")).unwrap();
    }
    assert!(stopped >= 2, "only {stopped} runs were stopped");
}

#[test]
fn a_second_signal_ends_a_run_at_once() {
    let sandbox = prepared();
    fs::rename(sandbox.path("signed"), sandbox.path("undisturbed")).unwrap();
    // an operation that takes its time, while nothing else goes on
    let mut command = sandbox.command(&[&RUN[..9], &["1"]].concat());
    command.env("PROBITY_FAULT", "delay@40").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    wait_for(&sandbox, &mut child, "out.unfinished/begun.json");
    send("-INT", &child);
    std::thread::sleep(Duration::from_millis(20));
    send("-INT", &child);
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(130)), "{code:?}");
    finish(&sandbox);
}

/// Begins a run and kills it when most row groups are judged.
fn begun(sandbox: &Sandbox) {
    let killed = sandbox.kill_when(&RUN, "out.unfinished/barrier-0/removals");
    assert!(killed, "the run was not killed in time");
}

#[test]
fn a_run_tells_what_it_continues_and_what_has_changed() {
    let sandbox = corpus(3000);
    let config = String::from_utf8(sandbox.read("c.toml")).unwrap();
    let anew = "since then: every record depends on that: everything is made anew";
    let changes: [(&dyn Fn(), &[&str]); 3] = [
        (&|| (), &["row groups are judged already"]),
        (
            &|| {
                let stage = "use = \"gopher-quality\"\n";
                sandbox.write("c.toml", config.replacen(stage, &format!("{stage}words_min = 60\n"), 1));
            },
            &[
                "row groups are judged already",
                "since then: [[stage]] gopher-quality.words_min: 50 → 60",
                anew,
            ],
        ),
        (
            &|| fs::remove_file(sandbox.path("corpus/sample-1.parquet")).unwrap(),
            &["since then: input `sample-1.parquet` is gone", "what sees the whole corpus is made anew"],
        ),
    ];
    for (change, expected) in changes {
        begun(&sandbox);
        change();
        let told = sandbox.run(&RUN).expect(0).stderr;
        for line in expected {
            assert!(told.contains(line), "expected {line:?}:\n{told}");
        }
        assert_eq!(told.contains("since then"), expected.len() > 1, "{told}");
        fs::remove_dir_all(sandbox.path("out")).unwrap();
        sandbox.write("c.toml", &config);
    }
}

#[test]
fn a_note_that_cannot_be_read_is_no_error() {
    let sandbox = corpus(1500);
    for damage in ["", "{", "{\"version\":9}"] {
        begun(&sandbox);
        sandbox.write("out.unfinished/begun.json", damage);
        let told = sandbox.run(&RUN).expect(0).stderr;
        assert!(!told.contains("since then"), "{told}");
        assert_eq!(differences(&sandbox.path("undisturbed"), &sandbox.path("out")), [""; 0]);
        fs::remove_dir_all(sandbox.path("out")).unwrap();
    }
}

#[test]
fn who_has_the_directory_is_told_as_far_as_it_is_known() {
    let sandbox = corpus(120);
    fs::create_dir_all(sandbox.path("out.unfinished")).unwrap();
    let lock = File::create(sandbox.path("out.unfinished/lock")).unwrap();
    lock.lock().unwrap();
    let hint = "hint: wait until it is done, or choose another directory";
    let here = std::process::id();
    // no process has the last number
    for (told, process) in [
        (String::new(), String::new()),
        (format!("{here}\n"), format!(", process {here}")),
        (u32::MAX.to_string(), String::new()),
        ("x".into(), String::new()),
    ] {
        fs::write(sandbox.path("out.unfinished/lock"), &told).unwrap();
        let refused = sandbox.run(&RUN).expect(2);
        let error = format!("error: `out`: another run is writing this release{process}");
        assert_eq!(refused.errors(), [error.as_str(), hint], "{told}");
    }
    lock.unlock().unwrap();
    finish(&sandbox);
}

#[test]
fn what_was_left_of_a_finished_run_is_tidied_up() {
    let sandbox = corpus(120);
    fs::rename(sandbox.path("undisturbed"), sandbox.path("out")).unwrap();
    for name in ["lock", "judge/00000-00000.verdicts"] {
        sandbox.write(&format!("out.unfinished/{name}"), "x");
    }
    let told = sandbox.run(&RUN).expect(0).stderr;
    assert!(told.contains("`out` holds the finished release; nothing is decided anew"), "{told}");
    assert!(!sandbox.path("out.unfinished").exists());
    let told = sandbox.run(&RUN).expect(2).stderr;
    assert!(told.contains("holds a finished release"), "{told}");
}

#[test]
fn work_that_later_steps_need_and_that_is_damaged_is_made_anew() {
    let sandbox = prepared();
    fs::rename(sandbox.path("signed"), sandbox.path("undisturbed")).unwrap();
    let arguments = [&RUN[..9], &["1"]].concat();
    let faulty = |fault: &str| {
        let mut command = sandbox.command(&arguments);
        command.env("PROBITY_FAULT", fault).stderr(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    };
    faulty(&format!("trace@{}", sandbox.path("trace").display()));
    let trace = String::from_utf8(sandbox.read("trace")).unwrap();
    fs::remove_dir_all(sandbox.path("out")).unwrap();
    // the barrier is done, and what it leaves to auditors is not written
    let moment = trace.lines().position(|line| line.contains("out/auditor/passages/")).unwrap();
    faulty(&format!("kill@{moment}"));
    let evidence = tree(&sandbox.path("out.unfinished")).into_keys().find(|name| name.ends_with("/evidence"));
    let evidence = format!("out.unfinished/{}", evidence.unwrap());
    let mut bytes = sandbox.read(&evidence);
    bytes[70] ^= 1;
    sandbox.write(&evidence, bytes);
    let told = sandbox.run(&RUN).expect(2);
    let error = format!("error: `{evidence}`: is missing or damaged; the same command makes it anew");
    assert_eq!(told.errors(), [error.as_str()]);
    finish(&sandbox);
}
