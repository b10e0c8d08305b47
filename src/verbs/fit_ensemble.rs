//! `fit-ensemble`: a mapping of several scores to one.

use crate::say;
use anyhow::{Result, bail};
use clap::ValueEnum;
use pipeline::ensembles::{Combined, Recipe, fit_ensemble};
use std::path::PathBuf;
use std::process::ExitCode;

/// Make the mapping of an `ensemble` stage from the scores in a release's ledger: percentiles by language, how they are
/// combined, and 20 buckets. The same ledger gives the same bytes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The release, with its `auditor/` folder, whose stages recorded the scores
    release: PathBuf,
    /// A score: a column of the ledger, or a stage for its column `score`; give it once for each
    #[arg(long, value_name = "COLUMN", required = true)]
    score: Vec<String>,
    /// The column of the language, such as `language/label`; one table for all records unless given
    #[arg(long, value_name = "COLUMN")]
    language: Option<String>,
    /// How percentiles become one score
    #[arg(long, value_enum, default_value = "maximum")]
    combine: Combine,
    /// For `logistic`: the column of the labels and the value that good records have
    #[arg(long, value_name = "COLUMN=VALUE")]
    label: Option<String>,
    /// Fewest records of a language for a table of its own; other languages have that of all records
    #[arg(long, value_name = "N", default_value_t = 1000)]
    records_min: u64,
    /// Where the mapping is written; must not be there yet
    #[arg(long, value_name = "MAPPING")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Combine {
    /// The largest percentile, as Nemotron-CC has it
    Maximum,
    /// The mean of the percentiles
    Mean,
    /// A probability, learnt from labels
    Logistic,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let combination = match (arguments.combine, arguments.label.as_deref().map(|label| label.split_once('=')))
    {
        (Combine::Maximum, None) => Combined::Maximum,
        (Combine::Mean, None) => Combined::Mean,
        (Combine::Logistic, Some(Some((column, value)))) => Combined::Learnt(column.into(), value.into()),
        (Combine::Logistic, _) => bail!("`--combine logistic` needs `--label COLUMN=VALUE`"),
        (_, Some(_)) => bail!("`--label` is of no use without `--combine logistic`"),
    };
    let recipe = Recipe {
        scores: arguments.score.clone(),
        language: arguments.language.clone(),
        combination,
        records_min: arguments.records_min,
    };
    let made = fit_ensemble(&arguments.release, &recipe)?;
    super::write_new(&arguments.out, &made.mapping)?;
    say(format_args!("records      {}", made.records))?;
    say(format_args!("with scores  {}", made.scored))?;
    if arguments.label.is_some() {
        say(format_args!("labelled     {}", made.labelled))?;
    }
    say(format_args!("mapping      {} bytes", made.mapping.len()))?;
    Ok(ExitCode::SUCCESS)
}
