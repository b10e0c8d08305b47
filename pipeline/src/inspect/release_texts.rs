//! The texts of some records of a release: from `data/` where they were released, from `auditor/removed/` where not.

use crate::config::Input;
use crate::files::finished;
use crate::release::parts;
use crate::release::write::removed_file;
use crate::source::parquet::ParquetReader;
use crate::source::released::ReleasedFile;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Shard number and row.
pub(crate) type Place = (u32, u64);

/// Texts by the places of their records.
pub(crate) struct Texts {
    found: HashMap<Place, String>,
    /// Why some are missing.
    pub(crate) notes: Vec<String>,
}

/// The part of the public configuration that says where the text is.
#[derive(Deserialize)]
struct PublicConfig {
    input: Input,
}

/// By file: rows in it and whose they are.
type Wanted = BTreeMap<PathBuf, BTreeMap<u64, Place>>;

impl Texts {
    /// Reads the texts of records: where each came from, and where it is in the release.
    pub(crate) fn read(
        release: &Path,
        records: impl Iterator<Item = (Place, Option<Place>)>,
    ) -> Result<Self> {
        let input = input(release)?;
        let (mut released, mut removed) = (Wanted::new(), Wanted::new());
        let names = parts::names(release)?;
        for (place, out) in records {
            match out {
                Some((shard, row)) => {
                    let name = names
                        .get(shard as usize)
                        .ok_or_else(|| Error::release(release, format!("lists no output part {shard}")))?;
                    let file = release.join(name);
                    released.entry(file).or_default().insert(row, place);
                }
                None => {
                    let file = release.join(removed_file(place.0 as usize));
                    removed.entry(file).or_default().insert(place.1, place);
                }
            }
        }
        let mut texts = Self { found: HashMap::new(), notes: Vec::new() };
        for (file, wanted) in &released {
            texts.take(file, &input, wanted)?;
        }
        for (file, wanted) in &removed {
            if file.exists() {
                texts.take(file, &input, &positions(file, wanted)?)?;
            } else if texts.notes.is_empty() {
                texts.notes.push(
                    "the release holds no texts of removed records (`removed = false` under `[output]`, or a \
                     redacted copy), so no differences can be shown"
                        .into(),
                );
            }
        }
        Ok(texts)
    }

    /// The text of a record, where the release holds it.
    pub(crate) fn of(&self, place: Place) -> Option<&str> {
        self.found.get(&place).map(String::as_str)
    }

    /// Reads rows of one file.
    fn take(&mut self, file: &Path, input: &Input, wanted: &BTreeMap<u64, Place>) -> Result<()> {
        let (rows, places): (Vec<u64>, Vec<Place>) = wanted.iter().unzip();
        ReleasedFile::open(file, input)?.documents_at(&rows, |at, document| {
            if let Ok(document) = document {
                self.found.insert(places[at], document.text.to_string());
            }
        })?;
        Ok(())
    }
}

/// How the release's own shards are read.
fn input(release: &Path) -> Result<Input> {
    let config: PublicConfig = finished::json(release, "config.public.json")?;
    Ok(config.input.only_text())
}

/// Where rows of the input stand in a file of removed records, by the reason's `row`.
fn positions(path: &Path, wanted: &BTreeMap<u64, Place>) -> Result<BTreeMap<u64, Place>> {
    let fail = |e: &dyn std::fmt::Display| Error::release(path, e.to_string());
    let reader = ParquetReader::of_release(path).map_err(|e| fail(&e))?;
    // the reason is the last column, under a name that the input did not use
    let reason = reader.schema().fields().last().map(|field| field.name().clone()).unwrap_or_default();
    let place = reader.places([reason.as_str()]);
    let mut found = BTreeMap::new();
    let mut first = 0;
    for batch in reader.all(Some(place), None) {
        let batch = batch.map_err(|e| fail(&e))?;
        let rows =
            batch.column_by_name(&reason).and_then(|c| c.as_struct_opt()?.column_by_name("row").cloned());
        let rows = rows.as_ref().and_then(|rows| rows.as_primitive_opt::<UInt64Type>());
        let rows = rows.ok_or_else(|| fail(&"tells no reasons"))?;
        for (at, row) in (first..).zip(rows.values()) {
            if let Some(place) = wanted.get(row) {
                found.insert(at, *place);
            }
        }
        first += batch.num_rows() as u64;
    }
    Ok(found)
}
