//! # What it measures
//! The Jaccard index of the word n-gram sets of two simplified texts.
//! # Why
//! Near copies (mirrors, revisions, templates) waste compute and teach by rote (Lee et al. 2022).
//! # Source
//! MinHash (Broder 1997) with locality-sensitive hashing by bands (Leskovec, Rajaraman, Ullman, *Mining of Massive
//! Datasets*, chapter 3); 14 bands of 8 rows over word 5-grams as FineWeb and datatrove 0.10.1 do. Unlike them,
//! every candidate pair is compared by its true Jaccard index before anything is removed, and a removed record is
//! tied to a survivor it is itself similar to, never only to a chain of others.
//!
//! ```text
//! keys ─bands→ sorted by key ─pairs→ of one bucket ─candidates→ distinct ─texts, edges→ verified
//!      ─components→ clusters ─settle→ stars ─resolve→ removals
//! ```
//! Each arrow is a step, whose tasks divide keys, pairs or clusters among them. A task reads files that tasks of earlier
//! steps left for it and leaves files for those of later ones, so that it does not matter which process does it.
//!
//! A *node* is a record of an earlier release (numbered first) or of this corpus; a *candidate* is a node that
//! stands in a pair.

mod candidates;
mod components;
mod datatrove;
mod earlier;
mod index;
mod joining;
mod minhash;
mod sets;
mod settle;
mod shape;
mod shingle_sets;
pub(super) mod stars;
mod verify;

use super::keep::{Keep, Preference};
use super::{Barrier, BarrierSpec, Extent, RecordNumber, Resolution};
use crate::barriers::corpus::Corpus;
use crate::judge::verdicts::decimal;
use crate::{Error, Result};
use candidates::Node;
use datatrove::Datatrove;
use earlier::Earlier;
pub(crate) use earlier::INDEX;
use filters::{BuildError, Context, Decimal, Findings, Rule, View};
pub(crate) use index::{HEADER_START, header_bytes};
use minhash::MinHash;
use serde::{Deserialize, Serialize};
pub use shape::candidate_share;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Parameters of near-duplicate detection.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Bands of the signature; records that agree in one whole band are compared.
    pub bands: usize,
    /// Hashes in a band.
    pub rows: usize,
    /// The Jaccard index around which bands and rows are chosen, instead of giving them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Decimal>,
    /// The most hashes a signature has when `threshold` chooses.
    pub hashes: usize,
    /// Words in a shingle.
    pub ngram: usize,
    /// What becomes of texts with fewer words than a shingle.
    pub short: Short,
    /// Which hash functions make the signature.
    pub signature: Signature,
    /// Seed of the hash functions.
    pub seed: u64,
    /// Least Jaccard index of a removed record with its survivor.
    pub verify_jaccard_min: Decimal,
    /// Which record survives.
    pub keep: Keep,
    /// The column that `keep = "highest-score"` looks at.
    pub score: String,
    /// Sources in the order `keep = "source-priority"` prefers them.
    pub sources: Vec<String>,
    /// The largest share of the corpus one cluster may have (of at least 100 records); a larger one stops the run.
    pub cluster_share_max: Decimal,
    /// Earlier stages: what is like a record they took out is quarantined.
    pub quarantine_near: Vec<String>,
    /// Releases, or signature indices of releases: what is like one of their records is removed.
    pub against: Vec<String>,
    /// Whether the release gets an index of its signatures, for later releases to be compared with.
    pub index: bool,
}

/// Texts with fewer words than a shingle has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Short {
    /// The whole text is one shingle: short texts are alike when all their words are equal.
    Whole,
    /// They take no part, as in datatrove.
    Skip,
}

/// Families of hash functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// Our own, 32 bits wide.
    Fast,
    /// datatrove's, bit for bit.
    Datatrove,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bands: 14,
            rows: 8,
            threshold: None,
            hashes: 112,
            ngram: 5,
            short: Short::Whole,
            signature: Signature::Fast,
            seed: 1,
            verify_jaccard_min: Decimal::of(0.75),
            keep: Keep::Earliest,
            score: String::new(),
            sources: Vec::new(),
            cluster_share_max: Decimal::of(0.1),
            quarantine_near: Vec::new(),
            against: Vec::new(),
            index: false,
        }
    }
}

const fn rule(id: &'static str, summary: &'static str) -> Rule {
    Rule { id, summary, alias: None }
}

