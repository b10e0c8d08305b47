//! From candidate pairs to removals: pairs are compared, clusters are joined by what passed, and every removed record
//! is tied to the survivor it was compared with.

use super::sets::{Candidates, Sets};
use super::stars::{UnionFind, stars};
use super::{ASSOCIATED, EARLIER, JACCARD, NearDuplicates, RANK, UNVERIFIED};
use crate::barriers::corpus::{Corpus, Standing};
use crate::barriers::{RecordNumber, Removal, Resolution};
use crate::files::spill::{Listing, Sorter};
use crate::{Error, Result};
use rayon::prelude::*;

/// Pairs compared side by side, and those of them one worker takes at a time.
const CHUNK: usize = 1 << 15;
const PORTION: usize = 1 << 10;

/// Positions of two candidates.
type Pair = (u32, u32);

/// A corpus with fewer records than this in one cluster is not alarming.
const ALARM_FLOOR: f64 = 100.0;

/// The resolving of one barrier.
pub(super) struct Verification<'c> {
    pub(super) near: &'c NearDuplicates,
    pub(super) corpus: &'c Corpus<'c>,
    pub(super) candidates: Candidates<'c>,
    /// Candidates that are taken out because of something outside the corpus.
    gone: Vec<bool>,
}

impl<'c> Verification<'c> {
    pub(super) fn new(corpus: &'c Corpus<'c>, candidates: Candidates<'c>) -> Result<Self> {
        let len = candidates.nodes.len();
        let bytes = len as u64 * 5;
        if bytes > corpus.memory() / 2 || u32::try_from(len).is_err() {
            return Err(Error::Limit {
                what: format!("joining {len} candidates into clusters"),
                limit: format!("{} bytes, half of the memory", corpus.memory() / 2),
                actual: format!(
                    "{bytes} bytes; start the run again with a larger `--memory` and it continues here"
                ),
            });
        }
        Ok(Self { near: candidates.near, corpus, candidates, gone: vec![false; len] })
    }

    /// Compares all pairs and adds what follows.
    pub(super) fn run(mut self, pairs: &Listing<2>, resolution: &mut Resolution) -> Result<()> {
        let mut foreign = self.corpus.sorter::<4>("foreign", 8);
        let mut forest = UnionFind::new(self.candidates.nodes.len());
        self.edges(pairs, &mut |edge| match edge {
            Edge::Within((a, b)) => {
                forest.join(a, b);
                Ok(())
            }
            Edge::Foreign(row) => foreign.push(row),
        })?;
        self.take_foreign(foreign, resolution)?;
        self.take_clusters(forest, resolution)
    }

    /// Compares all pairs and tells those of living records that are alike.
    pub(super) fn alike(
        &self,
        pairs: &Listing<2>,
        each: &mut dyn FnMut(RecordNumber, RecordNumber) -> Result<()>,
    ) -> Result<()> {
        self.edges(pairs, &mut |edge| match edge {
            Edge::Within((a, b)) => match self.record(a).zip(self.record(b)) {
                Some((a, b)) => each(a, b),
                None => Ok(()),
            },
            Edge::Foreign(_) => Ok(()),
        })
    }

    /// Compares all pairs.
    fn edges(&self, pairs: &Listing<2>, each: &mut dyn FnMut(Edge) -> Result<()>) -> Result<()> {
        let mut pairs = self.by_neighbourhood(pairs)?;
        loop {
            let chunk: Vec<Pair> = pairs.by_ref().take(CHUNK).map(|[_, a, b]| (a as u32, b as u32)).collect();
            if chunk.is_empty() {
                return Ok(());
            }
            let found: Vec<Result<Vec<Edge>>> =
                chunk.par_chunks(PORTION).map(|pairs| self.compare(pairs)).collect();
            for edge in found.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten() {
                each(edge)?;
            }
        }
    }

    /// The pairs as positions, those that may belong to one cluster together, so that each text is read once.
    fn by_neighbourhood(&self, pairs: &Listing<2>) -> Result<impl Iterator<Item = [u64; 3]> + use<>> {
        let place = |node: u64| self.candidates.nodes.index_of(node) as u32;
        let mut near = UnionFind::new(self.candidates.nodes.len());
        pairs.iter().for_each(|[a, b]| near.join(place(a), place(b)));
        let mut sorted = self.corpus.sorter::<3>("neighbourhoods", 4);
        for [a, b] in pairs.iter() {
            let (a, b) = (place(a), place(b));
            sorted.push([u64::from(near.root(a)), u64::from(a), u64::from(b)])?;
        }
        sorted.finish()
    }

