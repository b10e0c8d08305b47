//! The judged corpus as a barrier sees it: which records are still alive, their keys, and, on demand, what it
//! compares them by.

mod scan;
mod texts;

use crate::barriers::{Barrier, Extent, RecordNumber};
use crate::config::{Messages, Output};
use crate::files::artefact::{Artefact, Identity, Kind};
use crate::files::spill::{Listing, Sorter};
use crate::judge::verdicts::{INPUT_STAGE, UNDECIDED, Verdicts};
use crate::plan::Plan;
use crate::release::fates::Resolved;
use crate::release::parts::{Marks, out_shard};
use crate::run::budget::Cost;
use crate::run::passes::Pass;
use crate::run::work::Work;
use crate::source::inputs::Shard;
use crate::{Error, Result};
use filters::{SliceBy, TurnSelection};
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;
use std::path::PathBuf;

pub use texts::Texts;
pub(crate) use texts::{TextPart, TextWriter};

/// One row group and the numbers of its records.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) shard: usize,
    pub(crate) row_group: usize,
    pub(crate) records: Range<RecordNumber>,
}

impl Group {
    fn len(&self) -> usize {
        (self.records.end - self.records.start) as usize
    }
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

/// The corpus after judging, as far as a task sees it: who has been decided where.
pub(crate) struct Judged<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) shards: &'r [Shard],
    pub(crate) work: &'r Work,
    /// The places of the row groups that are seen.
    window: Range<usize>,
    /// What each of them takes in memory.
    costs: Vec<Cost>,
    /// Their records.
    records: Range<RecordNumber>,
    /// By record of these: the position of the stage that decided it, if one has.
    decided: Vec<u16>,
}

impl<'r> Judged<'r> {
    /// Loads who of these row groups has been decided where.
    pub(crate) fn load(
        plan: &'r Plan,
        shards: &'r [Shard],
        work: &'r Work,
        window: Range<usize>,
    ) -> Result<Self> {
        let groups = &work.division.groups[window.clone()];
        let first = groups.first().map_or(0, |group| group.records.start);
        let records = first..groups.last().map_or(first, |group| group.records.end);
        let mut decided = Vec::with_capacity((records.end - records.start) as usize);
        let mut costs = Vec::with_capacity(groups.len());
        // a few groups at a time, so that what each decided is not in memory twice
        for few in groups.chunks(4 * rayon::current_num_threads()) {
            let stages = few
                .par_iter()
                .map(|group| {
                    let artefact = verdicts(work, shards, group)?;
                    let verdicts = Verdicts::read(artefact.payload())?;
                    Ok((verdicts.stages()?.to_vec(), Cost::of_texts(verdicts.text_bytes()?)))
                })
                .collect::<Result<Vec<(Vec<u16>, Cost)>>>()?;
            for (stages, cost) in stages {
                decided.extend_from_slice(&stages);
                costs.push(cost);
            }
        }
        Ok(Self { plan, shards, work, window, costs, records, decided })
    }

    /// The row groups that are seen, in order.
    pub(crate) fn groups(&self) -> &'r [Group] {
        &self.work.division.groups[self.window.clone()]
    }

    /// The position of the stage that decided a record.
    fn decided(&self, record: RecordNumber) -> u16 {
        self.decided[(record - self.records.start) as usize]
    }

    /// What a group takes in memory, by its texts.
    pub(crate) fn cost(&self, group: &Group) -> Cost {
        let at = self.groups().partition_point(|other| other.records.start < group.records.start);
        self.costs.get(at).copied().unwrap_or_default()
    }

    /// Whether any stage has decided the record.
    pub(crate) fn is_decided(&self, record: RecordNumber) -> bool {
        self.decided(record) != UNDECIDED
    }

    /// The records that are in the release, with output shard and row, of several copies the first.
    pub(crate) fn released(&self, marks: &Marks<'_>) -> impl Iterator<Item = (RecordNumber, (u32, u64))> {
        let mut next = vec![0; self.plan.splits().len().max(1)];
        let mut shard = 0;
        let records = self.groups().iter().flat_map(move |group| {
            let marked = group.records.clone().zip(marks.of_group(group.records.clone()));
            let there = marked.filter(move |(record, _)| !self.is_decided(*record));
            there.map(|(record, mark)| (record, mark, group.shard as u32))
        });
        records.map(move |(record, mark, of)| {
            if of != shard {
                shard = of;
                next.fill(0);
            }
            let row = next[mark.split];
            next[mark.split] += u64::from(mark.repeats);
            (record, (out_shard(self.plan, shard, mark.split), row))
        })
    }

    /// Shard and row of a record.
    pub(crate) fn place(&self, record: RecordNumber) -> Result<(u32, u64)> {
        let groups = &self.work.division.groups;
        let at = groups.partition_point(|group| group.records.end <= record);
        let group = groups.get(at).ok_or_else(|| Error::Bug(format!("no record {record}")))?;
        let first = self.shards[group.shard].first_row(group.row_group);
        Ok((group.shard as u32, first + (record - group.records.start)))
    }

    /// Takes note of the records a barrier removed.
    pub(crate) fn remove(&mut self, resolved: &Resolved) {
        let removals = &resolved.removals;
        let [from, to] = [self.records.start, self.records.end].map(|record| removals.position(record));
        for [record, ..] in removals.range(from..to) {
            self.decided[(record - self.records.start) as usize] = resolved.stage as u16;
        }
    }
}

