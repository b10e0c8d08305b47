//! One record's way through the stages.

use super::watch::{Part, Watch};
use crate::barriers::Barrier;
use crate::config::OnError;
use crate::judge::verdicts::{Decision, StageEdit, decimal};
use crate::plan::{EDITED, ERROR, FAILED, Plan, Stage, Step};
use filters::{
    Action, Chat, Chosen, Edits, Filter, Findings, Measure, TurnSelection, Value, View, within_strings,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// One record's way through the stages.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) decision: Option<Decision>,
    pub(super) edits: Vec<StageEdit>,
    /// The next barrier.
    barrier: usize,
}

impl Walk {
    /// Runs the stages from `from` on. Stops early with what the record has become when a stage edits it.
    pub(super) fn stages(
        &mut self,
        plan: &Plan,
        from: usize,
        view: &View<'_>,
        (findings, keys): (&mut Findings, &mut [Vec<u64>]),
        watch: &mut impl Watch,
    ) -> Option<(usize, Chat)> {
        for (at, stage) in plan.stages.iter().enumerate().skip(from) {
            let over = self.decision.is_some();
            let edited = match &stage.step {
                Step::Barrier(barrier) => {
                    let keys = &mut keys[self.barrier];
                    self.barrier += 1;
                    let start = keys.len();
                    keys.resize(start + barrier.key_words(), 0);
                    if over && !self.is_associate(plan, barrier.as_ref()) {
                        continue;
                    }
                    watch.enter(at, view);
                    sign(barrier.as_ref(), stage.turns.as_ref(), view, (findings, &mut keys[start..]));
                    None
                }
                Step::Judge { .. } if over && plan.config.file.measure == Measure::First => continue,
                Step::Judge { .. } => {
                    watch.enter(at, view);
                    self.judge(at, stage, view, findings)
                }
            };
            watch.leave(at, view);
            watch.done(Part::Stage(at));
            if let Some(edited) = edited {
                return Some((at, edited));
            }
        }
        None
    }

    /// Whether a barrier wants to see this record, though a stage has taken it out.
    fn is_associate(&self, plan: &Plan, barrier: &dyn Barrier) -> bool {
        let by = self.decision.as_ref().and_then(|decision| plan.stages.get(usize::from(decision.stage)));
        by.is_some_and(|stage| barrier.associates().contains(&stage.name))
    }

    fn judge(&mut self, at: usize, stage: &Stage, view: &View<'_>, findings: &mut Findings) -> Option<Chat> {
        let Step::Judge { filter, slots, .. } = &stage.step else { return None };
        if stage.when.as_ref().is_some_and(|when| !when.holds(view, findings)) {
            return None;
        }
        findings.enter(slots);
        if !judged(filter.as_ref(), stage.turns.as_ref(), view, findings) {
            self.fail(at, stage, view, findings);
            return None;
        }
        if let Some(broken) = findings.broken() {
            let rule = slots.rules[broken.rule].id.clone();
            if stage.action == Action::Tag {
                findings.record(slots.columns.len() - 1, Value::Label(Arc::from(rule.as_ref())));
            } else if self.decision.is_none() {
                self.decision = Some(Decision {
                    stage: at as u16,
                    rule,
                    value: decimal(broken.value),
                    bound: broken.bound.limit().map(decimal).unwrap_or_default(),
                    quarantined: stage.action == Action::Quarantine,
                });
                return None;
            }
        }
        if !filter.edits() {
            return None;
        }
        let edits = Edits::new(view.text(), findings.take_edits());
        if let Some(column) = slots.columns.iter().rposition(|column| *column == EDITED) {
            findings.record(column, Value::Flag(!edits.is_empty()));
        }
        if edits.is_empty() || self.decision.is_some() {
            return None;
        }
        self.edits
            .extend(edits.as_slice().iter().map(|edit| StageEdit { stage: at as u16, edit: edit.clone() }));
        Some(Chat::after(view.document(), &edits))
    }

    /// A record that a stage could not judge: neither what it found nor what it would have done is known.
    fn fail(&mut self, at: usize, stage: &Stage, view: &View<'_>, findings: &mut Findings) {
        let Step::Judge { slots, .. } = &stage.step else { return };
        tracing::warn!("stage `{}` could not judge the record `{}`", stage.name, view.document().id);
        for column in 0..slots.columns.len() {
            findings.record(column, Value::Absent);
        }
        match stage.on_error {
            OnError::Pass => {
                if let Some(column) = slots.columns.iter().rposition(|column| *column == FAILED) {
                    findings.record(column, Value::Flag(true));
                }
            }
            OnError::Quarantine if self.decision.is_none() => {
                self.decision = Some(Decision {
                    stage: at as u16,
                    rule: ERROR.into(),
                    value: "1".into(),
                    bound: "0".into(),
                    quarantined: true,
                });
            }
            OnError::Quarantine => {}
        }
    }
}

