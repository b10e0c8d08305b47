//! `audit label`: a reviewer at a terminal. Nothing that could tell what the filter thought is shown: not the fate, not
//! a rule, not a score; and what rules matched is hidden until the reviewer asks for it.

use crate::say;
use anyhow::{Context, Result};
use manifests::audit::{Answer, Label, Labels, Place};
use manifests::index::{LEDGER_INDEX, LedgerIndex};
use pipeline::review::{Review, review};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

/// Show the records of a sample one by one, in an order that tells nothing, and take down whether each belongs in the
/// data set: `y`, `n`, `u` (unsure), `s` (skip for now), `r` (reveal what is hidden), `m` (the whole text), `q`.
///
/// Answers are appended as they are given, so a reviewer may stop and go on. They are read from standard input.
#[derive(clap::Args)]
pub struct Arguments {
    /// The sample that `audit plan` drew
    sample: PathBuf,
    /// The release, with its `auditor/` folder
    #[arg(long)]
    release: PathBuf,
    /// Who answers
    #[arg(long, value_name = "NAME")]
    reviewer: String,
    /// Where the answers go; a file of the same reviewer and sample is continued
    #[arg(long, value_name = "LABELS")]
    out: PathBuf,
    /// Stop after so many answers: reading of such things should have its limits
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// Records whose texts are read at once.
const AT_ONCE: usize = 16;
/// Characters of a text that are shown at first.
const CHARS_MAX: usize = 3000;
/// What stands where something is hidden.
const HIDDEN: &str = "[hidden]";
const KEYS: &str = "belongs in the data set? y, n, u unsure, s skip, r reveal, m more, q quit";

/// What a reviewer typed.
enum Typed {
    Answer(Answer),
    Skip,
    Quit,
}

pub fn call(arguments: &Arguments) -> Result<()> {
    let sample = super::audit::load_sample(&arguments.sample)?;
    let numbers = shard_numbers(&arguments.release)?;
    let (mut file, done) = open(arguments, sample.sha256()?)?;
    let open: Vec<&Place> = sample.shown().into_iter().filter(|place| !done.contains(*place)).collect();
    let (mut input, mut answered, all) = (io::stdin().lock(), 0, done.len() + open.len());
    'records: for chunk in open.chunks(AT_ONCE) {
        let number = |place: &&Place| {
            let number = numbers.iter().position(|name| *name == place.shard);
            let number = number.with_context(|| format!("the release has no shard `{}`", place.shard))?;
            Ok((u32::try_from(number)?, place.row))
        };
        let places = chunk.iter().map(number).collect::<Result<Vec<_>>>()?;
        for (place, shown) in chunk.iter().zip(review(&arguments.release, &places)?) {
            if arguments.limit.is_some_and(|limit| answered >= limit) {
                break 'records;
            }
            say(format_args!("\n--- {} of {all}", done.len() + answered + 1))?;
            match ask(&shown, &mut input)? {
                Typed::Quit => break 'records,
                Typed::Skip => {}
                Typed::Answer(answer) => {
                    let label = Label { answer, shard: place.shard.clone(), row: place.row };
                    file.write_all(&label.to_line()?).context("the answer could not be written")?;
                    answered += 1;
                }
            }
        }
    }
    file.sync_all()?;
    say(format_args!("{} of {all} answered in {}", done.len() + answered, arguments.out.display()))
}

/// The names of the shards, by number.
fn shard_numbers(release: &Path) -> Result<Vec<String>> {
    let path = release.join(LEDGER_INDEX);
    let bytes = std::fs::read(&path).with_context(|| format!("`{}`", path.display()))?;
    let index: LedgerIndex =
        serde_json::from_slice(&bytes).with_context(|| format!("`{}`", path.display()))?;
    Ok(index.shards.into_iter().map(|shard| shard.name).collect())
}

/// The file of answers, and the records that have one.
fn open(arguments: &Arguments, sample: manifests::digest::Sha256) -> Result<(File, BTreeSet<Place>)> {
    let path = &arguments.out;
    let at = || format!("`{}`", path.display());
    if !path.exists() {
        super::write_new(path, &Labels::head(&arguments.reviewer, sample)?)?;
    }
    let labels = Labels::parse(&std::fs::read(path).with_context(at)?).with_context(at)?;
    anyhow::ensure!(labels.sample == sample, "{}: answers about another sample", at());
    anyhow::ensure!(labels.reviewer == arguments.reviewer, "{}: the answers of {}", at(), labels.reviewer);
    let file = OpenOptions::new().append(true).open(path).with_context(at)?;
    Ok((file, labels.answers.into_keys().collect()))
}

/// Shows a record until there is an answer. The end of the input is a quit.
fn ask(shown: &Review, input: &mut impl BufRead) -> Result<Typed> {
    let (mut revealed, mut whole) = (false, false);
    show(shown, revealed, whole)?;
    loop {
        say(KEYS)?;
        let mut line = String::new();
        if input.read_line(&mut line).context("standard input")? == 0 {
            return Ok(Typed::Quit);
        }
        match line.trim() {
            "y" => return Ok(Typed::Answer(Answer::Belongs)),
            "n" => return Ok(Typed::Answer(Answer::DoesNotBelong)),
            "u" => return Ok(Typed::Answer(Answer::Unsure)),
            "s" => return Ok(Typed::Skip),
            "q" => return Ok(Typed::Quit),
            "r" => revealed = true,
            "m" => whole = true,
            other => {
                say(format_args!("`{other}` is none of the keys"))?;
                continue;
            }
        }
        show(shown, revealed, whole)?;
    }
}

fn show(shown: &Review, revealed: bool, whole: bool) -> Result<()> {
    let Some(text) = &shown.text else { return say("(the release does not hold this text)") };
    let text = if revealed { text.clone() } else { redacted(text, &shown.matched) };
    match text.char_indices().nth(CHARS_MAX).filter(|_| !whole) {
        Some((end, _)) => say(format_args!("{} …", &text[..end])),
        None => say(text),
    }
}

/// The text with what rules matched hidden.
fn redacted(text: &str, matched: &[std::ops::Range<usize>]) -> String {
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for range in matched {
        shown.push_str(text.get(at..range.start).unwrap_or_default());
        shown.push_str(HIDDEN);
        at = range.end;
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    shown
}
