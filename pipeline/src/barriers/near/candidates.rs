//! Candidate pairs: records whose signatures agree in one whole band.

use super::{BAND, NearDuplicates};
use crate::Result;
use crate::barriers::corpus::{Corpus, Standing};
use crate::files::artefact::Kind;
use crate::files::spill::{Listing, Sorter};
use std::collections::VecDeque;

/// A bucket up to this size is compared all against all; a larger one is near certainly one template, and each
/// further member is compared with the first and with its neighbours.
const ALL_PAIRS_MAX: usize = 48;
/// Neighbours a further member of a larger bucket is compared with.
const NEIGHBOURS: usize = 8;
/// With so many of a bucket that are not of the living, records of earlier releases or what a stage took out, every
/// living one is compared: what is like them is not found by way of others.
const FOREIGN_MAX: usize = 48;

impl NearDuplicates {
    /// Pairs of nodes that share a band, sorted and distinct, at least one of each a record of this corpus. One band
    /// is sorted at a time.
    pub(super) fn candidate_pairs(&self, corpus: &Corpus<'_>) -> Result<Listing<2>> {
        corpus.listing(Kind::Pairs, || {
            let mut pairs = corpus.sorter::<2>("pairs", 3);
            for band in 0..self.bands {
                self.pair_band(band, corpus, &mut pairs)?;
            }
            Ok(pairs.finish()?.map(Ok))
        })
    }

    fn pair_band(&self, band: usize, corpus: &Corpus<'_>, pairs: &mut Sorter<2>) -> Result<()> {
        // of each bucket first what is not of the living
        let mut keyed = corpus.sorter::<3>("band", 3);
        let earlier = self.earlier.len();
        for entry in 0..earlier {
            match self.earlier.band(entry, band) {
                0 => {}
                key => keyed.push([key, 0, entry])?,
            }
        }
        corpus.for_each([BAND + band], |record, [key]| match key {
            0 => Ok(()),
            key => keyed.push([key, u64::from(corpus.standing(record) == Standing::Alive), earlier + record]),
        })?;
        let mut bucket = Bucket::default();
        for [key, alive, node] in keyed.finish()? {
            for partner in bucket.add(key, node, alive == 1) {
                pairs.push([partner.min(node), partner.max(node)])?;
            }
        }
        Ok(())
    }

    /// The nodes of the pairs.
    pub(super) fn candidates(&self, pairs: &Listing<2>, corpus: &Corpus<'_>) -> Result<Listing<1>> {
        corpus.listing(Kind::Candidates, || {
            let mut nodes = corpus.sorter::<1>("candidates", 2);
            for pair in pairs.iter() {
                pair.into_iter().try_for_each(|node| nodes.push([node]))?;
            }
            Ok(nodes.finish()?.map(Ok))
        })
    }
}

/// The nodes seen with one key, as far as later ones are compared with them.
#[derive(Default)]
struct Bucket {
    key: u64,
    foreign: Vec<u64>,
    count: usize,
    first: u64,
    recent: VecDeque<u64>,
}

impl Bucket {
    /// Adds a node, those that are not alive before all others, and tells with which earlier ones it is to be compared.
    fn add(&mut self, key: u64, node: u64, alive: bool) -> Vec<u64> {
        if key != self.key {
            *self = Self { key, ..Self::default() };
        }
        if !alive {
            if self.foreign.len() < FOREIGN_MAX {
                self.foreign.push(node);
            }
            return Vec::new();
        }
        if self.count == 0 {
            self.first = node;
        }
        let mut partners: Vec<u64> = self.foreign.iter().chain(&self.recent).copied().collect();
        if self.count > self.recent.len() {
            partners.push(self.first);
        }
        self.recent.push_back(node);
        self.count += 1;
        if self.count >= ALL_PAIRS_MAX {
            self.recent.drain(..self.recent.len() - NEIGHBOURS);
        }
        partners
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(bucket: &mut Bucket, nodes: std::ops::Range<u64>, alive: bool) -> Vec<(u64, u64)> {
        nodes.flat_map(|node| bucket.add(7, node, alive).into_iter().map(move |a| (a, node))).collect()
    }

    #[test]
    fn large_buckets_are_linked_to_their_first_member_and_neighbours() {
        let mut bucket = Bucket::default();
        let pairs = pairs(&mut bucket, 0..100, true);
        let small = (ALL_PAIRS_MAX * (ALL_PAIRS_MAX - 1)) / 2;
        assert_eq!(pairs.len(), small + (100 - ALL_PAIRS_MAX) * (NEIGHBOURS + 1));
        assert!((1..100).all(|node| pairs.contains(&(0, node))));
        assert!(pairs.contains(&(50, 58)) && !pairs.contains(&(50, 59)));
        assert!(bucket.add(8, 100, true).is_empty(), "another key is another bucket");
    }

    #[test]
    fn every_living_node_is_linked_to_those_that_are_not() {
        let mut bucket = Bucket::default();
        assert!(pairs(&mut bucket, 500..503, false).is_empty());
        let pairs = pairs(&mut bucket, 0..200, true);
        assert!((0..200).all(|node| (500..503).all(|foreign| pairs.contains(&(foreign, node)))));
    }
}
