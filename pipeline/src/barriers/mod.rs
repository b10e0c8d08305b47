//! Barriers: stages that need the whole corpus. Each record leaves a key of fixed width when it is judged; when all
//! are there, the barrier looks at the keys of the records still alive, asks for the texts of the few it must
//! compare, and says which records it takes out and in favour of which.

pub mod bursts;
pub(crate) mod corpus;
pub mod exact;
pub(crate) mod keep;
pub mod keep_top;
pub mod mix;
pub mod near;
mod normal_url;
pub mod novelty;
pub mod passages;
mod plain_words;
pub mod restore;
mod share;
mod sketch;
pub mod split;

use crate::barriers::corpus::Corpus;
use crate::files::spill::{Row, Sorted, Sorter};
use crate::{Error, Result};
use filters::{BuildError, ColumnRef, Context, Findings, Rule, View};
use serde::{Serialize, de::DeserializeOwned};
use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use keep::Keep;

/// A record's number in the corpus: shards in order, rows in order.
pub type RecordNumber = u64;

/// A record that a barrier takes out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Removal {
    /// The record.
    pub record: RecordNumber,
    /// The record that survives in its stead, if one of this corpus does.
    pub survivor: Option<RecordNumber>,
    /// The measured similarity to the survivor or whatever else it is too similar to, 1 for equal texts; not a
    /// number where it could not be measured.
    pub similarity: f64,
    /// What it was held against, where that is not the same for all records ([`Barrier::bound`]).
    pub bound: Option<f64>,
    /// Position of the broken rule among [`Barrier::rules`].
    pub rule: usize,
}

impl Removal {
    /// No record has this number.
    const NOBODY: u64 = u64::MAX;

    /// As a row, by which removals are in the order of the records.
    fn row(self) -> Row<5> {
        let survivor = self.survivor.unwrap_or(Self::NOBODY);
        let bound = self.bound.unwrap_or(f64::NAN).to_bits();
        [self.record, survivor, self.similarity.to_bits(), bound, self.rule as u64]
    }

    pub(crate) fn of([record, survivor, similarity, bound, rule]: Row<5>) -> Self {
        Self {
            record,
            survivor: (survivor != Self::NOBODY).then_some(survivor),
            similarity: f64::from_bits(similarity),
            bound: Some(f64::from_bits(bound)).filter(|bound| !bound.is_nan()),
            rule: rule as usize,
        }
    }
}

/// What a barrier comes to.
pub struct Resolution {
    removals: Sorter<5>,
    cuts: Sorter<3>,
    marks: Sorter<2>,
}

/// What the marks of a barrier mean.
#[derive(Clone, Copy, Debug)]
pub enum Marking<'b> {
    /// How often a record is written; once unless marked.
    Repeats,
    /// The position of its split among these; the first unless marked.
    Split(&'b [String]),
}

impl Resolution {
    /// An empty one, which holds at most `memory` bytes.
    pub(crate) fn new(folder: &Path, memory: u64) -> Self {
        Self {
            removals: Sorter::new(&folder.join("removals.runs"), memory / 2),
            cuts: Sorter::new(&folder.join("cuts.runs"), memory / 4),
            marks: Sorter::new(&folder.join("marks.runs"), memory / 4),
        }
    }

    /// Takes a record out.
    pub fn remove(&mut self, removal: Removal) -> Result<()> {
        self.removals.push(removal.row())
    }

    /// Cuts a passage out of a record's text: bytes counted in the text as it stands at this barrier. The cuts of one
    /// record must not overlap or touch.
    pub fn cut(&mut self, record: RecordNumber, passage: Range<usize>) -> Result<()> {
        self.cuts.push([record, passage.start as u64, passage.end as u64])
    }

    /// Marks a record in the sense of [`Barrier::marking`], once at most.
    pub fn mark(&mut self, record: RecordNumber, value: u64) -> Result<()> {
        self.marks.push([record, value])
    }

    /// All removals, cuts and marks, each sorted by record.
    pub(crate) fn finish(self) -> Result<(Sorted<5>, Sorted<3>, Sorted<2>)> {
        Ok((self.removals.finish()?, self.cuts.finish()?, self.marks.finish()?))
    }
}

/// A step that a barrier takes before it resolves: tasks that do not depend on one another, each of which leaves
/// artefacts for the steps after it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What users call it.
    pub name: &'static str,
    /// How many tasks it has.
    pub extent: Extent,
}

/// How many tasks a step has, and which records each of them sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// One for some row groups each, which sees their records.
    Shares,
    /// So many for each part that the run is divided in. They see no records, but what earlier steps have left.
    Parts(usize),
    /// One, which sees all records.
    Once,
}

/// A built barrier.
pub trait Barrier: Send + Sync {
    /// The rules a record can break, in the order [`Removal::rule`] counts.
    fn rules(&self) -> &'static [Rule];

    /// What the similarity was held against, as the ledger writes it; 0 for rules that only match.
    fn bound(&self, _rule: usize) -> String {
        "0".into()
    }

    /// Whether a record that breaks this rule is quarantined whatever the stage's action is.
    fn quarantines(&self, _rule: usize) -> bool {
        false
    }

