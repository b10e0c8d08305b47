//! What an unfinished run was begun with, kept beside its artefacts, so that the run that continues it can tell what has
//! changed since. Nothing but messages depends on it: artefacts say themselves what they belong to.

use crate::plan::Plan;
use crate::source::inputs::Shard;
use crate::{Error, Result};
use manifests::chain::{Change, differences};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const NAME: &str = "begun.json";

/// Counts up when the form of the file changes. Another one is as good as absent.
const VERSION: u32 = 1;

/// The most characters of a value that are told.
const VALUE_CHARS_MAX: usize = 60;

/// The most changes of a kind that are told.
const TOLD_MAX: usize = 20;

/// What a run was begun with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Begun {
    version: u32,
    program: String,
    plan: String,
    config: Value,
    /// Digests of the files that stages need, by name.
    assets: BTreeMap<String, String>,
    /// Digests of the shards, by name.
    inputs: BTreeMap<String, String>,
}

impl Begun {
    /// The run that begins now.
    pub(crate) fn now(plan: &Plan, listed: &[Shard]) -> Self {
        Self {
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").into(),
            plan: plan.digest.to_string(),
            config: plan.resolved().clone(),
            assets: plan.assets().iter().map(|a| (a.name.clone(), a.sha256.to_string())).collect(),
            inputs: listed.iter().map(|s| (s.name.clone(), s.sha256.to_string())).collect(),
        }
    }

    /// The run that was begun in this folder, if it can still be told.
    pub(crate) fn find(folder: &Path) -> Option<Self> {
        let found: Self = serde_json::from_slice(&disk::read(&folder.join(NAME)).ok()?).ok()?;
        (found.version == VERSION).then_some(found)
    }

    /// Keeps it for a run that continues this one.
    pub(crate) fn keep(&self, folder: &Path) -> Result<()> {
        let json = serde_json::to_vec_pretty(self).map_err(|e| Error::Bug(e.to_string()))?;
        crate::files::store::write_file(&folder.join(NAME), &json)
    }

    /// What is another now, and what follows from it, line by line. Nothing, if nothing is.
    pub(crate) fn changes(&self, now: &Self) -> Vec<String> {
        let mut told = Vec::new();
        if self.program != now.program {
            told.push(format!("the program is version {} now, was {}", now.program, self.program));
        }
        let config = differences(&self.config, &now.config);
        told.extend(some(config.iter().map(change).collect()));
        if self.config != now.config && config.is_empty() {
            told.push("the stages have another order now".into());
        }
        told.extend(some(files("file", &self.assets, &now.assets)));
        let inputs = files("input", &self.inputs, &now.inputs);
        if self.plan != now.plan {
            told.extend(some(inputs));
            told.push("every record depends on that: everything is made anew".into());
        } else if !inputs.is_empty() {
            told.extend(some(inputs));
            told.push("other inputs stay judged; what sees the whole corpus is made anew".into());
        }
        told
    }
}

/// The first of many.
fn some(mut told: Vec<String>) -> Vec<String> {
    let more = told.len().saturating_sub(TOLD_MAX);
    if more > 0 {
        told.truncate(TOLD_MAX);
        told.push(format!("… and {more} more"));
    }
    told
}

/// A key as a configuration spells it: `[[stage]] NAME.KEY`, `input.KEY`.
fn change(change: &Change) -> String {
    let field = match change.field.split_once('[') {
        Some((table @ ("stage" | "source"), rest)) => format!("[[{table}]] {}", rest.replacen(']', "", 1)),
        _ => change.field.clone(),
    };
    format!("{field}: {} → {}", value(&change.old), value(&change.new))
}

fn value(value: &Value) -> String {
    let told = if value.is_null() { "none".into() } else { value.to_string() };
    match told.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &told[..end]),
        None => told,
    }
}

fn files(what: &str, before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let other = now.iter().filter_map(|(name, digest)| match before.get(name) {
        None => Some(format!("{what} `{name}` is new")),
        Some(old) if old != digest => Some(format!("{what} `{name}` has changed")),
        Some(_) => None,
    });
    let gone = before.keys().filter(|name| !now.contains_key(*name));
    other.chain(gone.map(|name| format!("{what} `{name}` is gone"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn begun(program: &str, config: Value, inputs: &[(&str, &str)]) -> Begun {
        let plan = format!("{program} {config}");
        let inputs = inputs.iter().map(|(name, digest)| (name.to_string(), digest.to_string())).collect();
        Begun { version: VERSION, program: program.into(), plan, config, assets: BTreeMap::new(), inputs }
    }

    fn stages(stages: &[(&str, u64)]) -> Value {
        let stage = |(name, least): &(&str, u64)| json!({ "name": name, "use": "x", "words_min": least });
        json!({ "stage": stages.iter().map(stage).collect::<Vec<_>>(), "input": { "text": "text" } })
    }

    #[test]
    fn what_changed_is_told_with_what_follows() {
        let anew = "every record depends on that: everything is made anew";
        let one = [("a", "1"), ("b", "2")];
        let before = || begun("1", stages(&[("p", 50), ("q", 7)]), &one);
        for (now, expected) in [
            (before(), vec![]),
            (
                begun("2", stages(&[("p", 50), ("q", 7)]), &one),
                vec!["the program is version 2 now, was 1", anew],
            ),
            (begun("1", stages(&[("p", 80), ("q", 7)]), &one), vec!["[[stage]] p.words_min: 50 → 80", anew]),
            (
                begun("1", stages(&[("q", 7), ("p", 50)]), &one),
                vec!["the stages have another order now", anew],
            ),
            (
                begun("1", stages(&[("p", 50), ("q", 7)]), &[("a", "3"), ("c", "4")]),
                vec![
                    "input `a` has changed",
                    "input `c` is new",
                    "input `b` is gone",
                    "other inputs stay judged; what sees the whole corpus is made anew",
                ],
            ),
        ] {
            assert_eq!(before().changes(&now), expected);
        }
        assert_eq!(value(&json!("x".repeat(100))).chars().count(), VALUE_CHARS_MAX + 1);
    }
}
