//! Which filters take out the same records.
//!
//! A pair is counted over the records of which both answers are known; `known` says how many those are. With
//! `measure = "all"` all judging stages are known of nearly every record; of barriers only what reached them is.

use super::Share;
use super::answers::{Answer, Answers, Place, Stages};
use super::ledger::Ledger;
use crate::{Error, Result};
use filters::Action;
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr;

/// Different rows of answers that are kept before they are added to the pairs.
const PATTERNS_MAX: usize = 1 << 16;

/// More than any configuration has; memory grows with its square.
const FILTERS_MAX: usize = 2000;

/// What counts as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Whole stages.
    Stages,
    /// Each rule by itself.
    Rules,
}

impl FromStr for Grain {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "stages" => Ok(Self::Stages),
            "rules" => Ok(Self::Rules),
            _ => Err("expected `stages` or `rules`".into()),
        }
    }
}

/// How the filters of a release overlap.
#[derive(Debug, Serialize)]
pub struct Overlap {
    /// Records that were looked at.
    pub records: u64,
    /// Records that were never judged, or were taken down after the run.
    pub aside: u64,
    /// Whether every answer about every record is known.
    pub complete: bool,
    /// The filters, in the order of the stages.
    pub filters: Vec<FilterTotal>,
    /// Every two of them of which either takes something out.
    pub pairs: Vec<Pair>,
}

/// What one filter does by itself.
#[derive(Debug, Serialize)]
pub struct FilterTotal {
    /// The stage, or `stage/rule`.
    pub filter: String,
    /// What the stage does with what it finds.
    pub action: Action,
    /// Records of which its answer is known.
    pub known: u64,
    /// How many of those it takes out, or would if nothing else did or it did not only tag.
    pub takes_out: u64,
}

/// What two filters do to the records of which both answers are known.
#[derive(Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The earlier one.
    pub a: String,
    /// The later one.
    pub b: String,
    /// Those records.
    pub known: u64,
    /// How many of them the earlier takes out,
    pub by_a: u64,
    /// the later,
    pub by_b: u64,
    /// and both.
    pub by_both: u64,
    /// Those by both among those by either.
    pub jaccard: Option<Share>,
    /// Those by both among those by the earlier.
    pub b_of_a: Option<Share>,
    /// Those by both among those by the later.
    pub a_of_b: Option<Share>,
}

/// Counts, from the ledger of a release, what every two filters take out. Memory depends on their number alone.
pub fn overlap(release: &Path, grain: Grain) -> Result<Overlap> {
    let ledger = Ledger::open(release)?;
    let stages = Stages::of(&ledger)?;
    let filters = filters(&stages, grain);
    if filters.len() > FILTERS_MAX {
        return Err(Error::release(
            release,
            format!("names {} rules, expected at most {FILTERS_MAX}", filters.len()),
        ));
    }
    let mut counts = Counts::new(filters.len());
    let (mut records, mut aside) = (0, 0);
    ledger.batches(&stages.needed(), |file, batch| {
        let answers = Answers::new(&stages, file, batch)?;
        for at in 0..batch.num_rows() {
            records += 1;
            if answers.place(at) == Place::Aside {
                aside += 1;
                continue;
            }
            counts.add(filters.iter().map(|(stage, rule)| match rule {
                Some(rule) => answers.rule(at, *stage, *rule),
                None => answers.stage(at, *stage),
            }));
        }
        Ok(())
    })?;
    counts.flush();
    let name = |(stage, rule): &(usize, Option<usize>)| match rule {
        Some(rule) => stages.rule_name(*stage, *rule),
        None => stages.notes[*stage].name.clone(),
    };
    let names: Vec<String> = filters.iter().map(name).collect();
    let totals = filters.iter().enumerate().map(|(n, (stage, _))| {
        let [known, takes_out, ..] = *counts.of(n, n);
        FilterTotal { filter: names[n].clone(), action: stages.notes[*stage].action, known, takes_out }
    });
    let totals: Vec<FilterTotal> = totals.collect();
    let complete = totals.iter().all(|filter| filter.known == records - aside);
    Ok(Overlap { records, aside, complete, pairs: pairs(&names, &counts)?, filters: totals })
}

/// Stages, and rules where they are asked for, by their positions.
fn filters(stages: &Stages, grain: Grain) -> Vec<(usize, Option<usize>)> {
    let rules = stages.rules();
    match grain {
        Grain::Rules => rules.map(|(stage, rule)| (stage, Some(rule))).collect(),
        Grain::Stages => {
            let mut found: Vec<(usize, Option<usize>)> = rules.map(|(stage, _)| (stage, None)).collect();
            found.dedup();
            found
        }
    }
}

fn pairs(names: &[String], counts: &Counts) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for a in 0..names.len() {
        for b in a + 1..names.len() {
            let [known, by_a, by_b, by_both] = *counts.of(a, b);
            if by_a + by_b == 0 {
                continue;
            }
            pairs.push(Pair {
                a: names[a].clone(),
                b: names[b].clone(),
                known,
                by_a,
                by_b,
                by_both,
                jaccard: Share::of(by_both, by_a + by_b - by_both)?,
                b_of_a: Share::of(by_both, by_a)?,
                a_of_b: Share::of(by_both, by_b)?,
            });
        }
    }
    Ok(pairs)
}

/// Records by what two filters say of them. Records with the same answers are counted together first.
struct Counts {
    filters: usize,
    /// By two positions, the smaller first: both known, the first takes out, the second, both.
    pairs: Vec<[u64; 4]>,
    patterns: HashMap<Vec<Answer>, u64>,
    row: Vec<Answer>,
}

impl Counts {
    fn new(filters: usize) -> Self {
        Self { filters, pairs: vec![[0; 4]; filters * filters], patterns: HashMap::new(), row: Vec::new() }
    }

    fn of(&self, a: usize, b: usize) -> &[u64; 4] {
        &self.pairs[a * self.filters + b]
    }

    fn add(&mut self, answers: impl Iterator<Item = Answer>) {
        self.row.clear();
        self.row.extend(answers);
        match self.patterns.get_mut(&self.row) {
            Some(count) => *count += 1,
            None => {
                if self.patterns.len() >= PATTERNS_MAX {
                    self.flush();
                }
                self.patterns.insert(self.row.clone(), 1);
            }
        }
    }

    fn flush(&mut self) {
        for (row, count) in self.patterns.drain() {
            for (a, first) in row.iter().enumerate().filter(|(_, answer)| **answer != Answer::Unknown) {
                for (b, second) in
                    row.iter().enumerate().skip(a).filter(|(_, answer)| **answer != Answer::Unknown)
                {
                    let (by_a, by_b) = (*first == Answer::TakesOut, *second == Answer::TakesOut);
                    let pair = &mut self.pairs[a * self.filters + b];
                    let told = [true, by_a, by_b, by_a && by_b];
                    pair.iter_mut().zip(told).for_each(|(sum, is)| *sum += count * u64::from(is));
                }
            }
        }
    }
}
