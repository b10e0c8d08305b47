//! From text to score: classifiers and the stages that apply them.
//!
//! [`fasttext`] reads fastText's model files and predicts as fastText does, several times faster; [`linear`] is our own
//! classifier, and its training; [`ensemble`] makes one score of several; [`metrics`] tells how good any scores are. The stages in
//! [`SCORERS`] have the shape of those in `filters`: a config struct that is a [`filters::Spec`] builds a
//! [`filters::Filter`]. Scorers annotate and never decide; a threshold rule elsewhere turns a score into a verdict.
//! The one exception is `language`, which keeps the languages it is told to.

#![forbid(unsafe_code)]

mod classifier;
pub mod ensemble;
pub mod fasttext;
pub mod language_model;
pub mod linear;
pub mod metrics;
mod registry;
pub mod scorers;

pub use classifier::Classifier;
pub use registry::{SCORERS, find};
