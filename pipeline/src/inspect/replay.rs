//! A release's decisions, made anew for its verifier. What they come to is compared in `manifests::verify`.

use crate::Result;
use crate::config::Config;
use crate::files::input::InputFile;
use crate::files::scratch::Folder;
use crate::inspect::opened;
use crate::judge::verdicts::{INPUT_STAGE, Verdicts};
use crate::judge::{judge_group, replay};
use crate::plan::{Plan, Step};
use crate::run::admission::Admission;
use crate::run::{Options, run_over};
use crate::source::batch::{Rows, ShardReader};
use crate::source::format::Format;
use crate::source::inputs::{self, Shard};
use crate::source::shelf::Shelf;
use crate::source::unread::Unread;
use arrow_array::RecordBatch;
use filters::{Chat, Edits};
use manifests::ledger::{Edit, Fate, SaltKey};
use manifests::predicate::{Asset, Tool};
use manifests::verify::{Decided, Input, Opening, Prepared, Replay, StageKind};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Decides the records of one release anew.
pub struct ReleaseReplay {
    release: PathBuf,
    config: Option<PathBuf>,
    assets: PathBuf,
    scratch: PathBuf,
    threads: usize,
    plan: OnceCell<std::result::Result<Plan, String>>,
    /// Holds what had to be unpacked.
    unpacked: OnceCell<Folder>,
    /// Shards that have been looked at, by number.
    shards: RefCell<BTreeMap<usize, Shard>>,
}

impl ReleaseReplay {
    /// The release in this directory, by its own configuration. The files that configuration names are looked for from
    /// `assets`; `scratch` is where a release may be made again.
    pub fn new(release: &Path, assets: &Path, scratch: &Path, threads: usize) -> Self {
        Self {
            release: release.to_path_buf(),
            config: None,
            assets: assets.to_path_buf(),
            scratch: scratch.to_path_buf(),
            threads,
            plan: OnceCell::new(),
            unpacked: OnceCell::new(),
            shards: RefCell::new(BTreeMap::new()),
        }
    }

    /// By the configuration in this file instead, which names its files from its own folder.
    #[must_use]
    pub fn with_config(self, config: &Path) -> Self {
        Self { config: Some(config.to_path_buf()), ..self }
    }

    fn plan(&self) -> std::result::Result<&Plan, String> {
        let plan = self.plan.get_or_init(|| self.build().map_err(text));
        plan.as_ref().map_err(String::clone)
    }

    fn build(&self) -> Result<Plan> {
        if let Some(path) = &self.config {
            return Plan::new(Config::load(path, &[])?);
        }
        let (_, toml) = opened::configuration(&self.release.join("config.public.json"))?;
        let place = self.assets.join("config.public.json");
        Config::parse(&place, &toml, &[]).and_then(Plan::new).map_err(opened::without_line)
    }

    fn unpacked(&self) -> Result<&Path> {
        if let Some(folder) = self.unpacked.get() {
            return Ok(folder.as_ref());
        }
        let folder = Folder::create(&self.scratch, "inputs")?;
        Ok(self.unpacked.get_or_init(|| folder).as_ref())
    }

