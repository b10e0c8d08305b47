//! # What it measures
//! The language of each line: `label` is the one most bytes of the text are in, `share` its part of the bytes of all
//! lines whose language is told, `languages` how many languages there are. Of a text with more than one, every run of
//! lines in one language is a span in the ledger under that language's name.
//! # Why
//! A text half in one language and half in another has one label and passes as either; pages with a translation, a
//! foreign menu or a mixed dialogue are found by their lines (Kreutzer et al. 2022, who find whole corpora mislabelled).
//! # Source
//! Own definition, with the model of the stage `language`. Short lines say little: lid.176 errs on many of fewer than 20
//! characters.
//! # How
//! A line is told when it has at least `chars_min` characters and the model is surer than `probability_min`. All
//! others, blank ones too, belong to no language and end no run.
//! # Example
//! ```toml
//! [[stage]]
//! use = "language-spans"
//! model = "models/lid.176.ftz"
//!
//! [[stage]]
//! use = "score-range"
//! score = "language-spans/share"
//! at_least = "0.8"
//! ```

use super::model;
use crate::fasttext::Model;
use filters::{
    BuildError, Column, ColumnNote, Context, Decimal, Filter, Findings, Kind, Rule, RuleBound, Span, Spec,
    Value, View,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// By which model, and which lines.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Path of a fastText model whose labels are languages, such as lid.176.ftz.
    pub model: Option<String>,
    /// Characters a line must have for its language to be told.
    pub chars_min: u32,
    /// The probability that a line's language must exceed.
    pub probability_min: Decimal,
}

impl Default for Config {
    fn default() -> Self {
        Self { model: None, chars_min: 20, probability_min: Decimal::of(0.5) }
    }
}

const LABEL_COLUMN: usize = 0;
const SHARE_COLUMN: usize = 1;
const LANGUAGES_COLUMN: usize = 2;

/// The built stage.
pub struct LanguageSpans {
    model: Model,
    labels: Vec<Arc<str>>,
    chars_min: u32,
    probability_min: f64,
}

impl Spec for Config {
    const NAME: &'static str = "language-spans";
    const SUMMARY: &'static str =
        "the languages of a text line by line: the main one, its share, how many there are";
    const SOURCE: &'static str = "own definition; Joulin et al. 2016, lid.176";
    const RULES: &'static [Rule] = &[];
    const COLUMNS: &'static [ColumnNote] = &[
        ("label", Kind::Label, "the language of most bytes; none where no line's language is told"),
        ("share", Kind::Number, "its part of the bytes of all lines whose language is told"),
        ("languages", Kind::Number, "how many languages there are"),
    ];
    const EXAMPLE: Option<&'static str> = None;
    type Filter = LanguageSpans;

    fn build(&self, context: &mut dyn Context) -> Result<LanguageSpans, BuildError> {
        if !(0.0..1.0).contains(&self.probability_min.get()) {
            return Err(BuildError::key("probability_min", "must be at least 0 and less than 1"));
        }
        let model = model::load(self.model.as_ref(), context)?;
        let labels = model.labels().iter().map(|label| Arc::from(label.as_str())).collect();
        Ok(LanguageSpans {
            model,
            labels,
            chars_min: self.chars_min,
            probability_min: self.probability_min.get(),
        })
    }
}

/// A stretch of lines in one language, in bytes of the text.
struct Run {
    start: u32,
    end: u32,
    label: usize,
}

impl Filter for LanguageSpans {
    fn rules(&self) -> Vec<RuleBound> {
        Vec::new()
    }

    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let (runs, bytes) = self.runs(view);
        let all: u64 = bytes.values().sum();
        // of equal ones the first in the order of the model's labels
        let main = bytes.iter().max_by_key(|(label, bytes)| (**bytes, std::cmp::Reverse(**label)));
        if let Some((label, bytes)) = main {
            findings.record(LABEL_COLUMN, Value::Label(Arc::clone(&self.labels[*label])));
            findings.record(SHARE_COLUMN, Value::Number(*bytes as f64 / all as f64));
        }
        findings.record(LANGUAGES_COLUMN, Value::Number(bytes.len() as f64));
        if bytes.len() > 1 {
            for Run { start, end, label } in runs {
                let rule = Arc::clone(&self.labels[label]);
                findings.span(Span { start: start as usize, end: end as usize, rule, view: "raw" });
            }
        }
        ControlFlow::Continue(())
    }
}

impl LanguageSpans {
    /// The runs of lines in one language, and the bytes of each language's lines.
    fn runs(&self, view: &View<'_>) -> (Vec<Run>, BTreeMap<usize, u64>) {
        let (mut runs, mut bytes) = (Vec::<Run>::new(), BTreeMap::new());
        for line in view.lines().by_newline() {
            if line.blank || line.chars < self.chars_min {
                continue;
            }
            let best = self.model.best(line.of(view.text()));
            let Some(best) = best.filter(|best| model::recorded(best.probability) > self.probability_min)
            else {
                continue;
            };
            *bytes.entry(best.label).or_default() += u64::from(line.end - line.start);
            match runs.last_mut().filter(|run| run.label == best.label) {
                Some(run) => run.end = line.end,
                None => runs.push(Run { start: line.start, end: line.end, label: best.label }),
            }
        }
        (runs, bytes)
    }
}
