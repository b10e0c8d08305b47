//! What no file of a release may hold, taken out of the texts of records that are not released. A stage whose edits
//! redact has edited those it released; the others may have been taken out before it saw them, or because of what it
//! found, and are written with its edits all the same.

use crate::Result;
use crate::judge::judged;
use crate::plan::{Plan, Step};
use crate::source::batch::{RowEdits, ShardReader};
use arrow_array::RecordBatch;
use filters::{
    Chat, Document, Edit, Edits, Filter, Findings, Layout, Measure, Scratch, StageSlots, TurnSelection, View,
    within_strings,
};
use std::borrow::Cow;

/// A stage whose edits redact, and which turns it sees.
type Redacting<'p> = (&'p dyn Filter, &'p StageSlots, Option<&'p TurnSelection>);

/// The stages of a plan whose edits redact.
pub(crate) struct Redaction<'p> {
    stages: Vec<Redacting<'p>>,
    layout: &'p Layout,
}

impl<'p> Redaction<'p> {
    /// `None` where no stage redacts.
    pub(crate) fn of(plan: &'p Plan) -> Option<Self> {
        let stages = plan.stages.iter().filter_map(|stage| match &stage.step {
            Step::Judge { filter, slots, .. } if filter.redacts() => {
                Some((filter.as_ref(), slots, stage.turns.as_ref()))
            }
            _ => None,
        });
        let stages: Vec<_> = stages.collect();
        (!stages.is_empty()).then_some(Self { stages, layout: &plan.layout })
    }

    /// The rows with redacted texts, and lines that are no records. What is no UTF-8 is read as if it were, with a mark for each wrong byte.
    pub(crate) fn rows(&self, reader: &ShardReader, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = reader.rows(batch)?;
        let (scratch, mut findings) = (Scratch::default(), Findings::new(self.layout, Measure::First));
        let mut chat = Chat::default();
        let mut edits = |document: Document<'_>| self.edits(&document, (&scratch, &mut findings));
        let mut row_edits = |row: usize| {
            let text = rows
                .lossy(row, &mut chat)
                .map(|(text, chat)| edits(Document { text: &text, ..chat.document(&Document::default()) }));
            let line = reader.unread_line(batch, row);
            let line = line.map(|text| edits(Document { text, ..Document::default() }));
            RowEdits { text: text.unwrap_or_default(), line }
        };
        reader.edited(batch, &(0..batch.num_rows()).map(&mut row_edits).collect::<Vec<_>>())
    }

    /// What all stages do to a text; where one cannot judge it, nothing is left.
    fn edits(&self, original: &Document<'_>, (scratch, findings): (&Scratch, &mut Findings)) -> Edits {
        findings.clear();
        let mut made = Edits::default();
        for (filter, slots, turns) in &self.stages {
            findings.enter(slots);
            let now = Chat::after(original, &made);
            // what has no turns is looked through whole
            let turns = turns.filter(|_| !now.turns().is_empty());
            let view = View::new(now.document(&Document::default()), scratch);
            let edits = match judged(*filter, turns, &view, findings) {
                true => findings.take_edits(),
                false => {
                    let all = Edit { start: 0, end: now.text().len(), with: Cow::Borrowed("") };
                    within_strings(vec![all], view.document().joints)
                }
            };
            let edits = Edits::new(now.text(), edits);
            drop(view);
            made = made.then(original.text, &edits);
        }
        made
    }
}
