//! What is wrong with a stage's table in the light of the rest of the configuration.

use super::{Plan, Stage, Step};
use crate::barriers::{Barrier, Marking};
use crate::config::{COMMON_KEYS, Config, StageTable};
use crate::release::gate::incomplete;
use filters::TurnSelection;
use manifests::index::UNDECLARED;

/// Keys of the file that are easily taken for those of a stage.
const TOP: [&str; 3] = ["schema", "measure", "words"];

/// What to do about the first key that the stage does not have.
pub(crate) fn key_hint(table: &StageTable, keys: &[&'static str]) -> Option<String> {
    let unknown = table.table.keys().find(|key| !keys.contains(&key.as_str()))?;
    if TOP.contains(&unknown.as_str()) {
        return Some(format!("`{unknown}` is a key of the whole file and stands before the first table"));
    }
    let names = keys.iter().chain(&COMMON_KEYS);
    let nearest = names.min_by_key(|name| strsim::damerau_levenshtein(name, unknown))?;
    Some(format!("did you mean `{nearest}`? `probity filters {}` lists all", table.used))
}

/// Which turns a stage wants to see, or what is wrong with that.
pub(crate) fn turns(config: &Config, table: &StageTable) -> Result<Option<TurnSelection>, String> {
    let StageTable { roles, fields, .. } = table;
    let keys = [("roles", roles.as_ref().map(Vec::len)), ("fields", fields.as_ref().map(Vec::len))];
    let Some((key, _)) = keys.iter().find(|(_, length)| length.is_some()) else { return Ok(None) };
    let messages = config.file.input.messages.as_ref();
    let messages = messages.ok_or_else(|| format!("`{key}` needs `input.messages`"))?;
    if let Some((key, _)) = keys.iter().find(|(_, length)| *length == Some(0)) {
        return Err(format!("`{key}` is empty, so it would see nothing"));
    }
    let place = |name: &String| {
        messages.position(name).ok_or_else(|| {
            let names: Vec<&str> = config.file.input.text_columns().collect();
            format!("`fields` names `{name}`, which is none of `input.messages`: {}", names.join(", "))
        })
    };
    let fields = fields.as_ref().map(|names| names.iter().map(place).collect()).transpose()?;
    Ok(Some(TurnSelection { roles: roles.clone(), fields }))
}

/// The same in words, by which two stages that see the same turns are told.
pub(crate) fn turns_told(table: &StageTable) -> Option<String> {
    let roles = table.roles.as_ref().map(|roles| {
        let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        format!("roles {}", names.join(" "))
    });
    let fields = table.fields.as_ref().map(|fields| format!("fields {}", fields.join(" ")));
    let told: Vec<String> = roles.into_iter().chain(fields).collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// What a stage names that no record can have, if there is such a thing.
pub(crate) fn absent(config: &Config, stage: &toml::Table) -> Option<String> {
    let listed = |key: &str| -> Vec<&str> {
        let array = stage.get(key).and_then(toml::Value::as_array);
        array.into_iter().flatten().filter_map(toml::Value::as_str).collect()
    };
    let single = stage.get("by").and_then(toml::Value::as_str);
    let by: Vec<&str> = listed("by").into_iter().chain(listed("group_by")).chain(single).collect();
    let parts = [
        ("url", "`input.url`", config.file.input.url.is_none()),
        ("host", "`input.url`", config.file.input.url.is_none()),
        ("source", "`[[source]]`", config.file.sources.is_empty()),
    ];
    if let Some((part, key, _)) = parts.into_iter().find(|(part, _, absent)| *absent && by.contains(part)) {
        let by = if stage.contains_key("group_by") { "group_by" } else { "by" };
        return Some(format!("`{by}` compares the {part}, but there is no {key}"));
    }
    let declared: Vec<&str> = config.file.sources.iter().map(|source| source.id.as_str()).collect();
    let unknown = |source: &&str| *source != UNDECLARED && !declared.contains(source);
    let weighed = stage.get("weights").and_then(toml::Value::as_table).filter(|_| single == Some("source"));
    let weighed = weighed.into_iter().flat_map(|weights| weights.keys()).map(String::as_str);
    let (key, unknown) = listed("sources")
        .into_iter()
        .map(|source| ("sources", source))
        .chain(weighed.map(|source| ("weights", source)))
        .find(|(_, source)| unknown(source))?;
    let declared = if declared.is_empty() { "none".to_string() } else { declared.join(", ") };
    Some(format!("`{key}` names `{unknown}`, which no `[[source]]` declares; declared: {declared}"))
}

/// Why a barrier may not stand beside the earlier ones: a record is written so often, and into one split, by one of them.
pub(super) fn marked_twice(barrier: &dyn Barrier, earlier: &[Stage]) -> Option<String> {
    let kind = |barrier: &dyn Barrier| barrier.marking().map(|marking| matches!(marking, Marking::Repeats));
    let mine = kind(barrier)?;
    let other = earlier.iter().find(|stage| match &stage.step {
        Step::Barrier(barrier) => kind(barrier.as_ref()) == Some(mine),
        Step::Judge { .. } => false,
    })?;
    Some(format!("`{}` does the same already, and one stage alone can", other.name))
}

/// Why a barrier cannot count a column of all records, if one cannot.
pub(super) fn uncounted(plan: &Plan) -> Option<String> {
    let columns = plan.columns();
    plan.barriers().find_map(|(at, barrier)| {
        let mut counted = barrier.counted().into_iter().filter_map(|column| columns.get(column.0));
        counted.find_map(|(name, _)| {
            let stage = name.split_once('/').map_or(name.as_str(), |(stage, _)| stage);
            let place = plan.stages.iter().position(|known| known.name == stage)?;
            let why = incomplete(plan, place)?;
            Some(format!("stage `{}` counts `{name}`, {why}", plan.stages[at].name))
        })
    })
}
