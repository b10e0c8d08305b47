//! The judged corpus as a barrier sees it: which records are still alive, their keys, and, on demand, their texts.

use crate::artefact::{self, Artefact, Identity, Kind};
use crate::barriers::{RecordNumber, Removal};
use crate::batch::ShardReader;
use crate::inputs::Shard;
use crate::judge::replay;
use crate::plan::Plan;
use crate::verdicts::{INPUT_STAGE, UNDECIDED, Verdicts};
use crate::work::Work;
use crate::{Error, Result};
use manifests::digest::Sha256;
use parquet::arrow::arrow_reader::RowSelection;
use rayon::prelude::*;
use std::ops::Range;

/// One row group and the numbers of its records.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) shard: usize,
    pub(crate) row_group: usize,
    pub(crate) records: Range<RecordNumber>,
}

/// Every row group of the corpus, in order.
pub(crate) fn groups(shards: &[Shard]) -> Vec<Group> {
    let mut next = 0;
    let mut groups = Vec::new();
    for (shard, s) in shards.iter().enumerate() {
        for (row_group, &rows) in s.row_groups.iter().enumerate() {
            groups.push(Group { shard, row_group, records: next..next + rows });
            next += rows;
        }
    }
    groups
}

/// The corpus after judging: who has been decided where.
pub(crate) struct Judged<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) shards: &'r [Shard],
    pub(crate) work: &'r Work,
    pub(crate) groups: Vec<Group>,
    /// By record: the position of the stage that decided it, if one has.
    decided: Vec<u16>,
}

impl<'r> Judged<'r> {
    /// Loads who has been decided where.
    pub(crate) fn load(plan: &'r Plan, shards: &'r [Shard], work: &'r Work) -> Result<Self> {
        let groups = groups(shards);
        let decided: Vec<Vec<u16>> = groups
            .par_iter()
            .map(|group| {
                let artefact = verdicts(work, shards, group)?;
                Ok(Verdicts::read(artefact.payload())?.stages()?.to_vec())
            })
            .collect::<Result<_>>()?;
        Ok(Self { plan, shards, work, groups, decided: decided.concat() })
    }

    /// Whether any stage has decided the record.
    pub(crate) fn is_decided(&self, record: RecordNumber) -> bool {
        self.decided[record as usize] != UNDECIDED
    }

    /// Takes note of the records a barrier removed.
    pub(crate) fn remove(&mut self, barrier_stage: usize, removals: &[Removal]) {
        for removal in removals {
            self.decided[removal.record as usize] = barrier_stage as u16;
        }
    }
}

/// The verdicts artefact of a group.
pub(crate) fn verdicts(work: &Work, shards: &[Shard], group: &Group) -> Result<Artefact> {
    let identity = work.group_identity(&shards[group.shard], group.row_group);
    Artefact::open(&work.verdicts(group.shard, group.row_group), Kind::Verdicts, &identity)
}

/// The corpus at one barrier.
pub struct Corpus<'r> {
    judged: &'r Judged<'r>,
    /// Position of the barrier's stage.
    stage: usize,
    /// Position of the barrier among the barriers.
    ordinal: usize,
    key_len: usize,
    keys: Vec<Artefact>,
}

impl<'r> Corpus<'r> {
    pub(crate) fn new(judged: &'r Judged<'r>, stage: usize, ordinal: usize, key_len: usize) -> Result<Self> {
        let open = |group: &Group| {
            let identity = judged.work.group_identity(&judged.shards[group.shard], group.row_group);
            let artefact = Artefact::open(
                &judged.work.keys(group.shard, group.row_group, ordinal),
                Kind::Keys,
                &identity,
            )?;
            let expected = (group.records.end - group.records.start) as usize * key_len;
            match artefact.payload().len() {
                len if len == expected => Ok(artefact),
                len => Err(Error::Bug(format!("keys artefact has {len} bytes, expected {expected}"))),
            }
        };
        let keys = judged.groups.iter().map(open).collect::<Result<_>>()?;
        Ok(Self { judged, stage, ordinal, key_len, keys })
    }

    /// Whether no stage before this barrier has decided the record.
    fn alive(&self, record: RecordNumber) -> bool {
        match self.judged.decided[record as usize] {
            UNDECIDED => true,
            INPUT_STAGE => false,
            stage => usize::from(stage) > self.stage,
        }
    }

    /// Calls `each` with the key of every record alive, in record order.
    pub fn for_each_key(&self, mut each: impl FnMut(RecordNumber, &[u8])) -> Result<()> {
        for (group, keys) in self.judged.groups.iter().zip(&self.keys) {
            for (record, key) in group.records.clone().zip(keys.payload().chunks_exact(self.key_len)) {
                if self.alive(record) {
                    each(record, key);
                }
            }
        }
        Ok(())
    }

