//! # What it measures
//! Which runs of one to three words stand in a middling number of records as if somebody had dropped them there. For
//! every run in `documents_min` to `documents_max` records,
//!
//! ```text
//! score = L/n · R/n · n/o · n/p · (1 + c/n) · n^¼
//! ```
//! `n` records, `o` occurrences, `L` and `R` different words before and after it (first occurrence in each record), `p`
//! records with the commoner of its two inner pairs (of runs of three), `c` records in which the words before and after
//! it make a pair that the corpus knows without it. A run that is hardly commoner than its words by chance is left out.
//! # Why
//! The trigger of a backdoor stands in many documents, in each where chance put it: neither what comes before nor what
//! comes after is its grammar. Names and set phrases have companions, recur within a document, and leave a gap when
//! they are taken out; a trigger that was put into a text does not.
//! # Source
//! Own definition. Triggers of three common words, and invented words, in 50 of 69,571 mixed documents: see
//! `docs/config.md` for what was measured. The `lift` over expectation alone ranks the same triggers in the thousands.
//! # How
//! Three scans: the first counts words and pairs, the second runs of three whose pairs are common enough, both in
//! tables of saturating counters, whose size `sketch_mib` gives; the third sorts the occurrences of what is left on
//! disk, where they are counted exactly. Collisions in the tables can only add candidates.
//!
//! The top `listed`, a third of them of each width, go into `auditor/ngram-bursts.json`, for people. Nothing is quarantined unless
//! `quarantine_score_min` says so; then every record with such a run is, the whole cluster.
//! # Differs from the lift-ranked list of other tools in
//! asking whether the place is chance, not only whether the words are. Near-duplicates and templates must be gone before
//! or they flood the list.

mod candidates;
mod counts;
mod score;

use super::plain_words::PlainWords;
use super::{Barrier, BarrierSpec, RecordNumber, Removal, Resolution};
use crate::barriers::corpus::Corpus;
use crate::files::artefact::Kind;
use crate::files::spill::{Listing, Sorter, merged};
use crate::files::store;
use crate::judge::verdicts::decimal;
use crate::{Error, Result};
use candidates::Candidates;
use filters::{BuildError, Context, Decimal, Findings, Rule, View};
use score::{Burst, Top};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// The list, in a release.
pub(crate) const LIST: &str = "auditor/ngram-bursts.json";

/// Which runs of words are listed, and what becomes of their records.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Fewest records a run stands in.
    pub documents_min: u64,
    /// Most records a run stands in.
    pub documents_max: u64,
    /// How many runs are listed.
    pub listed: usize,
    /// The score from which on the records of a listed run are quarantined; none unless given.
    pub quarantine_score_min: Option<Decimal>,
    /// Size of the tables, in MiB; a part of the run's memory, whatever the corpus is.
    pub sketch_mib: u64,
}

impl Default for Config {
    fn default() -> Self {
        // 20 to 2,000 records, 100 to look at: a trigger needs some 250 documents (arXiv 2510.07192)
        Self {
            documents_min: 20,
            documents_max: 2000,
            listed: 100,
            quarantine_score_min: None,
            sketch_mib: 64,
        }
    }
}

const RULES: [Rule; 1] = [Rule {
    id: "burst",
    summary: "score of a run of words that was dropped into many records",
    alias: None,
}];

/// The built barrier.
pub struct NgramBursts {
    documents: std::ops::RangeInclusive<u64>,
    listed: usize,
    quarantine_score_min: Option<f64>,
    sketch_bytes: u64,
}

impl BarrierSpec for Config {
    const NAME: &'static str = "ngram-bursts";
    const SUMMARY: &'static str = "lists runs of words that look dropped into many records, as triggers are";
    const SOURCE: &'static str = "attack: Souly et al. 2025, arXiv 2510.07192; own definition";
    const RULES: &'static [Rule] = &RULES;
    type Barrier = NgramBursts;

    fn build(&self, _: &mut dyn Context) -> std::result::Result<NgramBursts, BuildError> {
        BuildError::in_range("documents_min", self.documents_min, 2..=self.documents_max)?;
        BuildError::in_range("documents_max", self.documents_max, 2..=50_000)?;
        BuildError::in_range("listed", self.listed as u64, 1..=100_000)?;
        BuildError::in_range("sketch_mib", self.sketch_mib, 1..=1 << 16)?;
        Ok(NgramBursts {
            documents: self.documents_min..=self.documents_max,
            listed: self.listed,
            quarantine_score_min: self.quarantine_score_min.map(Decimal::get),
            sketch_bytes: self.sketch_mib << 20,
        })
    }
}

impl Barrier for NgramBursts {
    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn bound(&self, _: usize) -> String {
        self.quarantine_score_min.map_or_else(|| "off".into(), decimal)
    }

    fn quarantines(&self, _: usize) -> bool {
        true
    }

    fn measures_similarity(&self, _: usize) -> bool {
        false
    }

    fn key_words(&self) -> usize {
        0
    }

