//! The vocabulary of curation and every per-document rule. No IO, no threads, no Arrow.
//!
//! A [`Document`] is the text view of one record. A [`View`] adds the analysis all rules share: it is made once
//! per text and computes words, lines and hashes lazily. A [`Filter`] judges a view and tells [`Findings`] what
//! it measured; whether a rule is broken is decided there, against the [`Bound`] the filter declared, so that the
//! reason, the number and the limit can never disagree.
//!
//! A filter comes from configuration through a [`Spec`] (its config struct) and a type-erased [`Entry`] in
//! [`FILTERS`]. What can fail because of configuration fails in [`Spec::build`]; judging cannot fail.

#![forbid(unsafe_code)]

pub mod attacks;
mod chat;
mod decimal;
mod document;
mod edit;
mod entropy;
mod error;
mod findings;
#[cfg(test)]
mod golden;
mod interval;
mod items;
mod keys;
pub mod pack;
#[cfg(test)]
mod properties;
mod random;
mod registry;
pub mod rules;
mod selection;
mod slice_by;
mod spec;
pub mod suggest;
pub mod text;
mod turns;

pub use chat::{Chat, EditedStrings, within_strings};
pub use decimal::Decimal;
pub use document::{Analysed, Document, FieldRef, Scratch, View};
pub use edit::{Edit, Edits};
pub use error::BuildError;
pub use findings::{Broken, Findings, Layout, Measure, Span, StageSlots, Value};
pub use interval::wilson;
pub use items::{BenchmarkItem, ItemFields, NameField};
pub use keys::keys;
pub use random::Random;
pub use registry::{FILTERS, find};
pub use selection::Selection;
pub use slice_by::SliceBy;
pub use spec::{
    Action, Asset, Bound, Built, Column, ColumnNote, ColumnRef, Context, Entry, Expiry, Filter, Kind, Rule,
    RuleBound, Spec, Words, entry, is_day, names_column,
};
pub use turns::{Chosen, Role, Turn, TurnSelection};
