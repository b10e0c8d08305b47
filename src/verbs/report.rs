//! `report`: over-removal by slices, and what audits found.

use crate::say;
use anyhow::Result;
use manifests::audit::Interval;
use manifests::keys::PublicKey;
use manifests::verify::{Level, Request};
use pipeline::report::{OverRemoval, Question, Row, Truth, report, usual_slices};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

/// Tell, from the ledger, what share of each part of the corpus stages take out, and its ratio to that of the rest.
///
/// Slices are the declared sources, tenths of the length, every column `…/label`, and what `--by` names. Intervals are
/// of 95 %, Wilson's for shares and Donner and Zou's for ratios.
#[derive(clap::Args)]
pub struct Arguments {
    /// The release, with its `auditor/` folder
    release: PathBuf,
    /// Cut by this column of the ledger, too (`identity/escalated`); may be given several times
    #[arg(long, value_name = "COLUMN")]
    by: Vec<String>,
    /// Only records where a column has this value, such as those labelled harmless: shares are false-positive rates
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = column_value)]
    harmless: Option<(String, String)>,
    /// Look for the column of `--harmless` in this Parquet or JSON Lines file instead, whose rows name records by id
    #[arg(long, value_name = "FILE", requires = "harmless")]
    truth: Option<PathBuf>,
    /// The column of that file with the id
    #[arg(long, value_name = "COLUMN", default_value = "id")]
    id: String,
    /// Show at most this many rows of each slice, those with the largest lower bound of the ratio first
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// The producer's public key, to show audits
    #[arg(long, value_name = "PUB")]
    key: Option<PathBuf>,
    /// The public key of an auditor whose audits are shown; may be given several times
    #[arg(long, value_name = "PUB", requires = "key")]
    auditor: Vec<PathBuf>,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

fn column_value(text: &str) -> std::result::Result<(String, String), String> {
    let (column, value) = text.split_once('=').ok_or("expected `COLUMN=VALUE`")?;
    Ok((column.to_string(), value.to_string()))
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let mut slices = usual_slices(&arguments.release)?;
    slices.extend(arguments.by.iter().cloned());
    let mut seen = BTreeSet::new();
    slices.retain(|slice| seen.insert(slice.clone()));
    let truth = arguments.truth.clone().map(|file| Truth { file, id: arguments.id.clone() });
    let question = Question { slices, harmless: arguments.harmless.clone(), truth };
    let told = report(&arguments.release, &question)?;
    let audits = match &arguments.key {
        Some(path) => audits(arguments, &super::verify::load_public_key(path)?)?,
        None => Vec::new(),
    };
    if arguments.json {
        let whole = serde_json::json!({"overRemoval": told, "audits": audits});
        say(serde_json::to_string_pretty(&whole)?)?;
    } else {
        print(&told, &question, arguments.limit)?;
        audits.iter().try_for_each(say)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The audits by trusted auditors; a release whose signatures do not hold has none to show.
fn audits(arguments: &Arguments, key: &PublicKey) -> Result<Vec<manifests::audit::attest::Audited>> {
    let auditors = arguments.auditor.iter().map(|path| super::verify::load_public_key(path));
    let request = Request {
        levels: Some(vec![Level::Signature]),
        auditors: auditors.collect::<Result<_>>()?,
        ..Request::default()
    };
    let report = super::verify::check(&arguments.release, key, &request);
    anyhow::ensure!(report.exit_code() == 0, "the signatures do not hold:\n{report}");
    Ok(report.audits)
}

fn print(told: &OverRemoval, question: &Question, limit: usize) -> Result<()> {
    say(format_args!("records        {}", told.records))?;
    if let Some((column, value)) = &question.harmless {
        say(format_args!("               those where {column} is {value}"))?;
    }
    let repeated = repeated(&told.rows);
    for slice in &question.slices {
        let of_slice = |row: &&Row| {
            let comparable = row.rest.0 > 0 && row.ratio.is_some();
            row.slice == *slice && comparable && !repeated.contains(row.by.as_str())
        };
        let mut rows: Vec<&Row> = told.rows.iter().filter(of_slice).collect();
        rows.sort_by(|a, b| low(b).total_cmp(&low(a)));
        if rows.is_empty() {
            say(format_args!("{slice}: nothing to compare"))?;
            continue;
        }
        say(format_args!("{slice}"))?;
        rows.iter().take(limit).try_for_each(|row| say(line(row)))?;
        if rows.len() > limit && limit > 0 {
            say(format_args!("  and {} more rows: `--limit {}` shows all", rows.len() - limit, rows.len()))?;
        }
    }
    Ok(())
}

/// Stages of which one rule took out everything, whose rows would say the same twice.
fn repeated(rows: &[Row]) -> BTreeSet<&str> {
    let mut rules: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.rule) {
        if let Some((stage, rule)) = row.by.split_once('/') {
            rules.entry(stage).or_default().insert(rule);
        }
    }
    rules.into_iter().filter(|(_, rules)| rules.len() == 1).map(|(stage, _)| stage).collect()
}

fn low(row: &Row) -> f64 {
    row.ratio_interval.map_or(0.0, |ratio| ratio.low)
}

/// `  guardian                 gopher-quality   12.3 % [11.0, 13.6] of 2400   2.10 x the rest [1.80, 2.44]`
fn line(row: &Row) -> String {
    let percent = |share: f64| share * 100.0;
    let Interval { low, high } = row.interval;
    let ratio = row
        .ratio_interval
        .zip(row.ratio)
        .map(|(bounds, ratio)| format!("{ratio:.2} x the rest [{:.2}, {:.2}]", bounds.low, bounds.high));
    let value = if row.value.is_empty() { "(none)" } else { &row.value };
    format!(
        "  {value:24} {:40} {:6.2} % [{:.2}, {:.2}] of {:<8} {}",
        row.by,
        percent(row.share),
        percent(low),
        percent(high),
        row.records,
        ratio.unwrap_or_default()
    )
}
