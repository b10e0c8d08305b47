//! Sorting within a memory limit: what does not fit is written as sorted runs and merged.

use super::{Listing, Row};
use crate::files::artefact::{Identity, Kind};
use crate::{Error, Result};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::path::{Path, PathBuf};

/// Rows that fit into less than this are not worth a file.
const LEAST_ROWS: usize = 1 << 10;

/// Runs live within one task, so nothing but their checksum tells them apart.
const RUN: Identity = [0; 32];

/// Collects rows and yields them in ascending order, each once.
pub struct Sorter<const N: usize> {
    folder: PathBuf,
    limit: usize,
    rows: Vec<Row<N>>,
    runs: Vec<PathBuf>,
}

impl<const N: usize> Sorter<N> {
    /// A sorter that holds at most `bytes` in memory and writes its runs into `folder`, which must be its own.
    pub(crate) fn new(folder: &Path, bytes: u64) -> Self {
        let limit = usize::try_from(bytes).unwrap_or(usize::MAX) / (N * 8);
        Self {
            folder: folder.to_path_buf(),
            limit: limit.max(LEAST_ROWS),
            rows: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Row<N>) -> Result<()> {
        if self.rows.len() == self.rows.capacity() {
            if self.rows.len() >= self.limit {
                self.spill()?;
            } else {
                let more = self.rows.len().max(LEAST_ROWS).min(self.limit - self.rows.len());
                self.rows.reserve_exact(more);
            }
        }
        self.rows.push(row);
        Ok(())
    }

    /// Everything that was added, sorted.
    pub fn finish(mut self) -> Result<Sorted<N>> {
        if self.runs.is_empty() {
            self.order();
            return Ok(Sorted {
                source: Source::Memory(std::mem::take(&mut self.rows).into_iter()),
                last: None,
            });
        }
        self.spill()?;
        self.rows = Vec::new();
        let missing = |path: &PathBuf| Error::output(path, "a sorted run is missing or damaged");
        let runs = self
            .runs
            .iter()
            .map(|path| Listing::find(path, Kind::Run, &RUN).ok_or_else(|| missing(path)))
            .collect::<Result<Vec<Listing<N>>>>()?;
        Ok(Sorted { source: Source::Runs(Merge::new(runs, self)), last: None })
    }

    fn order(&mut self) {
        self.rows.par_sort_unstable();
        self.rows.dedup();
    }

    fn spill(&mut self) -> Result<()> {
        self.order();
        let path = self.folder.join(format!("run-{}", self.runs.len()));
        Listing::<N>::write(&path, Kind::Run, &RUN, self.rows.iter().map(|row| Ok(*row)))?;
        self.runs.push(path);
        self.rows.clear();
        Ok(())
    }
}

impl<const N: usize> Drop for Sorter<N> {
    fn drop(&mut self) {
        for run in &self.runs {
            // a run left behind is only litter: the work folder goes with the run, and the next task writes over it
            let _ = disk::remove_file(run);
        }
    }
}

/// Sorted, distinct rows.
pub struct Sorted<const N: usize> {
    source: Source<N>,
    last: Option<Row<N>>,
}

enum Source<const N: usize> {
    Memory(std::vec::IntoIter<Row<N>>),
    Runs(Merge<N>),
}

impl<const N: usize> Iterator for Sorted<N> {
    type Item = Row<N>;

    fn next(&mut self) -> Option<Row<N>> {
        loop {
            let row = match &mut self.source {
                Source::Memory(rows) => rows.next(),
                Source::Runs(merge) => merge.next(),
            }?;
            if self.last != Some(row) {
                self.last = Some(row);
                return Some(row);
            }
        }
    }
}

struct Merge<const N: usize> {
    runs: Vec<Listing<N>>,
    heads: BinaryHeap<Reverse<(Row<N>, usize, usize)>>,
    /// Removes the files when the last row has been taken.
    _files: Sorter<N>,
}

impl<const N: usize> Merge<N> {
    fn new(runs: Vec<Listing<N>>, files: Sorter<N>) -> Self {
        let heads = runs.iter().enumerate().filter(|(_, run)| !run.is_empty());
        let heads = heads.map(|(nth, run)| Reverse((run.get(0), nth, 0))).collect();
        Self { runs, heads, _files: files }
    }

    fn next(&mut self) -> Option<Row<N>> {
        let Reverse((row, nth, at)) = self.heads.pop()?;
        if at + 1 < self.runs[nth].len() {
            self.heads.push(Reverse((self.runs[nth].get(at + 1), nth, at + 1)));
        }
        Some(row)
    }
}

/// Rows that several workers sorted, in one order.
pub fn merged<const N: usize>(sorted: Vec<Sorted<N>>) -> impl Iterator<Item = Row<N>> {
    let mut sorted = sorted;
    let mut heads: BinaryHeap<Reverse<(Row<N>, usize)>> =
        sorted.iter_mut().enumerate().filter_map(|(nth, rows)| Some(Reverse((rows.next()?, nth)))).collect();
    std::iter::from_fn(move || {
        let mut head = heads.peek_mut()?;
        let Reverse((row, nth)) = *head;
        match sorted[nth].next() {
            Some(next) => *head = Reverse((next, nth)),
            None => drop(PeekMut::pop(head)),
        }
        Some(row)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn any_limit_gives_the_same_rows() {
        let folder = tempfile::tempdir().unwrap();
        let rows: Vec<Row<2>> = (0..50_000u64).map(|n| [n * 7919 % 1000, n * 104_729 % 37]).collect();
        let sorted = |bytes: u64| {
            let mut sorter = Sorter::<2>::new(folder.path(), bytes);
            rows.iter().for_each(|row| sorter.push(*row).unwrap());
            sorter.finish().unwrap().collect::<Vec<_>>()
        };
        let mut expected = rows.clone();
        expected.sort_unstable();
        expected.dedup();
        for bytes in [0, 1 << 14, 100_000, 1 << 30] {
            assert!(sorted(bytes) == expected, "{bytes}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "runs are left behind");
        }
    }

    proptest! {
        #[test]
        fn sorts_and_drops_copies(rows in prop::collection::vec(0u64..50, 0..3000)) {
            let folder = tempfile::tempdir().unwrap();
            let mut sorter = Sorter::<1>::new(folder.path(), 0);
            for row in &rows {
                sorter.push([*row]).unwrap();
            }
            let found: Vec<u64> = sorter.finish().unwrap().map(|[n]| n).collect();
            let expected: Vec<u64> = std::collections::BTreeSet::from_iter(rows).into_iter().collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn memory_is_never_reserved_beyond_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::<1>::new(folder.path(), 8 * 5000);
        for n in 0..20_000 {
            sorter.push([n]).unwrap();
            assert!(sorter.rows.capacity() <= 5000);
        }
        assert_eq!(sorter.finish().unwrap().count(), 20_000);
    }
}
