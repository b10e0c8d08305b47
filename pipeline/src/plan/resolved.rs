//! The configuration with nothing left to a default.

use super::{Stage, Step};
use crate::config::Config;
use crate::{Error, Result};
use serde_json::{Value, json};

/// The resolved configuration: what was meant, with nothing left to a default.
pub(super) fn resolved(config: &Config, stages: &[Value]) -> Value {
    let file = &config.file;
    json!({
        "schema": 1,
        "measure": file.measure,
        "words": file.words,
        "dataset": file.dataset,
        "producer": file.producer,
        "input": file.input,
        "output": file.output,
        "sources": file.sources,
        "gate": file.gate,
        "stages": stages,
    })
}

/// The stages alone.
pub(super) fn resolved_stages(config: &Config, stages: &[Stage]) -> Result<Vec<Value>> {
    let bug = |e: serde_json::Error| Error::Bug(e.to_string());
    let mut listed = Vec::new();
    for (stage, table) in stages.iter().zip(&config.stages) {
        let mut resolved = serde_json::to_value(&stage.resolved).map_err(bug)?;
        if let Value::Object(map) = &mut resolved {
            map.insert("use".into(), json!(stage.used));
            map.insert("name".into(), json!(stage.name));
            map.insert("action".into(), serde_json::to_value(stage.action).map_err(bug)?);
            if let Some(roles) = &table.roles {
                map.insert("roles".into(), json!(roles));
            }
            if let Some(fields) = &table.fields {
                map.insert("fields".into(), json!(fields));
            }
            if let Some(when) = &table.when {
                map.insert("when".into(), json!(when));
            }
            if matches!(stage.step, Step::Judge { .. }) {
                map.insert("on_error".into(), serde_json::to_value(stage.on_error).map_err(bug)?);
            }
            if let Some(publish) = table.publish {
                map.insert("publish".into(), json!(publish));
            }
        }
        listed.push(resolved);
    }
    Ok(listed)
}
