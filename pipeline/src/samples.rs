//! A small corpus made by a seeded generator: what the demonstration curates and the tests run on. It holds good
//! articles and one kind of everything the stages look for, in two shards with nested columns.

use crate::files::store::Pending;
use crate::{Error, Result};
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const WHO: [&str; 12] = [
    "harbour master",
    "surveyor",
    "baker",
    "clockmaker",
    "librarian",
    "engineer",
    "captain",
    "botanist",
    "gardener",
    "archivist",
    "weaver",
    "apprentice",
];
const HOW: [&str; 10] =
    ["young", "retired", "careful", "stubborn", "cheerful", "tired", "curious", "patient", "famous", "shy"];
const ACTS: [&str; 14] = [
    "measured",
    "repaired",
    "described",
    "painted",
    "recorded",
    "restored",
    "catalogued",
    "carried",
    "explained",
    "sketched",
    "cleaned",
    "counted",
    "sold",
    "borrowed",
];
const WHICH: [&str; 12] = [
    "wooden",
    "copper",
    "broken",
    "northern",
    "forgotten",
    "heavy",
    "narrow",
    "painted",
    "rusty",
    "splendid",
    "small",
    "borrowed",
];
const THINGS: [&str; 16] = [
    "bridge",
    "kettle",
    "map",
    "lighthouse",
    "ledger",
    "beehive",
    "orchard",
    "canal lock",
    "cabinet",
    "tide table",
    "seed collection",
    "railway clock",
    "barometer",
    "organ",
    "windmill",
    "lantern",
];
const WHERE: [&str; 8] = ["near", "behind", "above", "beside", "beyond", "below", "outside", "opposite"];
const PLACES: [&str; 14] = [
    "river",
    "mill",
    "shore",
    "quarry",
    "station",
    "meadow",
    "sea wall",
    "arch",
    "forest",
    "town hall",
    "market",
    "chapel",
    "school",
    "ferry",
];
const LINKS: [&str; 10] =
    ["and", "but", "so", "because", "while", "until", "although", "since", "whereas", "and then"];
const OTHERS: [&str; 12] = [
    "the neighbours",
    "two strangers",
    "few visitors",
    "her sister",
    "his cousins",
    "the council",
    "every child",
    "nobody",
    "the postman",
    "several farmers",
    "the teacher",
    "our family",
];
const VIEWS: [&str; 12] = [
    "remembered",
    "doubted",
    "admired",
    "praised",
    "questioned",
    "forgot",
    "wanted",
    "understood",
    "preferred",
    "mentioned",
    "disliked",
    "expected",
];
const WHAT: [&str; 12] = [
    "the work",
    "its colour",
    "every detail",
    "that decision",
    "a better answer",
    "the delay",
    "the old way",
    "this result",
    "the whole story",
    "another attempt",
    "the noise",
    "such patience",
];

