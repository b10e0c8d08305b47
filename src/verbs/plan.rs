//! `plan`: what would run, without running it.

use crate::say;
use anyhow::Result;
use pipeline::{Config, Override, Plan, Step};
use std::path::PathBuf;
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
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
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
    let threads = super::run::threads(None);
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
