//! # What it measures
//! Nothing: it takes over a value that the input already carries in a column of its own, as the column `label`.
//! # Why
//! Data come with labels from elsewhere: a dialect, a topic, a person's judgement. As a recorded column such a label
//! makes slices of the corpus: `report` and `[gate]` tell whether stages take out more of one than of the others, and
//! audits draw samples of each.
//! # Source
//! Own definition.
//! # Differs from the scorers in
//! trusting whoever made the label: the manifest proves what it was, not that it is right.
//! # Example
//! ```toml
//! [[stage]]
//! use = "input-label"
//! name = "dialect"
//! column = "meta.dialect"
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
    /// A column of strings, numbers or booleans in the input, or `column.field` for those in a struct. Required. Where
    /// a record has none, nothing is recorded.
    pub column: String,
}

/// The built stage.
pub struct InputLabel {
    field: FieldRef,
}

impl Spec for Config {
    const NAME: &'static str = "input-label";
    const SUMMARY: &'static str = "a label that the input carries in a column";
    const SOURCE: &'static str = "own definition";
    const RULES: &'static [Rule] = &[];
    const COLUMNS: &'static [ColumnNote] = &[("label", Kind::Label, "the value, as text")];
    const EXAMPLE: Option<&'static str> = None;
    type Filter = InputLabel;

    fn build(&self, context: &mut dyn Context) -> Result<InputLabel, BuildError> {
        if self.column.is_empty() {
            return Err(BuildError::key("column", "is missing: a column of labels in the input"));
        }
        Ok(InputLabel { field: context.field(&self.column, Kind::Label)? })
    }
}

impl Filter for InputLabel {
    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        if let Some(label) = view.document().field(self.field) {
            findings.record(0, Value::Label(label.into()));
        }
        ControlFlow::Continue(())
    }
}
