//! `demo`: everything once, on a corpus made on the spot.

use super::init::Profile;
use super::{run, verify};
use crate::{progress, say};
use anyhow::{Context, Result};
use manifests::keys::{Algorithm, SigningKey};
use manifests::verify::Request;
use pipeline::{Config, Options, Plan, Stop};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Make a small corpus, curate it, sign it, verify it, and show a forgery being caught.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where everything goes; a number is added if it exists
    #[arg(long, value_name = "DIR", default_value = "probity-demo")]
    out: PathBuf,
    /// Seed of the corpus
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Records in the corpus
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(40..=10_000_000))]
    records: u32,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let folder = free_folder(&arguments.out)?;
    let shown = folder.display();
    let bytes = pipeline::samples::write(&folder.join("corpus"), arguments.seed, arguments.records as usize)?;
    say(format_args!(
        "1. made {} records, {:.1} MB of text, in {shown}/corpus",
        arguments.records,
        bytes as f64 / 1e6
    ))?;

    let config = folder.join("config.toml");
    let text = Profile::Pretraining.text().replace("\"*.parquet\"", "\"corpus/*.parquet\"");
    fs::write(&config, text).with_context(|| format!("`{}`", config.display()))?;
    let key_file = folder.join("producer.pem");
    let key = SigningKey::generate(Algorithm::P256)?;
    key.save(&key_file)?;

    let release = folder.join("release");
    let plan = Plan::new(Config::load(&config, &[])?)?;
    let options = Options {
        release: release.clone(),
        key: Some(&key),
        salt_key: None,
        threads: run::threads(None),
        memory: Options::MEMORY,
        stop: Stop::default(),
    };
    let outcome = pipeline::run(&plan, &options, progress::on_stderr().as_ref())?;
    say(format_args!("\n2. curated with the profile `pretraining` ({shown}/config.toml)"))?;
    run::counts(&outcome.attested.sealed.statement.predicate.accounting)?;
    show_examples(&release)?;

    say("\n4. checked with the public key alone")?;
    let public = key.public();
    let report = verify::check(&release, &public, &Request::default());
    say(&report)?;
    let forged = catch_forgery(&folder, &release, &public)?;
    where_to_look(&folder)?;
    let sound = report.exit_code() == 0 && forged;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The folder asked for, or the first free one with a number behind it.
fn free_folder(asked: &Path) -> Result<PathBuf> {
    let numbered = |n: u32| {
        let mut name = asked.as_os_str().to_os_string();
        if n > 1 {
            name.push(format!("-{n}"));
        }
        PathBuf::from(name)
    };
    let folder = (1..10_000).map(numbered).find(|folder| !folder.exists()).context("no free folder name")?;
    fs::create_dir_all(&folder).with_context(|| format!("`{}`", folder.display()))?;
    Ok(folder)
}

fn show_examples(release: &Path) -> Result<()> {
    say("\n3. one example of every reason")?;
    for (rule, example) in pipeline::examples(release, "text")? {
        let text: String =
            example.text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
        say(format_args!("  {rule}: {} measured {}, bound {}", example.id, example.value, example.bound))?;
        match &example.duplicate_of {
            Some((shard, row, similarity)) => {
                say(format_args!("      duplicates {shard}:{row}, similarity {similarity}"))?;
            }
            None => say(format_args!("      {text}"))?,
        }
    }
    Ok(())
}

/// Changes one byte in a copy and shows that the copy does not verify.
fn catch_forgery(folder: &Path, release: &Path, key: &manifests::keys::PublicKey) -> Result<bool> {
    let copy = folder.join("tampered");
    copy_folder(release, &copy)?;
    let victim = copy.join("data/part-00000.parquet");
    let mut bytes = fs::read(&victim).with_context(|| format!("`{}`", victim.display()))?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&victim, bytes).with_context(|| format!("`{}`", victim.display()))?;
    say(format_args!("\n5. changed one bit of {}", victim.display()))?;
    let report = verify::check(&copy, key, &Request::default());
    for check in report.failed() {
        say(format_args!(
            "  caught by {}: {}",
            check.id.as_str(),
            check.findings.first().map(ToString::to_string).unwrap_or_default()
        ))?;
    }
    Ok(report.exit_code() == 1)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("`{}`", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("`{}`", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| format!("`{}`", target.display()))?;
        }
    }
    Ok(())
}

fn where_to_look(folder: &Path) -> Result<()> {
    let shown = folder.display();
    say("\nwhere to look")?;
    say(format_args!("  {shown}/release/README.md            the card, rendered from the signed manifest"))?;
    say(format_args!("  {shown}/release/data/                the curated shards"))?;
    say(format_args!("  {shown}/release/auditor/ledger/      one row for every input record"))?;
    say("what to try")?;
    say(format_args!("  probity explain {shown}/release 0:3"))?;
    say(format_args!("  probity verify {shown}/release --key {shown}/producer.pub.pem"))?;
    say(format_args!("  probity verify {shown}/tampered --key {shown}/producer.pub.pem"))
}
