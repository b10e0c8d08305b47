//! The pages of a row group: where they are, how many values they hold and how much memory they ask for, by their
//! headers alone.

use super::expansion;
use super::thrift::{Compact, Kind, Wrong};
use crate::source::unread::Unread;
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::ChunkReader;
use std::ops::Range;

/// Bytes of a column that a batch takes at most, reckoned by the page with the longest values: a batch of long texts has
/// fewer rows. Half of what Arrow's strings can hold, for pages whose first values are shorter than their last.
const BATCH_BYTES: u64 = 1 << 30;

/// What is read of a page to find its header, which may hold a long value as a statistic, and the most that is.
const HEADER_BYTES: u64 = 1 << 10;
const HEADER_BYTES_MAX: u64 = 16 << 20;

/// Fields of `PageHeader` and of the headers in it, as parquet-format 2.11 numbers them.
const UNPACKED_SIZE: i16 = 2;
const PACKED_SIZE: i16 = 3;
const DATA_PAGE: i16 = 5;
const DATA_PAGE_V2: i16 = 8;
const NUM_VALUES: i16 = 1;
/// Of the second version alone: bytes of levels that stand before what is packed.
const DEFINITION_LEVELS: i16 = 5;
const REPETITION_LEVELS: i16 = 6;

/// A page by its header.
#[derive(Debug, Default)]
struct Page {
    /// Its header's own.
    header_bytes: u64,
    packed: u64,
    unpacked: u64,
    /// Values with nulls, of a page of data; others are dictionaries.
    values: Option<u64>,
    levels: u64,
}

impl Page {
    /// Bytes it takes in memory.
    fn size(&self) -> u64 {
        self.unpacked.max(self.packed)
    }
}

/// The columns of a row group.
pub(crate) struct Chunks<'m> {
    columns: Vec<(&'m ColumnChunkMetaData, Range<u64>)>,
    rows: u64,
}

impl<'m> Chunks<'m> {
    /// The columns of a row group, each of which must lie in the file and apart from every other of any group.
    pub(crate) fn of(metadata: &'m ParquetMetaData, group: usize, file_bytes: u64) -> Result<Self, Unread> {
        let Some(found) = metadata.row_groups().get(group) else {
            return Err(Unread::Damaged(format!("there is no row group {group}")));
        };
        let place = |column: &'m ColumnChunkMetaData| {
            let range = range(column).filter(|range| range.end <= file_bytes);
            let name = || column.column_path().string();
            let range = range.ok_or_else(|| format!("the column `{}` is not within the file", name()))?;
            Ok((column, range))
        };
        let columns: Result<Vec<_>, String> = found.columns().iter().map(place).collect();
        let columns = columns.map_err(Unread::Damaged)?;
        check_apart(metadata, &columns).map_err(Unread::Damaged)?;
        Ok(Self { columns, rows: u64::try_from(found.num_rows()).unwrap_or_default() })
    }

    /// Where the bytes of some columns are.
    pub(crate) fn ranges(&self, wanted: impl Fn(usize) -> bool) -> Vec<Range<u64>> {
        self.wanted(wanted).map(|(_, range)| range.clone()).collect()
    }

    /// Walks over the pages of some columns, none of which may take more than `page_bytes_max` in memory. Says how many
    /// rows a batch may have for what a column takes of it.
    pub(crate) fn check(
        &self,
        file: &impl ChunkReader,
        wanted: impl Fn(usize) -> bool,
        page_bytes_max: u64,
    ) -> Result<usize, Unread> {
        let mut batch_rows = u64::MAX;
        for (column, range) in self.wanted(wanted) {
            let walk = Walk { file, column, range: range.clone(), page_bytes_max };
            batch_rows = batch_rows.min(walk.rows_at_a_time(self.rows)?);
        }
        Ok(usize::try_from(batch_rows.max(1)).unwrap_or(usize::MAX))
    }

    fn wanted(
        &self,
        wanted: impl Fn(usize) -> bool,
    ) -> impl Iterator<Item = &(&'m ColumnChunkMetaData, Range<u64>)> {
        self.columns.iter().enumerate().filter(move |(leaf, _)| wanted(*leaf)).map(|(_, column)| column)
    }
}

/// Where the bytes of a column are, if they can be.
fn range(column: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let start = u64::try_from(start).ok()?;
    Some(start..start.checked_add(u64::try_from(column.compressed_size()).ok()?)?)
}

/// Checks that no other column, of whatever group, has bytes of these.
fn check_apart(
    metadata: &ParquetMetaData,
    columns: &[(&ColumnChunkMetaData, Range<u64>)],
) -> Result<(), String> {
    let mut own: Vec<&(&ColumnChunkMetaData, Range<u64>)> =
        columns.iter().filter(|(_, range)| !range.is_empty()).collect();
    own.sort_by_key(|(_, range)| range.start);
    for other in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        let Some(other_range) = range(other).filter(|range| !range.is_empty()) else { continue };
        let after = own.partition_point(|(_, range)| range.end <= other_range.start);
        let met = own[after..].iter().take_while(|(_, range)| range.start < other_range.end);
        if let Some((column, _)) = met.copied().find(|(column, _)| !std::ptr::eq(*column, other)) {
            return Err(format!(
                "the column `{}` has bytes of another one, `{}`",
                column.column_path().string(),
                other.column_path().string()
            ));
        }
    }
    Ok(())
}

