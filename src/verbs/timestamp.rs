//! `timestamp`: attaches an RFC 3161 timestamp that somebody else made.

use crate::say;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Attach a timestamp of an authority to a signed release.
///
/// `timestamp RELEASE --signature sig.bin`, then `openssl ts -query -data sig.bin -sha256 -cert -out sig.tsq`, have the
/// authority answer it, then `timestamp RELEASE --token sig.tsr`.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("step").args(["signature", "token"]).required(true)))]
pub struct Arguments {
    /// The signed release
    release: PathBuf,
    /// Write the bytes that the authority has to put a time to
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// The authority's answer, or the bare token, in DER
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    if let Some(path) = &arguments.signature {
        super::write_new(path, &manifests::timestamp::stamped_signature(&arguments.release)?)?;
    }
    if let Some(path) = &arguments.token {
        let answer = std::fs::read(path).with_context(|| format!("`{}`", path.display()))?;
        let file = manifests::timestamp::attach(&arguments.release, &answer)?;
        say(format_args!("timestamp attached to {file}; `verify --authority CERT` checks who made it"))?;
    }
    Ok(ExitCode::SUCCESS)
}
