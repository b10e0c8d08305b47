//! From candidate pairs to edges: every pair is compared by its true Jaccard index.

use super::candidates::Node;
use super::sets::{Candidates, Sets};
use super::stars::UnionFind;
use super::{ASSOCIATED, EARLIER, NearDuplicates, Step, UNVERIFIED};
use crate::barriers::corpus::Corpus;
use crate::files::spill::{Listing, Row};
use crate::{Error, Result};
use rayon::prelude::*;
use std::path::PathBuf;

/// Pairs compared side by side, and those of them one worker takes at a time.
const CHUNK: usize = 1 << 15;
const PORTION: usize = 1 << 10;

/// Positions of two candidates.
type Pair = (u32, u32);

/// Two candidates that are alike.
enum Edge {
    /// Both are alive.
    Within(Pair),
    /// One is alive; its node, the rule, falling similarity.
    Foreign(Row<4>),
}

impl NearDuplicates {
    /// Compares the pairs of one part. What is left of those that are alike is a forest that joins the same nodes, and
    /// what is like something that is not of the living.
    pub(super) fn send_edges(&self, corpus: &Corpus<'_>, part: usize) -> Result<Vec<PathBuf>> {
        let names = [format!("edges-{part}"), format!("foreign-{part}")];
        corpus.leave(names.to_vec(), || {
            let nodes = self.candidates(corpus, part)?;
            fits(corpus, nodes.len())?;
            let pairs = corpus.sent(Step::Candidates as usize, part, &format!("distinct-{part}"))?;
            let records = nodes.iter().filter_map(|[node]| self.record(Node(node)));
            let texts = corpus.left_texts(Step::Texts as usize, records)?;
            let earlier = self.earlier.texts(&nodes, corpus, part)?;
            let candidates = Candidates { near: self, nodes: &nodes, texts: &texts, earlier: &earlier };
            let mut foreign = corpus.sorter::<4>("foreign", 8);
            let mut forest = UnionFind::new(nodes.len());
            Comparison { near: self, corpus, candidates }.edges(&pairs, &mut |edge| match edge {
                Edge::Within((a, b)) => {
                    forest.join(a, b);
                    Ok(())
                }
                Edge::Foreign(row) => foreign.push(row),
            })?;
            let mut edges = corpus.sorter::<2>("edges", 4);
            for at in 0..nodes.len() {
                let root = forest.root(at as u32) as usize;
                if root != at {
                    edges.push([nodes.get(root)[0], nodes.get(at)[0]])?;
                }
            }
            corpus.send(&names[0], edges.finish()?)?;
            corpus.send(&names[1], foreign.finish()?).map(drop)
        })
    }
}

/// Whether so many candidates can be joined in memory.
pub(super) fn fits(corpus: &Corpus<'_>, candidates: usize) -> Result<()> {
    let bytes = candidates as u64 * 5;
    if bytes > corpus.memory() / 2 || u32::try_from(candidates).is_err() {
        return Err(Error::Limit {
            what: format!("comparing {candidates} candidates"),
            limit: format!("{} bytes, half of the memory", corpus.memory() / 2),
            actual: format!(
                "{bytes} bytes; start the run again with a larger `--memory` and it continues here"
            ),
        });
    }
    Ok(())
}

/// The comparing of pairs.
struct Comparison<'c> {
    near: &'c NearDuplicates,
    corpus: &'c Corpus<'c>,
    candidates: Candidates<'c>,
}

impl Comparison<'_> {
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

    fn compare(&self, pairs: &[Pair]) -> Result<Vec<Edge>> {
        let least = self.near.least();
        let mut sets = Sets::within(&self.candidates, self.corpus);
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
        let [first, second] = [a, b].map(|at| Node(self.candidates.nodes.get(at as usize)[0]));
        let foreign = |node: Node, rule: usize| {
            let similarity = similarity.unwrap_or(f64::NAN);
            // of several the most similar decides, and a measured one before one that is not
            Some(Edge::Foreign([node.0, rule as u64, !similarity.abs().to_bits(), similarity.to_bits()]))
        };
        match (first.is_alive(), second.is_alive()) {
            (true, true) => Some(Edge::Within((a, b))),
            (true, false) => foreign(first, ASSOCIATED),
            // those of earlier releases come first
            (false, true) if self.near.record(first).is_some() => foreign(second, ASSOCIATED),
            (false, true) if similarity.is_some() => foreign(second, EARLIER),
            (false, true) => foreign(second, UNVERIFIED),
            (false, false) => None,
        }
    }
}
