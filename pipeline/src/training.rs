//! `train`: a linear model from a recipe that names labelled files, their licences and what their labels mean.

mod recipe;
mod report;

pub use recipe::Recipe;
pub use report::{LabelReport, TrainingReport};

use crate::source::rows::{Rows, Wanted, read};
use crate::{Error, Result};
use classifiers::linear::{DataSet, Example, train};
use recipe::Part;
use std::collections::BTreeMap;
use std::path::Path;

/// A trained model and how good it is on texts it did not learn from.
pub struct Training {
    /// The model file's bytes.
    pub model: Vec<u8>,
    /// How good it is.
    pub report: TrainingReport,
}

/// Trains as a recipe says. Its files are looked for in `folder`; `command` is stored with the model. The same recipe
/// and files give the same bytes.
pub fn train_model(recipe: &Recipe, folder: &Path, command: &str) -> Result<Training> {
    let (examples, data) = examples(recipe, folder)?;
    recipe.check_examples(&examples)?;
    let trained = train(recipe.labels.len(), &examples, &recipe.training);
    let report = report::report(recipe, &examples, &trained);
    let model = trained
        .into_model(&recipe.labels, &examples, recipe.threshold, data, command.to_owned())
        .map_err(|e| recipe.wrong(format!("`threshold`: {e}")))?;
    let bytes = model.to_bytes().map_err(|e| Error::Bug(e.to_string()))?;
    Ok(Training { model: bytes, report: report.with_thresholds(&model) })
}

/// The examples of all parts in their order, and what is told of each part.
fn examples(recipe: &Recipe, folder: &Path) -> Result<(Vec<Example>, Vec<DataSet>)> {
    let (mut examples, mut data) = (Vec::new(), Vec::new());
    // files with several parts are read once for each combination of columns
    let mut files: BTreeMap<(String, String, Vec<String>), Rows> = BTreeMap::new();
    for part in &recipe.data {
        // the grade comes last, so that the others are those of `only`
        let columns: Vec<String> = part.only.keys().chain(&recipe.graded).cloned().collect();
        let key = (part.file.clone(), part.text.clone(), columns.clone());
        if !files.contains_key(&key) {
            let names: Vec<&str> = columns.iter().map(String::as_str).collect();
            let wanted = Wanted::required(Some(&part.text), names);
            files.insert(key.clone(), read(&folder.join(&part.file), &wanted)?);
        }
        let Some(file) = files.get(&key) else { continue };
        let before = examples.len();
        let answers = targets(recipe, part);
        for (at, row) in file.rows.iter().enumerate().filter(|(_, row)| part.takes(&row.labels)) {
            let targets = match &recipe.graded {
                None => answers.clone(),
                Some(_) => {
                    let cell = row.labels.last().and_then(Option::as_deref);
                    let why = |why| Error::input(&folder.join(&part.file), format!("row {at}: {why}"));
                    vec![cell.map(grade).transpose().map_err(why)?]
                }
            };
            examples.push(Example { text: row.text.clone(), targets, weight: part.weight as f32 });
        }
        if examples.len() == before {
            return Err(recipe.wrong(format!("`only` of `{}` leaves no record", part.file)));
        }
        data.push(DataSet {
            file: part.file.clone(),
            sha256: file.sha256.to_string(),
            licence: part.licence.clone(),
            records: (examples.len() - before) as u64,
            is: part.is.clone(),
            is_not: part.is_not.clone(),
        });
    }
    Ok((examples, data))
}

/// The largest grade, up and down: what a 32-bit float still tells from its neighbours by far.
const GRADE_MAX: f32 = 1e6;

fn grade(cell: &str) -> std::result::Result<f32, String> {
    let number = cell.parse().ok().filter(|grade: &f32| grade.abs() <= GRADE_MAX);
    number.ok_or_else(|| format!("the grade is `{cell}`, expected a number of at most {GRADE_MAX}"))
}

fn targets(recipe: &Recipe, part: &Part) -> Vec<Option<f32>> {
    let answer = |label: &String| match (part.is.contains(label), part.is_not.contains(label)) {
        (true, _) => Some(1.0),
        (false, true) => Some(0.0),
        (false, false) => None,
    };
    recipe.labels.iter().map(answer).collect()
}
