//! Whatever columns a shard has, kept rows come out with all of them unchanged.

use crate::harness::{Sandbox, config, config_with};
use crate::ledgers::ledger;
use crate::parquet_files::{self, batch, read, write_with};
use crate::random_arrays::{Random, any_array, any_type, leaf_count};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_select::filter::filter_record_batch;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::EnabledStatistics;
use std::sync::Arc;

const ROWS: usize = 61;
/// Columns of generated types in each schema.
const COLUMNS: usize = 6;

/// A shard whose texts are long and short in turns of three, so that every third row is removed.
fn generated(seed: u64) -> RecordBatch {
    let mut random = Random::new(seed);
    let texts: StringArray = (0..ROWS)
        .map(|at| Some(if at % 3 == 1 { "short".to_string() } else { format!("long enough {at}") }))
        .collect();
    let ids: StringArray = (0..ROWS).map(|at| Some(format!("r{at}"))).collect();
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for n in 0..COLUMNS {
        let kind = any_type(&mut random, seed as usize * COLUMNS + n, n % 4);
        columns.push((format!("c{n}"), any_array(&mut random, &kind, ROWS)));
    }
    // the text does not stand at a fixed place
    let at = random.below(columns.len());
    columns.insert(at, ("text".into(), Arc::new(texts)));
    columns.push(("id".into(), Arc::new(ids)));
    batch(columns.iter().map(|(name, array)| (name.as_str(), Arc::clone(array))).collect())
}

/// The rows of `input` that a ledger releases.
pub fn released(input: &RecordBatch, release: &std::path::Path, shard: u32) -> RecordBatch {
    let rows = ledger(release);
    let keep: BooleanArray =
        rows.iter().filter(|row| row.shard == shard).map(|row| Some(row.is_released())).collect();
    filter_record_batch(input, &keep).unwrap()
}

/// Compares column by column, so that a difference is told by its name and type.
pub fn assert_equal(expected: &RecordBatch, found: &RecordBatch, what: &str) {
    assert_eq!(expected.schema().fields(), found.schema().fields(), "{what}");
    for (field, (left, right)) in
        expected.schema().fields().iter().zip(expected.columns().iter().zip(found.columns()))
    {
        assert_eq!(left.len(), right.len(), "{what}: `{}`", field.name());
        let first = (0..left.len()).find(|&at| left.slice(at, 1).as_ref() != right.slice(at, 1).as_ref());
        assert!(
            first.is_none(),
            "{what}: `{}` ({}) differs in row {first:?}",
            field.name(),
            field.data_type()
        );
    }
}

#[test]
fn generated_schemas_pass_through_unchanged() {
    let seeds = leaf_count().div_ceil(COLUMNS) as u64 + 2;
    for seed in 0..seeds {
        let sandbox = Sandbox::with_keys();
        let input = generated(seed);
        let shard = sandbox.path("corpus/a.parquet");
        // files of other programs carry no Arrow schema, and no two writers page and compress alike
        let arrow = seed % 3 != 2;
        write_with(
            &shard,
            &input,
            |p| {
                let p = p.set_max_row_group_row_count(Some([7, 20, 100][seed as usize % 3]));
                match seed % 6 {
                    0 => p.set_compression(Compression::SNAPPY).set_data_page_row_count_limit(5),
                    1 => p
                        .set_compression(Compression::ZSTD(ZstdLevel::default()))
                        .set_dictionary_enabled(false),
                    2 => p
                        .set_compression(Compression::LZ4_RAW)
                        .set_statistics_enabled(EnabledStatistics::None),
                    3 => p.set_compression(Compression::GZIP(GzipLevel::default())),
                    4 => p.set_compression(Compression::BROTLI(BrotliLevel::default())),
                    _ => p.set_compression(Compression::UNCOMPRESSED),
                }
            },
            arrow,
        );
        let input = read(&shard);
        sandbox.write("c.toml", config("[[stage]]\nuse = \"doc-length\"\nchars_min = 10"));
        sandbox.release("c.toml", "out", &["--threads", "1"]).expect(0);
        sandbox.verify("out", &["--inputs", "corpus"]).expect(0);
        let expected = released(&input, &sandbox.path("out"), 0);
        assert_eq!(expected.num_rows(), ROWS - ROWS / 3, "seed {seed}");
        assert_equal(&expected, &read(&sandbox.path("out/data/part-00000.parquet")), &format!("seed {seed}"));
        // the removed rows are whole too, with one more column
        let removed = read(&sandbox.path("out/auditor/removed/part-00000.parquet"));
        let rest = removed.project(&(0..input.num_columns()).collect::<Vec<_>>()).unwrap();
        let gone: BooleanArray = (0..ROWS).map(|at| Some(at % 3 == 1)).collect();
        assert_equal(&filter_record_batch(&input, &gone).unwrap(), &rest, &format!("seed {seed}, removed"));
    }
}

