//! Where a release is made, and where it is brought from there.

use crate::plan::Plan;
use crate::progress::Progress;
use crate::release::gate::broken_gate;
use crate::release::upload::{Destination, holds, is_staged};
use crate::run::{Options, Outcome, run, tidy_up};
use crate::tasks::Tasks;
use crate::{Result, Stop};
use manifests::layout::MANIFEST;
use std::path::PathBuf;

/// A directory in which a release is made, and the folder in an object store that it is for, if there is one.
pub struct Place {
    /// The directory.
    pub release: PathBuf,
    /// The folder.
    pub destination: Option<Destination>,
}

/// What became of a release that was asked for.
#[derive(Debug)]
pub enum Made {
    /// It was made.
    Now(Box<Outcome>),
    /// An earlier call had finished it and was interrupted then; nothing is decided anew.
    Before {
        /// The limits of its gate that are broken.
        gate: Vec<String>,
    },
}

impl Made {
    /// The limits of the gate that are broken; the release is unsigned if there are any.
    pub fn gate(&self) -> &[String] {
        match self {
            Self::Now(outcome) => &outcome.attested.gate,
            Self::Before { gate } => gate,
        }
    }
}

impl Place {
    /// Makes the release, or finds that it is made. Continues what was interrupted. `options` name the same directory.
    ///
    /// # Errors
    /// Those of [`run`]; [`Error::Output`](crate::Error::Output) if the destination holds another release.
    pub fn make(&self, plan: &Plan, options: &Options<'_>, progress: &dyn Progress) -> Result<Made> {
        let ended_late = tidy_up(&self.release)?;
        let made = match &self.destination {
            Some(destination) => {
                destination.refuse_other(&self.release)?;
                is_staged(plan, &self.release)?
            }
            None => ended_late && holds(plan, &self.release)?,
        };
        if made { self.found() } else { Ok(Made::Now(Box::new(run(plan, options, progress)?))) }
    }

    /// The same of a plan whose tasks are done.
    ///
    /// # Errors
    /// Those of [`Tasks::finish`]; [`Error::Output`](crate::Error::Output) if the destination holds another release.
    pub fn finish(&self, tasks: &Tasks, options: &Options<'_>, progress: &dyn Progress) -> Result<Made> {
        tidy_up(&self.release)?;
        if let Some(destination) = &self.destination {
            destination.refuse_other(&self.release)?;
        }
        match tasks.is_finished_in(&self.release)? {
            true => tasks.clear().and_then(|()| self.found()),
            false => Ok(Made::Now(Box::new(tasks.finish(options, progress)?))),
        }
    }

    fn found(&self) -> Result<Made> {
        tracing::info!("`{}` holds the finished release; nothing is decided anew", self.release.display());
        let signed = self.release.join(MANIFEST).exists();
        Ok(Made::Before { gate: if signed { Vec::new() } else { broken_gate(&self.release)? } })
    }

    /// Brings the release that was made to where it is for; says whether it is for another place at all.
    ///
    /// # Errors
    /// Those of [`Destination::upload`].
    pub fn upload(&self, stop: &Stop, progress: &dyn Progress) -> Result<bool> {
        match &self.destination {
            None => Ok(false),
            Some(destination) => destination.upload(&self.release, stop, progress).map(|()| true),
        }
    }
}
