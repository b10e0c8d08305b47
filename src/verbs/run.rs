//! `run`: the main job.

use crate::interrupt::heeding;
use crate::{progress, say};
use anyhow::{Context, Result};
use manifests::keys::SigningKey;
use manifests::ledger::SaltKey;
use manifests::predicate::Accounting;
use pipeline::{Config, Destination, Made, Options, Outcome, Override, Plan, Stop, parse_memory};
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
    #[arg(long, value_name = "BYTES", value_parser = parse_memory, default_value = "2GiB")]
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
    let place = arguments.place.place(key.as_ref())?;
    let salt_key = arguments.salt_key.as_deref().map(load_salt_key).transpose()?;
    let options = Options {
        release: place.release.clone(),
        key: key.as_ref(),
        salt_key,
        threads: arguments.effort.threads(),
        memory: arguments.effort.memory,
        stop: stop.clone(),
    };
    let made = place.make(&plan, &options, progress::on_stderr().as_ref())?;
    conclude(&made, &place, stop)
}

/// Tells what came of it and brings it where it belongs.
pub fn conclude(made: &Made, place: &pipeline::Place, stop: &Stop) -> Result<ExitCode> {
    if let Made::Now(outcome) = made {
        summarise(outcome, &place.release)?;
    }
    if !made.gate().is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    if let Some(destination) = &place.destination {
        destination.upload(&place.release, stop, progress::on_stderr().as_ref())?;
        say(format_args!("uploaded       {destination}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Place {
    /// The key that signs.
    pub fn key(&self) -> Result<Option<SigningKey>> {
        self.key.as_deref().map(load_key).transpose()
    }

    /// Where the release is made, and where it is brought from there.
    pub fn place(&self, key: Option<&SigningKey>) -> Result<pipeline::Place> {
        let destination = Destination::parse(&self.out)?;
        let release = match (&destination, &self.staging) {
            (None, None) => PathBuf::from(&self.out),
            (Some(_), Some(staging)) => staging.clone(),
            (Some(_), None) => {
                anyhow::bail!("`--out` is a URL: give `--staging DIR`, where the release is made first")
            }
            (None, Some(_)) => anyhow::bail!("`--staging` is for an `--out` in an object store"),
        };
        anyhow::ensure!(
            key.is_some() || destination.is_none(),
            "an object store takes signed releases only: give `--key`"
        );
        Ok(pipeline::Place { release, destination })
    }
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
