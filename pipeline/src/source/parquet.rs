//! A Parquet file, read row group by row group.

use crate::files::input::InputFile;
use crate::release::shard_file::carried_over;
use crate::source::batch::BATCH_ROWS;
use crate::source::bounds::{Caught, Chunks, PAGE_BYTES, caught, parse_footer};
use crate::source::unread::Unread;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection,
};
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::reader::ChunkReader;
use std::path::Path;
use std::sync::Arc;

/// The footer of a local Parquet file.
pub(crate) fn read_footer(path: &Path) -> Result<ParquetMetaData> {
    footer(&InputFile::local(path))
}

/// The footer of a Parquet file.
pub(crate) fn footer(file: &InputFile) -> Result<ParquetMetaData> {
    parse_footer(&file.footer()?).map_err(|why| file.error(why))
}

/// A file whose footer has been read.
#[derive(Clone)]
pub(crate) struct ParquetReader {
    file: InputFile,
    metadata: ArrowReaderMetadata,
    page_bytes_max: u64,
    batch_rows: usize,
}

impl ParquetReader {
    pub(crate) fn open(file: &InputFile) -> Result<Self> {
        Self::of_footer(file, footer(file)?)
    }

    /// The same of a file whose footer is at hand.
    pub(crate) fn of_footer(file: &InputFile, footer: ParquetMetaData) -> Result<Self> {
        let metadata =
            described(Arc::new(footer), ArrowReaderOptions::new()).map_err(|why| file.error(why))?;
        Ok(Self { file: file.clone(), metadata, page_bytes_max: PAGE_BYTES, batch_rows: BATCH_ROWS })
    }

    /// Opens a file of a finished release.
    pub(crate) fn of_release(path: &Path) -> std::result::Result<Self, String> {
        Self::open(&InputFile::local(path)).map_err(|error| match error {
            Error::Input { why, .. } => why,
            error => error.to_string(),
        })
    }

    /// Decodes so many rows at a time, where they are short.
    pub(crate) fn with_batches_of(self, batch_rows: usize) -> Self {
        Self { batch_rows, ..self }
    }

    /// Reads no page that takes more bytes.
    pub(crate) fn with_pages_up_to(self, page_bytes_max: u64) -> Self {
        Self { page_bytes_max, ..self }
    }

    /// What messages call it.
    pub(crate) fn name(&self) -> &Path {
        self.file.name()
    }

    /// The columns of the file; after [`with_views`](Self::with_views) as they are decoded.
    pub(crate) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Reads a column of strings as views: neither decoding them nor parting rows from others copies a byte of text.
    pub(crate) fn with_views(self, column: usize) -> Result<Self> {
        let options = ArrowReaderOptions::new().with_schema(with_views(self.schema(), column));
        let metadata = described(Arc::clone(self.metadata.metadata()), options);
        let metadata = metadata.map_err(|why| self.file.error(why))?;
        Ok(Self { metadata, ..self })
    }

    /// The file's own notes.
    pub(crate) fn notes(&self) -> Option<Vec<KeyValue>> {
        carried_over(self.metadata.metadata())
    }

    /// The batches of a row group: some columns or all, some rows or all. What cannot be had of the file is told here,
    /// what is wrong with it is told by the batches.
    pub(crate) fn batches(
        &self,
        row_group: usize,
        columns: Option<Vec<usize>>,
        rows: Option<RowSelection>,
    ) -> std::result::Result<impl Iterator<Item = std::result::Result<RecordBatch, String>> + use<>, Unread>
    {
        let mask = columns.map_or_else(ProjectionMask::all, |columns| {
            ProjectionMask::roots(self.metadata.parquet_schema(), columns)
        });
        let chunks = Chunks::of(self.footer(), row_group, self.file.bytes()?)?;
        let blob = self.file.blob(&chunks.ranges(|leaf| mask.leaf_included(leaf)))?;
        let limits = (self.page_bytes_max, self.batch_rows);
        decode(blob, &self.metadata, (&chunks, row_group), (mask, rows), limits)
    }

