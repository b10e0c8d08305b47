//! # What it measures
//! The probability of each label of a linear model, in the column of the label's name: the highest of any chunk of
//! the text, or the mean of all where the model was trained so. `score` is the largest of them, or that of the `label`
//! asked for; `mean` is the same over the mean of all chunks, which does not grow with the length of the text.
//! A model of grades tells a grade instead.
//! # Why
//! The second net of a high-risk cascade, behind keywords: at the cost of a few lookups for each byte it tells mere
//! mention from the language of abuse. What it marks is for a person or a larger model to look at.
//! # Source
//! Own definition: logistic regression over hashed n-grams, `probity train`. The cards of the shipped models are
//! `models/hazard.md`, `models/quality.md` and `models/generated.md`.
//! # Differs from fastText classifiers in
//! several labels at once that do not exclude each other, probabilities that are calibrated, and stored thresholds
//! with what they cost.
//! # Example
//! ```toml
//! [[stage]]
//! use = "linear"
//! name = "hazard"
//! model = "hazard"
//! ```

use crate::linear::{Model, SHIPPED, shipped};
use filters::{BuildError, Column, ColumnNote, Context, Filter, Findings, Kind, Rule, Spec, Value, View};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::ops::ControlFlow;

/// Which model, and which of its labels is the score.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The name of a shipped model, or the path of a file that `probity train` wrote.
    pub model: Option<String>,
    /// The label whose probability is the score; the largest of all if left out.
    pub label: Option<String>,
}

/// The built stage.
pub struct Linear {
    model: Model,
    label: Option<usize>,
}

const SCORE: usize = 0;
const MEAN: usize = 1;
const LABELS: usize = 2;

impl Spec for Config {
    const NAME: &'static str = "linear";
    const SUMMARY: &'static str = "calibrated probabilities of labels, by a linear model";
    const SOURCE: &'static str = "own definition; models by `probity train`";
    const RULES: &'static [Rule] = &[];
    const COLUMNS: &'static [ColumnNote] = &[
        (
            "score",
            Kind::Number,
            "the largest label's probability, or that of `label`; of a model of grades, the grade",
        ),
        ("mean", Kind::Number, "the same over the mean of all chunks of the text"),
        ("…", Kind::Number, "each label's probability, under its name"),
    ];
    const EXAMPLE: Option<&'static str> = Some("model = \"hazard\"");
    type Filter = Linear;

    fn build(&self, context: &mut dyn Context) -> Result<Linear, BuildError> {
        let model = load(self.model.as_deref(), context)?;
        let names: Vec<&str> = model.header().names().collect();
        let label = match &self.label {
            None => None,
            Some(wanted) => Some(names.iter().position(|name| name == wanted).ok_or_else(|| {
                let known = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                BuildError::key(
                    "label",
                    format!("names `{wanted}`, which the model lacks; its labels are {known}"),
                )
            })?),
        };
        Ok(Linear { model, label })
    }
}

fn load(name: Option<&str>, context: &mut dyn Context) -> Result<Model, BuildError> {
    let Some(name) = name else {
        let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        let why = format!("is missing: the path of a model, or a shipped one ({})", known.join(", "));
        return Err(BuildError::key("model", why));
    };
    let loaded = if let Some(bytes) = shipped(name) {
        context.embedded(name, bytes);
        Model::load(bytes)
    } else {
        Model::load((*context.asset(name)?.bytes).as_ref())
    };
    loaded.map_err(|error| BuildError::asset(name, error.to_string()))
}

impl Filter for Linear {
    fn columns(&self) -> Vec<Column> {
        let label = |name: &str| Column { name: Cow::Owned(name.to_owned()), kind: Kind::Number };
        let own = [Column::new("score", Kind::Number), Column::new("mean", Kind::Number)];
        own.into_iter().chain(self.model.header().names().map(label)).collect()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let scores = self.model.score(view.text());
        let chosen = |of: &[f64]| match self.label {
            Some(label) => of[label],
            None => of.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        };
        findings.record(SCORE, Value::Number(chosen(&scores.pooled)));
        findings.record(MEAN, Value::Number(chosen(&scores.mean)));
        for (label, score) in scores.pooled.iter().enumerate() {
            findings.record(LABELS + label, Value::Number(*score));
        }
        ControlFlow::Continue(())
    }
}
