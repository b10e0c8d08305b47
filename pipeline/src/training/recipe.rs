//! The recipe of a model: a TOML file.

use crate::{Error, Result};
use classifiers::linear::{Example, Loss, Settings, check_name};
use classifiers::metrics::Policy;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What to learn from what.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The file, for messages.
    #[serde(skip)]
    path: PathBuf,
    schema: u32,
    /// The labels, in the order of the model's.
    pub labels: Vec<String>,
    /// Whether each record has exactly one label, so that classes can be told apart by the largest score.
    #[serde(default)]
    pub exclusive: bool,
    /// What chooses the threshold that is stored with each label. Grades have none.
    pub threshold: Option<Policy>,
    /// The column with a grade, a number, of each record: the one label is then learnt by regression.
    pub graded: Option<String>,
    /// How to fit.
    #[serde(default)]
    pub training: Settings,
    /// What to learn from, in this order.
    pub data: Vec<Part>,
}

/// A file, or the records of it that have certain values, all of which are told the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// A Parquet file, relative to the folder of the data.
    pub file: String,
    /// Its licence.
    pub licence: String,
    /// The column with the text.
    #[serde(default = "text")]
    pub text: String,
    /// Columns and the values that they must have one of; a value may end in `*`. Left out, all records count.
    #[serde(default)]
    pub only: BTreeMap<String, Vec<String>>,
    /// Labels that apply. Those in neither list are unknown.
    #[serde(default)]
    pub is: Vec<String>,
    /// Labels that do not.
    #[serde(default)]
    pub is_not: Vec<String>,
    /// How much each record counts while weights are fitted.
    #[serde(default = "one")]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

fn text() -> String {
    "text".to_owned()
}

impl Recipe {
    /// Reads and checks a recipe.
    pub fn load(path: &Path) -> Result<Self> {
        let text = disk::read_to_string(path).map_err(|e| Error::input(path, e))?;
        Self::parse(path, &text)
    }

