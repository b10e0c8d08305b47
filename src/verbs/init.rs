//! `init`: a configuration to start from.

use crate::say;
use anyhow::Result;
use std::process::ExitCode;

/// Print a commented configuration to start from.
#[derive(clap::Args)]
pub struct Arguments {
    /// What it is for
    #[arg(value_enum)]
    profile: Profile,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Profile {
    /// Tag only: measure everything, remove nothing
    Observe,
    /// FineWeb's rules and near duplicates, for text to pretrain on
    Pretraining,
    /// Chat records
    FineTuning,
    /// Names of high-risk topics escalate to a person
    HighRisk,
}

impl Profile {
    /// The configuration.
    pub fn text(self) -> &'static str {
        match self {
            Profile::Observe => include_str!("../profiles/observe.toml"),
            Profile::Pretraining => include_str!("../profiles/pretraining.toml"),
            Profile::FineTuning => include_str!("../profiles/fine-tuning.toml"),
            Profile::HighRisk => include_str!("../profiles/high-risk.toml"),
        }
    }
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    say(arguments.profile.text().trim_end())?;
    Ok(ExitCode::SUCCESS)
}