    /// The batches of all row groups, as [`batches`](Self::batches) tells those of one.
    pub(crate) fn all(
        self,
        columns: Option<Vec<usize>>,
        mut rows: Option<RowSelection>,
    ) -> impl Iterator<Item = std::result::Result<RecordBatch, String>> {
        let groups: Vec<usize> = self.group_rows().collect();
        let read = groups.into_iter().enumerate().flat_map(move |(group, len)| {
            let here = rows.as_mut().map(|rows| rows.split_off(len));
            if here.as_ref().is_some_and(|here| !here.selects_any()) {
                return None;
            }
            let batches: Batches = match self.batches(group, columns.clone(), here) {
                Ok(batches) => Box::new(batches),
                Err(unread) => Box::new(std::iter::once(Err(unread.to_string()))),
            };
            Some(batches)
        });
        Caught::new(read.flatten())
    }

    /// The rows of each row group.
    pub(crate) fn group_rows(&self) -> impl Iterator<Item = usize> {
        let groups = self.metadata.metadata().row_groups().iter();
        groups.map(|group| usize::try_from(group.num_rows()).unwrap_or_default())
    }

    /// What the footer says.
    pub(crate) fn footer(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }

    /// Where columns of these names stand, as far as there are such.
    pub(crate) fn places<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<usize> {
        names.into_iter().filter_map(|name| self.schema().index_of(name).ok()).collect()
    }

    /// What could not be had of the file.
    pub(crate) fn failure(&self) -> Option<crate::Error> {
        self.file.failure()
    }

    /// About how many bytes a row group takes when it is decoded.
    pub(crate) fn decoded_bytes(&self, row_group: usize) -> u64 {
        let group = self.metadata.metadata().row_groups().get(row_group);
        group.map_or(0, |group| u64::try_from(group.total_byte_size()).unwrap_or_default())
    }
}

/// What a footer says of columns as Arrow has them.
pub(crate) fn described(
    footer: Arc<ParquetMetaData>,
    options: ArrowReaderOptions,
) -> std::result::Result<ArrowReaderMetadata, String> {
    caught(|| ArrowReaderMetadata::try_new(footer, options))?.map_err(|e| e.to_string())
}

/// The batches of a row group in a file whose footer has been read: of some columns, of all rows or of some. No page may
/// take more than `page_bytes_max`; a batch has `batch_rows_max` rows, or fewer where they are long.
pub(crate) fn decode<R: ChunkReader + 'static>(
    file: R,
    metadata: &ArrowReaderMetadata,
    (chunks, row_group): (&Chunks<'_>, usize),
    (columns, rows): (ProjectionMask, Option<RowSelection>),
    (page_bytes_max, batch_rows_max): (u64, usize),
) -> std::result::Result<Caught<ParquetRecordBatchReader>, Unread> {
    let batch_rows = chunks.check(&file, |leaf| columns.leaf_included(leaf), page_bytes_max)?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
        .with_row_groups(vec![row_group])
        .with_projection(columns)
        .with_batch_size(batch_rows.min(batch_rows_max));
    let builder = match rows {
        Some(rows) => builder.with_row_selection(rows),
        None => builder,
    };
    let reader = caught(|| builder.build()).map_err(Unread::Damaged)?;
    Ok(Caught::new(reader.map_err(|e| Unread::Damaged(e.to_string()))?))
}

type Batches = Box<dyn Iterator<Item = std::result::Result<RecordBatch, String>>>;

fn with_views(schema: &SchemaRef, column: usize) -> SchemaRef {
    let fields: Vec<Arc<Field>> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| match field.data_type() {
            DataType::Utf8 if index == column => {
                Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View))
            }
            _ => Arc::clone(field),
        })
        .collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}
