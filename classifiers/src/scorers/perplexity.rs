//! # What it measures
//! How surprising the text is to an n-gram language model: the column `score` is its perplexity, 10 to the mean of
//! −log10 of the probability of every word and every end of a line. `log10` is the sum itself, `words` counts words,
//! and `oov` is the share of them that the model does not know. With `cuts`, `tercile` is `head` up to the first, `tail`
//! above the second and `middle` between them. A text without words, and one in a language without a model, has none of
//! these columns.
//! # Why
//! A model of texts known to be good finds running text of its language likely, and lists, tables, garbled and foreign
//! text unlikely. Likeliest is what repeats itself, so look at both ends before you cut.
//! # Source
//! KenLM 0.3.0 for scores; Wenzek et al., CCNet, arXiv 1911.00359 for terciles by language.
//! # Differs from CCNet in
//! words, which are those of the model's training (`words`) and not SentencePiece's, and in passing over lines without
//! one. A perplexity of one model says nothing beside that of another: take the cuts from the thirds of your own
//! corpus, which `probity report --curve perplexity/score` tells.
//! # Example
//! ```toml
//! [[stage]]
//! use = "perplexity"
//! language = "language/label"
//! models = { en = "models/en.arpa", de = "models/de.binary" }
//! cuts = { en = ["310", "740"], de = ["290.5", "655"] }
//! ```

use crate::language_model::{Model, Words};
use filters::{
    BuildError, Column, ColumnNote, ColumnRef, Context, Decimal, Filter, Findings, Kind, Rule, Spec, Value,
    View,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Which models, and where the thirds of a corpus are cut.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Path of the model for all texts: an ARPA file, or a KenLM binary file of the kind `probing`.
    pub model: Option<String>,
    /// Paths of models by language, instead of `model`. Needs `language`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, String>,
    /// An earlier stage's label of the record's language, such as `language/label`.
    pub language: Option<String>,
    /// How texts are divided into words: what an ARPA file of `train-lm` says, else `plain`.
    pub words: Option<Words>,
    /// Two perplexities by language, between the first and the second and between the second and the last third of a
    /// corpus; those of `all` hold for every other language.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cuts: BTreeMap<String, [Decimal; 2]>,
}

/// The language in `cuts` that stands for all others.
const ALL: &str = "all";

const SCORE: usize = 0;
const LOG10: usize = 1;
const WORDS: usize = 2;
const OOV: usize = 3;
const TERCILE: usize = 4;

/// The built stage.
pub struct Perplexity {
    models: Models,
    language: Option<ColumnRef>,
    cuts: BTreeMap<String, [f64; 2]>,
    terciles: [Arc<str>; 3],
}

enum Models {
    One(Box<Model>),
    ByLanguage(BTreeMap<String, Model>),
}

