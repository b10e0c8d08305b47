//! What a barrier compares of some records, extracted once and mapped from disk.

use super::{Corpus, Group};
use crate::barriers::RecordNumber;
use crate::files::artefact::{Artefact, Kind, Writer};
use crate::files::spill::Listing;
use crate::run::budget::side_by_side;
use crate::{Error, Result};
use filters::Scratch;
use manifests::digest::Sha256;
use rayon::prelude::*;
use std::ops::Range;

/// What is compared of some records, by default their texts.
pub struct Texts {
    parts: Vec<TextPart>,
}

/// The texts of one part of the numbers.
pub(crate) struct TextPart {
    records: Range<RecordNumber>,
    count: usize,
    artefact: Artefact,
}

impl Corpus<'_> {
    /// What the barrier compares of the listed records, as they stand at this barrier. The listing counts records
    /// from `base`; what is below is not of this corpus.
    pub fn texts(&self, listed: &Listing<1>, base: u64) -> Result<Texts> {
        let mut wanted = Vec::new();
        let mut from = listed.position(base);
        for group in self.judged.groups() {
            let to = listed.position(base + group.records.end);
            if from < to {
                wanted.push((group, from..to));
            }
            from = to;
        }
        let extract = |(group, positions): &(&Group, Range<usize>)| {
            let here: Vec<RecordNumber> =
                listed.range(positions.clone()).map(|[number]| number - base).collect();
            self.group_texts(group, &here)
        };
        let (room, threads) = (self.judged.work.budget.shown(), rayon::current_num_threads());
        let mut parts = Vec::with_capacity(wanted.len());
        let mut rest = wanted.as_slice();
        while !rest.is_empty() {
            let costs = rest.iter().map(|(group, _)| self.judged.cost(group).of_showing());
            // several for each worker, so that none waits for the last one of others
            let (window, later) = rest.split_at(side_by_side(room, 8 * threads, costs).min(rest.len()));
            let made: Vec<TextPart> = window.par_iter().map(extract).collect::<Result<_>>()?;
            parts.extend(made);
            rest = later;
        }
        Ok(Texts { parts })
    }

    fn group_texts(&self, group: &Group, records: &[RecordNumber]) -> Result<TextPart> {
        let name = format!("texts-{:05}-{:05}", group.shard, group.row_group);
        self.text_part(&name, group.records.clone(), records, |texts| self.extract(group, records, texts))
    }

    /// The texts of `numbers`, which are sorted and within `range`: made by `extract` if they are not there.
    pub(crate) fn text_part(
        &self,
        name: &str,
        range: Range<u64>,
        numbers: &[u64],
        extract: impl FnOnce(&mut TextWriter) -> Result<()>,
    ) -> Result<TextPart> {
        let path = self.folder().join(name);
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let identity = self.identity(&[name.as_bytes(), &Sha256::of(&bytes).0[..]].concat());
        let artefact = match Artefact::find(&path, Kind::Texts, &identity) {
            Some(done) => done,
            None => {
                let mut texts =
                    TextWriter { artefact: Writer::create(&path, Kind::Texts)?, end: 0, ends: Vec::new() };
                texts.artefact.write(&bytes)?;
                extract(&mut texts)?;
                texts.artefact.write(&texts.ends)?;
                texts.artefact.finish(&identity)?;
                Artefact::open(&path, Kind::Texts, &identity)?
            }
        };
        Ok(TextPart { records: range, count: numbers.len(), artefact })
    }

    fn extract(&self, group: &Group, records: &[RecordNumber], texts: &mut TextWriter) -> Result<()> {
        let scratch = Scratch::new(self.judged.plan.config.file.words);
        self.visit(group, records, &scratch, |_, view| texts.push(&self.barrier.compared(view)))
    }
}

/// Takes texts in the order of their numbers and leaves them as [`TextPart`] reads them: the numbers, the texts, where
/// each text ends.
pub(crate) struct TextWriter {
    artefact: Writer,
    end: u64,
    ends: Vec<u8>,
}

impl TextWriter {
    pub(crate) fn push(&mut self, text: &str) -> Result<()> {
        self.end += text.len() as u64;
        self.ends.extend_from_slice(&self.end.to_le_bytes());
        self.artefact.write(text.as_bytes())
    }
}

impl Texts {
    /// What is compared of a record that was asked for.
    pub fn get(&self, record: RecordNumber) -> Result<&str> {
        let at = self.parts.partition_point(|part| part.records.end <= record);
        let part = self
            .parts
            .get(at)
            .ok_or_else(|| Error::Bug(format!("text of record {record} was not asked for")))?;
        part.find(record)?
            .ok_or_else(|| Error::Bug(format!("text of record {record} is not in its artefact")))
    }
}

impl TextPart {
    /// The text of this number; `None` if it is not among those that were extracted.
    pub(crate) fn find(&self, number: u64) -> Result<Option<&str>> {
        let payload = self.artefact.payload();
        let damaged = || Error::Bug(format!("the texts with that of {number} make no sense"));
        let width = self.count * 8;
        let ends = payload.len().checked_sub(width).filter(|ends| *ends >= width).ok_or_else(damaged)?;
        let word = |from: usize, at: usize| {
            let bytes = payload.get(from + at * 8..from + at * 8 + 8).ok_or_else(damaged)?;
            Ok::<u64, Error>(u64::from_le_bytes(bytes.try_into().unwrap_or_default()))
        };
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if word(0, middle)? < number { low = middle + 1 } else { high = middle }
        }
        if low == self.count || word(0, low)? != number {
            return Ok(None);
        }
        let end = word(ends, low)? as usize;
        let start = if low == 0 { 0 } else { word(ends, low - 1)? as usize };
        let bytes = payload[width..ends].get(start..end).ok_or_else(damaged)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_| damaged())
    }
}
