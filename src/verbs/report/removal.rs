//! The table of over-removal.

use crate::say;
use anyhow::Result;
use manifests::audit::Interval;
use pipeline::report::{OverRemoval, Question, Row};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn print(told: &OverRemoval, question: &Question, limit: usize) -> Result<()> {
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
    let value = super::value(&row.value);
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
