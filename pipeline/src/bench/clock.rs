//! Processor time of the calling thread, as far as it can be had without unsafe code.

use std::path::Path;
use std::time::{Duration, Instant};

/// Shorter spans are told in wall time: the kernel brings a thread's processor time up to date only every few
/// milliseconds.
const SHORTEST: Duration = Duration::from_millis(25);

/// A moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    wall: Instant,
    processor: Option<Duration>,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { wall: Instant::now(), processor: thread_processor_time() }
    }

    /// Processor seconds of this thread since then; wall seconds where the system does not tell, or too little has
    /// passed. To be asked on the thread that took the moment.
    pub(super) fn seconds(self) -> f64 {
        self.share_of_processor() * self.wall.elapsed().as_secs_f64()
    }

    /// The part of the time since then in which this thread had a processor, from 0 to 1.
    pub(super) fn share_of_processor(self) -> f64 {
        let wall = self.wall.elapsed();
        match (self.processor, thread_processor_time()) {
            (Some(then), Some(now)) if wall >= SHORTEST => {
                (now.saturating_sub(then).as_secs_f64() / wall.as_secs_f64()).min(1.0)
            }
            _ => 1.0,
        }
    }
}

/// Whether the system tells a thread's processor time.
pub(super) fn tells_processor_time() -> bool {
    thread_processor_time().is_some()
}

/// Linux keeps it, in nanoseconds, as the first number of this file.
fn thread_processor_time() -> Option<Duration> {
    let text = disk::read_to_string(Path::new("/proc/thread-self/schedstat")).ok()?;
    text.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_is_not_processor_time() {
        let began = Moment::now();
        std::thread::sleep(2 * SHORTEST);
        let seconds = began.seconds();
        assert!(!tells_processor_time() || seconds < SHORTEST.as_secs_f64(), "{seconds}");
    }
}
