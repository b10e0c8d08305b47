//! `run`: the main job.

use crate::interrupt::heeding;
use crate::{progress, say};
use anyhow::{Context, Result};
use manifests::keys::SigningKey;
use manifests::ledger::SaltKey;
use manifests::predicate::Accounting;
use pipeline::{
    Config, Destination, Options, Outcome, Override, Plan, Stop, broken_gate, holds, is_staged, tidy_up,
};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Curate: read shards, judge and deduplicate records, write and sign a release.
#[derive(clap::Args)]
pub struct Arguments {
    /// The configuration
    config: PathBuf,
    #[command(flatten)]
    place: Place,
    /// A file with the 32 bytes that open the ledger's commitments; drawn at random unless given
    #[arg(long, value_name = "FILE")]
    salt_key: Option<PathBuf>,
    #[command(flatten)]
    effort: Effort,
    /// Set a key of a stage (`gopher-quality.words_min=80`) or of the top (`measure=all`)
    #[arg(long, value_name = "STAGE.KEY=VALUE")]
    set: Vec<Override>,
}

/// Where a release is made, and who signs it.
#[derive(clap::Args)]
pub struct Place {
    /// Where the release is made: a directory, or a folder in an object store (`s3://`, `gs://`, `az://`); an
    /// interrupted run to the same place continues
    #[arg(long, value_name = "RELEASE")]
    out: String,
    /// The directory in which a release is made before it is uploaded; it stays there
    #[arg(long, value_name = "DIR")]
    staging: Option<PathBuf>,
    /// The private key that signs the release; without one it stays unsigned
    #[arg(long)]
    key: Option<PathBuf>,
}

/// What a process may take.
#[derive(clap::Args)]
pub struct Effort {
    /// Worker threads; as many as there are processors unless given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Memory for the whole process: beyond it what grows with the corpus goes to disk, and tasks wait for one another
    /// (`512MiB`, `8GiB`)
    #[arg(long, value_name = "BYTES", value_parser = memory, default_value = "2GiB")]
    pub memory: u64,
}

impl Effort {
    /// Worker threads.
    pub fn threads(&self) -> usize {
        threads(self.threads)
    }
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    heeding(|stop| curate(arguments, stop))
}

fn curate(arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let plan = Plan::new(Config::load(&arguments.config, &arguments.set)?)?;
    for warning in plan.warnings(&super::today()) {
        tracing::warn!("{warning}");
    }
    let key = arguments.place.key()?;
    let (destination, release) = arguments.place.places()?;
    let ended_late = tidy_up(&release)?;
    if let Some(destination) = &destination {
        anyhow::ensure!(key.is_some(), "an object store takes signed releases only: give `--key`");
        destination.refuse_other(&release)?;
        if is_staged(&plan, &release)? {
            tracing::info!("`{}` holds the finished release; nothing is decided anew", release.display());
            return upload(destination, &release, stop);
        }
    } else if ended_late && holds(&plan, &release)? {
        tracing::info!("`{}` was finished when it was interrupted", release.display());
        let signed = release.join("manifest.sigstore.json").exists();
        return Ok(gate_code(signed || broken_gate(&release)?.is_empty()));
    }
    let salt_key = arguments.salt_key.as_deref().map(load_salt_key).transpose()?;
    let options = Options {
        release: release.clone(),
        key: key.as_ref(),
        salt_key,
        threads: arguments.effort.threads(),
        memory: arguments.effort.memory,
        stop: stop.clone(),
    };
    let outcome = pipeline::run(&plan, &options, progress::on_stderr().as_ref())?;
    conclude(&outcome, destination.as_ref(), &release, stop)
}

/// Tells what came of it and brings it where it belongs.
pub fn conclude(
    outcome: &Outcome,
    destination: Option<&Destination>,
    release: &Path,
    stop: &Stop,
) -> Result<ExitCode> {
    summarise(outcome, release)?;
    match (outcome.attested.gate.is_empty(), destination) {
        (true, Some(destination)) => upload(destination, release, stop),
        (kept, _) => Ok(gate_code(kept)),
    }
}

