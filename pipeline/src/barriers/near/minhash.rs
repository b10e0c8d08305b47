//! MinHash signatures: for each of many hash functions the least hash of a text's shingles (Broder 1997).
//!
//! Hash `i` of a shingle `x` (32 bits of its 64-bit hash) is `(a_i·x + b_i) mod 2^32` with odd `a_i`. 32-bit lanes
//! fill a vector register twice as densely as 64-bit ones; `x` is already uniform, and what matters is that the
//! orders the functions induce are unrelated, which the tests hold against the expected S-curve.
#![allow(unsafe_code)]

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Hashes computed side by side; the compiler turns a row of them into vector instructions.
const LANES: usize = 16;

/// A family of hash functions.
#[derive(Debug)]
pub(crate) struct MinHash {
    hashes: usize,
    multiply: Vec<[u32; LANES]>,
    add: Vec<[u32; LANES]>,
    wide: bool,
}

impl MinHash {
    /// The first `hashes` functions of the family with this seed.
    pub(crate) fn new(hashes: usize, seed: u64) -> Self {
        let draw = |at: usize, which: u64| {
            let counter = (at as u64) << 1 | which;
            xxh3_64_with_seed(&counter.to_le_bytes(), seed) as u32
        };
        let row = |block: usize, which: u64, or: u32| {
            std::array::from_fn(|lane| draw(block * LANES + lane, which) | or)
        };
        let blocks = hashes.div_ceil(LANES);
        Self {
            hashes,
            multiply: (0..blocks).map(|block| row(block, 0, 1)).collect(),
            add: (0..blocks).map(|block| row(block, 1, 0)).collect(),
            wide: wide_is_available(),
        }
    }

    /// The signature of a set of shingle hashes. All ones for the empty set.
    pub(crate) fn signature(&self, shingles: &[u64], out: &mut Vec<u64>) {
        out.clear();
        for (multiply, add) in self.multiply.iter().zip(&self.add) {
            out.extend(self.block(multiply, add, shingles).map(u64::from));
        }
        out.truncate(self.hashes);
    }

    #[cfg(target_arch = "x86_64")]
    fn block(&self, multiply: &[u32; LANES], add: &[u32; LANES], shingles: &[u64]) -> [u32; LANES] {
        if self.wide {
            // SAFETY: `wide` is set only where the processor has AVX2, the one feature `block_wide` is compiled for.
            unsafe { block_wide(multiply, add, shingles) }
        } else {
            block_portable(multiply, add, shingles)
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn block(&self, multiply: &[u32; LANES], add: &[u32; LANES], shingles: &[u64]) -> [u32; LANES] {
        block_portable(multiply, add, shingles)
    }
}

#[inline(always)]
fn block_portable(multiply: &[u32; LANES], add: &[u32; LANES], shingles: &[u64]) -> [u32; LANES] {
    let mut least = [u32::MAX; LANES];
    for &shingle in shingles {
        let x = (shingle >> 32) as u32;
        for lane in 0..LANES {
            let hash = multiply[lane].wrapping_mul(x).wrapping_add(add[lane]);
            least[lane] = least[lane].min(hash);
        }
    }
    least
}

/// The portable block, compiled for AVX2: the same operations on wider registers, so the same bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn block_wide(multiply: &[u32; LANES], add: &[u32; LANES], shingles: &[u64]) -> [u32; LANES] {
    block_portable(multiply, add, shingles)
}

#[cfg(target_arch = "x86_64")]
fn wide_is_available() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn wide_is_available() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    fn set(range: std::ops::Range<u64>) -> Vec<u64> {
        range.map(|n| xxh3_64(&n.to_le_bytes())).collect()
    }

    #[test]
    fn wide_and_portable_agree() {
        let wide = MinHash::new(112, 1);
        let portable = MinHash { wide: false, ..MinHash::new(112, 1) };
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for len in [0, 1, 2, 15, 16, 17, 1000] {
            wide.signature(&set(0..len), &mut a);
            portable.signature(&set(0..len), &mut b);
            assert_eq!(a, b, "{len} shingles");
            assert_eq!(a.len(), 112);
        }
    }

    #[test]
    fn the_share_of_equal_hashes_estimates_the_jaccard_index() {
        // 4,096 functions over sets with J = 1/3, 1/2 and 9/11; three standard deviations are at most .024
        let family = MinHash::new(4096, 1);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for (shared, own) in [(500u64, 500u64), (1000, 500), (900, 100)] {
            family.signature(&set(0..shared + own), &mut a);
            let mut other = set(0..shared);
            other.extend(set(1_000_000..1_000_000 + own));
            family.signature(&other, &mut b);
            let equal = a.iter().zip(&b).filter(|(x, y)| x == y).count() as f64 / 4096.0;
            let jaccard = shared as f64 / (shared + 2 * own) as f64;
            assert!((equal - jaccard).abs() < 0.024, "{equal} for {jaccard}");
        }
    }
}
