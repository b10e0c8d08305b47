//! Reading objects: by ranges, and from the first byte to the last. Every answer is held against the version that is
//! asked for and must have every byte of its range.

use super::{Object, Wrong, told, version};
use crate::files::input::{Mark, Version};
use bytes::{Buf, Bytes};
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore};
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The most that one request asks for: what a slow line brings within the 30 seconds a request may take, and large
/// enough that the way to the server does not count.
const PIECE_BYTES: u64 = 16 << 20;

/// Ranges with no more than this between them are one: reading on costs less than asking again. As `object_store`
/// 0.14's `OBJECT_STORE_COALESCE_DEFAULT`.
const GAP_BYTES: u64 = 1 << 20;

/// Requests of one reader under way at a time.
const REQUESTS: usize = 4;

impl Object {
    /// The bytes of some ranges, joined where they are close to each other: where each part begins, in order.
    pub(crate) fn fetch(&self, ranges: &[Range<u64>], version: &Version) -> Wrong<Vec<(u64, Bytes)>> {
        let joined = joined(ranges, GAP_BYTES);
        let pieces: Vec<(usize, Range<u64>)> = joined
            .iter()
            .enumerate()
            .flat_map(|(part, range)| divided(range.clone()).map(move |piece| (part, piece)))
            .collect();
        let fetching = stream::iter(pieces).map(|(part, piece)| {
            let asked = piece_of(self.in_store(), piece, version.clone());
            async move { asked.await.map(|bytes| (part, bytes)) }
        });
        let fetched: Vec<(usize, Bytes)> = self.bucket.wait(fetching.buffered(REQUESTS).try_collect())?;
        let mut parts: Vec<(u64, Bytes)> = Vec::with_capacity(joined.len());
        for (part, range) in joined.iter().enumerate() {
            let from = fetched.partition_point(|(of, _)| *of < part);
            let of_part = fetched[from..].iter().take_while(|(of, _)| *of == part).map(|(_, bytes)| bytes);
            parts.push((range.start, concatenated(of_part.cloned().collect())));
        }
        Ok(parts)
    }

    fn in_store(&self) -> InStore {
        (Arc::clone(&self.bucket.store), self.key.clone())
    }

    /// All bytes in order. The next ones are on their way while those before are looked at.
    pub(crate) fn stream(&self, version: &Version) -> Stream {
        let mut stream = Stream {
            object: self.clone(),
            version: version.clone(),
            next: 0,
            ahead: None,
            piece: Bytes::new(),
            failed: None,
        };
        stream.ask();
        stream
    }
}

/// Ranges in order, those joined that have at most `gap` bytes between them.
fn joined(ranges: &[Range<u64>], gap: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<Range<u64>> =
        ranges.iter().filter(|range| range.start < range.end).cloned().collect();
    sorted.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(gap) => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// A range in pieces of what one request asks for.
fn divided(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let end = range.end;
    range.step_by(PIECE_BYTES as usize).map(move |start| start..end.min(start + PIECE_BYTES))
}

fn concatenated(mut pieces: Vec<Bytes>) -> Bytes {
    match pieces.len() {
        1 => pieces.remove(0),
        _ => pieces.concat().into(),
    }
}

/// What a request needs. A task must not own its runtime: it may be the last to hold it.
type InStore = (Arc<dyn ObjectStore>, Key);

/// One request's bytes, all of them, of the version that is meant.
async fn piece_of((store, key): InStore, range: Range<u64>, expected: Version) -> Wrong<Bytes> {
    // what a weak tag is compared with is up to the server: the answer's own tag is looked at in any case
    let if_match = match &expected.mark {
        Some(Mark::Tag(tag)) if tag.starts_with('"') => Some(tag.clone()),
        _ => None,
    };
    let options =
        GetOptions { range: Some(GetRange::Bounded(range.clone())), if_match, ..GetOptions::default() };
    let answer = store.get_opts(&key, options).await.map_err(told)?;
    expected.holds(&version(&answer.meta))?;
    let bytes = answer.bytes().await.map_err(told)?;
    match bytes.len() as u64 == range.end - range.start {
        true => Ok(bytes),
        false => {
            Err(format!("{} bytes came of {} that were asked for", bytes.len(), range.end - range.start))
        }
    }
}

/// An object read from its first byte to its last.
pub(crate) struct Stream {
    object: Object,
    version: Version,
    /// Where what was not asked for yet begins.
    next: u64,
    ahead: Option<JoinHandle<Wrong<Bytes>>>,
    piece: Bytes,
    failed: Option<String>,
}

impl Stream {
    /// Asks for the next bytes.
    fn ask(&mut self) {
        let range = self.next..self.version.bytes.min(self.next + PIECE_BYTES);
        self.ahead = (!range.is_empty()).then(|| {
            self.next = range.end;
            let asked = piece_of(self.object.in_store(), range, self.version.clone());
            self.object.bucket.runtime.spawn(asked)
        });
    }

    /// Waits for the bytes that were asked for; none at the end.
    fn turn(&mut self) -> Wrong<Bytes> {
        let Some(ahead) = self.ahead.take() else { return Ok(Bytes::new()) };
        let bucket = Arc::clone(&self.object.bucket);
        let bytes = bucket.wait(ahead).map_err(|e| e.to_string())??;
        self.ask();
        Ok(bytes)
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && self.failed.is_none() {
            match self.turn() {
                Ok(piece) => self.piece = piece,
                Err(why) => self.failed = Some(why),
            }
        }
        match &self.failed {
            Some(why) => Err(io::Error::other(why.clone())),
            None => {
                let bytes = into.len().min(self.piece.len());
                self.piece.copy_to_slice(&mut into[..bytes]);
                Ok(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_ranges_are_one_request_and_long_ones_several() {
        assert_eq!(joined(&[50..60, 0..10, 12..20, 5..8, 30..30], 2), [0..20, 50..60]);
        assert_eq!(joined(&[0..10, 13..20], 2).len(), 2);
        let piece = PIECE_BYTES;
        let pieces: Vec<_> = divided(3..3 + 2 * piece + 1).collect();
        assert_eq!(pieces, [3..3 + piece, 3 + piece..3 + 2 * piece, 3 + 2 * piece..4 + 2 * piece]);
    }
}
