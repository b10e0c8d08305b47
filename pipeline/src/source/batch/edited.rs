//! Edited texts, put back where they were read from.

use super::messages::{Chats, Listener, leaves, with_leaves};
use super::strings::lossy_at;
use super::{Rows, TextColumn};
use crate::release::edited_column::same_type;
use crate::{Error, Result};
use arrow_array::{Array, ArrayRef};
use filters::{EditedStrings, Edits, Role};

/// The edits of a row.
#[derive(Debug, Default)]
pub(crate) struct RowEdits {
    /// Those of its text.
    pub(crate) text: Edits,
    /// Those of the line it was read from, which is no record.
    pub(crate) line: Option<Edits>,
}

impl Rows<'_> {
    /// The columns of texts, in the order of the configuration, with the edits of each row. What is not UTF-8 has
    /// U+FFFD for each wrong byte.
    pub(crate) fn edited(&self, edits: &[RowEdits]) -> Result<Vec<ArrayRef>> {
        match &self.text {
            TextColumn::Plain(strings) => {
                let text = |(row, edits): (usize, &RowEdits)| Some(edits.text.apply(&strings.lossy(row)?));
                let texts = edits.iter().enumerate().map(text).collect();
                Ok(vec![same_type(strings.data_type(), texts)?])
            }
            TextColumn::Chats(chats) => chats_edited(chats, edits),
        }
    }
}

fn chats_edited(chats: &Chats<'_>, edits: &[RowEdits]) -> Result<Vec<ArrayRef>> {
    let strings = |&(array, _): &(&ArrayRef, Role)| {
        let leaves = leaves(array).ok_or_else(|| Error::Bug("a field of chats without strings".into()))?;
        let text = |at: usize| lossy_at(leaves.as_ref(), at).map(|text| text.into_owned());
        Ok((0..leaves.len()).map(text).collect())
    };
    let mut fields: Vec<Vec<Option<String>>> = chats.0.iter().map(strings).collect::<Result<_>>()?;
    let texts = edits.iter().map(|edits| &edits.text).enumerate();
    for (row, edits) in texts.filter(|(_, edits)| !edits.is_empty()) {
        let mut putting = Putting { strings: EditedStrings::new(edits), fields: &mut fields, field: 0 };
        // what is not UTF-8 is told all the same
        let _ = chats.tell(row, &mut putting);
    }
    let whole = |(&(array, _), strings): (&(&ArrayRef, Role), Vec<Option<String>>)| {
        let kind = leaves(array).map(|leaves| leaves.data_type().clone());
        let kind = kind.ok_or_else(|| Error::Bug("a field of chats without strings".into()))?;
        with_leaves(array, same_type(&kind, strings)?)
    };
    chats.0.iter().zip(fields).map(whole).collect()
}

/// Puts what edits make of each string in its place.
struct Putting<'e> {
    strings: EditedStrings<'e>,
    fields: &'e mut [Vec<Option<String>>],
    field: usize,
}

impl Listener for Putting<'_> {
    fn turn(&mut self, _: Role, field: usize) {
        self.strings.turn();
        self.field = field;
    }

    fn say(&mut self, text: &str, leaf: usize) {
        let edited = self.strings.say(text);
        if let Some(place) = self.fields.get_mut(self.field).and_then(|strings| strings.get_mut(leaf)) {
            *place = Some(edited);
        }
    }
}
