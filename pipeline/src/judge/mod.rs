//! The judging task: one row group through every per-record stage, in the order of the configuration.
//!
//! All per-record stages run in this one pass, also those that stand behind a barrier: their answer depends on the
//! record alone, so it is the same whether or not a barrier removes the record first. At a barrier's place the
//! record leaves the key by which the barrier will later compare it.

pub(crate) mod norm;
pub(crate) mod verdicts;
mod walk;
mod watch;

use crate::Result;
use crate::config::OutputFormat;
use crate::judge::norm::norm_v1;
use crate::judge::verdicts::{Builder, Decision, INPUT_STAGE, Judged, Verdicts};
use crate::plan::Plan;
use crate::release::spellable::spellable_rows;
use crate::run::admission::Admission;
use crate::run::budget::{ANALYSIS_LENGTHS, Cost};
use crate::source::batch::{Cause, Rows, ShardReader};
use crate::source::inputs::Shard;
use crate::source::shelf::{Place, Shelf};
use crate::source::unread::{Damage, Unread};
use arrow_array::RecordBatch;
use filters::{Chat, Document, Findings, Measure, Scratch, View};
use manifests::digest::Sha256;
use std::borrow::Cow;
use walk::Walk;

pub(crate) use walk::{judged, replay};
pub(crate) use watch::{Part, Watch};

/// What judging one row group yields: the payloads of its artefacts.
pub(crate) struct JudgedGroup {
    pub(crate) verdicts: Vec<u8>,
    /// One payload per barrier, in order: the records' keys column by column, because barriers read few columns.
    pub(crate) keys: Vec<Vec<u8>>,
}

/// Judges one row group. Rows of a group that cannot be decoded are quarantined, every one of them.
pub(crate) fn judge_group(
    plan: &Plan,
    shard: &Shard,
    (shard_index, row_group): Place,
    (shelf, admission): (&Shelf, &Admission),
    watch: &mut impl Watch,
) -> Result<JudgedGroup> {
    let reader = plan.open(shard)?;
    let first_row = shard.first_row(row_group);
    let expected = shard.row_groups[row_group];
    let cost = Cost { decoded: reader.decoded_bytes(row_group), rows: expected, longest: 0 };
    let _admitted = admission.enter(cost.of_judging());
    let judge = || Judge::new(plan, (&shard.source, shard_index), admission);
    // all columns, also those that no stage looks at: a record that cannot be written back must not be known as one that
    // is there, least of all as the survivor of its duplicates
    let judged = match kept(&reader, row_group, shelf, expected)? {
        Some(batches) => {
            let judged = judge().group(&reader, batches.iter().cloned().map(Ok), first_row, watch);
            shelf.put((shard_index, row_group), batches);
            judged
        }
        None => reader.whole(row_group).and_then(|batches| judge().group(&reader, batches, first_row, watch)),
    };
    let judged = judged.and_then(|(group, rows)| match rows == expected {
        true => Ok(group),
        false => Err(Unread::Damaged(format!("footer says {expected} rows, found {rows}"))),
    });
    match Unread::damage(judged)? {
        Ok(group) => Ok(group),
        Err(Damage { why, cause }) => {
            tracing::warn!("`{}`: row group {row_group}: {why}", shard.file);
            judge().unread(first_row, expected, cause)
        }
    }
}

/// Judges a batch that comes from no shard but from this source, as if it were the first of a run.
pub(crate) fn judge_batch(
    plan: &Plan,
    source: &str,
    (rows, batch): (&Rows<'_>, &RecordBatch),
) -> Result<Verdicts> {
    let admission = Admission::new(u64::MAX);
    let mut judge = Judge::new(plan, (source, 0), &admission);
    judge.batch(rows, batch, 0, &mut ())?;
    Verdicts::read(&judge.finish()?.verdicts)
}

/// The batches of the group, if there is room to keep them for the passes to come and nothing is wrong with them.
fn kept(
    reader: &ShardReader,
    row_group: usize,
    shelf: &Shelf,
    expected: u64,
) -> Result<Option<Vec<RecordBatch>>> {
    if !shelf.reserve(reader.decoded_bytes(row_group)) {
        return Ok(None);
    }
    let batches = Unread::damage(reader.whole(row_group))?;
    let batches = batches.ok().and_then(|batches| batches.collect::<std::result::Result<Vec<_>, _>>().ok());
    let rows = |batches: &Vec<RecordBatch>| batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
    Ok(batches.filter(|batches| rows(batches) == expected))
}

struct Judge<'p> {
    plan: &'p Plan,
    admission: &'p Admission,
    source: &'p str,
    shard_index: usize,
    scratch: Scratch,
    findings: Findings,
    verdicts: Builder,
    keys: Vec<Vec<u64>>,
    normal: String,
}

impl<'p> Judge<'p> {
    fn new(plan: &'p Plan, (source, shard_index): (&'p str, usize), admission: &'p Admission) -> Self {
        let measure = plan.config.file.measure;
        let rules = if measure == Measure::All { plan.rules().len() } else { 0 };
        Self {
            plan,
            admission,
            source,
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
        batches: impl Iterator<Item = std::result::Result<RecordBatch, String>>,
        first_row: u64,
        watch: &mut impl Watch,
    ) -> std::result::Result<(JudgedGroup, u64), Unread> {
        let mut row_in_shard = first_row;
        for batch in batches {
            let batch = batch.map_err(|why| reader.unread(why))?;
            let stored = reader.as_stored(batch.clone()).map_err(Unread::Damaged)?;
            self.batch(&reader.rows(&batch)?, &stored, row_in_shard, watch)?;
            row_in_shard += batch.num_rows() as u64;
        }
        watch.done(Part::Read);
        let group = self.finish()?;
        watch.done(Part::Verdicts);
        Ok((group, row_in_shard - first_row))
    }

