//! `eval`: how good scorers are on labelled records.

use super::train::shown;
use crate::say;
use anyhow::Result;
use pipeline::evaluation::{Evaluation, Measures, Method, Scorer, Truth, evaluate};
use std::path::PathBuf;
use std::process::ExitCode;

/// Tell how good classifiers, or scores in a column, are on labelled Parquet files. Two are called different only where
/// neither their intervals overlap nor that of their difference, on the same draws of records, holds 0.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("scorers").args(["model", "score"]).required(true).multiple(true)))]
pub struct Arguments {
    /// A shipped model's name, or a file of `probity train` or fastText; several are compared
    #[arg(long)]
    model: Vec<String>,
    /// A column of numbers in the labelled files, scores made elsewhere: compared like a model
    #[arg(long, value_name = "COLUMN")]
    score: Vec<String>,
    /// The label whose probability is the score: once for all models, or for each in their order; the largest of all unless
    /// given. Needed where labels exclude each other
    #[arg(long, value_name = "LABEL", requires = "model")]
    head: Vec<String>,
    #[command(flatten)]
    truth: Labels,
    /// Tell rates for each value of this column, too
    #[arg(long, value_name = "COLUMN", requires = "positive")]
    by: Option<String>,
    /// The threshold; the one stored with the label, or 0.5, unless given
    #[arg(long, value_parser = finite)]
    threshold: Option<f64>,
    /// Draws of the bootstrap; fewer than a hundred would make no 95 % interval
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    rounds: u32,
    /// Disguise texts in twelve ways, and tell how many positives are still flagged when every word of theirs is, and how
    /// many more negatives when every eighth word of theirs is
    #[arg(long, requires_all = ["positive", "model"])]
    attacks: bool,
    /// The seed of the disguises
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Which records, and what is true of them.
#[derive(clap::Args)]
pub struct Labels {
    /// Parquet files
    #[arg(long, value_name = "FILE", required = true)]
    data: Vec<PathBuf>,
    /// The column with the text
    #[arg(long, default_value = "text")]
    text: String,
    /// The column with the label
    #[arg(long, default_value = "label")]
    label: String,
    /// A value that is a yes; without any, labels are numbers
    #[arg(long, value_name = "VALUE")]
    positive: Vec<String>,
    /// A value that is a no; all others unless given
    #[arg(long, value_name = "VALUE")]
    negative: Vec<String>,
}

impl Labels {
    pub fn truth(&self, by: Option<String>) -> Truth {
        Truth {
            data: self.data.clone(),
            text: self.text.clone(),
            label: self.label.clone(),
            positive: self.positive.clone(),
            negative: self.negative.clone(),
            by,
        }
    }
}

/// A number that a score can exceed.
fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "expected a finite number".into())
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let mut scorers = models(arguments)?;
    scorers.extend(arguments.score.iter().map(|column| Scorer::column(column)));
    let truth = arguments.truth.truth(arguments.by.clone());
    let method = Method {
        threshold: arguments.threshold,
        rounds: arguments.rounds as usize,
        attacks: arguments.attacks.then_some(arguments.seed),
    };
    let told = evaluate(&scorers, &truth, method)?;
    match arguments.json {
        true => say(serde_json::to_string_pretty(&told)?)?,
        false => print(&told)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn models(arguments: &Arguments) -> Result<Vec<Scorer>> {
    let Arguments { model, head, .. } = arguments;
    anyhow::ensure!(
        head.len() < 2 || head.len() == model.len(),
        "`--head` is given {} times for {} models, expected once or once for each",
        head.len(),
        model.len()
    );
    let head = |at: usize| head.get(at).or(head.first()).map(String::as_str);
    model.iter().enumerate().map(|(at, name)| Ok(Scorer::open(name, head(at))?)).collect()
}

fn print(told: &Evaluation) -> Result<()> {
    say(format_args!("records            {}", told.records))?;
    if told.unlabelled > 0 {
        say(format_args!("left out           {}, labelled neither yes nor no", told.unlabelled))?;
    }
    told.scorers.iter().try_for_each(scorer)?;
    for verdict in &told.verdicts {
        let [one, other] = &verdict.models;
        match &verdict.better {
            Some(better) => say(format_args!(
                "{}: `{better}` is better; `{one}` less `{other}` is {}",
                verdict.measure,
                shown(Some(verdict.difference))
            ))?,
            None => say(format_args!(
                "{}: no difference between `{one}` and `{other}` is shown: their intervals overlap",
                verdict.measure
            ))?,
        }
    }
    Ok(())
}

fn scorer(of: &Measures) -> Result<()> {
    say(format_args!("\n{} {}", of.model, of.head.as_deref().unwrap_or("")))?;
    for (name, interval) in [
        ("AUC", of.auc),
        ("average precision", of.average_precision),
        ("rank correlation", of.rank_correlation),
        ("Pearson", of.pearson),
        ("RMSE", of.rmse),
        ("calibration error", of.calibration_error),
    ] {
        say(format_args!("{name:18} {}", shown(interval)))?;
    }
    if let Some(at) = &of.at_threshold {
        say(format_args!(
            "above {:<12.6} {} of the positives and {} of the negatives; F1 {}",
            of.threshold,
            at.true_positives,
            at.false_positives,
            at.f1().map_or("-".into(), |f1| format!("{f1:.3}"))
        ))?;
    }
    say(format_args!("{:18} {:>9}  {:18} {:18}", "kept at most", "records", "negatives", "positives"))?;
    for kept in &of.retention {
        let (no, yes) = (shown(kept.negatives), shown(kept.positives));
        say(format_args!("{:<18.6} {:>9.4}  {no:18} {yes:18}", kept.threshold, kept.records))?;
    }
    if !of.slices.is_empty() {
        say(format_args!(
            "{:34} {:>9}  {:18} {:>9}  {:18}",
            "slice", "negatives", "flagged", "positives", "flagged"
        ))?;
    }
    for slice in &of.slices {
        let (no, yes) = (shown(slice.negatives_flagged), shown(slice.positives_flagged));
        say(format_args!(
            "{:34} {:>9}  {no:18} {:>9}  {yes:18}",
            slice.value, slice.negatives, slice.positives
        ))?;
    }
    if !of.attacks.is_empty() {
        say(format_args!("{:18} {:18} negatives flagged for it", "attack", "positives flagged"))?;
    }
    for row in &of.attacks {
        say(format_args!("{:18} {:18} {}", row.attack, shown(row.recall), shown(row.false_positives)))?;
    }
    Ok(())
}