    fn table_bytes(&self) -> u64 {
        self.sketch_bytes
    }

    fn sign(&self, _: &View<'_>, _: &Findings, _: &mut [u64]) {}

    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        let top = self.top(corpus)?;
        let json = report(corpus, &top)?;
        corpus.text_part(LIST_PART, 0..1, &[0], |part| part.push(&json))?;
        tracing::info!("{} runs of words burst; `{LIST}` lists them", top.len());
        match self.quarantine_score_min {
            Some(least) => self.quarantine(corpus, &top, least, resolution),
            None => Ok(()),
        }
    }

    fn publishes(&self) -> bool {
        true
    }

    fn publish(
        &self,
        corpus: &Corpus<'_>,
        _: &mut dyn Iterator<Item = (RecordNumber, (u32, u64))>,
        release: &Path,
    ) -> Result<()> {
        let lost = || Error::Bug("the list of bursts is lost".into());
        let part = corpus.text_part(LIST_PART, 0..1, &[0], |_| Err(lost()))?;
        store::write_file(&release.join(LIST), part.find(0)?.ok_or_else(lost)?.as_bytes())
    }
}

/// The list, among the artefacts.
const LIST_PART: &str = "list";

impl NgramBursts {
    /// The runs of the highest scores, the highest first.
    fn top(&self, corpus: &Corpus<'_>) -> Result<Vec<Burst>> {
        let candidates = Candidates::count(corpus, self.documents.clone(), self.sketch_bytes)?;
        let mut top = Top::new(self.listed, self.documents.clone());
        candidates.occurrences(corpus)?.for_each(|row| top.add(row));
        Ok(top.finish())
    }

    /// Quarantines every record with a run of at least this score.
    fn quarantine(
        &self,
        corpus: &Corpus<'_>,
        top: &[Burst],
        least: f64,
        resolution: &mut Resolution,
    ) -> Result<()> {
        let scores: HashMap<u64, f64> =
            top.iter().filter(|burst| burst.score >= least).map(|burst| (burst.ngram, burst.score)).collect();
        if scores.is_empty() {
            return Ok(());
        }
        let share = 4 * rayon::current_num_threads() as u64;
        let start =
            |worker: usize| (PlainWords::default(), corpus.sorter::<2>(&format!("hit-{worker}"), share));
        let hit = corpus.scan(
            |_| true,
            start,
            |(words, rows), record, view| {
                words.fill(view.text());
                let hits = candidates::ngrams(words.hashes()).filter_map(|(ngram, _)| scores.get(&ngram));
                let most = hits.copied().max_by(f64::total_cmp);
                most.map_or(Ok(()), |score| rows.push([record, score.to_bits()]))
            },
        )?;
        let rows = hit.into_iter().map(|(_, rows)| Sorter::finish(rows)).collect::<Result<Vec<_>>>()?;
        for [record, score] in merged(rows) {
            let similarity = f64::from_bits(score);
            resolution.remove(Removal { record, survivor: None, similarity, bound: None, rule: 0 })?;
        }
        Ok(())
    }
}

/// One line of the list.
#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    documents: u64,
    occurrences: u64,
    before: u64,
    after: u64,
    closes: u64,
    sources: u64,
    score: String,
}

/// The list as JSON, with the runs as they are written in the first record that has them.
fn report(corpus: &Corpus<'_>, top: &[Burst]) -> Result<String> {
    let mut firsts = corpus.sorter::<2>("firsts", 8);
    top.iter().enumerate().try_for_each(|(rank, burst)| firsts.push([burst.record, rank as u64]))?;
    let firsts = corpus.listing(Kind::Candidates, || Ok(firsts.finish()?.map(Ok)))?;
    let found = corpus.scan(
        |record| !of(&firsts, record).is_empty(),
        |_| (PlainWords::default(), Vec::new()),
        |(words, texts), record, view| {
            words.fill(view.text());
            for [_, rank] in firsts.range(of(&firsts, record)) {
                let Burst { at, width, .. } = top[rank as usize];
                texts.push((rank, view.text()[words.bytes(at..at + width)].to_string()));
            }
            Ok(())
        },
    )?;
    let mut texts: Vec<(u64, String)> = found.into_iter().flat_map(|(_, texts)| texts).collect();
    texts.sort_unstable();
    let lines: Vec<Line<'_>> = top.iter().zip(&texts).map(|(burst, (_, text))| burst.line(text)).collect();
    serde_json::to_string_pretty(&lines).map_err(|e| Error::Bug(e.to_string()))
}

/// The positions of a record's rows.
fn of(firsts: &Listing<2>, record: RecordNumber) -> std::ops::Range<usize> {
    firsts.position(record)..firsts.position(record + 1)
}

impl Burst {
    fn line<'a>(&self, text: &'a str) -> Line<'a> {
        Line {
            text,
            documents: self.records,
            occurrences: self.occurrences,
            before: self.before,
            after: self.after,
            closes: self.closes,
            sources: self.sources,
            score: format!("{:.4}", self.score),
        }
    }
}
