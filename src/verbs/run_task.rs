//! `run-task`: one task of a plan.

use super::run::Effort;
use crate::interrupt::heeding;
use crate::say;
use anyhow::Result;
use pipeline::tasks::{Tasks, Worker};
use std::path::PathBuf;
use std::process::ExitCode;

/// Do one task of a plan that `plan --tasks` wrote, unless it is done.
///
/// Any process that has the same program, the plan, its inputs and its folder `work` may do any task of a pass when all
/// tasks of the passes before are done; doing one twice, or at the same time as somebody else, changes nothing.
#[derive(clap::Args)]
pub struct Arguments {
    /// The plan
    #[arg(long)]
    plan: PathBuf,
    /// The pass, as `plan --tasks` names it
    #[arg(long)]
    stage: String,
    /// The tasks of the pass: a number, or several as `3-7` or `3,4,9`; all of them unless given
    #[arg(long, value_name = "N|A-B", value_delimiter = ',', value_parser = numbers)]
    task: Vec<(usize, usize)>,
    /// A local folder for what is made and fetched; the system's folder for temporary files unless given
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    #[command(flatten)]
    effort: Effort,
    /// Print what each task came to as a line of JSON
    #[arg(long)]
    json: bool,
}

/// The first and the last of some tasks.
fn numbers(text: &str) -> Result<(usize, usize), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        _ => Err("expected a number or `A-B`".into()),
    }
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    heeding(|stop| {
        let worker = Worker {
            scratch: arguments.scratch.clone().unwrap_or_else(std::env::temp_dir),
            threads: arguments.effort.threads(),
            memory: arguments.effort.memory,
            stop: stop.clone(),
        };
        tasks(arguments, &worker).map(|()| ExitCode::SUCCESS)
    })
}

fn tasks(arguments: &Arguments, worker: &Worker) -> Result<()> {
    let tasks = Tasks::open(&arguments.plan)?;
    let pass = tasks.passes().iter().find(|pass| pass.stage == arguments.stage);
    let all = pass.filter(|_| arguments.task.is_empty()).map(|pass| (0, pass.tasks.wrapping_sub(1)));
    for (first, last) in all.iter().chain(&arguments.task) {
        for task in *first..=*last {
            let done = tasks.run(&arguments.stage, task, worker)?;
            match arguments.json {
                true => say(serde_json::to_string(&done)?)?,
                false => {
                    say(format_args!("done           task {task} of {}, {} rows", done.stage, done.rows))?
                }
            }
        }
    }
    // a pass that does not exist is told, also where no task is named
    match pass {
        None => tasks.is_done(&arguments.stage, 0).map(drop).map_err(Into::into),
        Some(_) => Ok(()),
    }
}
