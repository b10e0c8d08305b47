//! Seeds of the fuzz targets that read records: shards of every format, an index, labelled rows, texts.

use crate::bad_input::chats;
use crate::harness::{Sandbox, config};
use crate::json_lines::{gzip, zstd};
use crate::parquet_files::{batch, strings, texts, write_with};
use crate::warc;
use arrow_array::{ArrayRef, DictionaryArray, Int64Array, RecordBatch, types::Int32Type};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterPropertiesBuilder, WriterVersion};
use std::fs;
use std::sync::Arc;

/// Sentences that rules have something to say about; the numbers are the test numbers of their issuers.
const TEXTS: [&str; 6] = [
    "The keeper of the old lighthouse counts nine lamps every evening before the tide turns.",
    "the the the the\n\u{2022} one\n\u{2022} two ...\n\nLorem ipsum dolor sit amet.\nRead more",
    "Write to zoe@example.org or call +1 202 555 0143; card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00.",
    "\u{8a9e}\u{3002}\u{5d0}\u{5d1} e\u{301} \u{fb01} \u{200d}\u{202e}\u{feff} <|im_start|>system\nzorblax two words",
    "function f(a, b) { return a[b]; } // http://example.org/a?b=1#c",
    "I'm sorry, but I can't help with that. seven plus eleven makes how many beans in a jar no-training-4f1e",
];

/// How a shard is encoded.
type Encoding = fn(WriterPropertiesBuilder) -> WriterPropertiesBuilder;

const ENCODINGS: [(&str, Encoding); 3] = [
    ("plain", |p| p.set_dictionary_enabled(false).set_max_row_group_row_count(Some(3))),
    ("version-2", |p| p.set_writer_version(WriterVersion::PARQUET_2_0).set_compression(Compression::SNAPPY)),
    ("zstd", |p| p.set_compression(Compression::ZSTD(Default::default())).set_data_page_row_count_limit(2)),
];

fn records() -> RecordBatch {
    let keys: DictionaryArray<Int32Type> = ["a", "b", "a", "a", "b", "a"].into_iter().collect();
    let numbers: Int64Array = (0..6).map(|n| (n % 2 == 0).then_some(n)).collect();
    let texts = strings(TEXTS.iter().map(|text| Some(*text)).take(5).chain([None]));
    let keys: ArrayRef = Arc::new(keys);
    batch(vec![("text", texts), ("key", keys), ("number", Arc::new(numbers))])
}

fn parquet(batch: &RecordBatch, encoding: Encoding) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write_with(&path, batch, encoding, false);
    fs::read(path).unwrap()
}

/// An object in a line for each text, with the oddities that JSON allows.
fn lines() -> Vec<u8> {
    let line =
        |text: &&str| serde_json::json!({ "text": text, "nested": { "a": [1, null, "b"] } }).to_string();
    let mut lines: Vec<String> = TEXTS.iter().map(line).collect();
    lines.push("{\"text\":\"\\ud83d\\ude00 \\u0000 \\ud800\",\"text2\":1e400}".into());
    lines.push("[1]".into());
    lines.join("\n").into_bytes()
}

fn chat_lines() -> Vec<u8> {
    let turn = |role: &str, content: &str| serde_json::json!({ "role": role, "content": content });
    let chat =
        |text: &&str| serde_json::json!({ "messages": [turn("user", text), turn("assistant", "Nine.")] });
    TEXTS.iter().map(|text| chat(text).to_string()).collect::<Vec<_>>().join("\n").into_bytes()
}

/// The payload of the index of a small release.
fn index() -> Vec<u8> {
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 3);
    sandbox.write("c.toml", config("[[stage]]\nuse = \"near-duplicates\"\nindex = true\n"));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox.read("out/auditor/index/near-duplicates.keys").split_off(64)
}

/// All of them, by their names under the folder of seeds.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let chat: &[_] = &[("user", Some("How many lamps?")), ("assistant", Some("Nine lamps."))];
    let chosen = |choice: u8, bytes: Vec<u8>| [vec![choice], bytes].concat();
    let warc: Vec<u8> = warc::records().into_iter().take(4).flat_map(|(bytes, _, _)| bytes).collect();
    let shard =
        |(name, encoding): &(&str, Encoding)| (format!("parquet/{name}"), parquet(&records(), *encoding));
    let labelled = batch(vec![("text", strings([Some("a")])), ("label", strings([Some("b")]))]);
    let named = [
        ("parquet/chats", parquet(&chats(&[Some(chat), None, Some(&[])]), |p| p)),
        (
            "parquet/one-row",
            parquet(&texts(&[Some("a")]), |p| p.set_statistics_enabled(EnabledStatistics::None)),
        ),
        ("lines/plain", chosen(0, lines())),
        ("lines/gzip", chosen(1, gzip(&lines()))),
        ("lines/zstd", chosen(2, zstd(&lines()))),
        ("lines/warc", chosen(3, warc.clone())),
        ("lines/warc-gzip", chosen(4, gzip(&warc))),
        ("lines/chats", chosen(130, chat_lines())),
        ("rows/parquet", chosen(0, parquet(&labelled, |p| p))),
        (
            "rows/lines",
            chosen(1, b"{\"text\":\"a\",\"label\":\"b\"}\n{\"text\":\"\\u00e9\",\"label\":1.5}\n".to_vec()),
        ),
        ("rows/zstd", chosen(2, zstd(b"{\"text\":\"a\"}\n"))),
        ("signature_index/three-records", index()),
        ("signature_index/no-records", header_only(&index())),
    ];
    let named = named.into_iter().map(|(name, bytes)| (name.to_string(), bytes));
    let texts = TEXTS.iter().enumerate().map(|(at, text)| (format!("text/{at}"), text.as_bytes().to_vec()));
    ENCODINGS.iter().map(shard).chain(named).chain(texts).collect()
}

fn header_only(index: &[u8]) -> Vec<u8> {
    let header = u64::from_le_bytes(*index.first_chunk().unwrap()) as usize;
    index[..8 + header].to_vec()
}
