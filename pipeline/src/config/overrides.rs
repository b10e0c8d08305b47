//! Values of a configuration that are given on the command line.

/// A value given on the command line: `stage.key=value`, or `key=value` for a key at the top.
#[derive(Clone, Debug)]
pub struct Override {
    pub(crate) stage: Option<String>,
    pub(crate) key: String,
    pub(crate) value: toml::Value,
}

impl std::fmt::Display for Override {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stage = self.stage.as_ref().map(|stage| format!("{stage}.")).unwrap_or_default();
        write!(f, "{stage}{}={}", self.key, self.value)
    }
}

impl std::str::FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (path, value) = text.split_once('=').ok_or("expected `stage.key=value`")?;
        let (stage, key) = match path.rsplit_once('.') {
            Some((stage, key)) => (Some(stage.to_string()), key),
            None => (None, path),
        };
        if key.is_empty() {
            return Err("expected `stage.key=value`".into());
        }
        // what is not TOML by itself (a bare word) is meant as a string
        let value = value.parse().unwrap_or_else(|_| toml::Value::String(value.to_string()));
        Ok(Self { stage, key: key.to_string(), value })
    }
}
