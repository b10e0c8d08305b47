//! What grows with the corpus is kept on disk: rows of fixed width, sorted within a memory limit and read back mapped.

mod listing;
mod sorter;

pub use listing::Listing;
pub use sorter::{Sorted, Sorter, merged};

/// A row: integers that are compared in order.
pub type Row<const N: usize> = [u64; N];
