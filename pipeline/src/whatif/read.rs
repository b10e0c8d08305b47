//! Reading the ledger: row groups side by side, only the columns that matter, each record walked as it is read.

use super::change::{Barrier, Stage};
use super::walk::{End, Measured, recorded, walk};
use super::{INPUT, NOWHERE, Record};
use crate::files::finished;
use crate::judge::verdicts::decimal;
use crate::source::parquet::ParquetReader;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, Float64Array, RecordBatch, StringArray, UInt32Array,
    UInt64Array,
};
use arrow_schema::Schema;
use manifests::ledger::RETRACT;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// A ledger file and its footer.
pub(super) struct LedgerFile {
    path: PathBuf,
    pub(super) reader: ParquetReader,
}

/// The ledger of a release, footers only.
pub(super) fn open(release: &Path) -> Result<Vec<LedgerFile>> {
    let load = |path: PathBuf| {
        let fail = |e: &dyn std::fmt::Display| Error::release(&path, e.to_string());
        let reader = ParquetReader::of_release(&path).map_err(|e| fail(&e))?.with_batches_of(16_384);
        Ok(LedgerFile { path, reader })
    };
    finished::listing(release, "auditor/ledger")?.into_iter().map(load).collect()
}

/// Shards and rows.
type Survivors = (UInt32Array, UInt64Array);

/// A stretch of the ledger: what names and describes its records, and what became of each.
pub(super) struct Part {
    pub(super) shard: UInt32Array,
    pub(super) row: UInt64Array,
    pub(super) id: StringArray,
    pub(super) fate: StringArray,
    pub(super) rule: StringArray,
    pub(super) value: StringArray,
    pub(super) bound: StringArray,
    /// Digests of the texts as read, where a barrier needs them.
    pub(super) content: Option<FixedSizeBinaryArray>,
    /// Shard and row of the record that survived in a removed one's stead, where a barrier needs them.
    pub(super) duplicate_of: Option<Survivors>,
    pub(super) records: Vec<Record>,
}

/// Reads all files and walks every record.
pub(super) fn read(files: &[LedgerFile], stages: &[Stage]) -> Result<Vec<Part>> {
    let tasks: Vec<(&LedgerFile, usize)> = files
        .iter()
        .flat_map(|file| (0..file.reader.footer().num_row_groups()).map(move |group| (file, group)))
        .collect();
    let parts: Vec<Vec<Part>> =
        tasks.par_iter().map(|(file, group)| row_group(file, *group, stages)).collect::<Result<_>>()?;
    Ok(parts.into_iter().flatten().collect())
}

fn row_group(file: &LedgerFile, group: usize, stages: &[Stage]) -> Result<Vec<Part>> {
    let fail = |e: &dyn std::fmt::Display| Error::release(&file.path, e.to_string());
    let places = Places::of(file.reader.schema(), stages).map_err(|e| fail(&e))?;
    let roots = places.all();
    let mut parts = Vec::new();
    for batch in file.reader.batches(group, Some(roots.clone()), None).map_err(|e| fail(&e))? {
        let batch = batch.map_err(|e| fail(&e))?;
        let columns = Columns::of(&batch, &places, &roots)
            .ok_or_else(|| fail(&"a column has another type than ledgers have"))?;
        parts.push(part(&columns, stages).map_err(|why| fail(&why))?);
    }
    Ok(parts)
}

/// Positions of columns in the ledger's schema.
struct Places {
    fixed: Vec<usize>,
    /// By stage: its rules' values.
    values: Vec<Vec<usize>>,
    /// By stage: whether it found something to edit.
    edited: Vec<Option<usize>>,
    content: Option<usize>,
    duplicate_of: Option<(usize, usize)>,
}

const FIXED: [&str; 8] = ["shard", "row", "id", "fate", "stage", "rule", "value", "bound"];

impl Places {
    fn of(schema: &Schema, stages: &[Stage]) -> std::result::Result<Self, String> {
        // a rule may share its name with a column its stage records; rules come last
        let find = |name: &str| schema.fields().iter().rposition(|field| field.name() == name);
        let need = |name: &str| find(name).ok_or_else(|| format!("no column `{name}`"));
        let values = |stage: &Stage| match stage.barrier {
            Some(_) => Ok(Vec::new()),
            None => stage.rules.iter().map(|rule| need(&format!("{}/{}", stage.name, rule.id))).collect(),
        };
        let edited = |stage: &Stage| stage.edits.then(|| find(&format!("{}/edited", stage.name))).flatten();
        let any = |barrier: Barrier| stages.iter().any(|stage| stage.barrier == Some(barrier));
        Ok(Self {
            fixed: FIXED.into_iter().map(need).collect::<std::result::Result<_, _>>()?,
            values: stages.iter().map(values).collect::<std::result::Result<_, _>>()?,
            edited: stages.iter().map(edited).collect(),
            content: if any(Barrier::EqualDigests) { Some(need("content_sha256")?) } else { None },
            duplicate_of: match any(Barrier::EqualTexts) {
                true => Some((need("duplicate_of_shard")?, need("duplicate_of_row")?)),
                false => None,
            },
        })
    }

