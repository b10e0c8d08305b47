//! Sorted rows in one artefact.

use super::Row;
use crate::Result;
use crate::files::artefact::{Artefact, Identity, Kind, Writer};
use std::ops::Range;
use std::path::Path;

/// Bytes handed to the writer at a time.
const BLOCK: usize = 1 << 16;

/// Rows of `N` integers in ascending order, mapped from an artefact.
#[derive(Debug)]
pub struct Listing<const N: usize> {
    artefact: Artefact,
}

impl<const N: usize> Listing<N> {
    const WIDTH: usize = N * 8;

    /// Writes rows, which must come in ascending order, and maps them.
    pub(crate) fn write(
        path: &Path,
        kind: Kind,
        identity: &Identity,
        rows: impl Iterator<Item = Result<Row<N>>>,
    ) -> Result<Self> {
        let mut writer = Writer::create(path, kind)?;
        let mut block = Vec::with_capacity(BLOCK + Self::WIDTH);
        for row in rows {
            block.extend(row?.into_iter().flat_map(u64::to_le_bytes));
            if block.len() >= BLOCK {
                writer.write(&block)?;
                block.clear();
            }
        }
        writer.write(&block)?;
        writer.finish(identity)?;
        Ok(Self { artefact: Artefact::open(path, kind, identity)? })
    }

    /// The listing at `path`, if it is there, whole and this task's.
    pub(crate) fn find(path: &Path, kind: Kind, identity: &Identity) -> Option<Self> {
        Artefact::find(path, kind, identity).map(|artefact| Self { artefact })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.artefact.payload().len() / Self::WIDTH
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A row by its position, which must be less than [`Listing::len`].
    pub fn get(&self, at: usize) -> Row<N> {
        let bytes = &self.artefact.payload()[at * Self::WIDTH..][..Self::WIDTH];
        std::array::from_fn(|word| u64::from_le_bytes(bytes[word * 8..][..8].try_into().unwrap_or_default()))
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = Row<N>> + '_ {
        self.range(0..self.len())
    }

    /// The rows at these positions.
    pub fn range(&self, positions: Range<usize>) -> impl Iterator<Item = Row<N>> + '_ {
        positions.map(|at| self.get(at))
    }

    /// The position of the first row whose first integer is at least `first`.
    pub fn position(&self, first: u64) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle)[0] < first { low = middle + 1 } else { high = middle }
        }
        low
    }
}

impl Listing<1> {
    /// Where a number stands that is known to be listed.
    pub fn index_of(&self, number: u64) -> usize {
        self.position(number)
    }
}
