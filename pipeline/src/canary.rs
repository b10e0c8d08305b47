//! A self-test: neutral poison of our own, put into a copy of the input, and how much of it the configuration takes out.
//!
//! The copy and the releases made of it lie in a private folder and go with it; nothing of them enters a release. Each
//! kind of poison has a run of its own, and its figures stand beside a run over the same records as they are. What the
//! test cannot tell: whether poison of another make would be found, most of all fluent text, which no statistic here
//! sees.

mod poison;

use crate::files::artefact::Identity;
use crate::files::input::InputFile;
use crate::files::scratch::Folder;
use crate::files::store::Pending;
use crate::plan::Plan;
use crate::release::edited_column::same_type;
use crate::release::write::ledger_file;
use crate::run::{Options, included, run_over};
use crate::source::batch::Strings;
use crate::source::inputs::{self, Found, Shard};
use crate::source::parquet::ParquetReader;
use crate::{Error, Result, Silent};
use arrow_array::cast::AsArray;
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_select::zip::zip;
use manifests::ledger::SaltKey;
use parquet::arrow::ArrowWriter;
use poison::{Poisoner, Vocabulary, Words};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub use poison::Kind;

/// What to try.
pub struct Trial<'a> {
    /// Decides which records are copied and poisoned, and with what.
    pub seed: u64,
    /// How many records are poisoned with each kind.
    pub documents: usize,
    /// Which kinds.
    pub kinds: &'a [Kind],
    /// About how many records are copied, by whole row groups; all where there are no more.
    pub records: u64,
    /// Where the private folder is made.
    pub scratch: &'a Path,
    /// Worker threads.
    pub threads: usize,
    /// As [`Options::memory`].
    pub memory: u64,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Told {
    /// Records copied.
    pub records: usize,
    /// Records that were taken out of the copy as it was, by `stage/rule`.
    pub clean: BTreeMap<String, u64>,
    /// Each kind of poison.
    pub kinds: Vec<KindTold>,
}

/// What came of one kind.
#[derive(Debug, Serialize)]
pub struct KindTold {
    /// The kind.
    pub kind: Kind,
    /// What the poisoned records have in common.
    pub trigger: String,
    /// Records that were poisoned.
    pub poisoned: u64,
    /// Of these, records that a stage took out as they were: they say nothing.
    pub out_before: u64,
    /// Of the rest, those that a stage took out when they were poisoned.
    pub caught: u64,
    /// The share of the rest that was caught, as a decimal; none where there is no rest.
    pub recall: Option<String>,
    /// What took the poisoned records out, by `stage/rule`.
    pub by_rule: BTreeMap<String, u64>,
    /// Records that are not poisoned and left only because others were.
    pub others_out: u64,
    /// The place of the trigger in the list of `ngram-bursts`, from 1.
    pub listed: Option<usize>,
}

/// Tries a configuration.
pub fn canary(plan: &Plan, trial: &Trial<'_>) -> Result<Told> {
    if plan.config.file.input.text.is_none() {
        return Err(Error::Unanswerable {
            why: "poison is put into texts, and the configuration reads `messages`".into(),
            hint: Some("try a configuration with `input.text` and the same stages".into()),
        });
    }
    let folder = Folder::create(trial.scratch, "canary")?;
    let found = inputs::find(&plan.config)?;
    let columns = inputs::check_columns(&found, plan)?;
    let unpacked = folder.as_ref().join("inputs");
    let shards = included(&inputs::survey(
        &found,
        (plan.config.file.input.bad_shard, columns.as_ref()),
        &unpacked,
        &Silent,
    )?);
    let sample = Sample::draw(plan, &shards, trial)?;
    let clean = sample.fates(folder.as_ref(), "clean", None)?;
    let told = trial.kinds.iter().map(|&kind| sample.told(folder.as_ref(), kind, &clean));
    let kinds = told.collect::<Result<_>>()?;
    let mut by_rule = BTreeMap::new();
    clean.iter().flatten().for_each(|rule| *by_rule.entry(rule.clone()).or_default() += 1);
    Ok(Told { records: clean.len(), clean: by_rule, kinds })
}

/// What took each record out, `stage/rule`, if anything did.
type Fates = Vec<Option<String>>;

/// Row groups drawn from the input.
struct Sample<'a> {
    plan: &'a Plan,
    trial: &'a Trial<'a>,
    /// Shards with the row groups that are copied.
    groups: Vec<(&'a Shard, Vec<usize>)>,
    vocabulary: Vocabulary,
    /// Numbers of the copied records that are long enough to be poisoned.
    long: Vec<usize>,
}

