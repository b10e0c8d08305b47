//! `whatif`: which records would change under other bounds.

use crate::say;
use anyhow::Result;
use pipeline::Override;
use pipeline::whatif::{Change, State, WhatIf};
use std::path::PathBuf;
use std::process::ExitCode;

/// Recount a release under other bounds, from the values its ledger holds; no text is read. The release must have
/// been made with `measure = "all"`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The release, with its `auditor/` folder
    release: PathBuf,
    /// Set a bound of a stage (`gopher-quality.words_min=80`)
    #[arg(long, value_name = "STAGE.KEY=VALUE", required = true)]
    set: Vec<Override>,
    /// List at most this many changing records
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Print as JSON, with every record that changes and every one that cannot be told
    #[arg(long)]
    json: bool,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let told = pipeline::whatif::whatif(&arguments.release, &arguments.set)?;
    match arguments.json {
        true => say(serde_json::to_string_pretty(&told)?)?,
        false => print(&told, arguments.limit)?,
    }
    Ok(if told.answers() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

fn print(told: &WhatIf, limit: usize) -> Result<()> {
    say(format_args!("records        {}", told.records))?;
    say(format_args!("flip           {}", told.flipped))?;
    say(format_args!("other rule     {}", told.redecided))?;
    say(format_args!("unknown        {}", told.unanswered))?;
    let (before, after) = (&told.before, &told.after);
    say(format_args!("{:14} {:>9} {:>9}", "fate", "release", "what if"))?;
    for (fate, before, after) in [
        ("kept", before.kept, after.kept),
        ("edited", before.edited, after.edited),
        ("removed", before.removed, after.removed),
        ("quarantined", before.quarantined, after.quarantined),
    ] {
        say(format_args!("  {fate:12} {before:>9} {after:>9}"))?;
    }
    if told.unanswered > 0 {
        say(format_args!("  {:12} {:>9} {:>9}", "unknown", "", told.unanswered))?;
    }
    if !told.rules.is_empty() {
        say(format_args!("{:40} {:>9} {:>9}", "rule", "takes", "gives up"))?;
    }
    for (rule, tally) in &told.rules {
        say(format_args!("  {rule:38} {:>9} {:>9}", tally.gains, tally.loses))?;
    }
    for (reason, count) in &told.reasons {
        say(format_args!("unknown        {count}: {reason}"))?;
    }
    for change in told.changes.iter().take(limit) {
        say(line(change))?;
    }
    let rest = told.changes.len().saturating_sub(limit);
    if limit > 0 && rest > 0 {
        say(format_args!("and {rest} more: `--limit {}` lists all", told.changes.len()))?;
    }
    Ok(())
}

/// `SHARD:ROW id old → new (stage/rule value bound)`: the rule that now decides, or else the one that did.
fn line(change: &Change) -> String {
    let (old, new) = (&change.old, &change.new);
    let reason = match (&new.stage, &change.moved_to) {
        (Some(_), _) => decision(new),
        (None, Some(bound)) => format!("{} → {bound}", decision(old)),
        (None, None) => decision(old),
    };
    format!(
        "{}:{} {} {} → {} ({reason})",
        change.shard,
        change.row,
        change.id,
        old.fate.as_str(),
        new.fate.as_str()
    )
}

fn decision(state: &State) -> String {
    let text = |of: &Option<String>| of.clone().unwrap_or_else(|| "…".into());
    format!("{}/{} {} {}", text(&state.stage), text(&state.rule), text(&state.value), text(&state.bound))
}
