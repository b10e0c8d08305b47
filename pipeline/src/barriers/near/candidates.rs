//! Candidate pairs: records whose signatures agree in one whole band.

use super::{BAND, Bands, NearDuplicates, RANK, Step};
use crate::Result;
use crate::barriers::RecordNumber;
use crate::barriers::corpus::{Corpus, Standing};
use crate::files::spill::Listing;
use rayon::prelude::*;
use std::collections::VecDeque;
use std::ops::Range;
use std::path::PathBuf;

/// A bucket up to this size is compared all against all; a larger one is near certainly one template, and each
/// further member is compared with the first and with its neighbours.
const ALL_PAIRS_MAX: usize = 48;
/// Neighbours a further member of a larger bucket is compared with.
const NEIGHBOURS: usize = 8;
/// With so many of a bucket that are not of the living, records of earlier releases or what a stage took out, every
/// living one is compared: what is like them is not found by way of others.
const FOREIGN_MAX: usize = 48;

/// A node and whether it is a living record, as one integer; in the order of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node(pub(super) u64);

impl Node {
    fn new(number: u64, alive: bool) -> Self {
        Self(number << 1 | u64::from(alive))
    }

    /// Records of earlier releases come first.
    pub(super) fn number(self) -> u64 {
        self.0 >> 1
    }

    pub(super) fn is_alive(self) -> bool {
        self.0 & 1 == 1
    }
}

impl NearDuplicates {
    /// The records of a share that have a signature, by the keys of each band.
    pub(super) fn send_bands(&self, corpus: &Corpus<'_>, share: usize) -> Result<Vec<PathBuf>> {
        let name = |band: usize| format!("bands-{share}-{band}");
        let names = (0..self.bands).flat_map(|band| in_parts(corpus, name(band)));
        corpus.leave(names.collect(), || {
            (0..self.bands).into_par_iter().try_for_each(|band| {
                let workers = 4 * rayon::current_num_threads() as u64;
                let mut keyed = corpus.sorter::<2>(&name(band), workers);
                corpus.for_each_of(share, [BAND + band], |record, [key]| match key {
                    0 => Ok(()),
                    key => {
                        let alive = corpus.standing(record) == Standing::Alive;
                        keyed.push([key, Node::new(self.earlier.len() + record, alive).0])
                    }
                })?;
                corpus.send_in_parts(&name(band), keyed.finish()?, |row| corpus.part_of_hash(row[0]))
            })
        })
    }

    /// Pairs of nodes that share the key of one band, at least one of each a living record: of the keys that one part is
    /// responsible for.
    pub(super) fn send_pairs(&self, corpus: &Corpus<'_>, task: usize) -> Result<Vec<PathBuf>> {
        let name = format!("pairs-{task}");
        corpus.leave(in_parts(corpus, name.clone()).collect(), || {
            let Bands { band, part } = Bands::of(task, corpus.parts());
            // of each bucket first what is not of the living
            let mut keyed = corpus.sorter::<3>("band", 3);
            for entry in 0..self.earlier.len() {
                match self.earlier.band(entry, band) {
                    0 => {}
                    key if corpus.part_of_hash(key) != part => {}
                    key => keyed.push([key, 0, Node::new(entry, false).0])?,
                }
            }
            for share in 0..corpus.shares() {
                let of_share =
                    corpus.sent::<2>(Step::Bands as usize, share, &format!("bands-{share}-{band}-{part}"))?;
                of_share.iter().try_for_each(|[key, node]| keyed.push([key, node & 1, node]))?;
            }
            let mut pairs = corpus.sorter::<2>("pairs", 3);
            let mut bucket = Bucket::default();
            for [key, alive, node] in keyed.finish()? {
                for partner in bucket.add(key, node, alive == 1) {
                    pairs.push([partner.min(node), partner.max(node)])?;
                }
            }
            corpus.send_in_parts(&name, pairs.finish()?, |row| self.part_of_node(corpus, Node(row[0])))
        })
    }

    /// All distinct pairs that one part is responsible for, and their nodes.
    pub(super) fn send_candidates(&self, corpus: &Corpus<'_>, part: usize) -> Result<Vec<PathBuf>> {
        let names = vec![format!("distinct-{part}"), format!("candidates-{part}")];
        corpus.leave(names, || {
            let mut pairs = corpus.sorter::<2>("pairs", 3);
            for task in 0..self.bands * corpus.parts() {
                let sent = corpus.sent::<2>(Step::Pairs as usize, task, &format!("pairs-{task}-{part}"))?;
                sent.iter().try_for_each(|pair| pairs.push(pair))?;
            }
            let pairs = corpus.send(&format!("distinct-{part}"), pairs.finish()?)?;
            let mut nodes = corpus.sorter::<1>("candidates", 2);
            pairs.iter().flatten().try_for_each(|node| nodes.push([node]))?;
            corpus.send(&format!("candidates-{part}"), nodes.finish()?).map(drop)
        })
    }

    /// The texts of the candidates of a share, and their ranks.
    pub(super) fn send_texts(&self, corpus: &Corpus<'_>, share: usize) -> Result<Vec<PathBuf>> {
        let candidates: Vec<Listing<1>> =
            (0..corpus.parts()).map(|part| self.candidates(corpus, part)).collect::<Result<_>>()?;
        let of = |records: Range<RecordNumber>| {
            let [from, to] =
                [records.start, records.end].map(|record| Node::new(self.earlier.len() + record, false).0);
            let listed =
                candidates.iter().flat_map(|listed| listed.range(listed.position(from)..listed.position(to)));
            let mut records: Vec<RecordNumber> =
                listed.filter_map(|[node]| self.record(Node(node))).collect();
            records.sort_unstable();
            records.dedup();
            records
        };
        let texts = corpus.leave_texts(share, of)?;
        let name = format!("ranks-{share}");
        let ranks = corpus.leave(vec![name.clone()], || {
            let all = corpus.share(share).iter().flat_map(|group| of(group.records.clone()));
            corpus.send(&name, all.map(|record| [record, corpus.word(record, RANK)])).map(drop)
        })?;
        Ok(texts.into_iter().chain(ranks).collect())
    }

    /// The nodes of the pairs that one part is responsible for.
    pub(super) fn candidates(&self, corpus: &Corpus<'_>, part: usize) -> Result<Listing<1>> {
        corpus.sent(Step::Candidates as usize, part, &format!("candidates-{part}"))
    }

    /// The record that a node is; `None` for one of an earlier release.
    pub(super) fn record(&self, node: Node) -> Option<RecordNumber> {
        node.number().checked_sub(self.earlier.len())
    }

    fn part_of_node(&self, corpus: &Corpus<'_>, node: Node) -> usize {
        let nodes = u128::from(self.earlier.len() + corpus.len()).max(1);
        (u128::from(node.number()) * corpus.parts() as u128 / nodes) as usize
    }
}

/// The names of what is sent to each part.
fn in_parts(corpus: &Corpus<'_>, name: String) -> impl Iterator<Item = String> {
    (0..corpus.parts()).map(move |part| format!("{name}-{part}"))
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
