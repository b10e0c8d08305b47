//! `render`: documents and bills of materials from the manifest of a release.

use crate::say;
use anyhow::{Context, Result};
use manifests::render::{TARGETS, rendered};
use std::path::PathBuf;
use std::process::ExitCode;

/// Render a document from a signed release.
///
/// Targets: card, croissant, datasheet, eu-summary, nist, slsa, openlineage, spdx, cyclonedx.
#[derive(clap::Args)]
pub struct Arguments {
    /// What to render
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(TARGETS))]
    target: String,
    /// The release
    release: PathBuf,
    /// The producer's public key
    #[arg(long, value_name = "PUB")]
    key: PathBuf,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let manifest = super::manifest(&arguments.release, &arguments.key)?;
    let text = rendered(&arguments.target, &arguments.release, &manifest)?;
    say(text.context("there is no such target")?.trim_end())?;
    Ok(ExitCode::SUCCESS)
}
