//! `threshold`: what thresholds cost and find, and the one a policy chooses.

use super::eval::Labels;
use crate::say;
use anyhow::Result;
use pipeline::evaluation::{Point, Policy, Scorer, threshold};
use std::process::ExitCode;

/// Print the curve of a classifier over labelled records, and the threshold for a recall, a precision or a budget.
#[derive(clap::Args)]
pub struct Arguments {
    /// A shipped model's name, or a file of `probity train` or fastText
    model: String,
    /// The label whose probability is the score; the largest of all unless given. Needed where labels exclude each other
    #[arg(long)]
    head: Option<String>,
    #[command(flatten)]
    truth: Labels,
    #[command(flatten)]
    policy: Chosen,
    /// Print as JSON, with every point
    #[arg(long)]
    json: bool,
}

/// One of four policies.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Chosen {
    /// Find at least this share of the positives
    #[arg(long, value_name = "SHARE")]
    recall: Option<f64>,
    /// Of what is flagged, at least this share is positive
    #[arg(long, value_name = "SHARE")]
    precision: Option<f64>,
    /// Flag at most this share of all documents
    #[arg(long, value_name = "SHARE")]
    budget_docs: Option<f64>,
    /// Flag documents with at most this share of all tokens (words)
    #[arg(long, value_name = "SHARE")]
    budget_tokens: Option<f64>,
}

impl Chosen {
    fn policy(&self) -> Option<Policy> {
        self.recall
            .map(Policy::Recall)
            .or(self.precision.map(Policy::Precision))
            .or(self.budget_docs.map(Policy::Documents))
            .or(self.budget_tokens.map(Policy::Tokens))
    }
}

/// Points of the printed curve.
const POINTS: usize = 40;

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let scorer = Scorer::open(&arguments.model, arguments.head.as_deref())?;
    let policy = arguments.policy.policy().ok_or_else(|| anyhow::anyhow!("no policy is given"))?;
    let (curve, chosen) = threshold(&scorer, &arguments.truth.truth(None), policy)?;
    if arguments.json {
        let told = serde_json::json!({ "policy": policy, "chosen": chosen, "curve": curve.points() });
        say(serde_json::to_string_pretty(&told)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!(
        "{:>12} {:>9} {:>9} {:>9} {:>9}",
        "threshold", "recall", "precision", "documents", "tokens"
    ))?;
    curve.thinned(POINTS).iter().try_for_each(|point| say(line(point)))?;
    say(format_args!("\nchosen:\n{}", line(&chosen)))?;
    Ok(ExitCode::SUCCESS)
}

fn line(point: &Point) -> String {
    format!(
        "{:>12.8} {:>9.4} {:>9.4} {:>9.4} {:>9.4}",
        point.threshold, point.recall, point.precision, point.documents, point.tokens
    )
}
