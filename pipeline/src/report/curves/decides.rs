//! Which rules hold a recorded number against a bound, and when moving that bound changes nothing but what passes it.

use super::super::answers::{Answer, Answers, Place, Stages};
use super::CurveOf;
use filters::{Action, Bound, Measure, names_column};

/// A rule that holds the number against a bound.
pub(super) struct Decider {
    pub(super) stage: usize,
    pub(super) rule: usize,
    pub(super) bound: Bound,
    /// Where the ledger has the numbers it judged.
    pub(super) column: String,
}

/// The rules that hold a column against a bound: the one that measures it, and ranges over it.
pub(super) fn deciders(stages: &Stages, asked: &CurveOf) -> Vec<Decider> {
    let judging = stages.rules().filter(|(stage, _)| !stages.is_barrier(*stage));
    let found = judging.filter_map(|(stage, rule)| {
        let own = stages.rule_name(stage, rule);
        let ranged = ranges_over(stages, stage, &asked.column);
        (own == asked.column || ranged).then(|| Decider {
            stage,
            rule,
            bound: stages.bound(stage, rule),
            column: match stages.measure == Measure::All && stages.columns.contains(&own) {
                true => own,
                false => asked.column.clone(),
            },
        })
    });
    found.collect()
}

/// Whether a stage only holds this column against its bounds.
fn ranges_over(stages: &Stages, stage: usize, column: &str) -> bool {
    let table = &stages.tables[stage];
    let score = table.table.get("score").and_then(toml::Value::as_str);
    table.used == "score-range" && score.is_some_and(|score| names_column(score, column))
}

impl Decider {
    /// Why more than the passing of its bound would change with it; nothing where it would not.
    pub(super) fn alone(&self, stages: &Stages) -> Result<(), String> {
        let (note, later) = (&stages.notes[self.stage], self.stage + 1..stages.notes.len());
        let name = |at: usize| stages.notes[at].name.as_str();
        if note.action == Action::Tag {
            return Err(format!("`{}` only tags", note.name));
        }
        if note.edits {
            return Err(format!("`{}` edits the text", note.name));
        }
        if stages.measure != Measure::All && stages.tables[self.stage].when.is_some() {
            return Err(format!("`{}` judges some records only, and did not note which", note.name));
        }
        if let Some(barrier) = later.clone().find(|at| stages.is_barrier(*at)) {
            return Err(format!(
                "`{}` would compare other records: `probity whatif` tells more",
                name(barrier)
            ));
        }
        match later.clone().find(|at| stages.tables[*at].names(&note.name)) {
            Some(reader) => Err(format!("`{}` reads what `{}` records", name(reader), note.name)),
            None => Ok(()),
        }
    }

    /// Whether a record is taken out by something else.
    pub(super) fn else_passes(&self, answers: &Answers<'_>, stages: &Stages, at: usize) -> Answer {
        match answers.place(at) {
            Place::Released => Answer::Passes,
            Place::Stage(stage)
                if stage == self.stage && answers.rule(at, stage, self.rule) == Answer::TakesOut =>
            {
                self.beside(answers, stages, at)
            }
            Place::Stage(_) | Place::Aside => Answer::TakesOut,
        }
    }

    /// What the other rules of the stage and all later stages say of a record that this rule took out.
    fn beside(&self, answers: &Answers<'_>, stages: &Stages, at: usize) -> Answer {
        let rules = stages.rules_of(self.stage).filter(|rule| *rule != self.rule);
        let rules = rules.map(|rule| answers.rule(at, self.stage, rule));
        let later =
            (self.stage + 1..stages.notes.len()).filter(|stage| stages.notes[*stage].action != Action::Tag);
        let later = later.filter(|stage| !stages.notes[*stage].rules.is_empty());
        rules.chain(later.map(|stage| answers.stage(at, stage))).fold(Answer::Passes, Answer::or)
    }
}
