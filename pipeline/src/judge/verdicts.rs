//! Verdicts: what judging one row group found, as an Arrow IPC file inside an artefact.

use crate::{Error, Result};
use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder, ListBuilder, StringBuilder, StructBuilder,
    UInt16Builder, UInt64Builder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt16Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, StructArray};
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};
use filters::{ColumnRef, Edit, Findings, Kind, Span, Value};
use manifests::digest::Sha256;
use std::borrow::Cow;
use std::io::Cursor;
use std::sync::Arc;

/// The position that stands for the reader itself, which quarantines records no stage can judge.
pub(crate) const INPUT_STAGE: u16 = u16::MAX - 1;
/// The position that says no stage has decided.
pub(crate) const UNDECIDED: u16 = u16::MAX;

/// What decided a record, if anything did.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    /// Position of the stage, or [`INPUT_STAGE`].
    pub(crate) stage: u16,
    pub(crate) rule: Cow<'static, str>,
    pub(crate) value: String,
    pub(crate) bound: String,
    pub(crate) quarantined: bool,
}

/// An edit with the stage that made it; offsets count in the text that stage saw.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StageEdit {
    pub(crate) stage: u16,
    pub(crate) edit: Edit,
}

/// What judging one record found.
#[derive(Debug, Default)]
pub(crate) struct Judged<'a> {
    pub(crate) id: Cow<'a, str>,
    pub(crate) url: Option<&'a str>,
    pub(crate) decision: Option<Decision>,
    pub(crate) edits: Vec<StageEdit>,
    pub(crate) spans: Vec<Span>,
    pub(crate) text_bytes: u64,
    pub(crate) content: [u8; 32],
    pub(crate) norm: [u8; 32],
}

/// Collects the verdicts of one row group.
pub(crate) struct Builder {
    id: StringBuilder,
    url: StringBuilder,
    stage: UInt16Builder,
    quarantined: BooleanBuilder,
    rule: StringBuilder,
    value: StringBuilder,
    bound: StringBuilder,
    edits: ListBuilder<StructBuilder>,
    spans: ListBuilder<StructBuilder>,
    text_bytes: UInt64Builder,
    content: FixedSizeBinaryBuilder,
    norm: FixedSizeBinaryBuilder,
    columns: Vec<ColumnBuilder>,
    measured: Vec<Float64Builder>,
}

enum ColumnBuilder {
    Number(Float64Builder),
    Flag(BooleanBuilder),
    Label(StringBuilder),
}

impl ColumnBuilder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Number(Float64Builder::new()),
            Kind::Flag => Self::Flag(BooleanBuilder::new()),
            Kind::Label => Self::Label(StringBuilder::new()),
        }
    }

    fn append(&mut self, value: &Value) {
        match (self, value) {
            (Self::Number(to), Value::Number(n)) => to.append_value(*n),
            (Self::Flag(to), Value::Flag(flag)) => to.append_value(*flag),
            (Self::Label(to), Value::Label(label)) => to.append_value(label),
            (Self::Number(to), _) => to.append_null(),
            (Self::Flag(to), _) => to.append_null(),
            (Self::Label(to), _) => to.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Number(b) => Arc::new(b.finish()),
            Self::Flag(b) => Arc::new(b.finish()),
            Self::Label(b) => Arc::new(b.finish()),
        }
    }
}

fn edit_fields() -> Fields {
    Fields::from(vec![
        Field::new("stage", DataType::UInt16, false),
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::UInt64, false),
        Field::new("with", DataType::Utf8, false),
    ])
}

fn span_fields() -> Fields {
    Fields::from(vec![
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::UInt64, false),
        Field::new("rule", DataType::Utf8, false),
        Field::new("view", DataType::Utf8, false),
    ])
}

/// A list-of-struct builder whose item field carries exactly these fields.
pub(crate) fn struct_list(fields: Fields) -> ListBuilder<StructBuilder> {
    let item = Field::new("item", DataType::Struct(fields.clone()), false);
    ListBuilder::new(StructBuilder::from_fields(fields, 0)).with_field(item)
}

