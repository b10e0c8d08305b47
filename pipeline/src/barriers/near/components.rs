//! From edges to clusters: the connected components of what is alike, whole ones for each part.

use super::candidates::Node;
use super::joining::{in_memory, on_disk};
use super::{NearDuplicates, Step};
use crate::barriers::corpus::Corpus;
use crate::files::spill::{Listing, Row};
use crate::{Error, Result};
use std::iter::Peekable;
use std::path::PathBuf;

/// A corpus with fewer records than this in one cluster is not alarming.
const ALARM_FLOOR: f64 = 100.0;

impl NearDuplicates {
    /// Joins the forests of all parts. Leaves whole clusters for each part, and what is taken out because it is like
    /// something that is not of the living.
    pub(super) fn send_clusters(&self, corpus: &Corpus<'_>) -> Result<Vec<PathBuf>> {
        let clusters = (0..corpus.parts()).map(|part| format!("clusters-{part}"));
        corpus.leave(clusters.chain(["gone".into()]).collect(), || {
            let mut foreign = corpus.sorter::<4>("foreign", 8);
            let mut nodes = corpus.sorter::<1>("nodes", 4);
            let mut edges = corpus.sorter::<2>("edges", 4);
            for part in 0..corpus.parts() {
                let sent = corpus.sent::<4>(Step::Edges as usize, part, &format!("foreign-{part}"))?;
                sent.iter().try_for_each(|row| foreign.push(row))?;
                for [a, b] in self.edges(corpus, part)?.iter() {
                    edges.push([a, b])?;
                    [a, b].into_iter().try_for_each(|node| nodes.push([node]))?;
                }
            }
            // first what is like hazardous records, and of those the most similar
            let mut last = None;
            corpus.send("gone", foreign.finish()?.filter(|row| last.replace(row[0]) != Some(row[0])))?;
            let nodes = corpus.send("nodes", nodes.finish()?)?;
            let edges = corpus.send("forest", edges.finish()?)?;
            let fits = 4 * nodes.len() as u64 <= corpus.memory() / 4 && u32::try_from(nodes.len()).is_ok();
            let folder = corpus.folder().join("joining");
            let room = (folder.as_path(), corpus.memory());
            let joined = match fits {
                true => in_memory(&nodes, &edges, room)?,
                false => on_disk(edges, room)?,
            };
            self.divide(corpus, nodes.len(), joined.peekable())
        })
    }

    /// The forest that a part has left.
    pub(super) fn edges(&self, corpus: &Corpus<'_>, part: usize) -> Result<Listing<2>> {
        corpus.sent(Step::Edges as usize, part, &format!("edges-{part}"))
    }

    /// Leaves about as many nodes for each part, whole clusters. `joined` are roots with each node of theirs but themselves.
    fn divide(
        &self,
        corpus: &Corpus<'_>,
        nodes: usize,
        mut joined: Peekable<impl Iterator<Item = Row<2>>>,
    ) -> Result<()> {
        let share = self.config.cluster_share_max.get();
        let most = (share * corpus.len() as f64).max(ALARM_FLOOR);
        let of_each = nodes.div_ceil(corpus.parts()).max(1);
        for part in 0..corpus.parts() {
            let (mut taken, mut of_cluster, mut root, mut alarm) = (0usize, 0u64, None, None);
            let last = part + 1 == corpus.parts();
            let mut waiting = None;
            let rows = std::iter::from_fn(|| {
                if let Some(row) = waiting.take() {
                    return Some(row);
                }
                let next = joined.peek()?;
                if root != Some(next[0]) {
                    if taken >= of_each && !last {
                        return None;
                    }
                    (root, of_cluster) = (Some(next[0]), 1);
                }
                let row = joined.next()?;
                (taken, of_cluster) = (taken + 1, of_cluster + 1);
                if of_cluster as f64 > most && share < 1.0 {
                    let found: &mut (u64, u64) = alarm.get_or_insert((row[0], of_cluster));
                    if found.0 == row[0] {
                        found.1 = of_cluster;
                    }
                }
                if of_cluster == 2 {
                    waiting = Some(row);
                    return Some([row[0], row[0]]);
                }
                Some(row)
            });
            corpus.send(&format!("clusters-{part}"), rows)?;
            if let Some((root, records)) = alarm {
                return Err(self.alarm(corpus, Node(root), records, most));
            }
        }
        Ok(())
    }

    fn alarm(&self, corpus: &Corpus<'_>, root: Node, records: u64, most: f64) -> Error {
        let place = corpus.place(self.record(root).unwrap_or_default());
        let (shard, row) = match place {
            Ok(place) => place,
            Err(error) => return error,
        };
        let share = self.config.cluster_share_max;
        Error::Limit {
            what: format!(
                "cluster of near-duplicates with record {shard}:{row} (`cluster_share_max` = \"1\" allows any size)"
            ),
            limit: format!("{most:.0} records, {share} of the corpus"),
            actual: format!("{records} records"),
        }
    }
}