    /// Whether what a rule measures is a similarity. If not, [`Removal::similarity`] is a number that must not be less
    /// than the bound.
    fn measures_similarity(&self, _rule: usize) -> bool {
        true
    }

    /// Names of earlier stages whose removals the barrier wants to see.
    fn associates(&self) -> &[String] {
        &[]
    }

    /// Bytes of tables that it holds besides what it is given, however large the corpus is.
    fn table_bytes(&self) -> u64 {
        0
    }

    /// How many integers a record's key has.
    fn key_words(&self) -> usize;

    /// Writes a record's key; `key` is zero and [`Barrier::key_words`] long. A record that takes no part leaves it
    /// zero.
    fn sign(&self, view: &View<'_>, findings: &Findings, key: &mut [u64]);

    /// What `Corpus::texts` holds of a record.
    fn compared<'a>(&self, view: &View<'a>) -> Cow<'a, str> {
        Cow::Borrowed(view.text())
    }

    /// Whether it cuts passages out of texts. Nothing that looks at a text may come after it, because every stage
    /// judges a record when only the record is known.
    fn edits(&self) -> bool {
        false
    }

    /// Columns whose values it counts of all records, also of those that earlier stages took out.
    fn counted(&self) -> Vec<ColumnRef> {
        Vec::new()
    }

    /// What it marks records with, if it does. No two stages of a plan may mark the same.
    fn marking(&self) -> Option<Marking<'_>> {
        None
    }

    /// The steps that it takes before it resolves, in order.
    fn steps(&self) -> Vec<Step> {
        Vec::new()
    }

    /// Carries out one task of one of its steps, and tells which files it leaves.
    fn step(&self, corpus: &Corpus<'_>, step: usize, _task: usize) -> Result<Vec<PathBuf>> {
        Err(Error::Bug(format!("stage `{}` has no step {step}", corpus.stage_name())))
    }

    /// Decides about the records still alive.
    fn resolve(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()>;

    /// Whether the configuration asks for [`Barrier::publish`].
    fn publishes(&self) -> bool {
        false
    }

    /// The names of the listings that it leaves for [`Barrier::publish`].
    fn keeps(&self) -> &'static [&'static str] {
        &[]
    }

    /// Adds to a finished release what later releases need to be compared with it.
    /// `released` are the records that are in the release, with the output shard and row of each.
    fn publish(
        &self,
        _corpus: &Corpus<'_>,
        _released: &mut dyn Iterator<Item = (RecordNumber, (u32, u64))>,
        _release: &Path,
    ) -> Result<()> {
        Ok(())
    }

    /// What a plan says about it, line by line.
    fn outlook(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A barrier's config struct; the same shape as `filters::Spec`.
pub trait BarrierSpec: DeserializeOwned + Serialize + Default {
    /// What `use` names.
    const NAME: &'static str;
    /// One line for lists.
    const SUMMARY: &'static str;
    /// Paper, reference implementation and version.
    const SOURCE: &'static str;
    /// The rules it can break.
    const RULES: &'static [Rule];
    /// What it builds.
    type Barrier: Barrier + 'static;

    /// Checks the values and builds the barrier.
    fn build(&self, context: &mut dyn Context) -> std::result::Result<Self::Barrier, BuildError>;
}

/// A built barrier and its table with every default written out.
pub type BuiltBarrier = (Box<dyn Barrier>, toml::Table);

/// One line of the registry.
#[derive(Clone, Copy)]
pub struct BarrierEntry {
    /// What `use` names.
    pub name: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// Paper, reference implementation and version.
    pub source: &'static str,
    /// The rules it can break.
    pub rules: &'static [Rule],
    /// The configuration with every default written out.
    pub defaults: fn() -> std::result::Result<toml::Table, BuildError>,
    /// All its keys, also those without a default.
    pub keys: fn() -> &'static [&'static str],
    /// Builds an instance from a table without the common keys.
    pub build: fn(toml::Table, &mut dyn Context) -> std::result::Result<BuiltBarrier, BuildError>,
}

const fn entry<S: BarrierSpec>() -> BarrierEntry {
    BarrierEntry {
        name: S::NAME,
        summary: S::SUMMARY,
        source: S::SOURCE,
        rules: S::RULES,
        defaults: || resolve(&S::default()),
        keys: filters::keys::<S>,
        build: |table, context| {
            let spec: S = table.try_into().map_err(|e: toml::de::Error| BuildError::of_toml(&e))?;
            Ok((Box::new(spec.build(context)?), resolve(&spec)?))
        },
    }
}

fn resolve<S: BarrierSpec>(spec: &S) -> std::result::Result<toml::Table, BuildError> {
    toml::Table::try_from(spec).map_err(|e| BuildError::Config(e.to_string()))
}

/// Every barrier there is.
pub const BARRIERS: &[BarrierEntry] = &[
    entry::<exact::Config>(),
    entry::<near::Config>(),
    entry::<passages::Config>(),
    entry::<novelty::Config>(),
    entry::<bursts::Config>(),
    entry::<keep_top::Config>(),
    entry::<mix::Config>(),
    entry::<restore::Config>(),
    entry::<split::Config>(),
];

/// The entry of this name.
pub fn find(name: &str) -> Option<&'static BarrierEntry> {
    BARRIERS.iter().find(|entry| entry.name == name)
}
