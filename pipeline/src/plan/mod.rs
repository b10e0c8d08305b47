//! The plan: every stage of the configuration built, and a digest of all that decides the outcome.

mod builder;
mod checks;
mod resolved;
mod withheld;

use crate::barriers::{Barrier, Marking};
use crate::config::{Config, OnError};
use crate::run::budget::{Cost, Needs};
use crate::source::batch::{ShardReader, WantedField};
use crate::source::format::Format;
use crate::source::inputs::{self, Shard};
use crate::source::lines;
use crate::{Error, Result};
use builder::Builder;
use filters::{
    Action, ColumnRef, Filter, Findings, Kind, Layout, Selection, StageSlots, TurnSelection, View,
};
use manifests::digest::Sha256;
use resolved::{resolved, resolved_stages};
use serde_json::{Value, json};
use withheld::{Exposed, withheld};

pub(crate) use builder::{EDITED, ERROR, FAILED};

/// A version of what tasks write for one another; part of every identity.
const ARTEFACT_VERSION: u32 = 7;

/// A stage, ready to run.
pub struct Stage {
    /// Its unique name.
    pub name: String,
    /// The registry entry it is an instance of.
    pub used: &'static str,
    /// Which records are judged here; all if it says nothing.
    pub when: Option<When>,
    /// Which turns of a chat record it sees; all if none.
    pub turns: Option<TurnSelection>,
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

/// Which records a stage judges.
pub enum When {
    /// Those for which an earlier stage recorded this flag as true.
    Flag(ColumnRef),
    /// Those with certain values.
    Selected(Selection),
}

impl When {
    /// Whether the stage judges a record.
    pub(crate) fn holds(&self, view: &View<'_>, findings: &Findings) -> bool {
        match self {
            Self::Flag(column) => *findings.get(*column) == filters::Value::Flag(true),
            Self::Selected(selection) => selection.holds(view, findings),
        }
    }
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

/// What a run would hold in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Records in the shards that say how many they have.
    pub records: u64,
    /// Shards of JSON lines, which have to be read to be counted.
    pub uncounted: usize,
    /// The least that a run can be given, in bytes: what stages and workers take, and what little is left for the rest.
    pub least: u64,
    /// What keeps every worker busy, in bytes; with less, tasks wait for one another. More spares reading and sorting on
    /// disk.
    pub busy: u64,
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
        crate::release::data_file::extension(&config.file.output)?;
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
        // what cannot be signed: an integer that JSON readers would round
        let bytes = manifests::canonical::to_canonical(&parts).map_err(|e| {
            let why = format!("a value is none that a manifest can hold: {e}");
            Error::Config { path: config.path.clone(), line: None, why, hint: None }
        })?;
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
        crate::release::gate::check(&plan).map_err(wrong)?;
        checks::uncounted(&plan).map_or(Ok(()), |why| Err(wrong(why)))?;
        Ok(plan)
    }

    /// Opens a shard of the input.
    pub(crate) fn open(&self, shard: &Shard) -> Result<ShardReader> {
        ShardReader::of_shard(shard, &self.config.file.input, &self.fields)
    }

    /// The stages in order.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Where the stages' rules and columns stand among all.
    pub fn layout(&self) -> &Layout {
        &self.layout
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

    /// Shards that would be read: name and bytes.
    pub fn shards(&self) -> Result<Vec<(String, u64)>> {
        let found = inputs::find(&self.config)?;
        found.into_iter().map(|found| Ok((found.name, found.file.bytes()?))).collect()
    }

    /// What a run on so many threads would hold in memory, by this process and the inputs' footers.
    pub fn estimate(&self, threads: usize) -> Result<Estimate> {
        let (mut records, mut uncounted, mut largest) = (0u64, 0, 0u64);
        let found = inputs::find(&self.config)?;
        inputs::check_columns(&found, self)?;
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        for found in found {
            if let Format::Lines(_) = Format::of(found.file.name()) {
                uncounted += 1;
                // how many lines there are is not known; a quarter of a KiB each is little
                let block =
                    Cost { decoded: 2 * lines::BLOCK_BYTES, rows: lines::BLOCK_BYTES >> 8, longest: 0 };
                largest = largest.max(block.of_writing());
                continue;
            }
            for group in crate::source::parquet::footer(&found.file)?.row_groups() {
                let rows = count(group.num_rows());
                let cost = Cost { decoded: count(group.total_byte_size()), rows, longest: 0 };
                records = records.saturating_add(rows);
                largest = largest.max(cost.of_writing());
            }
        }
        let needs = Needs::of(self, threads, records);
        Ok(Estimate { records, uncounted, least: needs.least(), busy: needs.busy(largest, threads) })
    }

    /// What is allowed but probably not meant. `today`, `YYYY-MM-DD`, stands for the day of the release where the
    /// configuration declares none; no warning changes what a run does.
    pub fn warnings(&self, today: &str) -> Vec<String> {
        let mut warnings = self.expired(self.config.file.dataset.released.as_deref().unwrap_or(today));
        let deduplicates =
            |barrier: &dyn Barrier| (0..barrier.rules().len()).any(|rule| barrier.measures_similarity(rule));
        for (at, _) in self.barriers().filter(|(_, barrier)| deduplicates(*barrier)) {
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

    fn expired(&self, day: &str) -> Vec<String> {
        let of_stage = |stage: &Stage| match &stage.step {
            Step::Judge { filter, .. } => filter.expiries().to_vec(),
            Step::Barrier(_) => Vec::new(),
        };
        let past = |stage: &Stage| {
            let past = of_stage(stage).into_iter().filter(|expiry| expiry.is_past(day));
            past.map(|expiry| format!("`{}`: {} expired on {}", stage.name, expiry.what, expiry.day))
                .collect::<Vec<_>>()
        };
        self.stages.iter().flat_map(past).collect()
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

    /// The names of the splits that records are released in, if there are any.
    pub(crate) fn splits(&self) -> &[String] {
        let named = self.barriers().find_map(|(_, barrier)| match barrier.marking() {
            Some(Marking::Split(names)) => Some(names),
            _ => None,
        });
        named.unwrap_or_default()
    }

    /// The barriers with the position of their stage.
    pub(crate) fn barriers(&self) -> impl Iterator<Item = (usize, &dyn Barrier)> {
        self.stages.iter().enumerate().filter_map(|(at, stage)| match &stage.step {
            Step::Barrier(barrier) => Some((at, barrier.as_ref())),
            Step::Judge { .. } => None,
        })
    }
}
