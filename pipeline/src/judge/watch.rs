//! Following the judge.

use filters::View;

/// A part of the judge's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Decoding the columns the judge needs.
    Read,
    /// The stage at this position.
    Stage(usize),
    /// Digests of the text.
    Digests,
    /// Collecting the answers.
    Verdicts,
}

/// Follows the judge through its work, so that a benchmark can tell where the time goes. A run watches with `()`,
/// of which nothing is left when it is compiled.
pub(crate) trait Watch {
    /// A stage is about to see this view.
    fn enter(&mut self, _stage: usize, _view: &View<'_>) {}
    /// A stage has seen this view.
    fn leave(&mut self, _stage: usize, _view: &View<'_>) {}
    /// What was done since the last part ended was `part`.
    fn done(&mut self, _part: Part) {}
}

impl Watch for () {}
