//! The gate: limits a release must keep to be signed.

use crate::config::Gate;
use crate::{Error, Result};
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
    let read = |name: &str| {
        let path = release.join(name);
        std::fs::read(&path).map_err(|e| Error::release(&path, e))
    };
    let config: PublicConfig =
        serde_json::from_slice(&read("config.public.json")?).map_err(|e| Error::release(release, e))?;
    let statement: Statement =
        serde_json::from_slice(&read("manifest.json")?).map_err(|e| Error::release(release, e))?;
    Ok(broken(config.gate.as_ref(), &statement.predicate.accounting))
}

/// The limits that are broken, in words; empty when the release may be signed.
pub(crate) fn broken(gate: Option<&Gate>, accounting: &Accounting) -> Vec<String> {
    let Some(gate) = gate else { return Vec::new() };
    let checks = [
        ("quarantined_ppm_max", gate.quarantined_ppm_max, accounting.quarantined),
        ("removed_ppm_max", gate.removed_ppm_max, accounting.removed),
    ];
    let mut broken = Vec::new();
    for (key, limit, count) in checks {
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
            by_stage: Vec::new(),
            by_rule: Vec::new(),
        }
    }

    #[test]
    fn a_limit_is_broken_only_above_itself() {
        let gate = Gate { quarantined_ppm_max: Some(1000), removed_ppm_max: None };
        for (records, quarantined, ok) in [(1000, 1, true), (1000, 2, false), (0, 0, true), (999, 1, false)] {
            assert_eq!(
                broken(Some(&gate), &accounting(records, quarantined)).is_empty(),
                ok,
                "{quarantined}/{records}"
            );
        }
        let none = Gate { quarantined_ppm_max: Some(0), removed_ppm_max: None };
        assert_eq!(
            broken(Some(&none), &accounting(10, 1)),
            ["`gate.quarantined_ppm_max` is 0, got 100000 (1 of 10 records)"]
        );
        assert!(broken(None, &accounting(10, 10)).is_empty());
    }
}
