//! Where everything lies in a file of KenLM's probing format, version 5.
//!
//! ```text
//! magic line, padded to 56 bytes; test values 0, 1, -1/2 (f32), 1, 2³²-1, 0 (u32), 1 (u64)
//! order u8, multiplier f32 at 4, kind u32 at 8, has words u8 at 12, version of the tables u32 at 16
//! number of n-grams u64, for each order; padding to 8 bytes
//! vocabulary      version u32, words u32, then slots: hash of the word u64, id u32
//! unigrams        log10 probability f32, log10 back-off f32, by id, and room for one more
//! middle orders   slots: key u64, log10 probability f32, log10 back-off f32
//! longest order   slots: key u64, log10 probability f32
//! words           each with a NUL, by id, `<unk>` first
//! ```
//!
//! Integers and floats are little-endian. The sign of a probability says whether longer n-grams end with this one, that
//! of a back-off of zero whether longer ones begin with it. A model read from an ARPA file is laid out the same way in
//! memory, so that there is one way to score.

use super::ModelError;
use super::table::{Table, number, weight};

/// The first line, with the version.
const MAGIC: &[u8; 52] = b"mmap lm http://kheafield.com/code format version 5\n\0";
/// What all versions begin with.
const ANY_VERSION: &[u8] = b"mmap lm http://kheafield.com/code";
/// Bytes of the magic line and the test values.
const SANITY: usize = 88;
/// Bytes of the parameters behind them.
const PARAMETERS: usize = 20;
/// KenLM's default: slots for each entry of a hash table.
const MULTIPLIER: f32 = 1.5;
/// Above this the multiplier only wastes memory; KenLM's users go up to 2 or so.
const MULTIPLIER_MAX: f32 = 64.0;

/// The longest n-grams there are: KenLM's own limit as it is built for PyPI.
pub const ORDER_MAX: usize = 6;

/// The parts of a model's bytes.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Announced n-grams of each order.
    pub(super) counts: Vec<u64>,
    /// Where the number of words is.
    pub(super) bound_at: usize,
    pub(super) vocabulary: Table<12>,
    pub(super) unigrams: usize,
    /// The orders from 2 to the one before the longest.
    pub(super) middle: Vec<Table<16>>,
    /// The longest order.
    pub(super) longest: Table<12>,
    /// The first byte behind the tables.
    pub(super) end: usize,
}

impl Layout {
    /// The layout of so many n-grams of each order.
    pub(super) fn of(counts: &[u64], multiplier: f32) -> Result<Self, ModelError> {
        let too_large = || ModelError::field("counts", format!("announce too much: {counts:?}"));
        if !(2..=ORDER_MAX).contains(&counts.len()) {
            return Err(ModelError::field(
                "order",
                format!("is {}, expected 2 to {ORDER_MAX}", counts.len()),
            ));
        }
        if counts[0] >= u64::from(u32::MAX) {
            return Err(too_large());
        }
        let header = (SANITY + PARAMETERS + 8 * counts.len()).next_multiple_of(8);
        let vocabulary = Table::new(header as u64 + 8, counts[0], multiplier).ok_or_else(too_large)?;
        let unigrams = usize::try_from(vocabulary.end()).map_err(|_| too_large())?;
        let mut end = vocabulary.end() + (counts[0] + 1) * 8;
        let (mut middle, last) = (Vec::new(), counts.len() - 1);
        for count in &counts[1..last] {
            let table = Table::new(end, *count, multiplier).ok_or_else(too_large)?;
            end = table.end();
            middle.push(table);
        }
        let longest = Table::new(end, counts[last], multiplier).ok_or_else(too_large)?;
        let end = usize::try_from(longest.end()).map_err(|_| too_large())?;
        Ok(Self { counts: counts.to_vec(), bound_at: header + 4, vocabulary, unigrams, middle, longest, end })
    }

