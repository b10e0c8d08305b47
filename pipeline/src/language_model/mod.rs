//! `train-lm`: n-gram language models with interpolated modified Kneser-Ney smoothing, as KenLM's `lmplz` estimates
//! them, from Parquet files of any size.
//!
//! ```text
//! texts ─count words→ vocabulary
//! texts ─count n-grams→ longest n-grams, last word first
//!       ─adjust→   every order with adjusted counts, by context
//!       ─estimate→ shares and back-offs, last word first; interpolated from words upwards
//!       ─write→    ARPA, or KenLM's binary format
//! ```
//!
//! The vocabulary stays in memory, everything else is sorted within a limit and on disk beyond it. Threads and memory
//! take no part in the answer.

mod counts;
mod estimate;
mod ngram;
mod texts;
mod vocabulary;
mod write;

use crate::files::scratch::Folder;
use crate::{Error, Progress, Result};
use classifiers::language_model::{CountsOfCounts, Discounts};
use std::path::{Path, PathBuf};
use texts::Texts;
use vocabulary::Vocabulary;

pub use classifiers::language_model::{ORDER_MAX, Words};

/// What a model is made from, and how.
#[derive(Clone, Debug)]
pub struct Training {
    /// Parquet files, folders of them or globs.
    pub files: Vec<PathBuf>,
    /// The column with the text.
    pub text: String,
    /// Words of the longest n-grams, 2 to [`ORDER_MAX`].
    pub order: usize,
    /// How texts are divided into words.
    pub words: Words,
    /// For each order, how often an n-gram may be there and still be left out; never decreasing, 0 for words.
    pub prune: Vec<u64>,
    /// How many of the most frequent words are known; all unless given.
    pub vocabulary: Option<usize>,
    /// Whether [`Discounts::FALLBACK`] stands in where a discount cannot be estimated.
    pub discount_fallback: bool,
    /// Worker threads.
    pub threads: usize,
    /// Bytes that what grows with the corpus may take in memory, the vocabulary aside.
    pub memory: u64,
}

/// What came of a training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Sentences that were read.
    pub sentences: u64,
    /// Words that were read.
    pub words: u64,
    /// Records without a text, or with one that is not UTF-8.
    pub skipped: u64,
    /// N-grams of each order from 1 on.
    pub ngrams: Vec<u64>,
    /// The discounts of each order.
    pub discounts: Vec<Discounts>,
}

/// How memory is divided.
#[derive(Clone, Copy)]
struct Budget {
    /// Of a worker that counts.
    worker: u64,
    /// Of the sorter that they all fill.
    sorter: u64,
    /// Of each of two sorters for each order.
    order: u64,
}

/// Trains a model and writes it to `model`: as an ARPA file if that ends in `.arpa`, else in KenLM's binary format.
pub fn train(training: &Training, model: &Path, progress: &dyn Progress) -> Result<Trained> {
    if !(2..=ORDER_MAX).contains(&training.order) {
        return Err(Error::Limit {
            what: "words of the longest n-grams".into(),
            limit: format!("2 to {ORDER_MAX}"),
            actual: training.order.to_string(),
        });
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(training.threads)
        .build()
        .map_err(|e| Error::Bug(e.to_string()))?;
    pool.install(|| train_here(training, model, progress))
}

fn train_here(training: &Training, model: &Path, progress: &dyn Progress) -> Result<Trained> {
    let texts = Texts::find(training)?;
    let (vocabulary, skipped) = Vocabulary::count(&texts, training, progress)?;
    let beside = model.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = Folder::create(beside, "train-lm")?;
    let orders: Vec<PathBuf> =
        (1..=training.order).map(|order| folder.as_ref().join(order.to_string())).collect();
    let budget = Budget {
        worker: training.memory / 4 / training.threads.max(1) as u64,
        sorter: training.memory / 4,
        order: training.memory / 4 / training.order as u64,
    };
    let (longest, size) = counts::count(&texts, &vocabulary, training, (folder.as_ref(), budget), progress)?;
    if size.words == 0 {
        return Err(Error::Unanswerable { why: "the texts hold no word".into(), hint: None });
    }
    progress.begin("estimate", 1);
    let adjusted = counts::adjust(longest, training, (&orders, budget))?;
    let discounts = (1..).zip(&adjusted).map(|(order, adjusted)| discounts(order, adjusted.counts, training));
    let discounts = discounts.collect::<Result<Vec<_>>>()?;
    let next = vocabulary.words().len() - 1;
    let estimated = estimate::estimate(adjusted, &discounts, next, (&orders, budget))?;
    write::write(&estimated, &vocabulary, training.words, model)?;
    progress.end();
    let ngrams = estimated.iter().map(|order| order.len() as u64).collect();
    Ok(Trained { sentences: size.sentences, words: size.words, skipped, ngrams, discounts })
}

fn discounts(order: usize, counts: CountsOfCounts, training: &Training) -> Result<Discounts> {
    match Discounts::estimate(order, counts) {
        Err(_) if training.discount_fallback => Ok(Discounts::FALLBACK),
        Err(error) => Err(Error::Unanswerable {
            why: error.to_string(),
            hint: Some("more text, without copies, or a smaller `--order`; or `--discount-fallback`".into()),
        }),
        Ok(discounts) => Ok(discounts),
    }
}
