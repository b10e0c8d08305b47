//! A run: the tasks in their order, on a local pool.

pub(crate) mod admission;
mod begun;
pub(crate) mod budget;
pub(crate) mod directory;
pub(crate) mod memory;
pub(crate) mod passes;
pub(crate) mod work;

use crate::barriers::Resolution;
use crate::barriers::corpus::{Corpus, Group, Judged};
use crate::config::BadShard;
use crate::files::artefact::{self, Artefact, Kind};
use crate::files::store;
use crate::judge::{Part, Watch, judge_group};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::release::attest::{self, Attested};
use crate::release::fates::{Fates, Resolved};
use crate::release::parts::{Marks, data_files};
use crate::release::write::{WriteTask, Written, ledger_file, removed_file};
use crate::run::budget::Budget;
use crate::run::passes::Pass;
use crate::run::work::Work;
use crate::source::inputs::{self, Shard};
use crate::{Error, Result, Stop};
use manifests::digest::{Sha256, sha256_file};
use manifests::keys::SigningKey;
use manifests::ledger::SaltKey;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use begun::Begun;
pub(crate) use directory::tidy_up;

/// What a run needs besides the plan.
pub struct Options<'a> {
    /// Where the release is made.
    pub release: PathBuf,
    /// The key that signs it; without one it stays unsigned.
    pub key: Option<&'a SigningKey>,
    /// Opens the ledger's commitments; drawn once and kept with the release unless given.
    pub salt_key: Option<SaltKey>,
    /// Worker threads.
    pub threads: usize,
    /// Bytes of anonymous memory that the process may take: models, tables, workers and what grows with the corpus, of
    /// which the rest is kept on disk. A plan that cannot do with it is refused. Decides nothing but the speed.
    pub memory: u64,
    /// Asked between tasks whether to go on.
    pub stop: Stop,
}

impl Options<'_> {
    /// The memory of a run unless it is told otherwise.
    pub const MEMORY: u64 = 2 << 30;
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The statement of the release.
    pub attested: Attested,
    /// Bytes of text read.
    pub text_bytes: u64,
}

/// Carries out the plan. Continues where an interrupted run of the same plan over the same inputs stopped.
///
/// # Errors
/// By who is at fault; [`Error::Interrupted`] if it was to stop. What was done by then is kept.
pub fn run(plan: &Plan, options: &Options<'_>, progress: &dyn Progress) -> Result<Outcome> {
    alone(plan, options, progress, |run, started| run.all(started))
}

/// Carries out the plan over shards that are known already, wherever the configuration would look for them.
pub(crate) fn run_over(plan: &Plan, options: &Options<'_>, shards: &[Shard]) -> Result<Outcome> {
    alone(plan, options, &crate::Silent, |run, started| run.over(shards, started))
}

/// Does a job with the directory of the release to itself.
fn alone(
    plan: &Plan,
    options: &Options<'_>,
    progress: &dyn Progress,
    job: impl FnOnce(&Run<'_>, std::time::Instant) -> Result<Outcome> + Send,
) -> Result<Outcome> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()
        .map_err(|e| Error::Bug(e.to_string()))?;
    let started = std::time::Instant::now();
    let budget = Budget::new(plan, options.threads, options.memory)?;
    let _lock = directory::take(&options.release)?;
    pool.install(|| job(&Run { plan, options, budget, progress }, started))
}

/// The tasks of one run.
pub(crate) struct Run<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) options: &'r Options<'r>,
    pub(crate) budget: Budget,
    pub(crate) progress: &'r dyn Progress,
}

