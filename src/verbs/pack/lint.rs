//! `pack lint` and `pack test`.

use super::{load_all, origin};
use crate::say;
use anyhow::Result;
use filters::pack::Pack;
use pipeline::rows::labelled_texts;
use std::path::PathBuf;
use std::process::ExitCode;

/// Tell everything that is wrong with packs, and the digest of each: exit code 1 if anything is.
#[derive(clap::Args)]
pub struct Arguments {
    /// Shipped packs by name, own ones by path; those of the profile `high-risk` where none is given
    packs: Vec<String>,
    /// The day to compare expiry with, YYYY-MM-DD: no clock is read
    #[arg(long, value_name = "DAY")]
    today: Option<String>,
    /// Parquet or JSON Lines files: a term that makes more than a quarter of a pack's hits there is wrong, too
    #[arg(long, num_args = 1.., value_name = "FILE")]
    corpus: Vec<PathBuf>,
    /// The column of the corpus that holds the text
    #[arg(long, default_value = "text")]
    column: String,
}

/// Run the must-hit and must-miss texts of packs: exit code 1 if one does not come out as written.
#[derive(clap::Args)]
pub struct TestArguments {
    /// Shipped packs by name, own ones by path; those of the profile `high-risk` where none is given
    packs: Vec<String>,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let mut texts = Vec::new();
    for path in &arguments.corpus {
        texts.extend(labelled_texts(path, &arguments.column)?);
    }
    tell(&arguments.packs, |pack| {
        let mut found = pack.lint(arguments.today.as_deref());
        found.extend(pack.lint_hits(texts.iter().map(|text| (text.text.as_str(), origin(text)))));
        found
    })
}

pub fn call_test(arguments: &TestArguments) -> Result<ExitCode> {
    tell(&arguments.packs, Pack::test)
}

fn tell(names: &[String], look: impl Fn(&Pack) -> Vec<String>) -> Result<ExitCode> {
    let mut good = true;
    for pack in load_all(names)? {
        let found = look(&pack);
        let terms: usize = pack
            .groups
            .iter()
            .map(|group| group.terms.len() + group.hashed.as_ref().map_or(0, |list| list.terms.len()))
            .sum();
        let state = if found.is_empty() { "good" } else { "wrong" };
        say(format_args!("{} {}: {state}, {terms} terms, sha256 {}", pack.id, pack.version, pack.digest()))?;
        for line in &found {
            say(format_args!("  {line}"))?;
        }
        good &= found.is_empty();
    }
    Ok(ExitCode::from(u8::from(!good)))
}
