//! Reads, plans, runs, deduplicates and writes.
//!
//! A [`Config`] is resolved into a [`Plan`]: stages in the order of the configuration, with everything that can
//! fail because of configuration already checked. [`run`] carries the plan out as tasks. Each task is a pure
//! function of the plan, one input shard and earlier artefacts, and leaves one file with a header that says what it
//! belongs to; an interrupted run therefore continues with whatever is complete, and a cluster could run the same
//! tasks elsewhere.
//!
//! ```text
//! inputs ─hash→ index │ judge: a task per row group → verdicts, keys
//!                     │ barriers, in order: keys + texts of candidates → removals
//!                     │ write: a task per shard → data, removed, ledger
//!                     │ attest → indices, manifest, signatures
//! ```

pub mod barriers;
mod batches;
pub mod bench;
pub mod canary;
mod config;
mod describe;
pub mod duplicates;
pub mod ensembles;
mod error;
pub mod evaluation;
mod files;
mod inspect;
mod judge;
pub mod language_model;
mod plan;
mod progress;
mod release;
pub mod report;
pub mod retract;
mod run;
pub mod samples;
mod source;
mod stop;
pub mod tasks;
pub mod training;
pub mod whatif;

pub use batches::BatchJudge;
pub use config::{Config, Override};
pub use describe::{Description, describe, reference};
pub use error::{Error, Result};
pub use inspect::evidence::ReleaseEvidence;
pub use inspect::examples::{Example, examples};
pub use inspect::explain::{Explanation, MeasuredRule, explain};
pub use inspect::ledger_batches::LedgerBatches;
pub use inspect::replay::ReleaseReplay;
pub use inspect::review;
pub use plan::{Asset, Estimate, Plan, Stage, Step};
pub use progress::{Progress, Silent};
pub use release::attest::Attested;
pub use release::gate::broken_gate;
pub use release::place::{Made, Place};
pub use release::upload::Destination;
pub use run::memory::{parse_bytes, parse_memory};
pub use run::{Options, Outcome, run};
pub use source::bounds::hide_caught_panics;
pub use source::rows;
pub use stop::Stop;
