//! Objects in stores, in a program that was built without them.

use crate::files::address::Address;
use crate::files::input::Version;
use bytes::Bytes;
use manifests::digest::Sha256;
use std::convert::Infallible;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Why something in a store cannot be had.
pub(crate) type Wrong<T> = std::result::Result<T, String>;

/// No store.
#[derive(Default)]
pub(crate) struct Stores {}

impl Stores {
    pub(crate) fn bucket(&mut self, _: &Address) -> Wrong<Arc<Bucket>> {
        Err("this program was built without the feature `object-stores`".into())
    }
}

/// There is none.
pub(crate) struct Bucket(Infallible);

impl Bucket {
    pub(crate) fn object(&self, _: &Address) -> Wrong<Object> {
        match self.0 {}
    }

    pub(crate) fn list(&self, _: &str) -> Wrong<Vec<(Object, u64)>> {
        match self.0 {}
    }

    pub(crate) fn names(&self, _: &Address) -> Wrong<Vec<(String, u64)>> {
        match self.0 {}
    }
}

/// There is none.
#[derive(Clone, Debug)]
pub(crate) struct Object(Infallible);

impl Object {
    pub(crate) fn url(&self) -> &str {
        match self.0 {}
    }

    pub(crate) fn version(&self) -> Wrong<Version> {
        match self.0 {}
    }

    pub(crate) fn fetch(&self, _: &[Range<u64>], _: &Version) -> Wrong<Vec<(u64, Bytes)>> {
        match self.0 {}
    }

    pub(crate) fn read(&self) -> Wrong<Option<Vec<u8>>> {
        match self.0 {}
    }

    pub(crate) fn stored(&self) -> Wrong<Option<(u64, Sha256)>> {
        match self.0 {}
    }

    pub(crate) fn create(&self, _: Vec<u8>) -> Wrong<bool> {
        match self.0 {}
    }

    pub(crate) fn delete(&self) -> Wrong<()> {
        match self.0 {}
    }

    pub(crate) fn put_file(&self, _: &Path, _: Sha256) -> Wrong<()> {
        match self.0 {}
    }

    pub(crate) fn stream(&self, _: &Version) -> std::io::Empty {
        match self.0 {}
    }
}