impl<'a> Sample<'a> {
    fn draw(plan: &'a Plan, shards: &'a [Shard], trial: &'a Trial<'a>) -> Result<Self> {
        let all =
            shards.iter().enumerate().flat_map(|(n, shard)| (0..shard.row_groups.len()).map(move |g| (n, g)));
        let mut order: Vec<(u64, usize, usize)> = all
            .map(|(n, g)| (xxh3_64_with_seed(&[n.to_le_bytes(), g.to_le_bytes()].concat(), trial.seed), n, g))
            .collect();
        order.sort_unstable();
        let mut drawn = BTreeSet::new();
        let mut records = 0;
        for (_, shard, group) in order {
            if records < trial.records {
                records += shards[shard].row_groups[group];
                drawn.insert((shard, group));
            }
        }
        let of = |n: usize| drawn.range((n, 0)..(n + 1, 0)).map(|&(_, group)| group).collect::<Vec<_>>();
        let groups: Vec<(&Shard, Vec<usize>)> =
            shards.iter().enumerate().map(|(n, shard)| (shard, of(n))).collect();
        let groups = groups.into_iter().filter(|(_, groups)| !groups.is_empty()).collect();
        let mut sample = Self { plan, trial, groups, vocabulary: Vocabulary::default(), long: Vec::new() };
        sample.survey()?;
        Ok(sample)
    }

    /// Finds words to make poison of and texts to put it into.
    fn survey(&mut self) -> Result<()> {
        let (mut words, mut long, mut record) = (Words::default(), Vec::new(), 0);
        for (shard, groups) in &self.groups {
            self.read(shard, groups, |batch| {
                let texts = Strings::new(batch.column(self.text_at(&batch)?));
                for row in 0..batch.num_rows() {
                    if let Some(Ok(text)) = texts.get(row) {
                        words.learn(text, self.trial.seed);
                        if text.len() >= poison::TEXT_BYTES_MIN {
                            long.push(record + row);
                        }
                    }
                }
                record += batch.num_rows();
                Ok(())
            })?;
        }
        if words.len() < poison::WORDS_MIN || long.len() < self.trial.documents {
            return Err(Error::Unanswerable {
                why: format!(
                    "the copied records have {} texts that can be poisoned and {} words to do it with",
                    long.len(),
                    words.len()
                ),
                hint: Some("copy more with `--records`, or poison fewer with `--documents`".into()),
            });
        }
        (self.vocabulary, self.long) = (words.finish(), long);
        Ok(())
    }

    fn text_at(&self, batch: &RecordBatch) -> Result<usize> {
        let name = self.plan.config.file.input.text.as_deref().unwrap_or_default();
        batch.schema().index_of(name).map_err(|e| Error::Bug(e.to_string()))
    }

    fn read(
        &self,
        shard: &Shard,
        groups: &[usize],
        mut each: impl FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let reader = self.plan.open(shard)?;
        for &group in groups {
            let batches = reader.group(group, shard.row_groups[group]);
            batches.map_err(|unread| unread.of(shard.file.name()))?.into_iter().try_for_each(&mut each)?;
        }
        Ok(())
    }

    fn told(&self, folder: &Path, kind: Kind, clean: &Fates) -> Result<KindTold> {
        let poisoner = Poisoner::new(kind, self.trial.seed, &self.vocabulary);
        let mut drawn: Vec<(u64, usize)> =
            self.long.iter().map(|&record| (poisoner.draw(record), record)).collect();
        drawn.sort_unstable();
        let victims: BTreeSet<usize> =
            drawn.into_iter().take(self.trial.documents).map(|(_, record)| record).collect();
        let name = kind.as_str();
        let fates = self.fates(folder, name, Some((&poisoner, &victims)))?;
        let mut told = KindTold {
            kind,
            trigger: poisoner.trigger().to_string(),
            poisoned: victims.len() as u64,
            out_before: 0,
            caught: 0,
            recall: None,
            by_rule: BTreeMap::new(),
            others_out: 0,
            listed: listed(&folder.join(name), poisoner.trigger())?,
        };
        for (record, (before, after)) in clean.iter().zip(&fates).enumerate() {
            match (victims.contains(&record), before, after) {
                (true, Some(_), _) => told.out_before += 1,
                (true, None, Some(rule)) => {
                    told.caught += 1;
                    *told.by_rule.entry(rule.clone()).or_default() += 1;
                }
                (false, None, Some(_)) => told.others_out += 1,
                _ => {}
            }
        }
        let rest = told.poisoned - told.out_before;
        told.recall = (rest > 0).then(|| format!("{:.4}", told.caught as f64 / rest as f64));
        Ok(told)
    }

