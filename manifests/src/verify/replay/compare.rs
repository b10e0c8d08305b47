//! Rows of the ledger against the same records decided anew.

use std::fmt;

use super::super::Opening;
use super::{Decided, Findings, StageKind, describe};
use crate::index::LedgerIndex;
use crate::ledger::{Edit, Fate, LedgerRow, RETRACT};

/// What differs.
pub(super) struct Comparison<'a> {
    stages: &'a [StageKind],
    /// Where a stage that looks at one record at a time comes to something else.
    pub(super) decisions: Findings,
    /// Where the whole corpus does.
    pub(super) corpus: Findings,
    /// Records that were taken down: a run would release them.
    pub(super) retracted: u64,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(stages: &'a [StageKind]) -> Self {
        Self { stages, decisions: Findings::default(), corpus: Findings::default(), retracted: 0 }
    }

    fn position(&self, stage: Option<&str>) -> Option<usize> {
        self.stages.iter().position(|known| Some(known.name.as_str()) == stage)
    }

    fn is_barrier(&self, stage: Option<&str>) -> bool {
        self.position(stage).is_some_and(|at| self.stages[at].barrier)
    }

    /// One record, barriers left out. Gives whether a barrier decided it.
    pub(super) fn one(&mut self, file: &str, (row, opening): (&LedgerRow, &Opening), anew: &Decided) -> bool {
        if row.row != anew.row {
            self.decisions.add_row(
                file,
                anew.row,
                format_args!("row {}", anew.row),
                format_args!("row {}", row.row),
            );
            return false;
        }
        self.texts(file, row, opening, &anew.opening);
        let stage = row.stage.as_deref();
        if self.is_barrier(stage) {
            // Stages behind the barrier never saw the record; those before it must have let it pass.
            let (barrier, other) = (self.position(stage), self.position(anew.stage.as_deref()));
            let earlier = !anew.fate.is_released() && other.is_none_or(|other| Some(other) < barrier);
            if earlier {
                self.decisions.add_row(file, row.row, claimed(row), found(anew));
            }
            return true;
        }
        let agrees = match stage {
            Some(RETRACT) => anew.fate.is_released(),
            _ => self.same(row, anew),
        };
        if !agrees {
            self.decisions.add_row(file, row.row, claimed(row), found(anew));
        }
        false
    }

    fn same(&self, row: &LedgerRow, anew: &Decided) -> bool {
        let decision = (&row.stage, &row.rule, &row.value, &row.bound);
        if decision != (&anew.stage, &anew.rule, &anew.value, &anew.bound) {
            return false;
        }
        // A text that a stage left alone, or edited, may have been cut when all records were known.
        if self.stages.iter().any(|stage| stage.cuts) && row.fate.is_released() {
            return anew.fate == Fate::Kept || row.fate == Fate::Edited;
        }
        row.fate == anew.fate && row.edits == anew.edits
    }

    /// One record of the release made again.
    pub(super) fn whole(&mut self, file: &str, row: &(LedgerRow, Opening), anew: &(LedgerRow, Opening)) {
        self.texts(file, &row.0, &row.1, &anew.1);
        let (row, anew) = (&row.0, &anew.0);
        if row.stage.as_deref() == Some(RETRACT) {
            self.retracted += 1;
            if !anew.fate.is_released() {
                self.decisions.add_row(file, row.row, "a record that was released before", shown(anew));
            }
            return;
        }
        let fields = |row: &LedgerRow| {
            let LedgerRow { row, fate, stage, rule, value, bound, duplicate_of, similarity, edits, .. } =
                row.clone();
            (row, fate, (stage, rule, value, bound), duplicate_of, similarity, edits)
        };
        let placed = |row: &LedgerRow| (row.repeats, row.split.clone());
        if (fields(row), placed(row)) == (fields(anew), placed(anew)) {
            return;
        }
        let compared = placed(row) != placed(anew)
            || self.is_barrier(row.stage.as_deref())
            || self.is_barrier(anew.stage.as_deref());
        let findings = if compared { &mut self.corpus } else { &mut self.decisions };
        findings.add_row(file, row.row, shown(row), shown(anew));
    }

    fn texts(&mut self, file: &str, row: &LedgerRow, claimed: &Opening, found: &Opening) {
        if claimed != found {
            let expected = format_args!("the record with text sha256 {}", claimed.content);
            self.decisions.add_row(file, row.row, expected, found.content);
        }
    }

    /// The texts that come out.
    pub(super) fn outputs(&mut self, claimed: &LedgerIndex, anew: &LedgerIndex) {
        self.corpus.same("data", "number of parts", claimed.outputs.len(), anew.outputs.len());
        for (claimed, anew) in claimed.outputs.iter().zip(&anew.outputs) {
            self.corpus.same(&claimed.name, "contentRoot", claimed.content_root, anew.content_root);
        }
    }
}

fn claimed(row: &LedgerRow) -> impl fmt::Display + use<> {
    let of = |text: &Option<String>| text.clone();
    let (stage, rule, value, bound) = (of(&row.stage), of(&row.rule), of(&row.value), of(&row.bound));
    edited(
        describe(row.fate, stage.as_deref(), rule.as_deref(), value.as_deref(), bound.as_deref()),
        &row.edits,
    )
}

fn found(anew: &Decided) -> impl fmt::Display + use<> {
    let Decided { stage, rule, value, bound, .. } = anew;
    edited(
        describe(anew.fate, stage.as_deref(), rule.as_deref(), value.as_deref(), bound.as_deref()),
        &anew.edits,
    )
}

fn shown(row: &LedgerRow) -> String {
    let of = row.duplicate_of.as_ref().map(|(stem, row)| format!(", duplicate of {stem}:{row}"));
    let copies = (row.repeats != 1).then(|| format!(", {} times", row.repeats));
    let split = row.split.as_ref().map(|split| format!(", in `{split}`"));
    [Some(claimed(row).to_string()), of, copies, split].into_iter().flatten().collect()
}

/// Two different lists of edits must not look the same.
fn edited(decision: String, edits: &[Edit]) -> String {
    let list: Vec<String> =
        edits.iter().take(4).map(|edit| format!("{}..{} to {:?}", edit.start, edit.end, edit.with)).collect();
    match edits.len() {
        0 => decision,
        1..=4 => format!("{decision}, edits {}", list.join(", ")),
        more => format!("{decision}, {more} edits {}, …", list.join(", ")),
    }
}
