//! The ledger: one Parquet row for every input record. Column names are an interface: add, do not rename.

use crate::judge::verdicts::{Verdicts, child, struct_list};
use crate::plan::Plan;
use crate::{Error, Result};
use arrow_array::builder::{
    FixedSizeBinaryBuilder, ListBuilder, StringBuilder, StructBuilder, UInt32Builder, UInt64Builder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use filters::{Kind, Measure};
use manifests::digest::Sha256;
use manifests::ledger::{Edit, Fate, LedgerRow};
use manifests::verify::Opening;
use std::sync::Arc;

/// What only the ledger keeps about a record, beside what the verifier sees of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    pub(crate) alias: Option<String>,
    pub(crate) duplicate_of: Option<(u32, u64)>,
    /// Position of the deciding stage; recorded values of later stages are left out unless all is measured.
    pub(crate) decided_at: Option<usize>,
}

fn edit_fields() -> Fields {
    Fields::from(vec![
        Field::new("part", DataType::UInt32, false),
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::UInt64, false),
        Field::new("with", DataType::Utf8, false),
    ])
}

fn span_fields() -> Fields {
    Fields::from(vec![
        Field::new("part", DataType::UInt32, false),
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::UInt64, false),
        Field::new("rule", DataType::Utf8, false),
        Field::new("view", DataType::Utf8, false),
    ])
}

/// The ledger's schema under a plan.
pub(crate) fn schema(plan: &Plan) -> SchemaRef {
    let list = |fields: Fields| DataType::List(Arc::new(Field::new("item", DataType::Struct(fields), false)));
    let mut fields = vec![
        Field::new("shard", DataType::UInt32, false),
        Field::new("row", DataType::UInt64, false),
        Field::new("id", DataType::Utf8, false),
        Field::new("fate", DataType::Utf8, false),
    ];
    fields.extend(
        ["stage", "rule", "alias", "value", "bound"].map(|name| Field::new(name, DataType::Utf8, true)),
    );
    fields.extend([
        Field::new("duplicate_of_shard", DataType::UInt32, true),
        Field::new("duplicate_of_row", DataType::UInt64, true),
        Field::new("similarity", DataType::Utf8, true),
        Field::new("edits", list(edit_fields()), false),
        Field::new("spans", list(span_fields()), false),
        Field::new("repeats", DataType::UInt32, false),
    ]);
    fields.extend((!plan.splits().is_empty()).then(|| Field::new("split", DataType::Utf8, true)));
    fields.extend([
        Field::new("out_shard", DataType::UInt32, true),
        Field::new("out_row", DataType::UInt64, true),
        Field::new("commit", DataType::FixedSizeBinary(32), false),
    ]);
    fields.extend(recorded(plan).into_iter().map(|(field, _)| field));
    fields.extend([
        Field::new("content_sha256", DataType::FixedSizeBinary(32), false),
        Field::new("norm_sha256", DataType::FixedSizeBinary(32), false),
        Field::new("url", DataType::Utf8, true),
        Field::new("text_bytes", DataType::UInt64, true),
    ]);
    Arc::new(Schema::new(fields))
}

/// The columns of what stages recorded, and of what their rules measured where all of it is kept; each with its name
/// among the verdicts.
pub(crate) fn recorded(plan: &Plan) -> Vec<(Field, String)> {
    let kind = |kind: Kind| match kind {
        Kind::Number => DataType::Float64,
        Kind::Flag => DataType::Boolean,
        Kind::Label => DataType::Utf8,
    };
    let columns = plan.columns().into_iter().enumerate();
    let mut recorded: Vec<(Field, String)> =
        columns.map(|(at, (name, k))| (Field::new(name, kind(k), true), format!("column-{at}"))).collect();
    if plan.config.file.measure == Measure::All {
        let measured = measured(plan).into_iter();
        recorded.extend(
            measured.map(|(at, name)| (Field::new(name, DataType::Float64, true), format!("rule-{at}"))),
        );
    }
    recorded
}

