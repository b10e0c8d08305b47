//! What judging one record found: measured values, recorded columns, the broken rule, edits and spans.

use crate::{Bound, Column, ColumnRef, Decimal, Edit, Filter, RuleBound};
use std::borrow::Cow;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

/// How much is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Stop at the first broken rule.
    #[default]
    First,
    /// Measure every rule of every stage and keep the numbers.
    All,
}

/// A recorded value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing was recorded.
    #[default]
    Absent,
    /// A finite number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A short string from a closed set.
    Label(Arc<str>),
}

impl Value {
    /// The value as text, numbers in the shortest decimal that reads back equal; `None` where nothing was recorded.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Absent => None,
            Self::Number(number) => Some(Cow::Owned(Decimal::of(*number).to_string())),
            Self::Flag(flag) => Some(Cow::Owned(flag.to_string())),
            Self::Label(label) => Some(Cow::Borrowed(label)),
        }
    }
}

/// The place of one stage's rules and columns among those of all stages.
#[derive(Clone, Debug)]
pub struct StageSlots {
    /// The rules with their bounds.
    pub rules: Vec<RuleBound>,
    /// The columns it records.
    pub columns: Vec<Column>,
    first_rule: usize,
    first_column: usize,
}

impl StageSlots {
    /// Global positions of this stage's rules, for [`Findings::measured`].
    pub fn rule_range(&self) -> Range<usize> {
        self.first_rule..self.first_rule + self.rules.len()
    }

    /// Global positions of this stage's columns, for [`Findings::get`].
    pub fn column_range(&self) -> Range<usize> {
        self.first_column..self.first_column + self.columns.len()
    }
}

/// Hands out places for rules and columns, stage by stage, in the order of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    rules: usize,
    columns: usize,
}

impl Layout {
    /// Places for one more stage, with columns the engine records about it besides the filter's own.
    pub fn add(&mut self, filter: &dyn Filter, extra: &[Column]) -> StageSlots {
        let mut columns = filter.columns();
        columns.extend_from_slice(extra);
        let slots =
            StageSlots { rules: filter.rules(), columns, first_rule: self.rules, first_column: self.columns };
        self.rules += slots.rules.len();
        self.columns += slots.columns.len();
        slots
    }
}

/// The first rule of a stage that a record broke.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Broken {
    /// Position in the stage's [`Filter::rules`].
    pub rule: usize,
    /// What was measured.
    pub value: f64,
    /// What it was held against.
    pub bound: Bound,
}

/// A stretch of the text that a rule matched, in bytes of the text the stage saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What matched, for instance `pack/category`.
    pub rule: Arc<str>,
    /// Which view of the text it matched in: `raw` or `normalised`.
    pub view: &'static str,
}

/// Collects what the stages find about one record. The engine reuses one per worker: [`Findings::clear`] before
/// each record, [`Findings::enter`] before each stage.
#[derive(Debug)]
pub struct Findings {
    measure: Measure,
    measured: Vec<f64>,
    columns: Vec<Value>,
    bounds: Vec<Bound>,
    first_rule: usize,
    first_column: usize,
    broken: Option<Broken>,
    failed: bool,
    edits: Vec<Edit>,
    spans: Vec<Span>,
}

impl Findings {
    /// Findings with room for all stages of `layout`.
    pub fn new(layout: &Layout, measure: Measure) -> Self {
        Self {
            measure,
            measured: vec![f64::NAN; layout.rules],
            columns: vec![Value::Absent; layout.columns],
            bounds: Vec::new(),
            first_rule: 0,
            first_column: 0,
            broken: None,
            failed: false,
            edits: Vec::new(),
            spans: Vec::new(),
        }
    }

    /// Forgets the previous record.
    pub fn clear(&mut self) {
        self.measured.fill(f64::NAN);
        self.columns.fill(Value::Absent);
        self.broken = None;
        self.failed = false;
        self.edits.clear();
        self.spans.clear();
    }