    /// Checks the text of a recipe.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let mut recipe: Self = toml::from_str(text).map_err(|e| {
            let line = e.span().map(|span| text[..span.start].matches('\n').count() + 1);
            Error::Config { path: path.to_path_buf(), line, why: e.message().to_owned(), hint: None }
        })?;
        recipe.path = path.to_path_buf();
        if recipe.graded.is_some() {
            recipe.training.loss = Loss::Squared;
        }
        recipe.check().map_err(|why| recipe.wrong(why))?;
        Ok(recipe)
    }

    /// The recipe is at fault.
    pub(super) fn wrong(&self, why: String) -> Error {
        Error::Config { path: self.path.clone(), line: None, why, hint: None }
    }

    /// A label that all examples have, or none of them, cannot be learnt.
    pub(super) fn check_examples(&self, examples: &[Example]) -> Result<()> {
        for (at, label) in self.labels.iter().enumerate().filter(|_| self.graded.is_none()) {
            let told = |answer| examples.iter().any(|example| example.targets[at] == Some(answer));
            for (answer, key) in [(1.0, "is"), (0.0, "is_not")] {
                if !told(answer) {
                    return Err(self.wrong(format!("no record of `data` has `{label}` in `{key}`")));
                }
            }
        }
        Ok(())
    }

    fn check(&self) -> std::result::Result<(), String> {
        if self.schema != 1 {
            return Err(format!("`schema` is {}, expected 1", self.schema));
        }
        for (at, label) in self.labels.iter().enumerate() {
            check_name(label).map_err(|why| format!("`labels` {why}"))?;
            if self.labels[..at].contains(label) {
                return Err(format!("`labels` has `{label}` twice"));
            }
        }
        if !(1..=16).contains(&self.labels.len()) {
            return Err(format!("`labels` has {} labels, expected 1 to 16", self.labels.len()));
        }
        let Settings { table_bits, chunk_bytes, chunks_max, epochs, folds, rate, balance, .. } =
            self.training;
        for (key, ok, expected) in [
            ("table_bits", (8..=20).contains(&table_bits), "8 to 20"),
            ("chunk_bytes", (64..=1 << 20).contains(&chunk_bytes), "64 to 1048576"),
            ("chunks_max", chunks_max > 0, "at least 1"),
            ("epochs", (1..=1000).contains(&epochs), "1 to 1000"),
            ("folds", (2..=100).contains(&folds), "2 to 100"),
            ("rate", rate > 0.0 && rate <= 100.0, "more than 0 and at most 100"),
            ("balance", (0.0..=1.0).contains(&balance), "0 to 1"),
        ] {
            if !ok {
                return Err(format!("`training.{key}` is out of range, expected {expected}"));
            }
        }
        self.check_graded()?;
        self.data.iter().try_for_each(|part| self.check_part(part))
    }

    fn check_graded(&self) -> std::result::Result<(), String> {
        match (&self.graded, self.threshold) {
            (None, None) => Err("`threshold` is missing".to_owned()),
            (None, Some(_)) if self.training.loss == Loss::Squared => {
                Err("`training.loss` `squared` needs `graded`, the column with the grades".to_owned())
            }
            (Some(_), Some(_)) => Err("`threshold` is for labels, and `graded` has none".to_owned()),
            (Some(_), None) if self.labels.len() != 1 || self.exclusive => {
                Err("`graded` needs exactly one label, not `exclusive`".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn check_part(&self, part: &Part) -> std::result::Result<(), String> {
        let at = format!("`data` `{}`", part.file);
        let answers = !(part.is.is_empty() && part.is_not.is_empty());
        if answers && self.graded.is_some() {
            return Err(format!("{at} has `is` or `is_not`, and `graded` says what is true"));
        }
        if !answers && self.graded.is_none() {
            return Err(format!("{at} has neither `is` nor `is_not`: it would teach nothing"));
        }
        if !(part.weight > 0.0 && part.weight <= 1000.0) {
            return Err(format!(
                "{at} has the weight {}, expected more than 0 and at most 1000",
                part.weight
            ));
        }
        for label in part.is.iter().chain(&part.is_not) {
            if !self.labels.contains(label) {
                return Err(format!(
                    "{at} names `{label}`, which is not one of `labels`: {}",
                    self.labels.join(", ")
                ));
            }
        }
        match part.is.iter().find(|label| part.is_not.contains(label)) {
            Some(label) => Err(format!("{at} has `{label}` in both `is` and `is_not`")),
            None => Ok(()),
        }
    }
}

impl Part {
    /// Whether a row has one of the values asked for in each column; `columns` are those of `only`, in its order.
    pub(super) fn takes(&self, cells: &[Option<String>]) -> bool {
        let matches = |cell: &str, value: &String| match value.strip_suffix('*') {
            Some(start) => cell.starts_with(start),
            None => cell == value,
        };
        self.only.values().zip(cells).all(|(values, cell)| {
            cell.as_deref().is_some_and(|cell| values.iter().any(|value| matches(cell, value)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "schema = 1\nlabels = [\"zorb\", \"quim\"]\nthreshold = { recall = 0.9 }\n\
        [[data]]\nfile = \"a.parquet\"\nlicence = \"MIT\"\nis = [\"zorb\"]\n";

    fn parse(text: &str) -> std::result::Result<Recipe, String> {
        Recipe::parse(Path::new("r.toml"), text).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_wrong_with_a_recipe_is_told() {
        assert!(parse(GOOD).is_ok());
        for (from, to, expected) in [
            ("schema = 1", "schema = 2", "`schema` is 2, expected 1"),
            ("\"quim\"", "\"zorb\"", "`labels` has `zorb` twice"),
            ("\"quim\"", "\"mean\"", "`labels` is `mean`, which is the name of another column"),
            ("is = [\"zorb\"]", "is = [\"zorp\"]", "names `zorp`, which is not one of `labels`: zorb, quim"),
            ("is = [\"zorb\"]", "", "has neither `is` nor `is_not`"),
            ("is = [\"zorb\"]", "is = [\"zorb\"]\nis_not = [\"zorb\"]", "in both `is` and `is_not`"),
            ("licence", "weight = 0\nlicence", "has the weight 0, expected more than 0"),
            ("threshold = { recall = 0.9 }", "", "`threshold` is missing"),
            ("threshold", "graded = \"g\"\nthreshold", "`threshold` is for labels, and `graded` has none"),
            ("threshold = { recall = 0.9 }", "graded = \"g\"", "`graded` needs exactly one label"),
            ("[[data]]", "[training]\nloss = \"squared\"\n[[data]]", "`squared` needs `graded`"),
            ("licence", "license", "r.toml:6: unknown field `license`"),
            (
                "[[data]]",
                "[training]\nfolds = 1\n[[data]]",
                "`training.folds` is out of range, expected 2 to 100",
            ),
        ] {
            let error = parse(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }

    #[test]
    fn a_part_takes_the_rows_with_its_values() {
        let mut recipe = parse(GOOD).unwrap();
        let part = &mut recipe.data[0];
        part.only.insert("label".into(), vec!["a".into(), "b*".into()]);
        let takes = |cell: Option<&str>| part.takes(&[cell.map(str::to_owned)]);
        assert_eq!([Some("a"), Some("ab"), Some("bc"), None].map(takes), [true, false, true, false]);
    }
}
