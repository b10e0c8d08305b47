//! What came of it, counted and listed.

use super::change::Stage;
use super::read::Part;
use super::walk::{End, Why};
use super::{NOWHERE, Ranked, Record};
use crate::judge::verdicts::decimal;
use arrow_array::{Array, StringArray};
use filters::Action;
use manifests::ledger::Fate;
use serde::Serialize;
use std::collections::BTreeMap;

/// A release recounted under other bounds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WhatIf {
    /// Records in the ledger.
    pub records: u64,
    /// Records whose fate and deciding rule stay.
    pub unchanged: u64,
    /// Records that get another fate.
    pub flipped: u64,
    /// Records that keep their fate but are taken out by another rule.
    pub redecided: u64,
    /// Records of which this cannot be told.
    pub unanswered: u64,
    /// Fates as they are.
    pub before: Counts,
    /// Fates as they would be, those not known aside.
    pub after: Counts,
    /// By `stage/rule`: the records it would newly take out and those it would no longer take out.
    pub rules: BTreeMap<String, Tally>,
    /// By reason: the records of which nothing can be told.
    pub reasons: BTreeMap<String, u64>,
    /// Every record that gets another fate or another deciding rule, in order.
    pub changes: Vec<Change>,
    /// Every record of which nothing can be told, in order.
    pub unknown: Vec<Unknown>,
}

/// Records by fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Released as they came in.
    pub kept: u64,
    /// Released with edits.
    pub edited: u64,
    /// Left out.
    pub removed: u64,
    /// Set apart.
    pub quarantined: u64,
}

impl Counts {
    fn add(&mut self, fate: Fate) {
        *match fate {
            Fate::Kept => &mut self.kept,
            Fate::Edited => &mut self.edited,
            Fate::Removed => &mut self.removed,
            Fate::Quarantined => &mut self.quarantined,
        } += 1;
    }
}

/// Records that change to and from one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Newly taken out by it.
    pub gains: u64,
    /// No longer taken out by it.
    pub loses: u64,
}

/// A record's final state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// `kept`, `edited`, `removed` or `quarantined`.
    pub fate: Fate,
    /// What takes it out; the rule is not known where several of one stage do and the first line decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Its rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The measured value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What it is held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
}

/// A record that changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Shard number.
    pub shard: u32,
    /// Row in the shard.
    pub row: u64,
    /// The record's id.
    pub id: String,
    /// Its state in the release.
    pub old: State,
    /// Its state under the new bounds.
    pub new: State,
    /// The new bound of the rule that decided so far, where a rule did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
}

/// A record whose fate cannot be told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unknown {
    /// Shard number.
    pub shard: u32,
    /// Row in the shard.
    pub row: u64,
    /// The record's id.
    pub id: String,
    /// Why not.
    pub reason: String,
}

/// What becomes of one record.
enum Outcome {
    Same,
    Changes(State),
    Unknown(Why),
}

pub(super) fn report(stages: &[Stage], parts: &[Part]) -> WhatIf {
    let mut report = WhatIf::default();
    for part in parts {
        for (at, record) in part.records.iter().enumerate() {
            report.add(stages, part, at, outcome(stages, part, at, record));
        }
    }
    report
}

impl WhatIf {
    /// Whether there is anything it can tell.
    pub fn answers(&self) -> bool {
        self.records == 0 || self.unanswered < self.records
    }

    fn add(&mut self, stages: &[Stage], part: &Part, at: usize, outcome: Outcome) {
        let old = part.fate.value(at).parse::<Fate>().unwrap_or_default();
        self.records += 1;
        self.before.add(old);
        let (shard, row) = (part.shard.value(at), part.row.value(at));
        match outcome {
            Outcome::Same => {
                self.unchanged += 1;
                self.after.add(old);
            }
            Outcome::Changes(new) => {
                self.after.add(new.fate);
                let (old, moved_to) = old_state(stages, part, at, old);
                *if old.fate == new.fate { &mut self.redecided } else { &mut self.flipped } += 1;
                if let Some(name) = rule_name(&old) {
                    self.rules.entry(name).or_default().loses += 1;
                }
                if let Some(name) = rule_name(&new) {
                    self.rules.entry(name).or_default().gains += 1;
                }
                let id = part.id.value(at).to_string();
                self.changes.push(Change { shard, row, id, old, new, moved_to });
            }
            Outcome::Unknown(why) => {
                self.unanswered += 1;
                let reason = reason(stages, why);
                *self.reasons.entry(reason.clone()).or_default() += 1;
                self.unknown.push(Unknown { shard, row, id: part.id.value(at).to_string(), reason });
            }
        }
    }
}