    /// The texts of the given records (sorted) as they stand at this barrier.
    pub fn texts(&self, records: &[RecordNumber]) -> Result<Texts> {
        let mut wanted = Vec::new();
        let mut rest = records;
        for group in &self.judged.groups {
            let (here, later) = rest.split_at(rest.partition_point(|&record| record < group.records.end));
            if !here.is_empty() {
                wanted.push((group, here));
            }
            rest = later;
        }
        let parts = wanted
            .par_iter()
            .map(|(group, records)| self.group_texts(group, records))
            .collect::<Result<_>>()?;
        Ok(Texts { parts })
    }

    fn group_texts(&self, group: &Group, records: &[RecordNumber]) -> Result<TextPart> {
        let path = self.judged.work.texts(group.shard, group.row_group, self.ordinal);
        let identity = self.texts_identity(group, records);
        if Artefact::find(&path, Kind::Texts, &identity).is_none() {
            let payload = self.extract(group, records)?;
            artefact::write(&path, Kind::Texts, &identity, &payload)?;
        }
        let artefact = Artefact::open(&path, Kind::Texts, &identity)?;
        Ok(TextPart { records: group.records.clone(), count: records.len(), artefact })
    }

    fn texts_identity(&self, group: &Group, records: &[RecordNumber]) -> Identity {
        let mut bytes = vec![self.ordinal as u8];
        bytes.extend_from_slice(&group.records.start.to_le_bytes());
        bytes.extend(records.iter().flat_map(|record| record.to_le_bytes()));
        self.judged.work.corpus_identity(&Sha256::of(&bytes).0)
    }

    /// The payload: the records, where each text ends, the texts.
    fn extract(&self, group: &Group, records: &[RecordNumber]) -> Result<Vec<u8>> {
        let shard = &self.judged.shards[group.shard];
        let artefact = verdicts(self.judged.work, self.judged.shards, group)?;
        let verdicts = Verdicts::read(artefact.payload())?;
        let reader = ShardReader::open(&shard.path, &self.judged.plan.config.file.input)?;
        let rows: Vec<usize> = records.iter().map(|record| (record - group.records.start) as usize).collect();
        let ranges = rows.iter().map(|&row| row..row + 1);
        let selection = RowSelection::from_consecutive_ranges(ranges, verdicts.len());
        let mut texts = String::new();
        let mut ends = Vec::with_capacity(rows.len() * 8);
        let mut joined = String::new();
        let mut rows = rows.into_iter();
        for batch in reader.batches(group.row_group, Some(selection))? {
            let batch = batch.map_err(|why| Error::input(&shard.path, why))?;
            let read = reader.rows(&batch)?;
            for (at, row) in (0..batch.num_rows()).zip(&mut rows) {
                let text = read
                    .text(at, &mut joined)
                    .map_err(|cause| Error::Bug(format!("{} in a judged record", cause.rule())))?;
                let edits = replay(text, &verdicts.edits(row)?, self.stage);
                texts.push_str(&edits.apply(text));
                ends.extend_from_slice(&(texts.len() as u64).to_le_bytes());
            }
        }
        let mut payload: Vec<u8> = records.iter().flat_map(|record| record.to_le_bytes()).collect();
        payload.extend_from_slice(&ends);
        payload.extend_from_slice(texts.as_bytes());
        Ok(payload)
    }
}

/// The texts of some records, mapped from disk.
pub struct Texts {
    parts: Vec<TextPart>,
}

struct TextPart {
    records: Range<RecordNumber>,
    count: usize,
    artefact: Artefact,
}

impl Texts {
    /// The text of a record that was asked for.
    pub fn get(&self, record: RecordNumber) -> Result<&str> {
        let at = self.parts.partition_point(|part| part.records.end <= record);
        let part = self
            .parts
            .get(at)
            .ok_or_else(|| Error::Bug(format!("text of record {record} was not asked for")))?;
        part.get(record)
    }
}

impl TextPart {
    fn get(&self, record: RecordNumber) -> Result<&str> {
        let payload = self.artefact.payload();
        let number = |at: usize| {
            payload.get(at * 8..at * 8 + 8).map(|b| u64::from_le_bytes(b.try_into().unwrap_or_default()))
        };
        let missing = || Error::Bug(format!("text of record {record} is not in its artefact"));
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = (low + high) / 2;
            if number(middle).ok_or_else(missing)? < record { low = middle + 1 } else { high = middle }
        }
        if low == self.count || number(low) != Some(record) {
            return Err(missing());
        }
        let texts = &payload[self.count * 16..];
        let end = number(self.count + low).ok_or_else(missing)? as usize;
        let start = if low == 0 { 0 } else { number(self.count + low - 1).ok_or_else(missing)? as usize };
        let bytes = texts.get(start..end).ok_or_else(missing)?;
        std::str::from_utf8(bytes).map_err(|_| missing())
    }
}
