//! What each filter says of each record, as far as a ledger tells.
//!
//! A record is known to have passed every stage before the one that took it out. What later stages say of it is known
//! with `measure = "all"` alone, and then not behind a stage that would have edited its text: what was measured there
//! is another text. What a barrier would do with a record that never reached it is never known.

use super::ledger::Ledger;
use crate::config::{Config, StageTable};
use crate::inspect::opened::{configuration, without_line};
use crate::release::rule_notes::{StageKind, StageNote};
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, BooleanArray, Float64Array, RecordBatch, StringArray};
use filters::{Action, Bound, Measure};
use std::path::Path;

/// What a filter says of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    TakesOut,
    Passes,
    Unknown,
}

impl Answer {
    fn of(takes_out: bool) -> Self {
        if takes_out { Self::TakesOut } else { Self::Passes }
    }

    /// What two filters say together.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::TakesOut, _) | (_, Self::TakesOut) => Self::TakesOut,
            (Self::Passes, Self::Passes) => Self::Passes,
            _ => Self::Unknown,
        }
    }
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Taken out by the stage at this position.
    Stage(usize),
    Released,
    /// Never judged, or taken down after the run.
    Aside,
}

/// The stages of a release, as configured and as the ledger notes them.
pub(super) struct Stages {
    pub(super) notes: Vec<StageNote>,
    pub(super) tables: Vec<StageTable>,
    pub(super) measure: Measure,
    /// The columns of the ledger.
    pub(super) columns: Vec<String>,
}

impl Stages {
    pub(super) fn of(ledger: &Ledger<'_>) -> Result<Self> {
        let path = ledger.release.join("config.public.json");
        let (_, text) = configuration(&path)?;
        let config = Config::parse(&path, &text, &[]).map_err(without_line)?;
        let notes = ledger.stages()?;
        if notes.iter().map(|note| &note.name).ne(config.stages.iter().map(|stage| &stage.name)) {
            return Err(Error::release(&path, "lists other stages than the ledger"));
        }
        let (tables, measure) = (config.stages, config.file.measure);
        Ok(Self { notes, tables, measure, columns: ledger.columns()? })
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.notes.iter().position(|note| note.name == name)
    }

    /// Where the stage that a record's row names stands; `None` for one that is no stage of the release.
    pub(super) fn place(&self, stage: Option<&str>) -> Place {
        match stage {
            None => Place::Released,
            Some(name) => self.position(name).map_or(Place::Aside, Place::Stage),
        }
    }

    /// The rules that can take something out or tag it: positions of stage and rule.
    pub(super) fn rules(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.notes.len()).flat_map(|at| self.rules_of(at).map(move |rule| (at, rule)))
    }

    /// Those of one stage.
    pub(super) fn rules_of(&self, stage: usize) -> impl Iterator<Item = usize> {
        let on = move |rule: &usize| self.is_barrier(stage) || self.bound(stage, *rule) != Bound::Off;
        (0..self.notes[stage].rules.len()).filter(on)
    }

    pub(super) fn is_barrier(&self, stage: usize) -> bool {
        self.notes[stage].kind == StageKind::Barrier
    }

    /// What the values of a judging stage's rule are held against.
    pub(super) fn bound(&self, stage: usize, rule: usize) -> Bound {
        self.notes[stage].rules[rule].bound.bound().unwrap_or(Bound::Off)
    }

    /// `stage/rule`.
    pub(super) fn rule_name(&self, stage: usize, rule: usize) -> String {
        format!("{}/{}", self.notes[stage].name, self.notes[stage].rules[rule].id)
    }

    /// The columns that answers are read from.
    pub(super) fn needed(&self) -> Vec<String> {
        let own = self
            .notes
            .iter()
            .flat_map(|note| ["broken", "edited"].map(|name| format!("{}/{name}", note.name)));
        let measured = (0..self.notes.len()).flat_map(|at| {
            let rules = 0..self.notes[at].rules.len();
            rules.map(move |rule| self.rule_name(at, rule))
        });
        let there = |name: &String| self.columns.contains(name);
        let fixed = ["stage", "rule"].map(String::from);
        let measured = measured.filter(|_| self.measure == Measure::All);
        fixed.into_iter().chain(own.filter(there)).chain(measured.filter(there)).collect()
    }
}

/// The answers about the records of one batch.
pub(super) struct Answers<'b> {
    stages: &'b Stages,
    places: Vec<Place>,
    rule: &'b StringArray,
    /// By stage.
    broken: Vec<Option<&'b StringArray>>,
    edited: Vec<Option<&'b BooleanArray>>,
    values: Vec<Vec<Option<&'b Float64Array>>>,
}

