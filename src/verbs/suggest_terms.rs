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
    #[arg(long, default_value_t = Wanted::default().ratio_min, value_parser = share)]
    ratio_min: f64,
    /// Share of the texts about the subject to be found
    #[arg(long, default_value_t = Wanted::default().recall, value_parser = share)]
    recall: f64,
    /// Largest share of the other texts that may be found with them
    #[arg(long, default_value_t = Wanted::default().budget, value_parser = share)]
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

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a share from 0 to 1".to_string()),
    }
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let positive = texts_of(&arguments.positive, &arguments.column)?;
    let negative = texts_of(&arguments.negative, &arguments.column)?;
    for (path, texts) in [(&arguments.positive, &positive), (&arguments.negative, &negative)] {
        if texts.is_empty() {
            anyhow::bail!("`{}`: holds no texts", path.display());
        }
    }
    if positive == negative {
        anyhow::bail!("the two files hold the same texts: nothing tells one from the other");
    }
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
    let suggestions = suggest(&positive, &negative, wanted);
    for one in &suggestions {
        say(format_args!(
            "{}\t{}\t{}\t{:.3}\t{:.1}\t{:.3}\t{:.4}",
            one.term, one.positive, one.negative, one.ratio, one.log_odds, one.recall, one.removed
        ))?;
    }
    let reached = suggestions.last().map_or(0.0, |last| last.recall);
    if reached < wanted.recall {
        tracing::warn!(
            "the terms find {reached:.3} of the texts about the subject, not {}: more budget, terms or texts may",
            wanted.recall
        );
    }
    Ok(ExitCode::SUCCESS)
}
