//! Connected components, in memory or, where there is no room, on disk.

use super::stars::UnionFind;
use crate::Result;
use crate::files::artefact::Kind;
use crate::files::spill::{Listing, Row, Sorted, Sorter};
use std::path::Path;

/// A folder, and the bytes of memory that may be taken.
type Room<'a> = (&'a Path, u64);

fn sorter((folder, memory): Room<'_>, name: &str) -> Sorter<2> {
    Sorter::new(&folder.join(name), memory / 6)
}

/// The least node of each component with every other one of it. `nodes` are those of the edges.
pub(super) fn in_memory(nodes: &Listing<1>, edges: &Listing<2>, room: Room<'_>) -> Result<Sorted<2>> {
    let place = |node: u64| nodes.index_of(node) as u32;
    let mut forest = UnionFind::new(nodes.len());
    edges.iter().for_each(|[a, b]| forest.join(place(a), place(b)));
    let mut joined = sorter(room, "joined");
    for at in 0..nodes.len() {
        let root = forest.root(at as u32) as usize;
        if root != at {
            joined.push([nodes.get(root)[0], nodes.get(at)[0]])?;
        }
    }
    joined.finish()
}

/// The same by sorting alone: large stars and small stars in turns until nothing changes (Kiveris, Lattanzi, Mirrokni,
/// Rastogi, Vassilvitskii, *Connected Components in MapReduce and Beyond*, 2014). The number of rounds grows with the
/// logarithm of the number of nodes, squared at the worst.
pub(super) fn on_disk(edges: Listing<2>, room: Room<'_>) -> Result<Sorted<2>> {
    let mut edges = edges;
    for round in 0usize.. {
        let path = room.0.join(format!("forest-{}", round % 2));
        let stars = small_stars(large_stars(edges.iter(), room)?, room)?;
        let next = Listing::write(&path, Kind::Run, &[0; 32], stars.map(Ok))?;
        let same = next.len() == edges.len() && next.iter().eq(edges.iter());
        edges = next;
        if same {
            break;
        }
    }
    let mut joined = sorter(room, "joined");
    edges.iter().try_for_each(|edge| joined.push(edge))?;
    joined.finish()
}

/// Ties the larger neighbours of each node to its least one.
fn large_stars(edges: impl Iterator<Item = Row<2>>, room: Room<'_>) -> Result<Sorted<2>> {
    let (mut both, mut tied) = (sorter(room, "both"), sorter(room, "tied"));
    for [a, b] in edges {
        both.push([a, b])?;
        both.push([b, a])?;
    }
    each_star(both.finish()?, |[centre, node], least| match node > centre {
        true => tied.push([node, least.min(centre)]),
        false => Ok(()),
    })?;
    tied.finish()
}

/// Ties each node and its smaller neighbours to the least of them.
fn small_stars(edges: impl Iterator<Item = Row<2>>, room: Room<'_>) -> Result<Sorted<2>> {
    let (mut down, mut tied) = (sorter(room, "down"), sorter(room, "small"));
    for [a, b] in edges {
        down.push([a.max(b), a.min(b)])?;
    }
    each_star(down.finish()?, |[centre, node], least| {
        tied.push([least, centre])?;
        if node == least { Ok(()) } else { tied.push([least, node]) }
    })?;
    tied.finish()
}

/// Calls `each` with every row and the least second integer of the rows that have its first.
fn each_star(
    rows: impl Iterator<Item = Row<2>>,
    mut each: impl FnMut(Row<2>, u64) -> Result<()>,
) -> Result<()> {
    let mut star = None;
    for row in rows {
        // rows come in ascending order: the first of a centre has the least
        let (_, least) =
            *star.insert(star.filter(|(centre, _)| *centre == row[0]).unwrap_or((row[0], row[1])));
        each(row, least)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn listing<const N: usize>(folder: &Path, name: &str, rows: impl Iterator<Item = Row<N>>) -> Listing<N> {
        let mut rows: Vec<Row<N>> = rows.collect();
        rows.sort_unstable();
        rows.dedup();
        Listing::write(&folder.join(name), Kind::Run, &[0; 32], rows.into_iter().map(Ok)).unwrap()
    }

    fn agree(edges: Vec<Row<2>>) {
        let folder = tempfile::tempdir().unwrap();
        let nodes = listing(folder.path(), "nodes", edges.iter().flatten().map(|node| [*node]));
        let edges = listing(folder.path(), "edges", edges.into_iter());
        let memory: Vec<Row<2>> = in_memory(&nodes, &edges, (folder.path(), 1 << 20)).unwrap().collect();
        let disk: Vec<Row<2>> = on_disk(edges, (folder.path(), 0)).unwrap().collect();
        assert_eq!(memory, disk);
        // every node but the roots has one root, which is less
        assert!(memory.iter().all(|[root, node]| root < node));
    }

    #[test]
    fn long_ways_and_stars_are_joined_alike() {
        agree(Vec::new());
        agree((0..500).map(|n| [n, n + 1]).collect());
        agree((1..500).map(|n| [0, n]).collect());
        agree((0..500).map(|n| [n, 999 - n]).chain((0..499).map(|n| [n + 1, 999 - n])).collect());
    }

    proptest! {
        #[test]
        fn both_ways_agree(edges in prop::collection::vec((0u64..300, 0u64..300), 0..400)) {
            agree(edges.into_iter().filter(|(a, b)| a != b).map(|(a, b)| [a.min(b), a.max(b)]).collect());
        }
    }
}
