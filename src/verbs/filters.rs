//! `filters`: the stages there are.

use crate::say;
use anyhow::Result;
use pipeline::Description;
use std::process::ExitCode;

/// List the stages there are, or describe one.
#[derive(clap::Args)]
pub struct Arguments {
    /// Describe this one: what it measures, its rules, its keys with their defaults
    name: Option<String>,
    /// Print the reference of all stages as Markdown
    #[arg(long, conflicts_with = "name")]
    markdown: bool,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.markdown {
        say(pipeline::reference()?.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let all = pipeline::describe()?;
    match &arguments.name {
        None => list(&all)?,
        Some(name) => match all.iter().find(|d| d.name == name) {
            Some(found) => say(found.to_markdown().trim_end())?,
            None => {
                let names: Vec<&str> = all.iter().map(|d| d.name).collect();
                anyhow::bail!("no stage `{name}`; there are: {}", names.join(", "));
            }
        },
    }
    Ok(ExitCode::SUCCESS)
}

fn list(all: &[Description]) -> Result<()> {
    for kind in ["filter", "scorer", "barrier"] {
        say(format_args!("{kind}s"))?;
        for description in all.iter().filter(|d| d.kind == kind) {
            say(format_args!("  {:20} {}", description.name, description.summary))?;
        }
    }
    Ok(())
}
