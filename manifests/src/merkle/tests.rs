use super::*;

/// The leaves and roots that the implementations of RFC 6962 share as test vectors.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const SIZE_MAX: usize = 130;

/// The tree hash as RFC 9162, section 2.1.1, defines it.
fn defined_root(hashes: &[Sha256]) -> Sha256 {
    match hashes {
        [] => Sha256::of(b""),
        [leaf] => *leaf,
        _ => {
            let (left, right) = hashes.split_at(split(hashes.len()));
            node_hash(&defined_root(left), &defined_root(right))
        }
    }
}

/// The path as RFC 9162, section 2.1.3.1, defines it.
fn defined_path(hashes: &[Sha256], index: usize) -> Vec<Sha256> {
    if hashes.len() == 1 {
        return Vec::new();
    }
    let (left, right) = hashes.split_at(split(hashes.len()));
    let (mut path, sibling) = if index < left.len() {
        (defined_path(left, index), defined_root(right))
    } else {
        (defined_path(right, index - left.len()), defined_root(left))
    };
    path.push(sibling);
    path
}

/// The largest power of two below `n`.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

fn leaves(n: usize) -> Vec<Sha256> {
    (0..n).map(|i| leaf_hash(&(i as u32).to_be_bytes())).collect()
}

fn root_of(hashes: &[Sha256]) -> Sha256 {
    let mut tree = Tree::new();
    hashes.iter().for_each(|hash| tree.push_hash(*hash));
    tree.root()
}

#[test]
fn roots_are_those_of_the_shared_vectors() {
    let mut tree = Tree::new();
    assert!(tree.is_empty());
    assert_eq!(tree.root().to_string(), ROOTS[0]);
    for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
        tree.push(leaf);
        assert_eq!(tree.root().to_string(), *root, "{} leaves", tree.len());
    }
    assert_eq!(tree.len(), 8);
}

#[test]
fn proof_is_that_of_the_shared_vectors() {
    let hashes: Vec<Sha256> = LEAVES[..7].iter().map(|leaf| leaf_hash(leaf)).collect();
    let proof: Vec<String> = inclusion_proof(&hashes, 5).iter().map(Sha256::to_string).collect();
    assert_eq!(proof.len(), 3);
    assert!(proof[0].starts_with("bc1a0643") && proof[0].ends_with("99e6b"), "{}", proof[0]);
    assert!(proof[1].starts_with("b08693ec") && proof[1].ends_with("b1a5f"), "{}", proof[1]);
    assert_eq!(proof[2], ROOTS[4]);
}

#[test]
fn every_size_follows_the_definition() {
    let all = leaves(SIZE_MAX);
    let mut tree = Tree::new();
    for n in 1..=SIZE_MAX {
        tree.push_hash(all[n - 1]);
        let hashes = &all[..n];
        let root = tree.root();
        assert_eq!(root, defined_root(hashes), "size {n}");
        assert!(tree.peaks.len() <= 8, "memory is logarithmic");
        for index in 0..n {
            let proof = inclusion_proof(hashes, index);
            assert_eq!(proof, defined_path(hashes, index), "size {n} index {index}");
            assert_eq!(verify_inclusion(root, n as u64, index as u64, hashes[index], &proof), Ok(()));
        }
    }
}

#[test]
fn a_proof_holds_for_one_leaf_at_one_place_in_one_tree() {
    let all = leaves(40);
    for n in 1..=all.len() {
        let root = root_of(&all[..n]);
        for index in 0..n {
            let proof = inclusion_proof(&all[..n], index);
            for other in (0..=n + 1).filter(|other| *other != index) {
                let result = verify_inclusion(root, n as u64, other as u64, all[index], &proof);
                assert!(result.is_err(), "size {n}: proof of {index} taken for {other}");
            }
            let wrong_leaf = verify_inclusion(root, n as u64, index as u64, leaf_hash(b"other"), &proof);
            assert!(matches!(wrong_leaf, Err(ProofError::Root { .. })));
        }
    }
}

#[test]
fn proofs_of_the_wrong_length_are_refused() {
    let all = leaves(SIZE_MAX);
    for n in 1..=SIZE_MAX {
        let (hashes, size) = (&all[..n], n as u64);
        let root = root_of(hashes);
        for index in 0..n {
            let mut proof = inclusion_proof(hashes, index);
            proof.push(root);
            let long = verify_inclusion(root, size, index as u64, hashes[index], &proof);
            assert_eq!(long, Err(ProofError::TooLong), "size {n} index {index}");
            proof.pop();
            if proof.pop().is_some() {
                let short = verify_inclusion(root, size, index as u64, hashes[index], &proof);
                assert_eq!(short, Err(ProofError::TooShort), "size {n} index {index}");
            }
        }
    }
}

#[test]
fn places_outside_the_tree_are_refused() {
    let hashes = leaves(3);
    let root = root_of(&hashes);
    for (size, index) in [(0, 0), (3, 3), (3, u64::MAX), (1, 1)] {
        let result = verify_inclusion(root, size, index, hashes[0], &inclusion_proof(&hashes, 0));
        assert_eq!(result, Err(ProofError::Index { index, size }));
    }
    assert!(inclusion_proof(&hashes, 3).is_empty());
    assert!(inclusion_proof(&[], 0).is_empty());
    assert!(verify_inclusion(root, u64::MAX, u64::MAX - 1, hashes[0], &[]).is_err());
}

#[test]
fn siblings_in_the_wrong_order_are_refused() {
    let hashes = leaves(8);
    let root = root_of(&hashes);
    let mut proof = inclusion_proof(&hashes, 2);
    proof.swap(0, 1);
    let result = verify_inclusion(root, 8, 2, hashes[2], &proof);
    assert!(matches!(result, Err(ProofError::Root { .. })));
    assert_ne!(node_hash(&hashes[0], &hashes[1]), node_hash(&hashes[1], &hashes[0]));
}

#[test]
fn a_node_is_not_a_leaf() {
    // The second preimage: a leaf whose data are the two children of a node.
    let hashes = leaves(2);
    let root = root_of(&hashes);
    let forged = leaf_hash(&[hashes[0].0, hashes[1].0].concat());
    assert_ne!(forged, root);
    assert!(verify_inclusion(root, 1, 0, forged, &[]).is_err());
    // The inner hash itself is accepted by the bare algorithm under a smaller size: callers hash the leaf's data
    // themselves and take the size from signed bytes.
    let four = leaves(4);
    let inner = node_hash(&four[0], &four[1]);
    assert!(verify_inclusion(root_of(&four), 4, 0, inner, &inclusion_proof(&four, 0)[1..]).is_err());
}
