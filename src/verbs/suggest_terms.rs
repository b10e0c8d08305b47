//! `suggest-terms`: candidates for a pack, for a person to confirm.

use super::pack::texts_of;
use crate::say;
use anyhow::Result;
use filters::suggest::{Wanted, suggest};
use std::path::PathBuf;
use std::process::ExitCode;

/// Suggest terms that tell a corpus about a subject from one that is near to it. Nothing goes into a pack before a
/// person has confirmed it.
#[derive(clap::Args)]
pub struct Arguments {
    /// Texts about the subject: Parquet or JSON Lines
    positive: PathBuf,
    /// Texts that are near to it and harmless: the terms are only as good as these
    negative: PathBuf,
    /// The column that holds the text
    #[arg(long, default_value = "text")]
    column: String,
    /// Most words of a term
    #[arg(long, value_name = "N", default_value_t = Wanted::default().words_max, value_parser = words)]
    words_max: usize,
    /// Fewest texts about the subject that a term stands in
    #[arg(long, value_name = "N", default_value_t = Wanted::default().documents_min)]
    documents_min: usize,
    /// Smallest share of a term's texts that are about the subject, were both corpora of one size
    #[arg(long, default_value_t = Wanted::default().ratio_min)]
    ratio_min: f64,
    /// Share of the texts about the subject to be found
    #[arg(long, default_value_t = Wanted::default().recall)]
    recall: f64,
    /// Largest share of the other texts that may be found with them
    #[arg(long, default_value_t = Wanted::default().budget)]
    budget: f64,
    /// Most terms
    #[arg(long, value_name = "N", default_value_t = Wanted::default().terms_max)]
    terms_max: usize,
}

fn words(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(words @ 1..=filters::pack::TERM_WORDS_MAX) => Ok(words),
        _ => Err(format!("expected 1 to {}", filters::pack::TERM_WORDS_MAX)),
    }
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let positive = texts_of(&arguments.positive, &arguments.column)?;
    let negative = texts_of(&arguments.negative, &arguments.column)?;
    let wanted = Wanted {
        words_max: arguments.words_max,
        documents_min: arguments.documents_min,
        ratio_min: arguments.ratio_min,
        recall: arguments.recall,
        budget: arguments.budget,
        terms_max: arguments.terms_max,
    };
    let positive: Vec<&str> = positive.iter().map(String::as_str).collect();
    let negative: Vec<&str> = negative.iter().map(String::as_str).collect();
    say("term\tpositive\tnegative\tratio\tlog_odds\trecall\tremoved")?;
    for one in suggest(&positive, &negative, wanted) {
        say(format_args!(
            "{}\t{}\t{}\t{:.3}\t{:.1}\t{:.3}\t{:.4}",
            one.term, one.positive, one.negative, one.ratio, one.log_odds, one.recall, one.removed
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
