//! # What it measures
//! The language of the text and how sure the model is of it: the columns `label` and `probability`. A text in
//! which the model finds nothing at all has no label and the probability 0.
//! # Why
//! Quality rules and classifiers are made for a language; text in others passes or fails them by accident.
//! # Source
//! datatrove 0.10.1 `LanguageFilter` with lid.176 (Joulin et al. 2016): newlines count as spaces, and a text is
//! kept where the probability is strictly greater than 0.65.
//! # Differs from datatrove in
//! Only the most probable language counts. datatrove keeps a text if any wanted language is above the bound, which
//! is the same from 0.5 up. Probabilities end at 1; fastText's end at 1.00001.
//! # Example
//! ```toml
//! [[stage]]
//! use = "language"
//! model = "models/lid.176.ftz"
//! keep = ["en", "de"]
//! ```

use super::model;
use crate::fasttext::Model;
use filters::{
    Bound, BuildError, Column, ColumnNote, Context, Decimal, Filter, Findings, Kind, Rule, RuleBound, Spec,
    Value, View,
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Which languages to keep, and by which model.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Path of a fastText model whose labels are languages, such as lid.176.ftz.
    pub model: Option<String>,
    /// Labels to keep, without `__label__`; with none the stage only annotates.
    pub keep: Vec<String>,
    /// The probability that a kept text's label must exceed.
    pub probability_min: Decimal,
    /// Look only at this many bytes at the start of the text, rounded down to whole characters. A few thousand
    /// decide nearly every text; left out, all of it is read.
    pub prefix_bytes: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            model: None,
            keep: vec!["en".to_owned()],
            probability_min: Decimal::of(0.65),
            prefix_bytes: None,
        }
    }
}

const OTHER_LANGUAGE: Rule =
    Rule { id: "other-language", summary: "1 where the language is none of those kept", alias: None };
const PROBABILITY: Rule =
    Rule { id: "probability", summary: "probability of the most probable language", alias: None };

const LABEL_COLUMN: usize = 0;
const PROBABILITY_COLUMN: usize = 1;

/// The built stage.
pub struct Language {
    model: Model,
    /// The model's labels, and whether each is kept.
    labels: Vec<(Arc<str>, bool)>,
    config: Config,
}

impl Spec for Config {
    const NAME: &'static str = "language";
    const SUMMARY: &'static str = "the language of the text, by a fastText model";
    const SOURCE: &'static str = "datatrove 0.10.1 LanguageFilter; Joulin et al. 2016, lid.176";
    const RULES: &'static [Rule] = &[OTHER_LANGUAGE, PROBABILITY];
    const COLUMNS: &'static [ColumnNote] = &[
        ("label", Kind::Label, "the most probable language"),
        ("probability", Kind::Number, "its probability"),
    ];
    const EXAMPLE: Option<&'static str> = None;
    type Filter = Language;

    fn build(&self, context: &mut dyn Context) -> Result<Language, BuildError> {
        if !(0.0..1.0).contains(&self.probability_min.get()) {
            return Err(BuildError::key("probability_min", "must be at least 0 and less than 1"));
        }
        if self.prefix_bytes == Some(0) {
            return Err(BuildError::key(
                "prefix_bytes",
                "must be at least 1; leave it out to read whole texts",
            ));
        }
        let model = model::load(self.model.as_ref(), context)?;
        let mut labels: Vec<_> =
            model.labels().iter().map(|label| (Arc::from(label.as_str()), false)).collect();
        for wanted in &self.keep {
            labels[model::find_label(&model, "keep", Some(wanted))?].1 = true;
        }
        Ok(Language { model, labels, config: self.clone() })
    }
}

impl Filter for Language {
    fn rules(&self) -> Vec<RuleBound> {
        let (other, probability) = if self.config.keep.is_empty() {
            (Bound::Off, Bound::Off)
        } else {
            (Bound::NO_MATCH, Bound::Above(self.config.probability_min.get()))
        };
        vec![RuleBound::new(&OTHER_LANGUAGE, other), RuleBound::new(&PROBABILITY, probability)]
    }

    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let text = view.text();
        let end =
            self.config.prefix_bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(text.len());
        let best = self.model.best(&text[..text.floor_char_boundary(end)]);
        let probability = best.map_or(0.0, |best| model::recorded(best.probability));
        let mut other = !self.config.keep.is_empty();
        if let Some((label, kept)) = best.map(|best| &self.labels[best.label]) {
            findings.record(LABEL_COLUMN, Value::Label(label.clone()));
            other &= !kept;
        }
        findings.record(PROBABILITY_COLUMN, Value::Number(probability));
        findings.measure(0, f64::from(u8::from(other)))?;
        findings.measure(1, probability)
    }
}
