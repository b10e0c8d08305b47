//! `pack attack`: recall under disguise, and its cost.

use super::{Data, compile, load_all, percent};
use crate::say;
use anyhow::Result;
use filters::attacks::measure;
use filters::pack::Thresholds;
use std::process::ExitCode;

/// Disguise every term that packs find in twelve ways and tell how many are still found, as written and with both ways
/// of looking; and how many harmless texts are escalated that were not, and in how many a term of any weight is found,
/// as they are and with every eighth word disguised.
#[derive(clap::Args)]
pub struct Arguments {
    /// Shipped packs by name, own ones by path; those of the profile `high-risk` where none is given
    #[arg(long, num_args = 1.., value_name = "PACK")]
    packs: Vec<String>,
    #[command(flatten)]
    data: Data,
    /// Labels of harmless texts; all texts count as harmless where none is given
    #[arg(long, value_name = "LABEL")]
    harmless: Vec<String>,
    /// The seed of the disguises
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let book = compile(&load_all(&arguments.packs)?)?;
    let texts = arguments.data.texts()?;
    let plain: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    let labels = &arguments.harmless;
    let harmless = |nth: usize| {
        labels.is_empty() || texts[nth].label.as_ref().is_some_and(|label| labels.contains(label))
    };
    let report = measure(&book, &plain, harmless, Thresholds::default(), arguments.seed);
    say(format_args!(
        "{} texts, {} terms found as written, seed {}",
        report.texts, report.terms, arguments.seed
    ))?;
    let share = |texts: u64| percent(texts, report.harmless);
    for (what, raw, both) in [
        ("hold a term", report.raw.found, report.both.found),
        ("are escalated", report.raw.escalated, report.both.escalated),
    ] {
        let (raw, both) = (share(raw), share(both));
        say(format_args!(
            "{} harmless texts: {raw:.3} % {what} as written, {both:.3} % either way, {:.3} points more",
            report.harmless,
            both - raw
        ))?;
    }
    say(format_args!(
        "{:12} {:>12} {:>12} {:>20} {:>20}",
        "attack", "recall raw", "recall both", "newly escalated, %", "newly found, %"
    ))?;
    let clean = report.harmless - report.both.found;
    let passed = report.harmless - report.both.escalated;
    for row in &report.attacks {
        let recall = |found: u64| percent(found, report.terms) / 100.0;
        say(format_args!(
            "{:12} {:>12.3} {:>12.3} {:>20.3} {:>20.3}",
            row.attack.name(),
            recall(row.found_raw),
            recall(row.found),
            percent(row.newly.escalated, passed),
            percent(row.newly.found, clean)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
