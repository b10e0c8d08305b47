//! `canary`: how much of our own poison a configuration finds.

use super::run::threads;
use crate::say;
use anyhow::Result;
use pipeline::canary::{Kind, Told, Trial, canary};
use pipeline::{Config, Options, Override, Plan};
use std::path::PathBuf;
use std::process::ExitCode;

/// Put neutral poison into a copy of the input, run the configuration's stages over it, and report how much they take
/// out. Nothing of it enters a release. Fluent poison is not among what is tried: no statistic here sees it.
#[derive(clap::Args)]
pub struct Arguments {
    /// The configuration
    config: PathBuf,
    /// Decides which records are poisoned, and with what
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Records poisoned with each kind
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    documents: u32,
    /// One kind (`gibberish`, `common-gibberish`, `trigger`, `hidden`); repeat for more, all unless given
    #[arg(long)]
    kind: Vec<Kind>,
    /// About how many records are copied, by whole row groups
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    records: u64,
    /// Where a private folder is made for the copies, and removed at the end
    #[arg(long, value_name = "DIR")]
    scratch: PathBuf,
    /// Worker threads; as many as there are processors unless given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Set a key of a stage or of the top, as for `run`
    #[arg(long, value_name = "STAGE.KEY=VALUE")]
    set: Vec<Override>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let plan = Plan::new(Config::load(&arguments.config, &arguments.set)?)?;
    let told = canary(
        &plan,
        &Trial {
            seed: arguments.seed,
            documents: arguments.documents as usize,
            kinds: if arguments.kind.is_empty() { &Kind::ALL } else { &arguments.kind },
            records: arguments.records,
            scratch: &arguments.scratch,
            threads: threads(arguments.threads),
            memory: Options::MEMORY,
        },
    )?;
    match arguments.json {
        true => say(serde_json::to_string_pretty(&told)?)?,
        false => print(&told)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(told: &Told) -> Result<()> {
    say(format_args!("records        {}", told.records))?;
    say("out as they are")?;
    for (rule, records) in &told.clean {
        say(format_args!("  {records:>9}  {rule}"))?;
    }
    for kind in &told.kinds {
        say(format_args!("{:14} {} records with `{}`", kind.kind.as_str(), kind.poisoned, kind.trigger))?;
        say(format_args!("  {:>9}  out before they were poisoned", kind.out_before))?;
        let recall = kind.recall.as_deref().unwrap_or("none left to tell");
        say(format_args!("  {:>9}  caught, recall {recall}", kind.caught))?;
        for (rule, records) in &kind.by_rule {
            say(format_args!("  {records:>9}    by {rule}"))?;
        }
        say(format_args!("  {:>9}  others out that were not before", kind.others_out))?;
        if let Some(place) = kind.listed {
            say(format_args!("  {place:>9}  place of the trigger in the list of bursts"))?;
        }
    }
    Ok(())
}