    /// The shard as a run sees it, with the source and digest that were signed.
    fn shard(&self, input: &Input) -> std::result::Result<Shard, String> {
        if let Some(known) = self.shards.borrow().get(&input.number) {
            return Ok(known.clone());
        }
        let folder = match Format::of(&input.path) {
            Format::Parquet => &self.scratch,
            Format::Lines(_) => self.unpacked().map_err(text)?,
        };
        let file = InputFile::local(&input.path);
        let unpacked = inputs::unpacked_file(folder, input.number);
        let (row_groups, blocks) = inputs::groups(&file, &unpacked).map_err(text)?;
        let shard = Shard {
            name: input.shard.name.clone(),
            file,
            source: input.shard.source.clone(),
            sha256: input.shard.sha256,
            bytes: input.shard.bytes,
            row_groups,
            blocks,
            excluded: None,
            columns: None,
        };
        self.shards.borrow_mut().insert(input.number, shard.clone());
        Ok(shard)
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

impl Replay for ReleaseReplay {
    fn prepare(&self) -> std::result::Result<Prepared, String> {
        let plan = self.plan()?;
        let asset = |asset: &crate::Asset| Asset {
            name: asset.name.clone(),
            sha256: asset.sha256,
            bytes: asset.bytes,
        };
        let kind = |stage: &crate::Stage| {
            let (barrier, cuts) = match &stage.step {
                Step::Barrier(barrier) => (true, barrier.edits()),
                Step::Judge { .. } => (false, false),
            };
            StageKind { name: stage.name.clone(), barrier, cuts }
        };
        Ok(Prepared {
            config: plan.resolved().clone(),
            assets: plan.assets().iter().map(asset).collect(),
            tool: Tool { name: "probity".into(), version: env!("CARGO_PKG_VERSION").into() },
            stages: plan.stages().iter().map(kind).collect(),
        })
    }

    fn row_groups(&self, input: &Input) -> std::result::Result<Vec<u64>, String> {
        self.shard(input).map(|shard| shard.row_groups)
    }

    fn group(&self, input: &Input, row_group: usize) -> std::result::Result<Vec<Decided>, String> {
        let (plan, shard) = (self.plan()?, self.shard(input)?);
        decide(plan, &shard, (input.number, row_group)).map_err(text)
    }

    fn whole(&self, inputs: &[Input]) -> std::result::Result<Box<dyn AsRef<Path>>, String> {
        let shards: Vec<Shard> =
            inputs.iter().map(|input| self.shard(input)).collect::<std::result::Result<_, _>>()?;
        let folder = Folder::create(&self.scratch, "replay").map_err(text)?;
        let options = Options {
            release: folder.as_ref().join("release"),
            key: None,
            // commitments are not compared, texts are
            salt_key: Some(SaltKey::from_bytes([0; 32])),
            threads: self.threads,
            memory: Options::MEMORY,
            stop: crate::Stop::default(),
        };
        run_over(self.plan()?, &options, &shards).map_err(text)?;
        Ok(Box::new(Release { release: options.release, _folder: folder }))
    }
}

/// One row group, as a run judges and writes it.
fn decide(plan: &Plan, shard: &Shard, place: (usize, usize)) -> Result<Vec<Decided>> {
    let judged = judge_group(plan, shard, place, (&Shelf::new(0), &Admission::new(u64::MAX)), &mut ())?;
    let verdicts = Verdicts::read(&judged.verdicts)?;
    let reader = plan.open(shard)?;
    // where they cannot be had, all records are quarantined
    let batches = Unread::damage(reader.group(place.1, shard.row_groups[place.1]))?.unwrap_or_default();
    let first = shard.first_row(place.1);
    let mut texts = Texts::new(&reader, &batches)?;
    let mut decided = Vec::with_capacity(verdicts.len());
    for row in 0..verdicts.len() {
        let mut one = record(plan, &verdicts, row, &mut texts)?;
        one.row = first + row as u64;
        decided.push(one);
    }
    Ok(decided)
}

fn record(plan: &Plan, verdicts: &Verdicts, row: usize, texts: &mut Texts<'_>) -> Result<Decided> {
    let opening = Opening { content: verdicts.digest("content", row)?, norm: verdicts.digest("norm", row)? };
    let mut decided = Decided {
        row: 0,
        fate: Fate::Kept,
        stage: None,
        rule: None,
        value: None,
        bound: None,
        edits: Vec::new(),
        opening,
    };
    if let Some(decision) = verdicts.decision(row)? {
        let stage = match decision.stage {
            INPUT_STAGE => Some("input".to_string()),
            at => plan.stages.get(usize::from(at)).map(|stage| stage.name.clone()),
        };
        decided.fate = if decision.quarantined { Fate::Quarantined } else { Fate::Removed };
        decided.stage = stage;
        decided.rule = Some(decision.rule.into_owned());
        (decided.value, decided.bound) = (Some(decision.value), Some(decision.bound));
        return Ok(decided);
    }
    let edits = verdicts.edits(row)?;
    if !edits.is_empty()
        && let Some(text) = texts.get(row)
    {
        let made: Edits = replay(text, &edits, usize::MAX);
        let edit = |edit: &filters::Edit| Edit {
            part: 0,
            start: edit.start as u64,
            end: edit.end as u64,
            with: edit.with.to_string(),
        };
        decided.edits = made.as_slice().iter().map(edit).collect();
        if !decided.edits.is_empty() {
            decided.fate = Fate::Edited;
        }
    }
    Ok(decided)
}

/// The texts of a row group as they came in.
struct Texts<'b> {
    batches: Vec<(usize, Rows<'b>)>,
    chat: Chat,
}

impl<'b> Texts<'b> {
    fn new(reader: &ShardReader, batches: &'b [RecordBatch]) -> Result<Self> {
        let rows = |batch: &'b RecordBatch| Ok((batch.num_rows(), reader.rows(batch)?));
        Ok(Self { batches: batches.iter().map(rows).collect::<Result<_>>()?, chat: Chat::default() })
    }

    fn get(&mut self, mut row: usize) -> Option<&str> {
        for (length, rows) in &self.batches {
            match row.checked_sub(*length) {
                Some(rest) => row = rest,
                None => return rows.text(row, &mut self.chat).ok(),
            }
        }
        None
    }
}

/// The release in such a folder.
struct Release {
    release: PathBuf,
    _folder: Folder,
}

impl AsRef<Path> for Release {
    fn as_ref(&self) -> &Path {
        &self.release
    }
}
