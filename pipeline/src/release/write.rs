//! The writing task: one shard's records to their places. Kept records go to `data/`, removed and quarantined ones
//! to `auditor/removed/`, and every record gets its row in the ledger.

use crate::barriers::RecordNumber;
use crate::barriers::corpus::{Group, verdicts};
use crate::config::Output;
use crate::judge::verdicts::Verdicts;
use crate::plan::Plan;
use crate::release::data_file::DataFile;
use crate::release::fates::{Fates, RecordFate};
use crate::release::kept_rows::{self, EncodedGroups, Files, OpenGroups};
use crate::release::ledger;
use crate::release::parts::{data_files, out_shard};
use crate::release::redaction::Redaction;
use crate::release::removed;
use crate::release::rule_notes;
use crate::release::shard_file::ShardFile;
use crate::run::budget::{Cost, side_by_side};
use crate::run::work::Work;
use crate::source::batch::{Batches, ShardReader};
use crate::source::inputs::Shard;
use crate::source::unread::{Damage, Unread};
use crate::{Error, Result};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::SchemaRef;
use filters::Chat;
use manifests::digest::Sha256;
use manifests::index::OutputPart;
use manifests::ledger::{ShardEntry, ShardTally};
use manifests::merkle::Tree;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// What writing one shard counted and hashed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) kept: u64,
    pub(crate) edited: u64,
    pub(crate) removed: u64,
    pub(crate) quarantined: u64,
    pub(crate) record_root: Sha256,
    pub(crate) decision_root: Sha256,
    /// Stage, rule, removed, quarantined.
    pub(crate) by_rule: Vec<(String, String, u64, u64)>,
    pub(crate) in_text_bytes: u64,
    /// The files under `data/`, as `out_shard` counts them.
    pub(crate) outputs: Vec<OutputPart>,
    /// The files with their digests.
    pub(crate) files: Vec<(String, Sha256)>,
}

impl Written {
    /// The shard's entry in the ledger index.
    pub(crate) fn entry(&self, shard: &Shard) -> ShardEntry {
        ShardEntry {
            name: shard.stem().to_string(),
            input_sha256: shard.sha256,
            rows: self.rows,
            kept: self.kept,
            edited: self.edited,
            removed: self.removed,
            quarantined: self.quarantined,
            record_root: self.record_root,
            decision_root: self.decision_root,
        }
    }
}

/// Everything a writing task reads.
pub(crate) struct WriteTask<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) shards: &'r [Shard],
    pub(crate) work: &'r Work,
    pub(crate) fates: &'r Fates<'r>,
    pub(crate) release: &'r Path,
    /// Row groups encoded side by side.
    pub(crate) width: usize,
}

pub(crate) fn ledger_file(shard: usize) -> String {
    format!("auditor/ledger/part-{shard:05}.parquet")
}

pub(crate) fn removed_file(shard: usize) -> String {
    format!("auditor/removed/part-{shard:05}.parquet")
}

/// What is known of a row group once it is encoded.
struct Prepared {
    verdicts: Verdicts,
    fates: Vec<RecordFate>,
    /// Digest and length of each kept text, copies not counted.
    texts: Vec<(Sha256, u64)>,
}