    /// Turns to the next stage: its rules' and columns' positions are what is used until the next call.
    pub fn enter(&mut self, slots: &StageSlots) {
        self.first_rule = slots.first_rule;
        self.first_column = slots.first_column;
        self.bounds.clear();
        self.bounds.extend(slots.rules.iter().map(|rule| rule.bound));
        self.broken = None;
        self.failed = false;
        self.edits.clear();
    }

    /// Says that the current stage cannot judge this record, which then is an error, not a record that passes.
    pub fn fail(&mut self) {
        self.failed = true;
    }

    /// Whether the current stage could not judge the record.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Tells what a rule measured; a value that is not finite is a failure of the stage. `Break` when that decides
    /// the record and nothing more need be measured.
    pub fn measure(&mut self, rule: usize, value: f64) -> ControlFlow<()> {
        if !value.is_finite() {
            self.fail();
            return ControlFlow::Break(());
        }
        let bound = self.bounds[rule];
        if self.measure == Measure::All {
            self.measured[self.first_rule + rule] = value;
        }
        if self.broken.is_none() && bound.broken_by(value) {
            self.broken = Some(Broken { rule, value, bound });
        }
        match (self.measure, self.broken) {
            (Measure::First, Some(_)) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// Whether measuring this rule can matter: not when it is off and its value is not kept.
    pub fn wants(&self, rule: usize) -> bool {
        self.measure == Measure::All || self.bounds[rule] != Bound::Off
    }

    /// Whether values are kept for their own sake: where not, a measurement may stop once its bound holds.
    pub fn keeps_values(&self) -> bool {
        self.measure == Measure::All
    }

    /// Records a column of the current stage; a number that is not finite is a failure of the stage.
    pub fn record(&mut self, column: usize, value: Value) {
        if let Value::Number(number) = value
            && !number.is_finite()
        {
            return self.fail();
        }
        self.columns[self.first_column + column] = value;
    }

    /// What a stage recorded; [`Value::Absent`] when it did not see this record.
    pub fn get(&self, column: ColumnRef) -> &Value {
        &self.columns[column.0]
    }

    /// The number a stage recorded, if it recorded one.
    pub fn number(&self, column: ColumnRef) -> Option<f64> {
        if let Value::Number(number) = self.get(column) { Some(*number) } else { None }
    }

    /// The label a stage recorded, if it recorded one.
    pub fn label(&self, column: ColumnRef) -> Option<&str> {
        if let Value::Label(label) = self.get(column) { Some(label) } else { None }
    }

    /// Replaces a stretch of the text (bytes of the text this stage sees). Edits of one stage must come in order
    /// and must not overlap; they take effect after the stage unless the record leaves here.
    pub fn edit(&mut self, range: Range<usize>, with: impl Into<Cow<'static, str>>) {
        self.edits.push(Edit { start: range.start, end: range.end, with: with.into() });
    }

    /// Notes a matched stretch of the text.
    pub fn span(&mut self, span: Span) {
        self.spans.push(span);
    }

    /// The rule the current stage broke, if any.
    pub fn broken(&self) -> Option<Broken> {
        self.broken
    }

    /// The edits of the current stage.
    pub fn take_edits(&mut self) -> Vec<Edit> {
        std::mem::take(&mut self.edits)
    }

    /// Changes the edits of the current stage.
    pub fn change_edits(&mut self, change: impl FnOnce(Vec<Edit>) -> Vec<Edit>) {
        self.edits = change(self.take_edits());
    }

    /// How many spans have been noted for this record.
    pub fn spans(&self) -> usize {
        self.spans.len()
    }

    /// Moves the spans from the `first`-th on to where `offset` says.
    pub fn move_spans(&mut self, first: usize, offset: impl Fn(usize) -> usize) {
        for span in self.spans.iter_mut().skip(first) {
            (span.start, span.end) = (offset(span.start), offset(span.end));
        }
    }

    /// The spans noted so far for this record.
    pub fn take_spans(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.spans)
    }

    /// What was measured, by global rule position; NaN where nothing was. Empty of meaning unless all is measured.
    pub fn measured(&self) -> &[f64] {
        &self.measured
    }
}
