//! `countersign`: an auditor puts a name to a release.

use crate::say;
use anyhow::Result;
use manifests::countersign::Countersignature;
use manifests::verify::{Request, Status};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

/// Verify a release as far as it can be here, and countersign it.
///
/// A release that does not verify is not countersigned: exit code 1.
#[derive(clap::Args)]
pub struct Arguments {
    /// The release
    release: PathBuf,
    /// The auditor's private key
    #[arg(long)]
    key: PathBuf,
    /// The producer's public key
    #[arg(long, value_name = "PUB")]
    producer: PathBuf,
    /// Part of the file's name: attestations/audit-NAME.sigstore.json
    #[arg(long)]
    name: String,
    /// Who the auditor is: a URI
    #[arg(long, value_name = "URI")]
    id: String,
    /// What the auditor asserts besides the levels that were verified; may be given several times
    #[arg(long, value_name = "TEXT")]
    property: Vec<String>,
    /// RFC 3339 in UTC, instead of the clock
    #[arg(long)]
    time: Option<String>,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let auditor = super::signing_key(&arguments.key)?;
    let producer = super::verify::load_public_key(&arguments.producer)?;
    let report = super::verify::check(&arguments.release, &producer, &Request::default());
    if report.exit_code() != 0 {
        say(&report)?;
        return Ok(ExitCode::FAILURE);
    }
    let passed = report.checks.iter().filter(|check| check.status == Status::Pass);
    let levels: BTreeSet<&str> = passed.map(|check| check.level.as_str()).collect();
    let mut properties: Vec<String> = levels.iter().map(|level| format!("verified:{level}")).collect();
    properties.extend(arguments.property.iter().cloned());
    let manifest = super::manifest(&arguments.release, &arguments.producer)?;
    let statement = Countersignature::new(&manifest, &arguments.id, &properties, arguments.time.as_deref())?;
    let file = statement.add(&arguments.release, &arguments.name, &auditor)?;
    say(format_args!("{file} by key {}: {}", auditor.public().key_id(), properties.join(", ")))?;
    Ok(ExitCode::SUCCESS)
}
