//! `pack hash`: a list that may be used and not read.

use crate::say;
use anyhow::{Context, Result};
use clap::builder::NonEmptyStringValueParser;
use filters::pack::hash_list;
use std::path::PathBuf;
use std::process::ExitCode;

/// Turn a list of terms, one a line, into the `hashed` key of a group. Lines that begin with `#` are left out.
#[derive(clap::Args)]
pub struct Arguments {
    /// The list
    list: PathBuf,
    /// What is hashed before each term: long and random, and not used for another list
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    salt: String,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let path = &arguments.list;
    let text = std::fs::read_to_string(path).with_context(|| format!("`{}`", path.display()))?;
    let list = hash_list(&arguments.salt, text.lines())
        .map_err(|why| anyhow::anyhow!("`{}`: {why}", path.display()))?;
    if list.terms.is_empty() {
        anyhow::bail!("`{}`: holds no terms", path.display());
    }
    say("[group.hashed]")?;
    say(format_args!("salt = {}", serde_json::to_string(&arguments.salt)?))?;
    say(format_args!("words_max = {}", list.words_max))?;
    for (key, hashes, a_line) in [("tags", &list.tags, 12), ("terms", &list.terms, 3)] {
        say(format_args!("{key} = ["))?;
        for line in hashes.chunks(a_line) {
            let quoted: Vec<String> = line.iter().map(|hash| format!("\"{hash}\"")).collect();
            say(format_args!("  {},", quoted.join(", ")))?;
        }
        say("]")?;
    }
    Ok(ExitCode::SUCCESS)
}