/// Positions and names of the rules that have a column of their own: a rule that measures what its stage records under
/// the same name (`language/probability`) is in that column already.
fn measured(plan: &Plan) -> Vec<(usize, String)> {
    let recorded: Vec<String> = plan.columns().into_iter().map(|(name, _)| name).collect();
    plan.rules().into_iter().enumerate().filter(|(_, name)| !recorded.contains(name)).collect()
}

/// Builds the ledger rows of one row group.
pub(crate) struct Builder {
    shard: u32,
    fate: StringBuilder,
    texts: [StringBuilder; 5],
    duplicate_of_shard: UInt32Builder,
    duplicate_of_row: UInt64Builder,
    similarity: StringBuilder,
    edits: ListBuilder<StructBuilder>,
    spans: ListBuilder<StructBuilder>,
    repeats: UInt32Builder,
    split: StringBuilder,
    out_shard: UInt32Builder,
    out_row: UInt64Builder,
    commit: FixedSizeBinaryBuilder,
    decided_at: Vec<Option<usize>>,
    first_row: Option<u64>,
}

impl Builder {
    pub(crate) fn new(shard: u32) -> Self {
        Self {
            shard,
            fate: StringBuilder::new(),
            texts: std::array::from_fn(|_| StringBuilder::new()),
            duplicate_of_shard: UInt32Builder::new(),
            duplicate_of_row: UInt64Builder::new(),
            similarity: StringBuilder::new(),
            edits: struct_list(edit_fields()),
            spans: struct_list(span_fields()),
            repeats: UInt32Builder::new(),
            split: StringBuilder::new(),
            out_shard: UInt32Builder::new(),
            out_row: UInt64Builder::new(),
            commit: FixedSizeBinaryBuilder::new(32),
            decided_at: Vec::new(),
            first_row: None,
        }
    }

