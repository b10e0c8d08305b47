//! The configuration of a finished release, with every committed stage in its place, spelled as a configuration file.

use crate::files::finished;
use crate::{Error, Result};
use serde_json::Value;
use std::path::Path;

/// The configuration as it was resolved, and as TOML.
pub(crate) fn configuration(path: &Path) -> Result<(Value, String)> {
    let fail = |e: &dyn std::fmt::Display| Error::release(path, e.to_string());
    let release = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let public: Value = finished::json(release, &name)?;
    let json = manifests::disclosure::open_config(release, public).map_err(|e| fail(&e))?;
    let Value::Object(mut top) = json.clone() else { return Err(fail(&"not a configuration")) };
    top.retain(|_, value| !value.is_null());
    for (public, file) in [("stages", "stage"), ("sources", "source")] {
        if let Some(value) = top.remove(public) {
            top.insert(file.into(), value);
        }
    }
    let text = toml::to_string(&top).map_err(|e| fail(&e))?;
    Ok((json, text))
}

/// It has no lines worth naming.
pub(crate) fn without_line(mut error: Error) -> Error {
    if let Error::Config { line, .. } = &mut error {
        *line = None;
    }
    error
}
