//! `check-proof`: whether a proof, or what was disclosed, is what the manifest signs.

use crate::say;
use anyhow::{Context, Result};
use manifests::audit::Sample;
use manifests::ledger::LedgerRow;
use manifests::proof::{CheckError, Disclosed, Proof, Revelation};
use manifests::verify::Checked;
use std::path::PathBuf;
use std::process::ExitCode;

/// Check a proof, or a disclosure, against a signed manifest.
///
/// Exit code 0: it holds. 1: it does not. 2: a file cannot be read.
#[derive(clap::Args)]
pub struct Arguments {
    /// What `prove` or `disclose` wrote
    proof: PathBuf,
    /// The release, or its `manifest.sigstore.json`
    #[arg(long, value_name = "RELEASE")]
    manifest: PathBuf,
    /// The producer's public key
    #[arg(long, value_name = "PUB")]
    key: PathBuf,
    /// A file with the text that the record is said to have had as it came in
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// The sample that was asked for: every record of it must be there
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    sample: Option<PathBuf>,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let manifest = match super::manifest(&arguments.manifest, &arguments.key) {
        Ok(manifest) => manifest,
        Err(error) if error.downcast_ref::<manifests::verify::ManifestError>().is_some() => {
            say(format_args!("NOT proved: {error:#}"))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error),
    };
    let read = |path: &PathBuf| std::fs::read(path).with_context(|| format!("`{}`", path.display()));
    let bytes = read(&arguments.proof)?;
    let text = arguments.text.as_ref().map(read).transpose()?;
    let sample = arguments.sample.as_ref().map(read).transpose()?;
    match check(&bytes, &manifest, text.as_deref(), sample.as_deref()) {
        Ok(lines) => {
            lines.iter().try_for_each(say)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            say(format_args!("NOT proved: {why}"))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn check(
    bytes: &[u8],
    manifest: &Checked,
    text: Option<&[u8]>,
    sample: Option<&[u8]>,
) -> Result<Vec<String>, CheckError> {
    match Revelation::parse(bytes)? {
        Revelation::Proof(proof) => {
            let row = proof.check(manifest)?;
            let mut lines = vec![told(&proof, &row)];
            if let Some(text) = text {
                proof.check_text(text)?;
                lines.push("the text is the one the record came in with".to_owned());
            }
            if let Some(sample) = sample {
                covered(&[*proof], manifest, sample)?;
            }
            Ok(lines)
        }
        Revelation::Disclosed(disclosed) => all(&disclosed, manifest, text, sample),
    }
}

fn all(
    disclosed: &Disclosed,
    manifest: &Checked,
    text: Option<&[u8]>,
    sample: Option<&[u8]>,
) -> Result<Vec<String>, CheckError> {
    let (fields, rows) = disclosed.check(manifest)?;
    let mut lines: Vec<String> =
        fields.iter().map(|field| format!("`{}` is {}", field.name(), field.value())).collect();
    lines.extend(disclosed.records.iter().zip(&rows).map(|(proof, row)| told(proof, row)));
    if let Some(text) = text {
        let held = disclosed.records.iter().find(|proof| proof.check_text(text).is_ok());
        let proof =
            held.ok_or(CheckError::Disclosure("no opened record came in with this text".to_owned()))?;
        lines.push(format!("the text is that of {}:{}", proof.shard.name, proof.record.row()?.row));
    }
    if let Some(sample) = sample {
        covered(&disclosed.records, manifest, sample)?;
        lines.push(format!("all {} records of the sample are there", disclosed.records.len()));
    }
    Ok(lines)
}

/// Every record of a sample of this release is among the proofs.
fn covered(proofs: &[Proof], manifest: &Checked, sample: &[u8]) -> Result<(), CheckError> {
    let sample = Sample::parse_any(sample).map_err(|error| CheckError::Disclosure(error.to_string()))?;
    if sample.manifest != manifest.sha256() {
        return Err(CheckError::Disclosure("the sample is of another release".to_owned()));
    }
    for place in &sample.records {
        let found = proofs.iter().any(|proof| {
            proof.shard.name == place.shard && proof.record.row().is_ok_and(|row| row.row == place.row)
        });
        if !found {
            let why = format!("`{}:{}` of the sample is not opened", place.shard, place.row);
            return Err(CheckError::Disclosure(why));
        }
    }
    Ok(())
}

fn told(proof: &Proof, row: &LedgerRow) -> String {
    let mut line = format!("proved: {}:{} was {}", proof.shard.name, row.row, row.fate);
    if let (Some(stage), Some(rule)) = (&row.stage, &row.rule) {
        line += &format!(" by {stage}/{rule}");
    }
    if let (Some(value), Some(bound)) = (&row.value, &row.bound) {
        line += &format!(", which measured {value} against {bound}");
    }
    if let Some((stem, of)) = &row.duplicate_of {
        line += &format!(", as a duplicate of {stem}:{of}");
    }
    line
}
