//! The signatures of datatrove 0.10.1 (`pipeline/dedup/minhash.py`, `utils/hashing.py`), bit for bit: xxHash64 of word
//! n-grams of the simplified text, words by spaCy, and permutations drawn by NumPy's legacy generator.

use super::Short;
use filters::text::simplify_text;
use filters::{Document, Scratch, View, Words};
use std::cell::RefCell;
use xxhash_rust::xxh64::xxh64;

/// 2^61 − 1, a prime.
const MODULUS: u64 = (1 << 61) - 1;

/// The permutations `x → (a·x + b mod 2^64) mod (2^61 − 1)`.
#[derive(Debug)]
pub(super) struct Datatrove {
    permutations: Vec<(u64, u64)>,
}

impl Datatrove {
    /// All factors are drawn first, then all summands.
    pub(super) fn new(hashes: usize, seed: u64) -> Self {
        let mut random = MersenneTwister::new(seed as u32);
        let factors: Vec<u64> = (0..hashes).map(|_| random.between(1, MODULUS)).collect();
        let permutations = factors.into_iter().map(|a| (a, random.between(0, MODULUS))).collect();
        Self { permutations }
    }

    pub(super) fn signature(&self, shingles: &[u64], out: &mut Vec<u64>) {
        let least = |&(a, b): &(u64, u64)| {
            let hashes = shingles.iter().map(|x| x.wrapping_mul(a).wrapping_add(b) % MODULUS);
            hashes.min().unwrap_or(u64::MAX)
        };
        out.clear();
        out.extend(self.permutations.iter().map(least));
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new(Words::SpacyEn));
}

/// The hashes of the n-grams, their words joined by spaces.
pub(super) fn shingles(view: &View<'_>, ngram: usize, short: Short, out: &mut Vec<u64>) {
    out.clear();
    let simple = simplify_text(view.text());
    SCRATCH.with_borrow(|scratch| {
        let view = View::new(Document { text: &simple, ..Document::default() }, scratch);
        let words: Vec<&str> =
            view.tokens().spans().filter_map(|(start, end)| simple.get(start..end)).collect();
        let ngram = match short {
            Short::Whole => ngram.min(words.len()),
            Short::Skip => ngram,
        };
        if ngram > 0 {
            out.extend(words.windows(ngram).map(|words| xxh64(words.join(" ").as_bytes(), 0)));
        }
    });
}

const LEN: usize = 624;
const MIDDLE: usize = 397;

/// MT19937 (Matsumoto and Nishimura 1998), seeded as `init_genrand` does, which NumPy's `RandomState(seed)` uses.
struct MersenneTwister {
    state: [u32; LEN],
    at: usize,
}

impl MersenneTwister {
    fn new(seed: u32) -> Self {
        let mut state = [seed; LEN];
        for at in 1..LEN {
            let last = state[at - 1];
            state[at] = 1_812_433_253u32.wrapping_mul(last ^ last >> 30).wrapping_add(at as u32);
        }
        Self { state, at: LEN }
    }

    fn turn(&mut self) {
        for at in 0..LEN {
            let bits = self.state[at] & 0x8000_0000 | self.state[(at + 1) % LEN] & 0x7fff_ffff;
            let odd = if bits & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[at] = self.state[(at + MIDDLE) % LEN] ^ bits >> 1 ^ odd;
        }
        self.at = 0;
    }

    fn next_u32(&mut self) -> u32 {
        if self.at == LEN {
            self.turn();
        }
        let mut bits = self.state[self.at];
        self.at += 1;
        bits ^= bits >> 11;
        bits ^= bits << 7 & 0x9d2c_5680;
        bits ^= bits << 15 & 0xefc6_0000;
        bits ^ bits >> 18
    }

    /// `randint(low, high, dtype=uint64)`: masked rejection.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        let range = high - 1 - low;
        let mask = u64::MAX >> range.leading_zeros();
        loop {
            let first = u64::from(self.next_u32());
            let value = (first << 32 | u64::from(self.next_u32())) & mask;
            if value <= range {
                return low + value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permutations_are_those_of_the_reference() {
        // RandomState(1).randint under NumPy 1.26
        let (a, b): (Vec<u64>, Vec<u64>) = Datatrove::new(112, 1).permutations.into_iter().unzip();
        assert_eq!(a[..3], [775_169_054_918_279_404, 1_758_426_461_858_698_313, 2_109_959_069_025_162]);
        assert_eq!(a[111], 223_865_076_026_037_746);
        assert_eq!(b[..2], [1_062_448_801_025_099_917, 1_324_811_268_927_594_100]);
        assert_eq!(b[111], 1_097_409_548_522_419_201);
    }

    #[test]
    fn signatures_are_those_of_the_reference() {
        let scratch = Scratch::default();
        let text = "The quick, brown fox jumps over";
        let view = View::new(Document { text, ..Document::default() }, &scratch);
        let (mut hashes, mut signature) = (Vec::new(), Vec::new());
        shingles(&view, 5, Short::Skip, &mut hashes);
        assert_eq!(hashes, [7_797_000_677_988_824_208, 4_793_414_983_259_776_074]);
        Datatrove::new(112, 1).signature(&hashes, &mut signature);
        assert_eq!(
            signature[..3],
            [85_330_943_174_081_874, 663_359_892_825_767_826, 327_961_897_378_675_822]
        );
    }

    #[test]
    fn short_texts_take_no_part_unless_asked() {
        let scratch = Scratch::default();
        let view = View::new(Document { text: "three little words", ..Document::default() }, &scratch);
        let mut hashes = Vec::new();
        shingles(&view, 5, Short::Skip, &mut hashes);
        assert!(hashes.is_empty());
        shingles(&view, 5, Short::Whole, &mut hashes);
        assert_eq!(hashes, [xxh64(b"three little words", 0)]);
    }
}