impl Run<'_> {
    fn all(&self, started: std::time::Instant) -> Result<Outcome> {
        let input = &self.plan.config.file.input;
        let found = inputs::find(&self.plan.config)?;
        let columns = inputs::check_columns(&found, self.plan)?;
        let unpacked = work::unpacked_inputs(&self.options.release);
        let listed = inputs::survey(
            &found,
            (input.bad_shard, columns.as_ref()),
            &unpacked,
            self.progress,
            &self.options.stop,
        )?;
        if input.bad_shard == BadShard::Exclude {
            listed
                .iter()
                .filter(|s| s.excluded.is_some())
                .for_each(|s| tracing::warn!("`{}` is excluded", s.file));
        }
        self.over(&listed, started)
    }

    fn over(&self, listed: &[Shard], started: std::time::Instant) -> Result<Outcome> {
        let shards = included(listed);
        let budget = self.budget.with_records(shards.iter().map(Shard::rows).sum())?;
        let mut work = Work::new(&self.options.release, self.plan, &shards, budget);
        work.stop = self.options.stop.clone();
        self.begin(&work, listed, &shards)?;
        self.judge(&work, &shards)?;
        self.after_judging(listed, &shards, &work, started)
    }

    /// Tells what an interrupted run has left that this one goes on from, and why it may be less than expected.
    fn begin(&self, work: &Work, listed: &[Shard], shards: &[Shard]) -> Result<()> {
        let now = Begun::now(self.plan, listed);
        if let Some(before) = Begun::find(work.folder()) {
            let groups = &work.division.groups;
            let judged = groups.iter().filter(|group| {
                let identity = work.group_identity(&shards[group.shard], group.row_group);
                Artefact::is_there(&work.verdicts(group.shard, group.row_group), Kind::Verdicts, &identity)
            });
            tracing::info!(
                "continuing: {} of {} row groups are judged already",
                judged.count(),
                groups.len()
            );
            before.changes(&now).iter().for_each(|change| tracing::info!("since then: {change}"));
        }
        now.keep(work.folder())
    }

    /// Barriers, writing and attesting: what is left to do when every record has been judged.
    pub(crate) fn after_judging(
        &self,
        listed: &[Shard],
        shards: &[Shard],
        work: &Work,
        started: std::time::Instant,
    ) -> Result<Outcome> {
        let mut judged = Judged::load(self.plan, shards, work, work.division.whole())?;
        let resolved = self.barriers(&mut judged)?;
        let salt_key = self.salt_key()?;
        let fates = Fates { judged: &judged, resolved: &resolved, salt_key: &salt_key };
        let written = self.write(&fates, shards, work)?;
        self.finish(&fates, listed, &written, started)
    }

    /// What is left to do when all is written: what later releases need, the indices and the manifest.
    pub(crate) fn finish(
        &self,
        fates: &Fates<'_>,
        listed: &[Shard],
        written: &[Written],
        started: std::time::Instant,
    ) -> Result<Outcome> {
        let (work, shards) = (fates.judged.work, fates.judged.shards);
        self.publish(fates)?;
        let text_bytes = written.iter().map(|w| w.in_text_bytes).sum();
        work.stop.go_on()?;
        let draft = attest::Draft { plan: self.plan, listed, shards, written, fates };
        let seconds = started.elapsed().as_secs_f64();
        let attested =
            attest::attest(&draft, &self.options.release, self.options.key, (self.options.threads, seconds))?;
        disk::remove_folder(work.folder()).map_err(|e| Error::output(work.folder(), e))?;
        Ok(Outcome { attested, text_bytes })
    }

    /// Pass 1: a task per row group.
    fn judge(&self, work: &Work, shards: &[Shard]) -> Result<()> {
        self.progress.begin("judge", shards.iter().map(|s| s.bytes).sum());
        work.division.groups.par_iter().try_for_each(|group| {
            work.stop.go_on()?;
            self.judge_task(work, shards, group, &mut ())
        })?;
        self.progress.end();
        Ok(())
    }

    pub(crate) fn judge_task(
        &self,
        work: &Work,
        shards: &[Shard],
        group: &Group,
        watch: &mut impl Watch,
    ) -> Result<()> {
        let shard = &shards[group.shard];
        let identity = work.group_identity(shard, group.row_group);
        let path = work.verdicts(group.shard, group.row_group);
        let keys: Vec<PathBuf> = self
            .plan
            .barriers()
            .enumerate()
            .map(|(n, _)| work.keys(group.shard, group.row_group, n))
            .collect();
        let done = Artefact::find(&path, Kind::Verdicts, &identity).is_some()
            && keys.iter().all(|path| Artefact::find(path, Kind::Keys, &identity).is_some());
        if !done {
            let memory = (&work.shelf, &work.admission);
            let judged = judge_group(self.plan, shard, (group.shard, group.row_group), memory, watch)?;
            for (path, payload) in keys.iter().zip(&judged.keys) {
                artefact::write(path, Kind::Keys, &identity, payload)?;
            }
            artefact::write(&path, Kind::Verdicts, &identity, &judged.verdicts)?;
            watch.done(Part::Verdicts);
        }
        let share = (group.records.end - group.records.start) as f64 / shard.rows().max(1) as f64;
        self.progress.advance((shard.bytes as f64 * share) as u64);
        Ok(())
    }

    /// The barriers, in the order of the configuration; each sees what the earlier ones left.
    fn barriers(&self, judged: &mut Judged<'_>) -> Result<Vec<Resolved>> {
        let mut all = Vec::new();
        for (ordinal, (stage, barrier)) in self.plan.barriers().enumerate() {
            self.progress.begin(&self.plan.stages[stage].name, 1);
            judged.work.stop.go_on()?;
            let resolved = match self.resolved(judged.work, ordinal)? {
                Some(resolved) => resolved,
                None => {
                    let corpus = Corpus::new(judged, barrier, (stage, ordinal))?;
                    corpus.take_steps(barrier, usize::MAX)?;
                    self.resolve(&corpus, ordinal)?
                }
            };
            judged.remove(&resolved);
            all.push(resolved);
            self.progress.advance(1);
            self.progress.end();
        }
        Ok(all)
    }

    /// What a barrier came to, if it has been here already.
    pub(crate) fn resolved(&self, work: &Work, ordinal: usize) -> Result<Option<Resolved>> {
        let folder = work.barrier(ordinal);
        let files = Resolved::files(&folder);
        files.iter().try_for_each(|file| work.fetch(Pass::Resolve { barrier: ordinal }, 0, file))?;
        let stage = self.plan.barriers().nth(ordinal).map(|(stage, _)| stage);
        Ok(stage.and_then(|stage| Resolved::find(stage, &folder, &work.barrier_identity(ordinal))))
    }

    /// Lets a barrier come to its decision.
    pub(crate) fn resolve(&self, corpus: &Corpus<'_>, ordinal: usize) -> Result<Resolved> {
        let (barrier, work) = (corpus.barrier(), corpus.work());
        let folder = work.barrier(ordinal);
        let mut resolution = Resolution::new(&folder, work.budget.resolution());
        barrier.resolve(corpus, &mut resolution)?;
        Resolved::write(corpus.stage(), &folder, &work.barrier_identity(ordinal), resolution)
    }

    /// What the barriers leave for later releases.
    fn publish(&self, fates: &Fates<'_>) -> Result<()> {
        let (judged, marks) = (fates.judged, Marks::of(self.plan, fates.resolved));
        let publishing = self.plan.barriers().enumerate().filter(|(_, (_, barrier))| barrier.publishes());
        for (ordinal, (stage, barrier)) in publishing {
            let corpus = Corpus::new(judged, barrier, (stage, ordinal))?;
            barrier.publish(&corpus, &mut judged.released(&marks), &self.options.release)?;
        }
        Ok(())
    }

    /// The last pass: a task per shard.
    fn write(&self, fates: &Fates<'_>, shards: &[Shard], work: &Work) -> Result<Vec<Written>> {
        self.progress.begin("write", shards.iter().map(|s| s.bytes).sum());
        self.clear_stale(shards.len())?;
        // few shards: their row groups side by side; many: shard by shard on all workers
        let width = if shards.len() >= self.options.threads { 1 } else { 2 * self.options.threads };
        let one = |index: usize| {
            work.stop.go_on()?;
            let written = match self.written(work, index, fates.salt_key)? {
                Some(written) => written,
                None => self.write_shard(fates, index, width)?,
            };
            self.progress.advance(shards[index].bytes);
            Ok(written)
        };
        let written = if width == 1 {
            (0..shards.len()).into_par_iter().map(one).collect()
        } else {
            (0..shards.len()).map(one).collect::<Result<_>>()
        };
        self.progress.end();
        written
    }

    /// Writes a shard, with so many row groups side by side.
    pub(crate) fn write_shard(&self, fates: &Fates<'_>, index: usize, width: usize) -> Result<Written> {
        let Judged { shards, work, .. } = *fates.judged;
        let task = WriteTask { plan: self.plan, shards, work, fates, release: &self.options.release, width };
        let written = task.run(index, &work.division.groups[work.division.of_shard(index)])?;
        let json = serde_json::to_vec(&written).map_err(|e| Error::Bug(e.to_string()))?;
        artefact::write(
            &work.written(index),
            Kind::Written,
            &work.written_identity(index, fates.salt_key),
            &json,
        )?;
        Ok(written)
    }

    /// What came of writing a shard, if that has been done and its files are still what they were.
    pub(crate) fn written(&self, work: &Work, index: usize, salt_key: &SaltKey) -> Result<Option<Written>> {
        let path = work.written(index);
        work.fetch(Pass::Write, index, &path)?;
        let found = Artefact::find(&path, Kind::Written, &work.written_identity(index, salt_key));
        let written = found.and_then(|found| serde_json::from_slice::<Written>(found.payload()).ok());
        let Some(written) = written else { return Ok(None) };
        let release = &self.options.release;
        written.files.iter().try_for_each(|(name, _)| work.fetch(Pass::Write, index, &release.join(name)))?;
        let same = |(name, digest): &(String, Sha256)| {
            sha256_file(&release.join(name)).is_ok_and(|(found, _)| found == *digest)
        };
        Ok(written.files.iter().all(same).then_some(written))
    }

    /// Removes what an interrupted run of another plan or other inputs left in the release's folders.
    pub(crate) fn clear_stale(&self, shards: usize) -> Result<()> {
        let removed = self.plan.config.file.output.removed;
        let mut expected = BTreeSet::new();
        for at in 0..shards {
            let data = data_files(self.plan, at)?.into_iter().map(|(name, _)| name);
            let names = data.chain([ledger_file(at)]).chain(removed.then(|| removed_file(at)));
            expected.extend(names.map(|name| self.options.release.join(name)));
        }
        ["data", "auditor/ledger", "auditor/removed"]
            .iter()
            .try_for_each(|folder| clear(&self.options.release.join(folder), &expected))
    }

    /// The key of the ledger's commitments: as given, or drawn once and kept with the unfinished release.
    fn salt_key(&self) -> Result<SaltKey> {
        let path = self.options.release.join("auditor/salt.key");
        let kept = match disk::read(&path) {
            Ok(bytes) => bytes.try_into().ok().map(SaltKey::from_bytes),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            // another key would open no commitment that was made already
            Err(e) => return Err(Error::output(&path, e)),
        };
        let key = match (&self.options.salt_key, kept) {
            (Some(given), Some(kept)) if given.commitment() == kept.commitment() => return Ok(kept),
            (Some(given), _) => given.clone(),
            (None, Some(kept)) => return Ok(kept),
            (None, None) => SaltKey::generate().map_err(|e| Error::output(&path, e))?,
        };
        store::write_file(&path, key.as_bytes())?;
        Ok(key)
    }
}

/// Removes all files of a folder, and of those in it, but these.
fn clear(folder: &Path, expected: &BTreeSet<PathBuf>) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in disk::list(folder).map_err(|e| Error::output(folder, e))? {
        let path = entry.map_err(|e| Error::output(folder, e))?.path();
        if path.is_dir() {
            clear(&path, expected)?;
            // one that still holds something stays
            let _ = disk::remove_empty_folder(&path);
        } else if !expected.contains(&path) {
            disk::remove_file(&path).map_err(|e| Error::output(&path, e))?;
        }
    }
    Ok(())
}

/// The shards that are not excluded.
pub(crate) fn included(listed: &[Shard]) -> Vec<Shard> {
    listed.iter().filter(|shard| shard.excluded.is_none()).cloned().collect()
}
