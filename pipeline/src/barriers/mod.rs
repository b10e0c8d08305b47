//! Barriers: stages that need the whole corpus. Each record leaves a fixed-width key when it is judged; when all
//! are there, the barrier looks at the keys of the records still alive, asks for the texts of the few it must
//! compare, and says which records it removes and in favour of which.

mod clusters;
pub mod exact;
mod keep;
mod minhash;
pub mod near;
mod shingle_sets;

use crate::Result;
use crate::corpus::Corpus;
use filters::{BuildError, Rule, View};
use serde::{Serialize, de::DeserializeOwned};

pub use keep::Keep;

/// A record's number in the corpus: shards in order, rows in order.
pub type RecordNumber = u64;

/// A record that a barrier removes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Removal {
    /// The record.
    pub record: RecordNumber,
    /// The record that survives in its stead.
    pub survivor: RecordNumber,
    /// The measured similarity of the two, 1 for equal texts.
    pub similarity: f64,
}

/// A built barrier.
pub trait Barrier: Send + Sync {
    /// The rule a removed record broke.
    fn rule(&self) -> &'static Rule;

    /// What the similarity was held against, as the ledger writes it.
    fn bound(&self) -> String;

    /// Bytes of a record's key.
    fn key_len(&self) -> usize;

    /// Writes a record's key; `key` is zero and `key_len` long.
    fn sign(&self, view: &View<'_>, key: &mut [u8]);

    /// Decides which of the records still alive are removed, sorted by record.
    fn resolve(&self, corpus: &Corpus<'_>) -> Result<Vec<Removal>>;
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
    fn build(&self) -> std::result::Result<Self::Barrier, BuildError>;
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
    /// Builds an instance from a table without the common keys.
    pub build: fn(toml::Table) -> std::result::Result<BuiltBarrier, BuildError>,
}

const fn entry<S: BarrierSpec>() -> BarrierEntry {
    BarrierEntry {
        name: S::NAME,
        summary: S::SUMMARY,
        source: S::SOURCE,
        rules: S::RULES,
        defaults: || resolve(&S::default()),
        build: |table| {
            let spec: S = table
                .try_into()
                .map_err(|e: toml::de::Error| BuildError::Config(e.message().trim_end().to_string()))?;
            Ok((Box::new(spec.build()?), resolve(&spec)?))
        },
    }
}

fn resolve<S: BarrierSpec>(spec: &S) -> std::result::Result<toml::Table, BuildError> {
    toml::Table::try_from(spec).map_err(|e| BuildError::Config(e.to_string()))
}

/// Every barrier there is.
pub const BARRIERS: &[BarrierEntry] = &[entry::<exact::Config>(), entry::<near::Config>()];

/// The entry of this name.
pub fn find(name: &str) -> Option<&'static BarrierEntry> {
    BARRIERS.iter().find(|entry| entry.name == name)
}
