//! The records of a sample as a reviewer sees them: their texts, and the stretches that rules matched.

use crate::inspect::release_texts::{Place, Texts};
use crate::release::write::ledger_file;
use crate::source::parquet::ParquetReader;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, ListArray, RecordBatch};
use parquet::arrow::arrow_reader::RowSelection;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

/// A record that is to be judged by a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Its text, as released or as it came in; `None` where the release does not hold it.
    pub text: Option<String>,
    /// Bytes of the text that rules matched, ascending and disjoint.
    pub matched: Vec<Range<usize>>,
}

/// What the ledger says of where a record is.
#[derive(Default)]
struct Row {
    out: Option<Place>,
    matched: Vec<Range<u64>>,
    edits: Vec<(Range<u64>, u64)>,
}

const COLUMNS: [&str; 5] = ["row", "out_shard", "out_row", "edits", "spans"];

/// Reads these records, in their order. Their texts are in memory at once: ask for few at a time.
pub fn review(release: &Path, places: &[(u32, u64)]) -> Result<Vec<Review>> {
    let mut wanted: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
    for (shard, row) in places {
        wanted.entry(*shard).or_default().insert(*row);
    }
    let mut rows = BTreeMap::new();
    for (shard, wanted) in &wanted {
        read(release, *shard, wanted, &mut rows)?;
    }
    let texts = Texts::read(release, rows.iter().map(|(place, row): (&Place, &Row)| (*place, row.out)))?;
    let one = |place: &Place| {
        let row = rows.get(place).ok_or_else(|| {
            Error::release(&release.join(ledger_file(place.0 as usize)), format!("has no row {}", place.1))
        })?;
        let text = texts.of(*place).map(str::to_string);
        let matched = text.as_deref().map(|text| row.matched_in(text)).unwrap_or_default();
        Ok(Review { text, matched })
    };
    places.iter().map(one).collect()
}

fn read(release: &Path, shard: u32, wanted: &BTreeSet<u64>, rows: &mut BTreeMap<Place, Row>) -> Result<()> {
    let path = release.join(ledger_file(shard as usize));
    let fail = |e: &dyn std::fmt::Display| Error::release(&path, e.to_string());
    let reader = ParquetReader::of_release(&path).map_err(|e| fail(&e))?;
    let all = reader.group_rows().sum();
    let chosen = wanted.iter().map(|row| *row as usize).filter(|row| *row < all).map(|row| row..row + 1);
    let chosen = RowSelection::from_consecutive_ranges(chosen, all);
    let columns = reader.places(COLUMNS);
    for batch in reader.all(Some(columns), Some(chosen)) {
        let batch = batch.map_err(|e| fail(&e))?;
        rows_of(&batch, shard, rows).ok_or_else(|| fail(&"is no ledger"))?;
    }
    Ok(())
}

fn rows_of(batch: &RecordBatch, shard: u32, rows: &mut BTreeMap<Place, Row>) -> Option<()> {
    let row = batch.column_by_name("row")?.as_primitive_opt::<UInt64Type>()?;
    let out_shard = batch.column_by_name("out_shard")?.as_primitive_opt::<UInt32Type>()?;
    let out_row = batch.column_by_name("out_row")?.as_primitive_opt::<UInt64Type>()?;
    let edits = batch.column_by_name("edits")?.as_list_opt::<i32>()?;
    let spans = batch.column_by_name("spans")?.as_list_opt::<i32>()?;
    for at in 0..batch.num_rows() {
        let out = out_row.is_valid(at).then(|| (out_shard.value(at), out_row.value(at)));
        let with = |item: usize, list: &arrow_array::StructArray| {
            Some(list.column_by_name("with")?.as_string_opt::<i32>()?.value(item).len() as u64)
        };
        let matched = stretches(spans, at, |_, _| Some(()))?.into_iter().map(|(range, ())| range).collect();
        rows.insert((shard, row.value(at)), Row { out, matched, edits: stretches(edits, at, with)? });
    }
    Some(())
}

/// `start` and `end` of the structs in a list, and what else is wanted of each.
fn stretches<T>(
    lists: &ListArray,
    at: usize,
    also: impl Fn(usize, &arrow_array::StructArray) -> Option<T>,
) -> Option<Vec<(Range<u64>, T)>> {
    let list = lists.value(at);
    let list = list.as_struct_opt()?;
    let start = list.column_by_name("start")?.as_primitive_opt::<UInt64Type>()?;
    let end = list.column_by_name("end")?.as_primitive_opt::<UInt64Type>()?;
    (0..list.len()).map(|item| Some((start.value(item)..end.value(item), also(item, list)?))).collect()
}

impl Row {
    /// The matched stretches in the text that is at hand: a released one is the edited one.
    fn matched_in(&self, text: &str) -> Vec<Range<usize>> {
        let moved = |offset: u64, upper: bool| match self.out {
            Some(_) => self.edited_offset(offset, upper),
            None => offset,
        };
        let inside = |offset: u64, upper: bool| {
            let mut at = usize::try_from(offset).unwrap_or(usize::MAX).min(text.len());
            while !text.is_char_boundary(at) {
                // outwards: nothing that was matched may show
                at = if upper { at + 1 } else { at - 1 };
            }
            at
        };
        let one = |range: &Range<u64>| {
            inside(moved(range.start, false), false)..inside(moved(range.end, true), true)
        };
        let mut all: Vec<Range<usize>> =
            self.matched.iter().map(one).filter(|range| !range.is_empty()).collect();
        all.sort_by_key(|range| (range.start, range.end));
        let mut joined: Vec<Range<usize>> = Vec::with_capacity(all.len());
        for range in all {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        joined
    }

    /// Where a byte of the original text is in the edited one; of a replaced stretch its beginning or its end.
    fn edited_offset(&self, offset: u64, upper: bool) -> u64 {
        let (mut cut, mut put) = (0, 0);
        for (range, with) in &self.edits {
            if range.end <= offset && range.start < offset {
                cut += range.end - range.start;
                put += with;
            } else if range.start < offset {
                let within = if upper { *with } else { 0 };
                return range.start - cut + put + within;
            } else {
                break;
            }
        }
        offset - cut + put
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_found_again_in_edited_texts() {
        // "ab[cd]ef" -> "ab" "xyz" "ef": bytes 2..4 became three others
        let once = |range: Range<usize>| std::iter::once(range).collect::<Vec<_>>();
        let row = |start, end, out| Row {
            out,
            matched: std::iter::once(start..end).collect(),
            edits: vec![(2..4, 3)],
        };
        for (matched, expected) in
            [((0, 2), 0..2), ((2, 4), 2..5), ((3, 6), 2..7), ((4, 6), 5..7), ((1, 3), 1..5)]
        {
            let found = row(matched.0, matched.1, Some((0, 0))).matched_in("abxyzef");
            assert_eq!(found, [expected], "{matched:?}");
        }
        assert_eq!(row(3, 5, None).matched_in("abcdef"), once(3..5));
        assert_eq!(row(1, 2, None).matched_in("ééé"), once(0..2), "whole characters");
        let two = Row { out: None, matched: vec![4..6, 0..2, 1..3], edits: Vec::new() };
        assert_eq!(two.matched_in("abcdefgh"), [0..3, 4..6]);
    }
}
