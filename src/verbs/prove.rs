//! `prove`: what became of one record, for somebody who sees nothing else of the release.

use crate::say;
use anyhow::{Context, Result};
use manifests::proof::Maker;
use pipeline::ReleaseEvidence;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Prove what became of one record, without showing any other.
#[derive(clap::Args)]
pub struct Arguments {
    /// The signed release, with its `auditor/` folder
    release: PathBuf,
    /// The record: `SHARD:ROW`, by the shard's number or name, or its id
    #[arg(long)]
    record: String,
    /// Open the record's commitment too, so that a text can be held against it
    #[arg(long)]
    open: bool,
    /// Where the proof goes; without it, to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let mut maker = Maker::open(&arguments.release)?;
    let place = place(&maker, &arguments.release, &arguments.record)?;
    let evidence = ReleaseEvidence::of(&arguments.release);
    let proofs = maker.records(&[place], arguments.open, &evidence)?;
    let proof = proofs.first().context("there is no such record")?.to_bytes()?;
    match &arguments.out {
        Some(path) => super::write_new(path, &proof)?,
        None => say(String::from_utf8_lossy(&proof))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Shard number and row of a record.
pub fn place(maker: &Maker, release: &Path, record: &str) -> Result<(u32, u64)> {
    let named = record.rsplit_once(':').and_then(|(stem, row)| Some((maker.shard(stem)?, row.parse().ok()?)));
    if let Some(place) = named {
        return Ok(place);
    }
    let told = pipeline::explain(release, record)?;
    Ok((told.shard, told.row))
}
