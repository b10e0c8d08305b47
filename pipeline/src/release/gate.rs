//! The gate: limits a release must keep to be signed. All of them are asked of what the release itself holds, so that
//! `sign` comes to the same answer as `run`, and an auditor can ask again.

mod ratios;

use crate::Result;
use crate::config::Gate;
use crate::files::finished;
use crate::plan::{Plan, Step};
use crate::report::{LENGTH, SOURCE};
use filters::{Action, Measure};
use manifests::predicate::{Accounting, Statement};
use serde::Deserialize;
use std::path::Path;

/// The part of the public configuration that holds the limits.
#[derive(Deserialize)]
struct PublicConfig {
    gate: Option<Gate>,
}

/// The limits that an unsigned release breaks, in words.
pub fn broken_gate(release: &Path) -> Result<Vec<String>> {
    let config: PublicConfig = finished::json(release, "config.public.json")?;
    let statement: Statement = finished::json(release, "manifest.json")?;
    broken(config.gate.as_ref(), &statement.predicate.accounting, release)
}

/// The limits that are broken, in words; empty when the release may be signed.
pub(crate) fn broken(gate: Option<&Gate>, accounting: &Accounting, release: &Path) -> Result<Vec<String>> {
    let Some(gate) = gate else { return Ok(Vec::new()) };
    let mut broken = totals(gate, accounting);
    broken.extend(ratios::broken(gate, release)?);
    Ok(broken)
}

/// Limits of totals. Stages that are not published cannot be named, so the totals of the manifest suffice.
fn totals(gate: &Gate, accounting: &Accounting) -> Vec<String> {
    let stage = |name: &String| accounting.by_stage.iter().find(|stage| stage.stage == *name);
    let by_stage = gate.removed_ppm_max_by_stage.iter().map(|(name, limit)| {
        let taken = stage(name).map_or(0, |stage| stage.removed + stage.quarantined);
        (format!("removed_ppm_max_by_stage.{name}"), Some(*limit), taken)
    });
    let whole = [
        ("quarantined_ppm_max".to_string(), gate.quarantined_ppm_max, accounting.quarantined),
        ("removed_ppm_max".to_string(), gate.removed_ppm_max, accounting.removed),
    ];
    let mut broken = Vec::new();
    for (key, limit, count) in whole.into_iter().chain(by_stage) {
        let Some(limit) = limit else { continue };
        // count / in > limit / 10^6, without division
        if u128::from(count) * 1_000_000 > u128::from(limit) * u128::from(accounting.records_in) {
            let ppm = u128::from(count) * 1_000_000 / u128::from(accounting.records_in.max(1));
            broken.push(format!(
                "`gate.{key}` is {limit}, got {ppm} ({count} of {} records)",
                accounting.records_in
            ));
        }
    }
    broken
}

/// What is wrong with the limits of a plan: a key that could never have an effect is an error.
pub(crate) fn check(plan: &Plan) -> std::result::Result<(), String> {
    let Some(gate) = &plan.config.file.gate else { return Ok(()) };
    for name in gate.removed_ppm_max_by_stage.keys() {
        let place = plan.stages.iter().position(|stage| stage.name == *name);
        let place =
            place.ok_or_else(|| format!("`gate.removed_ppm_max_by_stage` names no stage: `{name}`"))?;
        published(plan, place)?;
        if !takes_out(plan, place) {
            return Err(format!("`gate.removed_ppm_max_by_stage`: `{name}` takes nothing out"));
        }
    }
    let limits = [gate.slice_ratio_max, gate.false_positive_ratio_max];
    if limits.iter().any(Option::is_some) == gate.slices.is_empty() {
        return Err(
            "`gate.slices` and a limit (`slice_ratio_max`, `false_positive_ratio_max`) need each other"
                .into(),
        );
    }
    if gate.slices.is_empty() && gate.slice_records_min.is_some() {
        return Err("`gate.slice_records_min` has no effect without `gate.slices`".into());
    }
    if gate.slice_records_min == Some(0) {
        return Err("`gate.slice_records_min` is 0, expected at least 1".into());
    }
    if limits.iter().flatten().any(|limit| limit.get() < 1.0) {
        return Err("a limit of a ratio under `gate` is below 1, expected at least 1".into());
    }
    if gate.false_positive_ratio_max.is_some() != gate.harmless.is_some() {
        return Err("`gate.false_positive_ratio_max` and `gate.harmless` need each other".into());
    }
    let columns = gate.slices.iter().filter(|slice| !matches!(slice.as_str(), SOURCE | LENGTH)).cloned();
    let harmless = match &gate.harmless {
        Some(harmless) => {
            let parts = harmless.parts();
            Some(parts.ok_or_else(|| format!("`gate.harmless` is {harmless}, expected `COLUMN=VALUE`"))?.0)
        }
        None => None,
    };
    columns.chain(harmless).try_for_each(|name| column(plan, &name))
}

