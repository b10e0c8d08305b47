//! Who may hold memory at a time: tasks say what they will take, and wait until there is room.

use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};

/// Room for tasks that run side by side.
///
/// A task that waits keeps its thread. So that no task waits for another one which can only go on by this thread, whoever
/// has entered must not wait for work of the pool that may enter itself: tasks enter right before they work alone.
pub(crate) struct Admission {
    room: u64,
    taken: Mutex<u64>,
    left: Condvar,
    /// Held by whoever judges a text that takes much by itself.
    long_text: Mutex<()>,
    /// That a task takes more than there is, is told once.
    overrun: Once,
}

impl Admission {
    /// Room for so many bytes.
    pub(crate) fn new(room: u64) -> Self {
        Self {
            room,
            taken: Mutex::new(0),
            left: Condvar::new(),
            long_text: Mutex::new(()),
            overrun: Once::new(),
        }
    }

    /// All there is.
    pub(crate) fn room(&self) -> u64 {
        self.room
    }

    /// Waits until so many bytes are free. A task that takes more than there is waits until it is alone.
    pub(crate) fn enter(&self, bytes: u64) -> Permit<'_> {
        if bytes > self.room {
            self.overrun.call_once(|| {
                let [bytes, room] = [bytes, self.room].map(|bytes| bytes.div_ceil(1 << 20));
                tracing::warn!(
                    "a row group takes about {bytes} MiB to work on, more than the {room} MiB that `--memory` leaves: it is \
                     worked on alone, and beyond the limit"
                );
            });
        }
        let mut taken = self.lock();
        while *taken > 0 && taken.saturating_add(bytes) > self.room {
            taken = self.left.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken = taken.saturating_add(bytes);
        Permit { admission: self, bytes }
    }

    /// Texts whose analysis takes a good part of the room are judged one at a time. Whoever holds this waits for
    /// nobody, so those who have entered may ask for it.
    pub(crate) fn long_text(&self, analysis: u64) -> Option<MutexGuard<'_, ()>> {
        (analysis > self.room / LONG_SHARE)
            .then(|| self.long_text.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A panic while the lock is held cannot leave a number half changed.
    fn lock(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One part in so many is a good part of the room.
const LONG_SHARE: u64 = 16;

/// Bytes that a task may take until this is dropped.
pub(crate) struct Permit<'a> {
    admission: &'a Admission,
    bytes: u64,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.admission.lock() -= self.bytes;
        self.admission.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// The most that tasks of these sizes held at once.
    fn most(room: u64, sizes: &[u64]) -> u64 {
        let (admission, held, most) = (Admission::new(room), AtomicU64::new(0), AtomicU64::new(0));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build().unwrap();
        pool.install(|| {
            sizes.par_iter().for_each(|&bytes| {
                let _permit = admission.enter(bytes);
                most.fetch_max(held.fetch_add(bytes, Ordering::SeqCst) + bytes, Ordering::SeqCst);
                std::thread::yield_now();
                held.fetch_sub(bytes, Ordering::SeqCst);
            });
        });
        most.into_inner()
    }

    #[test]
    fn no_more_is_held_than_there_is_room_for() {
        let sizes: Vec<u64> = (0..2000).map(|n| n * 7919 % 40).collect();
        assert!(most(100, &sizes) <= 100);
    }

    #[test]
    fn what_does_not_fit_runs_alone_rather_than_never() {
        let sizes: Vec<u64> = (0..500).map(|n| if n % 5 == 0 { 1000 } else { 30 }).collect();
        assert_eq!(most(100, &sizes), 1000);
        assert_eq!(most(0, &[5, 7, 6]), 7);
    }
}
