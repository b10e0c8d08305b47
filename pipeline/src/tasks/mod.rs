//! A run that many processes work on, on one machine or on many, started by whatever engine there is.
//!
//! ```text
//! plan      reads the configuration, hashes the inputs, writes down passes and tasks      once
//! run_task  does one task and hands over what it has made                                 by anybody, as often as one likes
//! finish    puts the release together, attests and signs it                               once
//! ```
//! What comes of it is what one process would have made, byte for byte, because the tasks are the same ([`crate::run()`]
//! does them side by side). An engine only says which task is next. A task that is done is done: an attempt that comes
//! late, or twice, changes nothing.
//!
//! Processes meet in the folder `work`, which all of them see: a file system they share, or a folder of an object store.
//! It holds texts and the key of the ledger's commitments, so that it needs the care that the inputs do.

mod file;
mod shared;

use crate::barriers::corpus::{Corpus, Judged, groups};
use crate::config::{BadShard, Config, Override};
use crate::files::exchange::Exchange;
use crate::files::finished;
use crate::files::input::InputFile;
use crate::files::scratch::Folder;
use crate::files::store;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::release::attest::inputs_index;
use crate::release::fates::{Fates, Resolved};
use crate::release::upload::holds;
use crate::run::budget::Budget;
use crate::run::passes::{Division, Pass};
use crate::run::work::{Work, folder_of, unpacked_inputs};
use crate::run::{Options, Outcome, Run, directory, included};
use crate::source::inputs::{self, Shard};
use crate::source::lines::Blocks;
use crate::{Error, Result, Silent, Stop};
use file::{Opened, PlanFile};
use manifests::digest::sha256_file;
use manifests::index::{INPUTS_INDEX, InputsIndex};
use manifests::ledger::SaltKey;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use file::PassTasks;
use shared::Known;
pub(crate) use shared::Shared;
pub use shared::{Done, Made};

/// The key of the ledger's commitments, in the exchange.
const SALT: &str = "salt.key";

/// How the work of a plan is divided.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Bytes of input that one task of judging takes, at the most but for a row group that is larger by itself.
    pub task_bytes: u64,
    /// In how many parts barriers divide what they make of the whole corpus: about as many as there are workers.
    pub parts: usize,
}

/// What a process has for a task.
#[derive(Clone, Debug)]
pub struct Worker {
    /// A local folder for what is made and fetched; the task leaves nothing in it.
    pub scratch: PathBuf,
    /// Worker threads.
    pub threads: usize,
    /// Bytes of anonymous memory that the process may take.
    pub memory: u64,
    /// Asked now and then whether to go on.
    pub stop: Stop,
}

