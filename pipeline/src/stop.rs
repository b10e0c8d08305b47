//! Asking a run to stop.

use crate::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a run asks between its tasks: whether to begin another one.
#[derive(Clone, Debug, Default)]
pub struct Stop(Option<Arc<AtomicBool>>);

impl Stop {
    /// Nothing new begins once the flag is set.
    pub fn when(flag: Arc<AtomicBool>) -> Self {
        Self(Some(flag))
    }

    /// [`Error::Interrupted`] if nothing new is to begin.
    pub(crate) fn go_on(&self) -> Result<()> {
        match self.0.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            true => Err(Error::Interrupted),
            false => Ok(()),
        }
    }
}
