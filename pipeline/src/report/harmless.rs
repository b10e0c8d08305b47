//! Which records are known to be harmless: by a column of the ledger, or by a labelled file that names their ids.

use super::removal::Question;
use crate::source::rows::{Wanted, read};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A labelled file; its rows are joined to the ledger's by id.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Parquet or JSON Lines.
    pub file: PathBuf,
    /// The column with the id.
    pub id: String,
}

/// A column of the ledger, and which of its values harmless records have.
pub(super) struct Harmless {
    pub(super) column: String,
    values: BTreeSet<String>,
}

impl Harmless {
    /// What the question says, with the file's ids where there is one.
    pub(super) fn of(question: &Question) -> Result<Option<Self>> {
        let Some((column, value)) = &question.harmless else { return Ok(None) };
        Ok(Some(match &question.truth {
            Some(truth) => Self { column: "id".into(), values: truth.ids(column, value)? },
            None => Self { column: column.clone(), values: [value.clone()].into() },
        }))
    }

    pub(super) fn is(&self, cell: Option<&str>) -> bool {
        cell.is_some_and(|cell| self.values.contains(cell))
    }
}

impl Truth {
    /// The ids of the rows whose column has a value.
    fn ids(&self, column: &str, value: &str) -> Result<BTreeSet<String>> {
        let wrong = |row: usize, why: String| Error::input(&self.file, format!("row {row}: {why}"));
        let wanted = Wanted::required(None, [self.id.as_str(), column]);
        let mut known = BTreeMap::new();
        for (at, row) in read(&self.file, &wanted)?.rows.into_iter().enumerate() {
            let mut labels = row.labels.into_iter();
            let Some(id) = labels.next().flatten() else {
                return Err(wrong(at, format!("`{}` is neither a string nor an integer", self.id)));
            };
            let harmless = labels.next().flatten().as_deref() == Some(value);
            if known.insert(id.clone(), harmless).is_some_and(|before| before != harmless) {
                return Err(wrong(at, format!("`{id}` has another `{column}` than in a row before")));
            }
        }
        Ok(known.into_iter().filter(|(_, harmless)| *harmless).map(|(id, _)| id).collect())
    }
}
