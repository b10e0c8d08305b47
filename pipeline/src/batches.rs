//! Batches of records judged where they are: for programs that bring records as Arrow batches, on whatever machine, and
//! want an answer for each row. What is answered is what the ledger of a run would say of the record, as far as it
//! depends on the record alone.

use crate::config::{Config, StageTable};
use crate::judge::verdicts::{Decision, Verdicts};
use crate::judge::{judge_batch, replay};
use crate::plan::Plan;
use crate::release::ledger::recorded;
use crate::source::batch::{Rows, rows_of};
use crate::{Error, Result, barriers};
use arrow_array::builder::{LargeStringBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use filters::Chat;
use manifests::index::UNDECLARED;
use manifests::ledger::Fate;
use std::sync::Arc;

/// Judges batches by those stages of a configuration that look at one record.
///
/// Barriers compare the records of a whole corpus and are left out, and so is the gate. Without barriers in the
/// configuration the answers are those of a run.
pub struct BatchJudge {
    plan: Plan,
    left_out: Vec<String>,
    schema: SchemaRef,
}

impl BatchJudge {
    /// Builds the stages.
    ///
    /// # Errors
    /// [`Error::Config`] and [`Error::Asset`], as [`Plan::new`] does.
    pub fn new(mut config: Config) -> Result<Self> {
        let is_barrier = |used: &str| barriers::find(used).is_some();
        let (out, stages): (Vec<StageTable>, Vec<StageTable>) =
            config.stages.into_iter().partition(|table| is_barrier(&table.used));
        config.stages = stages;
        // it limits what becomes of a corpus
        config.file.gate = None;
        let plan = Plan::new(config)?;
        let schema = answers(&plan);
        Ok(Self { plan, left_out: out.into_iter().map(|table| table.name).collect(), schema })
    }

    /// The names of the barriers, which are left out.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The columns of the answers:
    ///
    /// - `id`: the record's id, `0:ROW` where it has none;
    /// - `decision`: `kept`, `edited`, `removed` or `quarantined`;
    /// - `stage`, `rule`, `value`, `bound`: what took it out, null of a record that stays;
    /// - `edited_text`: the text with its edits, if the record is `edited`; that of a chat record is all turns, joined by
    ///   line feeds;
    /// - `STAGE/COLUMN`: what the stages recorded, as in the ledger.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Judges a batch with the columns that the configuration names, and maybe others. `source` is the `[[source]]` that
    /// the records are of, if any. There is one answer for each row, in order.
    ///
    /// # Errors
    /// [`Error::Input`] if a column is missing or of a wrong type, [`Error::Config`] if there is no such source.
    pub fn judge(&self, batch: &RecordBatch, source: Option<&str>) -> Result<RecordBatch> {
        let input = &self.plan.config.file.input;
        let rows = rows_of(batch, input, &self.plan.fields)?;
        let verdicts = judge_batch(&self.plan, self.source(source)?, (&rows, batch))?;
        self.tell(&rows, &verdicts)
    }

    fn source<'s>(&self, named: Option<&'s str>) -> Result<&'s str> {
        let sources = &self.plan.config.file.sources;
        match named {
            None => Ok(UNDECLARED),
            Some(id) if sources.iter().any(|source| source.id == id) => Ok(id),
            Some(id) => {
                let ids: Vec<&str> = sources.iter().map(|source| source.id.as_str()).collect();
                let why = match ids.as_slice() {
                    [] => format!("no source `{id}`; there are none"),
                    ids => format!("no source `{id}`; there are: {}", ids.join(", ")),
                };
                Err(Error::Config { path: self.plan.config.path.clone(), line: None, why, hint: None })
            }
        }
    }

    fn tell(&self, rows: &Rows<'_>, verdicts: &Verdicts) -> Result<RecordBatch> {
        let mut fates = StringBuilder::new();
        let mut stages = StringBuilder::new();
        let mut texts = LargeStringBuilder::new();
        let mut chat = Chat::default();
        for row in 0..verdicts.len() {
            let decision = verdicts.decision(row)?;
            let edited = match &decision {
                None => edited(rows, verdicts, row, &mut chat)?,
                Some(_) => None,
            };
            fates.append_value(fate(decision.as_ref(), edited.is_some()).as_str());
            stages.append_option(decision.as_ref().map(|decision| self.stage(decision)));
            texts.append_option(edited);
        }
        let told = |name: &str| verdicts.column(name).map(Arc::clone);
        let mut arrays: Vec<ArrayRef> =
            vec![told("id")?, Arc::new(fates.finish()), Arc::new(stages.finish())];
        for name in ["rule", "value", "bound"] {
            arrays.push(told(name)?);
        }
        arrays.push(Arc::new(texts.finish()));
        for (_, name) in recorded(&self.plan) {
            arrays.push(told(&name)?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)
    }

    fn stage(&self, decision: &Decision) -> &str {
        // no other place stands for no stage
        self.plan.stages.get(usize::from(decision.stage)).map_or("input", |stage| &stage.name)
    }
}