impl WriteTask<'_> {
    /// Writes the files of a shard.
    pub(crate) fn run(&self, index: usize, groups: &[Group]) -> Result<Written> {
        let shard = &self.shards[index];
        let reader = self.plan.open(shard)?;
        let output = &self.plan.config.file.output;
        let places = data_files(self.plan, index)?;
        let create = |(name, _): &(String, Option<String>)| {
            let text = self.plan.config.file.input.text.as_deref();
            DataFile::create(&self.release.join(name), &reader, output, text)
        };
        let mut data = places.iter().map(create).collect::<Result<Vec<_>>>()?;
        let mut removed = match output.removed {
            true => Some(self.removed_file(index, reader.stored(), output)?),
            false => None,
        };
        let ledger_schema = ledger::schema(self.plan);
        let mut rows = ShardFile::create(
            &self.release.join(ledger_file(index)),
            &ledger_schema,
            &Output::default(),
            None,
            Some(vec![rule_notes::note(self.plan)?]),
        )?;
        let mut state = Tallies::new(shard, places.len());
        let mut rest = groups;
        while !rest.is_empty() {
            let (window, bytes) = self.window(&reader, rest);
            rest = &rest[window.len()..];
            let _admitted = self.work.admission.enter(bytes);
            let files = (data.as_slice(), removed.as_ref());
            let prepared: Vec<Result<(Prepared, EncodedGroups)>> =
                window.par_iter().map(|group| self.prepare(shard, group, &reader, files)).collect();
            for (group, prepared) in window.iter().zip(prepared) {
                let (prepared, encoded) = prepared?;
                let batch = self.account(index as u32, group, &prepared, &ledger_schema, &mut state)?;
                rows.append(rows.encode(&[batch])?)?;
                data.iter_mut().zip(encoded.kept).try_for_each(|(file, kept)| file.append(kept))?;
                if let Some((file, group)) = removed.as_mut().zip(encoded.removed) {
                    file.append(group)?;
                }
            }
        }
        let mut files = vec![(ledger_file(index), rows.finish()?)];
        for ((name, _), file) in places.iter().zip(data) {
            files.push((name.clone(), file.finish()?));
        }
        if let Some(file) = removed {
            files.push((removed_file(index), file.finish()?));
        }
        Ok(state.finish(places, files))
    }

    fn removed_file(&self, index: usize, schema: &SchemaRef, output: &Output) -> Result<ShardFile> {
        let schema = removed::schema(schema);
        let text = self.plan.config.file.input.text.as_deref();
        ShardFile::create(&self.release.join(removed_file(index)), &schema, output, text, None)
    }

    /// The first of these groups, as many as are encoded side by side, and what that takes in memory.
    fn window<'g>(&self, reader: &ShardReader, groups: &'g [Group]) -> (&'g [Group], u64) {
        let cost = |group: &Group| {
            let texts = self.fates.judged.cost(group);
            Cost { decoded: reader.decoded_bytes(group.row_group).max(texts.decoded), ..texts }.of_writing()
        };
        let len = side_by_side(self.work.admission.room(), self.width, groups.iter().map(cost));
        let window = &groups[..len.min(groups.len())];
        (window, window.iter().map(cost).sum())
    }

    /// Decodes a row group, parts the kept rows from the others and encodes them.
    fn prepare(
        &self,
        shard: &Shard,
        group: &Group,
        reader: &ShardReader,
        files: Files<'_>,
    ) -> Result<(Prepared, EncodedGroups)> {
        let artefact = verdicts(self.work, self.shards, group)?;
        let verdicts = Verdicts::read(artefact.payload())?;
        let fates = self.fates.of_group(group, &verdicts)?;
        let mut prepared = Prepared { verdicts, fates, texts: Vec::new() };
        let mut open = OpenGroups::new(files)?;
        let filled = self.fill((shard, group), reader, &mut prepared, &mut open);
        if let Err(Damage { why, .. }) = Unread::damage(filled)? {
            // the judge read all that is read here, and has quarantined what it could not read
            if prepared.fates.iter().any(RecordFate::is_released) {
                let group = group.row_group;
                return Err(shard
                    .file
                    .error(format!("row group {group} was whole when it was judged: {why}")));
            }
            // what came before the damage is not written either
            open = OpenGroups::new(files)?;
        }
        Ok((prepared, open.close()?))
    }

    /// Encodes a row group batch by batch, so that it is never in memory as a whole but encoded.
    fn fill(
        &self,
        (shard, group): (&Shard, &Group),
        reader: &ShardReader,
        prepared: &mut Prepared,
        open: &mut OpenGroups<'_>,
    ) -> std::result::Result<(), Unread> {
        let redaction = Redaction::of(self.plan);
        let rows = prepared.fates.len();
        let mut at = 0;
        for batch in self.batches(group, reader)? {
            let batch = batch.map_err(|why| reader.unread(why))?;
            let batch = reader.as_stored(batch).map_err(Unread::Damaged)?;
            let here = at..at + batch.num_rows();
            at = here.end;
            if at > rows {
                break;
            }
            let first = group.records.start + here.start as u64;
            self.replay_edits(reader, &batch, prepared, (first, here.clone()))?;
            let fates = &prepared.fates[here.clone()];
            let keep: BooleanArray = fates.iter().map(|fate| Some(fate.is_released())).collect();
            let part = arrow_select::filter::filter_record_batch(&batch, &keep).map_err(Error::from)?;
            let (part, texts) = kept_rows::edit(reader, part, fates, (&prepared.verdicts, here.start))?;
            prepared.texts.extend(texts);
            open.keep(&part, fates)?;
            if let Some(removed) = &mut open.removed {
                let first_row = shard.first_row(group.row_group) + here.start as u64;
                let redaction = redaction.as_ref().map(|redaction| (redaction, reader));
                let dropped = removed::rows(&batch, fates, first_row, redaction)?;
                dropped.iter().try_for_each(|rows| removed.add(rows))?;
            }
        }
        match at == rows {
            true => Ok(()),
            false => Err(Unread::Damaged(format!("{rows} rows expected, found {at}"))),
        }
    }

    /// The batches of a group, from where they are kept or from the shard.
    fn batches(&self, group: &Group, reader: &ShardReader) -> std::result::Result<Batches, Unread> {
        match self.work.shelf.take((group.shard, group.row_group)) {
            Some(kept) => Ok(Batches::kept(Arc::unwrap_or_clone(kept))),
            None => reader.whole(group.row_group),
        }
    }

    /// Finds what the edits of the records come to, in the coordinates of their original texts.
    fn replay_edits(
        &self,
        reader: &ShardReader,
        batch: &RecordBatch,
        prepared: &mut Prepared,
        (first, rows): (RecordNumber, std::ops::Range<usize>),
    ) -> Result<()> {
        let read = reader.rows(batch)?;
        let mut chat = Chat::default();
        for (at, row) in rows.enumerate() {
            if self.fates.has_edits(first + at as u64, &prepared.verdicts, row)?
                && let Ok(text) = read.text(at, &mut chat)
            {
                let told = (first + at as u64, text);
                self.fates.replay_edits(&mut prepared.fates[row], told, &prepared.verdicts, row)?;
            }
        }
        Ok(())
    }

    /// The ledger rows of a group, in order, counted.
    fn account(
        &self,
        shard: u32,
        group: &Group,
        prepared: &Prepared,
        schema: &SchemaRef,
        state: &mut Tallies,
    ) -> Result<RecordBatch> {
        let mut builder = ledger::Builder::new(shard);
        let first_row = self.shards[shard as usize].first_row(group.row_group);
        let mut texts = prepared.texts.iter();
        for (at, fate) in prepared.fates.iter().enumerate() {
            let split = fate.mark.split;
            let place = (out_shard(self.plan, shard, split), state.parts[split].rows);
            let out = fate.is_released().then_some(place);
            if out.is_some() {
                let (digest, bytes) =
                    texts.next().ok_or_else(|| Error::Bug("fewer texts than kept rows".into()))?;
                state.parts[split].add(digest, *bytes, fate.mark.repeats);
            }
            let (row, extra) = self.fates.ledger_row(
                fate,
                first_row + at as u64,
                shard as usize,
                out,
                (&prepared.verdicts, at),
            )?;
            state.tally.add(&row).map_err(|e| Error::Bug(e.to_string()))?;
            builder.add(&row, &extra, &prepared.verdicts.spans(at)?)?;
        }
        state.in_text_bytes += prepared.verdicts.text_bytes()?.iter().sum::<u64>();
        builder.finish(self.plan, schema, &prepared.verdicts)
    }
}

