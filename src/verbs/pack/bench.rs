//! `pack bench`: what matching costs.

use super::{Data, compile, decide, load_all, percent};
use crate::say;
use anyhow::Result;
use filters::pack::{Outcome, Sight};
use std::process::ExitCode;
use std::time::Instant;

/// Time packs on one core, as written and with both ways of looking; and tell what share of the texts is escalated.
#[derive(clap::Args)]
pub struct Arguments {
    /// Shipped packs by name, own ones by path; those of the profile `high-risk` where none is given
    #[arg(long, num_args = 1.., value_name = "PACK")]
    packs: Vec<String>,
    #[command(flatten)]
    data: Data,
    /// Rounds; the fastest counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let book = compile(&load_all(&arguments.packs)?)?;
    let texts = arguments.data.texts()?;
    let bytes: usize = texts.iter().map(|text| text.text.len()).sum();
    say(format_args!("{} terms, {} texts, {bytes} bytes", book.terms(), texts.len()))?;
    for (name, sights) in [("raw", &[Sight::Raw][..]), ("both", Sight::BOTH)] {
        let mut best = f64::INFINITY;
        let mut escalated = 0;
        for _ in 0..arguments.rounds.max(1) {
            let began = Instant::now();
            escalated =
                texts.iter().filter(|text| decide(&book, text, sights) != Outcome::Pass).count() as u64;
            best = best.min(began.elapsed().as_secs_f64());
        }
        let share = percent(escalated, texts.len() as u64);
        say(format_args!(
            "{name:5} {:>8.1} MB/s {:>9.0} texts/s, {escalated} escalated ({share:.2} %)",
            bytes as f64 / 1e6 / best,
            texts.len() as f64 / best
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