    /// The rows of a batch, which are written back as `stored`.
    fn batch(
        &mut self,
        rows: &Rows<'_>,
        stored: &RecordBatch,
        first_row: u64,
        watch: &mut impl Watch,
    ) -> Result<()> {
        let spellable = self.spellable(stored);
        let mut chat = Chat::default();
        watch.done(Part::Read);
        for (row, row_in_shard) in (0..stored.num_rows()).zip(first_row..) {
            match spellable.as_ref().is_none_or(|spellable| spellable[row]) {
                true => self.row(rows, row, row_in_shard, &mut chat, watch)?,
                false => {
                    let id = rows.id(row).unwrap_or_else(|| self.default_id(row_in_shard).into());
                    self.quarantine(id, rows.url(row), Cause::Unspellable)?;
                }
            }
        }
        Ok(())
    }

    /// By row, whether it can be written as configured; `None` if all of them can.
    fn spellable(&self, stored: &RecordBatch) -> Option<Vec<bool>> {
        match self.plan.config.file.output.format {
            OutputFormat::Jsonl => spellable_rows(stored),
            OutputFormat::Parquet => None,
        }
    }

    fn unread(mut self, first_row: u64, rows: u64, cause: Cause) -> Result<JudgedGroup> {
        for row in first_row..first_row + rows {
            self.quarantine(self.default_id(row).into(), None, cause)?;
        }
        self.finish()
    }

    fn finish(self) -> Result<JudgedGroup> {
        let widths = self.plan.barriers().map(|(_, barrier)| barrier.key_words());
        let keys = self.keys.iter().zip(widths).map(|(keys, width)| by_column(keys, width)).collect();
        Ok(JudgedGroup { verdicts: self.verdicts.finish()?, keys })
    }

    fn default_id(&self, row: u64) -> String {
        format!("{}:{row}", self.shard_index)
    }

    fn row(
        &mut self,
        rows: &Rows<'_>,
        row: usize,
        row_in_shard: u64,
        chat: &mut Chat,
        watch: &mut impl Watch,
    ) -> Result<()> {
        let id = rows.id(row).unwrap_or_else(|| Cow::Owned(self.default_id(row_in_shard)));
        let url = rows.url(row);
        match rows.document(row, chat) {
            Ok(read) if read.text.len() as u64 > self.plan.config.file.input.max_record_bytes => {
                self.quarantine(id, url, Cause::TooLarge(read.text.len() as u64))
            }
            Ok(read) => {
                let fields = rows.fields(row);
                let document = Document { id: &id, url, source: self.source, fields: &fields, ..read };
                self.record(&document, watch)
            }
            Err(cause) => self.quarantine(id, url, cause),
        }
    }

    /// A record no stage can judge.
    fn quarantine(&mut self, id: Cow<'_, str>, url: Option<&str>, cause: Cause) -> Result<()> {
        self.findings.clear();
        let [value, bound] = cause.measured(&self.plan.config.file.input);
        let bytes = match cause {
            Cause::TooLarge(bytes) => bytes,
            _ => 0,
        };
        let rule = cause.rule().into();
        let decision = Some(Decision { stage: INPUT_STAGE, rule, value, bound, quarantined: true });
        let judged = Judged { id, url, decision, text_bytes: bytes, ..Judged::default() };
        for (keys, (_, barrier)) in self.keys.iter_mut().zip(self.plan.barriers()) {
            keys.resize(keys.len() + barrier.key_words(), 0);
        }
        self.verdicts.add(&judged, &self.findings)
    }

    fn record(&mut self, record: &Document<'_>, watch: &mut impl Watch) -> Result<()> {
        watch.done(Part::Read);
        let analysis = record.text.len() as u64 * ANALYSIS_LENGTHS;
        let _alone = self.admission.long_text(analysis);
        self.findings.clear();
        let mut walk = Walk::default();
        let mut current: Option<Chat> = None;
        let mut next = 0;
        loop {
            let spans = self.findings.spans();
            let document = current.as_ref().map_or(*record, |chat| chat.document(record));
            let view = View::new(document, &self.scratch);
            let step = walk.stages(self.plan, next, &view, (&mut self.findings, &mut self.keys), watch);
            drop(view);
            if next > 0 && self.findings.spans() > spans {
                // stages tell places in the text they saw, and spans count in the original
                let made = replay(record.text, &walk.edits, next);
                self.findings.move_spans(spans, |offset| made.original_offset(offset));
            }
            match step {
                Some((stage, edited)) => {
                    current = Some(edited);
                    next = stage + 1;
                }
                None => break,
            }
        }
        let judged = Judged {
            id: Cow::Borrowed(record.id),
            url: record.url,
            decision: walk.decision,
            edits: walk.edits,
            spans: self.findings.take_spans(),
            text_bytes: record.text.len() as u64,
            content: Sha256::of(record.text.as_bytes()).0,
            norm: norm_v1(record.text, &mut self.normal).0,
        };
        watch.done(Part::Digests);
        self.verdicts.add(&judged, &self.findings)?;
        watch.done(Part::Verdicts);
        Ok(())
    }
}

fn by_column(keys: &[u64], width: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(keys.len() * 8);
    for column in 0..width {
        bytes.extend(keys.iter().skip(column).step_by(width).flat_map(|word| word.to_le_bytes()));
    }
    bytes
}