/// Draws choices that depend on nothing but the seed and how many were drawn before.
struct Draw {
    seed: u64,
    drawn: u64,
}

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.drawn += 1;
        (xxh3_64_with_seed(&self.drawn.to_le_bytes(), self.seed) % limit.max(1) as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn sentence(&mut self) -> String {
        let (how, who, act) = (self.one(&HOW), self.one(&WHO), self.one(&ACTS));
        let (which, thing) = (self.one(&WHICH), self.one(&THINGS));
        let (side, place, link) = (self.one(&WHERE), self.one(&PLACES), self.one(&LINKS));
        let (others, view, what) = (self.one(&OTHERS), self.one(&VIEWS), self.one(&WHAT));
        match self.below(3) {
            0 => format!(
                "The {how} {who} {act} a {which} {thing} {side} the {place}, {link} {others} {view} {what}."
            ),
            1 => format!(
                "{} the {place}, one {how} {who} {act} that {which} {thing}, {link} {others} {view} {what}.",
                capital(side)
            ),
            _ => format!(
                "{} {view} {what}, {link} a {how} {who} of this {place} {act} the {which} {thing}.",
                capital(others)
            ),
        }
    }

    fn article(&mut self) -> String {
        let paragraphs = 1 + self.below(4);
        let mut text = Vec::new();
        for _ in 0..paragraphs {
            let sentences = 5 + self.below(4);
            text.push((0..sentences).map(|_| self.sentence()).collect::<Vec<_>>().join(" "));
        }
        text.join("\n\n")
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A record of the sample.
struct Sample {
    kind: &'static str,
    text: Option<String>,
}

/// The records, in order. Every kind occurs; most are plain articles.
fn samples(seed: u64, records: usize) -> Vec<Sample> {
    let mut draw = Draw { seed, drawn: 0 };
    let mut made: Vec<Sample> = Vec::with_capacity(records);
    for at in 0..records {
        let earlier = made.iter().rev().find(|s| s.kind == "article").and_then(|s| s.text.clone());
        let article = draw.article();
        let (kind, text) = match (at % 20, earlier) {
            (3, Some(text)) => ("copy", Some(text)),
            (7, Some(text)) => ("revision", Some(revise(&text))),
            (9, _) => ("short", Some(draw.sentence())),
            (11, _) => ("repetitive", Some([draw.sentence().as_str(); 14].join("\n"))),
            (13, _) => (
                "list",
                Some(article.replace("\n\n", " ").split(". ").map(|item| format!("- {item}\n")).collect()),
            ),
            (15, _) => (
                "boilerplate",
                Some(format!("{article}\n\nPlease enable javascript to see our cookie policy.")),
            ),
            (17, _) => ("symbols", Some(article.split(' ').map(|w| format!("#{w} # ")).collect())),
            (19, _) if at % 100 == 99 => ("missing", None),
            (19, _) => ("placeholder", Some(format!("{article}\n\nLorem ipsum dolor sit amet."))),
            _ => ("article", Some(article)),
        };
        made.push(Sample { kind, text });
    }
    made
}

/// The text with its last sentence replaced: a near-duplicate.
fn revise(text: &str) -> String {
    let body = text.trim_end_matches('.');
    let kept = body.rfind(". ").map_or(body, |at| &body[..at]);
    format!("{kept}. This account was revised by a later hand.")
}

/// Writes `sample-0.parquet` and `sample-1.parquet` with so many records in all. Returns the bytes of text.
pub fn write(folder: &Path, seed: u64, records: usize) -> Result<u64> {
    let samples = samples(seed, records);
    let text_bytes = samples.iter().filter_map(|s| s.text.as_ref()).map(|t| t.len() as u64).sum();
    let half = samples.len().div_ceil(2);
    for (shard, part) in samples.chunks(half.max(1)).enumerate() {
        let path = folder.join(format!("sample-{shard}.parquet"));
        write_shard(&path, &batch(part, shard * half)?)?;
    }
    Ok(text_bytes)
}

fn batch(samples: &[Sample], first: usize) -> Result<RecordBatch> {
    let ids: StringArray = (0..samples.len()).map(|at| Some(format!("sample-{:05}", first + at))).collect();
    let texts: StringArray = samples.iter().map(|s| s.text.as_deref()).collect();
    let urls: StringArray =
        (0..samples.len()).map(|at| Some(format!("https://example.org/{}", first + at))).collect();
    let kinds: StringArray = samples.iter().map(|s| Some(s.kind)).collect();
    let sizes: Int64Array = samples.iter().map(|s| s.text.as_ref().map(|t| t.len() as i64)).collect();
    let mut tags = ListBuilder::new(StringBuilder::new());
    for sample in samples {
        tags.values().append_value(sample.kind);
        tags.values().append_null();
        tags.append(true);
    }
    let tags: ArrayRef = Arc::new(tags.finish());
    let bytes: ArrayRef = Arc::new(sizes);
    let meta = StructArray::from(vec![
        (Arc::new(Field::new("bytes", DataType::Int64, true)), bytes),
        (Arc::new(Field::new("tags", tags.data_type().clone(), true)), tags),
    ]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(ids)),
        ("text", Arc::new(texts)),
        ("url", Arc::new(urls)),
        ("kind", Arc::new(kinds)),
        ("meta", Arc::new(meta)),
    ];
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(Error::from)
}

fn write_shard(path: &Path, batch: &RecordBatch) -> Result<()> {
    let fail = |e: parquet::errors::ParquetError| Error::output(path, e);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(150))
        .build();
    let mut writer =
        ArrowWriter::try_new(Pending::create(path)?, batch.schema(), Some(properties)).map_err(fail)?;
    writer.write(batch).map_err(fail)?;
    writer.into_inner().map_err(fail)?.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_corpus_and_every_kind_occurs() {
        let texts = |seed| samples(seed, 200).into_iter().map(|s| s.text).collect::<Vec<_>>();
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
        let made = samples(1, 200);
        for kind in [
            "article",
            "copy",
            "revision",
            "short",
            "repetitive",
            "list",
            "boilerplate",
            "symbols",
            "missing",
            "placeholder",
        ] {
            assert!(made.iter().any(|s| s.kind == kind), "{kind}");
        }
    }
}
