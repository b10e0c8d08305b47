//! What a corpus is cut by: declared sources, tenths of the length, columns of the ledger.

use super::ledger::Ledger;
use crate::Result;
use std::path::Path;

/// The slice by declared source.
pub(crate) const SOURCE: &str = "source";
/// The slice by tenths of the length.
pub(crate) const LENGTH: &str = "length";
/// Parts of the lengths.
const LENGTH_BANDS: usize = 10;
/// The column with the length.
pub(super) const TEXT_BYTES: &str = "text_bytes";

/// The slices of a release that every report has: sources, lengths, and every column of labels.
pub fn usual_slices(release: &Path) -> Result<Vec<String>> {
    let labels = Ledger::open(release)?.columns()?.into_iter().filter(|name| name.ends_with("/label"));
    Ok([SOURCE, LENGTH].map(String::from).into_iter().chain(labels).collect())
}

/// Slices by name, and where the tenths of the length part.
pub(super) struct Slices<'q> {
    names: &'q [String],
    cuts: Vec<u64>,
}

impl<'q> Slices<'q> {
    /// Reads the lengths where they are asked for, eight bytes a record.
    pub(super) fn new(ledger: &Ledger<'_>, names: &'q [String]) -> Result<Self> {
        let cuts = match names.iter().any(|name| name == LENGTH) {
            true => cuts(ledger)?,
            false => Vec::new(),
        };
        Ok(Self { names, cuts })
    }

    /// The columns of the ledger they are made from.
    pub(super) fn columns(&self) -> impl Iterator<Item = String> {
        let stored = |name: &String| if name == LENGTH { TEXT_BYTES.to_string() } else { name.clone() };
        self.names.iter().filter(|name| *name != SOURCE).map(stored)
    }

    /// A record's value in each slice, from its source and those columns; empty where it has none.
    pub(super) fn values(&self, source: &str, cells: &[Option<String>]) -> impl Iterator<Item = String> {
        let mut cells = cells.iter();
        self.names.iter().map(move |name| match name.as_str() {
            SOURCE => source.to_string(),
            LENGTH => {
                cells.next().and_then(Option::as_deref).map_or_else(String::new, |n| tenth(&self.cuts, n))
            }
            _ => cells.next().cloned().flatten().unwrap_or_default(),
        })
    }
}

/// What parts the lengths into tenths; equal numbers are one.
fn cuts(ledger: &Ledger<'_>) -> Result<Vec<u64>> {
    let mut lengths: Vec<u64> = Vec::new();
    ledger.scan(&[TEXT_BYTES.to_string()], |_, cells| {
        lengths.extend(cells.first().and_then(|cell| cell.as_ref()?.parse::<u64>().ok()));
        Ok(())
    })?;
    lengths.sort_unstable();
    let cut = |band: usize| lengths.get(lengths.len() * band / LENGTH_BANDS).copied();
    let mut cuts: Vec<u64> = (1..LENGTH_BANDS).filter_map(cut).filter(|cut| *cut > 0).collect();
    cuts.dedup();
    Ok(cuts)
}

/// The tenth a length belongs to: `3: 512-1024`, its number and bounds in bytes.
fn tenth(cuts: &[u64], bytes: &str) -> String {
    let bytes: u64 = bytes.parse().unwrap_or_default();
    let at = cuts.partition_point(|cut| *cut <= bytes);
    let low = at.checked_sub(1).and_then(|at| cuts.get(at)).copied().unwrap_or_default();
    match cuts.get(at) {
        Some(high) => format!("{at}: {low} to {}", high - 1),
        None => format!("{at}: {low} and more"),
    }
}