impl Spec for Config {
    const NAME: &'static str = "perplexity";
    const SUMMARY: &'static str = "how surprising the text is to an n-gram language model";
    const SOURCE: &'static str = "KenLM 0.3.0; Wenzek et al. 2019, CCNet";
    const RULES: &'static [Rule] = &[];
    const COLUMNS: &'static [ColumnNote] = &[
        (
            "score",
            Kind::Number,
            "the perplexity; none, as for the others, of a text without words or in a language without a model",
        ),
        ("log10", Kind::Number, "the sum of the logarithms of all probabilities"),
        ("words", Kind::Number, "how many words"),
        ("oov", Kind::Number, "share of them that the model does not know"),
        ("tercile", Kind::Label, "with `cuts`: `head`, `middle` or `tail`"),
    ];
    const EXAMPLE: Option<&'static str> = None;
    type Filter = Perplexity;

    fn build(&self, context: &mut dyn Context) -> Result<Perplexity, BuildError> {
        let by_language = self.models.keys().chain(self.cuts.keys().filter(|language| *language != ALL));
        let by_language = by_language.count() > 0;
        let language = match &self.language {
            Some(name) => Some(context.column(name, Kind::Label)?),
            None if by_language => {
                let why = "is missing: an earlier stage's label, such as `language/label`";
                return Err(BuildError::key("language", why));
            }
            None => None,
        };
        let models = match (&self.model, self.models.is_empty()) {
            (Some(name), true) => Models::One(Box::new(self.load(name, context)?)),
            (None, false) => {
                let load =
                    |(language, name): (&String, &String)| Ok((language.clone(), self.load(name, context)?));
                Models::ByLanguage(self.models.iter().map(load).collect::<Result<_, BuildError>>()?)
            }
            (None, true) => {
                let why = "is missing, or `models`: paths of ARPA or KenLM binary files";
                return Err(BuildError::key("model", why));
            }
            (Some(_), false) => return Err(BuildError::key("model", "and `models` exclude each other")),
        };
        let cuts: BTreeMap<_, _> =
            self.cuts.iter().map(|(language, cuts)| (language.clone(), cuts.map(Decimal::get))).collect();
        if let Some((language, [low, high])) = cuts.iter().find(|(_, [low, high])| low > high) {
            return Err(BuildError::key("cuts", format!("of `{language}` decrease: {low}, {high}")));
        }
        if let (Models::ByLanguage(models), Some(language)) = (
            &models,
            self.cuts.keys().find(|language| *language != ALL && !self.models.contains_key(*language)),
        ) {
            let there: Vec<&str> = models.keys().map(String::as_str).collect();
            let why = format!("of `{language}` cannot apply: `models` has {}", there.join(", "));
            return Err(BuildError::key("cuts", why));
        }
        Ok(Perplexity { models, language, cuts, terciles: ["head", "middle", "tail"].map(Arc::from) })
    }
}

impl Config {
    fn load(&self, name: &str, context: &mut dyn Context) -> Result<Model, BuildError> {
        let wrong = |why: String| BuildError::asset(name, why);
        let model = Model::load(context.asset(name)?.bytes).map_err(|error| wrong(error.to_string()))?;
        match (self.words, model.words()) {
            (Some(asked), Some(said)) if asked != said => {
                let (asked, said) = (asked.name(), said.name());
                Err(wrong(format!("was trained with words `{said}`, and `words` asks for `{asked}`")))
            }
            (Some(asked), _) => Ok(model.with_words(asked)),
            (None, _) => Ok(model),
        }
    }
}

impl Perplexity {
    fn tercile(&self, language: Option<&str>, perplexity: f64) -> Option<usize> {
        let own = language.and_then(|language| self.cuts.get(language));
        let [low, high] = own.or_else(|| self.cuts.get(ALL))?;
        Some(usize::from(perplexity > *low) + usize::from(perplexity > *high))
    }
}

impl Filter for Perplexity {
    fn columns(&self) -> Vec<Column> {
        let mut columns = Config::recorded();
        // without cuts there are no terciles
        columns.truncate(if self.cuts.is_empty() { TERCILE } else { columns.len() });
        columns
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let language = self.language.and_then(|column| findings.label(column));
        let model = match &self.models {
            Models::One(model) => Some(&**model),
            Models::ByLanguage(models) => language.and_then(|language| models.get(language)),
        };
        let Some(score) = model.map(|model| model.score(view.text())) else {
            return ControlFlow::Continue(());
        };
        let Some(perplexity) = score.perplexity() else { return ControlFlow::Continue(()) };
        let tercile = self.tercile(language, perplexity);
        let words = score.words as f64;
        findings.record(SCORE, Value::Number(perplexity));
        findings.record(LOG10, Value::Number(score.log10));
        findings.record(WORDS, Value::Number(words));
        findings.record(OOV, Value::Number(score.unknown as f64 / words));
        if let Some(tercile) = tercile {
            findings.record(TERCILE, Value::Label(self.terciles[tercile].clone()));
        }
        ControlFlow::Continue(())
    }
}