/// Lets a barrier leave its key for a record, or for some turns of it; a record without such a turn takes no part.
fn sign(
    barrier: &dyn Barrier,
    turns: Option<&TurnSelection>,
    view: &View<'_>,
    (findings, key): (&Findings, &mut [u64]),
) {
    let Some(turns) = turns else { return barrier.sign(view, findings, key) };
    let chosen = Chosen::of(view.document(), turns);
    if !chosen.is_empty() {
        barrier.sign(&view.beside(chosen.document(view.document())), findings, key);
    }
}

/// Lets a filter judge a text, or some turns of it. Whether it stopped early is told by the broken rule, edits stay
/// within strings; `false` if it could not judge.
pub(crate) fn judged(
    filter: &dyn Filter,
    turns: Option<&TurnSelection>,
    view: &View<'_>,
    findings: &mut Findings,
) -> bool {
    // a bug in a stage must not end a run of many hours
    let judged = catch_unwind(AssertUnwindSafe(|| match turns {
        None => {
            _ = filter.judge(view, findings);
            findings.change_edits(|edits| within_strings(edits, view.document().joints));
        }
        Some(turns) => {
            let spans = findings.spans();
            let chosen = Chosen::of(view.document(), turns);
            _ = filter.judge(&view.beside(chosen.document(view.document())), findings);
            findings.move_spans(spans, |offset| chosen.original_offset(offset));
            findings.change_edits(|edits| chosen.original_edits(edits));
        }
    }));
    judged.is_ok() && !findings.failed()
}

/// The edits of one record replayed on its text, up to (not including) the stage at `before`.
pub(crate) fn replay(text: &str, edits: &[StageEdit], before: usize) -> Edits {
    let mut done = Edits::default();
    let mut at = 0;
    while at < edits.len() && (edits[at].stage as usize) < before {
        let stage = edits[at].stage;
        let end = edits[at..].iter().position(|e| e.stage != stage).map_or(edits.len(), |n| at + n);
        let list = edits[at..end].iter().map(|e| e.edit.clone()).collect();
        let now = done.apply(text);
        done = done.then(text, &Edits::new(&now, list));
        at = end;
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use filters::{Column, Document, Kind, Layout, Scratch};
    use std::ops::ControlFlow;
    use std::path::Path;

    /// Cannot judge what holds these words.
    struct Faulty;

    impl Filter for Faulty {
        fn columns(&self) -> Vec<Column> {
            vec![Column::new("score", Kind::Number)]
        }

        fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
            match view.text() {
                "panic" => std::panic::resume_unwind(Box::new("a bug")),
                "nan" => findings.record(0, Value::Number(f64::NAN)),
                "half" => {
                    findings.record(0, Value::Number(0.25));
                    findings.fail();
                }
                _ => findings.record(0, Value::Number(0.5)),
            }
            ControlFlow::Continue(())
        }
    }

    /// A plan of one stage with these keys, whose filter is [`Faulty`].
    fn plan(keys: &str) -> Plan {
        let text = format!(
            "schema = 1\n[input]\nfiles = [\"a\"]\ntext = \"t\"\n[[stage]]\nuse = \"gopher-quality\"\nname = \"scorer\"\n{keys}"
        );
        let mut plan = Plan::new(Config::parse(Path::new("c.toml"), &text, &[]).unwrap()).unwrap();
        let extra: &[Column] = if keys.is_empty() { &[] } else { &[FAILED] };
        let mut layout = Layout::default();
        let slots = layout.add(&Faulty, extra);
        plan.stages[0].step = Step::Judge { filter: Box::new(Faulty), slots, aliases: Vec::new() };
        plan.layout = layout;
        plan
    }

    fn walk(plan: &Plan, text: &str) -> (Option<Decision>, Vec<Value>) {
        let scratch = Scratch::default();
        let mut findings = Findings::new(&plan.layout, Measure::First);
        let view = View::new(Document { text, id: "r", ..Document::default() }, &scratch);
        let mut walk = Walk::default();
        walk.stages(plan, 0, &view, (&mut findings, &mut []), &mut ());
        let columns = plan.columns().len();
        (walk.decision, (0..columns).map(|at| findings.get(filters::ColumnRef(at)).clone()).collect())
    }

    #[test]
    fn what_a_stage_cannot_judge_is_quarantined_or_passes_marked() {
        let (closed, open) = (plan(""), plan("on_error = \"pass\""));
        for text in ["panic", "nan", "half"] {
            let (decision, columns) = walk(&closed, text);
            let decision = decision.unwrap();
            assert_eq!((decision.rule.as_ref(), decision.quarantined), (ERROR, true), "{text}");
            assert_eq!(columns, [Value::Absent], "{text}");
            let (decision, columns) = walk(&open, text);
            assert!(decision.is_none(), "{text}");
            assert_eq!(columns, [Value::Absent, Value::Flag(true)], "{text}");
        }
        let (decision, columns) = walk(&open, "other");
        assert_eq!((decision.is_none(), columns), (true, vec![Value::Number(0.5), Value::Absent]));
    }
}
