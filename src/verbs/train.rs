//! `train`: a linear classifier from labelled files.

use crate::say;
use anyhow::Result;
use pipeline::evaluation::Interval;
use pipeline::training::{LabelReport, Recipe, TrainingReport, train_model};
use std::path::PathBuf;
use std::process::ExitCode;

/// Train a linear classifier as a recipe says, and tell how good it is on texts it did not learn from. The same recipe
/// and files give the same bytes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The recipe: a TOML file that names labelled files, their licences and what their labels mean
    recipe: PathBuf,
    /// The folder of the labelled files; the recipe's unless given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the model is written; must not be there yet
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let recipe = Recipe::load(&arguments.recipe)?;
    let beside = arguments.recipe.parent().map(PathBuf::from).unwrap_or_default();
    let folder = arguments.data.clone().unwrap_or(beside);
    let name = arguments.recipe.file_name().unwrap_or_default().to_string_lossy();
    let training = train_model(&recipe, &folder, &format!("probity train {name} --data DATA --out MODEL"))?;
    super::write_new(&arguments.out, &training.model)?;
    match arguments.json {
        true => say(serde_json::to_string_pretty(&training.report)?)?,
        false => print(&training.report, training.model.len())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(report: &TrainingReport, bytes: usize) -> Result<()> {
    say(format_args!("{} records, a model of {bytes} bytes; on texts not learnt from:\n", report.records))?;
    let graded = report.labels.iter().any(|label| label.rmse.is_some());
    say(match graded {
        true => {
            format!("{:16} {:>8}  {:18} {:18} {:18}", "grade of", "records", "RMSE", "Pearson", "Spearman")
        }
        false => format!(
            "{:16} {:>8} {:>8}  {:18} {:18} {:18} {:>9} {:>9} {:>9}",
            "label",
            "with",
            "without",
            "AUC",
            "average precision",
            "calibration error",
            "threshold",
            "recall",
            "precision"
        ),
    })?;
    for label in &report.labels {
        say(if graded { graded_line(label) } else { line(label) })?;
    }
    match report.macro_f1 {
        Some(f1) => say(format_args!("\nmacro-F1 {f1:.4}")),
        None => Ok(()),
    }
}

fn graded_line(label: &LabelReport) -> String {
    let [rmse, pearson, spearman] = [label.rmse, label.pearson, label.spearman].map(shown);
    format!("{:16} {:>8}  {rmse:18} {pearson:18} {spearman:18}", label.name, label.positives)
}

fn line(label: &LabelReport) -> String {
    let share = |part: u64, rest: u64| part as f64 / (part + rest).max(1) as f64;
    let at = label.at_threshold.unwrap_or_default();
    format!(
        "{:16} {:>8} {:>8}  {:18} {:18} {:18} {:>9.4} {:>9.4} {:>9.4}",
        label.name,
        label.positives,
        label.negatives,
        shown(label.auc),
        shown(label.average_precision),
        shown(label.calibration_error),
        label.threshold.unwrap_or(1.0),
        share(at.true_positives, at.false_negatives),
        share(at.true_positives, at.false_positives),
    )
}

/// `value low-high`, or a dash.
pub fn shown(interval: Option<Interval>) -> String {
    interval.map_or("-".into(), |of| format!("{:.3} {:.3}-{:.3}", of.value, of.low, of.high))
}
