//! Near-duplicates among millions of short documents, with planted copies, under a memory limit.
//!
//! ```console
//! $ cargo bench --bench scale -- --records 1000000 --memory 1GiB --folder SCRATCH
//! ```
//! Makes seeded shards in the folder, curates them by the release binary, and tells how many planted pairs were
//! joined, the peak of anonymous memory, and the time per document.

mod corpus;
mod joined;
mod watch;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const USAGE: &str = "usage: --records N --memory BYTES --folder FOLDER [--threads N]";

struct Arguments {
    records: u64,
    memory: String,
    threads: String,
    folder: PathBuf,
}

/// Without arguments (as `cargo bench` runs it) it only says how it is used.
fn arguments() -> Option<Arguments> {
    let given: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        let at = given.iter().position(|argument| argument == name)?;
        given.get(at + 1).cloned()
    };
    Some(Arguments {
        records: value("--records")?.parse().ok()?,
        memory: value("--memory")?,
        threads: value("--threads").unwrap_or_else(|| "2".into()),
        folder: value("--folder")?.into(),
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::io::Write;
    let mut out = std::io::stdout();
    let Some(arguments) = arguments() else {
        writeln!(out, "{USAGE}")?;
        return Ok(());
    };
    let folder = arguments.folder.join(arguments.records.to_string());
    let bytes = corpus::write(&folder.join("shards"), arguments.records)?;
    let release = folder.join("release");
    let started = Instant::now();
    let peak = watch::run(&mut curate(&arguments, &folder, &release)?)?;
    let seconds = started.elapsed().as_secs_f64();
    let (joined, planted) = joined::count(&release, arguments.records)?;
    writeln!(
        out,
        "{} records, {:.1} MB of text, --memory {}, {} threads: {seconds:.1} s, {:.2} us a document, \
         peak {:.0} MiB anonymous, {joined} of {planted} planted pairs joined ({:.3} %)",
        arguments.records,
        bytes as f64 / 1e6,
        arguments.memory,
        arguments.threads,
        seconds / arguments.records as f64 * 1e6,
        peak as f64 / 1024.0,
        100.0 * joined as f64 / planted as f64,
    )?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn curate(arguments: &Arguments, folder: &Path, release: &Path) -> std::io::Result<Command> {
    let config = folder.join("config.toml");
    let text = "schema = 1\n[input]\nfiles = [\"shards/*.parquet\"]\ntext = \"text\"\n\
                [[stage]]\nuse = \"near-duplicates\"\n";
    std::fs::write(&config, text)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
    command.arg("run").arg(config).arg("--out").arg(release);
    command.args(["--threads", &arguments.threads, "--memory", &arguments.memory]);
    Ok(command)
}
