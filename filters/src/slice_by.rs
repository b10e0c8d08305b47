//! What cuts a corpus into slices: the declared source of its records, or a column that an earlier stage recorded.

use crate::{BuildError, ColumnRef, Context, Findings, Kind, View};
use std::borrow::Cow;

/// What tells records of one slice from those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceBy {
    /// The declared source.
    Source,
    /// What an earlier stage recorded, of whatever kind.
    Column(ColumnRef),
}

impl SliceBy {
    /// `source`, or a column as [`Context::column`] finds it.
    ///
    /// # Errors
    /// When no earlier stage records such a column.
    pub fn find(name: &str, context: &dyn Context) -> Result<Self, BuildError> {
        if name == "source" {
            return Ok(Self::Source);
        }
        let mut all = Vec::new();
        for kind in [Kind::Label, Kind::Number, Kind::Flag] {
            match context.column(name, kind) {
                Err(BuildError::Column { known, .. }) => all.push(known),
                found => return found.map(Self::Column),
            }
        }
        let known =
            ["source".to_string()].into_iter().chain(all.into_iter().filter(|known| known != "nothing"));
        Err(BuildError::Column { name: name.to_string(), known: known.collect::<Vec<_>>().join(", ") })
    }

    /// The value of a record, as text; `None` where nothing was recorded.
    pub fn value<'r>(&self, view: &'r View<'_>, findings: &'r Findings) -> Option<Cow<'r, str>> {
        match self {
            Self::Source => Some(Cow::Borrowed(view.document().source)),
            Self::Column(column) => findings.get(*column).text(),
        }
    }
}