    fn sets(&self) -> Sets<'_> {
        let share = self.corpus.memory() / (4 * rayon::current_num_threads() as u64);
        Sets::new(&self.candidates, share)
    }

    fn compare(&self, pairs: &[Pair]) -> Result<Vec<Edge>> {
        let least = self.near.least();
        let mut sets = self.sets();
        let mut edges = Vec::new();
        for &(a, b) in pairs {
            let similarity = sets.similarity(a, b)?;
            if similarity.is_some_and(|similarity| similarity < least) {
                continue;
            }
            edges.extend(self.edge(a, b, similarity));
        }
        Ok(edges)
    }

    /// What follows from two candidates being alike.
    fn edge(&self, a: u32, b: u32, similarity: Option<f64>) -> Option<Edge> {
        let foreign = |member: u32, rule: usize| {
            let similarity = similarity.unwrap_or(f64::NAN);
            // of several the most similar decides, and a measured one before one that is not
            Some(Edge::Foreign([
                rule as u64,
                u64::from(member),
                !similarity.abs().to_bits(),
                similarity.to_bits(),
            ]))
        };
        match (self.standing(a), self.standing(b)) {
            (Some(Standing::Alive), Some(Standing::Alive)) => Some(Edge::Within((a, b))),
            (Some(Standing::Alive), Some(_)) => foreign(a, ASSOCIATED),
            (Some(_), Some(Standing::Alive)) => foreign(b, ASSOCIATED),
            (None, Some(Standing::Alive)) if similarity.is_some() => foreign(b, EARLIER),
            (None, Some(Standing::Alive)) => foreign(b, UNVERIFIED),
            _ => None,
        }
    }

    /// How a candidate stands; `None` for one of an earlier release.
    fn standing(&self, at: u32) -> Option<Standing> {
        self.record(at).map(|record| self.corpus.standing(record))
    }

    fn record(&self, at: u32) -> Option<u64> {
        let [node] = self.candidates.nodes.get(at as usize);
        node.checked_sub(self.near.earlier.len())
    }

    /// Takes out what is like something outside the corpus, first what is like hazardous records.
    fn take_foreign(&mut self, foreign: Sorter<4>, resolution: &mut Resolution) -> Result<()> {
        for [rule, member, _, similarity] in foreign.finish()? {
            let at = member as usize;
            if let Some(record) = self.record(member as u32).filter(|_| !self.gone[at]) {
                self.gone[at] = true;
                let similarity = f64::from_bits(similarity);
                resolution.remove(Removal {
                    record,
                    survivor: None,
                    similarity,
                    bound: None,
                    rule: rule as usize,
                })?;
            }
        }
        Ok(())
    }

    /// Takes out what is like a survivor of its cluster.
    fn take_clusters(self, mut forest: UnionFind, resolution: &mut Resolution) -> Result<()> {
        let mut joined = self.corpus.sorter::<2>("clusters", 4);
        for at in 0..self.candidates.nodes.len() as u32 {
            let root = forest.root(at);
            if root != at {
                joined.push([u64::from(root), u64::from(root)])?;
                joined.push([u64::from(root), u64::from(at)])?;
            }
        }
        let mut members = joined.finish()?.peekable();
        let mut clusters: Vec<Vec<u32>> = Vec::new();
        let mut waiting = 0;
        while let Some([root, at]) = members.next() {
            let mut cluster = vec![at as u32];
            while let Some([_, at]) = members.next_if(|row| row[0] == root) {
                cluster.push(at as u32);
            }
            self.alarm(&cluster)?;
            waiting += cluster.len();
            clusters.push(cluster);
            if waiting >= CHUNK || members.peek().is_none() {
                let taken: Vec<Result<Vec<Removal>>> =
                    clusters.par_iter_mut().map(|cluster| self.settle(cluster)).collect();
                for removal in taken.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten() {
                    resolution.remove(removal)?;
                }
                clusters.clear();
                waiting = 0;
            }
        }
        Ok(())
    }

    fn alarm(&self, cluster: &[u32]) -> Result<()> {
        let share = self.near.config.cluster_share_max.get();
        let most = (share * self.corpus.len() as f64).max(ALARM_FLOOR);
        if cluster.len() as f64 <= most || share >= 1.0 {
            return Ok(());
        }
        let first = cluster.first().and_then(|&at| self.record(at)).unwrap_or_default();
        let (shard, row) = self.corpus.place(first)?;
        Err(Error::Limit {
            what: format!(
                "cluster of near-duplicates with record {shard}:{row} (`cluster_share_max` = \"1\" allows any size)"
            ),
            limit: format!("{most:.0} records, {share} of the corpus"),
            actual: format!("{} records", cluster.len()),
        })
    }

    /// Covers one cluster by stars.
    fn settle(&self, cluster: &mut Vec<u32>) -> Result<Vec<Removal>> {
        cluster.retain(|&at| !self.gone[at as usize]);
        cluster.sort_by_cached_key(|&at| {
            let record = self.record(at).unwrap_or(u64::MAX);
            (self.corpus.word(record, RANK), record)
        });
        let mut sets = self.sets();
        let ties = stars(cluster, self.near.least(), |a, b| Ok(sets.similarity(a, b)?.unwrap_or_default()))?;
        let removal = |tie: super::stars::Tie| {
            let record = self.record(tie.member)?;
            Some(Removal {
                record,
                survivor: self.record(tie.survivor),
                similarity: tie.similarity,
                bound: None,
                rule: JACCARD,
            })
        };
        Ok(ties.into_iter().filter_map(removal).collect())
    }
}

/// Two candidates that are alike.
enum Edge {
    /// Both are alive.
    Within(Pair),
    /// One is alive; by rule, member, falling similarity.
    Foreign([u64; 4]),
}
