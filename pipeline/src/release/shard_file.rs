//! A Parquet file written row group by row group. Row groups are encoded on any thread and appended in order.

use crate::config::Output;
use crate::files::store::Pending;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use manifests::digest::Sha256;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::Compression;
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file being written.
pub(crate) struct ShardFile {
    path: PathBuf,
    schema: SchemaRef,
    writer: SerializedFileWriter<Pending>,
    factory: ArrowRowGroupWriterFactory,
}

/// An encoded row group; `None` when it has no rows.
pub(crate) struct Encoded(Option<Vec<ArrowColumnChunk>>);

impl ShardFile {
    /// Starts a file. `text` names the column for which a dictionary and statistics would be a waste; `notes` is
    /// the key-value metadata.
    pub(crate) fn create(
        path: &Path,
        schema: &SchemaRef,
        output: &Output,
        text: Option<&str>,
        notes: Option<Vec<KeyValue>>,
    ) -> Result<Self> {
        let fail = |e: parquet::errors::ParquetError| Error::output(path, e);
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("probity ", env!("CARGO_PKG_VERSION")).to_string())
            .set_compression(compression(output)?)
            .set_key_value_metadata(notes);
        if let Some(text) = text {
            let column = ColumnPath::from(text);
            properties = properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_statistics_enabled(column, EnabledStatistics::None);
        }
        let mut properties = properties.build();
        add_encoded_arrow_schema_to_metadata(schema, &mut properties);
        let parquet_schema = ArrowSchemaConverter::new().convert(schema).map_err(fail)?;
        let pending = Pending::create(path)?;
        let writer =
            SerializedFileWriter::new(pending, parquet_schema.root_schema_ptr(), Arc::new(properties))
                .map_err(fail)?;
        let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(schema));
        Ok(Self { path: path.to_path_buf(), schema: Arc::clone(schema), writer, factory })
    }

    /// Encodes batches as one row group.
    pub(crate) fn encode(&self, batches: &[RecordBatch]) -> Result<Encoded> {
        let mut group = self.group()?;
        batches.iter().try_for_each(|batch| group.add(batch))?;
        group.finish()
    }

    /// Starts a row group.
    pub(crate) fn group(&self) -> Result<RowGroup> {
        let fail = |e: parquet::errors::ParquetError| Error::output(&self.path, e);
        Ok(RowGroup {
            path: self.path.clone(),
            schema: Arc::clone(&self.schema),
            writers: self.factory.create_column_writers(0).map_err(fail)?,
            rows: 0,
        })
    }

    /// Appends an encoded row group.
    pub(crate) fn append(&mut self, encoded: Encoded) -> Result<()> {
        let fail = |e: parquet::errors::ParquetError| Error::output(&self.path, e);
        let Some(chunks) = encoded.0 else { return Ok(()) };
        let mut group = self.writer.next_row_group().map_err(fail)?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group).map_err(fail)?;
        }
        group.close().map(|_| ()).map_err(fail)
    }

    /// Completes the file, puts it in place and tells its digest.
    pub(crate) fn finish(self) -> Result<Sha256> {
        let path = self.path.clone();
        self.close()?;
        let (digest, _) = manifests::digest::sha256_file(&path).map_err(|e| Error::output(&path, e))?;
        Ok(digest)
    }

    /// Completes the file and puts it in place.
    pub(crate) fn close(self) -> Result<()> {
        self.writer.into_inner().map_err(|e| Error::output(&self.path, e))?.commit()
    }
}

/// A row group that is being encoded, batch by batch: what is held is encoded already.
pub(crate) struct RowGroup {
    path: PathBuf,
    schema: SchemaRef,
    writers: Vec<ArrowColumnWriter>,
    rows: usize,
}

impl RowGroup {
    /// How many rows were added.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Adds rows.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let fail = |e: parquet::errors::ParquetError| Error::output(&self.path, e);
        self.rows += batch.num_rows();
        let mut writers = self.writers.iter_mut();
        for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, column).map_err(fail)? {
                let writer =
                    writers.next().ok_or_else(|| Error::Bug("more leaves than column writers".into()))?;
                writer.write(&leaf).map_err(fail)?;
            }
        }
        Ok(())
    }

    /// Completes it.
    pub(crate) fn finish(self) -> Result<Encoded> {
        let fail = |e: parquet::errors::ParquetError| Error::output(&self.path, e);
        if self.rows == 0 {
            return Ok(Encoded(None));
        }
        let chunks = self.writers.into_iter().map(|writer| writer.close());
        Ok(Encoded(Some(chunks.collect::<std::result::Result<_, _>>().map_err(fail)?)))
    }
}

/// The configured codec.
pub(crate) fn compression(output: &Output) -> Result<Compression> {
    output.compression.parse().map_err(|_| Error::Limit {
        what: "`output.compression`".into(),
        limit: "uncompressed, snappy, gzip(0) to gzip(9), brotli(0) to brotli(11), lz4_raw or zstd(1) to zstd(22)".into(),
        actual: format!("`{}`", output.compression),
    })
}

/// The key-value metadata of a file that is written anew, as it goes into the new file.
pub(crate) fn carried_over(metadata: &ParquetMetaData) -> Option<Vec<KeyValue>> {
    let stored = metadata.file_metadata().key_value_metadata()?;
    Some(stored.iter().filter(|entry| entry.key != ARROW_SCHEMA_META_KEY).cloned().collect())
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        Error::Bug(error.to_string())
    }
}
