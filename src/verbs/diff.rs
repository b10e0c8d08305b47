//! `diff`: what changed between two releases.

use crate::say;
use anyhow::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// Tell what changed between two signed releases.
///
/// Exit code 0: nothing did. 1: something did.
#[derive(clap::Args)]
pub struct Arguments {
    /// The old release, or its `manifest.sigstore.json`
    old: PathBuf,
    /// The new one
    new: PathBuf,
    /// The producer's public key
    #[arg(long, value_name = "PUB")]
    key: PathBuf,
    /// The public key of the old release, where it was another
    #[arg(long, value_name = "PUB")]
    old_key: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let old = super::manifest(&arguments.old, arguments.old_key.as_ref().unwrap_or(&arguments.key))?;
    let new = super::manifest(&arguments.new, &arguments.key)?;
    let difference = manifests::chain::diff(&old, &new)?;
    if arguments.json {
        say(serde_json::to_string_pretty(&difference)?)?;
    } else {
        for change in &difference.changes {
            say(format_args!("{}: {} -> {}", change.field, change.old, change.new))?;
        }
        let follows = if difference.successor { "names" } else { "does not name" };
        say(format_args!(
            "{} changes; the new release {follows} the old one as its predecessor",
            difference.changes.len()
        ))?;
    }
    Ok(if difference.changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
