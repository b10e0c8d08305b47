//! Streaming the texts of the corpus past a barrier that must see all of them.

use super::{Corpus, Group, Standing, verdicts};
use crate::barriers::RecordNumber;
use crate::judge::replay;
use crate::judge::verdicts::Verdicts;
use crate::run::budget::side_by_side;
use crate::source::batch::Rows;
use crate::{Error, Result};
use filters::{Chat, Chosen, Document, Scratch, View};
use parquet::arrow::arrow_reader::RowSelection;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

impl Corpus<'_> {
    /// Calls `each` with every record that is alive and `wanted`, as it stands at this barrier. A worker takes one
    /// row group after the other, as many workers as fit into memory, and hands its own state, which `start` made, from record to record; which worker
    /// sees which records is left to chance, so that the answer must not depend on it. Nothing is kept on disk.
    pub fn scan<T: Send>(
        &self,
        wanted: impl Fn(RecordNumber) -> bool + Sync,
        start: impl Fn(usize) -> T + Sync,
        each: impl Fn(&mut T, RecordNumber, &View<'_>) -> Result<()> + Sync,
    ) -> Result<Vec<T>> {
        let next = AtomicUsize::new(0);
        let work = |worker: usize| {
            let mut state = start(worker);
            let scratch = Scratch::new(self.judged.plan.config.file.words);
            while let Some(group) = self.judged.groups().get(next.fetch_add(1, Ordering::Relaxed)) {
                let of_group = group.records.clone();
                let records: Vec<RecordNumber> =
                    of_group.filter(|&r| self.standing(r) == Standing::Alive && wanted(r)).collect();
                self.visit(group, &records, &scratch, |record, view| each(&mut state, record, view))?;
            }
            Ok(state)
        };
        // tasks do not wait for room here: what `each` does may wait for work of the pool
        let largest = self.judged.costs.iter().map(|cost| cost.of_showing()).max().unwrap_or_default();
        let room = self.judged.work.budget.shown();
        let workers = side_by_side(room, rayon::current_num_threads(), std::iter::repeat(largest));
        (0..workers).into_par_iter().map(work).collect()
    }

    /// Calls `each` with these records of a group, in order, as they stand at this barrier.
    pub(super) fn visit(
        &self,
        group: &Group,
        records: &[RecordNumber],
        scratch: &Scratch,
        mut each: impl FnMut(RecordNumber, &View<'_>) -> Result<()>,
    ) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.judged.work.stop.go_on()?;
        let shard = &self.judged.shards[group.shard];
        let artefact = verdicts(self.judged.work, self.judged.shards, group)?;
        let verdicts = Verdicts::read(artefact.payload())?;
        let reader = self.judged.plan.open(shard)?;
        let row_of = |record: RecordNumber| (record - group.records.start) as usize;
        let turns = self.judged.plan.stages[self.stage].turns.as_ref();
        let mut chat = Chat::default();
        let mut show = |read: &Rows<'_>, at: usize, record: RecordNumber| {
            let whole = read
                .document(at, &mut chat)
                .map_err(|cause| Error::Bug(format!("{} in a judged record", cause.rule())))?;
            let edits = replay(whole.text, &verdicts.edits(row_of(record))?, self.stage);
            let id = read.id(at).unwrap_or_default();
            let fields = read.fields(at);
            let whole =
                Document { id: &id, url: read.url(at), source: &shard.source, fields: &fields, ..whole };
            let edited = (!edits.is_empty()).then(|| Chat::after(&whole, &edits));
            let document = edited.as_ref().map_or(whole, |edited| edited.document(&whole));
            let chosen = turns.map(|turns| Chosen::of(&document, turns));
            let document = chosen.as_ref().map_or(document, |chosen| chosen.document(&document));
            each(record, &View::new(document, scratch))
        };
        let mut rest = records;
        if let Some(kept) = self.judged.work.shelf.get((group.shard, group.row_group)) {
            let mut first = 0;
            for batch in kept.iter() {
                let end = first + batch.num_rows();
                let (here, later) = rest.split_at(rest.partition_point(|&record| row_of(record) < end));
                let read = reader.rows(batch)?;
                here.iter().try_for_each(|&record| show(&read, row_of(record) - first, record))?;
                (rest, first) = (later, end);
            }
            return Ok(());
        }
        let ranges = records.iter().map(|&record| row_of(record)..row_of(record) + 1);
        let selection = RowSelection::from_consecutive_ranges(ranges, verdicts.len());
        for batch in
            reader.batches(group.row_group, Some(selection)).map_err(|unread| unread.of(shard.file.name()))?
        {
            let batch = batch.map_err(|why| shard.file.error(why))?;
            let read = reader.rows(&batch)?;
            let (here, later) = rest.split_at(batch.num_rows().min(rest.len()));
            here.iter().enumerate().try_for_each(|(at, &record)| show(&read, at, record))?;
            rest = later;
        }
        Ok(())
    }
}