/// The rules, in the order in which they are tried.
const RULES: [Rule; 4] = [
    rule("associated", "Jaccard index with a record that a stage of `quarantine_near` took out"),
    rule("earlier", "Jaccard index with a record of an earlier release"),
    rule(
        "earlier-unverified",
        "a band equal to that of a record of an earlier release whose text is not at hand",
    ),
    rule("jaccard", "Jaccard index of the shingle sets of the record and its survivor"),
];
const ASSOCIATED: usize = 0;
const EARLIER: usize = 1;
const UNVERIFIED: usize = 2;
const JACCARD: usize = 3;

/// The steps, in order.
#[derive(Clone, Copy)]
enum Step {
    Bands,
    Pairs,
    Candidates,
    Texts,
    Edges,
    Components,
    Settle,
}

impl Step {
    const ALL: [Self; 7] = [
        Self::Bands,
        Self::Pairs,
        Self::Candidates,
        Self::Texts,
        Self::Edges,
        Self::Components,
        Self::Settle,
    ];
}

/// The band and the part of its keys that a task of the step `pairs` sees.
struct Bands {
    band: usize,
    part: usize,
}

impl Bands {
    fn of(task: usize, parts: usize) -> Self {
        Self { band: task / parts, part: task % parts }
    }
}

/// Words of the key: the rank, then one hash per band; zero for a record without shingles.
const RANK: usize = 0;
const BAND: usize = 1;

/// The built barrier.
pub struct NearDuplicates {
    config: Config,
    bands: usize,
    rows: usize,
    /// See [`Config::index_parameters`].
    parameters: String,
    family: Family,
    preference: Preference,
    earlier: Earlier,
}

enum Family {
    Fast(MinHash),
    Datatrove(Datatrove),
}

impl BarrierSpec for Config {
    const NAME: &'static str = "near-duplicates";
    const SUMMARY: &'static str =
        "removes records whose word n-grams nearly equal another record's, every pair verified";
    const SOURCE: &'static str = "Broder 1997; FineWeb's parameters (14 bands of 8, word 5-grams)";
    const RULES: &'static [Rule] = &RULES;
    type Barrier = NearDuplicates;

    fn build(&self, context: &mut dyn Context) -> std::result::Result<NearDuplicates, BuildError> {
        let (bands, rows) = self.shape()?;
        let share = |key: &'static str, value: Decimal| match value.get() {
            share if (0.0..=1.0).contains(&share) => Ok(()),
            share => Err(BuildError::key(key, format!("is {share}, expected 0 to 1"))),
        };
        BuildError::in_range("ngram", self.ngram, 1..=64)?;
        share("verify_jaccard_min", self.verify_jaccard_min)?;
        share("cluster_share_max", self.cluster_share_max)?;
        let family = match self.signature {
            Signature::Fast => Family::Fast(MinHash::new(bands * rows, self.seed)),
            Signature::Datatrove => Family::Datatrove(Datatrove::new(bands * rows, self.seed)),
        };
        let preference = Preference::new(self.keep, &self.score, &self.sources, context)?;
        let parameters = self.index_parameters((bands, rows), context.turns());
        let earlier = Earlier::open(&self.against, (&parameters, bands), context)?;
        Ok(NearDuplicates { config: self.clone(), bands, rows, parameters, family, preference, earlier })
    }
}

impl Config {
    /// Bands and rows as given, or as the threshold asks for.
    fn shape(&self) -> std::result::Result<(usize, usize), BuildError> {
        BuildError::in_range("bands", self.bands, 1..=1024)?;
        BuildError::in_range("rows", self.rows, 1..=256)?;
        BuildError::in_range("hashes", self.hashes, 1..=4096)?;
        let default = Self::default();
        let Some(threshold) = self.threshold.map(Decimal::get) else {
            return match self.hashes == default.hashes {
                true => Ok((self.bands, self.rows)),
                false => Err(BuildError::key("hashes", "is of no use without `threshold`")),
            };
        };
        if threshold <= 0.0 || threshold >= 1.0 {
            return Err(BuildError::key(
                "threshold",
                format!("is {threshold}, expected more than 0 and less than 1"),
            ));
        }
        if self.hashes == 1 {
            return Err(BuildError::key("hashes", "is 1, which leaves `threshold` nothing to choose"));
        }
        if (self.bands, self.rows) != (default.bands, default.rows) {
            return Err(BuildError::key("threshold", "chooses `bands` and `rows`; give it or them"));
        }
        Ok(shape::for_threshold(threshold, self.hashes))
    }

    /// Whatever two signatures must have in common to be compared.
    fn index_parameters(&self, (bands, rows): (usize, usize), turns: Option<&str>) -> String {
        let turns = turns.map(|turns| format!(" {turns}")).unwrap_or_default();
        format!(
            "{:?} {:?} seed {} bands {bands} rows {rows} ngram {}{turns}",
            self.signature, self.short, self.seed, self.ngram
        )
    }
}

