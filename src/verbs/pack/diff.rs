//! `pack diff`: which decisions another version of a pack changes.

use super::{Data, compile, decide, load, percent};
use crate::say;
use anyhow::Result;
use filters::pack::{Outcome, Sight};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Tell which decisions change between two versions of a pack on a frozen corpus. With `--max-changed`, exit code 1 if
/// more do.
#[derive(clap::Args)]
pub struct Arguments {
    /// The earlier pack, by shipped name or path
    before: String,
    /// The later pack
    after: String,
    #[command(flatten)]
    data: Data,
    /// List at most this many changed records
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// The share of records, in per cent, that may change
    #[arg(long, value_name = "PERCENT")]
    max_changed: Option<f64>,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let (before, after) = (load(&arguments.before)?, load(&arguments.after)?);
    let books = (compile(std::slice::from_ref(&before))?, compile(std::slice::from_ref(&after))?);
    let texts = arguments.data.texts()?;
    let mut changes: BTreeMap<(Outcome, Outcome), u64> = BTreeMap::new();
    let mut listed = Vec::new();
    for (row, text) in texts.iter().enumerate() {
        let change = (decide(&books.0, text, Sight::BOTH), decide(&books.1, text, Sight::BOTH));
        if change.0 != change.1 {
            *changes.entry(change).or_default() += 1;
            listed.push((row, change));
        }
    }
    say(format_args!("{} {} sha256 {}", before.id, before.version, before.digest()))?;
    say(format_args!("{} {} sha256 {}", after.id, after.version, after.digest()))?;
    let changed = percent(listed.len() as u64, texts.len() as u64);
    say(format_args!("{} of {} records change ({changed:.3} %)", listed.len(), texts.len()))?;
    for ((from, to), records) in &changes {
        say(format_args!("{records:>9}  {} -> {}", from.name(), to.name()))?;
    }
    for (row, (from, to)) in listed.iter().take(arguments.limit) {
        let source = texts[*row].source.as_deref().unwrap_or("-");
        say(format_args!("  row {row} ({source}): {} -> {}", from.name(), to.name()))?;
    }
    Ok(ExitCode::from(u8::from(arguments.max_changed.is_some_and(|most| changed > most))))
}
