//! What the processes of one run know of each other's tasks.
//!
//! ```text
//! made/PASS/TASK.ATTEMPT/NAME   what an attempt at a task has made, under a name that no other attempt uses
//! done/PASS/TASK.json           which attempt counts: whoever creates this first
//! ```
//! PASS and TASK are numbers. All attempts at a task come to the same bytes, so that it does not matter whose count; one
//! that comes to others is a bug, and is told.

use crate::files::exchange::Exchange;
use crate::run::passes::Pass;
use crate::run::work::folder_of;
use crate::{Error, Result};
use manifests::digest::{Sha256, sha256_file};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What a task has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Done {
    /// The plan that the task is one of.
    pub plan: Sha256,
    /// The name of its pass.
    pub stage: String,
    /// Its number in the pass.
    pub task: usize,
    /// The attempt whose files these are.
    pub attempt: String,
    /// Records that it has judged, removed or written.
    pub rows: u64,
    /// What it has made.
    pub files: Vec<Made>,
}

/// A file that a task has made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// Its name within the run.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Sha256,
}

/// The other processes of a run, from inside one of them.
pub(crate) struct Shared {
    exchange: Arc<Exchange>,
    plan: Sha256,
    /// The passes in order, with the names that users call them by.
    passes: Vec<(Pass, String)>,
    /// Where this process has the release, and what is made on the way to it.
    release: PathBuf,
    known: Arc<Known>,
}

/// Tasks that are known to be done, by pass and number.
pub(super) type Known = Mutex<HashMap<(usize, usize), Arc<Done>>>;

impl Shared {
    pub(crate) fn new(
        exchange: Arc<Exchange>,
        (plan, passes): (Sha256, Vec<(Pass, String)>),
        release: &Path,
        known: Arc<Known>,
    ) -> Self {
        Self { exchange, plan, passes, release: release.to_path_buf(), known }
    }

    /// Makes sure that a file is at hand which a task has made.
    pub(crate) fn fetch(&self, pass: Pass, task: usize, path: &Path) -> Result<()> {
        if path.exists() {
            return Ok(());
        }
        let nth = self.nth(pass)?;
        let Some(done) = self.done(nth, task)? else { return Err(self.not_done(nth, task)) };
        let name = self.name(path)?;
        let Some(made) = done.files.iter().find(|made| made.name == name) else {
            return Err(Error::Bug(format!("task {task} of `{}` has not made `{name}`", done.stage)));
        };
        self.exchange.get(&place(nth, &done, &made.name), path, made.sha256)
    }

    /// What a task has come to, if it is done.
    pub(crate) fn done(&self, nth: usize, task: usize) -> Result<Option<Arc<Done>>> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(done) = known().get(&(nth, task)) {
            return Ok(Some(Arc::clone(done)));
        }
        let name = done_name(nth, task);
        let Some(bytes) = self.exchange.read(&name)? else { return Ok(None) };
        let done: Done = serde_json::from_slice(&bytes).map_err(|e| self.exchange.fail(&name, e))?;
        if done.plan != self.plan
            || done.task != task
            || Some(&done.stage) != self.passes.get(nth).map(|(_, name)| name)
        {
            return Err(self
                .exchange
                .fail(&name, "belongs to another plan; give each plan a place of its own"));
        }
        let done = Arc::new(done);
        known().insert((nth, task), Arc::clone(&done));
        Ok(Some(done))
    }

    /// Hands over what a task has made. If another attempt was first, it is that one that counts.
    pub(crate) fn commit(&self, pass: Pass, task: usize, rows: u64, files: &[PathBuf]) -> Result<Arc<Done>> {
        let nth = self.nth(pass)?;
        let made = |path: &PathBuf| {
            let (sha256, bytes) = sha256_file(path).map_err(|e| Error::output(path, e))?;
            Ok(Made { name: self.name(path)?, bytes, sha256 })
        };
        let mut done = Done {
            plan: self.plan,
            stage: self.passes[nth].1.clone(),
            task,
            attempt: self.exchange.attempt().to_string(),
            rows,
            files: files.iter().map(made).collect::<Result<_>>()?,
        };
        done.files.sort();
        for (path, made) in files.iter().map(|path| (path, self.name(path))) {
            let made = made?;
            let sha256 = done.files.iter().find(|file| file.name == made).map(|file| file.sha256);
            self.exchange.put(&place(nth, &done, &made), path, sha256.unwrap_or(Sha256([0; 32])))?;
        }
        let json = serde_json::to_vec_pretty(&done).map_err(|e| Error::Bug(e.to_string()))?;
        if self.exchange.create(&done_name(nth, task), json)? {
            return Ok(Arc::new(done));
        }
        let first = self.done(nth, task)?.ok_or_else(|| self.not_done(nth, task))?;
        if (&first.files, first.rows) != (&done.files, done.rows) {
            return Err(Error::Bug(format!(
                "attempts {} and {} at task {task} of `{}` came to different bytes",
                first.attempt, done.attempt, done.stage
            )));
        }
        if first.attempt != done.attempt {
            done.files.iter().try_for_each(|made| self.exchange.remove(&place(nth, &done, &made.name)))?;
        }
        Ok(first)
    }

    fn not_done(&self, nth: usize, task: usize) -> Error {
        let stage = self.passes.get(nth).map_or("", |(_, name)| name);
        Error::Unanswerable {
            why: format!("task {task} of `{stage}` is not done"),
            hint: Some(
                "the passes of a plan come one after the other: do all tasks of those before first".into(),
            ),
        }
    }

    fn nth(&self, pass: Pass) -> Result<usize> {
        let nth = self.passes.iter().position(|(known, _)| *known == pass);
        nth.ok_or_else(|| Error::Bug(format!("the plan has no pass {pass:?}")))
    }

    /// What a file of this process is called by all of them.
    fn name(&self, path: &Path) -> Result<String> {
        let within = |folder: &Path, called: &str| {
            let name = path.strip_prefix(folder).ok()?.to_str()?;
            Some(format!("{called}/{}", name.replace('\\', "/")))
        };
        let name = within(&folder_of(&self.release), "work").or_else(|| within(&self.release, "release"));
        name.ok_or_else(|| Error::Bug(format!("`{}` is no file of this run", path.display())))
    }
}

fn done_name(nth: usize, task: usize) -> String {
    format!("done/{nth:03}/{task:06}.json")
}

fn place(nth: usize, done: &Done, name: &str) -> String {
    format!("made/{nth:03}/{:06}.{}/{name}", done.task, done.attempt)
}
