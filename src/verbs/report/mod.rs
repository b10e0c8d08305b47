//! `report`: what stages do to a corpus, told from the ledger, and what audits found.

mod curves;
mod overlap;
mod removal;
mod shift;

use crate::say;
use anyhow::Result;
use manifests::audit::Interval;
use manifests::audit::attest::Audited;
use manifests::keys::PublicKey;
use manifests::verify::{Level, Request};
use pipeline::report::{self, CurveOf, Distance, Grain, Question, Share, Truth, usual_slices};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

/// Tell, from the ledger, what share of each part of the corpus stages take out, and its ratio to that of the rest.
///
/// Slices are the declared sources, tenths of the length, every column `…/label`, and what `--by` names. Intervals are
/// of 95 %, Wilson's for shares and Donner and Zou's for ratios. `--curve`, `--overlap` and `--shift` tell something
/// else instead; they may be combined.
#[derive(clap::Args)]
pub struct Arguments {
    /// The release, with its `auditor/` folder
    release: PathBuf,
    /// Tell what share passes other bounds on a recorded number; may be given several times
    #[arg(long, value_name = "STAGE/COLUMN[:at_least|:at_most]")]
    curve: Vec<CurveOf>,
    /// Weigh the records of curves by this number, such as a count of tokens, instead of by bytes of text
    #[arg(long, value_name = "COLUMN", requires = "curve")]
    weight: Option<String>,
    /// Tell which stages, or `rules`, take out the same records
    #[arg(long, value_name = "stages|rules", num_args = 0..=1, require_equals = true, default_missing_value = "stages")]
    overlap: Option<Grain>,
    /// Tell how each stage shifts the mixture of sources, lengths, labels, and what `--by` names
    #[arg(long)]
    shift: bool,
    /// Cut by this column of the ledger, too (`identity/escalated`); may be given several times
    #[arg(long, value_name = "COLUMN")]
    by: Vec<String>,
    /// Only records where a column has this value, such as those labelled harmless: shares are false-positive rates
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = column_value, conflicts_with_all = ["curve", "overlap", "shift"])]
    harmless: Option<(String, String)>,
    /// Look for the column of `--harmless` in this Parquet or JSON Lines file instead, whose rows name records by id
    #[arg(long, value_name = "FILE", requires = "harmless")]
    truth: Option<PathBuf>,
    /// The column of that file with the id
    #[arg(long, value_name = "COLUMN", default_value = "id")]
    id: String,
    /// Show at most this many rows of each table, those that tell most first
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

/// What was asked for; the keys are those of the JSON.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    #[serde(skip_serializing_if = "Option::is_none")]
    over_removal: Option<report::OverRemoval>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    curves: Vec<report::Curve>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap: Option<report::Overlap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shift: Option<report::Shift>,
    audits: Vec<Audited>,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let release = &arguments.release;
    let effects = !arguments.curve.is_empty() || arguments.overlap.is_some() || arguments.shift;
    let question = Question {
        slices: slices(arguments)?,
        harmless: arguments.harmless.clone(),
        truth: arguments.truth.clone().map(|file| Truth { file, id: arguments.id.clone() }),
    };
    let told = Told {
        over_removal: (!effects).then(|| report::report(release, &question)).transpose()?,
        curves: match arguments.curve.as_slice() {
            [] => Vec::new(),
            asked => report::curves(release, asked, arguments.weight.as_deref())?,
        },
        overlap: arguments.overlap.map(|grain| report::overlap(release, grain)).transpose()?,
        shift: arguments.shift.then(|| report::shift(release, &question.slices)).transpose()?,
        audits: match &arguments.key {
            Some(path) => audits(arguments, &super::verify::load_public_key(path)?)?,
            None => Vec::new(),
        },
    };
    match arguments.json {
        true => say(serde_json::to_string_pretty(&told)?)?,
        false => print(&told, &question, arguments.limit)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The slices that every report has and those asked for, each once.
fn slices(arguments: &Arguments) -> Result<Vec<String>> {
    let mut slices = usual_slices(&arguments.release)?;
    slices.extend(arguments.by.iter().cloned());
    let mut seen = BTreeSet::new();
    slices.retain(|slice| seen.insert(slice.clone()));
    Ok(slices)
}

fn print(told: &Told, question: &Question, limit: usize) -> Result<()> {
    if let Some(removal) = &told.over_removal {
        removal::print(removal, question, limit)?;
    }
    told.curves.iter().try_for_each(curves::print)?;
    if let Some(overlap) = &told.overlap {
        overlap::print(overlap, limit)?;
    }
    if let Some(shift) = &told.shift {
        shift::print(shift, limit)?;
    }
    told.audits.iter().try_for_each(say)
}

/// The audits by trusted auditors; a release whose signatures do not hold has none to show.
fn audits(arguments: &Arguments, key: &PublicKey) -> Result<Vec<Audited>> {
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

/// `12.34 % [11.00, 13.60]`.
fn percent(share: Option<Share>) -> String {
    share.map_or("-".into(), |Share { share, interval: Interval { low, high } }| {
        format!("{:.2} % [{:.2}, {:.2}]", share * 100.0, low * 100.0, high * 100.0)
    })
}

/// `0.0123 [0.0100, 0.0150], by chance up to 0.0020`.
fn distance(distance: Option<Distance>) -> String {
    distance.map_or("-".into(), |Distance { value, interval: Interval { low, high }, by_chance }| {
        format!("{value:.4} [{low:.4}, {high:.4}], by chance up to {by_chance:.4}")
    })
}

/// A part's value, or what stands for none.
fn value(value: &str) -> &str {
    if value.is_empty() { "(none)" } else { value }
}
