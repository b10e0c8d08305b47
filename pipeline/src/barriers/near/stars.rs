//! Clusters of near-duplicates: verified edges join records, then every removed record is tied to a survivor it is
//! itself similar enough to. Similarity is not transitive, so a cluster may keep more than one survivor.

use crate::Result;

/// A forest over `0..len`; the least member is the root.
pub(crate) struct UnionFind(Vec<u32>);

impl UnionFind {
    pub(crate) fn new(len: usize) -> Self {
        Self((0..len as u32).collect())
    }

    pub(crate) fn root(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            let up = self.0[self.0[at as usize] as usize];
            self.0[at as usize] = up;
            at = up;
        }
        at
    }

    pub(crate) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// A member removed in favour of another, with the measured similarity of the two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tie {
    pub(crate) member: u32,
    pub(crate) survivor: u32,
    pub(crate) similarity: f64,
}

/// Covers a cluster by stars: the most preferred member still standing survives and takes with it every member at
/// least `least` similar to it; repeated until none stands.
pub(crate) fn stars(
    ordered: &[u32],
    least: f64,
    mut similarity: impl FnMut(u32, u32) -> Result<f64>,
) -> Result<Vec<Tie>> {
    let mut ties = Vec::new();
    let mut standing = ordered.to_vec();
    while let Some((&survivor, rest)) = standing.split_first() {
        let mut next = Vec::new();
        for &member in rest {
            let similarity = similarity(member, survivor)?;
            if similarity >= least {
                ties.push(Tie { member, survivor, similarity });
            } else {
                next.push(member);
            }
        }
        standing = next;
    }
    Ok(ties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_do_not_depend_on_the_order_of_joins() {
        let edges = [(5, 1), (2, 3), (3, 5), (8, 9)];
        let mut forward = UnionFind::new(10);
        let mut backward = UnionFind::new(10);
        edges.iter().for_each(|&(a, b)| forward.join(a, b));
        edges.iter().rev().for_each(|&(a, b)| backward.join(b, a));
        let roots = |mut forest: UnionFind| (0..10).map(|at| forest.root(at)).collect::<Vec<_>>();
        assert_eq!(roots(forward), [0, 1, 1, 1, 4, 1, 6, 7, 8, 8]);
        assert_eq!(roots(backward), [0, 1, 1, 1, 4, 1, 6, 7, 8, 8]);
    }

    #[test]
    fn a_chain_keeps_every_member_unlike_its_survivor() {
        // points on a line, similar when at most 1 apart: 0 takes 1, 2 takes 3
        let alike = |a: u32, b: u32| Ok(if a.abs_diff(b) <= 1 { 1.0 } else { 0.0 });
        let ties = stars(&[0, 1, 2, 3], 0.5, alike).unwrap();
        assert_eq!(ties.iter().map(|t| (t.member, t.survivor)).collect::<Vec<_>>(), [(1, 0), (3, 2)]);
    }
}