/// The verdicts artefact of a group.
pub(crate) fn verdicts(work: &Work, shards: &[Shard], group: &Group) -> Result<Artefact> {
    let identity = work.group_identity(&shards[group.shard], group.row_group);
    let path = work.verdicts(group.shard, group.row_group);
    work.fetch_judged(group, &path)?;
    Artefact::open(&path, Kind::Verdicts, &identity)
}

/// How a record stands at a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No stage before the barrier has decided it.
    Alive,
    /// A stage has taken it out whose removals the barrier wants to see ([`Barrier::associates`]).
    Associate,
    /// It takes no part.
    Out,
}

/// The corpus at one barrier.
pub struct Corpus<'r> {
    judged: &'r Judged<'r>,
    barrier: &'r dyn Barrier,
    /// Position of the barrier's stage.
    stage: usize,
    /// Position of the barrier among the barriers.
    ordinal: usize,
    associates: Vec<u16>,
    keys: Vec<Artefact>,
    memory: u64,
}

impl<'r> Corpus<'r> {
    /// The corpus at the barrier that is the `ordinal`th.
    pub(crate) fn new(
        judged: &'r Judged<'r>,
        barrier: &'r dyn Barrier,
        (stage, ordinal): (usize, usize),
    ) -> Result<Self> {
        let open = |group: &Group| {
            let identity = judged.work.group_identity(&judged.shards[group.shard], group.row_group);
            let path = judged.work.keys(group.shard, group.row_group, ordinal);
            judged.work.fetch_judged(group, &path)?;
            let artefact = Artefact::open(&path, Kind::Keys, &identity)?;
            let expected = group.len() * barrier.key_words() * 8;
            match artefact.payload().len() {
                len if len == expected => Ok(artefact),
                len => Err(Error::Bug(format!("keys artefact has {len} bytes, expected {expected}"))),
            }
        };
        let keys = judged.groups().iter().map(open).collect::<Result<_>>()?;
        let associates = judged.plan.associates(barrier);
        Ok(Self { judged, barrier, stage, ordinal, associates, keys, memory: judged.work.budget.barrier() })
    }

