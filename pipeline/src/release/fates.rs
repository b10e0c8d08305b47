//! Fates: every record's final state, from what the judge found and what the barriers removed.

use crate::Result;
use crate::barriers::corpus::{Group, Judged};
use crate::barriers::{RecordNumber, Removal, Resolution};
use crate::files::artefact;
use crate::files::spill::Listing;
use crate::judge::replay;
use crate::judge::verdicts::{Decision, INPUT_STAGE, Verdicts, decimal};
use crate::plan::{Plan, Step};
use crate::release::ledger::Extra;
use crate::release::parts::{Mark, Marks};
use filters::Edits;
use manifests::ledger::{Edit, Fate, LedgerRow, SaltKey, commit};
use std::path::{Path, PathBuf};

/// One record's final state.
#[derive(Clone, Debug)]
pub(crate) struct RecordFate {
    pub(crate) fate: Fate,
    pub(crate) stage: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) bound: Option<String>,
    pub(crate) similarity: Option<String>,
    /// The edits of an edited record; empty for every other.
    pub(crate) edits: Edits,
    /// Every edit ever made, also to a record that a later stage removed.
    pub(crate) made: Edits,
    /// How often it is written and where to, if it is released.
    pub(crate) mark: Mark,
    alias: Option<String>,
    survivor: Option<RecordNumber>,
    decided_at: Option<usize>,
}

impl RecordFate {
    /// Whether the record is in the release.
    pub(crate) fn is_released(&self) -> bool {
        matches!(self.fate, Fate::Kept | Fate::Edited)
    }
}

/// What a barrier came to.
pub(crate) struct Resolved {
    /// Position of its stage.
    pub(crate) stage: usize,
    /// Rows of removals, by record.
    pub(crate) removals: Listing<5>,
    /// Record, start and end of what is cut out of texts.
    pub(crate) cuts: Listing<3>,
    /// Record and what it is marked with.
    pub(crate) marks: Listing<2>,
}

impl Resolved {
    const FILES: [(&str, artefact::Kind); 3] = [
        ("removals", artefact::Kind::Removals),
        ("cuts", artefact::Kind::Cuts),
        ("marks", artefact::Kind::Marks),
    ];

    /// Where a barrier leaves it.
    pub(crate) fn files(folder: &Path) -> [PathBuf; 3] {
        Self::FILES.map(|(name, _)| folder.join(name))
    }

    /// What an interrupted run, or another process, left of it.
    pub(crate) fn find(stage: usize, folder: &Path, identity: &artefact::Identity) -> Option<Self> {
        let [removals, cuts, marks] = Self::FILES.map(|(name, kind)| (folder.join(name), kind));
        Some(Self {
            stage,
            removals: Listing::find(&removals.0, removals.1, identity)?,
            cuts: Listing::find(&cuts.0, cuts.1, identity)?,
            marks: Listing::find(&marks.0, marks.1, identity)?,
        })
    }

    pub(crate) fn write(
        stage: usize,
        folder: &Path,
        identity: &artefact::Identity,
        resolution: Resolution,
    ) -> Result<Self> {
        let [removals, cuts, marks] = Self::FILES.map(|(name, kind)| (folder.join(name), kind));
        let (removed, cut, marked) = resolution.finish()?;
        Ok(Self {
            stage,
            removals: Listing::write(&removals.0, removals.1, identity, removed.map(Ok))?,
            cuts: Listing::write(&cuts.0, cuts.1, identity, cut.map(Ok))?,
            marks: Listing::write(&marks.0, marks.1, identity, marked.map(Ok))?,
        })
    }
}

/// The fates of the corpus.
pub(crate) struct Fates<'r> {
    pub(crate) judged: &'r Judged<'r>,
    /// What the barriers came to, in their order.
    pub(crate) resolved: &'r [Resolved],
    pub(crate) salt_key: &'r SaltKey,
}

