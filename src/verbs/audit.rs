//! `audit`: which records to look at, how many, and what the answer is worth.

use crate::say;
use anyhow::{Context, Result};
use manifests::audit::{Sample, sample_size, wilson};
use manifests::index::{LEDGER_INDEX, LedgerIndex};
use std::path::PathBuf;
use std::process::ExitCode;

/// Audit a release by sample.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    step: Step,
}

#[derive(clap::Subcommand)]
enum Step {
    /// Draw the records to open, by a seed chosen after the release was signed
    Sample(SampleArguments),
    /// How many records to look at
    Size {
        /// To see at least one bad record if this share of them is bad
        #[arg(long)]
        share: f64,
        /// With this confidence
        #[arg(long, default_value_t = 0.99)]
        confidence: f64,
    },
    /// Between which bounds the true share lies after looking (Wilson)
    Interval {
        /// Bad records found
        #[arg(long)]
        found: u64,
        /// Records looked at
        #[arg(long)]
        n: u64,
        /// With this confidence
        #[arg(long, default_value_t = 0.95)]
        confidence: f64,
    },
}

#[derive(clap::Args)]
struct SampleArguments {
    /// The release; its public view is enough
    release: PathBuf,
    /// The producer's public key
    #[arg(long, value_name = "PUB")]
    key: PathBuf,
    /// Anything that the producer could not know before signing
    #[arg(long)]
    seed: String,
    /// How many records
    #[arg(long)]
    n: u64,
    /// Where the sample goes, for `disclose --sample`; without it, to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.step {
        Step::Sample(arguments) => sample(arguments)?,
        Step::Size { share, confidence } => say(sample_size(*confidence, *share)?)?,
        Step::Interval { found, n, confidence } => {
            let (low, high) = wilson(*found, *n, *confidence)?;
            say(format_args!("{found} of {n}: between {:.4} % and {:.4} %", low * 100.0, high * 100.0))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn sample(arguments: &SampleArguments) -> Result<()> {
    let manifest = super::manifest(&arguments.release, &arguments.key)?;
    let path = arguments.release.join(LEDGER_INDEX);
    let bytes = std::fs::read(&path).with_context(|| format!("`{}`", path.display()))?;
    let signed = manifest.predicate().ledger.index.digest.sha256;
    anyhow::ensure!(
        manifests::digest::Sha256::of(&bytes) == signed,
        "`{}`: not the one the manifest signs",
        path.display()
    );
    let index: LedgerIndex =
        serde_json::from_slice(&bytes).with_context(|| format!("`{}`", path.display()))?;
    let root = manifest.predicate().ledger.record_root;
    let sample = Sample::draw(manifest.sha256(), root, &index, &arguments.seed, arguments.n)?;
    match &arguments.out {
        Some(path) => super::write_new(path, &sample.to_bytes()?),
        None => {
            sample.records.iter().try_for_each(|place| say(format_args!("{}:{}", place.shard, place.row)))
        }
    }
}
