//! SIGINT and SIGTERM. The first one asks for a stop after the tasks at hand, the second one ends the process at once.

use anyhow::{Context, Result};
use pipeline::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// What shells add to a signal's number to tell that it ended a process.
const ENDED_BY: u8 = 128;

/// Does a job that asks now and then whether to go on. If a signal stopped it, the exit code says so.
pub fn heeding(job: impl FnOnce(&Stop) -> Result<ExitCode>) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    match job(&interrupt.stop()) {
        Err(error) if matches!(error.downcast_ref(), Some(pipeline::Error::Interrupted)) => {
            // the outcome of what the user did, and no failure
            let _ = writeln!(io::stderr(), "{error}");
            Ok(interrupt.code())
        }
        done => done,
    }
}

/// Listens to signals for as long as the process lives.
struct Interrupt {
    asked: Arc<AtomicBool>,
    signal: Arc<AtomicU8>,
}

impl Interrupt {
    /// Begins to listen.
    fn listen() -> Result<Self> {
        let listening = Self { asked: Arc::default(), signal: Arc::default() };
        let (asked, first) = (Arc::clone(&listening.asked), Arc::clone(&listening.signal));
        let mut signals = Signals::new([SIGINT, SIGTERM]).context("signals cannot be listened to")?;
        std::thread::spawn(move || {
            for signal in signals.forever() {
                let signal = u8::try_from(signal).unwrap_or_default();
                if asked.load(Ordering::Relaxed) {
                    std::process::exit(i32::from(ENDED_BY + signal));
                }
                first.store(signal, Ordering::Relaxed);
                asked.store(true, Ordering::Release);
                tracing::info!("stopping after the tasks at hand; a second signal ends this at once");
            }
        });
        Ok(listening)
    }

    /// What a run asks between its tasks.
    fn stop(&self) -> Stop {
        Stop::when(Arc::clone(&self.asked))
    }

    /// The exit code of a run that stopped: 130 for SIGINT, 143 for SIGTERM.
    fn code(&self) -> ExitCode {
        ExitCode::from(ENDED_BY + self.signal.load(Ordering::Relaxed))
    }
}
