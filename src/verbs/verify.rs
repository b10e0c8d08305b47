//! `verify`: checks a release against a public key.

use crate::say;
use anyhow::Result;
use manifests::keys::PublicKey;
use manifests::verify::{Level, Report, Request};
use pipeline::ReleaseEvidence;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Check a release against a public key.
///
/// Exit code 0: every requested check passed. 1: one failed. 2: the key or the directory cannot be read. 3: a check
/// that was asked for could not be done.
#[derive(clap::Args)]
pub struct Arguments {
    /// The release
    release: PathBuf,
    /// The public key that is trusted
    #[arg(long, value_name = "PUB")]
    key: PathBuf,
    /// Check these levels (signature, files, ledger, content, inputs) instead of all that can be checked here
    #[arg(long, value_delimiter = ',')]
    level: Vec<Level>,
    /// The directory that holds the input shards, for the level `inputs`
    #[arg(long, value_name = "DIR")]
    inputs: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let key = load_public_key(&arguments.key)?;
    let release = &arguments.release;
    anyhow::ensure!(release.is_dir(), "`{}`: not a directory", release.display());
    let levels = (!arguments.level.is_empty()).then(|| arguments.level.clone());
    let request = Request { levels, inputs: arguments.inputs.clone() };
    let report = check(release, &key, &request);
    if arguments.json {
        say(serde_json::to_string_pretty(&report)?)?;
    } else {
        say(&report)?;
    }
    Ok(ExitCode::from(report.exit_code()))
}

/// Reads a public key.
pub fn load_public_key(path: &Path) -> Result<PublicKey> {
    PublicKey::load(path).map_err(|e| super::key_error(path, &e))
}

/// The verifier's report on a release.
pub fn check(release: &Path, key: &PublicKey, request: &Request) -> Report {
    manifests::verify::verify(release, key, request, &ReleaseEvidence::of(release))
}
