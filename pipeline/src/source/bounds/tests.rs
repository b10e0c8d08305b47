//! Mutated files: whatever is changed of a Parquet file, reading it ends, and with an error or with batches.

use crate::config::Input;
use crate::source::batch::ShardReader;
use arrow_array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray, types::Int32Type};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

/// Small files of every codec and of both versions of pages.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    let versions = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0];
    codecs.into_iter().flat_map(|codec| versions.map(|version| file(codec, version))).collect()
});

fn file(codec: Compression, version: WriterVersion) -> Vec<u8> {
    let texts: StringArray =
        (0..40).map(|at| (at % 7 != 0).then(|| format!("the text {}", at % 5))).collect();
    let numbers: Int64Array = (0..40).collect();
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(
        (0..40).map(|at| (at % 3 != 0).then(|| (0..at % 4).map(Some).collect::<Vec<_>>())),
    );
    let columns: [(&str, ArrayRef); 3] =
        [("text", Arc::new(texts)), ("number", Arc::new(numbers)), ("list", Arc::new(lists))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_writer_version(version)
        .set_data_page_row_count_limit(10)
        .set_write_batch_size(5)
        .set_max_row_group_row_count(Some(20))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// Reads a file as a run does. Of each row group, whether it can be read.
fn read(bytes: &[u8]) -> Option<Vec<bool>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    std::fs::write(&path, bytes).unwrap();
    let input = Input::texts(Some("text".into()), None);
    let footer = crate::source::parquet::read_footer(&path).ok()?;
    let reader = ShardReader::open(&path, &input, &[]).ok()?;
    let groups = footer.row_groups().iter().enumerate();
    Some(groups.map(|(at, group)| reader.group(at, group.num_rows() as u64).is_ok()).collect())
}

#[test]
fn files_of_every_codec_are_read() {
    for file in FILES.iter() {
        assert_eq!(read(file), Some(vec![true, true]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn reading_a_mutated_file_ends(
        file in 0..14usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let mut bytes = FILES[file].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            let start = cut.index(bytes.len());
            bytes.drain(start..(start + 7).min(bytes.len()));
        }
        read(&bytes);
    }
}
