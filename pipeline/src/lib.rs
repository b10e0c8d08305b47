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

mod artefact;
mod attest;
pub mod barriers;
mod batch;
pub mod bench;
pub mod canary;
mod config;
mod corpus;
mod describe;
pub mod duplicates;
mod edited_column;
pub mod ensembles;
mod error;
pub mod evaluation;
mod evidence;
mod examples;
mod explain;
mod fates;
mod gate;
mod inputs;
mod judge;
pub mod language_model;
mod ledger;
mod ledger_cells;
mod map;
mod norm;
mod opened;
mod plan;
mod progress;
mod redaction;
mod release_texts;
mod removed;
mod replay;
pub mod report;
pub mod retract;
pub mod review;
pub mod rows;
mod rule_notes;
mod run;
pub mod samples;
mod scratch;
mod shard_file;
mod shelf;
mod spill;
mod store;
pub mod training;
mod verdicts;
pub mod whatif;
mod work;
mod write;

pub use attest::Attested;
pub use config::{Config, Override};
pub use describe::{Description, describe, reference};
pub use error::{Error, Result};
pub use evidence::ReleaseEvidence;
pub use examples::{Example, examples};
pub use explain::{Explanation, MeasuredRule, explain};
pub use gate::broken_gate;
pub use plan::{Asset, Estimate, Plan, Stage, Step};
pub use progress::{Progress, Silent};
pub use replay::ReleaseReplay;
pub use run::{Options, Outcome, run};
