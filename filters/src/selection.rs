//! Records chosen by what an earlier stage recorded, or by their source: `language/label=de,nl`, `source!=web`.

use crate::{BuildError, Context, Findings, SliceBy, View};

/// Which records are chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    by: SliceBy,
    values: Vec<String>,
    /// Whether records with one of the values are chosen, or all others.
    with: bool,
}

impl Selection {
    /// What a key says: `COLUMN=VALUE`, several values with commas between them, `!=` for all records but these. A
    /// record without a value has none of them.
    ///
    /// # Errors
    /// When it is written in another way, or no earlier stage records such a column.
    pub fn find(key: &'static str, text: &str, context: &dyn Context) -> Result<Self, BuildError> {
        let wrong =
            || BuildError::key(key, format!("is `{text}`, expected `COLUMN=VALUE` or `COLUMN!=VALUE`"));
        let (name, values) = text.split_once('=').ok_or_else(wrong)?;
        let (name, with) = name.strip_suffix('!').map_or((name, true), |name| (name, false));
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_string()).collect();
        if values.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self { by: SliceBy::find(name.trim(), context)?, values, with })
    }

    /// What tells the records apart.
    pub fn by(&self) -> SliceBy {
        self.by
    }

    /// Whether a record with this value is chosen.
    pub fn chooses(&self, value: Option<&str>) -> bool {
        value.is_some_and(|value| self.values.iter().any(|known| known == value)) == self.with
    }

    /// Whether a record is chosen.
    pub fn holds(&self, view: &View<'_>, findings: &Findings) -> bool {
        self.chooses(self.by.value(view, findings).as_deref())
    }
}
