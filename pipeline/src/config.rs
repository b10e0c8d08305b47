//! The configuration file: what a user writes, read strictly. An unknown key is an error, a wrong type is an error.

mod addresses;
mod gate;
mod messages;
mod overrides;
mod sources;

use crate::{Error, Result};
use filters::{Action, Measure, Role, Words};
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use toml::Spanned;

pub(crate) use gate::Gate;
pub(crate) use messages::{ChatField, Messages};
pub use overrides::Override;
pub(crate) use sources::{Lineage, Source, Teacher};

/// The only version of the configuration's schema there is.
const SCHEMA: u32 = 1;

/// Names become names of files and columns.
pub(crate) const NAME_BYTES_MAX: usize = 64;

/// Stages of the ledger that no configuration has: the reader's, and that of records taken down later.
const RESERVED: [&str; 2] = ["input", manifests::ledger::RETRACT];

/// A configuration as written, with its place, before any stage is built.
#[derive(Debug)]
pub struct Config {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    pub(crate) stages: Vec<StageTable>,
}

/// The top of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    schema: u32,
    #[serde(default)]
    pub(crate) measure: Measure,
    #[serde(default)]
    pub(crate) words: Words,
    #[serde(default)]
    pub(crate) dataset: Dataset,
    #[serde(default)]
    pub(crate) producer: Producer,
    pub(crate) input: Input,
    #[serde(default)]
    pub(crate) output: Output,
    #[serde(default, rename = "source")]
    pub(crate) sources: Vec<Source>,
    pub(crate) gate: Option<Gate>,
    #[serde(default, rename = "stage")]
    stages: Vec<Spanned<toml::Table>>,
}

/// `[dataset]`: what the release calls itself. Declared, not measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dataset {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) released: Option<String>,
}

impl Default for Dataset {
    fn default() -> Self {
        Self { name: "unnamed".into(), version: "0.1.0".into(), released: None }
    }
}

/// `[producer]`: who makes the release. Declared.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Producer {
    pub(crate) name: String,
    pub(crate) contact: String,
}

/// `[input]`: the shards and the columns that matter; every other column passes through.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) files: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) messages: Option<Messages>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(default = "max_record_bytes")]
    pub(crate) max_record_bytes: u64,
    #[serde(default = "max_page_bytes")]
    pub(crate) max_page_bytes: u64,
    #[serde(default)]
    pub(crate) bad_shard: BadShard,
    #[serde(default, skip_serializing_if = "Lineage::is_optional")]
    pub(crate) lineage: Lineage,
}

impl Input {
    /// The names of the columns that hold the text.
    pub(crate) fn text_columns(&self) -> impl Iterator<Item = &str> {
        let fields = self.messages.iter().flat_map(Messages::fields).map(|field| field.name.as_str());
        self.text.as_deref().into_iter().chain(fields)
    }

    /// The same without the columns of ids and URLs: all that is needed to read the texts of a release.
    pub(crate) fn only_text(&self) -> Self {
        Self::texts(self.text.clone(), self.messages.clone())
    }

    /// The texts of a file, of whatever length, and no other column.
    pub(crate) fn texts(text: Option<String>, messages: Option<Messages>) -> Self {
        Self {
            files: Vec::new(),
            text,
            messages,
            id: None,
            url: None,
            max_record_bytes: u64::MAX,
            max_page_bytes: max_page_bytes(),
            bad_shard: BadShard::Fail,
            lineage: Lineage::Optional,
        }
    }
}

/// 64 MiB: far above any document worth training on, far below what would starve a worker.
fn max_record_bytes() -> u64 {
    64 << 20
}

fn max_page_bytes() -> u64 {
    crate::source::bounds::PAGE_BYTES
}

/// What to do with a shard whose rows cannot even be counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BadShard {
    /// Stop and name it.
    #[default]
    Fail,
    /// List it, signed, as excluded, and go on.
    Exclude,
}

/// `[output]`: how shards are written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Output {
    #[serde(skip_serializing_if = "OutputFormat::is_default")]
    pub(crate) format: OutputFormat,
    pub(crate) compression: String,
    /// Kept records in a row group; those that stay of one of the input unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row_group_rows: Option<NonZeroUsize>,
    pub(crate) removed: bool,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            format: OutputFormat::Parquet,
            compression: "zstd(3)".into(),
            row_group_rows: None,
            removed: true,
        }
    }
}

/// What the kept records are written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OutputFormat {
    #[default]
    Parquet,
    /// A JSON object a line.
    Jsonl,
}

impl OutputFormat {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of a record that a stage could not judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// It waits for a person, under the rule [`ERROR`](crate::plan::ERROR).
    #[default]
    Quarantine,
    /// It goes on, marked in the column `failed`.
    Pass,
}

/// Keys that every stage has.
pub(crate) const COMMON_KEYS: [&str; 8] =
    ["use", "name", "when", "roles", "fields", "action", "publish", "on_error"];