fn answers(plan: &Plan) -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let mut fields = vec![text("id", false), text("decision", false)];
    fields.extend(["stage", "rule", "value", "bound"].map(|name| text(name, true)));
    fields.push(Field::new("edited_text", DataType::LargeUtf8, true));
    fields.extend(recorded(plan).into_iter().map(|(field, _)| field));
    Arc::new(Schema::new(fields))
}

/// The text of a row that stays, if its stages edited it.
fn edited(rows: &Rows<'_>, verdicts: &Verdicts, row: usize, chat: &mut Chat) -> Result<Option<String>> {
    let edits = verdicts.edits(row)?;
    if edits.is_empty() {
        return Ok(None);
    }
    let text = rows.text(row, chat).map_err(|cause| Error::Bug(format!("judged, but {}", cause.rule())))?;
    let made = replay(text, &edits, usize::MAX);
    Ok((!made.is_empty()).then(|| made.apply(text)))
}

fn fate(decision: Option<&Decision>, edited: bool) -> Fate {
    match decision {
        Some(decision) if decision.quarantined => Fate::Quarantined,
        Some(_) => Fate::Removed,
        None if edited => Fate::Edited,
        None => Fate::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::parquet::ParquetReader;
    use crate::{LedgerBatches, Options, Silent, Stop, run, samples};
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use std::path::Path;

    const CONFIG: &str = r#"
        schema = 1
        input = { files = ["corpus/*.parquet"], text = "text", id = "id" }
        stage = [
            { use = "gopher-quality" },
            { use = "c4-lines" },
            { use = "text-statistics" },
            { use = "sensitive-data" },
        ]
    "#;

    fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
        let column = batch.column_by_name(name).unwrap().as_string::<i32>();
        column.iter().map(|text| text.map(String::from)).collect()
    }

    #[test]
    fn answers_are_those_of_the_ledger() {
        let folder = tempfile::tempdir().unwrap();
        samples::write(&folder.path().join("corpus"), 7, 300).unwrap();
        for measure in ["first", "all"] {
            let text = format!("measure = \"{measure}\"\n{CONFIG}");
            let config = || Config::parse(&folder.path().join("config.toml"), &text, &[]).unwrap();
            let release = folder.path().join(measure);
            let options = Options {
                release: release.clone(),
                key: None,
                salt_key: None,
                threads: 2,
                memory: Options::MEMORY,
                stop: Stop::default(),
            };
            run(&Plan::new(config()).unwrap(), &options, &Silent).unwrap();
            let judge = BatchJudge::new(config()).unwrap();
            assert!(judge.left_out().is_empty());
            let mut ledger = LedgerBatches::open(&release).unwrap();
            let mut shards: Vec<_> = std::fs::read_dir(folder.path().join("corpus")).unwrap().collect();
            shards.sort_by_key(|entry| entry.as_ref().unwrap().path());
            for shard in shards {
                for batch in rows(&shard.unwrap().path()) {
                    let answers = judge.judge(&batch, None).unwrap();
                    let written = ledger.next().unwrap().unwrap();
                    assert_eq!(texts(&answers, "decision"), texts(&written, "fate"));
                    let columns =
                        answers.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>();
                    for name in
                        columns.iter().filter(|name| !["decision", "edited_text"].contains(&name.as_str()))
                    {
                        assert_eq!(answers.column_by_name(name), written.column_by_name(name), "{name}");
                    }
                    let edited = answers.column_by_name("edited_text").unwrap();
                    let told =
                        texts(&answers, "decision").into_iter().map(|d| d.as_deref() == Some("edited"));
                    assert_eq!(
                        told.collect::<Vec<_>>(),
                        (0..edited.len()).map(|at| edited.is_valid(at)).collect::<Vec<_>>()
                    );
                }
            }
            assert!(ledger.next().is_none());
        }
    }

    /// One batch for each row group, as ledgers have them.
    fn rows(shard: &Path) -> Vec<RecordBatch> {
        let reader = ParquetReader::of_release(shard).unwrap().with_batches_of(usize::MAX);
        reader.all(None, None).collect::<std::result::Result<_, _>>().unwrap()
    }

    #[test]
    fn a_source_that_is_not_declared_is_refused() {
        let judge = BatchJudge::new(Config::parse(Path::new("c.toml"), CONFIG, &[]).unwrap()).unwrap();
        let column = || Arc::new(arrow_array::StringArray::from(vec!["a"])) as ArrayRef;
        let batch = RecordBatch::try_from_iter([("id", column()), ("text", column())]).unwrap();
        assert_eq!(
            judge.judge(&batch, Some("web")).unwrap_err().to_string(),
            "c.toml: no source `web`; there are none"
        );
    }
}
