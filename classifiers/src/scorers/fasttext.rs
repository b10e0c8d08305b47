//! # What it measures
//! The probability that a fastText classifier gives one of its labels: the column `score`. A text in which the
//! model finds nothing at all scores 0.
//! # Why
//! fastText classifiers are the cheapest learnt filters there are, and teams have them already. A threshold is
//! the business of a later `score-range` stage.
//! # Source
//! fastText 0.9.2 `predict`; datatrove 0.10.1 `FastTextClassifierFilter` for `newlines = "join"`.
//! # Differs from datatrove in
//! datatrove removes newlines, so that the last word of a line and the first of the next become one word the model
//! has never seen; here newlines are spaces unless `join` is asked for. Scores end at 1; fastText's end at 1.00001.
//! # Example
//! ```toml
//! [[stage]]
//! use = "fasttext"
//! name = "toxicity"
//! model = "models/toxicity.bin"
//! label = "toxic"
//! ```

use super::model;
use crate::fasttext::Model;
use filters::{BuildError, Column, ColumnNote, Context, Filter, Findings, Kind, Rule, Spec, Value, View};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Which model, and which of its labels is the score.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Path of a fastText supervised model, `.bin` or `.ftz`.
    pub model: Option<String>,
    /// The label whose probability is the score, without `__label__`.
    pub label: Option<String>,
    /// What a newline is to the model.
    pub newlines: Newlines,
}

/// What becomes of newlines; fastText itself would read no further than the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Newlines {
    /// They separate words.
    #[default]
    Space,
    /// They are removed, and so is white space around the text: what datatrove does unless told otherwise.
    Join,
}

/// The built stage.
pub struct FastText {
    model: Model,
    label: usize,
    newlines: Newlines,
}

impl Spec for Config {
    const NAME: &'static str = "fasttext";
    const SUMMARY: &'static str = "the probability of a label, by a fastText model";
    const SOURCE: &'static str = "fastText 0.9.2; Joulin et al. 2016";
    const RULES: &'static [Rule] = &[];
    const COLUMNS: &'static [ColumnNote] = &[("score", Kind::Number, "the probability of `label`")];
    const EXAMPLE: Option<&'static str> = None;
    type Filter = FastText;

    fn build(&self, context: &mut dyn Context) -> Result<FastText, BuildError> {
        let model = model::load(self.model.as_ref(), context)?;
        let label = model::find_label(&model, "label", self.label.as_deref())?;
        Ok(FastText { model, label, newlines: self.newlines })
    }
}

impl Filter for FastText {
    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let probability = match self.newlines {
            Newlines::Space => self.model.probability(view.text(), self.label),
            Newlines::Join => self.model.probability(&joined(view.text()), self.label),
        };
        findings.record(0, Value::Number(probability.map_or(0.0, model::recorded)));
        ControlFlow::Continue(())
    }
}

/// Python's `text.strip().replace("\n", "")`.
fn joined(text: &str) -> String {
    // Python counts the four separators of ASCII as white space, Unicode's property does not
    let is_space = |c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c);
    text.trim_matches(is_space).replace('\n', "")
}
