//! # What it measures
//! A number that an earlier stage recorded: a classifier's score, or any other recorded column.
//! # Why
//! Scores annotate, rules decide: a scorer only writes a number, and this is the one place where a number becomes
//! a verdict, with its bound in the ledger. A record the scorer did not see (its `when` was false) has no number
//! and is not judged.
//! # Source
//! Own definition.
//! # Differs from datatrove's FastTextClassifierFilter in
//! being separate from the model, so that thresholds can be studied and moved without scoring again.
//! # Example
//! `score = "hazard"` with `at_most = "0.85"` breaks records whose column `hazard/score` exceeds 0.85.

use crate::{
    Bound, BuildError, ColumnRef, Context, Decimal, Filter, Findings, Kind, Rule, RuleBound, Spec, View,
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// The column to hold against bounds; a bound that is left out is off, and one at least is needed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The column, `stage/column`, or a stage's name alone for its column `score`. Required.
    pub score: String,
    /// Smallest number that passes.
    pub at_least: Option<Decimal>,
    /// Largest number that passes.
    pub at_most: Option<Decimal>,
}

const AT_LEAST: Rule = Rule { id: "at-least", summary: "the recorded number, too small", alias: None };
const AT_MOST: Rule = Rule { id: "at-most", summary: "the recorded number, too large", alias: None };

/// The built filter.
pub struct ScoreRange {
    column: ColumnRef,
    at_least: Bound,
    at_most: Bound,
}

impl Spec for Config {
    const NAME: &'static str = "score-range";
    const SUMMARY: &'static str = "bounds on a number recorded by an earlier stage";
    const SOURCE: &'static str = "own definition";
    const RULES: &'static [Rule] = &[AT_LEAST, AT_MOST];
    const EXAMPLE: Option<&'static str> = None;
    type Filter = ScoreRange;

    fn build(&self, context: &mut dyn Context) -> Result<ScoreRange, BuildError> {
        if self.score.is_empty() {
            return Err(BuildError::key("score", "is missing: the column of an earlier stage"));
        }
        let range = (self.at_least.map(Decimal::get), self.at_most.map(Decimal::get));
        match range {
            (None, None) => return Err(BuildError::key("score", "needs `at_least` or `at_most`")),
            (Some(least), Some(most)) if least > most => {
                return Err(BuildError::key("at_least", "is larger than `at_most`"));
            }
            _ => {}
        }
        Ok(ScoreRange {
            column: context.column(&self.score, Kind::Number)?,
            at_least: range.0.map_or(Bound::Off, Bound::AtLeast),
            at_most: range.1.map_or(Bound::Off, Bound::AtMost),
        })
    }
}

impl Filter for ScoreRange {
    fn rules(&self) -> Vec<RuleBound> {
        vec![RuleBound::new(&AT_LEAST, self.at_least), RuleBound::new(&AT_MOST, self.at_most)]
    }

    fn judge(&self, _: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        if let Some(score) = findings.number(self.column) {
            findings.measure(0, score)?;
            findings.measure(1, score)?;
        }
        ControlFlow::Continue(())
    }
}
