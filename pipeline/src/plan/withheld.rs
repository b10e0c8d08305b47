//! Which stages are signed as salted digests and published only to auditors: those whose configuration would help
//! somebody evade them.

use super::Stage;
use crate::config::names_stage;
use serde_json::Value;

/// A stage that is published although it names one that is not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exposed<'s> {
    /// The place of the published stage.
    pub(crate) place: usize,
    /// The name of the other.
    pub(crate) names: &'s str,
}

/// The places of the stages that are withheld: as their `publish` says; where it says nothing, those that use
/// `keywords`, those named `hazard` or `hazard-…`, and those that name a withheld one or a column of it.
pub(crate) fn withheld<'s>(stages: &'s [Stage], resolved: &[Value]) -> Result<Vec<usize>, Exposed<'s>> {
    let mut places: Vec<usize> = Vec::new();
    for (place, (stage, table)) in stages.iter().zip(resolved).enumerate() {
        let read =
            places.iter().map(|&earlier| stages[earlier].name.as_str()).find(|name| reads(table, name));
        match (stage.publish, read) {
            (Some(true), Some(names)) => return Err(Exposed { place, names }),
            (Some(true), None) => {}
            (None, None) if !is_sensitive(stage) => {}
            _ => places.push(place),
        }
    }
    Ok(places)
}

fn is_sensitive(stage: &Stage) -> bool {
    stage.used == "keywords" || stage.name == "hazard" || stage.name.starts_with("hazard-")
}

/// Whether a resolved stage names another or a column of it: `hazard`, `hazard/score`, also in a list or a table of it.
fn reads(table: &Value, stage: &str) -> bool {
    fn named(value: &Value, stage: &str) -> bool {
        match value {
            Value::String(text) => names_stage(text, stage),
            Value::Array(items) => items.iter().any(|item| named(item, stage)),
            Value::Object(fields) => fields.values().any(|value| named(value, stage)),
            _ => false,
        }
    }
    let Value::Object(fields) = table else { return false };
    fields.iter().filter(|(key, _)| *key != "name" && *key != "use").any(|(_, value)| named(value, stage))
}
