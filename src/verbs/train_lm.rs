//! `train-lm`: an n-gram language model from texts.

use super::run::threads;
use crate::{progress, say};
use anyhow::{Result, bail};
use pipeline::language_model::{ORDER_MAX, Trained, Training, Words, train};
use pipeline::parse_memory;
use std::path::PathBuf;
use std::process::ExitCode;

/// Train an n-gram language model with interpolated modified Kneser-Ney smoothing, for the stage `perplexity` and for
/// KenLM. A line of a text is a sentence. The same files give the same bytes, whatever the threads and the memory.
#[derive(clap::Args)]
pub struct Arguments {
    /// Parquet files with texts, folders of them, or globs in quotes
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where the model is written, an ARPA file if it ends in `.arpa`, KenLM's binary format (probing) if in `.binary`;
    /// must not be there yet
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// The column that holds the text
    #[arg(long, default_value = "text")]
    text: String,
    /// Words of the longest n-grams
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = order)]
    order: usize,
    /// What words are: `plain`, what stands between white space; or `folded`, without case, digits and the punctuation
    /// at their ends. An ARPA file says it to the stage, a binary file cannot
    #[arg(long, default_value = "plain", value_parser = words)]
    words: Words,
    /// Leave n-grams out that are there no more often than this: one number for each order from 2 on, never
    /// decreasing; the last holds for all further orders (`0,1`)
    #[arg(long, value_name = "COUNTS", value_delimiter = ',')]
    prune: Vec<u64>,
    /// Know only so many of the most frequent words; the others count as unknown
    #[arg(long, value_name = "WORDS")]
    vocabulary: Option<usize>,
    /// Take the discounts 0.5, 1 and 1.5 where the text is too little to estimate them
    #[arg(long)]
    discount_fallback: bool,
    /// Worker threads; as many as there are processors unless given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Memory that n-grams may take before they go to disk beside the model; the words come on top
    #[arg(long, value_name = "BYTES", value_parser = parse_memory, default_value = "2GiB")]
    memory: u64,
    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,
}

fn order(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(order @ 2..=ORDER_MAX) => Ok(order),
        _ => Err(format!("expected 2 to {ORDER_MAX}")),
    }
}

fn words(text: &str) -> Result<Words, String> {
    Words::named(text).ok_or_else(|| "expected `plain` or `folded`".into())
}

pub fn call(arguments: &Arguments) -> Result<ExitCode> {
    let out = &arguments.out;
    if !out.extension().is_some_and(|extension| extension == "arpa" || extension == "binary") {
        bail!("`{}`: the name of a model ends in `.arpa` or `.binary`", out.display());
    }
    if out.exists() {
        bail!("`{}` is there already", out.display());
    }
    let training = Training {
        files: arguments.files.clone(),
        text: arguments.text.clone(),
        order: arguments.order,
        words: arguments.words,
        prune: prune(&arguments.prune, arguments.order)?,
        vocabulary: arguments.vocabulary,
        discount_fallback: arguments.discount_fallback,
        threads: threads(arguments.threads),
        memory: arguments.memory,
    };
    let trained = train(&training, out, progress::on_stderr().as_ref())?;
    match arguments.json {
        true => say(json(&trained))?,
        false => print(&trained)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// For each order, words first, the largest count that is left out.
fn prune(given: &[u64], order: usize) -> Result<Vec<u64>> {
    if given.len() > order - 1 {
        bail!("`--prune` has {} counts, and only {} orders follow the words", given.len(), order - 1);
    }
    if !given.is_sorted() {
        bail!("`--prune`: the counts decrease, and n-grams would be left without their beginnings");
    }
    let last = given.last().copied().unwrap_or_default();
    let rest = std::iter::repeat(last);
    Ok([0].into_iter().chain(given.iter().copied()).chain(rest).take(order).collect())
}

fn json(trained: &Trained) -> String {
    let discounts: Vec<[f64; 3]> = trained.discounts.iter().map(|discounts| discounts.0).collect();
    let value = serde_json::json!({
        "sentences": trained.sentences,
        "words": trained.words,
        "skipped": trained.skipped,
        "ngrams": trained.ngrams,
        "discounts": discounts,
    });
    format!("{value:#}")
}

fn print(trained: &Trained) -> Result<()> {
    let Trained { sentences, words, skipped, .. } = trained;
    say(format_args!("{sentences} sentences, {words} words; {skipped} records without a text"))?;
    say(format_args!("{:>5} {:>12} {:>8} {:>8} {:>8}", "order", "n-grams", "D1", "D2", "D3+"))?;
    for (order, (ngrams, discounts)) in (1..).zip(trained.ngrams.iter().zip(&trained.discounts)) {
        let [one, two, more] = discounts.0;
        say(format_args!("{order:>5} {ngrams:>12} {one:>8.4} {two:>8.4} {more:>8.4}"))?;
    }
    Ok(())
}
