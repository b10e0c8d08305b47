//! Bytes that the Parquet reader asks for at any offset: of an open file, or fetched beforehand.

use crate::files::failure::{Failure, Noting};
use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::FooterTail;
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// The end of every Parquet file: the footer's length and the magic.
pub(crate) const FOOTER_TAIL_BYTES: usize = 8;

/// An input that can be read at any offset.
#[derive(Debug)]
pub(crate) enum Blob {
    Local(Local),
    Fetched(Fetched),
}

/// An open file.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) file: disk::File,
    /// Its length.
    pub(crate) bytes: u64,
    pub(crate) failure: Failure,
}

/// Parts of a file in memory. Nothing else of it can be read.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Of the whole file.
    pub(crate) bytes: u64,
    /// Where each part begins; sorted and disjoint.
    pub(crate) parts: Vec<(u64, Bytes)>,
}

impl Local {
    fn from(&self, start: u64) -> io::Result<Noting<disk::File>> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(self.failure.noting(file))
    }

    fn bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(format!(
                "{length} bytes at {start} of a file that has {} bytes",
                self.bytes
            )));
        }
        let mut bytes = vec![0; length];
        self.from(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

impl Fetched {
    /// What there is from an offset to the end of its part.
    fn from(&self, start: u64) -> ParquetResult<Bytes> {
        let before = self.parts.partition_point(|(at, _)| *at <= start);
        let part = before.checked_sub(1).and_then(|at| self.parts.get(at));
        let found = part.and_then(|(at, bytes)| {
            let offset = usize::try_from(start - at).ok()?;
            (offset <= bytes.len()).then(|| bytes.slice(offset..))
        });
        found.ok_or_else(|| ParquetError::EOF(format!("no column has bytes at {start}")))
    }
}

/// What the last bytes of a file say of its footer, if it has one.
pub(crate) fn footer_tail(file: &impl ChunkReader) -> ParquetResult<Option<FooterTail>> {
    let Some(start) = file.len().checked_sub(FOOTER_TAIL_BYTES as u64) else { return Ok(None) };
    let tail = file.get_bytes(start, FOOTER_TAIL_BYTES)?;
    let tail: Option<[u8; FOOTER_TAIL_BYTES]> = tail.as_ref().try_into().ok();
    Ok(tail.and_then(|tail| FooterTail::try_from(tail).ok()))
}

impl Length for Blob {
    fn len(&self) -> u64 {
        match self {
            Self::Local(local) => local.bytes,
            Self::Fetched(fetched) => fetched.bytes,
        }
    }
}

impl ChunkReader for Blob {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(match self {
            Self::Local(local) => Box::new(BufReader::new(local.from(start)?)),
            Self::Fetched(fetched) => Box::new(fetched.from(start)?.reader()),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        match self {
            Self::Local(local) => local.bytes(start, length),
            Self::Fetched(fetched) => {
                let found = fetched.from(start)?;
                let short = || {
                    ParquetError::EOF(format!("expected {length} bytes at {start}, found {}", found.len()))
                };
                (length <= found.len()).then(|| found.slice(..length)).ok_or_else(short)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_fetched_can_be_read() {
        let parts = vec![(10, Bytes::from_static(b"abc")), (20, Bytes::from_static(b"de"))];
        let blob = Blob::Fetched(Fetched { bytes: 30, parts });
        assert_eq!(blob.len(), 30);
        assert_eq!(blob.get_bytes(11, 2).unwrap(), "bc");
        assert_eq!(blob.get_bytes(20, 2).unwrap(), "de");
        let mut rest = String::new();
        blob.get_read(21).unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "e");
        for (start, length) in [(9, 1), (11, 3), (14, 1), (20, 3), (23, 0), (u64::MAX, 1)] {
            assert!(blob.get_bytes(start, length).is_err(), "{length} at {start}");
        }
    }
}