/// A walk over the pages of a column.
struct Walk<'w, R> {
    file: &'w R,
    column: &'w ColumnChunkMetaData,
    range: Range<u64>,
    page_bytes_max: u64,
}

impl<R: ChunkReader> Walk<'_, R> {
    /// Checks every page up to the last value. Says how many of `rows` a batch may have.
    fn rows_at_a_time(&self, rows: u64) -> Result<u64, Unread> {
        let is_flat = self.column.column_descr().max_rep_level() == 0;
        let all = u64::try_from(self.column.num_values())
            .map_err(|_| self.damaged(format!("has {} values", self.column.num_values())))?;
        if is_flat && all != rows {
            return Err(self.damaged(format!("has {all} values in {rows} rows")));
        }
        let (mut at, mut seen, mut at_a_time) = (self.range.start, 0u64, u64::MAX);
        while seen < all && at < self.range.end {
            let page = self.page(at)?;
            self.check(&page, at)?;
            at += page.header_bytes + page.packed;
            seen = seen.saturating_add(page.values.unwrap_or_default());
            // of a dictionary every value may be the longest; of data, rows of lists have several
            let values_of_a_row = if is_flat { 1 } else { all.div_ceil(rows.max(1)) };
            let longest = match page.values {
                Some(values) => page.size().div_ceil(values.max(1)).saturating_mul(values_of_a_row),
                None => page.size(),
            };
            at_a_time = at_a_time.min(BATCH_BYTES / longest.max(1));
        }
        match seen == all {
            true => Ok(at_a_time),
            false => Err(self.damaged(format!("has {all} values, and pages of {seen}"))),
        }
    }

    fn damaged(&self, why: String) -> Unread {
        Unread::Damaged(format!("the column `{}` {why}", self.column.column_path().string()))
    }

    fn check(&self, page: &Page, at: u64) -> Result<(), Unread> {
        if page.size() > self.page_bytes_max {
            return Err(Unread::PageTooLarge(page.size()));
        }
        if page.levels > page.unpacked {
            return Err(self.damaged("has a page whose levels are longer than it".into()));
        }
        let body = at + page.header_bytes;
        if page.packed > self.range.end.saturating_sub(body) {
            return Err(self.damaged("has a page that ends behind it".into()));
        }
        let codec = self.column.compression();
        if matches!(codec, Compression::GZIP(_) | Compression::BROTLI(_) | Compression::LZ4) {
            let packed = self.file.get_bytes(body, page.packed as usize);
            let packed = packed.map_err(|e| Unread::Damaged(e.to_string()))?;
            let fits = expansion::check(codec, &packed, page.unpacked, self.page_bytes_max);
            fits.map_err(Unread::Damaged)?;
        }
        Ok(())
    }

    /// The header at this offset.
    fn page(&self, at: u64) -> Result<Page, Unread> {
        let left = self.range.end - at;
        let mut wanted = HEADER_BYTES.min(left);
        loop {
            let bytes = self.file.get_bytes(at, wanted as usize);
            match header(&bytes.map_err(|e| Unread::Damaged(e.to_string()))?) {
                Ok(page) => return Ok(page),
                Err(Wrong::Ends) if wanted < left.min(HEADER_BYTES_MAX) => {
                    wanted = (wanted * 16).min(left).min(HEADER_BYTES_MAX);
                }
                Err(_) => return Err(self.damaged("has a malformed page header".into())),
            }
        }
    }
}

/// Reads the header at the start of some bytes.
fn header(bytes: &[u8]) -> Result<Page, Wrong> {
    let mut page = Page::default();
    let mut compact = Compact::new(bytes);
    let size = |compact: &mut Compact<'_>| {
        compact.integer().and_then(|size| u64::try_from(size).map_err(|_| Wrong::Malformed))
    };
    compact.structure(|compact, number, kind| {
        match (number, kind) {
            (UNPACKED_SIZE, Kind::Integer) => page.unpacked = size(compact)?,
            (PACKED_SIZE, Kind::Integer) => page.packed = size(compact)?,
            (DATA_PAGE | DATA_PAGE_V2, Kind::Struct) => {
                compact.structure(|compact, part, kind| {
                    match (part, kind) {
                        (NUM_VALUES, Kind::Integer) => page.values = Some(size(compact)?),
                        (DEFINITION_LEVELS | REPETITION_LEVELS, Kind::Integer) if number == DATA_PAGE_V2 => {
                            page.levels = page.levels.saturating_add(size(compact)?);
                        }
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    page.header_bytes = compact.read() as u64;
    Ok(page)
}
