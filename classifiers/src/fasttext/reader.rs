//! Reads a model file front to back; never past its end, and never on the word of a header.

use super::ModelError;
use std::ops::Range;

/// A position in the bytes of a model file.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// All bytes of the file, those already read included.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Steps over `count` items of `size` bytes and tells where they are. The product is taken in 128 bits, so no
    /// announced number can wrap round to one that fits.
    pub(super) fn skip(
        &mut self,
        what: &'static str,
        count: u64,
        size: u64,
    ) -> Result<Range<usize>, ModelError> {
        let needed = u128::from(count) * u128::from(size);
        if needed > self.left() as u128 {
            let needed = u64::try_from(needed).unwrap_or(u64::MAX);
            return Err(ModelError::Truncated { what, needed, left: self.left() as u64 });
        }
        let start = self.at;
        self.at += needed as usize;
        Ok(start..self.at)
    }

    pub(super) fn take(&mut self, what: &'static str, count: u64, size: u64) -> Result<&'a [u8], ModelError> {
        self.skip(what, count, size).map(|range| &self.bytes[range])
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], ModelError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(what, 1, N as u64)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self, what: &'static str) -> Result<u8, ModelError> {
        self.array(what).map(u8::from_le_bytes)
    }

    pub(super) fn i32(&mut self, what: &'static str) -> Result<i32, ModelError> {
        self.array(what).map(i32::from_le_bytes)
    }

    pub(super) fn i64(&mut self, what: &'static str) -> Result<i64, ModelError> {
        self.array(what).map(i64::from_le_bytes)
    }

    /// A C++ `bool`.
    pub(super) fn flag(&mut self, field: &'static str) -> Result<bool, ModelError> {
        match self.u8(field)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(ModelError::Header { field, value: other.into(), expected: "expected 0 or 1" }),
        }
    }

    /// A 64-bit size, which must not be negative.
    pub(super) fn size(&mut self, field: &'static str) -> Result<u64, ModelError> {
        let value = self.i64(field)?;
        u64::try_from(value).map_err(|_| ModelError::Header {
            field,
            value,
            expected: "must not be negative",
        })
    }

    /// Bytes up to the next NUL, which is stepped over.
    pub(super) fn string(&mut self, what: &'static str) -> Result<&'a [u8], ModelError> {
        let left = self.left() as u64;
        match memchr::memchr(0, &self.bytes[self.at..]) {
            Some(len) => Ok(&self.take(what, len as u64 + 1, 1)?[..len]),
            None => Err(ModelError::Truncated { what, needed: left.saturating_add(1), left }),
        }
    }
}

/// Reads little-endian floats.
pub(super) fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    let (chunks, _) = bytes.as_chunks::<4>();
    chunks.iter().map(|chunk| f32::from_le_bytes(*chunk))
}
