//! The shingle sets of candidates, made when they are needed and kept while there is room.

use super::NearDuplicates;
use super::candidates::Node;
use super::earlier::EarlierTexts;
use super::shingle_sets::{jaccard, shingle_set};
use crate::Result;
use crate::barriers::corpus::{Corpus, Texts};
use crate::files::spill::Listing;
use filters::Scratch;
use std::collections::HashMap;
use std::rc::Rc;

/// The candidates and where their texts are.
pub(super) struct Candidates<'c> {
    pub(super) near: &'c NearDuplicates,
    pub(super) nodes: &'c Listing<1>,
    pub(super) texts: &'c Texts,
    pub(super) earlier: &'c EarlierTexts,
}

impl Candidates<'_> {
    /// The text of a candidate; `None` for one of an earlier release whose text is not at hand.
    fn text(&self, at: u32) -> Result<Option<&str>> {
        let node = Node(self.nodes.get(at as usize)[0]);
        match self.near.record(node) {
            Some(record) => self.texts.get(record).map(Some),
            None => self.earlier.get(node.number()),
        }
    }
}

/// One worker's sets.
pub(super) struct Sets<'c> {
    candidates: &'c Candidates<'c>,
    scratch: Scratch,
    made: HashMap<u32, Option<Rc<[u64]>>>,
    bytes: usize,
    limit: usize,
}

impl<'c> Sets<'c> {
    /// One worker's, within its share of the memory.
    pub(super) fn within(candidates: &'c Candidates<'c>, corpus: &Corpus<'_>) -> Self {
        let limit = corpus.memory() / (4 * rayon::current_num_threads() as u64);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { candidates, scratch: Scratch::default(), made: HashMap::new(), bytes: 0, limit }
    }

    fn of(&mut self, at: u32) -> Result<Option<Rc<[u64]>>> {
        if let Some(set) = self.made.get(&at) {
            return Ok(set.clone());
        }
        if self.bytes > self.limit {
            self.made.clear();
            self.bytes = 0;
        }
        let ngram = self.candidates.near.config.ngram;
        let text = self.candidates.text(at)?;
        let set = text.map(|text| Rc::from(shingle_set(text, ngram, &self.scratch)));
        self.bytes += set.as_ref().map_or(0, |set: &Rc<[u64]>| set.len() * 8) + ENTRY;
        self.made.insert(at, set.clone());
        Ok(set)
    }

    /// The Jaccard index of two candidates; `None` where a text is not at hand.
    pub(super) fn similarity(&mut self, a: u32, b: u32) -> Result<Option<f64>> {
        let (a, b) = (self.of(a)?, self.of(b)?);
        Ok(a.zip(b).map(|(a, b)| jaccard(&a, &b)))
    }
}

/// What a set takes besides its elements.
const ENTRY: usize = 64;
