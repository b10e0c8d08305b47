//! The plan: every stage of the configuration built, and a digest of all that decides the outcome.

use crate::barriers::{self, Barrier};
use crate::batch::{ShardReader, WantedField};
use crate::config::{Config, OnError, StageTable};
use crate::map::Map;
use crate::withheld::{Exposed, withheld};
use crate::{Error, Result};
use filters::{
    Action, BenchmarkItem, BuildError, Built, Column, ColumnRef, Context, Entry, FieldRef, Filter,
    ItemFields, Kind, Layout, StageSlots,
};
use manifests::digest::Sha256;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A version of what tasks write for one another; part of every identity.
const ARTEFACT_VERSION: u32 = 2;

/// A stage, ready to run.
pub struct Stage {
    /// Its unique name.
    pub name: String,
    /// The registry entry it is an instance of.
    pub used: &'static str,
    /// The earlier flag that must be set for a record to be judged here.
    pub when: Option<ColumnRef>,
    /// What happens to a record that breaks one of its rules.
    pub action: Action,
    /// Whether its configuration is published, if the configuration says so.
    pub publish: Option<bool>,
    /// What happens to a record that it could not judge.
    pub on_error: OnError,
    /// What it does.
    pub step: Step,
    /// Its configuration with every default written out.
    pub resolved: toml::Table,
}

impl Stage {
    /// Whether it cuts passages out of texts when all records are known.
    fn cuts(&self) -> bool {
        matches!(&self.step, Step::Barrier(barrier) if barrier.edits())
    }
}

/// What a stage does: judge each record by itself, or compare the records of the whole corpus.
pub enum Step {
    /// A filter or scorer.
    Judge {
        /// The built filter.
        filter: Box<dyn Filter>,
        /// Its place among all rules and columns.
        slots: StageSlots,
        /// The reference implementation's reason strings, by rule id.
        aliases: Vec<(&'static str, &'static str)>,
    },
    /// Deduplication and whatever else needs every record.
    Barrier(Box<dyn Barrier>),
}

/// What a run would hold in memory, besides what it keeps there as long as there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Records in the corpus.
    pub records: u64,
    /// Bytes of memory.
    pub bytes: u64,
}

/// A file that a stage needed, with its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The name as configured.
    pub name: String,
    /// Its digest.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
}

/// Everything that decides the outcome, but the inputs.
pub struct Plan {
    pub(crate) config: Config,
    pub(crate) stages: Vec<Stage>,
    pub(crate) layout: Layout,
    pub(crate) assets: Vec<Asset>,
    /// The input's columns that stages ask for, besides those under `[input]`.
    pub(crate) fields: Vec<WantedField>,
    pub(crate) resolved: Value,
    withheld: Vec<usize>,
    pub(crate) digest: Sha256,
}

impl Plan {
    /// Builds every stage. What configuration can break, breaks here.
    pub fn new(config: Config) -> Result<Self> {
        crate::shard_file::compression(&config.file.output)?;
        let mut builder = Builder::default();
        for table in &config.stages {
            builder.add(&config, table)?;
        }
        let stages = resolved_stages(&config, &builder.stages)?;
        let withheld = withheld(&builder.stages, &stages).map_err(|Exposed { place, names }| {
            let table = &config.stages[place];
            let why = format!(
                "stage `{}`: `publish` is true, but it names `{names}`, which is not published",
                table.name
            );
            config.error(table.line, why)
        })?;
        let resolved = resolved(&config, &stages);
        let assets: Vec<Value> =
            builder.assets.iter().map(|a| json!([a.name, a.sha256.to_string()])).collect();
        let parts = json!({
            "config": resolved,
            "assets": assets,
            "program": env!("CARGO_PKG_VERSION"),
            "artefacts": ARTEFACT_VERSION,
        });
        let bytes = manifests::canonical::to_canonical(&parts).map_err(|e| Error::Bug(e.to_string()))?;
        let plan = Self {
            stages: builder.stages,
            layout: builder.layout,
            assets: builder.assets,
            fields: builder.fields,
            resolved,
            withheld,
            digest: Sha256::of(&bytes),
            config,
        };
        let wrong = |why| Error::Config { path: plan.config.path.clone(), line: None, why, hint: None };
        crate::gate::check(&plan).map_err(wrong)?;
        Ok(plan)
    }

    /// Opens a shard of the input.
    pub(crate) fn open(&self, shard: &Path) -> Result<ShardReader> {
        ShardReader::open(shard, &self.config.file.input, &self.fields)
    }

