//! `[gate]`: limits of a release that may be signed.

use filters::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a release must keep within.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gate {
    /// Most quarantined records per million.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quarantined_ppm_max: Option<u64>,
    /// Most removed records per million.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) removed_ppm_max: Option<u64>,
    /// Most records taken out by a stage, per million of all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) removed_ppm_max_by_stage: BTreeMap<String, u64>,
    /// What the corpus is cut by: `source`, `length`, or recorded columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) slices: Vec<String>,
    /// Least records that a limit is asked of (all, or the harmless) in a slice, and outside of it, to be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slice_records_min: Option<u64>,
    /// Largest ratio of the share a stage takes out of a slice to that of the rest, at the lower bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slice_ratio_max: Option<Decimal>,
    /// The same for each rule, among harmless records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) false_positive_ratio_max: Option<Decimal>,
    /// Which records are harmless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) harmless: Option<Harmless>,
}

impl Gate {
    /// How uncertain a ratio of few records is, its interval says; this only keeps away slices of a handful, of which
    /// there are many where a column has many values.
    const SLICE_RECORDS_MIN: u64 = 20;

    /// Writes out the default of what has an effect.
    pub(super) fn resolve(&mut self) {
        if !self.slices.is_empty() {
            self.slice_records_min.get_or_insert(Self::SLICE_RECORDS_MIN);
        }
    }
}

/// `COLUMN=VALUE`: the records known to be harmless.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Harmless(String);

impl Harmless {
    /// The column and the value.
    pub(crate) fn parts(&self) -> Option<(String, String)> {
        self.0.split_once('=').map(|(column, value)| (column.to_string(), value.to_string()))
    }
}

impl std::fmt::Display for Harmless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`", self.0)
    }
}
