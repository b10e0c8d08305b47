//! `audit`: which records to look at, how many, and what the answer is worth.

use crate::say;
use anyhow::{Context, Result};
use manifests::audit::attest::AuditResult;
use manifests::audit::{
    Counts, Design, Frame, Interval, Labels, Outcome, Sample, StratifiedSample, TARGET, sample_size, wilson,
};
use manifests::digest::Sha256;
use manifests::index::{INPUTS_INDEX, InputsIndex, LEDGER_INDEX, LedgerIndex};
use manifests::verify::{Checked, public_stages};
use pipeline::ReleaseEvidence;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
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
    /// Draw so many records of every stratum; needs the ledger
    Plan(PlanArguments),
    /// Show the records of a sample by strata one by one, and take down whether they belong in the data set
    Label(super::audit_label::Arguments),
    /// Tell what the answers of one or two reviewers come to
    Result(ResultArguments),
    /// Sign what the answers come to: attestations/audit-NAME.sigstore.json
    Attest(AttestArguments),
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

#[derive(clap::Args)]
struct PlanArguments {
    /// The release, with its `auditor/` folder
    release: PathBuf,
    /// The producer's public key
    #[arg(long, value_name = "PUB")]
    key: PathBuf,
    /// Anything that the producer could not know before signing
    #[arg(long)]
    seed: String,
    /// Most records of one stratum; with fewer than 400 it is called insufficient, unless there are no more
    #[arg(long, value_name = "N", default_value_t = TARGET)]
    per_stratum: u64,
    /// What makes strata beside the fate: `source`, `category` (the rule of the first span), or columns of the ledger
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', default_value = "stage")]
    by: Vec<String>,
    /// A column of numbers whose tenths make strata, too
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// Audit only what these stages took out, and what was released
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    stages: Vec<String>,
    /// Where the sample goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(clap::Args)]
struct ResultArguments {
    /// The sample
    sample: PathBuf,
    /// The answers of one or two reviewers
    #[arg(required = true, num_args = 1..=2)]
    labels: Vec<PathBuf>,
    /// The answers that decide where two reviewers differ; without it a difference counts as an error
    #[arg(long, value_name = "LABELS")]
    decide: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct AttestArguments {
    /// The release, with its `auditor/` folder
    release: PathBuf,
    /// The sample
    #[arg(long, value_name = "FILE")]
    sample: PathBuf,
    /// The answers of a reviewer; once or twice
    #[arg(long, required = true)]
    labels: Vec<PathBuf>,
    /// The answers that decide where two reviewers differ
    #[arg(long, value_name = "LABELS")]
    decide: Option<PathBuf>,
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
    /// RFC 3339 in UTC, instead of the clock
    #[arg(long)]
    time: Option<String>,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.step {
        Step::Sample(arguments) => sample(arguments)?,
        Step::Plan(arguments) => plan(arguments)?,
        Step::Label(arguments) => super::audit_label::call(arguments)?,
        Step::Result(arguments) => result(arguments)?,
        Step::Attest(arguments) => attest(arguments)?,
        Step::Size { share, confidence } => say(sample_size(*confidence, *share)?)?,
        Step::Interval { found, n, confidence } => {
            let Interval { low, high } = wilson(*found, *n, *confidence)?;
            say(format_args!("{found} of {n}: between {:.4} % and {:.4} %", low * 100.0, high * 100.0))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn sample(arguments: &SampleArguments) -> Result<()> {
    let signed = Signed::open(&arguments.release, &arguments.key)?;
    let manifest = &signed.manifest;
    let root = manifest.predicate().ledger.record_root;
    let sample = Sample::draw(manifest.sha256(), root, &signed.ledger, &arguments.seed, arguments.n)?;
    match &arguments.out {
        Some(path) => super::write_new(path, &sample.to_bytes()?),
        None => {
            sample.records.iter().try_for_each(|place| say(format_args!("{}:{}", place.shard, place.row)))
        }
    }
}

/// A manifest and the index files it signs.
pub struct Signed {
    manifest: Checked,
    pub ledger: LedgerIndex,
    inputs: InputsIndex,
    evidence: ReleaseEvidence,
    root: PathBuf,
}

impl Signed {
    fn open(release: &Path, key: &Path) -> Result<Self> {
        let manifest = super::manifest(release, key)?;
        let predicate = manifest.predicate();
        Ok(Self {
            ledger: index(release, LEDGER_INDEX, predicate.ledger.index.digest.sha256)?,
            inputs: index(release, INPUTS_INDEX, predicate.inputs.index.digest.sha256)?,
            evidence: ReleaseEvidence::of(release),
            root: release.to_path_buf(),
            manifest,
        })
    }

    fn frame(&self) -> Frame<'_> {
        Frame { root: &self.root, ledger: &self.ledger, inputs: &self.inputs, evidence: &self.evidence }
    }
}

fn index<T: DeserializeOwned>(release: &Path, name: &str, signed: Sha256) -> Result<T> {
    let path = release.join(name);
    let bytes = std::fs::read(&path).with_context(|| format!("`{}`", path.display()))?;
    anyhow::ensure!(Sha256::of(&bytes) == signed, "`{}`: not the one the manifest signs", path.display());
    serde_json::from_slice(&bytes).with_context(|| format!("`{}`", path.display()))
}

fn plan(arguments: &PlanArguments) -> Result<()> {
    let signed = Signed::open(&arguments.release, &arguments.key)?;
    let design = Design {
        by: arguments.by.clone(),
        per_stratum: arguments.per_stratum,
        score: arguments.score.clone(),
        stages: (!arguments.stages.is_empty()).then(|| arguments.stages.clone()),
    };
    let sample = signed.frame().draw(signed.manifest.sha256(), &arguments.seed, &design)?;
    super::write_new(&arguments.out, &sample.to_bytes()?)?;
    for stratum in &sample.strata {
        let (records, drawn) = (stratum.records, stratum.places.len() as u64);
        let few = if drawn < TARGET.min(records) { "  insufficient" } else { "" };
        say(format_args!("{drawn:>7} of {records:>9}  {}{few}", stratum.key.join(" / ")))?;
    }
    let drawn: usize = sample.strata.iter().map(|stratum| stratum.places.len()).sum();
    say(format_args!("{drawn:>7} records of {} strata in {}", sample.strata.len(), arguments.out.display()))
}

/// Reads a sample by strata.
pub fn load_sample(path: &Path) -> Result<StratifiedSample> {
    let bytes = std::fs::read(path).with_context(|| format!("`{}`", path.display()))?;
    StratifiedSample::parse(&bytes).with_context(|| format!("`{}`", path.display()))
}

/// Reads files of answers, each with its digest.
fn load_labels<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> Result<Vec<(Labels, Sha256)>> {
    let one = |path: &PathBuf| {
        let bytes = std::fs::read(path).with_context(|| format!("`{}`", path.display()))?;
        let labels = Labels::parse(&bytes).with_context(|| format!("`{}`", path.display()))?;
        Ok((labels, Sha256::of(&bytes)))
    };
    paths.map(one).collect()
}

fn result(arguments: &ResultArguments) -> Result<()> {
    let sample = load_sample(&arguments.sample)?;
    let labels = load_labels(arguments.labels.iter())?;
    let labels: Vec<Labels> = labels.into_iter().map(|(labels, _)| labels).collect();
    let decides = load_labels(arguments.decide.iter())?.pop().map(|(labels, _)| labels);
    let (outcome, differ) = Outcome::of(&sample, &labels, decides.as_ref())?;
    if arguments.json {
        let whole = serde_json::json!({"outcome": outcome, "differences": differ});
        return say(serde_json::to_string_pretty(&whole)?);
    }
    for counts in &outcome.strata {
        let Counts { labelled, records, errors, open, .. } = counts;
        let bounds = counts.interval.as_ref().map_or("unknown".to_owned(), |[a, b]| format!("[{a}, {b}]"));
        let few = if counts.sufficient { "" } else { "  insufficient" };
        let (what, key) = (counts.side().error(), counts.key.join(" / "));
        say(format_args!(
            "{errors:>6} {what}, {open} of them open, of {labelled} looked at of {records}  {bounds}  {key}{few}"
        ))?;
    }
    outcome.sides.iter().try_for_each(say)?;
    if let Some(agreement) = &outcome.agreement {
        let kappa = agreement.kappa.as_deref().unwrap_or("undefined");
        say(format_args!("two reviewers: Cohen's kappa {kappa}, {} differences", differ.len()))?;
    }
    differ.iter().try_for_each(|place| say(format_args!("differ on {}:{}", place.shard, place.row)))
}

fn attest(arguments: &AttestArguments) -> Result<()> {
    let auditor = super::signing_key(&arguments.key)?;
    let signed = Signed::open(&arguments.release, &arguments.producer)?;
    let sample = load_sample(&arguments.sample)?;
    sample.redrawn(&signed.frame()).with_context(|| format!("`{}`", arguments.sample.display()))?;
    let labels = load_labels(arguments.labels.iter().chain(&arguments.decide))?;
    let config = std::fs::read(arguments.release.join("config.public.json"))?;
    let who = (arguments.id.as_str(), arguments.time.as_deref());
    let public = public_stages(&config);
    let decides = arguments.decide.is_some();
    let result = AuditResult::new(&signed.manifest, &sample, &labels, decides, &public, who)?;
    let file = result.add(&arguments.release, &arguments.name, &auditor)?;
    say(format_args!("{file} by key {}", auditor.public().key_id()))
}
