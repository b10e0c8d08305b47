//! What no file of a release may hold, taken out of the texts of records that are not released. A stage whose edits
//! redact has edited those it released; the others may have been taken out before it saw them, or because of what it
//! found, and are written with its edits all the same.

use crate::judge::judged;
use crate::plan::{Plan, Step};
use crate::release::edited_column;
use crate::source::batch::Strings;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use filters::{Document, Edits, Filter, Findings, Layout, Measure, Scratch, StageSlots, View};
use std::borrow::Cow;

/// The stages of a plan whose edits redact.
pub(crate) struct Redaction<'p> {
    stages: Vec<(&'p dyn Filter, &'p StageSlots)>,
    layout: &'p Layout,
    /// The column of texts.
    column: &'p str,
}

impl<'p> Redaction<'p> {
    /// `None` where no stage redacts.
    pub(crate) fn of(plan: &'p Plan) -> Option<Self> {
        let stages = plan.stages.iter().filter_map(|stage| match &stage.step {
            Step::Judge { filter, slots, .. } if filter.redacts() => Some((filter.as_ref(), slots)),
            _ => None,
        });
        let stages: Vec<_> = stages.collect();
        let column = plan.config.file.input.text.as_deref()?;
        (!stages.is_empty()).then_some(Self { stages, layout: &plan.layout, column })
    }

    /// The rows with redacted texts. What is no UTF-8 is read as if it were, with a mark for each wrong byte.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let at = batch.schema().index_of(self.column).map_err(|e| Error::Bug(e.to_string()))?;
        let column = batch.column(at);
        let strings = Strings::new(column);
        let (scratch, mut findings) = (Scratch::default(), Findings::new(self.layout, Measure::First));
        let texts =
            (0..batch.num_rows()).map(|row| Some(self.text(&strings.lossy(row)?, (&scratch, &mut findings))));
        let mut columns = batch.columns().to_vec();
        columns[at] = edited_column::same_type(column.data_type(), texts.collect())?;
        Ok(RecordBatch::try_new(batch.schema(), columns)?)
    }

    /// A text after the edits of all stages; empty where one cannot judge it.
    fn text(&self, text: &str, (scratch, findings): (&Scratch, &mut Findings)) -> String {
        findings.clear();
        let mut text = Cow::Borrowed(text);
        for (filter, slots) in &self.stages {
            findings.enter(slots);
            let view = View::new(Document { text: &text, ..Document::default() }, scratch);
            if !judged(*filter, None, &view, findings) {
                return String::new();
            }
            let edits = Edits::new(&text, findings.take_edits());
            drop(view);
            if !edits.is_empty() {
                text = Cow::Owned(edits.apply(&text));
            }
        }
        text.into_owned()
    }
}