    /// Copies the sample, with poison if there is any, runs the stages and reads what became of each record.
    fn fates(
        &self,
        folder: &Path,
        name: &str,
        poison: Option<(&Poisoner<'_>, &BTreeSet<usize>)>,
    ) -> Result<Fates> {
        let mut copies = Vec::new();
        let mut record = 0;
        for (n, (shard, groups)) in self.groups.iter().enumerate() {
            let path = folder.join(format!("{name}-input/{n:05}.parquet"));
            self.copy((shard, groups), &path, &mut record, poison)?;
            let file = InputFile::local(&path);
            copies.push(Found { name: shard.name.clone(), file, source: shard.source.clone() });
        }
        // copies are Parquet files, and nothing has to be unpacked
        let shards = inputs::survey(&copies, (self.plan.config.file.input.bad_shard, None), folder, &Silent)?;
        let options = Options {
            release: folder.join(name),
            key: None,
            salt_key: Some(SaltKey::from_bytes(Identity::default())),
            threads: self.trial.threads,
            memory: self.trial.memory,
        };
        run_over(self.plan, &options, &shards)?;
        let mut fates = Fates::new();
        (0..shards.len()).try_for_each(|n| read_fates(&options.release.join(ledger_file(n)), &mut fates))?;
        Ok(fates)
    }

    fn copy(
        &self,
        (shard, groups): (&Shard, &[usize]),
        path: &Path,
        record: &mut usize,
        poison: Option<(&Poisoner<'_>, &BTreeSet<usize>)>,
    ) -> Result<()> {
        let fail = |e: parquet::errors::ParquetError| Error::output(path, e);
        let mut writer: Option<ArrowWriter<Pending>> = None;
        self.read(shard, groups, |batch| {
            let first = *record;
            *record += batch.num_rows();
            let batch = match poison {
                Some((poisoner, victims)) if victims.range(first..*record).next().is_some() => {
                    self.poisoned(&batch, first, poisoner, victims)?
                }
                _ => batch,
            };
            if writer.is_none() {
                writer =
                    Some(ArrowWriter::try_new(Pending::create(path)?, batch.schema(), None).map_err(fail)?);
            }
            writer.iter_mut().try_for_each(|writer| writer.write(&batch)).map_err(fail)
        })?;
        writer.map_or(Ok(()), |writer| writer.into_inner().map_err(fail)?.commit())
    }

    fn poisoned(
        &self,
        batch: &RecordBatch,
        first: usize,
        poisoner: &Poisoner<'_>,
        victims: &BTreeSet<usize>,
    ) -> Result<RecordBatch> {
        let at = self.text_at(batch)?;
        let texts = Strings::new(batch.column(at));
        let text = |row: usize| {
            let poisoned = texts.get(row).and_then(std::result::Result::ok);
            let poisoned = poisoned.filter(|_| victims.contains(&(first + row)));
            poisoned.map_or_else(String::new, |text| poisoner.poison(text, first + row))
        };
        let mut columns = batch.columns().to_vec();
        let made =
            same_type(columns[at].data_type(), (0..batch.num_rows()).map(|row| Some(text(row))).collect())?;
        let mask: BooleanArray =
            (0..batch.num_rows()).map(|row| Some(victims.contains(&(first + row)))).collect();
        // what is null or no UTF-8 stays so
        columns[at] = zip(&mask, &made, &columns[at]).map_err(Error::from)?;
        RecordBatch::try_new(batch.schema(), columns).map_err(Error::from)
    }
}

fn read_fates(path: &Path, fates: &mut Fates) -> Result<()> {
    let fail = |e: &dyn std::fmt::Display| Error::release(path, e.to_string());
    let reader = ParquetReader::of_release(path).map_err(|e| fail(&e))?;
    for batch in reader.all(None, None) {
        let batch = batch.map_err(|e| fail(&e))?;
        let column = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
        let (stages, rules) = column("stage").zip(column("rule")).ok_or_else(|| fail(&"is no ledger"))?;
        let fate = |row: usize| {
            (!stages.is_null(row)).then(|| format!("{}/{}", stages.value(row), rules.value(row)))
        };
        fates.extend((0..batch.num_rows()).map(fate));
    }
    Ok(())
}

/// The trigger's place in the list of bursts, if the release has one.
fn listed(release: &Path, trigger: &str) -> Result<Option<usize>> {
    let path = release.join(crate::barriers::bursts::LIST);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = std::fs::read(&path).map_err(|e| Error::output(&path, e))?;
    let list: Vec<serde_json::Value> = serde_json::from_slice(&bytes).map_err(|e| Error::output(&path, e))?;
    let same =
        |line: &serde_json::Value| line["text"].as_str().is_some_and(|text| text.to_lowercase() == trigger);
    Ok(list.iter().position(same).map(|at| at + 1))
}
