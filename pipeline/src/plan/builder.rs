//! Building the stages one after the other, each from its table and from what the ones before it record.

use super::{Asset, Stage, Step, When, checks};
use crate::barriers;
use crate::config::{Config, OnError, StageTable};
use crate::files::map::Map;
use crate::source::batch::WantedField;
use crate::{Error, Result};
use filters::{
    Action, BenchmarkItem, BuildError, Built, Column, ColumnRef, Context, Entry, FieldRef, ItemFields, Kind,
    Layout, Selection, TurnSelection,
};
use manifests::digest::Sha256;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The stages so far, and what later ones may ask of them.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) stages: Vec<Stage>,
    pub(super) layout: Layout,
    pub(super) assets: Vec<Asset>,
    pub(super) fields: Vec<WantedField>,
    known: Vec<(String, Kind)>,
}

impl Builder {
    pub(super) fn add(&mut self, config: &Config, table: &StageTable) -> Result<()> {
        if let Some(cutting) = self.stages.iter().find(|stage| stage.cuts()) {
            return Err(config.error(
                table.line,
                format!(
                    "stage `{}`: `{}` cuts texts when all records are known and must come last",
                    table.name, cutting.name
                ),
            ));
        }
        let turns = checks::turns(config, table)
            .map_err(|why| config.error(table.line, format!("stage `{}`: {why}", table.name)))?;
        let fail = |e: BuildError| config.error(table.line, format!("stage `{}`: {e}", table.name));
        let hinted = |mut error: Error, keys: &[&'static str]| {
            if let Error::Config { hint, .. } = &mut error {
                *hint = checks::key_hint(table, keys);
            }
            error
        };
        let when = match &table.when {
            Some(chosen) if chosen.contains('=') => {
                let site = self.site(config, table, Action::Remove);
                Some(When::Selected(Selection::find("when", chosen, &site).map_err(fail)?))
            }
            Some(name) => Some(When::Flag(lookup(&self.known, name, Kind::Flag).map_err(fail)?)),
            None => None,
        };
        if let Some(entry) = barriers::find(&table.used) {
            if when.is_some() || table.action == Some(Action::Tag) || table.on_error.is_some() {
                return Err(config.error(
                    table.line,
                    format!(
                        "stage `{}`: a barrier takes no `when` or `on_error` and cannot `tag`",
                        table.name
                    ),
                ));
            }
            let action = table.action.unwrap_or(Action::Remove);
            let mut site = self.site(config, table, action);
            let (barrier, resolved) =
                (entry.build)(table.table.clone(), &mut site).map_err(|e| hinted(fail(e), (entry.keys)()))?;
            if barrier.edits() && config.file.input.messages.is_some() {
                return Err(config.error(
                    table.line,
                    format!("stage `{}` cuts passages and cannot run on `messages`", table.name),
                ));
            }
            if let Some(why) = checks::absent(config, &resolved) {
                return Err(config.error(table.line, format!("stage `{}`: {why}", table.name)));
            }
            if let Some(why) = checks::marked_twice(barrier.as_ref(), &self.stages) {
                return Err(config.error(table.line, format!("stage `{}`: {why}", table.name)));
            }
            for name in barrier.associates() {
                if !self.stages.iter().any(|stage| stage.name == *name) {
                    let known =
                        self.stages.iter().map(|stage| stage.name.as_str()).collect::<Vec<_>>().join(", ");
                    return Err(config.error(
                        table.line,
                        format!("stage `{}`: no earlier stage `{name}`; there are: {known}", table.name),
                    ));
                }
            }
            self.push(table, entry.name, (None, turns), action, Step::Barrier(barrier), resolved);
            return Ok(());
        }
        let entry = filters::find(&table.used)
            .or_else(|| classifiers::find(&table.used))
            .ok_or_else(|| unknown(config, table))?;
        let action = table.action.unwrap_or(entry.action);
        let mut site = self.site(config, table, action);
        let Built { filter, resolved } =
            (entry.build)(table.table.clone(), &mut site).map_err(|e| hinted(fail(e), (entry.keys)()))?;
        filter.notes().iter().for_each(|note| tracing::info!("stage `{}`: {note}", table.name));
        let mut extra = Vec::new();
        if filter.edits() {
            extra.push(EDITED);
        }
        if table.on_error == Some(OnError::Pass) {
            extra.push(FAILED);
        }
        if action == Action::Tag && !filter.rules().is_empty() {
            extra.push(BROKEN);
        }
        let slots = self.layout.add(filter.as_ref(), &extra);
        self.known.extend(slots.columns.iter().map(|c| (format!("{}/{}", table.name, c.name), c.kind)));
        let aliases = entry.rules.iter().filter_map(|rule| Some((rule.id, rule.alias?))).collect();
        self.push(table, entry.name, (when, turns), action, Step::Judge { filter, slots, aliases }, resolved);
        Ok(())
    }

    fn site<'a>(&'a mut self, config: &'a Config, table: &StageTable, action: Action) -> Site<'a> {
        let Self { assets, fields, known, .. } = self;
        let released = config.file.dataset.released.as_deref();
        let has_turns = config.file.input.messages.is_some();
        let turns = checks::turns_told(table);
        Site { folder: config.folder(), known, assets, fields, has_turns, turns, action, released }
    }

