//! From clusters to removals: every removed record is tied to a survivor it was compared with.

use super::candidates::Node;
use super::sets::{Candidates, Sets};
use super::stars::{Tie, stars};
use super::verify::fits;
use super::{JACCARD, NearDuplicates, Step};
use crate::barriers::corpus::Corpus;
use crate::barriers::near::earlier::EarlierTexts;
use crate::barriers::{RecordNumber, Removal, Resolution};
use crate::files::spill::Listing;
use crate::{Error, Result};
use rayon::prelude::*;
use std::path::PathBuf;

/// Members of clusters that are settled side by side.
const CHUNK: usize = 1 << 15;

impl NearDuplicates {
    /// Covers the clusters of one part by stars.
    pub(super) fn send_settled(&self, corpus: &Corpus<'_>, part: usize) -> Result<Vec<PathBuf>> {
        let name = format!("settled-{part}");
        corpus.leave(vec![name.clone()], || {
            let clusters: Listing<2> =
                corpus.sent(Step::Components as usize, 0, &format!("clusters-{part}"))?;
            let mut nodes = corpus.sorter::<1>("members", 4);
            clusters.iter().try_for_each(|[_, node]| nodes.push([node]))?;
            let nodes = corpus.send(&format!("members-{part}"), nodes.finish()?)?;
            fits(corpus, nodes.len())?;
            let records = nodes.iter().filter_map(|[node]| self.record(Node(node)));
            let texts = corpus.left_texts(Step::Texts as usize, records)?;
            let candidates =
                Candidates { near: self, nodes: &nodes, texts: &texts, earlier: &EarlierTexts::default() };
            let settling = Settling {
                near: self,
                corpus,
                candidates,
                gone: self.gone(corpus)?,
                ranks: self.ranks(corpus, &nodes)?,
            };
            let mut removals = corpus.sorter::<5>("settled", 4);
            settling.all(&clusters, &mut |removal| removals.push(removal.row()))?;
            corpus.send(&name, removals.finish()?).map(drop)
        })
    }

    /// What the parts have come to.
    pub(super) fn gather(&self, corpus: &Corpus<'_>, resolution: &mut Resolution) -> Result<()> {
        for [node, rule, _, similarity] in self.gone(corpus)?.iter() {
            let record = self.record(Node(node)).ok_or_else(|| Error::Bug("an entry is taken out".into()))?;
            let similarity = f64::from_bits(similarity);
            resolution.remove(Removal {
                record,
                survivor: None,
                similarity,
                bound: None,
                rule: rule as usize,
            })?;
        }
        for part in 0..corpus.parts() {
            let settled: Listing<5> = corpus.sent(Step::Settle as usize, part, &format!("settled-{part}"))?;
            settled.iter().try_for_each(|row| resolution.remove(Removal::of(row)))?;
        }
        Ok(())
    }

    /// What is taken out because it is like something that is not of the living.
    fn gone(&self, corpus: &Corpus<'_>) -> Result<Listing<4>> {
        corpus.sent(Step::Components as usize, 0, "gone")
    }

    /// The ranks of these nodes, in their order.
    fn ranks(&self, corpus: &Corpus<'_>, nodes: &Listing<1>) -> Result<Vec<u64>> {
        let mut ranks = Vec::with_capacity(nodes.len());
        let mut known: Option<(usize, Listing<2>)> = None;
        for [node] in nodes.iter() {
            let record = self.record(Node(node)).unwrap_or_default();
            let share = corpus.share_of(record);
            if known.as_ref().is_none_or(|(of, _)| *of != share) {
                known = Some((share, corpus.sent(Step::Texts as usize, share, &format!("ranks-{share}"))?));
            }
            let rank = known.as_ref().map(|(_, listed)| listed.get(listed.position(record))[1]);
            ranks.push(rank.unwrap_or_default());
        }
        Ok(ranks)
    }
}

/// The settling of clusters.
struct Settling<'c> {
    near: &'c NearDuplicates,
    corpus: &'c Corpus<'c>,
    candidates: Candidates<'c>,
    gone: Listing<4>,
    ranks: Vec<u64>,
}

impl Settling<'_> {
    fn all(&self, clusters: &Listing<2>, each: &mut dyn FnMut(Removal) -> Result<()>) -> Result<()> {
        let mut rows = clusters.iter().peekable();
        let mut waiting: Vec<Vec<u32>> = Vec::new();
        let mut members = 0;
        while let Some([root, node]) = rows.next() {
            let place = |node: u64| self.candidates.nodes.index_of(node) as u32;
            let mut cluster = vec![place(node)];
            while let Some([_, node]) = rows.next_if(|row| row[0] == root) {
                cluster.push(place(node));
            }
            members += cluster.len();
            waiting.push(cluster);
            if members >= CHUNK || rows.peek().is_none() {
                let settled: Vec<Result<Vec<Removal>>> =
                    waiting.par_iter_mut().map(|cluster| self.settle(cluster)).collect();
                for removal in settled.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten() {
                    each(removal)?;
                }
                waiting.clear();
                members = 0;
            }
        }
        Ok(())
    }

    /// Covers one cluster by stars.
    fn settle(&self, cluster: &mut Vec<u32>) -> Result<Vec<Removal>> {
        cluster.retain(|&at| {
            let [node] = self.candidates.nodes.get(at as usize);
            let found = self.gone.position(node);
            found == self.gone.len() || self.gone.get(found)[0] != node
        });
        // nodes are in the order of the records
        cluster.sort_by_key(|&at| (self.ranks[at as usize], at));
        let mut sets = Sets::within(&self.candidates, self.corpus);
        let ties = stars(cluster, self.near.least(), |a, b| Ok(sets.similarity(a, b)?.unwrap_or_default()))?;
        let removal = |tie: Tie| {
            Some(Removal {
                record: self.record(tie.member)?,
                survivor: self.record(tie.survivor),
                similarity: tie.similarity,
                bound: None,
                rule: JACCARD,
            })
        };
        Ok(ties.into_iter().filter_map(removal).collect())
    }

    fn record(&self, at: u32) -> Option<RecordNumber> {
        self.near.record(Node(self.candidates.nodes.get(at as usize)[0]))
    }
}