/// A column that makes slices is recorded, may be named in public, and is there for every record.
fn column(plan: &Plan, name: &str) -> std::result::Result<(), String> {
    let known = plan.columns();
    if !known.iter().any(|(column, _)| column == name) {
        let names: Vec<&str> = known.iter().map(|(column, _)| column.as_str()).collect();
        return Err(format!("`gate` names no column: `{name}`; there are {}", names.join(", ")));
    }
    let stage = name.split_once('/').map_or(name, |(stage, _)| stage);
    let Some(place) = plan.stages.iter().position(|known| known.name == stage) else { return Ok(()) };
    published(plan, place)?;
    match incomplete(plan, place) {
        Some(why) => Err(format!("`gate` names `{name}`, {why}")),
        None => Ok(()),
    }
}

/// Why some records lack what the stage at this place records, if they do.
pub(crate) fn incomplete(plan: &Plan, place: usize) -> Option<String> {
    let earlier = (0..place).find(|earlier| takes_out(plan, *earlier));
    let earlier = earlier.filter(|_| plan.config.file.measure != Measure::All)?;
    Some(format!(
        "which records that `{}` took out do not have: put `{}` before it, or set `measure = \"all\"`",
        plan.stages[earlier].name, plan.stages[place].name
    ))
}

/// The limits stand in the public configuration.
fn published(plan: &Plan, place: usize) -> std::result::Result<(), String> {
    match plan.withheld().contains(&place) {
        true => Err(format!("`gate` names `{}`, which is not published", plan.stages[place].name)),
        false => Ok(()),
    }
}

fn takes_out(plan: &Plan, place: usize) -> bool {
    let stage = &plan.stages[place];
    match &stage.step {
        Step::Judge { slots, .. } => !slots.rules.is_empty() && stage.action != Action::Tag,
        Step::Barrier(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounting(records_in: u64, quarantined: u64) -> Accounting {
        Accounting {
            records_in,
            kept: records_in - quarantined,
            edited: 0,
            removed: 0,
            quarantined,
            orphans: 0,
            repeated: 0,
            by_stage: Vec::new(),
            by_rule: Vec::new(),
        }
    }

    #[test]
    fn a_limit_is_broken_only_above_itself() {
        let gate = Gate { quarantined_ppm_max: Some(1000), ..Gate::default() };
        for (records, quarantined, ok) in [(1000, 1, true), (1000, 2, false), (0, 0, true), (999, 1, false)] {
            assert_eq!(
                totals(&gate, &accounting(records, quarantined)).is_empty(),
                ok,
                "{quarantined}/{records}"
            );
        }
        let none = Gate { quarantined_ppm_max: Some(0), ..Gate::default() };
        assert_eq!(
            totals(&none, &accounting(10, 1)),
            ["`gate.quarantined_ppm_max` is 0, got 100000 (1 of 10 records)"]
        );
        assert!(broken(None, &accounting(10, 10), Path::new("nowhere")).unwrap().is_empty());
    }
}
