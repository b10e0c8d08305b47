//! What is checked of a Parquet file before the crate `parquet` sees it. That crate (60.1) takes lengths at their
//! word: a schema recurses as deep as it says, a page takes the memory its header tells, and a page of gzip, Brotli or
//! LZ4 whatever it unpacks to. Here nothing is unpacked into memory; headers are walked, and what is wrong with
//! them is told as damage of the file or of a row group.

mod caught;
mod expansion;
mod footer;
mod pages;
#[cfg(test)]
mod tests;
mod thrift;

pub use caught::hide_caught_panics;
pub(crate) use caught::{Caught, caught};
pub(crate) use footer::parse as parse_footer;
pub(crate) use pages::Chunks;

/// What a page may take unpacked unless the configuration says otherwise, and always in files of a release: 1 GiB.
/// Writers close a page after some MiB or 1024 values, so that only pages of very long records come near it.
pub(crate) const PAGE_BYTES: u64 = 1 << 30;
