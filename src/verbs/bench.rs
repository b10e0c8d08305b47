//! `bench`: where the time goes on the user's own shards.

use crate::say;
use anyhow::Result;
use pipeline::bench::{Line, Report, Request};
use pipeline::{Config, Override, Plan};
use std::path::PathBuf;
use std::process::ExitCode;

/// Time each part of a run on one thread, beside a bare copy of the same shards.
///
/// Times are processor time where the system tells it (Linux), wall time elsewhere.
#[derive(clap::Args)]
pub struct Arguments {
    /// The configuration
    config: PathBuf,
    /// Worker threads; so far shares of time are told for one only
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
    /// How often everything is measured; the medians are told
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Measure the first so many shards; all unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    shards: Option<u32>,
    /// Where a folder is made for what is written, and removed at the end; the system's for temporary files unless given
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Set a key of a stage (`gopher-quality.words_min=80`) or of the top (`measure=all`)
    #[arg(long, value_name = "STAGE.KEY=VALUE")]
    set: Vec<Override>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let plan = Plan::new(Config::load(&arguments.config, &arguments.set)?)?;
    let request = Request {
        threads: arguments.threads.into(),
        rounds: arguments.rounds.into(),
        shards: arguments.shards.map(|n| n as usize),
        scratch: arguments.scratch.clone().unwrap_or_else(std::env::temp_dir),
    };
    let report = pipeline::bench::bench(&plan, &request)?;
    if arguments.json {
        say(serde_json::to_string_pretty(&report)?)?;
    } else {
        table(&report)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(report: &Report) -> Result<()> {
    let Report { rounds, shards, documents, text_bytes, clock, .. } = report;
    say(format_args!(
        "{shards} shards, {documents} documents, {:.1} MB of text; {} thread, median of {rounds} rounds, {clock} time\n",
        *text_bytes as f64 / 1e6,
        report.threads,
    ))?;
    let lines: Vec<&Line> = report.parts.iter().chain([&report.total, &report.bare_copy]).collect();
    let width = lines.iter().map(|line| line.what.len()).max().unwrap_or(0);
    say(format_args!(
        "{:width$}  {:>9}  {:>6}  {:>9}  {:>11}",
        "", "seconds", "share", "MB/s", "documents/s"
    ))?;
    for line in lines {
        say(format_args!(
            "{:width$}  {:>9.3}  {:>5.1}%  {:>9.1}  {:>11.0}",
            line.what,
            line.seconds,
            100.0 * line.share,
            line.mb_per_second,
            line.documents_per_second,
        ))?;
    }
    say(format_args!("\nthe run takes {:.2} times as long as the bare copy", report.ratio))
}
