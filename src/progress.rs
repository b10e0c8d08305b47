//! Progress on standard error: a bar with rate and time left on a terminal, plain log lines elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use pipeline::Progress;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const STYLE: &str = "{msg:16} [{bar:32}] {bytes}/{total_bytes} {bytes_per_sec}, {eta} left";
const SPINNER: &str = "{msg:16} {spinner} {elapsed}";

/// The progress that suits standard error.
pub fn on_stderr() -> Box<dyn Progress> {
    match std::io::stderr().is_terminal() {
        true => Box::new(Bar(Mutex::new(ProgressBar::hidden()))),
        false => Box::new(Lines::default()),
    }
}

struct Bar(Mutex<ProgressBar>);

impl Bar {
    fn with(&self, act: impl FnOnce(&mut ProgressBar)) {
        // a poisoned bar only means that some thread panicked, which is told elsewhere
        act(&mut self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    }
}

impl Progress for Bar {
    fn begin(&self, pass: &str, total: u64) {
        // a barrier has no size to measure: it is one unit
        let template = if total > 1 { STYLE } else { SPINNER };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.with(|bar| {
            *bar = ProgressBar::new(total).with_style(style).with_message(pass.to_string());
            bar.enable_steady_tick(std::time::Duration::from_millis(200));
        });
    }

    fn advance(&self, units: u64) {
        self.with(|bar| bar.inc(units));
    }

    fn end(&self) {
        self.with(|bar| bar.finish());
    }
}

/// One line when a pass begins, one for each tenth, one when it ends.
#[derive(Default)]
struct Lines {
    done: AtomicU64,
    total: AtomicU64,
    pass: Mutex<(String, Option<Instant>)>,
}

impl Lines {
    fn pass(&self) -> (String, f64) {
        let pass = self.pass.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        (pass.0.clone(), pass.1.map_or(0.0, |started| started.elapsed().as_secs_f64()))
    }
}

impl Progress for Lines {
    fn begin(&self, pass: &str, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        *self.pass.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) =
            (pass.to_string(), Some(Instant::now()));
    }

    fn advance(&self, units: u64) {
        let before = self.done.fetch_add(units, Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed).max(1);
        let (tenth, was) = ((before + units) * 10 / total, before * 10 / total);
        let (pass, seconds) = self.pass();
        // short passes are told once, at their end
        if tenth > was && tenth < 10 && seconds > 2.0 {
            let left = seconds * (total - before - units) as f64 / (before + units) as f64;
            tracing::info!("{pass}: {}0 %, about {left:.0} s left", tenth);
        }
    }

    fn end(&self) {
        let (pass, seconds) = self.pass();
        tracing::info!("{pass}: done in {seconds:.2} s");
    }
}
