//! `retract`: takes named records down.

use super::run::load_key;
use crate::say;
use anyhow::{Context, Result};
use manifests::verify::{Level, Request};
use pipeline::retract::{Names, Options, Retracted};
use std::path::PathBuf;
use std::process::ExitCode;

/// Make a release without records that have to be taken down.
///
/// The new release is the successor of the old one, which is verified first and stays as it is. Nothing else is decided
/// anew, and no inputs are needed. Duplicates of a named record stay removed. What copies of the old release others have
/// is beyond this program.
#[derive(clap::Args)]
pub struct Arguments {
    /// The release, with its `auditor/` folder
    release: PathBuf,
    /// A file with one record a line: its id, or its place as SHARD:ROW
    #[arg(long, value_name = "FILE")]
    ids: PathBuf,
    /// Where the new release is made
    #[arg(long, value_name = "RELEASE")]
    out: PathBuf,
    /// The private key that signs it
    #[arg(long)]
    key: PathBuf,
    /// The public key of the old release, where it was another
    #[arg(long, value_name = "PUB")]
    previous_key: Option<PathBuf>,
    /// Go on without the names that no record has
    #[arg(long)]
    ignore_unknown: bool,
    /// Take down released records with the same text too
    #[arg(long)]
    equal_texts: bool,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let old = &arguments.release;
    anyhow::ensure!(old.is_dir(), "`{}`: not a directory", old.display());
    let key = load_key(&arguments.key)?;
    let public = match &arguments.previous_key {
        Some(path) => super::verify::load_public_key(path)?,
        None => key.public(),
    };
    let names = Names::load(&arguments.ids)?;
    let levels = vec![Level::Signature, Level::Files, Level::Ledger, Level::Content];
    let request = Request { levels: Some(levels), ..Request::default() };
    let report = super::verify::check(old, &public, &request);
    if report.exit_code() != 0 {
        say(&report)?;
        anyhow::bail!("`{}` does not verify; nothing is made from it", old.display());
    }
    let previous = super::manifest_under(old, &public)?;
    let options = Options {
        names: &names,
        ignore_unknown: arguments.ignore_unknown,
        equal_texts: arguments.equal_texts,
    };
    let retracted = pipeline::retract::retract(old, &previous, &arguments.out, &key, &options)?;
    match arguments.json {
        true => say(serde_json::to_string_pretty(&retracted)?)?,
        false => print(&retracted, arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(done: &Retracted, arguments: &Arguments) -> Result<()> {
    say(format_args!("retracted      {}", done.retracted))?;
    for record in &done.already_out {
        say(format_args!("was not out    {record}: its decision stands"))?;
    }
    for name in &done.unknown {
        say(format_args!("unknown        {name}"))?;
    }
    say(format_args!("texts dropped  {} from `auditor/removed`", done.texts_dropped))?;
    say(format_args!(
        "orphaned       {} duplicates of retracted records, which stay removed",
        done.orphaned
    ))?;
    for record in &done.equal_texts {
        say(format_args!("same text      {record} is still released; `--equal-texts` takes it down too"))?;
    }
    say(format_args!("written        {}", done.written.join(", ")))?;
    let key_id =
        done.sealed.as_ref().and_then(|sealed| sealed.key_id.clone()).context("the release is not signed")?;
    say(format_args!("signed         release {} by key {key_id}", done.sequence))?;
    say(format_args!("release        {}", arguments.out.display()))
}