thread_local! {
    /// A worker's buffers for one text's shingles and signature.
    static BUFFERS: RefCell<(Vec<u64>, Vec<u64>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

impl Barrier for NearDuplicates {
    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn bound(&self, rule: usize) -> String {
        if rule == UNVERIFIED { "0".into() } else { decimal(self.least()) }
    }

    fn quarantines(&self, rule: usize) -> bool {
        rule == ASSOCIATED
    }

    fn associates(&self) -> &[String] {
        &self.config.quarantine_near
    }

    fn key_words(&self) -> usize {
        BAND + self.bands
    }

    fn sign(&self, view: &View<'_>, findings: &Findings, key: &mut [u64]) {
        BUFFERS.with_borrow_mut(|(shingles, signature)| {
            match &self.family {
                Family::Fast(_) => {
                    shingle_sets::shingles(view, self.config.ngram, self.config.short, shingles)
                }
                Family::Datatrove(_) => {
                    datatrove::shingles(view, self.config.ngram, self.config.short, shingles)
                }
            }
            if shingles.is_empty() {
                return;
            }
            match &self.family {
                Family::Fast(family) => family.signature(shingles, signature),
                Family::Datatrove(family) => family.signature(shingles, signature),
            }
            key[RANK] = self.preference.rank(view, findings);
            let mut bytes = Vec::with_capacity(self.rows * 8);
            for (band, key) in signature.chunks_exact(self.rows).zip(&mut key[BAND..]) {
                bytes.clear();
                bytes.extend(band.iter().flat_map(|hash| hash.to_le_bytes()));
                *key = xxh3_64(&bytes).max(1);
            }
        });
    }

    fn steps(&self) -> Vec<crate::barriers::Step> {
        let step = |name, extent| crate::barriers::Step { name, extent };
        vec![
            step("bands", Extent::Shares),
            step("pairs", Extent::Parts(self.bands)),
            step("candidates", Extent::Parts(1)),
            step("texts", Extent::Shares),
            step("edges", Extent::Parts(1)),
            step("components", Extent::Alone),
            step("settle", Extent::Parts(1)),
        ]
    }

    fn step(&self, corpus: &Corpus<'_>, step: usize, task: usize) -> Result<Vec<PathBuf>> {
        match Step::ALL.get(step) {
            Some(Step::Bands) => self.send_bands(corpus, task),
            Some(Step::Pairs) => self.send_pairs(corpus, task),
            Some(Step::Candidates) => self.send_candidates(corpus, task),
            Some(Step::Texts) => self.send_texts(corpus, task),
            Some(Step::Edges) => self.send_edges(corpus, task),
            Some(Step::Components) => self.send_clusters(corpus),
            Some(Step::Settle) => self.send_settled(corpus, task),
            None => Err(Error::Bug(format!("no step {step}"))),
        }
    }

    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        self.gather(corpus, resolution)
    }

    fn publishes(&self) -> bool {
        self.config.index
    }

    fn publish(
        &self,
        corpus: &Corpus<'_>,
        released: &mut dyn Iterator<Item = (RecordNumber, (u32, u64))>,
        release: &Path,
    ) -> Result<()> {
        self.write_index(corpus, released, &release.join(earlier::INDEX))
    }

    fn outlook(&self) -> Vec<String> {
        let curve = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
            .map(|s| format!("{s} {:.1} %", 100.0 * candidate_share(s, self.bands, self.rows)));
        vec![
            format!("{} bands of {} rows over word {}-grams", self.bands, self.rows, self.config.ngram),
            format!("pairs compared, by Jaccard index: {}", curve.join(", ")),
        ]
    }
}

impl NearDuplicates {
    /// Calls `each` with pairs of living records that are found to be alike, so many that whatever is alike, be it by way
    /// of others, is joined by them. Keys of records begin as [`Barrier::sign`] writes them.
    pub(super) fn alike(
        &self,
        corpus: &Corpus<'_>,
        each: &mut dyn FnMut(RecordNumber, RecordNumber) -> Result<()>,
    ) -> Result<()> {
        corpus.take_steps(self, Step::Components as usize)?;
        for part in 0..corpus.parts() {
            for [a, b] in self.edges(corpus, part)?.iter() {
                if let Some((a, b)) = self.record(Node(a)).zip(self.record(Node(b))) {
                    each(a, b)?;
                }
            }
        }
        Ok(())
    }

    /// The least Jaccard index of two records that count as alike.
    fn least(&self) -> f64 {
        self.config.verify_jaccard_min.get()
    }
}
