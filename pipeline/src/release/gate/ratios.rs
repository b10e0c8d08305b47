//! Limits of ratios: what stages and rules take out of one slice, held against all other records.
//!
//! A slice, or what is outside of it, may hold too few records to be compared. That is told, and a limit under which
//! a whole cut of the corpus compares nothing counts as broken: otherwise it would look kept.

use crate::Result;
use crate::config::Gate;
use crate::report::{OverRemoval, Part, Question, Row, measure};
use filters::Decimal;
use std::path::Path;

/// A limit, and the records it is asked of.
struct Limit<'g> {
    key: &'static str,
    most: Decimal,
    /// Whether it is of rules, instead of stages.
    rules: bool,
    gate: &'g Gate,
    found: OverRemoval,
}

/// The limits of ratios that are broken, in words.
pub(super) fn broken(gate: &Gate, release: &Path) -> Result<Vec<String>> {
    let ask = |harmless| measure(release, &Question { slices: gate.slices.clone(), harmless, truth: None });
    let mut broken = Vec::new();
    if let Some(most) = gate.slice_ratio_max {
        let limit = Limit { key: "slice_ratio_max", most, rules: false, gate, found: ask(None)? };
        broken.extend(limit.broken());
    }
    if let (Some(most), Some(harmless)) = (gate.false_positive_ratio_max, &gate.harmless) {
        let found = ask(harmless.parts())?;
        match found.records {
            0 => broken.push(format!("`gate.harmless` is {harmless}, which no record has")),
            _ => broken
                .extend(Limit { key: "false_positive_ratio_max", most, rules: true, gate, found }.broken()),
        }
    }
    Ok(broken)
}

impl Limit<'_> {
    fn broken(&self) -> Vec<String> {
        let compared = |part: &&Part| self.is_compared(part.records);
        for part in self.found.parts.iter().filter(|part| !compared(part)) {
            tracing::warn!("`gate.{}` does not compare {}", self.key, self.told(part));
        }
        let empty = self.gate.slices.iter().filter(|slice| {
            let mut parts = self.found.parts.iter().filter(|part| part.slice == **slice);
            !parts.any(|part| compared(&part))
        });
        let empty = empty.map(|slice| self.compares_nothing(slice));
        let above = |row: &&Row| {
            let low = row.ratio_interval.map_or(0.0, |interval| interval.low);
            row.rule == self.rules && self.is_compared(row.records) && low > self.most.get()
        };
        empty.chain(self.found.rows.iter().filter(above).map(|row| self.unequal(row))).collect()
    }

    /// Whether so many records, and those outside of them, are enough.
    fn is_compared(&self, records: u64) -> bool {
        Some(records.min(self.found.records - records)) >= self.gate.slice_records_min
    }

    fn told(&self, part: &Part) -> String {
        let others = self.found.records - part.records;
        format!("`{}` = `{}`: {} records, and {others} others", part.slice, part.value, part.records)
    }

    fn compares_nothing(&self, slice: &str) -> String {
        let parts = self.found.parts.iter().filter(|part| part.slice == slice);
        let largest = parts.max_by_key(|part| part.records.min(self.found.records - part.records));
        format!(
            "`gate.{}` compares nothing by `{slice}`, where no slice and its rest have {} records each \
             (`slice_records_min`); nearest is {}",
            self.key,
            self.gate.slice_records_min.unwrap_or_default(),
            largest.map_or("none".into(), |part| self.told(part))
        )
    }

    fn unequal(&self, row: &Row) -> String {
        let (ratio, bounds) = (row.ratio.unwrap_or_default(), row.ratio_interval);
        let (low, high) = bounds.map_or((0.0, 0.0), |bounds| (bounds.low, bounds.high));
        let (taken, (others, rest)) = (row.removed + row.quarantined, row.rest);
        format!(
            "`gate.{}` is {}, got {ratio:.2} (between {low:.2} and {high:.2}): `{}` took out {taken} of {} \
             records where `{}` is `{}`, and {rest} of {others} others",
            self.key, self.most, row.by, row.records, row.slice, row.value
        )
    }
}
