//! A file of JSON lines written group by group. A group is packed as a frame of its own, so that groups can be packed on
//! any thread; frames one after the other are one gzip or Zstandard file (RFC 1952, section 2.2; RFC 8878, section 3.1).

use crate::config::Output;
use crate::files::store::Pending;
use crate::release::edited_column;
use crate::release::shard_file::compression;
use crate::release::spellable::spellable;
use crate::source::batch::{Strings, is_bytes};
use crate::source::lines::Members;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use arrow_json::LineDelimitedWriter;
use arrow_json::writer::WriterBuilder;
use arrow_schema::{DataType, Field, Schema};
use manifests::digest::{Sha256, sha256_file};
use parquet::basic::Compression;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file being written.
pub(crate) struct LinesFile {
    path: PathBuf,
    pending: Pending,
    codec: Compression,
    /// Whether nothing has been written yet.
    empty: bool,
}

/// How rows become lines.
pub(crate) enum Spelling {
    /// Lines were read: every member but the text is as it was written.
    Members(Members),
    /// Columns become members as [`arrow_json`] spells them, with nulls; bytes that are texts are strings.
    Columns { text: Option<String> },
}

impl LinesFile {
    /// What names of such files end in. Of the codecs only those are possible that tools know for lines.
    pub(crate) fn extension(output: &Output) -> Result<&'static str> {
        match compression(output)? {
            Compression::UNCOMPRESSED => Ok(".jsonl"),
            Compression::GZIP(_) => Ok(".jsonl.gz"),
            Compression::ZSTD(_) => Ok(".jsonl.zst"),
            _ => Err(Error::Limit {
                what: "`output.compression` of JSON lines".into(),
                limit: "uncompressed, gzip(0) to gzip(9) or zstd(1) to zstd(22)".into(),
                actual: format!("`{}`", output.compression),
            }),
        }
    }

    /// Starts a file.
    pub(crate) fn create(path: &Path, output: &Output) -> Result<Self> {
        let codec = compression(output)?;
        Ok(Self { path: path.to_path_buf(), pending: Pending::create(path)?, codec, empty: true })
    }

    /// Appends the lines of a batch to others.
    pub(crate) fn spell(&self, spelling: &Spelling, batch: &RecordBatch, lines: &mut Vec<u8>) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        spelling.spell(batch, lines).map_err(|why| Error::output(&self.path, why))
    }

    /// Packs lines as one frame.
    pub(crate) fn pack(&self, lines: &[u8]) -> Result<Vec<u8>> {
        let packed = match self.codec {
            Compression::GZIP(level) => gzip(lines, level.compression_level()),
            Compression::ZSTD(level) => zstd::bulk::compress(lines, level.compression_level()),
            _ => Ok(lines.to_vec()),
        };
        packed.map_err(|e| Error::output(&self.path, e))
    }

    /// Appends a frame.
    pub(crate) fn append(&mut self, frame: &[u8]) -> Result<()> {
        self.empty &= frame.is_empty();
        self.pending.write_all(frame).map_err(|e| Error::output(&self.path, e))
    }

    /// Completes the file, puts it in place and tells its digest.
    pub(crate) fn finish(self) -> Result<Sha256> {
        let path = self.path.clone();
        self.close()?;
        let (digest, _) = sha256_file(&path).map_err(|e| Error::output(&path, e))?;
        Ok(digest)
    }

    /// Completes the file and puts it in place.
    pub(crate) fn close(mut self) -> Result<()> {
        if self.empty {
            // a file without any frame is no gzip or Zstandard file
            let frame = self.pack(b"")?;
            self.append(&frame)?;
        }
        self.pending.commit()
    }
}

/// Without name and time in its header, so that equal lines give equal bytes.
fn gzip(lines: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(lines)?;
    encoder.finish()
}

impl Spelling {
    fn spell(&self, batch: &RecordBatch, lines: &mut Vec<u8>) -> std::result::Result<(), String> {
        match self {
            Self::Members(members) => members.spell(batch, lines),
            Self::Columns { text } => {
                let batch = text.as_ref().map_or(Ok(batch.clone()), |text| with_string(batch, text))?;
                let batch = spellable(&batch)?;
                let builder = WriterBuilder::new().with_explicit_nulls(true);
                let mut writer: LineDelimitedWriter<_> = builder.build(lines);
                writer.write(&batch).and_then(|()| writer.finish()).map_err(|e| e.to_string())
            }
        }
    }
}

/// A batch whose texts are strings, whatever held them; bytes would be spelled in hexadecimal.
fn with_string(batch: &RecordBatch, text: &str) -> std::result::Result<RecordBatch, String> {
    let schema = batch.schema();
    let at = schema.index_of(text).map_err(|e| e.to_string())?;
    let column = batch.column(at);
    if !is_bytes(column.data_type()) {
        return Ok(batch.clone());
    }
    let strings = Strings::new(column);
    let texts =
        (0..batch.num_rows()).map(|row| strings.get(row).and_then(|text| text.ok()).map(str::to_string));
    let texts = edited_column::same_type(&DataType::Utf8View, texts.collect()).map_err(|e| e.to_string())?;
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    fields[at] = Arc::new(Field::new(text, DataType::Utf8View, true));
    let mut columns = batch.columns().to_vec();
    columns[at] = texts;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| e.to_string())
}
