//! A Parquet file, read row group by row group.

use crate::files::store::Blob;
use crate::release::shard_file::carried_over;
use crate::source::batch::{BATCH_ROWS, UpToError};
use crate::{Error, Result};
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::KeyValue;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file whose footer has been read.
pub(crate) struct ParquetReader {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl ParquetReader {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let metadata = ArrowReaderMetadata::load(&Blob::open(path)?, ArrowReaderOptions::new());
        Ok(Self { path: path.to_path_buf(), metadata: metadata.map_err(|e| Error::input(path, e))? })
    }

    /// The columns of the file; after [`with_views`](Self::with_views) as they are decoded.
    pub(crate) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Reads a column of strings as views: neither decoding them nor parting rows from others copies a byte of text.
    pub(crate) fn with_views(self, column: usize) -> Result<Self> {
        let options = ArrowReaderOptions::new().with_schema(with_views(self.schema(), column));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(self.metadata.metadata()), options);
        let metadata = metadata.map_err(|e| Error::input(&self.path, e))?;
        Ok(Self { metadata, ..self })
    }

    /// The file's own notes.
    pub(crate) fn notes(&self) -> Option<Vec<KeyValue>> {
        carried_over(self.metadata.metadata())
    }

    /// The batches of a row group: some columns or all, some rows or all.
    pub(crate) fn batches(
        &self,
        row_group: usize,
        columns: Option<Vec<usize>>,
        rows: Option<RowSelection>,
    ) -> Result<impl Iterator<Item = std::result::Result<RecordBatch, String>> + use<>> {
        let mask = columns.map_or_else(ProjectionMask::all, |columns| {
            ProjectionMask::roots(self.metadata.parquet_schema(), columns)
        });
        let blob = Blob::open(&self.path)?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(blob, self.metadata.clone())
            .with_row_groups(vec![row_group])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS);
        if let Some(rows) = rows {
            builder = builder.with_row_selection(rows);
        }
        let reader = builder.build().map_err(|e| Error::input(&self.path, e))?;
        Ok(UpToError::new(reader).map(|batch| batch.map_err(|e: arrow_schema::ArrowError| e.to_string())))
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
