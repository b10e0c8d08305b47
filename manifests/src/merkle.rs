//! Merkle trees of RFC 6962, section 2.1 (unchanged in RFC 9162), with inclusion proofs.
//!
//! ```text
//! leaf = SHA-256(0x00 || data)     node = SHA-256(0x01 || left || right)     empty tree = SHA-256("")
//! ```
//!
//! The two prefixes keep a node from being passed off as a leaf. [`Tree`] takes leaves in order and keeps only the
//! roots of its complete subtrees, so its memory grows with the logarithm of their number.

use crate::digest::Sha256;

/// The hash of one leaf.
pub fn leaf_hash(data: &[u8]) -> Sha256 {
    Sha256::of_parts(&[&[0], data])
}

/// The hash of an inner node.
fn node_hash(left: &Sha256, right: &Sha256) -> Sha256 {
    let mut input = [1; 65];
    input[1..33].copy_from_slice(&left.0);
    input[33..].copy_from_slice(&right.0);
    Sha256::of(&input)
}

/// A tree that is built leaf by leaf and remembers O(log n) hashes.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    len: u64,
    /// Roots of complete subtrees, largest first: one for each bit set in `len`.
    peaks: Vec<Sha256>,
}

impl Tree {
    /// A tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf_data: &[u8]) {
        self.push_hash(leaf_hash(leaf_data));
    }

    /// Appends a leaf that is already hashed with [`leaf_hash`].
    pub fn push_hash(&mut self, leaf: Sha256) {
        let mut hash = leaf;
        let merges = self.len.trailing_ones() as usize;
        let kept = self.peaks.len().saturating_sub(merges);
        for left in self.peaks.drain(kept..).rev() {
            hash = node_hash(&left, &hash);
        }
        self.peaks.push(hash);
        self.len += 1;
    }

    /// The number of leaves.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the tree has no leaves.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The root over the leaves so far.
    pub fn root(&self) -> Sha256 {
        let mut peaks = self.peaks.iter().rev();
        let Some(&last) = peaks.next() else { return Sha256::of(b"") };
        peaks.fold(last, |right, left| node_hash(left, &right))
    }
}

/// A tree with all its nodes, for those who have all leaves in memory and make proofs.
#[derive(Debug, Clone)]
pub struct Levels {
    /// The leaf hashes, their parents, and so on up to the root.
    levels: Vec<Vec<Sha256>>,
}

impl Levels {
    /// The tree over these hashed leaves.
    pub fn new(leaf_hashes: Vec<Sha256>) -> Self {
        let mut levels = vec![leaf_hashes];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            levels.push(level.chunks(2).map(parent).collect());
        }
        Self { levels }
    }

    /// The number of leaves.
    pub fn len(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// Whether there are no leaves.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The root; that of an empty tree if there are no leaves.
    pub fn root(&self) -> Sha256 {
        let root = self.levels.last().and_then(|level| level.first());
        root.copied().unwrap_or_else(|| Sha256::of(b""))
    }

    /// The hashes that, with the leaf at `index`, give the root (RFC 9162, section 2.1.3.1). An index outside the tree
    /// has no proof: the result is empty and [`verify_inclusion`] refuses it.
    pub fn path(&self, index: usize) -> Vec<Sha256> {
        let (mut path, mut at) = (Vec::new(), index);
        if index >= self.len() {
            return path;
        }
        for level in &self.levels {
            path.extend(level.get(at ^ 1));
            at /= 2;
        }
        path
    }
}

/// The proof for one leaf, see [`Levels::path`].
pub fn inclusion_proof(leaf_hashes: &[Sha256], index: usize) -> Vec<Sha256> {
    Levels::new(leaf_hashes.to_vec()).path(index)
}

fn parent(pair: &[Sha256]) -> Sha256 {
    match pair {
        [left, right] => node_hash(left, right),
        // A last node without a sibling moves up unchanged: that is what splitting at a power of two comes to.
        single => single[0],
    }
}

/// Why an inclusion proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The leaf would lie outside the tree.
    #[error("leaf {index} is outside a tree of {size}")]
    Index {
        /// The claimed position.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The proof has more hashes than the path.
    #[error("the proof is too long")]
    TooLong,
    /// The proof has fewer hashes than the path.
    #[error("the proof is too short")]
    TooShort,
    /// The proof leads to another root.
    #[error("the proof leads to root {found}, not to {expected}")]
    Root {
        /// The root that was to be reached.
        expected: Sha256,
        /// The root the proof leads to.
        found: Sha256,
    },
}

/// Checks that `leaf` is at `index` of the tree of `size` leaves with this `root` (RFC 9162, section 2.1.3.2).
pub fn verify_inclusion(
    root: Sha256,
    size: u64,
    index: u64,
    leaf: Sha256,
    proof: &[Sha256],
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Index { index, size });
    }
    // `node` and `last` are the positions of our node and of the last node on the level the walk has reached.
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::TooLong);
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // An even node here is the last one, without a sibling: it moves up until it has one.
            while node.is_multiple_of(2) && node != 0 {
                node /= 2;
                last /= 2;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node /= 2;
        last /= 2;
    }
    if last != 0 {
        return Err(ProofError::TooShort);
    }
    if hash != root {
        return Err(ProofError::Root { expected: root, found: hash });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
