//! # What it measures
//! Several scores of earlier stages as one: `score`, from 0 to 1, and its `bucket`, from 0 to 19. Each score is first
//! replaced by its percentile among the records of the same language. A record that lacks one of the scores has none.
//! # Why
//! Classifiers disagree, and the records that each of them finds good overlap little: Nemotron-CC keeps more good
//! tokens by the largest of three than by any one. Percentiles by language make scores comparable that are not.
//! # Source
//! Su et al. 2024 (Nemotron-CC, arXiv 2412.02595), section 2.2. The mapping is made by `probity fit-ensemble`; its digest
//! is in the manifest.
//! # Example
//! ```toml
//! [[stage]]
//! use = "ensemble"
//! mapping = "mapping.toml"
//! scores = ["quality", "educational"]
//! language = "language/label"
//! ```

use crate::ensemble::Mapping;
use filters::{
    BuildError, Column, ColumnNote, ColumnRef, Context, Filter, Findings, Kind, Rule, Spec, Value, View,
    names_column,
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Which mapping, of what.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The path of a file that `probity fit-ensemble` wrote. Required.
    pub mapping: Option<String>,
    /// The columns it combines, in the order in which the mapping was made from them. Required.
    pub scores: Vec<String>,
    /// The column of the language, where the mapping was made with one.
    pub language: Option<String>,
}

/// The built stage.
pub struct Ensemble {
    mapping: Mapping,
    scores: Vec<ColumnRef>,
    language: Option<ColumnRef>,
}

impl Spec for Config {
    const NAME: &'static str = "ensemble";
    const SUMMARY: &'static str = "several scores as one, by percentiles in each language, with 20 buckets";
    const SOURCE: &'static str =
        "Su et al. 2024 (Nemotron-CC), arXiv 2412.02595; mappings by `probity fit-ensemble`";
    const RULES: &'static [Rule] = &[];
    const COLUMNS: &'static [ColumnNote] = &[
        ("score", Kind::Number, "0 to 1; none for a record that lacks one of the scores"),
        ("bucket", Kind::Number, "0 to 19"),
    ];
    const EXAMPLE: Option<&'static str> = None;
    type Filter = Ensemble;

    fn build(&self, context: &mut dyn Context) -> Result<Ensemble, BuildError> {
        let name = self.mapping.as_deref().ok_or_else(|| {
            BuildError::key("mapping", "is missing: the path of a file that `probity fit-ensemble` wrote")
        })?;
        let asset = context.asset(name)?;
        let mapping = Mapping::load((*asset.bytes).as_ref())
            .map_err(|error| BuildError::asset(name, error.to_string()))?;
        let made_from = format!("are not those the mapping was made from: {}", mapping.scores().join(", "));
        let same = |(ours, its): (&String, &String)| names_column(ours, its);
        if self.scores.len() != mapping.scores().len() || !self.scores.iter().zip(mapping.scores()).all(same)
        {
            return Err(BuildError::key("scores", made_from));
        }
        if self.language.as_deref() != mapping.language() {
            let its = mapping.language().unwrap_or("none");
            return Err(BuildError::key("language", format!("is not that of the mapping: {its}")));
        }
        let scores = self.scores.iter().map(|score| context.column(score, Kind::Number));
        Ok(Ensemble {
            scores: scores.collect::<Result<_, _>>()?,
            language: self.language.as_ref().map(|label| context.column(label, Kind::Label)).transpose()?,
            mapping,
        })
    }
}

impl Filter for Ensemble {
    fn columns(&self) -> Vec<Column> {
        Config::recorded()
    }

    fn judge(&self, _: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let number = |column: &ColumnRef| findings.number(*column);
        if let Some(scores) = self.scores.iter().map(number).collect::<Option<Vec<f64>>>() {
            let language = self.language.and_then(|column| findings.label(column));
            let combined = self.mapping.combine(language, &scores);
            findings.record(0, Value::Number(combined.score));
            findings.record(1, Value::Number(combined.bucket as f64));
        }
        ControlFlow::Continue(())
    }
}
