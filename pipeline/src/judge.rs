//! The judging task: one row group through every per-record stage, in the order of the configuration.
//!
//! All per-record stages run in this one pass, also those that stand behind a barrier: their answer depends on the
//! record alone, so it is the same whether or not a barrier removes the record first. At a barrier's place the
//! record leaves the key by which the barrier will later compare it.

use crate::batch::{Cause, Rows, ShardReader};
use crate::inputs::Shard;
use crate::plan::{Plan, Stage, Step};
use crate::verdicts::{Builder, Decision, INPUT_STAGE, Judged, StageEdit, decimal};
use crate::{Error, Result};
use filters::{Action, Document, Edits, Findings, Measure, Scratch, Value, View};
use manifests::digest::Sha256;
use std::borrow::Cow;
use std::sync::Arc;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// What judging one row group yields: the payloads of its artefacts.
pub(crate) struct JudgedGroup {
    pub(crate) verdicts: Vec<u8>,
    /// One payload per barrier, in order.
    pub(crate) keys: Vec<Vec<u8>>,
}

/// Judges one row group. Rows of a group that cannot be decoded are quarantined, every one of them.
pub(crate) fn judge_group(
    plan: &Plan,
    shard: &Shard,
    shard_index: usize,
    row_group: usize,
) -> Result<JudgedGroup> {
    let reader = ShardReader::open(shard, &plan.config.file.input)?;
    let first_row = shard.first_row(row_group);
    let expected = shard.row_groups[row_group];
    match Judge::new(plan, shard, shard_index).group(&reader, row_group, first_row) {
        Ok((group, rows)) if rows == expected => Ok(group),
        Ok((_, rows)) => {
            tracing::warn!(
                "`{}`: row group {row_group}: footer says {expected} rows, found {rows}",
                shard.path.display()
            );
            Judge::new(plan, shard, shard_index).unreadable(first_row, expected)
        }
        Err(GroupError::Damaged(why)) => {
            tracing::warn!("`{}`: row group {row_group}: {why}", shard.path.display());
            Judge::new(plan, shard, shard_index).unreadable(first_row, expected)
        }
        Err(GroupError::Fatal(error)) => Err(error),
    }
}

enum GroupError {
    /// The bytes of this row group are not what they should be.
    Damaged(String),
    /// Anything else.
    Fatal(Error),
}

impl From<Error> for GroupError {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}

struct Judge<'p> {
    plan: &'p Plan,
    source: &'p str,
    shard_index: usize,
    scratch: Scratch,
    findings: Findings,
    verdicts: Builder,
    keys: Vec<Vec<u8>>,
    normal: String,
}

impl<'p> Judge<'p> {
    fn new(plan: &'p Plan, shard: &'p Shard, shard_index: usize) -> Self {
        let measure = plan.config.file.measure;
        let rules = if measure == Measure::All { plan.rules().len() } else { 0 };
        Self {
            plan,
            source: &shard.source,
            shard_index,
            scratch: Scratch::new(plan.config.file.words),
            findings: Findings::new(&plan.layout, measure),
            verdicts: Builder::new(&plan.columns(), rules),
            keys: plan.barriers().map(|_| Vec::new()).collect(),
            normal: String::new(),
        }
    }

    fn group(
        mut self,
        reader: &ShardReader,
        row_group: usize,
        first_row: u64,
    ) -> std::result::Result<(JudgedGroup, u64), GroupError> {
        let mut row_in_shard = first_row;
        let mut joined = String::new();
        for batch in reader.batches(row_group, None)? {
            let batch = batch.map_err(GroupError::Damaged)?;
            let rows = reader.rows(&batch)?;
            for row in 0..batch.num_rows() {
                self.row(&rows, row, row_in_shard, &mut joined)?;
                row_in_shard += 1;
            }
        }
        Ok((self.finish()?, row_in_shard - first_row))
    }

    fn unreadable(mut self, first_row: u64, rows: u64) -> Result<JudgedGroup> {
        for row in first_row..first_row + rows {
            self.quarantine(self.default_id(row).into(), None, Cause::Unreadable, 0)?;
        }
        self.finish()
    }

    fn finish(self) -> Result<JudgedGroup> {
        Ok(JudgedGroup { verdicts: self.verdicts.finish()?, keys: self.keys })
    }

    fn default_id(&self, row: u64) -> String {
        format!("{}:{row}", self.shard_index)
    }

    fn row(&mut self, rows: &Rows<'_>, row: usize, row_in_shard: u64, joined: &mut String) -> Result<()> {
        let id = rows.id(row).unwrap_or_else(|| Cow::Owned(self.default_id(row_in_shard)));
        let url = rows.url(row);
        match rows.text(row, joined) {
            Ok(text) if text.len() as u64 > self.plan.config.file.input.max_record_bytes => {
                self.quarantine(id, url, Cause::TooLarge, text.len() as u64)
            }
            Ok(text) => self.record(id, url, text),
            Err(cause) => self.quarantine(id, url, cause, 0),
        }
    }

