//! The corpus: document `n` is a function of `n` alone. One in five is a copy of an earlier original, with its first
//! word, its last word or both changed: a Jaccard index of .957 or .917 over word 5-grams.

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

const SHARD: u64 = 500_000;
const GROUP: u64 = 50_000;
const WORDS: u64 = 50;
const VOCABULARY: u64 = 60_000;
const SEED: u64 = 20_261_122;

/// Writes the shards and returns the bytes of text.
pub fn write(folder: &Path, records: u64) -> Result<u64, Box<dyn std::error::Error>> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    let mut bytes = 0;
    for (number, first) in (0..records).step_by(SHARD as usize).enumerate() {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP as usize))
            .build();
        let file = File::create(folder.join(format!("shard-{number:05}.parquet")))?;
        let mut writer: Option<ArrowWriter<File>> = None;
        let mut file = Some(file);
        let end = (first + SHARD).min(records);
        for start in (first..end).step_by(GROUP as usize) {
            let texts: StringArray = (start..(start + GROUP).min(end)).map(|n| Some(text(n))).collect();
            bytes += texts.value_data().len() as u64;
            let batch = RecordBatch::try_from_iter([("text", Arc::new(texts) as ArrayRef)])?;
            if let Some(file) = file.take() {
                writer = Some(ArrowWriter::try_new(file, batch.schema(), Some(properties.clone()))?);
            }
            if let Some(writer) = &mut writer {
                writer.write(&batch)?;
            }
        }
        if let Some(writer) = writer {
            writer.close()?;
        }
    }
    Ok(bytes)
}

/// The document that this one is a copy of.
pub fn original(document: u64) -> Option<u64> {
    if !is_copy(document) {
        return None;
    }
    let mut candidate = mix(document, 1) % document;
    while is_copy(candidate) {
        candidate -= 1;
    }
    Some(candidate)
}

/// The first documents are originals, so that every search for one ends.
fn is_copy(document: u64) -> bool {
    document >= 100 && mix(document, 0).is_multiple_of(5)
}

fn text(document: u64) -> String {
    let source = original(document).unwrap_or(document);
    let mut words: Vec<u64> = (0..WORDS).map(|at| mix(source, 10 + at) % VOCABULARY).collect();
    if source != document {
        let which = mix(document, 2) % 3;
        if which != 0 {
            words[0] = VOCABULARY + mix(document, 3) % VOCABULARY;
        }
        if which != 1 {
            words[WORDS as usize - 1] = VOCABULARY + mix(document, 4) % VOCABULARY;
        }
    }
    words.into_iter().map(word).collect::<Vec<_>>().join(" ")
}

/// A pronounceable word for a number.
fn word(mut number: u64) -> String {
    const CONSONANTS: &[u8] = b"bcdfghjklmnprstvz";
    const VOWELS: &[u8] = b"aeiou";
    let mut word = String::new();
    loop {
        word.push(char::from(CONSONANTS[(number % 17) as usize]));
        number /= 17;
        word.push(char::from(VOWELS[(number % 5) as usize]));
        number /= 5;
        if number == 0 {
            return word;
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014) of the document and a counter.
fn mix(document: u64, counter: u64) -> u64 {
    let mut z =
        SEED ^ document.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ counter.wrapping_mul(0xd1b5_4a32_d192_ed03);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