    pub(crate) fn barrier(&self) -> &'r dyn Barrier {
        self.barrier
    }

    pub(crate) fn work(&self) -> &'r Work {
        self.judged.work
    }

    /// Position of the barrier's stage.
    pub(crate) fn stage(&self) -> usize {
        self.stage
    }

    /// Carries out all steps of the barrier in this process.
    pub(crate) fn take_steps(&self) -> Result<()> {
        let work = self.work();
        for (step, of) in self.barrier.steps().into_iter().enumerate() {
            let take = |task: usize| {
                work.stop.go_on()?;
                self.barrier.step(self, step, task).map(drop)
            };
            let tasks = work.division.tasks(of.extent);
            match of.extent {
                // they work alone; the others have the workers to themselves
                Extent::Shares => (0..tasks).into_par_iter().try_for_each(take)?,
                Extent::Parts(_) | Extent::Once => (0..tasks).try_for_each(take)?,
            }
        }
        Ok(())
    }

    /// How many records there are, alive or not.
    pub fn len(&self) -> u64 {
        self.judged.work.division.records()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How a record stands here.
    pub fn standing(&self, record: RecordNumber) -> Standing {
        match self.judged.decided(record) {
            UNDECIDED => Standing::Alive,
            INPUT_STAGE => Standing::Out,
            stage if usize::from(stage) > self.stage => Standing::Alive,
            stage if self.associates.contains(&stage) => Standing::Associate,
            _ => Standing::Out,
        }
    }

    /// Calls `each` with some words of the key of every record that is not out, in record order.
    pub fn for_each<const C: usize>(
        &self,
        columns: [usize; C],
        mut each: impl FnMut(RecordNumber, [u64; C]) -> Result<()>,
    ) -> Result<()> {
        for (group, keys) in self.judged.groups().iter().zip(&self.keys) {
            let columns = columns.map(|column| key_column(keys, group, column));
            for (at, record) in group.records.clone().enumerate() {
                if self.standing(record) != Standing::Out {
                    each(record, columns.map(|column| word_at(column, at)))?;
                }
            }
        }
        Ok(())
    }

    /// One word of a record's key.
    pub fn word(&self, record: RecordNumber, column: usize) -> u64 {
        let groups = self.judged.groups();
        let at = groups.partition_point(|group| group.records.end <= record);
        match groups.get(at).zip(self.keys.get(at)) {
            Some((group, keys)) => {
                word_at(key_column(keys, group, column), (record - group.records.start) as usize)
            }
            None => 0,
        }
    }

    /// Calls `each` with all records that could be judged, alive or not: their values of these, as text.
    pub(crate) fn for_each_value<const C: usize>(
        &self,
        by: [SliceBy; C],
        mut each: impl FnMut(RecordNumber, [Option<Cow<'_, str>>; C]),
    ) -> Result<()> {
        for group in self.judged.groups() {
            let artefact = verdicts(self.judged.work, self.judged.shards, group)?;
            let verdicts = Verdicts::read(artefact.payload())?;
            let source = self.judged.shards[group.shard].source.as_str();
            for (at, record) in group.records.clone().enumerate() {
                if verdicts.stages()?[at] != INPUT_STAGE {
                    let mut values = [const { None }; C];
                    for (value, by) in values.iter_mut().zip(by) {
                        *value = match by {
                            SliceBy::Source => Some(Cow::Borrowed(source)),
                            SliceBy::Column(column) => {
                                verdicts.recorded(column, at)?.text().map(|t| t.into_owned().into())
                            }
                        };
                    }
                    each(record, values);
                }
            }
        }
        Ok(())
    }

    /// The configured column of texts, or that of chat records.
    pub(crate) fn text_columns(&self) -> (Option<String>, Option<Messages>) {
        let input = &self.judged.plan.config.file.input;
        (input.text.clone(), input.messages.clone())
    }

    /// Which turns of a chat record the barrier sees, where its fields are these.
    pub(crate) fn turns(&self, fields: Option<&Messages>) -> Option<TurnSelection> {
        let plan = self.judged.plan;
        let selection = plan.stages[self.stage].turns.as_ref()?;
        let ours = plan.config.file.input.messages.as_ref()?;
        let place = |at: &usize| fields?.position(&ours.fields().get(*at)?.name);
        let places = |list: &Vec<usize>| list.iter().filter_map(place).collect();
        Some(TurnSelection { roles: selection.roles.clone(), fields: selection.fields.as_ref().map(places) })
    }

    /// The name of the barrier's stage.
    pub(crate) fn stage_name(&self) -> &str {
        &self.judged.plan.stages[self.stage].name
    }

    /// How shards are written.
    pub(crate) fn output(&self) -> &Output {
        &self.judged.plan.config.file.output
    }

    /// Shard and row of a record.
    pub(crate) fn place(&self, record: RecordNumber) -> Result<(u32, u64)> {
        self.judged.place(record)
    }

    /// What the barrier may hold in memory, in bytes.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// A sorter that may use one part in `share` of the memory.
    pub fn sorter<const N: usize>(&self, name: &str, share: u64) -> Sorter<N> {
        Sorter::new(&self.folder().join(format!("{name}.runs")), self.memory / share)
    }

    /// Rows kept from one step of the barrier to the next, or from an interrupted run: made by `rows` if they are
    /// not there.
    pub(crate) fn listing<const N: usize, R: Iterator<Item = Result<[u64; N]>>>(
        &self,
        kind: Kind,
        rows: impl FnOnce() -> Result<R>,
    ) -> Result<Listing<N>> {
        let (path, identity) = self.listed(kind);
        match Listing::find(&path, kind, &identity) {
            Some(listing) => Ok(listing),
            None => {
                self.judged.work.stop.go_on()?;
                Listing::write(&path, kind, &identity, rows()?)
            }
        }
    }

    /// Rows that an earlier step must have kept.
    pub(crate) fn kept<const N: usize>(&self, kind: Kind) -> Result<Listing<N>> {
        let (path, identity) = self.listed(kind);
        self.judged.work.fetch(Pass::Resolve { barrier: self.ordinal }, 0, &path)?;
        Listing::find(&path, kind, &identity).ok_or_else(|| {
            // the steps before it would be found done, and nobody would make it again
            let _ = disk::remove_folder(&self.folder());
            Error::output(&path, "is missing or damaged; the same command makes it anew")
        })
    }

    fn listed(&self, kind: Kind) -> (PathBuf, Identity) {
        (self.folder().join(format!("{kind:?}").to_lowercase()), self.identity(b"listing"))
    }

    fn folder(&self) -> PathBuf {
        self.judged.work.barrier(self.ordinal)
    }

    /// What depends on the barrier, the whole corpus and `more`.
    fn identity(&self, more: &[u8]) -> Identity {
        let ordinal = (self.ordinal as u64).to_le_bytes();
        self.judged.work.corpus_identity(&[&ordinal, more].concat())
    }
}

/// One column of a group's keys: they are stored column by column.
fn key_column<'k>(keys: &'k Artefact, group: &Group, column: usize) -> &'k [u8] {
    let width = group.len() * 8;
    &keys.payload()[column * width..][..width]
}

fn word_at(column: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(column[at * 8..][..8].try_into().unwrap_or_default())
}
