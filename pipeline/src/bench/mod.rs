//! `bench`: how long each part of a run takes on the user's own shards, on one thread, beside a bare copy of them.
//!
//! The run that is measured is the one that `run` makes: the same tasks, in the same order, into a release that is
//! thrown away. Parts that take their time in one piece are told apart by the passes a run reports; inside the pass
//! over the records, the judge is followed by a stopwatch.

mod clock;
mod copy;
mod report;
mod watch;

use crate::barriers::corpus::groups;
use crate::files::store;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::run::budget::Budget;
use crate::run::work::Work;
use crate::run::{Options, Run, included};
use crate::source::inputs::{self, Found};
use crate::{Error, Result, Stop};
use arrow_schema::SchemaRef;
use clock::Moment;
use report::Round;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use watch::Stopwatch;

pub use report::{Line, Report};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Request {
    /// Worker threads. Shares of time can be told for one, and nothing else is accepted.
    pub threads: usize,
    /// How often everything is measured; the medians are told.
    pub rounds: usize,
    /// Only so many shards, the first ones.
    pub shards: Option<usize>,
    /// Where a folder is made for what is written; it is gone when the measurement is over.
    pub scratch: PathBuf,
}

/// Measures a plan over its shards.
pub fn bench(plan: &Plan, request: &Request) -> Result<Report> {
    if request.threads != 1 {
        return Err(Error::Limit {
            what: "threads of a benchmark".into(),
            limit: "1".into(),
            actual: request.threads.to_string(),
        });
    }
    let mut found = inputs::find(&plan.config)?;
    found.truncate(request.shards.unwrap_or(usize::MAX));
    let columns = inputs::check_columns(&found, plan)?;
    let scratch = Scratch::new(&request.scratch)?;
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(|e| Error::Bug(e.to_string()))?;
    let rounds: Vec<Round> = pool.install(|| {
        (0..request.rounds).map(|_| round(plan, (&found, columns.as_ref()), &scratch)).collect::<Result<_>>()
    })?;
    let clock = if clock::tells_processor_time() { "processor" } else { "wall" };
    Report::of(&rounds, clock).ok_or_else(|| Error::Limit {
        what: "rounds".into(),
        limit: "at least 1".into(),
        actual: request.rounds.to_string(),
    })
}

/// Runs once and copies once. To be called on the only thread of a pool: its clock is read.
fn round(plan: &Plan, (found, columns): (&[Found], Option<&SchemaRef>), scratch: &Scratch) -> Result<Round> {
    let release = scratch.0.join("release");
    let options = Options {
        release: release.clone(),
        key: None,
        salt_key: None,
        threads: 1,
        memory: Options::MEMORY,
        stop: Stop::default(),
    };
    let passes = Passes::default();
    let budget = Budget::new(plan, options.threads, options.memory)?;
    let run = Run { plan, options: &options, budget, progress: &passes };
    let policy = plan.config.file.input.bad_shard;
    let listed = inputs::survey(found, (policy, columns), &scratch.0.join("inputs"), &passes, &options.stop)?;
    let shards = included(&listed);
    let work = Work::new(&release, plan, &shards, budget);

    let mut watch = Stopwatch::start(plan);
    groups(&shards).iter().try_for_each(|group| run.judge_task(&work, &shards, group, &mut watch))?;
    let judging = watch.stop(plan);
    let outcome = run.after_judging(&listed, &shards, &work, Instant::now())?;
    let (mut parts, sealing) = passes.stop();
    // the first pass hashed the inputs, the last one wrote; those between are the barriers
    let last = parts.len().saturating_sub(1);
    parts.iter_mut().take(last).skip(1).for_each(|(barrier, _)| barrier.push_str(": resolve"));
    parts.splice(1..1, judging);
    parts.push(("seal".to_string(), sealing));
    remove(&release)?;

    let began = Moment::now();
    let target = scratch.0.join("copy");
    for (at, shard) in shards.iter().enumerate() {
        copy::copy(plan, shard, &target.join(format!("part-{at:05}.parquet")))?;
    }
    let copy = began.seconds();
    remove(&target)?;
    let documents = shards.iter().map(|shard| shard.rows()).sum();
    Ok(Round { parts, copy, documents, text_bytes: outcome.text_bytes, shards: shards.len() })
}

/// The passes that a run reports, with their seconds.
#[derive(Default)]
struct Passes(Mutex<State>);

#[derive(Default)]
struct State {
    done: Vec<(String, f64)>,
    now: Option<(String, Moment)>,
    /// When the last pass ended.
    ended: Option<Moment>,
}

impl Passes {
    /// The passes, and the seconds since the last one ended.
    fn stop(self) -> (Vec<(String, f64)>, f64) {
        let state = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        (state.done, state.ended.map_or(0.0, Moment::seconds))
    }
}

impl Progress for Passes {
    fn begin(&self, pass: &str, _: u64) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = Some((pass.to_string(), Moment::now()));
    }

    fn advance(&self, _: u64) {}

    fn end(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((pass, began)) = state.now.take() {
            state.done.push((pass, began.seconds()));
        }
        state.ended = Some(Moment::now());
    }
}

/// A folder of our own that is gone when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(parent: &Path) -> Result<Self> {
        let folder = parent.join(format!("probity-bench-{}", std::process::id()));
        store::private_folder(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // what cannot be removed is only litter in a folder meant for it
        let _ = disk::remove_folder(&self.0);
    }
}

fn remove(folder: &Path) -> Result<()> {
    disk::remove_folder(folder).map_err(|e| Error::output(folder, e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_part_of_a_run_is_told_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        crate::samples::write(&folder.path().join("corpus"), 1, 80).unwrap();
        let scratch = folder.path().join("scratch");
        std::fs::create_dir(&scratch).unwrap();
        let text = "schema = 1\n[input]\nfiles = [\"corpus\"]\ntext = \"text\"\n\
                    [[stage]]\nuse = \"gopher-quality\"\n[[stage]]\nuse = \"near-duplicates\"\n";
        let config = Config::parse(&folder.path().join("config.toml"), text, &[]).unwrap();
        let plan = Plan::new(config).unwrap();
        let request = Request { threads: 1, rounds: 2, shards: Some(1), scratch: scratch.clone() };
        let report = bench(&plan, &request).unwrap();
        let parts: Vec<&str> = report.parts.iter().map(|line| line.what.as_str()).collect();
        assert_eq!(
            parts,
            [
                "hash inputs",
                "read",
                "analysis",
                "gopher-quality",
                "near-duplicates: keys",
                "text digests",
                "verdicts",
                "near-duplicates: resolve",
                "write",
                "seal"
            ]
        );
        assert_eq!((report.rounds, report.shards, report.documents), (2, 1, 40));
        assert!(report.text_bytes > 0 && report.total.seconds > 0.0 && report.bare_copy.seconds > 0.0);
        assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
        assert!(bench(&plan, &Request { threads: 2, ..request }).is_err());
    }
}
