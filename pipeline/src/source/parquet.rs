//! A Parquet file, read row group by row group.

use crate::Result;
use crate::files::input::InputFile;
use crate::release::shard_file::carried_over;
use crate::source::batch::{BATCH_ROWS, UpToError};
use crate::source::unread::Unread;
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::{ColumnChunkMetaData, KeyValue, ParquetMetaData, ParquetMetaDataReader};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The footer of a local Parquet file.
pub(crate) fn read_footer(path: &Path) -> Result<ParquetMetaData> {
    footer(&InputFile::local(path))
}

/// The footer of a Parquet file.
pub(crate) fn footer(file: &InputFile) -> Result<ParquetMetaData> {
    let blob = file.footer()?;
    ParquetMetaDataReader::new().parse_and_finish(&blob).map_err(|e| file.error(e))
}

/// A file whose footer has been read.
pub(crate) struct ParquetReader {
    file: InputFile,
    metadata: ArrowReaderMetadata,
}

impl ParquetReader {
    pub(crate) fn open(file: &InputFile) -> Result<Self> {
        Self::of_footer(file, footer(file)?)
    }

    /// The same of a file whose footer is at hand.
    pub(crate) fn of_footer(file: &InputFile, footer: ParquetMetaData) -> Result<Self> {
        let metadata = ArrowReaderMetadata::try_new(Arc::new(footer), ArrowReaderOptions::new());
        Ok(Self { file: file.clone(), metadata: metadata.map_err(|e| file.error(e))? })
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
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(self.metadata.metadata()), options);
        let metadata = metadata.map_err(|e| self.file.error(e))?;
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
        let blob = self.file.blob(&self.chunks(row_group, &mask))?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(blob, self.metadata.clone())
            .with_row_groups(vec![row_group])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS);
        if let Some(rows) = rows {
            builder = builder.with_row_selection(rows);
        }
        let reader = builder.build().map_err(|e| Unread::Damaged(e.to_string()))?;
        Ok(UpToError::new(reader).map(|batch| batch.map_err(|e: arrow_schema::ArrowError| e.to_string())))
    }

    /// Where the bytes of a row group's columns are.
    fn chunks(&self, row_group: usize, mask: &ProjectionMask) -> Vec<Range<u64>> {
        let Some(group) = self.metadata.metadata().row_groups().get(row_group) else { return Vec::new() };
        let wanted = group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf));
        let chunk = |column: &ColumnChunkMetaData| {
            let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
            // what is negative is for the decoder to refuse
            let start = u64::try_from(start).ok()?;
            Some(start..start.saturating_add(u64::try_from(column.compressed_size()).ok()?))
        };
        wanted.filter_map(|(_, column)| chunk(column)).collect()
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