    fn all(&self) -> Vec<usize> {
        let values = self.values.iter().flatten();
        let edited = self.edited.iter().flatten();
        let survivors = self.duplicate_of.iter().flat_map(|(shard, row)| [shard, row]);
        let mut all: Vec<usize> = self
            .fixed
            .iter()
            .chain(values)
            .chain(edited)
            .chain(&self.content)
            .chain(survivors)
            .copied()
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The columns of one batch.
struct Columns<'b> {
    shard: &'b UInt32Array,
    row: &'b UInt64Array,
    texts: [&'b StringArray; 6],
    values: Vec<Vec<&'b Float64Array>>,
    edited: Vec<Option<&'b BooleanArray>>,
    content: Option<&'b FixedSizeBinaryArray>,
    duplicate_of: Option<(&'b UInt32Array, &'b UInt64Array)>,
}

impl<'b> Columns<'b> {
    /// `None` when a column has another type.
    fn of(batch: &'b RecordBatch, places: &Places, roots: &[usize]) -> Option<Self> {
        let get =
            |place: &usize| -> Option<&'b ArrayRef> { batch.columns().get(roots.binary_search(place).ok()?) };
        let text = |at: usize| get(&places.fixed[at])?.as_string_opt::<i32>();
        let values = |places: &Vec<usize>| {
            places.iter().map(|place| get(place)?.as_primitive_opt::<Float64Type>()).collect::<Option<_>>()
        };
        let edited = |place: &Option<usize>| match place {
            Some(place) => get(place)?.as_boolean_opt().map(Some),
            None => Some(None),
        };
        Some(Self {
            shard: get(&places.fixed[0])?.as_primitive_opt::<UInt32Type>()?,
            row: get(&places.fixed[1])?.as_primitive_opt::<UInt64Type>()?,
            texts: [text(2)?, text(3)?, text(4)?, text(5)?, text(6)?, text(7)?],
            values: places.values.iter().map(values).collect::<Option<_>>()?,
            edited: places.edited.iter().map(edited).collect::<Option<_>>()?,
            content: match &places.content {
                Some(place) => Some(get(place)?.as_fixed_size_binary_opt()?),
                None => None,
            },
            duplicate_of: match &places.duplicate_of {
                Some((shard, row)) => Some((
                    get(shard)?.as_primitive_opt::<UInt32Type>()?,
                    get(row)?.as_primitive_opt::<UInt64Type>()?,
                )),
                None => None,
            },
        })
    }
}

/// One row's measured values.
struct Row<'c, 'b> {
    columns: &'c Columns<'b>,
    at: usize,
}

impl Measured for Row<'_, '_> {
    fn value(&self, stage: usize, rule: usize) -> Option<f64> {
        let array = self.columns.values[stage][rule];
        array.is_valid(self.at).then(|| array.value(self.at))
    }

    fn edited(&self, stage: usize) -> Option<bool> {
        let array = self.columns.edited[stage]?;
        array.is_valid(self.at).then(|| array.value(self.at))
    }
}

fn part(columns: &Columns<'_>, stages: &[Stage]) -> std::result::Result<Part, String> {
    let [id, fate, _, rule, value, bound] = columns.texts;
    let records = (0..id.len()).map(|at| record(columns, stages, at));
    Ok(Part {
        records: records.collect::<std::result::Result<_, _>>()?,
        shard: columns.shard.clone(),
        row: columns.row.clone(),
        id: id.clone(),
        fate: fate.clone(),
        rule: rule.clone(),
        value: value.clone(),
        bound: bound.clone(),
        content: columns.content.cloned(),
        duplicate_of: columns.duplicate_of.map(|(shard, row)| (shard.clone(), row.clone())),
    })
}

/// Walks one record, after making sure that what was measured leads to what was decided.
fn record(columns: &Columns<'_>, stages: &[Stage], at: usize) -> std::result::Result<Record, String> {
    let [_, _, stage, rule, value, _] = columns.texts;
    let place = || format!("row {}", columns.row.value(at));
    let ledger = match stage.is_valid(at).then(|| stage.value(at)) {
        None => NOWHERE,
        Some("input") => INPUT,
        Some(name) => match stages.iter().position(|stage| stage.name == name) {
            Some(found) => found as u16,
            None if name == RETRACT => {
                return Err(format!(
                    "{}: was taken down after the run; ask about the release before",
                    place()
                ));
            }
            None => return Err(format!("{}: no stage `{name}`", place())),
        },
    };
    if ledger == INPUT {
        return Ok(Record::new(ledger, End::Input));
    }
    let row = Row { columns, at };
    let recounted = recorded(stages, &row);
    let agrees = match (stages.get(usize::from(ledger)), recounted) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some(stage), _) if stage.barrier.is_some() => {
            recounted.is_none_or(|(n, ..)| n > usize::from(ledger))
        }
        (Some(stage), Some((n, first, measured))) => {
            let named =
                |n: usize| stage.rules[n].id == rule.value(at) && decimal(measured) == value.value(at);
            n == usize::from(ledger) && first.is_none_or(named)
        }
        (Some(_), None) => false,
    };
    if !agrees {
        return Err(format!("{}: the measured values do not lead to the recorded decision", place()));
    }
    Ok(Record::new(ledger, walk(stages, &row, recounted.map(|(n, ..)| n))))
}
