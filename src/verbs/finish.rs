//! `finish`: the release of a plan whose tasks are done.

use super::run::{Effort, Place, conclude};
use crate::interrupt::heeding;
use crate::progress;
use anyhow::Result;
use pipeline::tasks::Tasks;
use pipeline::{Options, Stop};
use std::path::PathBuf;
use std::process::ExitCode;

/// Put the release of a plan together when all its tasks are done; attest and sign it.
///
/// What is in the plan's folder `work` is removed then.
#[derive(clap::Args)]
pub struct Arguments {
    /// The plan
    #[arg(long)]
    plan: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    effort: Effort,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    heeding(|stop| finish(arguments, stop))
}

fn finish(arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let key = arguments.place.key()?;
    let place = arguments.place.place(key.as_ref())?;
    let options = Options {
        release: place.release.clone(),
        key: key.as_ref(),
        salt_key: None,
        threads: arguments.effort.threads(),
        memory: arguments.effort.memory,
        stop: stop.clone(),
    };
    let tasks = Tasks::open(&arguments.plan)?;
    conclude(&place.finish(&tasks, &options, progress::on_stderr().as_ref())?, &place, stop)
}
