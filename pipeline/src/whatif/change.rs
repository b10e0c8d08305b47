//! What the overrides change: the stages of a release with their bounds, old and new. Only a key that moves the
//! bound of a rule and does nothing else can be asked about, because only then do the measured values still hold.

use super::keep_top::Ranking;
use super::unanswerable;
use crate::barriers::{self, BarrierSpec, keep_top};
use crate::config::{Config, Override, StageTable};
use crate::inspect::opened::{configuration, without_line};
use crate::release::rule_notes::{StageKind, StageNote};
use crate::{Error, Result};
use arrow_schema::{DataType, Schema};
use filters::{Action, BenchmarkItem, Bound, BuildError, ColumnRef, Context, ItemFields, Kind, Measure};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// A stage of the release.
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) edits: bool,
    pub(super) ordered: bool,
    pub(super) rules: Vec<Rule>,
    /// Earlier stages whose columns it reads.
    pub(super) reads: Vec<usize>,
    pub(super) barrier: Option<Barrier>,
    /// What it keeps the top of, where it is such a barrier.
    pub(super) ranking: Option<Ranking>,
    /// Whether it is a barrier with another configuration.
    pub(super) changed: bool,
}

/// What is known of a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Barrier {
    /// Removes equal texts; as no text was edited before, those of equal digests.
    EqualDigests,
    /// Removes equal texts; which are equal to one another is known of those it has compared.
    EqualTexts,
    /// Keeps the best by recorded columns.
    KeepTop,
    /// Anything else.
    Opaque,
}

/// A rule with its bound in the release and its bound in question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) old: Bound,
    pub(super) new: Bound,
}

impl Stage {
    /// Whether a record may leave the release here.
    pub(super) fn decides(&self) -> bool {
        self.barrier.is_some()
            || (self.action != Action::Tag && self.rules.iter().any(|rule| rule.new != Bound::Off))
    }
}

/// The stages of the release at `folder` under the overrides. `notes` and `schema` are its ledger's.
pub(super) fn stages(
    folder: &Path,
    overrides: &[Override],
    notes: &[StageNote],
    schema: &Schema,
) -> Result<Vec<Stage>> {
    let path = folder.join("config.public.json");
    let (json, text) = configuration(&path)?;
    let old = Config::parse(&path, &text, &[]).map_err(without_line)?;
    if old.file.measure != Measure::All {
        return Err(Error::Config {
            path,
            line: None,
            why: "`measure` is `first`: the ledger holds no values to recount from".into(),
            hint: Some("run the configuration again with `--set measure=all`".into()),
        });
    }
    let new = Config::parse(&path, &text, overrides).map_err(without_line)?;
    refuse_top(&json, overrides)?;
    if notes.len() != old.stages.len() || notes.iter().zip(&old.stages).any(|(n, s)| n.name != s.name) {
        return Err(Error::release(&path, "lists other stages than the ledger"));
    }
    let mut stages: Vec<Stage> = Vec::new();
    for ((note, old), new) in notes.iter().zip(&old.stages).zip(&new.stages) {
        let mut stage = unchanged(note, old, &stages).ok_or_else(|| {
            Error::release(&path, format!("the ledger's bounds of `{}` make no sense", note.name))
        })?;
        if stage.barrier == Some(Barrier::KeepTop) {
            stage.ranking = Some(ranking(&path, new, note, schema)?);
            stage.changed = old.table != new.table;
        } else if old.table != new.table {
            let bounds = new_bounds(&path, new, old, note, schema)?;
            stage.rules.iter_mut().zip(bounds).for_each(|(rule, bound)| rule.new = bound);
        }
        stages.push(stage);
    }
    Ok(stages)
}

