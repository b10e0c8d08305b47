//! `redact`: the public view of a release.

use crate::say;
use anyhow::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// Copy a signed release without what only auditors may see.
///
/// The signed bytes stay the same, so both views pass the same signatures.
#[derive(clap::Args)]
pub struct Arguments {
    /// The signed release
    release: PathBuf,
    /// Where the public view goes; it must not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let done = manifests::redact::redact(&arguments.release, &arguments.out)?;
    say(format_args!("{} files copied to {}", done.copied, arguments.out.display()))?;
    say(format_args!("{} files left out; {} stages are digests only", done.withheld, done.committed_stages))?;
    Ok(ExitCode::SUCCESS)
}
