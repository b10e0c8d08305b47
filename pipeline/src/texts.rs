//! Texts of a file that is no shard of a run: labelled sets and corpora that packs are measured on.

use crate::map::Map;
use crate::{Error, Result};
use filters::{Asset, ItemFields, NameField};
use std::path::Path;
use std::sync::Arc;

/// A text with what its row says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledText {
    /// The text.
    pub text: String,
    /// The column `label`, if there is one.
    pub label: Option<String>,
    /// The column `source`, if there is one.
    pub source: Option<String>,
}

/// Reads the texts of a Parquet or JSON Lines file from a column.
pub fn read(path: &Path, column: &str) -> Result<Vec<LabelledText>> {
    let wrong = |why: String| Error::Input { path: path.to_path_buf(), why };
    let map = Map::open(path).map_err(|e| wrong(e.to_string()))?;
    let asset = Asset { name: path.display().to_string(), bytes: Arc::new(map) };
    let optional = |name| NameField { name, required: false };
    let fields =
        ItemFields { text: column, append: &[], id: optional("source"), benchmark: optional("label") };
    let items = crate::benchmark_items::read(&asset, &fields).map_err(|e| match e {
        filters::BuildError::Asset { why, .. } => wrong(why),
        other => wrong(other.to_string()),
    })?;
    let of = |item: filters::BenchmarkItem| LabelledText {
        text: item.text,
        label: item.benchmark,
        source: item.id,
    };
    Ok(items.into_iter().map(of).collect())
}