#[test]
fn the_files_own_metadata_is_carried_over() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let sandbox = Sandbox::with_keys();
    parquet_files::write(&sandbox.path("corpus/a.parquet"), &parquet_files::texts(&[Some("a text")]), 10);
    sandbox.write("c.toml", config(""));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let file = std::fs::File::open(sandbox.path("out/data/part-00000.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let notes = reader.metadata().file_metadata().key_value_metadata().unwrap();
    assert!(notes.iter().any(|n| n.key == "made-for" && n.value.as_deref() == Some("a test")), "{notes:?}");
    assert_eq!(notes.iter().filter(|n| n.key == "ARROW:schema").count(), 1);
}

#[test]
fn every_kind_of_text_column_is_read_and_edited() {
    use arrow_array::*;
    let long: String = (0..8).map(|n| format!("Sentence number {n} is here.\n")).collect();
    // the second line has no terminal mark and is cut by `c4-lines`
    let edited = format!("This line ends nowhere special\n{long}");
    let texts = [Some(long.as_str()), Some(edited.as_str()), Some("x")];
    let bytes = || texts.iter().map(|text| text.map(str::as_bytes));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(texts.iter().copied().collect::<StringArray>()),
        Arc::new(texts.iter().copied().collect::<LargeStringArray>()),
        Arc::new(texts.iter().copied().collect::<StringViewArray>()),
        Arc::new(bytes().collect::<BinaryArray>()),
        Arc::new(bytes().collect::<LargeBinaryArray>()),
        Arc::new(bytes().collect::<BinaryViewArray>()),
    ];
    for column in columns {
        let kind = column.data_type().clone();
        let sandbox = Sandbox::with_keys();
        let ids = parquet_files::strings([Some("a"), Some("b"), Some("c")]);
        let input = batch(vec![("id", ids), ("text", column)]);
        parquet_files::write(&sandbox.path("corpus/a.parquet"), &input, 10);
        sandbox.write("c.toml", config("[[stage]]\nuse = \"c4-lines\"\nterminal_punctuation = true"));
        let run = sandbox.release("c.toml", "out", &[]);
        assert_eq!(run.code, 0, "{kind}: {}", run.stderr);
        let fates: Vec<String> = ledger(&sandbox.path("out")).iter().map(|row| row.fate.clone()).collect();
        assert_eq!(fates, ["edited", "edited", "removed"], "{kind}");
        let output = read(&sandbox.path("out/data/part-00000.parquet"));
        assert_eq!(output.column_by_name("text").unwrap().data_type(), &kind);
        let text = |row: usize| plain(output.column_by_name("text").unwrap(), row);
        assert_eq!(text(0), long.trim_end(), "{kind}");
        assert_eq!(text(1), long.trim_end(), "{kind}");
        sandbox.verify("out", &[]).expect(0);
    }
}

#[test]
fn a_dictionary_of_texts_is_read() {
    let sandbox = Sandbox::with_keys();
    let texts = [Some("long enough"), Some("short"), None, Some("long enough")];
    let column: arrow_array::DictionaryArray<arrow_array::types::Int32Type> = texts.into_iter().collect();
    let input = batch(vec![("text", Arc::new(column))]);
    parquet_files::write(&sandbox.path("corpus/a.parquet"), &input, 3);
    sandbox
        .write("c.toml", config_with("text = \"text\"", "[[stage]]\nuse = \"doc-length\"\nchars_min = 10"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let fates: Vec<String> = ledger(&sandbox.path("out")).iter().map(|row| row.summary()).collect();
    let short = "removed doc-length/chars-min 5 10";
    assert_eq!(fates, ["kept", short, "quarantined input/null-text 1 0", "kept"]);
    let kept = released(&input, &sandbox.path("out"), 0);
    assert_equal(&kept, &read(&sandbox.path("out/data/part-00000.parquet")), "a dictionary");
    sandbox.verify("out", &[]).expect(0);
}

/// The text of a row, whatever Arrow type holds it.
fn plain(column: &ArrayRef, row: usize) -> String {
    use arrow_array::cast::AsArray;
    use arrow_schema::DataType::*;
    let bytes: &[u8] = match column.data_type() {
        Utf8 => column.as_string::<i32>().value(row).as_bytes(),
        LargeUtf8 => column.as_string::<i64>().value(row).as_bytes(),
        Utf8View => column.as_string_view().value(row).as_bytes(),
        Binary => column.as_binary::<i32>().value(row),
        LargeBinary => column.as_binary::<i64>().value(row),
        BinaryView => column.as_binary_view().value(row),
        other => panic!("{other}"),
    };
    String::from_utf8(bytes.to_vec()).unwrap()
}
