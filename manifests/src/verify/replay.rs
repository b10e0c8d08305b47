//! Level `replay`: the decisions follow from the configuration, the files it rests on and the inputs.
//!
//! This crate knows no configuration and no filter. It draws the sample, says which files the work may rest on, and
//! compares; the work itself is done behind [`Replay`]. What a stage decides that looks at one record at a time is the
//! same whatever else is in the corpus, so a sample of row groups can be decided anew. What a stage decides that
//! compares records (a barrier) needs them all.

mod basis;
mod compare;

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::report::{Findings, Report};
use super::{Case, CheckId, Opening};
use crate::audit::places;
use crate::index::{InputShard, LedgerIndex, LedgerShard};
use crate::ledger::{Edit, Fate};
use crate::predicate::{Asset, Tool};
use basis::Basis;
use compare::Comparison;

/// The part of a hash that makes samples of row groups unlike any others.
const DOMAIN: &[u8] = b"curation/replay-sample/v1\0";
/// All checks of the level.
const CHECKS: [CheckId; 3] = [CheckId::ReplayBasis, CheckId::ReplayDecisions, CheckId::ReplayCorpus];

/// How much is decided anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everything, barriers too.
    #[default]
    All,
    /// So many row groups, by the stages that look at one record at a time.
    Groups {
        /// How many; all of them if there are fewer.
        count: u64,
        /// Anything that the producer could not know before signing.
        seed: String,
    },
}

/// A configuration, ready to decide.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// With every default written out.
    pub config: Value,
    /// The files it rests on, as they are here.
    pub assets: Vec<Asset>,
    /// The program that decides here.
    pub tool: Tool,
    /// Its stages, in order.
    pub stages: Vec<StageKind>,
}

/// What a comparison has to know of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageKind {
    /// Its name.
    pub name: String,
    /// Whether it compares records with one another.
    pub barrier: bool,
    /// Whether it cuts texts when all records are known.
    pub cuts: bool,
}

/// An input file.
#[derive(Clone, Debug)]
pub struct Input {
    /// What is signed about it.
    pub shard: InputShard,
    /// Where it lies.
    pub path: PathBuf,
    /// Its number among the shards that were read.
    pub number: usize,
}

/// One record, decided anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its row in the shard.
    pub row: u64,
    /// What becomes of it.
    pub fate: Fate,
    /// What took it out, if anything did.
    pub stage: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// What was measured.
    pub value: Option<String>,
    /// What it was held against.
    pub bound: Option<String>,
    /// The edits of a released text.
    pub edits: Vec<Edit>,
    /// Digests of the text as it came in.
    pub opening: Opening,
}

/// Decides anew. An error says why that cannot be done here, which is no finding about the release.
pub trait Replay {
    /// Builds the configuration.
    fn prepare(&self) -> Result<Prepared, String>;

    /// The numbers of records of the row groups of an input.
    fn row_groups(&self, input: &Input) -> Result<Vec<u64>, String>;

    /// Decides the records of a row group, barriers left out.
    fn group(&self, input: &Input, row_group: usize) -> Result<Vec<Decided>, String>;

    /// Makes the release again, unsigned, from these inputs; it is gone when what is returned is dropped.
    fn whole(&self, inputs: &[Input]) -> Result<Box<dyn AsRef<Path>>, String>;
}

/// Does the checks of the level.
pub(super) fn check(
    case: &Case<'_>,
    inputs: Option<&Path>,
    scope: &Scope,
    replay: Option<&dyn Replay>,
    report: &mut Report,
) {
    let skip = |report: &mut Report, why: &str| CHECKS.iter().for_each(|id| report.skip(*id, why));
    let Some(replay) = replay else { return skip(report, "nothing here can decide anew") };
    if !case.release.has_auditor() {
        return skip(report, "this view carries no `auditor/`, which holds the ledger");
    }
    let Some(root) = inputs.filter(|root| root.is_dir()) else {
        return skip(report, "there is no directory with the inputs");
    };
    let Some(revealed) = case.revealed else { return skip(report, "the configuration could not be opened") };
    let prepared = match replay.prepare() {
        Ok(prepared) => prepared,
        Err(why) => return skip(report, &format!("the configuration cannot be built: {why}")),
    };
    let (made, here) = (&case.statement.predicate.tool, &prepared.tool);
    if made != here {
        let why = format!("made by {} {}, this is {} {}", made.name, made.version, here.name, here.version);
        return skip(report, &why);
    }
    let mut basis = Basis::new(case, root);
    basis.configuration(revealed, &prepared);
    let mut job = Job { case, replay, stages: &prepared.stages, basis, groups: 0, rows: 0, behind: 0 };
    match scope {
        Scope::All => job.all(report),
        Scope::Groups { count, seed } => job.sample(*count, seed, report),
    }
}

