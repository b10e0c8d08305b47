//! `pack`: everything about a rule pack that needs no run.

mod attack;
mod bench;
mod diff;
mod hash;
mod lint;

use anyhow::{Context, Result};
use clap::Subcommand;
use filters::pack::{HAZARDS, Origin, Outcome, Pack, Rulebook, SHIPPED, Sight, Thresholds, shipped};
use pipeline::rows::{LabelledText, labelled_texts};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Check, test, compare, time and attack rule packs, or hash a list for one.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Tell everything that is wrong with packs, and the digest of each
    Lint(lint::Arguments),
    /// Run the must-hit and must-miss texts of packs
    Test(lint::TestArguments),
    /// Tell which decisions change between two versions of a pack on a frozen corpus
    Diff(diff::Arguments),
    /// Turn a list of terms into salted hashes
    Hash(hash::Arguments),
    /// Disguise terms in twelve ways and tell how many are still found, and what looking for them costs
    Attack(attack::Arguments),
    /// Time packs on one core
    Bench(bench::Arguments),
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.verb {
        Verb::Lint(a) => lint::call(a),
        Verb::Test(a) => lint::call_test(a),
        Verb::Diff(a) => diff::call(a),
        Verb::Hash(a) => hash::call(a),
        Verb::Attack(a) => attack::call(a),
        Verb::Bench(a) => bench::call(a),
    }
}

/// Reads a pack that ships with the program, or a file.
fn load(name: &str) -> Result<Pack> {
    if let Some(content) = shipped(name) {
        return Ok(Pack::parse(name, content.as_bytes())?);
    }
    let bytes = std::fs::read(name).with_context(|| {
        let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        format!("`{name}` is no shipped pack ({}) and cannot be read as a file", names.join(", "))
    })?;
    Ok(Pack::parse(name, &bytes)?)
}

/// Reads packs, those of the profile `high-risk` where none is named.
fn load_all(names: &[String]) -> Result<Vec<Pack>> {
    if names.is_empty() {
        return HAZARDS.iter().map(|name| load(name)).collect();
    }
    names.iter().map(|name| load(name)).collect()
}

fn compile(packs: &[Pack]) -> Result<Rulebook> {
    Rulebook::new(packs).map_err(anyhow::Error::msg)
}

/// Texts of files, as arguments.
#[derive(clap::Args)]
pub struct Data {
    /// Parquet or JSON Lines files; columns `source` and `label` are used where there are any
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    data: Vec<PathBuf>,
    /// The column that holds the text
    #[arg(long, default_value = "text")]
    column: String,
    /// Only texts of these sources
    #[arg(long, value_name = "SOURCE")]
    only: Vec<String>,
}

impl Data {
    fn texts(&self) -> Result<Vec<LabelledText>> {
        let mut all = Vec::new();
        for path in &self.data {
            all.extend(labelled_texts(path, &self.column)?);
        }
        if !self.only.is_empty() {
            all.retain(|text| text.source.as_ref().is_some_and(|source| self.only.contains(source)));
        }
        Ok(all)
    }
}

/// The texts of one file.
pub(super) fn texts_of(path: &Path, column: &str) -> Result<Vec<String>> {
    Ok(labelled_texts(path, column)?.into_iter().map(|text| text.text).collect())
}

/// What a text is decided by packs with the stage's own thresholds.
fn decide(book: &Rulebook, text: &LabelledText, sights: &[Sight]) -> Outcome {
    book.outcome(&book.judge(&text.text, origin(text), sights), Thresholds::default())
}

fn origin(text: &LabelledText) -> Origin<'_> {
    Origin { source: text.source.as_deref().unwrap_or_default(), language: None }
}

/// A share in per cent.
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