impl<'b> Answers<'b> {
    /// `file` is where the batch is from.
    pub(super) fn new(stages: &'b Stages, file: &Path, batch: &'b RecordBatch) -> Result<Self> {
        let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        let need = |name: &str| {
            text(name).ok_or_else(|| Error::release(file, format!("no column of strings `{name}`")))
        };
        let own = |note: &StageNote, name: &str| format!("{}/{name}", note.name);
        let broken = stages.notes.iter().map(|note| text(&own(note, "broken")));
        let edited =
            stages.notes.iter().map(|note| batch.column_by_name(&own(note, "edited"))?.as_boolean_opt());
        let value = |name: String| batch.column_by_name(&name)?.as_primitive_opt::<Float64Type>();
        let values = stages
            .notes
            .iter()
            .map(|note| note.rules.iter().map(|rule| value(own(note, &rule.id))).collect());
        let stage = need("stage")?;
        Ok(Self {
            stages,
            places: stage.iter().map(|stage| stages.place(stage)).collect(),
            rule: need("rule")?,
            broken: broken.collect(),
            edited: edited.collect(),
            values: values.collect(),
        })
    }

    pub(super) fn place(&self, at: usize) -> Place {
        self.places[at]
    }

    /// Whether a stage takes a record out, or would if it did not only tag.
    pub(super) fn stage(&self, at: usize, stage: usize) -> Answer {
        match self.place(at) {
            Place::Aside => Answer::Unknown,
            Place::Stage(decided) if decided == stage => Answer::TakesOut,
            Place::Stage(decided) if decided < stage => self.behind(at, decided, stage, None),
            _ if self.stages.notes[stage].action == Action::Tag => Answer::of(self.tag(at, stage).is_some()),
            _ => Answer::Passes,
        }
    }

    /// The same for one rule.
    pub(super) fn rule(&self, at: usize, stage: usize, rule: usize) -> Answer {
        let id = self.stages.notes[stage].rules[rule].id.as_str();
        match self.place(at) {
            Place::Aside => Answer::Unknown,
            Place::Stage(decided) if decided == stage => {
                match self.rule.is_valid(at).then(|| self.rule.value(at)) {
                    Some(first) if first == id => Answer::TakesOut,
                    first => self.beside(at, stage, rule, first),
                }
            }
            Place::Stage(decided) if decided < stage => self.behind(at, decided, stage, Some(rule)),
            _ => match self.tag(at, stage) {
                None => Answer::Passes,
                Some(first) if first == id => Answer::TakesOut,
                first => self.beside(at, stage, rule, first),
            },
        }
    }

    /// The rule by whose name a stage tagged a record.
    fn tag(&self, at: usize, stage: usize) -> Option<&'b str> {
        self.broken[stage].filter(|broken| broken.is_valid(at)).map(|broken| broken.value(at))
    }

    /// What a rule says where another one of its stage was the `first` to be broken.
    fn beside(&self, at: usize, stage: usize, rule: usize, first: Option<&str>) -> Answer {
        if self.stages.is_barrier(stage) {
            return Answer::Unknown;
        }
        if self.stages.measure == Measure::All {
            return self.measured(at, stage, rule);
        }
        let note = &self.stages.notes[stage];
        let first = note.rules.iter().position(|rule| Some(rule.id.as_str()) == first);
        match first.is_some_and(|first| note.ordered && rule < first) {
            true => Answer::Passes,
            false => Answer::Unknown,
        }
    }

    /// What a stage, or a rule of it, says of a record that was taken out before.
    fn behind(&self, at: usize, decided: usize, stage: usize, rule: Option<usize>) -> Answer {
        let unread = self.stages.measure != Measure::All || self.stages.is_barrier(stage);
        if unread || self.would_be_edited(at, decided, stage) {
            return Answer::Unknown;
        }
        match rule {
            Some(rule) => self.measured(at, stage, rule),
            None => {
                let rules = 0..self.values[stage].len();
                rules.fold(Answer::Passes, |answer, rule| answer.or(self.measured(at, stage, rule)))
            }
        }
    }

    /// Whether stages from `decided` up to `stage` may have edited the text, had it come so far.
    fn would_be_edited(&self, at: usize, decided: usize, stage: usize) -> bool {
        (decided..stage).filter(|between| self.stages.notes[*between].edits).any(|between| {
            let untouched = |edited: &BooleanArray| edited.is_valid(at) && !edited.value(at);
            !self.edited[between].is_some_and(untouched)
        })
    }

    /// What follows from the value of a rule; a rule that measured nothing is not broken.
    fn measured(&self, at: usize, stage: usize, rule: usize) -> Answer {
        let Some(values) = self.values[stage][rule] else { return Answer::Unknown };
        Answer::of(values.is_valid(at) && self.stages.bound(stage, rule).broken_by(values.value(at)))
    }
}
