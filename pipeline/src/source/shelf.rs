//! Decoded row groups that are kept from one pass to the next while there is room, so that a corpus which fits is
//! decoded once and any other is decoded again.

use arrow_array::RecordBatch;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Number of a shard and of a row group in it.
pub(crate) type Place = (usize, usize);

/// The kept row groups.
pub(crate) struct Shelf {
    inner: Mutex<Inner>,
}

struct Inner {
    room: u64,
    groups: HashMap<Place, Arc<Vec<RecordBatch>>>,
}

impl Shelf {
    /// An empty shelf for about so many bytes.
    pub(crate) fn new(room: u64) -> Self {
        Self { inner: Mutex::new(Inner { room, groups: HashMap::new() }) }
    }

    /// Takes room for a group of about so many bytes; says whether there is any. It is never given back: what one
    /// pass could not keep, the passes after it have to read anyway.
    pub(crate) fn reserve(&self, bytes: u64) -> bool {
        let mut inner = self.lock();
        let fits = bytes <= inner.room;
        if fits {
            inner.room -= bytes;
        }
        fits
    }

    /// Keeps the batches of a group, all columns, for which there was room.
    pub(crate) fn put(&self, place: Place, batches: Vec<RecordBatch>) {
        self.lock().groups.insert(place, Arc::new(batches));
    }

    /// The batches of a group, if they are kept.
    pub(crate) fn get(&self, place: Place) -> Option<Arc<Vec<RecordBatch>>> {
        self.lock().groups.get(&place).map(Arc::clone)
    }

    /// The batches of a group, if they are kept, for the last time.
    pub(crate) fn take(&self, place: Place) -> Option<Arc<Vec<RecordBatch>>> {
        self.lock().groups.remove(&place)
    }

    /// A panic while the lock is held cannot leave the map half changed.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