/// What is counted and hashed from row group to row group.
struct Tallies {
    tally: ShardTally,
    parts: Vec<PartTally>,
    in_text_bytes: u64,
}

/// The same of one file under `data/`.
struct PartTally {
    content: Tree,
    rows: u64,
    text_bytes: u64,
}

impl PartTally {
    fn add(&mut self, digest: &Sha256, bytes: u64, repeats: u32) {
        (0..repeats).for_each(|_| self.content.push(&digest.0));
        self.text_bytes += bytes * u64::from(repeats);
        self.rows += u64::from(repeats);
    }
}

impl Tallies {
    fn new(shard: &Shard, parts: usize) -> Self {
        let part = |_| PartTally { content: Tree::new(), rows: 0, text_bytes: 0 };
        Self { tally: ShardTally::new(shard.stem()), parts: (0..parts).map(part).collect(), in_text_bytes: 0 }
    }

    fn finish(self, places: Vec<(String, Option<String>)>, files: Vec<(String, Sha256)>) -> Written {
        let counts = self.tally.counts();
        let by_rule = self.tally.by_rule().iter();
        let output = |((name, split), part): ((String, Option<String>), PartTally)| OutputPart {
            name,
            rows: part.rows,
            text_bytes: part.text_bytes,
            content_root: part.content.root(),
            split,
        };
        Written {
            rows: counts.kept + counts.edited + counts.removed + counts.quarantined,
            kept: counts.kept,
            edited: counts.edited,
            removed: counts.removed,
            quarantined: counts.quarantined,
            record_root: self.tally.record_root(),
            decision_root: self.tally.decision_root(),
            by_rule: by_rule
                .map(|((stage, rule), n)| (stage.clone(), rule.clone(), n.removed, n.quarantined))
                .collect(),
            in_text_bytes: self.in_text_bytes,
            outputs: places.into_iter().zip(self.parts).map(output).collect(),
            files,
        }
    }
}