    /// Adds the next row.
    pub(crate) fn add(&mut self, row: &LedgerRow, extra: &Extra, spans: &ArrayRef) -> Result<()> {
        self.first_row.get_or_insert(row.row);
        self.fate.append_value(row.fate.as_str());
        let texts = [&row.stage, &row.rule, &extra.alias, &row.value, &row.bound];
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text.as_deref());
        }
        self.duplicate_of_shard.append_option(extra.duplicate_of.map(|(shard, _)| shard));
        self.duplicate_of_row.append_option(extra.duplicate_of.map(|(_, row)| row));
        self.similarity.append_option(row.similarity.as_deref());
        self.add_edits(&row.edits)?;
        self.add_spans(spans)?;
        self.repeats.append_value(row.repeats);
        self.split.append_option(row.split.as_deref());
        self.out_shard.append_option(row.out.map(|(shard, _)| shard));
        self.out_row.append_option(row.out.map(|(_, row)| row));
        self.commit.append_value(row.commit).map_err(|e| Error::Bug(e.to_string()))?;
        self.decided_at.push(extra.decided_at);
        Ok(())
    }

    fn add_edits(&mut self, edits: &[Edit]) -> Result<()> {
        for edit in edits {
            let item = self.edits.values();
            child::<UInt32Builder>(item, 0)?.append_value(edit.part);
            child::<UInt64Builder>(item, 1)?.append_value(edit.start);
            child::<UInt64Builder>(item, 2)?.append_value(edit.end);
            child::<StringBuilder>(item, 3)?.append_value(&edit.with);
            item.append(true);
        }
        self.edits.append(true);
        Ok(())
    }

    fn add_spans(&mut self, spans: &ArrayRef) -> Result<()> {
        let spans: &StructArray = spans.as_struct();
        for at in 0..spans.len() {
            let offset = |column: usize| spans.column(column).as_primitive::<UInt64Type>().value(at);
            let text = |column: usize| spans.column(column).as_string::<i32>().value(at);
            let item = self.spans.values();
            child::<UInt32Builder>(item, 0)?.append_value(0);
            child::<UInt64Builder>(item, 1)?.append_value(offset(0));
            child::<UInt64Builder>(item, 2)?.append_value(offset(1));
            child::<StringBuilder>(item, 3)?.append_value(text(2));
            child::<StringBuilder>(item, 4)?.append_value(text(3));
            item.append(true);
        }
        self.spans.append(true);
        Ok(())
    }

    /// The rows as a batch, completed by what the judge recorded.
    pub(crate) fn finish(
        mut self,
        plan: &Plan,
        schema: &SchemaRef,
        verdicts: &Verdicts,
    ) -> Result<RecordBatch> {
        let len = self.decided_at.len();
        let first_row = self.first_row.unwrap_or_default();
        let mut shard = UInt32Builder::new();
        shard.append_value_n(self.shard, len);
        let rows: Vec<u64> = (first_row..first_row + len as u64).collect();
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(shard.finish()),
            Arc::new(arrow_array::UInt64Array::from(rows)),
            Arc::clone(verdicts.column("id")?),
            Arc::new(self.fate.finish()),
        ];
        arrays.extend(self.texts.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
        arrays.push(Arc::new(self.duplicate_of_shard.finish()));
        arrays.push(Arc::new(self.duplicate_of_row.finish()));
        arrays.push(Arc::new(self.similarity.finish()));
        arrays.push(Arc::new(self.edits.finish()));
        arrays.push(Arc::new(self.spans.finish()));
        arrays.push(Arc::new(self.repeats.finish()));
        if !plan.splits().is_empty() {
            arrays.push(Arc::new(self.split.finish()));
        }
        arrays.push(Arc::new(self.out_shard.finish()));
        arrays.push(Arc::new(self.out_row.finish()));
        arrays.push(Arc::new(self.commit.finish()));
        self.add_recorded(plan, verdicts, &mut arrays)?;
        arrays.push(Arc::clone(verdicts.column("content")?));
        arrays.push(Arc::clone(verdicts.column("norm")?));
        arrays.push(Arc::clone(verdicts.column("url")?));
        arrays.push(Arc::clone(verdicts.column("text_bytes")?));
        RecordBatch::try_new(Arc::clone(schema), arrays).map_err(|e| Error::Bug(e.to_string()))
    }

    /// The recorded columns. A stage behind the deciding one has, by the order of the configuration, never seen the
    /// record, also where it was judged there before a barrier removed it.
    fn add_recorded(&self, plan: &Plan, verdicts: &Verdicts, arrays: &mut Vec<ArrayRef>) -> Result<()> {
        let all = plan.config.file.measure == Measure::All;
        let mut column = 0;
        for (at, stage) in plan.stages.iter().enumerate() {
            let crate::plan::Step::Judge { slots, .. } = &stage.step else { continue };
            for _ in &slots.columns {
                let recorded = verdicts.column(&format!("column-{column}"))?;
                let seen: Vec<bool> = self
                    .decided_at
                    .iter()
                    .map(|decided| all || decided.is_none_or(|decided| at <= decided))
                    .collect();
                arrays.push(mask(recorded, &seen)?);
                column += 1;
            }
        }
        if all {
            for (rule, _) in measured(plan) {
                arrays.push(Arc::clone(verdicts.column(&format!("rule-{rule}"))?));
            }
        }
        Ok(())
    }
}

/// The array with nulls where `seen` is false.
fn mask(array: &ArrayRef, seen: &[bool]) -> Result<ArrayRef> {
    if seen.iter().all(|&seen| seen) {
        return Ok(Arc::clone(array));
    }
    let hidden: arrow_array::BooleanArray = seen.iter().map(|seen| Some(!seen)).collect();
    arrow_select::nullif::nullif(array, &hidden).map_err(|e| Error::Bug(e.to_string()))
}