/// One `[[stage]]`: the keys every stage has, and the rest, which belongs to its entry.
#[derive(Debug)]
pub(crate) struct StageTable {
    pub(crate) used: String,
    pub(crate) name: String,
    pub(crate) when: Option<String>,
    /// Whose turns of a chat record it sees.
    pub(crate) roles: Option<Vec<Role>>,
    /// In which of its fields.
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) action: Option<Action>,
    pub(crate) publish: Option<bool>,
    pub(crate) on_error: Option<OnError>,
    pub(crate) table: toml::Table,
    pub(crate) line: usize,
}

impl StageTable {
    /// Whether it names a stage, or a column of it: in `when`, or in a key such as `score`.
    pub(crate) fn names(&self, stage: &str) -> bool {
        let mut names: Vec<&str> = self.when.as_deref().into_iter().collect();
        self.table.values().for_each(|value| strings(value, &mut names));
        names.iter().any(|name| names_stage(name, stage))
    }
}

/// Whether a value such as `hazard` or `hazard/score` names this stage or a column of it.
pub(crate) fn names_stage(value: &str, stage: &str) -> bool {
    value.strip_prefix(stage).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// All strings of a value, also within lists and tables.
fn strings<'t>(value: &'t toml::Value, found: &mut Vec<&'t str>) {
    match value {
        toml::Value::String(text) => found.push(text),
        toml::Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        toml::Value::Table(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

impl Config {
    /// Reads and checks the file at `path`, then applies the overrides in order.
    pub fn load(path: &Path, overrides: &[Override]) -> Result<Self> {
        let text = disk::read_to_string(path).map_err(|e| Error::Config {
            path: path.to_path_buf(),
            line: None,
            why: e.to_string(),
            hint: Some("`probity init pretraining > config.toml` writes one to start from".into()),
        })?;
        Self::parse(path, &text, overrides)
    }

    /// Checks `text` as the configuration at `path`; files are meant relative to that path's folder.
    pub fn parse(path: &Path, text: &str, overrides: &[Override]) -> Result<Self> {
        let fail = |line, why: String| Error::Config { path: path.to_path_buf(), line, why, hint: None };
        let of_toml = |e: toml::de::Error| {
            fail(e.span().map(|span| line_of(text, span.start)), e.message().trim_end().to_string())
        };
        let mut file: File = toml::from_str(text).map_err(of_toml)?;
        if overrides.iter().any(|o| o.stage.is_none()) {
            let mut top: toml::Table = toml::from_str(text).map_err(of_toml)?;
            for o in overrides.iter().filter(|o| o.stage.is_none()) {
                top.insert(o.key.clone(), o.value.clone());
            }
            // they are put back below; here they would lose their places in the file
            top.remove("stage");
            let stages = std::mem::take(&mut file.stages);
            file = top
                .try_into()
                .map_err(|e: toml::de::Error| fail(None, e.message().trim_end().to_string()))?;
            file.stages = stages;
        }
        file.gate.iter_mut().for_each(Gate::resolve);
        if file.schema != SCHEMA {
            return Err(fail(None, format!("`schema` is {}, this program reads {SCHEMA}", file.schema)));
        }
        match (&file.input.text, &file.input.messages) {
            (None, None) => return Err(fail(None, "`input` needs either `text` or `messages`".into())),
            (Some(_), Some(_)) => {
                return Err(fail(None, "`input` has both `text` and `messages`; expected one".into()));
            }
            _ => {}
        }
        let mut stages = Vec::new();
        for table in std::mem::take(&mut file.stages) {
            let line = line_of(text, table.span().start);
            stages.push(stage(table.into_inner(), line).map_err(|why| fail(Some(line), why))?);
        }
        for o in overrides {
            set(&mut stages, o).map_err(|why| fail(None, why))?;
        }
        let config = Self { path: path.to_path_buf(), file, stages };
        config.check_names()?;
        config.check_sources()?;
        config.check_teachers()?;
        config.check_addresses()?;
        Ok(config)
    }

    fn check_names(&self) -> Result<()> {
        for (at, stage) in self.stages.iter().enumerate() {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if stage.name.is_empty()
                || stage.name.len() > NAME_BYTES_MAX
                || !stage.name.bytes().all(plain)
                || RESERVED.contains(&stage.name.as_str())
            {
                return Err(self.error(
                    stage.line,
                    format!(
                        "`name` is `{}`, expected up to {NAME_BYTES_MAX} lower-case letters, digits and dashes, not `input` or `retract`",
                        stage.name
                    ),
                ));
            }
            if self.stages[..at].iter().any(|earlier| earlier.name == stage.name) {
                let mut error = self.error(stage.line, format!("two stages are named `{}`", stage.name));
                if let Error::Config { hint, .. } = &mut error {
                    *hint = Some("give one of them a `name`".into());
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// A complaint about the stage at `line`.
    pub(crate) fn error(&self, line: usize, why: String) -> Error {
        Error::Config { path: self.path.clone(), line: Some(line), why, hint: None }
    }

    /// The folder that relative names are meant from.
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }
}

fn stage(mut table: toml::Table, line: usize) -> std::result::Result<StageTable, String> {
    let mut text = |key: &str| match table.remove(key) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{key}` is {}, expected a string", other.type_str())),
    };
    let used = text("use")?.ok_or("a stage needs `use`")?;
    let name = text("name")?.unwrap_or_else(|| used.clone());
    let when = text("when")?;
    let roles = match table.remove("roles") {
        None => None,
        Some(value) => Some(value.try_into().map_err(|_| {
            "`roles` is a list of `system`, `user`, `assistant`, `tool` and `other`".to_string()
        })?),
    };
    let fields = match table.remove("fields") {
        None => None,
        Some(value) => Some(value.try_into().map_err(|_| "`fields` is a list of names".to_string())?),
    };
    let action = match table.remove("action") {
        None => None,
        Some(value) => {
            Some(value.try_into().map_err(|_| "`action` is `remove`, `quarantine` or `tag`".to_string())?)
        }
    };
    let publish = match table.remove("publish") {
        None => None,
        Some(toml::Value::Boolean(publish)) => Some(publish),
        Some(other) => return Err(format!("`publish` is {}, expected a boolean", other.type_str())),
    };
    let on_error = match table.remove("on_error") {
        None => None,
        Some(value) => {
            Some(value.try_into().map_err(|_| "`on_error` is `quarantine` or `pass`".to_string())?)
        }
    };
    Ok(StageTable { used, name, when, roles, fields, action, publish, on_error, table, line })
}

fn set(stages: &mut [StageTable], o: &Override) -> std::result::Result<(), String> {
    let Some(name) = &o.stage else { return Ok(()) };
    let known: Vec<String> = stages.iter().map(|s| format!("`{}`", s.name)).collect();
    let stage = stages
        .iter_mut()
        .find(|s| &s.name == name)
        .ok_or_else(|| format!("`--set` names the stage `{name}`; there are {}", known.join(", ")))?;
    if COMMON_KEYS.contains(&o.key.as_str()) {
        return Err(format!("`--set` cannot change `{}` of a stage", o.key));
    }
    stage.table.insert(o.key.clone(), o.value.clone());
    Ok(())
}

/// The 1-based line of a byte of `text`.
fn line_of(text: &str, at: usize) -> usize {
    text[..at.min(text.len())].bytes().filter(|&b| b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "[[source]]\nid = \"a\"\nfiles = []\n";
    const TOP: &str = "schema = 1\n[input]\nfiles = [\"a\"]\ntext = \"text\"\n";

    fn parse(text: &str, sets: &[&str]) -> std::result::Result<Config, String> {
        let sets: Vec<Override> = sets.iter().map(|s| s.parse().unwrap()).collect();
        Config::parse(Path::new("c.toml"), text, &sets).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let cases = [
            (
                "schema = 2\n[input]\nfiles = []\ntext = \"t\"\n",
                "c.toml: `schema` is 2, this program reads 1",
            ),
            ("schema = 1\nsheme = 2\n[input]\nfiles = []\ntext = \"t\"\n", "c.toml:2: unknown field `sheme`"),
            ("schema = 1\n[input]\nfiles = []\n", "c.toml: `input` needs either `text` or `messages`"),
            ("schema = 1\n[input]\nfiles = [\"a\"]\ntext = 3\n", "c.toml:4: invalid type: integer `3`"),
            (&format!("{TOP}[[source]]\nid = \"\"\nfiles = []\n"), "c.toml: a source's `id` is empty"),
            (&format!("{TOP}{SOURCE}{SOURCE}"), "c.toml: two sources have the id `a`"),
            (&format!("{TOP}\n[[stage]]\nwords_min = 3\n"), "c.toml:6: a stage needs `use`"),
            (&format!("{TOP}\n[[stage]]\nuse = \"a\"\naction = \"burn\"\n"), "c.toml:6: `action` is"),
            (
                &format!("{TOP}\n[[stage]]\nuse = \"a\"\n[[stage]]\nuse = \"a\"\n"),
                "c.toml:8: two stages are named `a`",
            ),
        ];
        for (text, expected) in cases {
            let error = parse(text, &[]).map(|_| ()).unwrap_err();
            assert!(error.starts_with(expected), "{error}\n{expected}");
        }
    }

    #[test]
    fn overrides_reach_stages_and_the_top() {
        let text = format!("{TOP}[[stage]]\nuse = \"a\"\nn = 1\n");
        let config = parse(&text, &["a.n=2", "measure=all", "a.label=plain words"]).unwrap();
        assert_eq!(config.stages[0].table["n"].as_integer(), Some(2));
        assert_eq!(config.stages[0].table["label"].as_str(), Some("plain words"));
        assert_eq!(config.file.measure, Measure::All);
        assert!(parse(&text, &["b.n=2"]).unwrap_err().contains("there are `a`"));
        assert!(parse(&text, &["mesure=all"]).unwrap_err().contains("unknown field `mesure`"));
    }
}
