//! `verify`: checks a release against a public key.

use crate::say;
use anyhow::{Context, Result};
use manifests::audit::StratifiedSample;
use manifests::chain::State;
use manifests::keys::PublicKey;
use manifests::policy::Policy;
use manifests::timestamp::Authority;
use manifests::verify::{Checked, Level, Report, Request, Scope};
use pipeline::{ReleaseEvidence, ReleaseReplay};
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
    #[arg(long, value_name = "PUB", required_unless_present = "policy")]
    key: Option<PathBuf>,
    /// A file that says which keys are trusted, for what and when, and what else is asked of a release
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    policy: Option<PathBuf>,
    /// A file that remembers the newest release seen: an older one, or another of the same number, is refused
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// The public key of an auditor whose countersignature is checked; may be given several times
    #[arg(long, value_name = "PUB")]
    auditor: Vec<PathBuf>,
    /// A sample that an audit rests on, where the audit's design is not public; may be given several times
    #[arg(long, value_name = "FILE")]
    audit_sample: Vec<PathBuf>,
    /// The certificate of a trusted timestamp authority, in PEM; may be given several times
    #[arg(long, value_name = "CERT")]
    authority: Vec<PathBuf>,
    /// Check these levels (signature, files, ledger, content, inputs, replay) instead of all that can be checked here
    #[arg(long, value_delimiter = ',')]
    level: Vec<Level>,
    /// The directory that holds the input shards, for the levels `inputs` and `replay`
    #[arg(long, value_name = "DIR")]
    inputs: Option<PathBuf>,
    /// How many row groups the level `replay` decides anew, or `all`, which replays duplicates too
    #[arg(long, value_name = "N|all", default_value = "all", value_parser = row_groups)]
    replay_groups: RowGroups,
    /// What draws those row groups: anything that the producer could not know before signing
    #[arg(long)]
    seed: Option<String>,
    /// The configuration to replay, instead of the one in the release; it must resolve to the signed one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder from which the release's configuration names its models and packs
    #[arg(long, value_name = "DIR", default_value = ".", conflicts_with = "config")]
    assets: PathBuf,
    /// Where `--replay-groups all` makes the release again; the system's folder for temporary files unless given
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// A number of row groups, or all of them.
#[derive(Clone, Copy, Debug)]
enum RowGroups {
    All,
    Some(u64),
}

fn row_groups(text: &str) -> std::result::Result<RowGroups, String> {
    match (text, text.parse()) {
        ("all", _) => Ok(RowGroups::All),
        (_, Ok(count)) if count > 0 => Ok(RowGroups::Some(count)),
        _ => Err("expected a number from 1 or `all`".into()),
    }
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let release = &arguments.release;
    if release.to_string_lossy().contains("://") {
        return Err(remote().into());
    }
    anyhow::ensure!(release.is_dir(), "`{}`: not a directory", release.display());
    let request = request(arguments)?;
    let key = match (&arguments.key, &request.policy) {
        (Some(path), _) => load_public_key(path)?,
        (None, policy) => {
            let key = policy.as_ref().and_then(|policy| policy.producer(release));
            key.context("there is no key to trust")?.clone()
        }
    };
    let report = report(arguments, &key, &request);
    if arguments.json {
        say(serde_json::to_string_pretty(&report)?)?;
    } else {
        say(&report)?;
    }
    if let (Some(path), Some(mut state), 0) = (&arguments.state, request.state, report.exit_code()) {
        remember(release, &key, &mut state)?;
        state.save(path).with_context(|| format!("`{}`", path.display()))?;
    }
    Ok(ExitCode::from(report.exit_code()))
}

/// What is in a store is verified where nobody else can change it meanwhile.
fn remote() -> pipeline::Error {
    pipeline::Error::Unanswerable {
        why: "a release is verified from a local copy, not from a URL".into(),
        hint: Some("copy it first, for instance with `aws s3 cp --recursive URL DIR`".into()),
    }
}

/// The report, with what decides anew where that is asked for.
fn report(arguments: &Arguments, key: &PublicKey, request: &Request) -> Report {
    let release = &arguments.release;
    if !arguments.level.contains(&Level::Replay) {
        return check(release, key, request);
    }
    let scratch = arguments.scratch.clone().unwrap_or_else(std::env::temp_dir);
    let mut replay = ReleaseReplay::new(release, &arguments.assets, &scratch, super::run::threads(None));
    if let Some(config) = &arguments.config {
        replay = replay.with_config(config);
    }
    let evidence = ReleaseEvidence::of(release);
    manifests::verify::verify_replaying(release, key, request, &evidence, Some(&replay))
}

fn request(arguments: &Arguments) -> Result<Request> {
    let read = |path: &PathBuf| std::fs::read(path).with_context(|| format!("`{}`", path.display()));
    let policy = match &arguments.policy {
        Some(path) => Some(Policy::parse(&read(path)?).with_context(|| format!("`{}`", path.display()))?),
        None => None,
    };
    let state = match &arguments.state {
        Some(path) => Some(State::load(path).with_context(|| format!("`{}`", path.display()))?),
        None => None,
    };
    let authority = |path: &PathBuf| {
        let pem = String::from_utf8(read(path)?).with_context(|| format!("`{}`", path.display()))?;
        Authority::from_pem(&pem).with_context(|| format!("`{}`", path.display()))
    };
    let scope = match (arguments.replay_groups, &arguments.seed) {
        (RowGroups::All, _) => Scope::All,
        (RowGroups::Some(count), Some(seed)) => Scope::Groups { count, seed: seed.clone() },
        (RowGroups::Some(_), None) => {
            anyhow::bail!("`--replay-groups` draws row groups by a seed: give `--seed`")
        }
    };
    let sample = |path: &PathBuf| {
        StratifiedSample::parse(&read(path)?).with_context(|| format!("`{}`", path.display()))
    };
    Ok(Request {
        scope,
        samples: arguments.audit_sample.iter().map(sample).collect::<Result<_>>()?,
        levels: (!arguments.level.is_empty()).then(|| arguments.level.clone()),
        inputs: arguments.inputs.clone(),
        auditors: arguments.auditor.iter().map(|path| load_public_key(path)).collect::<Result<_>>()?,
        authorities: arguments.authority.iter().map(authority).collect::<Result<_>>()?,
        policy,
        state,
    })
}

/// Puts a release that was just verified into the state.
fn remember(release: &Path, key: &PublicKey, state: &mut State) -> Result<()> {
    let bytes = std::fs::read(release.join("manifest.sigstore.json"))?;
    let manifest = Checked::open(&bytes, key)?;
    let dataset = &manifest.predicate().dataset;
    state.remember(&dataset.name, dataset.sequence, manifest.sha256());
    Ok(())
}

/// Reads a public key.
pub fn load_public_key(path: &Path) -> Result<PublicKey> {
    PublicKey::load(path).map_err(|e| super::key_error(path, &e))
}

/// The verifier's report on a release.
pub fn check(release: &Path, key: &PublicKey, request: &Request) -> Report {
    manifests::verify::verify(release, key, request, &ReleaseEvidence::of(release))
}
