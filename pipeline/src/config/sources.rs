//! Where records come from and which models wrote in them: declared, and on request required.

use super::Config;
use crate::{Error, Result};
use manifests::index::UNDECLARED;
use serde::{Deserialize, Serialize};

/// `[[source]]`: declared provenance of the shards that match `files`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) id: String,
    pub(crate) files: Vec<String>,
    #[serde(default)]
    pub(crate) license: String,
    #[serde(default)]
    pub(crate) category: String,
    #[serde(default)]
    pub(crate) collected: String,
    #[serde(default)]
    pub(crate) uri: String,
    /// Nobody's if it is empty, not declared if it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) teachers: Option<Vec<Teacher>>,
}

/// `input.lineage`: whether every source must say which models wrote in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lineage {
    #[default]
    Optional,
    Required,
}

impl Lineage {
    /// A configuration that does not ask for it is hashed without it.
    pub(crate) fn is_optional(&self) -> bool {
        *self == Self::Optional
    }
}

/// A model whose words a source holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Teacher {
    pub(crate) model: String,
    #[serde(default)]
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) license: String,
}

const HINT: &str =
    "`teachers = [{ model = \"...\" }]` names them, `teachers = []` says that no model wrote any of it";

impl Config {
    /// A source's declarations are signed under its id, so an id must mean one source.
    pub(super) fn check_sources(&self) -> Result<()> {
        let ids: Vec<&str> = self.file.sources.iter().map(|source| source.id.as_str()).collect();
        for (at, id) in ids.iter().enumerate() {
            let why = match *id {
                "" => "a source's `id` is empty".to_string(),
                UNDECLARED => {
                    format!("a source's `id` is `{UNDECLARED}`, which stands for shards of no source")
                }
                id if ids[..at].contains(&id) => format!("two sources have the id `{id}`"),
                _ => continue,
            };
            return Err(Error::Config { path: self.path.clone(), line: None, why, hint: None });
        }
        Ok(())
    }

    /// Checks what the sources declare of their teachers.
    pub(super) fn check_teachers(&self) -> Result<()> {
        let required = self.file.input.lineage == Lineage::Required;
        let fail = |why: String, hint: &str| {
            Err(Error::Config { path: self.path.clone(), line: None, why, hint: Some(hint.into()) })
        };
        if required && self.file.sources.is_empty() {
            return fail("`input.lineage` is `required`, but no `[[source]]` declares any".into(), HINT);
        }
        for Source { id, teachers, .. } in &self.file.sources {
            match teachers {
                None if required => {
                    let why = format!("source `{id}` has no `teachers`, which `input.lineage` requires");
                    return fail(why, HINT);
                }
                Some(teachers) if teachers.iter().any(|teacher| teacher.model.is_empty()) => {
                    return fail(format!("a teacher of source `{id}` has an empty `model`"), HINT);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks that a shard that no source claims may be read.
    pub(crate) fn check_unclaimed(&self, shard: &str) -> Result<()> {
        match self.file.input.lineage {
            Lineage::Optional => Ok(()),
            Lineage::Required => Err(Error::Config {
                path: self.path.clone(),
                line: None,
                why: format!("shard `{shard}` is of no `[[source]]`, and `input.lineage` is `required`"),
                hint: Some(
                    "`files` of a source are globs relative to the folder of the configuration".into(),
                ),
            }),
        }
    }
}
