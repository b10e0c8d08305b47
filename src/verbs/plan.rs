//! `plan`: what would run, without running it.

use super::run::{load_salt_key, threads};
use crate::interrupt::heeding;
use crate::{progress, say};
use anyhow::Result;
use pipeline::tasks::{self, Sizes, Worker};
use pipeline::{Config, Options, Override, Plan, Step, Stop, parse_bytes};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Resolve a configuration and print what would run; run nothing.
#[derive(clap::Args)]
pub struct Arguments {
    /// The configuration
    config: PathBuf,
    /// Set a key of a stage (`gopher-quality.words_min=80`) or of the top (`measure=all`)
    #[arg(long, value_name = "STAGE.KEY=VALUE")]
    set: Vec<Override>,
    /// Print the resolved configuration, as it is hashed and signed
    #[arg(long)]
    json: bool,
    /// Hash the inputs and write the tasks of a run that many processes carry out (`run-task`, `finish`)
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    tasks: Option<PathBuf>,
    /// The folder in which these processes hand files on to one another: one that all of them see, or one in an object
    /// store; the name of the plan with `.work` unless given
    #[arg(long, value_name = "DIR|URL", requires = "tasks")]
    work: Option<String>,
    /// A file with the 32 bytes that open the ledger's commitments; drawn at random unless given
    #[arg(long, value_name = "FILE", requires = "tasks")]
    salt_key: Option<PathBuf>,
    /// How much input one task of judging takes
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, default_value = "256MiB", requires = "tasks")]
    task_bytes: u64,
    /// In how many parts what is compared across the corpus is divided: about as many as there are workers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096), default_value = "8", requires = "tasks")]
    parts: u16,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.tasks {
        Some(to) => heeding(|stop| write_tasks(arguments, to, stop)),
        None => outline(arguments),
    }
}

fn write_tasks(arguments: &Arguments, to: &Path, stop: &Stop) -> Result<ExitCode> {
    let mut beside = to.as_os_str().to_os_string();
    beside.push(".work");
    let work = arguments.work.clone().unwrap_or_else(|| beside.to_string_lossy().into_owned());
    let salt_key = arguments.salt_key.as_deref().map(load_salt_key).transpose()?;
    let sizes = Sizes { task_bytes: arguments.task_bytes, parts: usize::from(arguments.parts) };
    let worker = Worker {
        scratch: std::env::temp_dir(),
        threads: threads(None),
        memory: Options::MEMORY,
        stop: stop.clone(),
    };
    let config = (arguments.config.as_path(), arguments.set.as_slice());
    tasks::plan(config, (to, &work), (sizes, salt_key), &worker, progress::on_stderr().as_ref())?;
    for pass in tasks::passes(to)? {
        say(format_args!("{:>6}  {}", pass.tasks, pass.stage))?;
    }
    say(format_args!("plan    {}", to.display()))?;
    say(format_args!("work    {work}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what would run.
fn outline(arguments: &Arguments) -> Result<ExitCode> {
    let plan = Plan::new(Config::load(&arguments.config, &arguments.set)?)?;
    if arguments.json {
        say(serde_json::to_string_pretty(plan.resolved())?)?;
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("plan digest  {}", plan.digest()))?;
    let shards = plan.shards()?;
    let bytes: u64 = shards.iter().map(|(_, bytes)| bytes).sum();
    say(format_args!("input        {} shards, {:.1} MB", shards.len(), bytes as f64 / 1e6))?;
    for (name, bytes) in &shards {
        say(format_args!("  {:>12}  {name}", bytes))?;
    }
    let threads = threads(None);
    let estimate = plan.estimate(threads)?;
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    let uncounted = match estimate.uncounted {
        0 => String::new(),
        shards => format!(", and those of {shards} shards of JSON lines, which `run` counts"),
    };
    say(format_args!("records      {}{uncounted}", estimate.records))?;
    say(format_args!(
        "memory       at least {} MiB on {threads} threads; from about {} MiB none of them waits for memory",
        mebibytes(estimate.least),
        mebibytes(estimate.busy),
    ))?;
    say("pass 1       judge every record; one task per row group")?;
    for (at, stage) in plan.stages().iter().enumerate() {
        let mut what = if stage.name == stage.used { String::new() } else { format!(" ({})", stage.used) };
        if plan.withheld().contains(&at) {
            what.push_str(", published to auditors only");
        }
        let kind = match stage.step {
            Step::Judge { .. } => "judge  ",
            Step::Barrier(_) => "barrier",
        };
        say(format_args!("  {kind}  {}{what}", stage.name))?;
    }
    for (pass, stage) in plan.stages().iter().filter(|s| matches!(s.step, Step::Barrier(_))).enumerate() {
        say(format_args!(
            "pass {}       resolve {}: keys, then the texts of candidates",
            pass + 2,
            stage.name
        ))?;
        let Step::Barrier(barrier) = &stage.step else { continue };
        for line in barrier.outlook() {
            say(format_args!("             {line}"))?;
        }
    }
    say("last pass    write data, removed records and ledger; one task per shard")?;
    for asset in plan.assets() {
        say(format_args!("asset        {} {} ({} bytes)", asset.sha256, asset.name, asset.bytes))?;
    }
    for warning in plan.warnings(&super::today()) {
        say(format_args!("warning      {warning}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
