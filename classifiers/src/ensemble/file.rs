//! The file of a mapping: TOML with decimals, read as something that anybody may have written.

use super::{BUCKETS, Combination, Logistic, Mapping, POINTS, Percentiles, decimals, numbers};
use filters::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the format.
const SCHEMA: u32 = 1;
/// Most bytes of a file: two hundred languages with ten scores.
const BYTES_MAX: usize = 64 << 20;
/// Most scores that are combined.
pub(super) const SCORES_MAX: usize = 16;
/// Largest weight: far beyond any that is fitted, and so small that no sum overflows.
const WEIGHT_MAX: f64 = 1e6;

/// Why a file is not a mapping this crate can use.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The file is longer than any mapping.
    #[error("the file has {bytes} bytes, at most {BYTES_MAX} are read")]
    Length {
        /// Its length.
        bytes: usize,
    },
    /// It is not the TOML it should be.
    #[error("not a mapping of scores: {0}")]
    Format(String),
    /// Another version of the format.
    #[error("`schema` is {0}, this program reads {SCHEMA}")]
    Schema(u32),
    /// A value contradicts another or lies outside its domain.
    #[error("`{field}` {why}")]
    Field {
        /// The key in the file.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: u32,
    scores: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    edges: Vec<Decimal>,
    combination: Combination,
    pooled: Table,
    #[serde(default)]
    languages: BTreeMap<String, Table>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Table {
    records: u64,
    percentiles: Vec<Vec<Decimal>>,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// Whatever is wrong with the file.
    pub fn load(bytes: &[u8]) -> Result<Self, MappingError> {
        if bytes.len() > BYTES_MAX {
            return Err(MappingError::Length { bytes: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| MappingError::Format("not UTF-8".into()))?;
        let written: Written =
            toml::from_str(text).map_err(|e| MappingError::Format(e.message().trim_end().to_string()))?;
        if written.schema != SCHEMA {
            return Err(MappingError::Schema(written.schema));
        }
        let width = written.scores.len();
        if !(1..=SCORES_MAX).contains(&width) {
            return Err(wrong("scores", format!("are {width}, expected 1 to {SCORES_MAX}")));
        }
        if let Combination::Logistic(logistic) = &written.combination {
            check(logistic, width)?;
        }
        let edges = numbers(written.edges);
        if edges.len() != BUCKETS - 1 || !edges.is_sorted() {
            return Err(wrong("edges", format!("are not {} numbers in ascending order", BUCKETS - 1)));
        }
        let tables = written.languages.into_iter();
        Ok(Self {
            scores: written.scores,
            language: written.language,
            combination: written.combination,
            edges,
            pooled: written.pooled.read(width)?,
            languages: tables
                .map(|(name, table)| Ok((name, table.read(width)?)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// Never for a mapping that was fitted or loaded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, MappingError> {
        let languages = self.languages.iter();
        let written = Written {
            schema: SCHEMA,
            scores: self.scores.clone(),
            language: self.language.clone(),
            edges: decimals(&self.edges),
            combination: self.combination.clone(),
            pooled: Table::of(&self.pooled),
            languages: languages.map(|(name, table)| (name.clone(), Table::of(table))).collect(),
        };
        let text = toml::to_string(&written).map_err(|e| MappingError::Format(e.to_string()))?;
        Ok(text.into_bytes())
    }
}

impl Table {
    fn of(table: &Percentiles) -> Self {
        let percentiles = table.points.iter().map(|points| decimals(points)).collect();
        Self { records: table.records, percentiles }
    }

    fn read(self, width: usize) -> Result<Percentiles, MappingError> {
        let points: Vec<Vec<f64>> = self.percentiles.into_iter().map(numbers).collect();
        if points.len() != width {
            return Err(wrong("percentiles", format!("are of {} scores, expected {width}", points.len())));
        }
        if points.iter().any(|points| points.len() != POINTS || !points.is_sorted()) {
            return Err(wrong("percentiles", format!("are not {POINTS} numbers in ascending order")));
        }
        Ok(Percentiles { records: self.records, points })
    }
}

fn check(logistic: &Logistic, width: usize) -> Result<(), MappingError> {
    if logistic.weights.len() != width {
        return Err(wrong("weights", format!("are {}, expected {width}", logistic.weights.len())));
    }
    let large = logistic.weights.iter().chain([&logistic.bias]).any(|weight| weight.abs() > WEIGHT_MAX);
    if large { Err(wrong("weights", format!("are larger than {WEIGHT_MAX}"))) } else { Ok(()) }
}

fn wrong(field: &'static str, why: String) -> MappingError {
    MappingError::Field { field, why }
}
