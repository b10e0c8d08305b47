//! # What it measures
//! Nothing: it takes over a number that the input already carries in a column of its own, as the column `score`.
//! # Why
//! Crawls and data sets come with scores from elsewhere: a language's probability, a quality score, a count of
//! votes. As a recorded column such a number can be held against bounds by `score-range` and can decide which
//! duplicate survives, and the ledger shows what was decided upon.
//! # Source
//! Own definition.
//! # Differs from the scorers in
//! trusting whoever made the number: the manifest proves what it was, not that it is right.
//! # Example
//! ```toml
//! [[stage]]
//! use = "input-score"
//! name = "votes"
//! column = "meta.votes"
//! ```

use crate::{
    BuildError, Column, ColumnNote, Context, FieldRef, Filter, Findings, Kind, Rule, Spec, Value, View,
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// The column to take over.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A column of numbers in the input, or `column.field` for those in a struct. Required. Where a record has none,
    /// or one that is not finite, nothing is recorded.
    pub column: String,
}

/// The built stage.
pub struct InputScore {
    field: FieldRef,
}

impl Spec for Config {
    const NAME: &'static str = "input-score";
    const SUMMARY: &'static str = "a number that the input carries in a column";
    const SOURCE: &'static str = "own definition";
    const RULES: &'static [Rule] = &[];
    const COLUMNS: &'static [ColumnNote] =
        &[("score", Kind::Number, "the number; none where it is not finite")];
    const EXAMPLE: Option<&'static str> = None;
    type Filter = InputScore;

    fn build(&self, context: &mut dyn Context) -> Result<InputScore, BuildError> {
        if self.column.is_empty() {
            return Err(BuildError::key("column", "is missing: a column of numbers in the input"));
        }
        Ok(InputScore { field: context.field(&self.column, Kind::Number)? })
    }
}

impl Filter for InputScore {
    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let number = view.document().field(self.field).and_then(|text| text.parse().ok());
        if let Some(number) = number.filter(|number: &f64| number.is_finite()) {
            findings.record(0, Value::Number(number));
        }
        ControlFlow::Continue(())
    }
}