    /// The layout of so many n-grams, and bytes for it that hold the header and are zero elsewhere.
    pub(super) fn fresh(counts: &[u64]) -> Result<(Self, Vec<u8>), ModelError> {
        let layout = Self::of(counts, MULTIPLIER)?;
        let mut header = sanity();
        header.extend([counts.len() as u8, 0, 0, 0]);
        header.extend(MULTIPLIER.to_le_bytes());
        header.extend([0; 4]);
        header.extend([1, 0, 0, 0, 0, 0, 0, 0]);
        header.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
        let mut bytes = vec![0; layout.end];
        bytes[..header.len()].copy_from_slice(&header);
        Ok((layout, bytes))
    }

    /// Reads a file's header and holds what it announces against the bytes there are. `None` if the file is no binary
    /// file at all.
    pub(super) fn read(bytes: &[u8]) -> Option<Result<Self, ModelError>> {
        bytes.starts_with(ANY_VERSION).then(|| Self::read_known(bytes))
    }

    fn read_known(bytes: &[u8]) -> Result<Self, ModelError> {
        let truncated = |what, needed: usize| ModelError::Truncated {
            what,
            needed: needed as u64,
            left: bytes.len() as u64,
        };
        if !bytes.starts_with(&sanity()[..SANITY.min(bytes.len())]) {
            return Err(ModelError::Version);
        }
        let header = bytes
            .get(SANITY..SANITY + PARAMETERS)
            .ok_or_else(|| truncated("the header", SANITY + PARAMETERS))?;
        let (order, multiplier, kind) = (usize::from(header[0]), weight(header, 4), number(header, 8));
        if kind != 0 {
            return Err(ModelError::Kind(kind));
        }
        if number(header, 16) != 0 {
            return Err(ModelError::Version);
        }
        if !(1.0..=MULTIPLIER_MAX).contains(&multiplier) {
            let why = format!("is {multiplier}, expected 1 to {MULTIPLIER_MAX}");
            return Err(ModelError::field("probing multiplier", why));
        }
        let end = SANITY + PARAMETERS + 8 * order;
        let counts = bytes.get(SANITY + PARAMETERS..end).ok_or_else(|| truncated("the counts", end))?;
        let counts: Vec<u64> = counts.as_chunks().0.iter().map(|count| u64::from_le_bytes(*count)).collect();
        let layout = Self::of(&counts, multiplier)?;
        if bytes.len() < layout.end {
            return Err(truncated("the tables", layout.end));
        }
        layout.check(bytes)?;
        Ok(layout)
    }

    /// Holds every entry against its domain, so that scores are finite whatever the file.
    fn check(&self, bytes: &[u8]) -> Result<(), ModelError> {
        let bound = number(bytes, self.bound_at);
        if number(bytes, self.bound_at - 4) != 0 || u64::from(bound) > self.counts[0] + 1 {
            return Err(ModelError::field("vocabulary", format!("of {bound} words is not as announced")));
        }
        if self.vocabulary.entries(bytes).any(|slot| number(slot, 8) >= bound) {
            return Err(ModelError::field("vocabulary", "has a word without a probability"));
        }
        let unigrams = &bytes[self.unigrams..][..bound as usize * 8];
        let pairs = unigrams.as_chunks::<8>().0.iter().map(|pair| (weight(pair, 0), weight(pair, 4)));
        let middle = self.middle.iter().flat_map(|table| table.entries(bytes));
        let middle = middle.map(|slot| (weight(slot, 8), weight(slot, 12)));
        let longest = self.longest.entries(bytes).map(|slot| (weight(slot, 8), 0.0));
        match pairs.chain(middle).chain(longest).find(|(p, b)| !p.is_finite() || !b.is_finite()) {
            Some((p, b)) => {
                Err(ModelError::Entry(format!("a probability or back-off is not finite: {p}, {b}")))
            }
            None => Ok(()),
        }
    }
}

fn sanity() -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.resize(56, 0);
    bytes.extend([0.0f32, 1.0, -0.5].iter().flat_map(|value| value.to_le_bytes()));
    bytes.extend([1u32, u32::MAX, 0].iter().flat_map(|value| value.to_le_bytes()));
    bytes.extend(1u64.to_le_bytes());
    bytes
}