/// Reads the rows of a ledger batch as the verifier sees them; all must be about `shard`.
pub(crate) fn rows(
    batch: &RecordBatch,
    shard: Option<u32>,
    stems: &[String],
) -> std::result::Result<Vec<LedgerRow>, String> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"));
    let text = |name: &str| {
        column(name).and_then(|c| c.as_string_opt::<i32>().ok_or(format!("`{name}` is not a string")))
    };
    let long = |name: &str| {
        column(name).and_then(|c| c.as_primitive_opt::<UInt64Type>().ok_or(format!("`{name}` is not u64")))
    };
    let short = |name: &str| {
        column(name).and_then(|c| c.as_primitive_opt::<UInt32Type>().ok_or(format!("`{name}` is not u32")))
    };
    let (row, fate, stage, rule) = (long("row")?, text("fate")?, text("stage")?, text("rule")?);
    let (value, bound, similarity) = (text("value")?, text("bound")?, text("similarity")?);
    let (dup_shard, dup_row) = (short("duplicate_of_shard")?, long("duplicate_of_row")?);
    let (out_shard, out_row) = (short("out_shard")?, long("out_row")?);
    let repeats = short("repeats")?;
    let split = column("split").ok().map(|_| text("split")).transpose()?;
    let commit = column("commit")?.as_fixed_size_binary_opt().ok_or("`commit` is not binary")?;
    let edits = column("edits")?.as_list_opt::<i32>().ok_or("`edits` is not a list")?;
    let owned =
        |array: &arrow_array::StringArray, at: usize| array.is_valid(at).then(|| array.value(at).to_string());
    let mut rows = Vec::with_capacity(batch.num_rows());
    let shards = short("shard")?;
    for at in 0..batch.num_rows() {
        if Some(shards.value(at)) != shard {
            return Err(format!("row {at}: `shard` is {}, which is another file's", shards.value(at)));
        }
        let duplicate_of = match (dup_shard.is_valid(at), dup_row.is_valid(at)) {
            (true, true) => {
                let shard = dup_shard.value(at);
                let stem = stems.get(shard as usize).ok_or_else(|| format!("row {at}: no shard {shard}"))?;
                Some((stem.clone(), dup_row.value(at)))
            }
            (false, false) => None,
            _ => return Err(format!("row {at}: half a `duplicate_of`")),
        };
        let out = match (out_shard.is_valid(at), out_row.is_valid(at)) {
            (true, true) => Some((out_shard.value(at), out_row.value(at))),
            (false, false) => None,
            _ => return Err(format!("row {at}: half an output position")),
        };
        rows.push(LedgerRow {
            row: row.value(at),
            fate: fate.value(at).parse::<Fate>().map_err(|e| format!("row {at}: {e}"))?,
            stage: owned(stage, at),
            rule: owned(rule, at),
            value: owned(value, at),
            bound: owned(bound, at),
            duplicate_of,
            similarity: owned(similarity, at),
            edits: edits_at(edits, at)?,
            repeats: repeats.value(at),
            split: split.and_then(|split| owned(split, at)),
            out,
            commit: commit.value(at).try_into().map_err(|_| format!("row {at}: `commit` is not 32 bytes"))?,
        });
    }
    Ok(rows)
}

/// What the commitments of the rows of a ledger batch were made from.
pub(crate) fn openings(batch: &RecordBatch) -> std::result::Result<Vec<Opening>, String> {
    let column = |name: &str| {
        let column = batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))?;
        column.as_fixed_size_binary_opt().ok_or_else(|| format!("`{name}` is not binary"))
    };
    let (content, norm) = (column("content_sha256")?, column("norm_sha256")?);
    let digest = |array: &arrow_array::FixedSizeBinaryArray, at: usize| {
        <[u8; 32]>::try_from(array.value(at)).map(Sha256).map_err(|_| format!("row {at}: not a digest"))
    };
    (0..batch.num_rows())
        .map(|at| Ok(Opening { content: digest(content, at)?, norm: digest(norm, at)? }))
        .collect()
}

fn edits_at(list: &arrow_array::ListArray, at: usize) -> std::result::Result<Vec<Edit>, String> {
    if list.is_null(at) || list.value_length(at) == 0 {
        return Ok(Vec::new());
    }
    let items = list.value(at);
    let items = items.as_struct_opt().ok_or("`edits` does not hold structs")?;
    let wrong = || "`edits` has other fields".to_string();
    let field = |name: &str| items.column_by_name(name).ok_or_else(wrong);
    let part = field("part")?.as_primitive_opt::<UInt32Type>().ok_or_else(wrong)?;
    let start = field("start")?.as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?;
    let end = field("end")?.as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?;
    let with = field("with")?.as_string_opt::<i32>().ok_or_else(wrong)?;
    let edit = |n: usize| Edit {
        part: part.value(n),
        start: start.value(n),
        end: end.value(n),
        with: with.value(n).to_string(),
    };
    Ok((0..items.len()).map(edit).collect())
}
