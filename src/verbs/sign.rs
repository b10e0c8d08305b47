//! `sign`: completes a release that was made without a key.

use super::run::load_key;
use crate::say;
use anyhow::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// Sign a release that was made without a key.
#[derive(clap::Args)]
pub struct Arguments {
    /// The release
    release: PathBuf,
    /// The private key
    #[arg(long)]
    key: PathBuf,
    /// The release before this one: this one names it and counts on from it
    #[arg(long, value_name = "RELEASE")]
    previous: Option<PathBuf>,
    /// The public key of the release before, where it was another
    #[arg(long, value_name = "PUB", requires = "previous")]
    previous_key: Option<PathBuf>,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let key = load_key(&arguments.key)?;
    if arguments.release.join("manifest.json").exists() {
        let broken = pipeline::broken_gate(&arguments.release)?;
        if !broken.is_empty() {
            broken.iter().try_for_each(|limit| say(format_args!("gate broken  {limit}")))?;
            return Ok(ExitCode::FAILURE);
        }
    }
    if let Some(path) = &arguments.previous {
        let public = match &arguments.previous_key {
            Some(path) => super::verify::load_public_key(path)?,
            None => key.public(),
        };
        let previous = super::manifest_under(path, &public)?;
        let sequence = manifests::seal::follow(&arguments.release, &previous)?;
        say(format_args!("release {sequence}, after statement {}", previous.sha256()))?;
    }
    let sealed = manifests::seal::sign(&arguments.release, &key)?;
    say(format_args!("signed by key {}", sealed.key_id.unwrap_or_default()))?;
    Ok(ExitCode::SUCCESS)
}