/// The work of one scope.
struct Job<'a> {
    case: &'a Case<'a>,
    replay: &'a dyn Replay,
    stages: &'a [StageKind],
    basis: Basis<'a>,
    groups: u64,
    rows: u64,
    /// Rows that a barrier decided, of which a sample can only tell that no earlier stage would have.
    behind: u64,
}

impl<'a> Job<'a> {
    /// Row groups drawn by the seed.
    fn sample(&mut self, count: u64, seed: &str, report: &mut Report) {
        let sizes = self.sizes();
        let all: Vec<(usize, usize)> = sizes
            .iter()
            .enumerate()
            .flat_map(|(shard, groups)| (0..groups.len()).map(move |group| (shard, group)))
            .collect();
        let root = self.case.statement.predicate.ledger.record_root;
        let drawn = places(DOMAIN, root, seed, all.len() as u64, count.min(all.len() as u64));
        let drawn: Vec<(usize, usize)> = drawn
            .into_iter()
            .flatten()
            .filter_map(|place| all.get(usize::try_from(place).ok()?).copied())
            .collect();
        let shards: std::collections::BTreeSet<usize> = drawn.iter().map(|(shard, _)| *shard).collect();
        shards.iter().for_each(|shard| self.basis.files(*shard));
        if !self.settle_basis(report) {
            return;
        }
        let mut comparison = Comparison::new(self.stages);
        for shard in shards {
            let groups = drawn.iter().filter(|(of, _)| *of == shard).map(|(_, group)| *group);
            if let Err(why) = self.shard(shard, &sizes[shard], groups.collect(), &mut comparison) {
                return report.skip(CheckId::ReplayDecisions, &why);
            }
        }
        if report.settle(CheckId::ReplayDecisions, comparison.decisions) {
            let barriers = if self.behind > 0 {
                format!("; {} of them a barrier decided", self.behind)
            } else {
                String::new()
            };
            let note =
                format!("{} of {} row groups, {} records{barriers}", self.groups, all.len(), self.rows);
            report.note(CheckId::ReplayDecisions, note);
        }
        report.waive(CheckId::ReplayCorpus, "what compares records is replayed with all row groups alone");
    }

    /// One shard's drawn row groups beside its ledger.
    fn shard(
        &mut self,
        number: usize,
        sizes: &[u64],
        groups: Vec<usize>,
        comparison: &mut Comparison<'_>,
    ) -> Result<(), String> {
        let shard = &self.case.indexes.ledger.shards[number];
        let file = shard.ledger_file.name.as_str();
        let stems = self.case.indexes.stems();
        let mut rows = ledger(self.case, shard, &stems)?;
        let mut at = 0;
        for group in groups {
            let first: u64 = sizes[..group].iter().sum();
            let decided = self.replay.group(&self.basis.inputs[number], group)?;
            self.groups += 1;
            for decided in decided {
                let row = rows.by_ref().find(|_| {
                    at += 1;
                    at > first
                });
                match row {
                    Some(Ok((row, opening))) => {
                        self.behind += u64::from(comparison.one(file, (&row, &opening), &decided));
                    }
                    Some(Err(why)) => comparison.decisions.add_row(file, decided.row, "a readable row", why),
                    None => comparison.decisions.add_row(file, decided.row, "a row of the ledger", "none"),
                }
                self.rows += 1;
            }
        }
        Ok(())
    }