fn unchanged(note: &StageNote, table: &StageTable, earlier: &[Stage]) -> Option<Stage> {
    let barrier = (note.kind == StageKind::Barrier).then(|| match table.used.as_str() {
        "exact-duplicates" if is_plain(table) && earlier.iter().any(|stage| stage.edits) => {
            Barrier::EqualTexts
        }
        "exact-duplicates" if is_plain(table) => Barrier::EqualDigests,
        // the ledger knows the length of a text as it came in alone
        "keep-top" if table.table.contains_key("bytes") && earlier.iter().any(|stage| stage.edits) => {
            Barrier::Opaque
        }
        "keep-top" => Barrier::KeepTop,
        _ => Barrier::Opaque,
    });
    let rule = |rule: &crate::release::rule_notes::RuleNote| {
        let bound = if barrier.is_some() { Some(Bound::Off) } else { rule.bound.bound() }?;
        Some(Rule { id: rule.id.clone(), old: bound, new: bound })
    };
    Some(Stage {
        name: note.name.clone(),
        action: note.action,
        edits: note.edits,
        ordered: note.ordered,
        rules: note.rules.iter().map(rule).collect::<Option<_>>()?,
        reads: reads(table, earlier),
        barrier,
        ranking: None,
        changed: false,
    })
}

/// Whether exact duplicates are those of the text, and the earliest survives.
fn is_plain(table: &StageTable) -> bool {
    let is = |key: &str, value: toml::Value| table.table.get(key).is_none_or(|found| *found == value);
    is("by", toml::Value::Array(vec!["text".into()])) && is("keep", "earliest".into())
}

/// The earlier stages a stage names.
fn reads(table: &StageTable, earlier: &[Stage]) -> Vec<usize> {
    let named = |stage: &Stage| table.names(&stage.name);
    earlier.iter().enumerate().filter(|(_, stage)| named(stage)).map(|(at, _)| at).collect()
}

/// Keys at the top say how to read and measure; none is a bound.
fn refuse_top(json: &Value, overrides: &[Override]) -> Result<()> {
    for o in overrides.iter().filter(|o| o.stage.is_none()) {
        let value = serde_json::to_value(&o.value).map_err(|e| Error::Bug(e.to_string()))?;
        if json.get(&o.key) != Some(&value) {
            return Err(unanswerable(format!("`{}` is not the bound of a rule", o.key)));
        }
    }
    Ok(())
}

/// Builds a ranking anew, on the columns of the ledger.
fn ranking(path: &Path, new: &StageTable, note: &StageNote, schema: &Schema) -> Result<Ranking> {
    let fail = |e: BuildError| failed(path, new, e);
    let spec: keep_top::Config = toml::Value::Table(new.table.clone())
        .try_into()
        .map_err(|e: toml::de::Error| fail(BuildError::Config(e.message().trim_end().to_string())))?;
    let stage = spec.build(&mut Surroundings { schema, action: note.action }).map_err(fail)?;
    Ok(Ranking::new(stage, schema))
}

fn failed(path: &Path, stage: &StageTable, error: BuildError) -> Error {
    Error::Config {
        path: path.to_path_buf(),
        line: None,
        hint: matches!(error, BuildError::Asset { .. })
            .then(|| "files of a stage are looked for from the current folder".into()),
        why: format!("stage `{}`: {error}", stage.name),
    }
}

/// Builds a changed stage anew for its bounds.
fn new_bounds(
    path: &Path,
    new: &StageTable,
    old: &StageTable,
    note: &StageNote,
    schema: &Schema,
) -> Result<Vec<Bound>> {
    let fail = |e: BuildError| failed(path, new, e);
    if let Some(entry) = barriers::find(&new.used) {
        let mut surroundings = Surroundings { schema, action: note.action };
        let (_, resolved) = (entry.build)(new.table.clone(), &mut surroundings).map_err(fail)?;
        return match resolved == old.table {
            true => Ok(vec![Bound::Off; note.rules.len()]),
            false => Err(unanswerable(format!(
                "`{}` is a barrier: what else it would remove is not in the ledger",
                new.name
            ))),
        };
    }
    let entry = filters::find(&new.used)
        .or_else(|| classifiers::find(&new.used))
        .ok_or_else(|| Error::release(path, format!("`use` names `{}`, which does not exist", new.used)))?;
    let mut surroundings = Surroundings { schema, action: note.action };
    let built = (entry.build)(new.table.clone(), &mut surroundings).map_err(fail)?;
    let rules = built.filter.rules();
    if rules.iter().map(|r| r.id.as_ref()).ne(note.rules.iter().map(|r| r.id.as_str())) {
        return Err(unanswerable(format!("`{}` would have other rules", new.name)));
    }
    let bounds: Vec<Bound> = rules.iter().map(|rule| rule.bound).collect();
    let old_bounds: Option<Vec<Bound>> = note.rules.iter().map(|rule| rule.bound.bound()).collect();
    only_bounds(&new.name, (&old.table, &built.resolved), (&old_bounds.unwrap_or_default(), &bounds))?;
    Ok(bounds)
}

