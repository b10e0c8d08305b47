//! Runs that many processes work on, started by whatever engine there is.

use crate::errors::{bug, failed};
use crate::interrupt::stoppable;
use crate::judge::overrides;
use crate::release::{Concluded, Passes, Where, conclude, memory, salt_key};
use pipeline::tasks::{self, Sizes, Worker};
use pipeline::{Options, Stop, parse_bytes};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;

/// What a process has for a task.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Effort {
    scratch: PathBuf,
    threads: usize,
    memory: String,
}

impl Effort {
    fn worker(&self, stop: &Stop) -> PyResult<Worker> {
        let Self { scratch, threads, memory: text } = self;
        Ok(Worker { scratch: scratch.clone(), threads: *threads, memory: memory(text)?, stop: stop.clone() })
    }
}

/// What is to be planned.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct PlanOrder {
    config: PathBuf,
    set: Vec<String>,
    to: PathBuf,
    work: String,
    salt_key: Option<PathBuf>,
    task_bytes: String,
    parts: usize,
}

/// Writes the plan of a run that many processes work on.
#[pyfunction]
pub fn plan(py: Python<'_>, order: PlanOrder, effort: Effort) -> PyResult<()> {
    let set = overrides(&order.set)?;
    let task_bytes = parse_bytes(&order.task_bytes)
        .map_err(|why| PyValueError::new_err(format!("task_bytes `{}`: {why}", order.task_bytes)))?;
    let sizes = Sizes { task_bytes, parts: order.parts };
    let salt_key = order.salt_key.as_deref().map(salt_key).transpose()?;
    let worker = effort.worker(&Stop::default())?;
    stoppable(py, |stop| {
        let worker = Worker { stop: stop.clone(), ..worker };
        let (config, to) =
            ((order.config.as_path(), set.as_slice()), (order.to.as_path(), order.work.as_str()));
        tasks::plan(config, to, (sizes, salt_key), &worker, &Passes::default())
    })
}

/// A plan that is opened once for many tasks.
#[pyclass(frozen, module = "probity._probity")]
pub struct Tasks(tasks::Tasks);

#[pymethods]
impl Tasks {
    #[new]
    fn new(py: Python<'_>, plan: PathBuf) -> PyResult<Self> {
        py.detach(|| tasks::Tasks::open(&plan)).map(Self).map_err(failed)
    }

    /// The passes in order, with how many tasks each has.
    #[getter]
    fn passes(&self) -> Vec<(String, usize)> {
        self.0.passes().iter().map(|pass| (pass.stage.clone(), pass.tasks)).collect()
    }

    /// Does a task, unless it is done: what it came to, as JSON.
    fn run(&self, py: Python<'_>, stage: &str, task: usize, effort: Effort) -> PyResult<String> {
        let worker = effort.worker(&Stop::default())?;
        let done = stoppable(py, |stop| self.0.run(stage, task, &Worker { stop: stop.clone(), ..worker }))?;
        serde_json::to_string(&done).map_err(bug)
    }

    /// Puts the release together when all tasks are done.
    fn finish(&self, py: Python<'_>, place: Where, effort: Effort) -> PyResult<Concluded> {
        let (place, key) = place.open()?;
        let Worker { threads, memory, .. } = effort.worker(&Stop::default())?;
        stoppable(py, |stop| {
            let release = place.release.clone();
            let (key, stop_too) = (key.as_ref(), stop.clone());
            let options = Options { release, key, salt_key: None, threads, memory, stop: stop_too };
            conclude(&place.finish(&self.0, &options, &Passes::default())?, &place, stop)
        })
    }
}