/// Writes the plan of a run to `to`: which must not be there, unless it is the very same plan.
///
/// `work` is a folder of the plan's own, local or `s3://…`; the salt key is drawn unless it is given.
///
/// # Errors
/// By who is at fault, as of a run that hashes its inputs; [`Error::Output`] if there is another plan.
pub fn plan(
    (config, set): (&Path, &[Override]),
    (to, work): (&Path, &str),
    (sizes, salt_key): (Sizes, Option<SaltKey>),
    worker: &Worker,
    progress: &dyn Progress,
) -> Result<()> {
    let text = disk::read_to_string(config).map_err(|e| Error::Config {
        path: config.into(),
        line: None,
        why: e.to_string(),
        hint: None,
    })?;
    let path = std::path::absolute(config).map_err(|e| Error::output(config, e))?;
    let plan = Plan::new(Config::parse(&path, &text, set)?)?;
    let work = match work.contains("://") {
        true => work.to_string(),
        false => {
            std::path::absolute(work).map_err(|e| Error::output(Path::new(work), e))?.display().to_string()
        }
    };
    let exchange = Exchange::open(&work)?;
    let salt_key = shared_salt_key(&exchange, salt_key)?;
    let listed = on_pool(worker.threads, || survey(&plan, &exchange, worker, progress))?;
    let division = divide(&included(&listed), sizes);
    let file =
        PlanFile::new((&plan, text, set), &listed, &division, (&exchange, &work, salt_key.commitment()))?;
    let bytes = file.bytes()?;
    match disk::read(to) {
        Ok(there) if there == bytes => Ok(()),
        Ok(_) => {
            Err(Error::output(to, "is another plan; choose another name, and another folder for its work"))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => store::write_file(to, &bytes),
        Err(e) => Err(Error::output(to, e)),
    }
}

/// The passes of a plan, in order, with how many tasks each has.
///
/// # Errors
/// [`Error::Config`] if it is no plan of this program.
pub fn passes(plan: &Path) -> Result<Vec<PassTasks>> {
    PlanFile::open(plan).map(|opened| opened.file.passes)
}

/// A plan that is opened once for many tasks.
pub struct Tasks(Opened, Arc<Known>);

impl Tasks {
    /// Opens a plan, and builds its stages.
    ///
    /// # Errors
    /// [`Error::Config`] if it is no plan of this program, or if models, packs or lists are not those it was made with.
    pub fn open(plan: &Path) -> Result<Self> {
        PlanFile::open(plan).map(|opened| Self(opened, Arc::default()))
    }

    /// The passes in order, with how many tasks each has.
    pub fn passes(&self) -> &[PassTasks] {
        &self.0.file.passes
    }

    /// Whether a task is done, by anybody.
    ///
    /// # Errors
    /// [`Error::Output`] if that cannot be found out.
    pub fn is_done(&self, stage: &str, task: usize) -> Result<bool> {
        let (nth, _) = self.find(stage, task)?;
        let shared = self.shared(Path::new(""));
        Ok(shared.done(nth, task)?.is_some())
    }

    /// Does a task, unless it is done, and tells what it came to.
    ///
    /// # Errors
    /// By who is at fault; [`Error::Unanswerable`] if a task that it needs is not done.
    pub fn run(&self, stage: &str, task: usize, worker: &Worker) -> Result<Done> {
        let (nth, pass) = self.find(stage, task)?;
        if let Some(done) = self.shared(Path::new("")).done(nth, task)? {
            return Ok((*done).clone());
        }
        let scratch = Folder::create(&worker.scratch, "task")?;
        let options = Options {
            release: scratch.as_ref().join("release"),
            key: None,
            salt_key: None,
            threads: worker.threads,
            memory: worker.memory,
            stop: worker.stop.clone(),
        };
        on_pool(worker.threads, || {
            self.with_run(&options, &Silent, |run, work| self.attempt(run, work, (pass, task)))
        })
    }

    /// Puts the release together in `options.release`, attests and signs it. The folder `work` is removed when it stands.
    ///
    /// # Errors
    /// By who is at fault; [`Error::Unanswerable`] if a task is not done.
    pub fn finish(&self, options: &Options<'_>, progress: &dyn Progress) -> Result<Outcome> {
        let started = std::time::Instant::now();
        let _lock = directory::take(&options.release)?;
        let outcome = on_pool(options.threads, || {
            self.with_run(options, progress, |run, work| self.attest(run, work, started))
        })?;
        self.clear()?;
        Ok(outcome)
    }

    /// Whether this directory holds the finished release: one of the same configuration and the same inputs.
    pub(crate) fn is_finished_in(&self, release: &Path) -> Result<bool> {
        let Opened { plan, listed, .. } = &self.0;
        if !holds(plan, release)? {
            return Ok(false);
        }
        let inputs: InputsIndex = finished::json(release, INPUTS_INDEX)?;
        Ok(inputs == inputs_index(listed))
    }

    /// Removes what tasks have handed over.
    pub(crate) fn clear(&self) -> Result<()> {
        self.0.exchange.clear()
    }

    /// A run of this process.
    fn with_run<T>(
        &self,
        options: &Options<'_>,
        progress: &dyn Progress,
        job: impl FnOnce(&Run<'_>, &Work) -> Result<T>,
    ) -> Result<T> {
        let Opened { plan, shards, division, .. } = &self.0;
        let budget = Budget::new(plan, options.threads, options.memory)?;
        let budget = budget.with_records(division.records())?;
        store::private_folder(&folder_of(&options.release))?;
        let mut work = Work::new(&options.release, plan, shards, budget)
            .shared(division.clone(), self.shared(&options.release));
        work.stop = options.stop.clone();
        job(&Run { plan, options, budget, progress }, &work)
    }

    fn shared(&self, release: &Path) -> Shared {
        let Opened { exchange, digest, passes, .. } = &self.0;
        Shared::new(Arc::clone(exchange), (*digest, passes.clone()), release, Arc::clone(&self.1))
    }

    fn find(&self, stage: &str, task: usize) -> Result<(usize, Pass)> {
        let passes = &self.0.file.passes;
        let nth = passes.iter().position(|pass| pass.stage == stage);
        let tasks = nth.map_or(0, |nth| passes[nth].tasks);
        match nth.zip(nth.and_then(|nth| self.0.passes.get(nth))) {
            Some((nth, (pass, _))) if task < tasks => Ok((nth, *pass)),
            Some(_) => Err(Error::Unanswerable {
                why: format!("`{stage}` has {tasks} tasks, numbered from 0; there is no task {task}"),
                hint: None,
            }),
            None => {
                let names: Vec<String> = passes.iter().map(|pass| format!("`{}`", pass.stage)).collect();
                Err(Error::Unanswerable {
                    why: format!("the plan has no pass `{stage}`; it has {}", names.join(", ")),
                    hint: None,
                })
            }
        }
    }

    /// Does a task and hands over what it has made.
    fn attempt(&self, run: &Run<'_>, work: &Work, (pass, task): (Pass, usize)) -> Result<Done> {
        let (rows, files) = match pass {
            Pass::Judge => self.judge(run, work, task)?,
            Pass::Step { barrier, step } => {
                let (judged, stage, built) = self.at_barrier(run, work, (barrier, Some((step, task))))?;
                let files = built.step(&Corpus::new(&judged, built, (stage, barrier))?, step, task)?;
                (0, files)
            }
            Pass::Resolve { barrier } => {
                let (judged, stage, built) = self.at_barrier(run, work, (barrier, None))?;
                let resolved = run.resolve(&Corpus::new(&judged, built, (stage, barrier))?, barrier)?;
                let folder = work.barrier(barrier);
                let kept = built.keeps().iter().map(|name| folder.join(name));
                (resolved.removals.len() as u64, Resolved::files(&folder).into_iter().chain(kept).collect())
            }
            Pass::Write => self.write(run, work, task)?,
        };
        work.stop.go_on()?;
        let shared = work.shared.as_ref().ok_or_else(|| Error::Bug("a task of no plan".into()))?;
        shared.commit(pass, task, rows, &files).map(|done| (*done).clone())
    }

    fn judge(&self, run: &Run<'_>, work: &Work, task: usize) -> Result<(u64, Vec<PathBuf>)> {
        let groups = &work.division.groups[work.division.shares[task].clone()];
        groups.par_iter().try_for_each(|group| {
            work.stop.go_on()?;
            run.judge_task(work, &self.0.shards, group, &mut ())
        })?;
        let barriers = run.plan.barriers().count();
        let files = |group: &crate::barriers::corpus::Group| {
            let (shard, row_group) = (group.shard, group.row_group);
            let keys = (0..barriers).map(move |barrier| work.keys(shard, row_group, barrier));
            std::iter::once(work.verdicts(shard, row_group)).chain(keys)
        };
        let rows = groups.iter().map(|group| group.records.end - group.records.start).sum();
        Ok((rows, groups.iter().flat_map(files).collect()))
    }

    /// The corpus at a barrier, as far as a task of one of its steps sees it, or all of it.
    fn at_barrier<'w>(
        &'w self,
        run: &Run<'_>,
        work: &'w Work,
        (ordinal, step): (usize, Option<(usize, usize)>),
    ) -> Result<(Judged<'w>, usize, &'w dyn crate::barriers::Barrier)> {
        let Opened { plan, shards, .. } = &self.0;
        let (stage, barrier) =
            plan.barriers().nth(ordinal).ok_or_else(|| Error::Bug(format!("no barrier {ordinal}")))?;
        let window = match step.and_then(|(step, task)| Some((barrier.steps().get(step)?.extent, task))) {
            Some((extent, task)) => work.division.window(extent, task),
            // what has steps has seen the records in them
            None if !barrier.steps().is_empty() => 0..0,
            None => work.division.whole(),
        };
        let mut judged = Judged::load(plan, shards, work, window.clone())?;
        if !window.is_empty() {
            (0..ordinal).try_for_each(|earlier| {
                self.resolved(run, work, earlier).map(|resolved| judged.remove(&resolved))
            })?;
        }
        Ok((judged, stage, barrier))
    }

    fn resolved(&self, run: &Run<'_>, work: &Work, barrier: usize) -> Result<Resolved> {
        let damaged =
            || Error::output(&work.barrier(barrier), "what the barrier came to is missing or damaged");
        run.resolved(work, barrier)?.ok_or_else(damaged)
    }

    fn write(&self, run: &Run<'_>, work: &Work, task: usize) -> Result<(u64, Vec<PathBuf>)> {
        let Opened { plan, shards, .. } = &self.0;
        let judged = Judged::load(plan, shards, work, work.division.of_shard(task))?;
        let resolved = (0..plan.barriers().count()).map(|barrier| self.resolved(run, work, barrier));
        let (resolved, salt_key) = (resolved.collect::<Result<Vec<_>>>()?, self.salt_key()?);
        let fates = Fates { judged: &judged, resolved: &resolved, salt_key: &salt_key };
        let written = run.write_shard(&fates, task, 2 * run.options.threads)?;
        let files = written.files.iter().map(|(name, _)| run.options.release.join(name));
        Ok((written.rows, files.chain([work.written(task)]).collect()))
    }

    /// The last steps of a run, over what the tasks have made.
    fn attest(&self, run: &Run<'_>, work: &Work, started: std::time::Instant) -> Result<Outcome> {
        let Opened { plan, shards, listed, .. } = &self.0;
        let mut judged = Judged::load(plan, shards, work, work.division.whole())?;
        let mut resolved = Vec::new();
        for barrier in 0..plan.barriers().count() {
            let of_barrier = self.resolved(run, work, barrier)?;
            judged.remove(&of_barrier);
            resolved.push(of_barrier);
        }
        let salt_key = self.salt_key()?;
        store::write_file(&run.options.release.join("auditor/salt.key"), salt_key.as_bytes())?;
        run.clear_stale(shards.len())?;
        let written = (0..shards.len()).into_par_iter().map(|index| {
            work.stop.go_on()?;
            run.written(work, index, &salt_key)?.ok_or_else(|| {
                Error::output(&work.written(index), "what came of writing a shard is missing or damaged")
            })
        });
        let written = written.collect::<Result<Vec<_>>>()?;
        let fates = Fates { judged: &judged, resolved: &resolved, salt_key: &salt_key };
        run.finish(&fates, listed, &written, started)
    }

    fn salt_key(&self) -> Result<SaltKey> {
        let exchange = &self.0.exchange;
        let bytes = exchange.read(SALT)?.ok_or_else(|| exchange.fail(SALT, "is gone"))?;
        let key =
            bytes.try_into().map(SaltKey::from_bytes).map_err(|_| exchange.fail(SALT, "is not 32 bytes"))?;
        match key.commitment() == self.0.file.salt {
            true => Ok(key),
            false => Err(exchange.fail(SALT, "is not the key of the plan")),
        }
    }
}

/// The key of the ledger's commitments: the one that is there, and otherwise the given one, or one that is drawn.
fn shared_salt_key(exchange: &Exchange, given: Option<SaltKey>) -> Result<SaltKey> {
    let new = match &given {
        Some(key) => key.clone(),
        None => SaltKey::generate().map_err(|e| exchange.fail(SALT, e))?,
    };
    exchange.create(SALT, new.as_bytes().to_vec())?;
    let bytes = exchange.read(SALT)?.unwrap_or_default();
    let key =
        bytes.try_into().map(SaltKey::from_bytes).map_err(|_| exchange.fail(SALT, "is not 32 bytes"))?;
    match given.is_some_and(|given| given.commitment() != key.commitment()) {
        true => Err(exchange.fail(SALT, "is another key than the one that is given")),
        false => Ok(key),
    }
}

/// Finds, hashes and counts the inputs. Compressed lines are unpacked to where all processes see them.
fn survey(plan: &Plan, exchange: &Exchange, worker: &Worker, progress: &dyn Progress) -> Result<Vec<Shard>> {
    let input = &plan.config.file.input;
    let found = inputs::find(&plan.config)?;
    let columns = inputs::check_columns(&found, plan)?;
    let scratch = Folder::create(&worker.scratch, "plan")?;
    let unpacked = exchange
        .folder()
        .map_or_else(|| unpacked_inputs(&scratch.as_ref().join("plan")), |folder| folder.join("inputs"));
    let policy = (input.bad_shard, columns.as_ref());
    let mut listed = inputs::survey(&found, policy, &unpacked, progress, &worker.stop)?;
    if input.bad_shard == BadShard::Exclude {
        listed
            .iter()
            .filter(|s| s.excluded.is_some())
            .for_each(|s| tracing::warn!("`{}` is excluded", s.file));
    }
    if exchange.folder().is_none() {
        for (at, shard) in listed.iter_mut().enumerate() {
            let copy = inputs::unpacked_file(&unpacked, at);
            if copy.exists() {
                share_lines(exchange, shard, &copy, at)?;
            }
        }
    }
    Ok(listed)
}

/// Brings unpacked lines to where all processes see them.
fn share_lines(exchange: &Exchange, shard: &mut Shard, copy: &Path, at: usize) -> Result<()> {
    let (digest, _) = sha256_file(copy).map_err(|e| Error::output(copy, e))?;
    let name = format!("inputs/{at:05}.lines");
    exchange.put(&name, copy, digest)?;
    let blocks = shard.blocks.as_ref().map(|blocks| blocks.told().1.to_vec()).unwrap_or_default();
    let file: InputFile = exchange.input(&name)?.pinned()?;
    shard.blocks = Some(Arc::new(Blocks::of_told(file, blocks)));
    Ok(())
}

/// Row groups of one shard, as many as make up the bytes of a task, are a share.
fn divide(shards: &[Shard], sizes: Sizes) -> Division {
    let groups = groups(shards);
    let mut shares: Vec<std::ops::Range<usize>> = Vec::new();
    let mut taken = 0;
    for (at, group) in groups.iter().enumerate() {
        let shard = &shards[group.shard];
        let share = (group.records.end - group.records.start) as f64 / shard.rows().max(1) as f64;
        let bytes = (shard.bytes as f64 * share) as u64;
        let fits = at > 0 && groups[at - 1].shard == group.shard && taken + bytes <= sizes.task_bytes;
        match shares.last_mut().filter(|_| fits) {
            Some(last) => {
                last.end = at + 1;
                taken += bytes;
            }
            None => {
                shares.push(at..at + 1);
                taken = bytes;
            }
        }
    }
    Division { groups, shares, parts: sizes.parts.max(1) }
}

fn on_pool<T: Send>(threads: usize, job: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| Error::Bug(e.to_string()))?.install(job)
}