/// Refuses a changed key that is not, number for number, the limit of a changed rule of its own.
fn only_bounds(
    stage: &str,
    (old, new): (&toml::Table, &toml::Table),
    (old_bounds, new_bounds): (&[Bound], &[Bound]),
) -> Result<()> {
    let mut moved: Vec<(Option<f64>, Option<f64>)> = old_bounds
        .iter()
        .zip(new_bounds)
        .filter(|(old, new)| old != new)
        .map(|(old, new)| (old.limit(), new.limit()))
        .collect();
    let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
    for key in keys.filter(|key| old.get(*key) != new.get(*key)) {
        let limits = limit(old.get(key)).zip(limit(new.get(key)));
        match moved.iter().position(|pair| Some(*pair) == limits) {
            Some(at) => drop(moved.swap_remove(at)),
            None => {
                return Err(unanswerable(format!(
                    "`{stage}.{key}` is not the bound of a rule: it changes what is measured"
                )));
            }
        }
    }
    match moved.is_empty() {
        true => Ok(()),
        false => Err(unanswerable(format!("`{stage}` would have other bounds than its keys say"))),
    }
}

/// A key's value as the limit of a rule: the inner `None` for a key left out, the outer for what is no number.
fn limit(value: Option<&toml::Value>) -> Option<Option<f64>> {
    match value {
        None => Some(None),
        Some(toml::Value::Integer(n)) => Some(Some(*n as f64)),
        Some(toml::Value::Float(n)) => Some(Some(*n)),
        Some(toml::Value::String(text)) => text.parse().ok().map(Some),
        Some(_) => None,
    }
}

/// What a stage sees while it is rebuilt: the columns the ledger has, files from the current folder.
struct Surroundings<'a> {
    schema: &'a Schema,
    action: Action,
}

impl Context for Surroundings<'_> {
    fn asset(&mut self, name: &str) -> std::result::Result<filters::Asset, BuildError> {
        let map = crate::files::map::Map::open(Path::new(name))
            .map_err(|e| BuildError::asset(name, e.to_string()))?;
        Ok(filters::Asset { name: name.to_string(), bytes: Arc::new(map) })
    }

    fn benchmark(
        &mut self,
        name: &str,
        fields: ItemFields<'_>,
    ) -> std::result::Result<Vec<BenchmarkItem>, BuildError> {
        let asset = self.asset(name)?;
        crate::source::rows::items(&asset, &fields)
    }

    fn embedded(&mut self, _: &str, _: &[u8]) {}

    fn column(&self, name: &str, kind: Kind) -> std::result::Result<ColumnRef, BuildError> {
        let stored = match kind {
            Kind::Number => DataType::Float64,
            Kind::Flag => DataType::Boolean,
            Kind::Label => DataType::Utf8,
        };
        let fields = self.schema.fields();
        let at =
            fields.iter().position(|f| *f.data_type() == stored && filters::names_column(name, f.name()));
        at.map(ColumnRef).ok_or_else(|| {
            let known = fields.iter().filter(|f| *f.data_type() == stored && f.name().contains('/'));
            let known: Vec<&str> = known.map(|f| f.name().as_str()).collect();
            BuildError::Column { name: name.into(), known: known.join(", ") }
        })
    }

    fn action(&self) -> Action {
        self.action
    }
}