fn gate_code(kept: bool) -> ExitCode {
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Place {
    /// The key that signs.
    pub fn key(&self) -> Result<Option<SigningKey>> {
        self.key.as_deref().map(load_key).transpose()
    }

    /// Where the release is made, and where it is brought from there.
    pub fn places(&self) -> Result<(Option<Destination>, PathBuf)> {
        let destination = Destination::parse(&self.out)?;
        let release = match (&destination, &self.staging) {
            (None, None) => PathBuf::from(&self.out),
            (Some(_), Some(staging)) => staging.clone(),
            (Some(_), None) => {
                anyhow::bail!("`--out` is a URL: give `--staging DIR`, where the release is made first")
            }
            (None, Some(_)) => anyhow::bail!("`--staging` is for an `--out` in an object store"),
        };
        Ok((destination, release))
    }
}

fn upload(destination: &Destination, release: &Path, stop: &Stop) -> Result<ExitCode> {
    destination.upload(release, stop, progress::on_stderr().as_ref())?;
    say(format_args!("uploaded       {destination}"))?;
    Ok(ExitCode::SUCCESS)
}

/// The memory of a process.
pub fn memory(text: &str) -> std::result::Result<u64, String> {
    const LEAST: u64 = 64 << 20;
    match bytes(text)? {
        bytes if bytes >= LEAST => Ok(bytes),
        _ => Err("expected at least 64MiB".into()),
    }
}

/// Bytes from a number with a unit.
pub fn bytes(text: &str) -> std::result::Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text[digits.len()..].trim() {
        "" | "B" => Some(1),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        "TiB" => Some(1 << 40),
        _ => None,
    };
    let bytes =
        digits.parse::<u64>().ok().zip(unit).and_then(|(number, unit): (u64, u64)| number.checked_mul(unit));
    bytes.ok_or_else(|| "expected a whole number with B, KiB, MiB, GiB or TiB, such as `1GiB`".into())
}

/// Worker threads asked for, or one per processor.
pub fn threads(asked: Option<u16>) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    asked.map_or_else(processors, usize::from)
}

/// Reads a private key.
pub fn load_key(path: &Path) -> Result<SigningKey> {
    super::signing_key(path)
}

pub fn load_salt_key(path: &Path) -> Result<SaltKey> {
    let bytes = std::fs::read(path).with_context(|| format!("`{}`", path.display()))?;
    let len = bytes.len();
    let bytes = bytes
        .try_into()
        .map_err(|_| anyhow::anyhow!("`{}`: expected 32 bytes, got {len}", path.display()))?;
    Ok(SaltKey::from_bytes(bytes))
}

fn summarise(outcome: &Outcome, release: &Path) -> Result<()> {
    let predicate = &outcome.attested.sealed.statement.predicate;
    counts(&predicate.accounting)?;
    say(format_args!("decision root  {}", predicate.ledger.decision_root))?;
    say(format_args!("content root   {}", predicate.outputs.content_root))?;
    for broken in &outcome.attested.gate {
        say(format_args!("gate broken    {broken}"))?;
    }
    match (&outcome.attested.sealed.key_id, outcome.attested.gate.is_empty()) {
        (Some(key_id), _) => say(format_args!("signed         by key {key_id}"))?,
        (None, true) => {
            say(format_args!("unsigned       `probity sign {} --key KEY` completes it", release.display()))?
        }
        (None, false) => say("unsigned       a release that breaks its gate is not signed")?,
    }
    say(format_args!("release        {}", release.display()))
}

/// The table of fates and of what took records out.
pub fn counts(accounting: &Accounting) -> Result<()> {
    let Accounting { records_in, kept, edited, removed, quarantined, .. } = accounting;
    say(format_args!("records in     {records_in}"))?;
    say(format_args!("kept           {kept}, and {edited} with edits"))?;
    say(format_args!("removed        {removed}"))?;
    say(format_args!("quarantined    {quarantined}"))?;
    for rule in &accounting.by_rule {
        let name = format!("{}/{}", rule.stage, rule.rule);
        say(format_args!("  {:>9}  {name}", rule.removed + rule.quarantined))?;
    }
    if accounting.orphans > 0 {
        say(format_args!(
            "  {:>9}  of these duplicate a record that a later stage took out",
            accounting.orphans
        ))?;
    }
    Ok(())
}
