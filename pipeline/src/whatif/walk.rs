//! One record's way through the stages under the new bounds, told from what was measured on its way under the old
//! ones. The judge went on measuring after a record was decided, but edited its text no more: values behind an
//! editing stage are those of a text that was not edited there, unless the stage found nothing to edit.

use super::change::Stage;

/// What the ledger holds of one record: measured values by rule and whether each stage found something to edit.
pub(super) trait Measured {
    /// The value of a rule of a stage; `None` where the rule did not see the record.
    fn value(&self, stage: usize, rule: usize) -> Option<f64>;
    /// Whether an editing stage found something to edit; `None` where it did not say.
    fn edited(&self, stage: usize) -> Option<bool>;
}

/// Why a record's fate cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// It would now reach this stage, which would edit it: later values are those of another text.
    WouldEdit(u16),
    /// It would now pass this stage, and what the stage would edit was not found out.
    Edits(u16),
    /// This stage reads what another stage would record differently.
    Reads(u16),
    /// Other records would reach this barrier, so that it may remove others.
    Barrier(u16),
}

/// Where a record's way ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// It was never judged: the reader quarantined it.
    Input,
    /// A rule takes it out; `rule` is `None` where one of several does and the ledger does not tell which.
    Decided { stage: u16, rule: Option<u16>, value: f64 },
    /// No rule takes it out; whether it is edited may be unknown.
    Released { edited: Option<bool> },
    /// Nothing is known from the stage at `from` on.
    Doubt { from: u16, why: Why },
}

/// The stages' answer under the old bounds: the stage that decides and its rule, as in [`End::Decided`].
pub(super) fn recorded(stages: &[Stage], row: &impl Measured) -> Option<(usize, Option<usize>, f64)> {
    let decides =
        |stage: &&(usize, &Stage)| stage.1.barrier.is_none() && stage.1.action != filters::Action::Tag;
    stages.iter().enumerate().filter(|s| decides(&s)).find_map(|(at, stage)| {
        let broken = Broken::of(stage, at, row);
        broken.old.map(|(rule, value)| (at, broken.certain_old.then_some(rule), value))
    })
}

/// The rules of one stage that a record breaks.
#[derive(Default)]
struct Broken {
    /// The first under the old and under the new bounds.
    old: Option<(usize, f64)>,
    new: Option<(usize, f64)>,
    /// Whether that rule is the one that decides.
    certain_old: bool,
    certain_new: bool,
    /// Whether any rule is broken under one and not under the other.
    differs: bool,
}

impl Broken {
    fn of(stage: &Stage, at: usize, row: &impl Measured) -> Self {
        let mut found = Self { certain_old: true, certain_new: true, ..Self::default() };
        for (n, rule) in stage.rules.iter().enumerate() {
            let Some(value) = row.value(at, n) else { continue };
            let (old, new) = (rule.old.broken_by(value), rule.new.broken_by(value));
            found.differs |= old != new;
            if old {
                found.certain_old = found.old.is_none() || stage.ordered;
                found.old.get_or_insert((n, value));
            }
            if new {
                found.certain_new = found.new.is_none() || stage.ordered;
                found.new.get_or_insert((n, value));
            }
        }
        found
    }
}

/// Walks the record through the stages under the new bounds; `decided` is where it was decided under the old ones.
pub(super) fn walk(stages: &[Stage], row: &impl Measured, decided: Option<usize>) -> End {
    let mut walk = Walk { decided, edited: Some(false), doubt: None, doubtful: Vec::new() };
    for (at, stage) in stages.iter().enumerate() {
        if let Some(end) = walk.stage(at, stage, row) {
            return end;
        }
    }
    match (walk.doubt, walk.edited) {
        // the last thing that could happen to it is known: it is edited
        (Some(Why::WouldEdit(_)), _) | (None, Some(true)) => End::Released { edited: Some(true) },
        (Some(why), _) => End::Doubt { from: stages.len() as u16, why },
        (None, edited) => End::Released { edited },
    }
}

struct Walk {
    /// Where the record was decided under the old bounds: from there on its text was no longer edited.
    decided: Option<usize>,
    /// Whether the text was edited.
    edited: Option<bool>,
    /// Why the text that is here now is not the one that was measured.
    doubt: Option<Why>,
    /// Stages whose recorded columns may be others.
    doubtful: Vec<usize>,
}

impl Walk {
    fn stage(&mut self, at: usize, stage: &Stage, row: &impl Measured) -> Option<End> {
        let from = at as u16;
        let other_columns = self.doubtful.iter().any(|earlier| stage.reads.contains(earlier));
        if let Some(why) = self.doubt.or(other_columns.then_some(Why::Reads(from))) {
            if stage.decides() || stage.edits {
                return Some(End::Doubt { from, why });
            }
            self.doubtful.push(at);
            return None;
        }
        if stage.barrier.is_some() {
            return None;
        }
        let broken = Broken::of(stage, at, row);
        if let (Some((rule, value)), true) = (broken.new, stage.action != filters::Action::Tag) {
            let rule = broken.certain_new.then_some(rule as u16);
            return Some(End::Decided { stage: from, rule, value });
        }
        if broken.differs {
            self.doubtful.push(at);
        }
        if stage.edits {
            self.edit(at, stage, &broken, row);
        }
        None
    }

    /// The record passes an editing stage.
    fn edit(&mut self, at: usize, stage: &Stage, broken: &Broken, row: &impl Measured) {
        let was_edited_here = self.decided.is_none_or(|decided| at < decided);
        if broken.differs {
            self.doubt = Some(Why::Edits(at as u16));
            return;
        }
        match row.edited(at) {
            Some(false) => {}
            Some(true) if was_edited_here => self.edited = Some(true),
            Some(true) => self.doubt = Some(Why::WouldEdit(at as u16)),
            None if !saw(stage, at, row) => {}
            None if was_edited_here => self.edited = self.edited.filter(|edited| *edited),
            None => self.doubt = Some(Why::Edits(at as u16)),
        }
    }
}

/// Whether the stage may have seen the record: one that did measured its rules.
fn saw(stage: &Stage, at: usize, row: &impl Measured) -> bool {
    stage.rules.is_empty() || (0..stage.rules.len()).any(|rule| row.value(at, rule).is_some())
}