    /// The stages in order.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The files the stages needed.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// A digest of the resolved configuration, the assets and the program's version.
    pub fn digest(&self) -> Sha256 {
        self.digest
    }

    /// The configuration with every default written out, as it is hashed and signed.
    pub fn resolved(&self) -> &Value {
        &self.resolved
    }

    /// The places of the stages whose configuration is published to auditors only.
    pub fn withheld(&self) -> &[usize] {
        &self.withheld
    }

    /// Shards that would be read: name, path and bytes.
    pub fn shards(&self) -> Result<Vec<(String, PathBuf, u64)>> {
        let found = crate::inputs::find(&self.config)?;
        Ok(found
            .into_iter()
            .map(|f| (f.name, f.path.clone(), std::fs::metadata(f.path).map_or(0, |m| m.len())))
            .collect())
    }

    /// What a run on so many threads would hold in memory, by the inputs' footers.
    pub fn estimate(&self, threads: usize) -> Result<Estimate> {
        let (mut records, mut group_bytes) = (0u64, 0u64);
        let found = crate::inputs::find(&self.config)?;
        crate::inputs::check_columns(&found, self)?;
        for found in found {
            for group in crate::inputs::read_footer(&found.path)?.row_groups() {
                records += u64::try_from(group.num_rows()).unwrap_or_default();
                group_bytes = group_bytes.max(u64::try_from(group.total_byte_size()).unwrap_or_default());
            }
        }
        // two bytes a record say where it was decided; writing holds a decoded row group and its encoding on every
        // thread
        Ok(Estimate { records, bytes: records * 2 + 2 * group_bytes * threads as u64 })
    }

    /// What is allowed but probably not meant.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (at, _) in self.barriers() {
            let barrier = &self.stages[at].name;
            let later: Vec<&str> = self.stages[at + 1..]
                .iter()
                .filter(|stage| matches!(&stage.step, Step::Judge { slots, .. } if !slots.rules.is_empty()))
                .filter(|stage| stage.action != Action::Tag)
                .map(|stage| stage.name.as_str())
                .collect();
            if !later.is_empty() {
                let later = later.join("`, `");
                warnings.push(format!(
                    "`{later}` may take out a record for which `{barrier}` has removed its duplicates; they stay removed and are counted as orphans"
                ));
            }
        }
        warnings
    }

    /// The columns all judging stages record, in order, with the names the ledger gives them.
    pub(crate) fn columns(&self) -> Vec<(String, Kind)> {
        let mut columns = Vec::new();
        for stage in &self.stages {
            if let Step::Judge { slots, .. } = &stage.step {
                columns.extend(slots.columns.iter().map(|c| (format!("{}/{}", stage.name, c.name), c.kind)));
            }
        }
        columns
    }

    /// The rules all judging stages measure, in order, with the names the ledger gives them.
    pub(crate) fn rules(&self) -> Vec<String> {
        let mut rules = Vec::new();
        for stage in &self.stages {
            if let Step::Judge { slots, .. } = &stage.step {
                rules.extend(slots.rules.iter().map(|rule| format!("{}/{}", stage.name, rule.id)));
            }
        }
        rules
    }

    /// Positions of the stages whose removals a barrier wants to see.
    pub(crate) fn associates(&self, barrier: &dyn Barrier) -> Vec<u16> {
        let named = |(_, stage): &(usize, &Stage)| barrier.associates().contains(&stage.name);
        self.stages.iter().enumerate().filter(named).map(|(at, _)| at as u16).collect()
    }

    /// The barriers with the position of their stage.
    pub(crate) fn barriers(&self) -> impl Iterator<Item = (usize, &dyn Barrier)> {
        self.stages.iter().enumerate().filter_map(|(at, stage)| match &stage.step {
            Step::Barrier(barrier) => Some((at, barrier.as_ref())),
            Step::Judge { .. } => None,
        })
    }
}

/// What a stage compares records by that no record has, with the key that would give it to them.
fn incomparable(config: &Config, stage: &toml::Table) -> Option<(&'static str, &'static str)> {
    let by = stage.get("by").and_then(toml::Value::as_array)?;
    let parts = [
        ("url", "`input.url`", config.file.input.url.is_none()),
        ("source", "`[[source]]`", config.file.sources.is_empty()),
    ];
    let missing = |part: &str| by.iter().any(|by| by.as_str() == Some(part));
    parts.into_iter().find(|(part, _, absent)| *absent && missing(part)).map(|(part, key, _)| (part, key))
}

