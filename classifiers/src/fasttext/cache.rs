//! Remembers what tokens contribute to a document. Words repeat, even in a mix of languages, and summing a word's
//! subwords costs far more than finding the sum again.

use super::tokens::Key;

/// Memory of one cache, of which there is one for each thread and model. Twice as much misses less often but was
/// slower over mixed text, since it no longer fits the processor's own cache.
const BYTES: usize = 4 << 20;
const SLOTS_MAX: usize = 1 << 15;

/// What a token is to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, known or not: the sum of `rows` rows of the input matrix, and a link of word n-grams.
    Word {
        /// fastText's hash of it.
        hash: u32,
        /// How many rows were summed.
        rows: u64,
    },
    /// A word that is one row of the input matrix, which is better read there than copied.
    Row {
        /// fastText's hash of the word.
        hash: u32,
        /// Its row.
        row: u32,
    },
    /// A label, which says nothing about the text.
    Label,
}

/// A token in 32 bytes, two to a line of the processor's cache.
#[derive(Clone, Copy, Default)]
struct Slot {
    key: Key,
    hash: u32,
    /// How many rows were summed; [`LABEL`] for a label, [`ROW`] and its number for a row.
    rows: u32,
}

/// More rows than a token with a key can have.
const LABEL: u32 = u32::MAX;
/// More rows than a token with a key can have, and than there are words.
const ROW: u32 = 1 << 31;

/// A table of fixed size in which a token replaces another that falls on the same place. What it returns is what
/// computing anew would give, to the bit, so its content never shows in a result.
pub(super) struct Cache {
    slots: Vec<Slot>,
    sums: Vec<f32>,
    width: usize,
    shift: u32,
}

impl Cache {
    /// A cache of sums of `width` floats.
    pub(super) fn new(width: usize) -> Self {
        let slots = (BYTES / (size_of::<Slot>() + width * 4)).clamp(2, SLOTS_MAX);
        let bits = slots.ilog2();
        let slots = 1 << bits;
        Self { slots: vec![Slot::default(); slots], sums: vec![0.0; slots * width], width, shift: 64 - bits }
    }

    #[inline]
    fn place(&self, key: &Key) -> usize {
        let mixed = key[0] ^ key[1].rotate_left(23) ^ key[2].rotate_left(41);
        let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> self.shift) as usize
    }

    /// The token of this key and its sum; `compute` adds the token's rows to zeros where they are not known.
    #[inline]
    pub(super) fn get(&mut self, key: Key, compute: impl FnOnce(&mut [f32]) -> Token) -> (Token, &[f32]) {
        let place = self.place(&key);
        let slot = &mut self.slots[place];
        let sum = &mut self.sums[place * self.width..(place + 1) * self.width];
        if differ(&slot.key, &key) {
            sum.fill(0.0);
            let (hash, rows) = match compute(sum) {
                // a token with a key has 24 bytes, so its rows fit
                Token::Word { hash, rows } => (hash, rows as u32),
                Token::Row { hash, row } => (hash, ROW | row),
                Token::Label => (0, LABEL),
            };
            *slot = Slot { key, hash, rows };
        }
        let hash = slot.hash;
        let token = match slot.rows {
            LABEL => Token::Label,
            row @ ROW.. => Token::Row { hash, row: row - ROW },
            rows => Token::Word { hash, rows: rows.into() },
        };
        (token, sum)
    }
}

/// Word by word: comparing the arrays would load a key that was just stored in other pieces, which stalls.
#[inline]
fn differ(a: &Key, b: &Key) -> bool {
    (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) != 0
}
