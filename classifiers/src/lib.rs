//! From text to score: classifiers and the stages that apply them.
//!
//! [`fasttext`] reads fastText's model files and predicts as fastText does, several times faster. The stages in
//! [`SCORERS`] have the shape of those in `filters`: a config struct that is a [`filters::Spec`] builds a
//! [`filters::Filter`]. Scorers annotate and never decide; a threshold rule elsewhere turns a score into a verdict.
//! The one exception is `language`, which keeps the languages it is told to.

#![forbid(unsafe_code)]

pub mod fasttext;
mod registry;
pub mod scorers;

pub use registry::{SCORERS, find};