    /// A record no stage can judge.
    fn quarantine(&mut self, id: Cow<'_, str>, url: Option<&str>, cause: Cause, bytes: u64) -> Result<()> {
        self.findings.clear();
        let (value, bound) = match cause {
            Cause::TooLarge => (bytes.to_string(), self.plan.config.file.input.max_record_bytes.to_string()),
            _ => ("1".to_string(), "0".to_string()),
        };
        let rule = cause.rule().into();
        let decision = Some(Decision { stage: INPUT_STAGE, rule, value, bound, quarantined: true });
        let judged = Judged { id, url, decision, text_bytes: bytes, ..Judged::default() };
        for (keys, (_, barrier)) in self.keys.iter_mut().zip(self.plan.barriers()) {
            keys.resize(keys.len() + barrier.key_len(), 0);
        }
        self.verdicts.add(&judged, &self.findings)
    }

    fn record(&mut self, id: Cow<'_, str>, url: Option<&str>, text: &str) -> Result<()> {
        self.findings.clear();
        let mut walk = Walk { decision: None, edits: Vec::new(), barrier: 0 };
        let mut current = Cow::Borrowed(text);
        let mut next = 0;
        loop {
            let document = Document { text: &current, id: &id, url, source: self.source };
            let view = View::new(document, &self.scratch);
            let step = walk.stages(self.plan, next, &view, &mut self.findings, &mut self.keys);
            drop(view);
            match step {
                Some((stage, edited)) => {
                    current = Cow::Owned(edited);
                    next = stage + 1;
                }
                None => break,
            }
        }
        let judged = Judged {
            url,
            decision: walk.decision,
            edits: walk.edits,
            spans: self.findings.take_spans(),
            text_bytes: text.len() as u64,
            content: Sha256::of(text.as_bytes()).0,
            norm: norm_v1(text, &mut self.normal).0,
            id,
        };
        self.verdicts.add(&judged, &self.findings)
    }
}

/// One record's way through the stages.
struct Walk {
    decision: Option<Decision>,
    edits: Vec<StageEdit>,
    barrier: usize,
}

impl Walk {
    /// Runs the stages from `from` on. Stops early with the new text when a stage edits it.
    fn stages(
        &mut self,
        plan: &Plan,
        from: usize,
        view: &View<'_>,
        findings: &mut Findings,
        keys: &mut [Vec<u8>],
    ) -> Option<(usize, String)> {
        for (at, stage) in plan.stages.iter().enumerate().skip(from) {
            match &stage.step {
                Step::Barrier(barrier) => {
                    let keys = &mut keys[self.barrier];
                    let start = keys.len();
                    keys.resize(start + barrier.key_len(), 0);
                    if self.decision.is_none() {
                        barrier.sign(view, &mut keys[start..]);
                    }
                    self.barrier += 1;
                }
                Step::Judge { .. }
                    if self.decision.is_some() && plan.config.file.measure == Measure::First => {}
                Step::Judge { .. } => {
                    if let Some(edited) = self.judge(at, stage, view, findings) {
                        return Some((at, edited));
                    }
                }
            }
        }
        None
    }

    fn judge(
        &mut self,
        at: usize,
        stage: &Stage,
        view: &View<'_>,
        findings: &mut Findings,
    ) -> Option<String> {
        let Step::Judge { filter, slots, .. } = &stage.step else { return None };
        if stage.when.is_some_and(|flag| *findings.get(flag) != Value::Flag(true)) {
            return None;
        }
        findings.enter(slots);
        // whether it stopped early is told by the broken rule
        let _ = filter.judge(view, findings);
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
        let edits = findings.take_edits();
        if edits.is_empty() || self.decision.is_some() {
            return None;
        }
        let edits = Edits::new(view.text(), edits);
        if edits.is_empty() {
            return None;
        }
        self.edits
            .extend(edits.as_slice().iter().map(|edit| StageEdit { stage: at as u16, edit: edit.clone() }));
        Some(edits.apply(view.text()))
    }
}

/// SHA-256 of the text in the form `norm-v1`: NFC, every run of Unicode White_Space one space, trimmed.
fn norm_v1(text: &str, normal: &mut String) -> Sha256 {
    normal.clear();
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        collapse(text.split_whitespace(), normal);
    } else {
        let composed: String = text.nfc().collect();
        collapse(composed.split_whitespace(), normal);
    }
    Sha256::of(normal.as_bytes())
}

fn collapse<'t>(words: impl Iterator<Item = &'t str>, normal: &mut String) {
    for word in words {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.push_str(word);
    }
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

    #[test]
    fn norm_v1_is_what_python_would_write() {
        // "\u{65}\u{301}" composes to é; U+00A0 and U+2003 are White_Space
        let mut buffer = String::new();
        let expected = Sha256::of("caf\u{e9} au lait".as_bytes());
        assert_eq!(norm_v1("  cafe\u{301}\u{a0}au\u{2003}\n lait ", &mut buffer), expected);
        assert_eq!(norm_v1("café au lait", &mut buffer), expected);
        assert_eq!(norm_v1(" \n", &mut buffer), Sha256::of(b""));
    }
}
