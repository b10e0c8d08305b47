//! `train`: a linear model from a recipe that names labelled files, their licences and what their labels mean.

mod recipe;
mod report;

pub use recipe::Recipe;
pub use report::{LabelReport, TrainingReport};

use crate::rows::{Row, Rows, Wanted, read};
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
        let columns: Vec<String> = part.only.keys().cloned().collect();
        let key = (part.file.clone(), part.text.clone(), columns.clone());
        if !files.contains_key(&key) {
            let names: Vec<&str> = columns.iter().map(String::as_str).collect();
            let wanted = Wanted::required(Some(&part.text), names);
            files.insert(key.clone(), read(&folder.join(&part.file), &wanted)?);
        }
        let Some(file) = files.get(&key) else { continue };
        let before = examples.len();
        let targets = targets(recipe, part);
        let rows = file.rows.iter().filter(|row| part.takes(&row.labels));
        let example = |row: &Row| Example {
            text: row.text.clone(),
            targets: targets.clone(),
            weight: part.weight as f32,
        };
        examples.extend(rows.map(example));
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

fn targets(recipe: &Recipe, part: &Part) -> Vec<Option<bool>> {
    let answer = |label: &String| match (part.is.contains(label), part.is_not.contains(label)) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    recipe.labels.iter().map(answer).collect()
}