fn rule_name(state: &State) -> Option<String> {
    let stage = state.stage.as_ref()?;
    Some(format!("{stage}/{}", state.rule.as_deref().unwrap_or("…")))
}

fn outcome(stages: &[Stage], part: &Part, at: usize, record: &Record) -> Outcome {
    if record.removed != NOWHERE {
        let barrier = usize::from(record.removed);
        let new = match record.ranked {
            Some(ranked) => out_ranked(&stages[barrier], ranked),
            None => duplicate(&stages[barrier]),
        };
        let same_rule = record.ranked.is_none() || new.rule.as_deref() == Some(part.rule.value(at));
        return if record.ledger == record.removed && same_rule {
            Outcome::Same
        } else {
            Outcome::Changes(new)
        };
    }
    if record.doubt != NOWHERE {
        return Outcome::Unknown(Why::Barrier(record.doubt));
    }
    match record.end {
        End::Input => Outcome::Same,
        End::Doubt { why, .. } => Outcome::Unknown(why),
        End::Released { .. } if record.ledger == NOWHERE => Outcome::Same,
        End::Released { edited: Some(edited) } => {
            let fate = if edited { Fate::Edited } else { Fate::Kept };
            Outcome::Changes(State { fate, stage: None, rule: None, value: None, bound: None })
        }
        End::Released { edited: None } => Outcome::Unknown(Why::Edits(first_editing(stages))),
        End::Decided { stage, rule, value } => {
            let place = &stages[usize::from(stage)];
            let rule = rule.map(|rule| &place.rules[usize::from(rule)]);
            if record.ledger == stage && rule.is_none_or(|rule| rule.id == part.rule.value(at)) {
                return Outcome::Same;
            }
            Outcome::Changes(State {
                fate: fate(place),
                stage: Some(place.name.clone()),
                rule: rule.map(|rule| rule.id.clone()),
                value: rule.map(|_| decimal(value)),
                bound: rule.and_then(|rule| rule.new.limit().map(decimal)),
            })
        }
    }
}

fn first_editing(stages: &[Stage]) -> u16 {
    stages.iter().position(|stage| stage.edits).unwrap_or_default() as u16
}

fn fate(stage: &Stage) -> Fate {
    if stage.action == Action::Quarantine { Fate::Quarantined } else { Fate::Removed }
}

/// The state of a record that equals an earlier one.
fn duplicate(stage: &Stage) -> State {
    State {
        fate: fate(stage),
        stage: Some(stage.name.clone()),
        rule: stage.rules.first().map(|rule| rule.id.clone()),
        value: Some("1".into()),
        bound: Some("0".into()),
    }
}

/// The state of a record that a ranking takes out.
fn out_ranked(stage: &Stage, ranked: Ranked) -> State {
    State {
        fate: fate(stage),
        stage: Some(stage.name.clone()),
        rule: stage.rules.get(ranked.rule).map(|rule| rule.id.clone()),
        value: Some(ranked.value.to_string()),
        bound: Some(ranked.bound.to_string()),
    }
}

/// A record's state by the ledger, and the new bound of the rule that decided it.
fn old_state(stages: &[Stage], part: &Part, at: usize, fate: Fate) -> (State, Option<String>) {
    let text = |array: &StringArray| array.is_valid(at).then(|| array.value(at).to_string());
    let stage = stages.get(usize::from(part.records[at].ledger));
    let rule = text(&part.rule);
    let decided = stage.and_then(|stage| stage.rules.iter().find(|r| Some(&r.id) == rule.as_ref()));
    let moved_to = decided.filter(|rule| rule.old != rule.new).and_then(|rule| rule.new.limit().map(decimal));
    let (stage, value, bound) = (stage.map(|stage| stage.name.clone()), text(&part.value), text(&part.bound));
    (State { fate, stage, rule, value, bound }, moved_to)
}

fn reason(stages: &[Stage], why: Why) -> String {
    let name = |at: u16| stages.get(usize::from(at)).map_or("", |stage| stage.name.as_str());
    match why {
        Why::WouldEdit(at) => {
            format!("would newly be edited by `{}`: what follows would see another text", name(at))
        }
        Why::Edits(at) => format!("what `{}` would edit was not found out", name(at)),
        Why::Reads(at) => format!("`{}` reads what an earlier stage would record differently", name(at)),
        Why::Barrier(at) => format!("`{}` would compare other records", name(at)),
    }
}
