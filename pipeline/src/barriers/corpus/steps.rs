//! What the steps of a barrier hand on to one another: rows that a task sends to tasks of later steps, and texts.

use super::{Corpus, Group, RecordNumber, Texts, word_at};
use crate::barriers::corpus::texts::TextPart;
use crate::barriers::{Barrier, Extent};
use crate::files::artefact::{Artefact, Kind};
use crate::files::spill::{Listing, Row};
use crate::run::passes::Pass;
use crate::{Error, Result};
use std::ops::Range;
use std::path::PathBuf;

impl Corpus<'_> {
    /// Carries out the first so many steps of a barrier in this process.
    pub(crate) fn take_steps(&self, barrier: &dyn Barrier, steps: usize) -> Result<()> {
        for (step, of) in barrier.steps().into_iter().enumerate().take(steps) {
            for task in 0..self.work().division.tasks(of.extent) {
                self.work().stop.go_on()?;
                barrier.step(self, step, task)?;
            }
        }
        Ok(())
    }

    /// How many tasks there are that begin with records.
    pub(crate) fn shares(&self) -> usize {
        self.work().division.tasks(Extent::Shares)
    }

    /// In how many parts what is made of the whole corpus is divided.
    pub(crate) fn parts(&self) -> usize {
        self.work().division.parts
    }

    /// The part that is responsible for a hash.
    pub(crate) fn part_of_hash(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.parts() as u128) >> 64) as usize
    }

    /// The row groups of a share.
    pub(crate) fn share(&self, task: usize) -> &[Group] {
        let division = &self.work().division;
        division.shares.get(task).map_or(&[], |share| &division.groups[share.clone()])
    }

    /// The share that a record is in.
    pub(crate) fn share_of(&self, record: RecordNumber) -> usize {
        let division = &self.work().division;
        let at = division.groups.partition_point(|group| group.records.end <= record);
        division.shares.partition_point(|share| share.end <= at)
    }

    /// [`for_each`](Self::for_each) record of a share.
    pub(crate) fn for_each_of<const C: usize>(
        &self,
        share: usize,
        columns: [usize; C],
        mut each: impl FnMut(RecordNumber, [u64; C]) -> Result<()>,
    ) -> Result<()> {
        for group in self.share(share) {
            let columns = columns.map(|column| self.key_column(group, column));
            for (at, record) in group.records.clone().enumerate() {
                if self.standing(record) != super::Standing::Out {
                    each(record, columns.map(|column| word_at(column, at)))?;
                }
            }
        }
        Ok(())
    }

    /// Does what leaves these files, unless they are there.
    pub(crate) fn leave(
        &self,
        names: Vec<String>,
        make: impl FnOnce() -> Result<()>,
    ) -> Result<Vec<PathBuf>> {
        let there = |name: &String| {
            Artefact::find(&self.sent_file(name), Kind::Sent, &self.sent_identity(name)).is_some()
        };
        if !names.iter().all(there) {
            make()?;
        }
        Ok(names.iter().map(|name| self.sent_file(name)).collect())
    }

    /// Leaves rows, which come in ascending order, for a later step.
    pub(crate) fn send<const N: usize>(
        &self,
        name: &str,
        rows: impl Iterator<Item = Row<N>>,
    ) -> Result<Listing<N>> {
        Listing::write(&self.sent_file(name), Kind::Sent, &self.sent_identity(name), rows.map(Ok))
    }

    /// Leaves rows, which come in ascending order of their parts, for a later step: for each part a file.
    pub(crate) fn send_in_parts<const N: usize>(
        &self,
        name: &str,
        rows: impl Iterator<Item = Row<N>>,
        part: impl Fn(&Row<N>) -> usize,
    ) -> Result<()> {
        let mut rows = rows.peekable();
        for nth in 0..self.parts() {
            let of_part = std::iter::from_fn(|| rows.next_if(|row| part(row) == nth));
            self.send(&format!("{name}-{nth}"), of_part)?;
        }
        match rows.next() {
            None => Ok(()),
            Some(_) => Err(Error::Bug(format!("rows of `{name}` are out of order"))),
        }
    }

    /// The rows that a task of an earlier step has left.
    pub(crate) fn sent<const N: usize>(&self, step: usize, task: usize, name: &str) -> Result<Listing<N>> {
        let path = self.sent_file(name);
        self.work().fetch(Pass::Step { barrier: self.ordinal, step }, task, &path)?;
        Listing::find(&path, Kind::Sent, &self.sent_identity(name)).ok_or_else(|| self.missing(&path))
    }

    /// Extracts the texts of a share's records among these, and leaves them for a later step.
    pub(crate) fn leave_texts(
        &self,
        share: usize,
        numbers: impl Fn(Range<RecordNumber>) -> Vec<RecordNumber>,
    ) -> Result<Vec<PathBuf>> {
        let wanted: Vec<(&Group, Vec<RecordNumber>)> = self
            .share(share)
            .iter()
            .map(|group| (group, numbers(group.records.clone())))
            .filter(|(_, records)| !records.is_empty())
            .collect();
        self.in_windows(&wanted, |group, records| self.group_texts(group, records, &[]))?;
        Ok(wanted.iter().map(|(group, _)| self.text_file(group)).collect())
    }

    /// The texts of these records, which come in ascending order, as a step has left them.
    pub(crate) fn left_texts(
        &self,
        step: usize,
        records: impl Iterator<Item = RecordNumber>,
    ) -> Result<Texts> {
        let mut parts: Vec<TextPart> = Vec::new();
        let division = &self.work().division;
        let mut known = 0;
        for record in records {
            if record < known {
                continue;
            }
            let at = division.groups.partition_point(|group| group.records.end <= record);
            let group = division.groups.get(at).ok_or_else(|| Error::Bug(format!("no record {record}")))?;
            known = group.records.end;
            let path = self.text_file(group);
            self.work().fetch(Pass::Step { barrier: self.ordinal, step }, self.share_of(record), &path)?;
            let part = self.find_texts(group, &[])?.ok_or_else(|| self.missing(&path))?;
            parts.push(part);
        }
        Ok(Texts::of(parts))
    }

    fn sent_file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn sent_identity(&self, name: &str) -> [u8; 32] {
        self.identity(&[b"sent ", name.as_bytes()].concat())
    }

    fn missing(&self, path: &std::path::Path) -> Error {
        if self.work().shared.is_none() {
            // the steps before it would be found done, and nobody would make it again
            let _ = disk::remove_folder(&self.folder());
        }
        Error::output(path, "is missing or damaged; the same command makes it anew")
    }
}
