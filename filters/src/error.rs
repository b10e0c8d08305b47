//! What can go wrong when a stage is built from configuration.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// Why a stage could not be built. Judging a document cannot fail; everything that could is found here, before
/// the first record is read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A key is unknown, has the wrong type, or is out of range.
    #[error("{0}")]
    Config(String),
    /// The value of one key contradicts another or lies outside its domain.
    #[error("`{key}` {why}")]
    Key {
        /// The key as written in the stage's table.
        key: &'static str,
        /// What is wrong with its value.
        why: String,
    },
    /// A file the stage needs (a model, a list, a pack) cannot be read or is malformed.
    #[error("asset `{name}`: {why}")]
    Asset {
        /// The name or path as configured.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The stage reads a column that no earlier stage records.
    #[error("no earlier stage records `{name}`; recorded so far: {known}")]
    Column {
        /// The column asked for.
        name: String,
        /// The columns there are, for the message.
        known: String,
    },
}

impl BuildError {
    /// A complaint about one key.
    pub fn key(key: &'static str, why: impl Into<String>) -> Self {
        Self::Key { key, why: why.into() }
    }

    /// A stage's table that is not what it should be, with the key whose value is of the wrong type.
    pub fn of_toml(error: &toml::de::Error) -> Self {
        let (message, whole) = (error.message().trim_end(), error.to_string());
        let key = whole.lines().rev().find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
        let of_value = ["invalid ", "wanted "].iter().any(|start| message.starts_with(start));
        Self::Config(match key.filter(|_| of_value) {
            Some(key) => format!("`{key}`: {message}"),
            None => message.to_string(),
        })
    }

    /// Checks that the value of a key lies within its domain.
    pub fn in_range<T: PartialOrd + Display>(
        key: &'static str,
        value: T,
        domain: RangeInclusive<T>,
    ) -> Result<(), Self> {
        if domain.contains(&value) {
            return Ok(());
        }
        Err(Self::key(key, format!("is {value}, expected {} to {}", domain.start(), domain.end())))
    }

    /// A complaint about one asset.
    pub fn asset(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Asset { name: name.into(), why: why.into() }
    }
}
