//! `explain`: why a record had its fate.

use crate::say;
use anyhow::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// Tell why one record had its fate.
#[derive(clap::Args)]
pub struct Arguments {
    /// The release, with its `auditor/` folder
    release: PathBuf,
    /// The record: `SHARD:ROW` or its id
    record: String,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let told = pipeline::explain(&arguments.release, &arguments.record)?;
    if arguments.json {
        say(serde_json::to_string_pretty(&told)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("record {} ({}:{}) was {}", told.id, told.shard, told.row, told.fate))?;
    for (name, value) in &told.columns {
        say(format_args!("  {name:24} {value}"))?;
    }
    for rule in &told.rules {
        let verdict = match (rule.decided, rule.broken) {
            (true, _) => "  broken, decided",
            (_, true) => "  broken",
            _ => "",
        };
        say(format_args!("  {:44} {:22} {}{verdict}", rule.rule, rule.value, rule.bound))?;
    }
    for (title, items) in [("matched", &told.spans), ("edited", &told.edits), ("passage", &told.passages)] {
        for item in items {
            say(format_args!("  {title:24} {item}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
