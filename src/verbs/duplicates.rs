//! `duplicates`: what was removed in whose favour, and in what the texts differ.

use crate::say;
use anyhow::Result;
use pipeline::duplicates::{
    Cluster, Difference, Duplicates, Record, Segment, Shown, Side, cluster, duplicates,
};
use std::path::PathBuf;
use std::process::ExitCode;

/// List the clusters of duplicates of a release, the largest first: a record and those that a stage removed in its
/// favour. With `--cluster`, show one with its texts: `[-words-]` are the survivor's alone, `{+words+}` the
/// duplicate's.
#[derive(clap::Args)]
pub struct Arguments {
    /// The release, with its `auditor/` folder
    release: PathBuf,
    /// Show the cluster with this number in the list
    #[arg(long, value_name = "N")]
    cluster: Option<u64>,
    /// List at most this many clusters, or show at most this many records of one
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Lines of the survivor's text that are shown.
const LINES_MAX: usize = 30;
/// Code points of a line, or of a stretch of words, that are shown.
const CHARS_MAX: usize = 400;

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    match arguments.cluster {
        Some(number) => {
            let shown = cluster(&arguments.release, number, arguments.limit)?;
            if arguments.json { say(serde_json::to_string_pretty(&shown)?)? } else { print_one(&shown)? }
        }
        None => {
            let told = duplicates(&arguments.release, arguments.limit)?;
            if arguments.json { say(serde_json::to_string_pretty(&told)?)? } else { print(&told)? }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(told: &Duplicates) -> Result<()> {
    for total in &told.totals {
        let outside = match total.records - total.with_survivor {
            0 => String::new(),
            outside => format!(", {outside} of them in favour of no record of this corpus"),
        };
        say(format_args!("{:>9}  {}/{}{outside}", total.records, total.stage, total.rule))?;
    }
    say(format_args!("{:>9}  clusters", told.clusters_total))?;
    if told.clusters.is_empty() {
        return Ok(());
    }
    say(format_args!("{:>9}  {:>9}  {:10}  {:24} survivor", "cluster", "removed", "similarity", "stage"))?;
    for one in &told.clusters {
        let least = one.least_similarity.as_deref().unwrap_or("-");
        let (number, members, stage) = (one.number, one.members, &one.stage);
        say(format_args!("{number:>9}  {members:>9}  {least:10.10}  {stage:24} {}", name(&one.survivor)))?;
    }
    match told.clusters_total - told.clusters.len() as u64 {
        0 => Ok(()),
        more => say(format_args!("           and {more} more; `--limit` shows more")),
    }
}

/// Place, id and, where it is not in the release, what took it out.
fn name(record: &Record) -> String {
    let place = format!("{}:{} {}", record.shard, record.row, clipped(&record.id));
    match (&record.stage, &record.rule) {
        (Some(stage), Some(rule)) if record.out.is_none() => {
            format!("{place}, {} by {stage}/{rule}", record.fate)
        }
        _ => place,
    }
}

fn print_one(shown: &Shown) -> Result<()> {
    let Cluster { number, stage, members, survivor, least_similarity } = &shown.cluster;
    let least =
        least_similarity.as_ref().map(|least| format!(", least similarity {least}")).unwrap_or_default();
    say(format_args!("cluster {number}: {members} removed by {stage}{least}"))?;
    shown.notes.iter().try_for_each(|note| say(format_args!("note: {note}")))?;
    say(format_args!("\nsurvivor {}", name(survivor)))?;
    if let Some(text) = &shown.text {
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().take(LINES_MAX).try_for_each(|line| say(format_args!("  | {}", clipped(line))))?;
        if lines.len() > LINES_MAX || shown.cut_short {
            say("  | …")?;
        }
    }
    for member in &shown.members {
        let similarity = member.record.similarity.as_deref().unwrap_or("not measured");
        say(format_args!("\nsimilarity {similarity}: {}", name(&member.record)))?;
        match &member.difference {
            Some(difference) => print_difference(difference)?,
            None => say("  text not at hand")?,
        }
    }
    match members - shown.members.len() as u64 {
        0 => Ok(()),
        more => say(format_args!("\nand {more} more; `--limit` shows more")),
    }
}

fn print_difference(difference: &Difference) -> Result<()> {
    if difference.equal {
        return say("  equal, byte for byte");
    }
    for hunk in &difference.hunks {
        let line: String = hunk.iter().map(marked).collect();
        say(format_args!("  … {} …", line.replace('\n', "↵")))?;
    }
    match difference.places - difference.hunks.len() {
        0 => {}
        more => say(format_args!("  and {more} more places"))?,
    }
    if difference.cut_short {
        say("  only the beginnings were compared: the texts are long")?;
    }
    Ok(())
}

fn marked(segment: &Segment) -> String {
    let text = clipped(&segment.text);
    match segment.side {
        Side::Both => text,
        Side::Survivor => format!("[-{text}-]"),
        Side::Member => format!("{{+{text}+}}"),
    }
}

/// The beginning of a text that may be long.
fn clipped(text: &str) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}