    /// The whole release again.
    fn all(&mut self, report: &mut Report) {
        (0..self.basis.inputs.len()).for_each(|shard| self.basis.files(shard));
        self.sizes();
        if !self.settle_basis(report) {
            return;
        }
        let made = match self.replay.whole(&self.basis.inputs) {
            Ok(made) => made,
            Err(why) => {
                return [CheckId::ReplayDecisions, CheckId::ReplayCorpus]
                    .iter()
                    .for_each(|id| report.skip(*id, &why));
            }
        };
        let mut comparison = Comparison::new(self.stages);
        match self.compare_all((*made).as_ref(), &mut comparison) {
            Ok(()) => {
                let rows = self.rows;
                if report.settle(CheckId::ReplayDecisions, comparison.decisions) {
                    report.note(CheckId::ReplayDecisions, format!("all row groups, {rows} records"));
                }
                report.settle(CheckId::ReplayCorpus, comparison.corpus);
            }
            Err(why) => {
                [CheckId::ReplayDecisions, CheckId::ReplayCorpus]
                    .iter()
                    .for_each(|id| report.skip(*id, &why));
            }
        }
    }

    fn compare_all(&mut self, made: &Path, comparison: &mut Comparison<'_>) -> Result<(), String> {
        let bytes = disk::read(&made.join(crate::index::LEDGER_INDEX)).map_err(|error| error.to_string())?;
        let again: LedgerIndex = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let stems = self.case.indexes.stems();
        for (shard, anew) in self.case.indexes.ledger.shards.iter().zip(&again.shards) {
            let file = shard.ledger_file.name.as_str();
            let claimed = ledger(self.case, shard, &stems)?;
            let mut found = self.case.evidence.ledger(&made.join(&anew.ledger_file.name), &stems)?;
            let before = comparison.retracted;
            for row in claimed {
                let row = match row {
                    Ok(row) => row,
                    Err(why) => {
                        comparison.decisions.add(file, "a readable row", why);
                        break;
                    }
                };
                match found.next() {
                    Some(found) => comparison.whole(file, &row, &found?),
                    None => comparison.decisions.add_row(file, row.0.row, "no such row", "one"),
                }
                self.rows += 1;
            }
            // What was retracted is the one thing that a run does not come to.
            if comparison.retracted == before {
                comparison.corpus.same(file, "decisionRoot", shard.decision_root, anew.decision_root);
            }
        }
        if comparison.retracted == 0 {
            comparison.outputs(&self.case.indexes.ledger, &again);
        }
        Ok(())
    }

    /// The rows of the row groups of every input.
    fn sizes(&mut self) -> Vec<Vec<u64>> {
        let found: Vec<_> = self.basis.inputs.iter().map(|input| self.replay.row_groups(input)).collect();
        let mut sizes = Vec::with_capacity(found.len());
        for (number, found) in found.into_iter().enumerate() {
            match found {
                Ok(groups) => {
                    self.basis.rows(number, &groups);
                    sizes.push(groups);
                }
                Err(why) => {
                    self.basis
                        .missing
                        .push(format!("input `{}` ({why})", self.basis.inputs[number].shard.name));
                    sizes.push(Vec::new());
                }
            }
        }
        sizes
    }

    /// Nothing is decided anew on another footing than the signed one.
    fn settle_basis(&mut self, report: &mut Report) -> bool {
        if self.basis.findings.is_empty() && !self.basis.missing.is_empty() {
            let why = format!("missing or unreadable: {}", self.basis.missing.join(", "));
            CHECKS.iter().for_each(|id| report.skip(*id, &why));
            return false;
        }
        let findings = std::mem::take(&mut self.basis.findings);
        let held = report.settle(CheckId::ReplayBasis, findings);
        if !held {
            for id in [CheckId::ReplayDecisions, CheckId::ReplayCorpus] {
                report.skip(id, "there is nothing to replay on: `replay.basis` failed");
            }
        }
        held
    }
}

fn ledger<'a>(
    case: &'a Case<'_>,
    shard: &LedgerShard,
    stems: &'a [String],
) -> Result<super::LedgerRows<'a>, String> {
    let path = case.release.path(&shard.ledger_file.name).ok_or("an unsafe name")?;
    case.evidence.ledger(&path, stems)
}

/// A decision in words.
fn describe(
    fate: Fate,
    stage: Option<&str>,
    rule: Option<&str>,
    value: Option<&str>,
    bound: Option<&str>,
) -> String {
    let or = |text: Option<&str>| text.unwrap_or("none").to_owned();
    match stage {
        None => fate.to_string(),
        Some(stage) => format!("{fate} by {stage}/{} (value {}, bound {})", or(rule), or(value), or(bound)),
    }
}