impl Builder {
    /// Room for the given recorded columns and measured rules.
    pub(crate) fn new(columns: &[(String, Kind)], rules: usize) -> Self {
        Self {
            id: StringBuilder::new(),
            url: StringBuilder::new(),
            stage: UInt16Builder::new(),
            quarantined: BooleanBuilder::new(),
            rule: StringBuilder::new(),
            value: StringBuilder::new(),
            bound: StringBuilder::new(),
            edits: struct_list(edit_fields()),
            spans: struct_list(span_fields()),
            text_bytes: UInt64Builder::new(),
            content: FixedSizeBinaryBuilder::new(32),
            norm: FixedSizeBinaryBuilder::new(32),
            columns: columns.iter().map(|(_, kind)| ColumnBuilder::new(*kind)).collect(),
            measured: (0..rules).map(|_| Float64Builder::new()).collect(),
        }
    }

    /// Adds the next record.
    pub(crate) fn add(&mut self, judged: &Judged<'_>, findings: &Findings) -> Result<()> {
        self.id.append_value(&judged.id);
        self.url.append_option(judged.url);
        let decision = judged.decision.as_ref();
        self.stage.append_value(decision.map_or(UNDECIDED, |d| d.stage));
        self.quarantined.append_value(decision.is_some_and(|d| d.quarantined));
        self.rule.append_option(decision.map(|d| d.rule.as_ref()));
        self.value.append_option(decision.map(|d| d.value.as_str()));
        self.bound.append_option(decision.map(|d| d.bound.as_str()));
        for StageEdit { stage, edit } in &judged.edits {
            let item = self.edits.values();
            child::<UInt16Builder>(item, 0)?.append_value(*stage);
            child::<UInt64Builder>(item, 1)?.append_value(edit.start as u64);
            child::<UInt64Builder>(item, 2)?.append_value(edit.end as u64);
            child::<StringBuilder>(item, 3)?.append_value(&edit.with);
            item.append(true);
        }
        self.edits.append(true);
        for span in &judged.spans {
            let item = self.spans.values();
            child::<UInt64Builder>(item, 0)?.append_value(span.start as u64);
            child::<UInt64Builder>(item, 1)?.append_value(span.end as u64);
            child::<StringBuilder>(item, 2)?.append_value(&span.rule);
            child::<StringBuilder>(item, 3)?.append_value(span.view);
            item.append(true);
        }
        self.spans.append(true);
        self.text_bytes.append_value(judged.text_bytes);
        self.content.append_value(judged.content).map_err(bug)?;
        self.norm.append_value(judged.norm).map_err(bug)?;
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.append(findings.get(filters::ColumnRef(at)));
        }
        for (builder, value) in self.measured.iter_mut().zip(findings.measured()) {
            builder.append_option(Some(*value).filter(|v| !v.is_nan()));
        }
        Ok(())
    }

    /// The artefact's payload.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>> {
        let mut arrays: Vec<(String, ArrayRef)> = vec![
            ("id".into(), Arc::new(self.id.finish())),
            ("url".into(), Arc::new(self.url.finish())),
            ("stage".into(), Arc::new(self.stage.finish())),
            ("quarantined".into(), Arc::new(self.quarantined.finish())),
            ("rule".into(), Arc::new(self.rule.finish())),
            ("value".into(), Arc::new(self.value.finish())),
            ("bound".into(), Arc::new(self.bound.finish())),
            ("edits".into(), Arc::new(self.edits.finish())),
            ("spans".into(), Arc::new(self.spans.finish())),
            ("text_bytes".into(), Arc::new(self.text_bytes.finish())),
            ("content".into(), Arc::new(self.content.finish())),
            ("norm".into(), Arc::new(self.norm.finish())),
        ];
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).enumerate();
        arrays.extend(columns.map(|(at, array)| (format!("column-{at}"), array)));
        let measured = self.measured.iter_mut().map(|b| Arc::new(b.finish()) as ArrayRef).enumerate();
        arrays.extend(measured.map(|(at, array)| (format!("rule-{at}"), array)));
        let fields: Vec<Field> =
            arrays.iter().map(|(n, a)| Field::new(n, a.data_type().clone(), true)).collect();
        let schema = Schema::new(fields);
        let arrays = arrays.into_iter().map(|(_, array)| array).collect();
        let batch = RecordBatch::try_new(Arc::new(schema), arrays).map_err(bug)?;
        let mut bytes = Vec::new();
        let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).map_err(bug)?;
        writer.write(&batch).and_then(|()| writer.finish()).map_err(bug)?;
        drop(writer);
        Ok(bytes)
    }
}

