//! Ctrl-C: Python's signal handlers run while native work goes on, and what they raise stops it.

use crate::errors::{bug, failed};
use pipeline::{Result, Stop};
use pyo3::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long a signal waits at most until its handler runs.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Does the work on another thread without holding the interpreter. What a signal handler raises (`KeyboardInterrupt`,
/// by default, on the main thread) asks the work to stop, and is raised when it has.
pub fn stoppable<T: Send>(py: Python<'_>, work: impl FnOnce(&Stop) -> Result<T> + Send) -> PyResult<T> {
    let flag = Arc::new(AtomicBool::new(false));
    let stop = Stop::when(Arc::clone(&flag));
    let (done, is_done) = channel::<()>();
    let mut raised = None;
    let result = py.detach(|| {
        // it cannot be shared, so it moves
        let is_done = is_done;
        std::thread::scope(|scope| {
            let worker = scope.spawn(move || {
                // dropped when the work ends, however it does
                let _done = done;
                work(&stop)
            });
            while let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(LOOK_EVERY) {
                if let Err(error) = Python::attach(|py| py.check_signals()) {
                    flag.store(true, Ordering::Relaxed);
                    raised.get_or_insert(error);
                }
            }
            worker.join()
        })
    });
    match (raised, result) {
        (Some(error), _) => Err(error),
        (None, Ok(result)) => result.map_err(failed),
        (None, Err(_)) => Err(bug("a thread panicked")),
    }
}
