//! `disclose`: opens chosen records and committed fields to one reader.

use crate::say;
use anyhow::{Context, Result};
use manifests::audit::Sample;
use manifests::proof::Maker;
use pipeline::ReleaseEvidence;
use std::path::PathBuf;
use std::process::ExitCode;

/// Open chosen records and committed fields to one reader, who checks them with `check-proof`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The signed release, with its `auditor/` folder
    release: PathBuf,
    /// A record: `SHARD:ROW`, by the shard's number or name, or its id; may be given several times
    #[arg(long)]
    record: Vec<String>,
    /// A committed field: `config.stages.N`, `accounting.byRule` or `assets`; may be given several times
    #[arg(long, value_name = "NAME")]
    field: Vec<String>,
    /// The records of a sample that `audit sample` drew
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// Where the disclosure goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let mut maker = Maker::open(&arguments.release)?;
    let record = |record: &String| super::prove::place(&maker, &arguments.release, record);
    let mut places = arguments.record.iter().map(record).collect::<Result<Vec<_>>>()?;
    if let Some(path) = &arguments.sample {
        let bytes = std::fs::read(path).with_context(|| format!("`{}`", path.display()))?;
        let sample = Sample::parse_any(&bytes).with_context(|| format!("`{}`", path.display()))?;
        anyhow::ensure!(
            sample.manifest == maker.manifest(),
            "`{}`: a sample of another release",
            path.display()
        );
        for place in sample.records {
            let shard = maker.shard(&place.shard).with_context(|| format!("no shard `{}`", place.shard))?;
            places.push((shard, place.row));
        }
    }
    anyhow::ensure!(
        !places.is_empty() || !arguments.field.is_empty(),
        "nothing is to be opened: give `--record`, `--field` or `--sample`"
    );
    let evidence = ReleaseEvidence::of(&arguments.release);
    let disclosed = maker.disclose(&places, &arguments.field, &evidence)?;
    super::write_new(&arguments.out, &disclosed.to_bytes()?)?;
    let (records, fields) = (disclosed.records.len(), disclosed.fields.len());
    say(format_args!("{records} records and {fields} fields opened in {}", arguments.out.display()))?;
    Ok(ExitCode::SUCCESS)
}