/// A field of a struct builder.
pub(crate) fn child<B: arrow_array::builder::ArrayBuilder>(
    item: &mut StructBuilder,
    at: usize,
) -> Result<&mut B> {
    item.field_builder::<B>(at).ok_or_else(|| Error::Bug(format!("field {at} has another type")))
}

fn bug(error: ArrowError) -> Error {
    Error::Bug(error.to_string())
}

/// The verdicts of one row group, read back.
pub(crate) struct Verdicts {
    batch: RecordBatch,
}

impl Verdicts {
    /// Reads an artefact's payload.
    pub(crate) fn read(payload: &[u8]) -> Result<Self> {
        let mut reader = FileReader::try_new(Cursor::new(payload), None).map_err(bug)?;
        let batch =
            reader.next().ok_or_else(|| Error::Bug("verdicts without a batch".into()))?.map_err(bug)?;
        Ok(Self { batch })
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// A column as the judge recorded it, for the ledger.
    pub(crate) fn column(&self, name: &str) -> Result<&ArrayRef> {
        self.batch.column_by_name(name).ok_or_else(|| Error::Bug(format!("verdicts without `{name}`")))
    }

    /// What a stage recorded of one row.
    pub(crate) fn recorded(&self, column: ColumnRef, row: usize) -> Result<Value> {
        let array = self.column(&format!("column-{}", column.0))?;
        Ok(match array.data_type() {
            _ if array.is_null(row) => Value::Absent,
            DataType::Float64 => Value::Number(array.as_primitive::<Float64Type>().value(row)),
            DataType::Boolean => Value::Flag(array.as_boolean().value(row)),
            _ => Value::Label(array.as_string::<i32>().value(row).into()),
        })
    }

    /// Position of the deciding stage by row.
    pub(crate) fn stages(&self) -> Result<&[u16]> {
        Ok(self.column("stage")?.as_primitive::<UInt16Type>().values())
    }

    /// The decision of one row.
    pub(crate) fn decision(&self, row: usize) -> Result<Option<Decision>> {
        let stage = self.stages()?[row];
        if stage == UNDECIDED {
            return Ok(None);
        }
        let text = |name: &str| Ok::<_, Error>(self.strings(name)?.value(row).to_string());
        let quarantined = self.column("quarantined")?.as_boolean().value(row);
        let (rule, value, bound) = (text("rule")?.into(), text("value")?, text("bound")?);
        Ok(Some(Decision { stage, rule, value, bound, quarantined }))
    }

    /// The edits of one row, in the order in which they were made.
    pub(crate) fn edits(&self, row: usize) -> Result<Vec<StageEdit>> {
        let list = self.column("edits")?.as_list::<i32>();
        if list.value_length(row) == 0 {
            return Ok(Vec::new());
        }
        let items = list.value(row);
        let items: &StructArray = items.as_struct();
        let (stages, starts) =
            (items.column(0).as_primitive::<UInt16Type>(), items.column(1).as_primitive::<UInt64Type>());
        let (ends, with) = (items.column(2).as_primitive::<UInt64Type>(), items.column(3).as_string::<i32>());
        let edit = |at: usize| Edit {
            start: starts.value(at) as usize,
            end: ends.value(at) as usize,
            with: Cow::Owned(with.value(at).to_string()),
        };
        Ok((0..items.len()).map(|at| StageEdit { stage: stages.value(at), edit: edit(at) }).collect())
    }

    /// The spans of one row.
    pub(crate) fn spans(&self, row: usize) -> Result<ArrayRef> {
        Ok(self.column("spans")?.as_list::<i32>().value(row))
    }

    /// The bytes of the text of one row, as read.
    pub(crate) fn text_bytes(&self) -> Result<&[u64]> {
        Ok(self.column("text_bytes")?.as_primitive::<UInt64Type>().values())
    }

    /// The digest of the text as read, or of its normalised form (`content`, `norm`).
    pub(crate) fn digest(&self, name: &str, row: usize) -> Result<Sha256> {
        let column = self.column(name)?.as_fixed_size_binary();
        let bytes =
            column.value(row).try_into().map_err(|_| Error::Bug("a digest is not 32 bytes".into()))?;
        Ok(Sha256(bytes))
    }

    fn strings(&self, name: &str) -> Result<&StringArray> {
        Ok(self.column(name)?.as_string::<i32>())
    }
}

/// A number as the ledger writes it: the shortest decimal that reads back equal.
pub(crate) fn decimal(value: f64) -> String {
    format!("{}", value + 0.0)
}