impl Fates<'_> {
    fn plan(&self) -> &Plan {
        self.judged.plan
    }

    /// The fates of a row group, in order.
    pub(crate) fn of_group(&self, group: &Group, verdicts: &Verdicts) -> Result<Vec<RecordFate>> {
        let mut removed = vec![None; verdicts.len()];
        for Resolved { stage, removals, .. } in self.resolved {
            let [from, to] = [group.records.start, group.records.end].map(|record| removals.position(record));
            for removal in removals.range(from..to).map(Removal::of) {
                removed[(removal.record - group.records.start) as usize] = Some((*stage, removal));
            }
        }
        let marks = Marks::of(self.plan(), self.resolved).of_group(group.records.clone());
        let fate = |(row, removed): (usize, Option<(usize, Removal)>)| match removed {
            Some((stage, removal)) => Ok(self.removed(stage, removal)),
            None => Ok(match verdicts.decision(row)? {
                Some(decision) => self.decided(decision),
                None => RecordFate { mark: marks[row], ..self.released() },
            }),
        };
        removed.into_iter().enumerate().map(fate).collect()
    }

    /// Whether anything is replaced in a record's text or cut out of it.
    pub(crate) fn has_edits(&self, record: RecordNumber, verdicts: &Verdicts, row: usize) -> Result<bool> {
        let cut = |resolved: &Resolved| {
            !resolved.cuts.is_empty() && resolved.cuts.position(record) < resolved.cuts.position(record + 1)
        };
        Ok(!verdicts.edits(row)?.is_empty() || self.resolved.iter().any(cut))
    }

    /// Replays the edits of a record on its text, which only the writer has at hand: those its stages made, then what
    /// barriers cut out of it.
    pub(crate) fn replay_edits(
        &self,
        fate: &mut RecordFate,
        (record, text): (RecordNumber, &str),
        verdicts: &Verdicts,
        row: usize,
    ) -> Result<()> {
        let edits = verdicts.edits(row)?;
        let before = fate.decided_at.unwrap_or(usize::MAX);
        fate.made = replay(text, &edits, before);
        for resolved in self.resolved.iter().filter(|resolved| resolved.stage < before) {
            let cuts = &resolved.cuts;
            let cuts: Vec<filters::Edit> =
                cuts.range(cuts.position(record)..cuts.position(record + 1)).map(cut).collect();
            if !cuts.is_empty() {
                let now = fate.made.apply(text);
                fate.made = fate.made.clone().then(text, &Edits::new(&now, cuts));
            }
        }
        if fate.is_released() && !fate.made.is_empty() {
            fate.fate = Fate::Edited;
            fate.edits = fate.made.clone();
        }
        Ok(())
    }

    fn released(&self) -> RecordFate {
        RecordFate {
            fate: Fate::Kept,
            stage: None,
            rule: None,
            value: None,
            bound: None,
            similarity: None,
            edits: Edits::default(),
            made: Edits::default(),
            mark: Mark::NONE,
            alias: None,
            survivor: None,
            decided_at: None,
        }
    }

    fn decided(&self, decision: Decision) -> RecordFate {
        let at = usize::from(decision.stage);
        let stage = self.plan().stages.get(at);
        let alias = stage.and_then(|stage| match &stage.step {
            Step::Judge { aliases, .. } => {
                aliases.iter().find(|(id, _)| *id == decision.rule).map(|(_, a)| a.to_string())
            }
            Step::Barrier(_) => None,
        });
        RecordFate {
            fate: if decision.quarantined { Fate::Quarantined } else { Fate::Removed },
            stage: Some(stage.map_or_else(|| "input".to_string(), |stage| stage.name.clone())),
            rule: Some(decision.rule.into_owned()),
            value: Some(decision.value),
            bound: Some(decision.bound),
            alias,
            decided_at: Some(if decision.stage == INPUT_STAGE { 0 } else { at }),
            ..self.released()
        }
    }

    fn removed(&self, at: usize, removal: Removal) -> RecordFate {
        let stage = &self.plan().stages[at];
        let Step::Barrier(barrier) = &stage.step else { return self.released() };
        let quarantined = stage.action == filters::Action::Quarantine || barrier.quarantines(removal.rule);
        let measured = (!removal.similarity.is_nan()).then(|| decimal(removal.similarity));
        RecordFate {
            fate: if quarantined { Fate::Quarantined } else { Fate::Removed },
            stage: Some(stage.name.clone()),
            rule: barrier.rules().get(removal.rule).map(|rule| rule.id.to_string()),
            // what could not be measured only matched
            value: Some(measured.clone().unwrap_or_else(|| "1".into())),
            bound: Some(removal.bound.map_or_else(|| barrier.bound(removal.rule), decimal)),
            similarity: measured.filter(|_| barrier.measures_similarity(removal.rule)),
            survivor: removal.survivor,
            decided_at: Some(at),
            ..self.released()
        }
    }

    /// The row the verifier sees, and what else the ledger keeps.
    pub(crate) fn ledger_row(
        &self,
        fate: &RecordFate,
        row: u64,
        shard: usize,
        out: Option<(u32, u64)>,
        (verdicts, at): (&Verdicts, usize),
    ) -> Result<(LedgerRow, Extra)> {
        let survivor = fate.survivor.map(|record| self.judged.place(record)).transpose()?;
        let stem = |shard: u32| self.judged.shards[shard as usize].stem().to_string();
        let salt = self.salt_key.salt(&stem(shard as u32), row);
        let edits = fate.edits.as_slice().iter().map(|edit| Edit {
            part: 0,
            start: edit.start as u64,
            end: edit.end as u64,
            with: edit.with.to_string(),
        });
        let row = LedgerRow {
            row,
            fate: fate.fate,
            stage: fate.stage.clone(),
            rule: fate.rule.clone(),
            value: fate.value.clone(),
            bound: fate.bound.clone(),
            duplicate_of: survivor.map(|(shard, row)| (stem(shard), row)),
            similarity: fate.similarity.clone(),
            edits: edits.collect(),
            repeats: fate.mark.repeats,
            split: out.and_then(|_| self.plan().splits().get(fate.mark.split).cloned()),
            out,
            commit: commit(&salt, &verdicts.digest("content", at)?, &verdicts.digest("norm", at)?),
        };
        Ok((row, Extra { alias: fate.alias.clone(), duplicate_of: survivor, decided_at: fate.decided_at }))
    }

    /// Records removed as duplicates of a record that is itself not released.
    pub(crate) fn orphans(&self) -> u64 {
        let removals = self.resolved.iter().flat_map(|resolved| resolved.removals.iter());
        let survivors = removals.filter_map(|row| Removal::of(row).survivor);
        survivors.filter(|&survivor| self.judged.is_decided(survivor)).count() as u64
    }
}

fn cut([_, start, end]: [u64; 3]) -> filters::Edit {
    filters::Edit { start: start as usize, end: end as usize, with: std::borrow::Cow::Borrowed("") }
}
