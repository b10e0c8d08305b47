//! The committed fields: every opening is the signed one, and nothing that is committed stays closed to auditors.

use std::collections::BTreeSet;

use serde_json::Value;

use super::indexes::load;
use super::release::{INDEX_BYTES_MAX, Release};
use super::report::Findings;
use crate::disclosure::{COMMITTED, DISCLOSURES, Opened};
use crate::layout::CONFIG;
use crate::predicate::Statement;

/// The openings and the configuration with every committed stage in its place.
#[derive(Default)]
pub(super) struct Revealed {
    pub(super) opened: Opened,
    pub(super) config: Value,
}

/// Reads the openings of an auditors' view; `None` if the configuration or an opening does not hold.
pub(super) fn check(
    release: &mut Release,
    statement: &Statement,
    findings: &mut Findings,
) -> Option<Revealed> {
    let signed = statement.predicate.config.digest.sha256;
    let public: Value = load(release, CONFIG, Some(signed), findings)?;
    let opened = open(release, statement, &public, findings)?;
    match opened.config(&public) {
        Ok(config) => {
            stages(&opened, &config, findings);
            tables(&opened, statement, findings);
            Some(Revealed { opened, config })
        }
        Err(why) => {
            findings.add(DISCLOSURES, "an opening of every committed stage", why);
            None
        }
    }
}

fn open(
    release: &mut Release,
    statement: &Statement,
    public: &Value,
    findings: &mut Findings,
) -> Option<Opened> {
    let digests = &statement.predicate.disclosures.digests;
    if !release.has(DISCLOSURES) && digests.is_empty() {
        return Some(Opened::default());
    }
    let parsed = release
        .read(DISCLOSURES, INDEX_BYTES_MAX)
        .and_then(|bytes| Opened::parse(&bytes, digests, public).map_err(|why| why.to_string()));
    match parsed {
        Ok(opened) => Some(opened),
        Err(why) => {
            findings.add(DISCLOSURES, "openings of the digests in the manifest", why);
            None
        }
    }
}

/// Every stage has a name of its own, the committed ones among the public ones.
fn stages(opened: &Opened, config: &Value, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for stage in config.get("stages").and_then(Value::as_array).into_iter().flatten() {
        match stage.get("name").and_then(Value::as_str) {
            Some(name) if name != COMMITTED && seen.insert(name) => {}
            name => findings.add(DISCLOSURES, "a name of its own for every stage", name.unwrap_or("none")),
        }
    }
    if let Ok(rules) = opened.rules() {
        let names = opened.stage_names();
        for rule in rules.iter().filter(|rule| !names.contains(&rule.stage)) {
            let expected = "totals of committed stages alone";
            findings.add(DISCLOSURES, expected, format_args!("`{}`", rule.stage));
        }
    }
}

/// The totals of the committed rules add up to what the manifest says of them together.
fn tables(opened: &Opened, statement: &Statement, findings: &mut Findings) {
    let rules = match (opened.rules(), opened.assets()) {
        (Ok(rules), Ok(_)) => rules,
        (Err(why), _) | (_, Err(why)) => return findings.add(DISCLOSURES, "tables of the known form", why),
    };
    let sum = |number: fn(&crate::predicate::RuleTotal) -> u64| {
        rules.iter().map(number).fold(0, u64::saturating_add)
    };
    let public = statement.predicate.accounting.by_rule.iter().find(|rule| rule.stage == COMMITTED);
    let (removed, quarantined) = public.map_or((0, 0), |rule| (rule.removed, rule.quarantined));
    findings.same(DISCLOSURES, "removed by committed stages", removed, sum(|rule| rule.removed));
    findings.same(DISCLOSURES, "quarantined by committed stages", quarantined, sum(|rule| rule.quarantined));
}