#[derive(Default)]
struct Builder {
    stages: Vec<Stage>,
    layout: Layout,
    assets: Vec<Asset>,
    fields: Vec<WantedField>,
    known: Vec<(String, Kind)>,
}

impl Builder {
    fn add(&mut self, config: &Config, table: &StageTable) -> Result<()> {
        if let Some(cutting) = self.stages.iter().find(|stage| stage.cuts()) {
            return Err(config.error(
                table.line,
                format!(
                    "stage `{}`: `{}` cuts texts when all records are known and must come last",
                    table.name, cutting.name
                ),
            ));
        }
        let fail = |e: BuildError| config.error(table.line, format!("stage `{}`: {e}", table.name));
        let when = match &table.when {
            Some(name) => Some(lookup(&self.known, name, Kind::Flag).map_err(fail)?),
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
            let mut site = self.site(config, action);
            let (barrier, resolved) = (entry.build)(table.table.clone(), &mut site).map_err(fail)?;
            if barrier.edits() && config.file.input.messages.is_some() {
                return Err(config.error(
                    table.line,
                    format!("stage `{}` edits text and cannot run on `messages`", table.name),
                ));
            }
            if let Some((part, key)) = incomparable(config, &resolved) {
                return Err(config.error(
                    table.line,
                    format!("stage `{}`: `by` compares the {part}, but there is no {key}", table.name),
                ));
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
            self.push(table, entry.name, None, action, Step::Barrier(barrier), resolved);
            return Ok(());
        }
        let entry = filters::find(&table.used)
            .or_else(|| classifiers::find(&table.used))
            .ok_or_else(|| unknown(config, table))?;
        let action = table.action.unwrap_or(entry.action);
        let mut site = self.site(config, action);
        let Built { filter, resolved } = (entry.build)(table.table.clone(), &mut site).map_err(fail)?;
        if filter.edits() && config.file.input.messages.is_some() {
            return Err(config.error(
                table.line,
                format!("stage `{}` edits text and cannot run on `messages`", table.name),
            ));
        }
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
        self.push(table, entry.name, when, action, Step::Judge { filter, slots, aliases }, resolved);
        Ok(())
    }

    fn site<'a>(&'a mut self, config: &'a Config, action: Action) -> Site<'a> {
        let Self { assets, fields, known, .. } = self;
        Site { folder: config.folder(), known, assets, fields, action }
    }

    fn push(
        &mut self,
        table: &StageTable,
        used: &'static str,
        when: Option<ColumnRef>,
        action: Action,
        step: Step,
        resolved: toml::Table,
    ) {
        self.stages.push(Stage {
            name: table.name.clone(),
            used,
            when,
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
    action: Action,
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

    fn benchmark(
        &mut self,
        name: &str,
        fields: ItemFields<'_>,
    ) -> std::result::Result<Vec<BenchmarkItem>, BuildError> {
        let asset = self.asset(name)?;
        crate::benchmark_items::read(&asset, &fields)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn embedded(&mut self, name: &str, bytes: &'static [u8]) {
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

    fn action(&self) -> Action {
        self.action
    }
}

fn lookup(known: &[(String, Kind)], name: &str, kind: Kind) -> std::result::Result<ColumnRef, BuildError> {
    let score = format!("{name}/score");
    let at = known.iter().position(|(column, k)| *k == kind && (column == name || *column == score));
    at.map(ColumnRef).ok_or_else(|| {
        let names: Vec<&str> =
            known.iter().filter(|(_, k)| *k == kind).map(|(name, _)| name.as_str()).collect();
        BuildError::Column {
            name: name.to_string(),
            known: if names.is_empty() { "nothing".into() } else { names.join(", ") },
        }
    })
}

/// The resolved configuration: what was meant, with nothing left to a default.
fn resolved(config: &Config, stages: &[Value]) -> Value {
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

fn resolved_stages(config: &Config, stages: &[Stage]) -> Result<Vec<Value>> {
    let bug = |e: serde_json::Error| Error::Bug(e.to_string());
    let mut listed = Vec::new();
    for (stage, table) in stages.iter().zip(&config.stages) {
        let mut resolved = serde_json::to_value(&stage.resolved).map_err(bug)?;
        if let Value::Object(map) = &mut resolved {
            map.insert("use".into(), json!(stage.used));
            map.insert("name".into(), json!(stage.name));
            map.insert("action".into(), serde_json::to_value(stage.action).map_err(bug)?);
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