    fn push(
        &mut self,
        table: &StageTable,
        used: &'static str,
        (when, turns): (Option<When>, Option<TurnSelection>),
        action: Action,
        step: Step,
        resolved: toml::Table,
    ) {
        self.stages.push(Stage {
            name: table.name.clone(),
            used,
            when,
            turns,
            action,
            publish: table.publish,
            on_error: table.on_error.unwrap_or_default(),
            step,
            resolved,
        });
    }
}

/// The column in which an editing stage says whether it finds something to edit in the text it sees. Where everything
/// is measured it says so of a record that an earlier stage decided, too.
pub(crate) const EDITED: Column = Column::new("edited", Kind::Flag);

/// The column in which a stage marks the records it could not judge and let pass.
pub(crate) const FAILED: Column = Column::new("failed", Kind::Flag);

/// The rule under which a record is quarantined that a stage could not judge.
pub(crate) const ERROR: &str = "error";

/// The column in which a stage that only tags names the rule a record broke.
pub(crate) const BROKEN: Column = Column::new("broken", Kind::Label);

fn unknown(config: &Config, table: &StageTable) -> Error {
    let names = filters::FILTERS.iter().chain(classifiers::SCORERS).map(|e: &Entry| e.name);
    let names = names.chain(barriers::BARRIERS.iter().map(|e| e.name));
    let nearest = names.min_by_key(|name| strsim::damerau_levenshtein(name, &table.used));
    let mut error = config.error(table.line, format!("`use` names `{}`, which does not exist", table.used));
    if let Error::Config { hint, .. } = &mut error {
        *hint = nearest.map(|name| format!("did you mean `{name}`? `probity filters` lists all"));
    }
    error
}

/// What a stage sees of its surroundings while it is built.
struct Site<'a> {
    folder: &'a Path,
    known: &'a [(String, Kind)],
    assets: &'a mut Vec<Asset>,
    fields: &'a mut Vec<WantedField>,
    has_turns: bool,
    turns: Option<String>,
    action: Action,
    released: Option<&'a str>,
}

impl Site<'_> {
    fn list(&mut self, name: &str, bytes: &[u8]) {
        let asset = Asset { name: name.to_string(), sha256: Sha256::of(bytes), bytes: bytes.len() as u64 };
        if !self.assets.contains(&asset) {
            self.assets.push(asset);
        }
    }
}

impl Context for Site<'_> {
    fn asset(&mut self, name: &str) -> std::result::Result<filters::Asset, BuildError> {
        let map = Map::open(&self.folder.join(name)).map_err(|e| BuildError::asset(name, e.to_string()))?;
        self.list(name, map.as_ref());
        Ok(filters::Asset { name: name.to_string(), bytes: Arc::new(map) })
    }

    fn expand(&self, pattern: &str) -> std::result::Result<Vec<String>, BuildError> {
        // a file that is not there is told when it is opened
        if !pattern.contains(['*', '?', '[', '{']) {
            return Ok(vec![pattern.to_string()]);
        }
        let mut paths = Vec::new();
        crate::source::find::expand(&self.folder.join(pattern), crate::source::find::is_parquet, &mut paths)
            .map_err(|e| BuildError::asset(pattern, e.to_string()))?;
        paths.sort();
        let folder = crate::source::find::clean(self.folder);
        let name = |path: &PathBuf| path.strip_prefix(&folder).unwrap_or(path).to_str().map(String::from);
        match paths.iter().map(name).collect::<Option<Vec<String>>>() {
            Some(names) if !names.is_empty() => Ok(names),
            Some(_) => Err(BuildError::asset(pattern, "nothing matches")),
            None => Err(BuildError::asset(pattern, "matches a name that is not UTF-8")),
        }
    }

    fn benchmark(
        &mut self,
        name: &str,
        fields: ItemFields<'_>,
    ) -> std::result::Result<Vec<BenchmarkItem>, BuildError> {
        let asset = self.asset(name)?;
        crate::source::rows::items(&asset, &fields)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn embedded(&mut self, name: &str, bytes: &[u8]) {
        self.list(name, bytes);
    }

    fn column(&self, name: &str, kind: Kind) -> std::result::Result<ColumnRef, BuildError> {
        lookup(self.known, name, kind)
    }

    fn field(&mut self, name: &str, kind: Kind) -> std::result::Result<FieldRef, BuildError> {
        let wanted = (name.to_string(), kind);
        let at = self.fields.iter().position(|field| *field == wanted).unwrap_or_else(|| {
            self.fields.push(wanted);
            self.fields.len() - 1
        });
        Ok(FieldRef(at))
    }

    fn turns(&self) -> Option<&str> {
        self.turns.as_deref()
    }

    fn has_turns(&self) -> bool {
        self.has_turns
    }

    fn action(&self) -> Action {
        self.action
    }

    fn released(&self) -> Option<&str> {
        self.released
    }
}

fn lookup(known: &[(String, Kind)], name: &str, kind: Kind) -> std::result::Result<ColumnRef, BuildError> {
    let at = known.iter().position(|(column, k)| *k == kind && filters::names_column(name, column));
    at.map(ColumnRef).ok_or_else(|| {
        let names: Vec<&str> =
            known.iter().filter(|(_, k)| *k == kind).map(|(name, _)| name.as_str()).collect();
        BuildError::Column {
            name: name.to_string(),
            known: if names.is_empty() { "nothing".into() } else { names.join(", ") },
        }
    })
}
