//! # What it measures
//! The length of the text in code points and in words.
//! # Why
//! The cheapest test there is: what is too short to learn from, or too long to be prose.
//! # Source
//! None; the words are those of the run's `words` setting.

use crate::{Bound, BuildError, Context, Filter, Findings, Rule, RuleBound, Spec, View};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Bounds of a document's length; a bound that is left out is off.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Fewest code points.
    pub chars_min: Option<u64>,
    /// Most code points.
    pub chars_max: Option<u64>,
    /// Fewest words.
    pub words_min: Option<u64>,
    /// Most words.
    pub words_max: Option<u64>,
}

const CHARS_MIN: Rule = Rule { id: "chars-min", summary: "code points in the text", alias: None };
const CHARS_MAX: Rule = Rule { id: "chars-max", summary: "code points in the text", alias: None };
const WORDS_MIN: Rule = Rule { id: "words-min", summary: "words in the text", alias: None };
const WORDS_MAX: Rule = Rule { id: "words-max", summary: "words in the text", alias: None };

/// The built filter.
pub struct DocLength(Config);

impl Spec for Config {
    const NAME: &'static str = "doc-length";
    const SUMMARY: &'static str = "bounds on the length in code points and words";
    const SOURCE: &'static str = "own definition";
    const RULES: &'static [Rule] = &[CHARS_MIN, CHARS_MAX, WORDS_MIN, WORDS_MAX];
    const EXAMPLE: Option<&'static str> = Some("chars_min = 20\nwords_max = 100000");
    type Filter = DocLength;

    fn build(&self, _: &mut dyn Context) -> Result<DocLength, BuildError> {
        if self.chars_min.zip(self.chars_max).is_some_and(|(min, max)| min > max) {
            return Err(BuildError::key("chars_min", "is larger than `chars_max`"));
        }
        if self.words_min.zip(self.words_max).is_some_and(|(min, max)| min > max) {
            return Err(BuildError::key("words_min", "is larger than `words_max`"));
        }
        Ok(DocLength(self.clone()))
    }
}

impl Filter for DocLength {
    fn rules(&self) -> Vec<RuleBound> {
        let least = |n: Option<u64>| n.map_or(Bound::Off, |n| Bound::AtLeast(n as f64));
        let most = |n: Option<u64>| n.map_or(Bound::Off, |n| Bound::AtMost(n as f64));
        vec![
            RuleBound::new(&CHARS_MIN, least(self.0.chars_min)),
            RuleBound::new(&CHARS_MAX, most(self.0.chars_max)),
            RuleBound::new(&WORDS_MIN, least(self.0.words_min)),
            RuleBound::new(&WORDS_MAX, most(self.0.words_max)),
        ]
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        if findings.wants(0) || findings.wants(1) {
            let chars = view.chars() as f64;
            findings.measure(0, chars)?;
            findings.measure(1, chars)?;
        }
        if findings.wants(2) || findings.wants(3) {
            let words = view.tokens().len() as f64;
            findings.measure(2, words)?;
            findings.measure(3, words)?;
        }
        ControlFlow::Continue(())
    }
}
