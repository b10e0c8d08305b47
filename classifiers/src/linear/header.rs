//! What a model file says of itself: TOML, so that `head` shows it.

use super::ModelError;
use super::calibrate::Calibration;
use super::train::Settings;
use crate::metrics::{Point, Policy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The largest table, as a power of two: 2^20 rows of four labels are 4 MiB.
const TABLE_BITS: std::ops::RangeInclusive<u32> = 8..=20;
/// The most labels: with the largest table 16 MiB of weights, whatever a header claims.
const LABELS_MAX: usize = 16;
/// Bounds on a chunk: below, a few words; above, sums of weights would not fit 32 bits.
const CHUNK_BYTES: std::ops::RangeInclusive<usize> = 64..=1 << 20;
/// Names of columns every scorer stage records besides its labels'.
const RESERVED: [&str; 3] = ["score", "mean", "broken"];

/// Everything but the weights.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The program that trained it, and its version.
    pub program: String,
    /// How to make the same file again.
    pub command: String,
    /// Table and chunks, and how the weights were fitted.
    pub training: Settings,
    /// What it learnt from.
    pub data: Vec<DataSet>,
    /// What it tells.
    pub label: Vec<Label>,
}

/// A file that was learnt from, or a part of one.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    /// The file's name, as the recipe has it.
    pub file: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its licence, as declared in the recipe.
    pub licence: String,
    /// Records of it that were learnt from.
    pub records: u64,
    /// The labels that apply to them.
    pub is: Vec<String>,
    /// The labels that do not.
    pub is_not: Vec<String>,
}

/// One label.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Kebab-case; the name of a column.
    pub name: String,
    /// Records with it; of grades, records with one.
    pub positives: u64,
    /// Records known to be without it.
    pub negatives: u64,
    /// The value of a weight of 1.
    pub step: f64,
    /// The logit of a text without features.
    pub bias: f64,
    /// From logit to probability or grade.
    pub calibration: Calibration,
    /// The threshold that `policy` chose on texts that were not learnt from. Grades have none.
    pub threshold: Option<f64>,
    /// What chose it.
    pub policy: Option<Policy>,
    /// How near grades come, on texts that were not learnt from.
    pub grades: Option<Grades>,
    /// Recall, precision and share flagged over thresholds, on the same texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<Point>,
}

/// How near told grades come to the true ones.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Grades {
    /// The root of the mean squared distance, in grades.
    pub rmse: Option<f64>,
    /// Pearson's correlation.
    pub pearson: Option<f64>,
    /// Spearman's rank correlation.
    pub spearman: Option<f64>,
}

impl Header {
    /// Checks every number that scoring relies on.
    pub(super) fn check(&self) -> Result<(), ModelError> {
        let wrong = |field, why: String| Err(ModelError::Field { field, why });
        if !TABLE_BITS.contains(&self.training.table_bits) {
            return wrong("table_bits", format!("is {}, expected 8 to 20", self.training.table_bits));
        }
        if !CHUNK_BYTES.contains(&self.training.chunk_bytes) {
            return wrong("chunk_bytes", format!("is {}, expected 64 to 1048576", self.training.chunk_bytes));
        }
        if self.training.chunks_max == 0 {
            return wrong("chunks_max", "is 0, expected at least 1".into());
        }
        if self.label.is_empty() || self.label.len() > LABELS_MAX {
            return wrong("label", format!("occurs {} times, expected 1 to {LABELS_MAX}", self.label.len()));
        }
        let mut names = BTreeSet::new();
        for label in &self.label {
            check_name(&label.name).map_err(|why| ModelError::Field { field: "name", why })?;
            if !names.insert(&label.name) {
                return wrong("name", format!("is twice `{}`", label.name));
            }
            if ![label.step, label.bias].iter().all(|number| number.abs() <= 1e9) {
                return wrong("step", format!("or `bias` of `{}` is not a finite number", label.name));
            }
            if label.threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
                return wrong("threshold", format!("of `{}` is not between 0 and 1", label.name));
            }
            if let Some(fault) = label.calibration.fault() {
                return wrong("calibration", format!("of `{}` {fault}", label.name));
            }
        }
        Ok(())
    }

    /// Whether every record it learnt from has one label, and is known to have no other.
    pub fn labels_exclude_each_other(&self) -> bool {
        let one =
            |data: &DataSet| data.is.len() == 1 && data.is.len() + data.is_not.len() == self.label.len();
        self.label.len() > 1 && self.data.iter().all(one)
    }

    /// The names of the labels.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.label.iter().map(|label| label.name.as_str())
    }
}

/// Whether a label can be the name of a column; otherwise why not.
pub fn check_name(name: &str) -> Result<(), String> {
    let kebab = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if name.is_empty() || name.len() > 64 || !kebab {
        return Err(format!("is `{name}`, expected lower-case letters, digits and dashes"));
    }
    if RESERVED.contains(&name) {
        return Err(format!("is `{name}`, which is the name of another column"));
    }
    Ok(())
}
