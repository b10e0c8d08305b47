//! The file of a plan that many processes carry out: everything they must agree on, written once.

use crate::barriers::corpus::groups;
use crate::config::{Config, Override};
use crate::files::address::Address;
use crate::files::exchange::Exchange;
use crate::files::input::{InputFile, Version};
use crate::files::remote::Stores;
use crate::plan::Plan;
use crate::run::passes::{Division, Pass};
use crate::source::inputs::Shard;
use crate::source::lines::Blocks;
use crate::{Error, Result};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;
use manifests::digest::Sha256;
use manifests::paths::read_plain;
use serde::{Deserialize, Serialize};
use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The form of the file.
const FORMAT: &str = "probity-tasks/1";

/// A plan names its inputs, some hundred bytes each.
const BYTES_MAX: u64 = 1 << 30;

/// Where the columns of shards that differ lie in the exchange.
const COLUMNS: &str = "columns.arrow";

/// The file as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct PlanFile {
    format: String,
    /// The version of the program, which all processes must have.
    program: String,
    /// The digest of the resolved configuration, the assets and the program.
    plan: Sha256,
    config: ConfigText,
    /// Where the processes hand files on to one another.
    pub(super) work: String,
    /// What the key of the ledger's commitments commits to; the key itself is in `work`.
    pub(super) salt: String,
    /// The digest of the columns of all shards, if they differ.
    columns: Option<Sha256>,
    inputs: Vec<Input>,
    /// The tasks of judging: an input, its first row group, and the one behind its last.
    judge: Vec<(usize, usize, usize)>,
    parts: usize,
    /// The passes in order, and how many tasks each has.
    pub(super) passes: Vec<PassTasks>,
}

/// A pass of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassTasks {
    /// Its name: `judge`, `STAGE/STEP` or `write`.
    pub stage: String,
    /// Its tasks are numbered from 0.
    pub tasks: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigText {
    path: PathBuf,
    text: String,
    set: Vec<String>,
}

/// An input shard.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    name: String,
    file: String,
    version: Option<Version>,
    source: String,
    sha256: Sha256,
    bytes: u64,
    row_groups: Vec<u64>,
    excluded: Option<String>,
    lines: Option<Lines>,
}

/// The plain bytes of lines.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    file: String,
    version: Option<Version>,
    bounds: Vec<u64>,
}

/// A plan that is at hand.
pub(super) struct Opened {
    pub(super) file: PlanFile,
    /// The digest of the file.
    pub(super) digest: Sha256,
    pub(super) exchange: Arc<Exchange>,
    pub(super) plan: Plan,
    /// Every shard found, the excluded ones too.
    pub(super) listed: Vec<Shard>,
    pub(super) shards: Vec<Shard>,
    pub(super) division: Division,
    pub(super) passes: Vec<(Pass, String)>,
}

impl PlanFile {
    /// What is to be carried out.
    pub(super) fn new(
        (plan, text, set): (&Plan, String, &[Override]),
        listed: &[Shard],
        division: &Division,
        (exchange, work, salt): (&Exchange, &str, String),
    ) -> Result<Self> {
        let path = std::path::absolute(&plan.config.path).map_err(|e| Error::output(&plan.config.path, e))?;
        let shards = crate::run::included(listed);
        let columns = match shards.first().and_then(|shard| shard.columns.as_ref()) {
            Some(columns) => Some(keep_columns(exchange, columns)?),
            None => None,
        };
        let task = |share: &Range<usize>| {
            let first = &division.groups[share.start];
            (first.shard, first.row_group, first.row_group + share.len())
        };
        let passes = division.passes(plan, &shards).into_iter();
        Ok(Self {
            format: FORMAT.into(),
            program: env!("CARGO_PKG_VERSION").into(),
            plan: plan.digest,
            config: ConfigText { path, text, set: set.iter().map(ToString::to_string).collect() },
            work: work.into(),
            salt,
            columns,
            inputs: listed.iter().map(Input::of).collect(),
            judge: division.shares.iter().map(task).collect(),
            parts: division.parts,
            passes: passes.map(|(pass, tasks)| PassTasks { stage: pass.name(plan), tasks }).collect(),
        })
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|e| Error::Bug(e.to_string()))
    }

    /// Reads a plan and builds what it says.
    pub(super) fn open(path: &Path) -> Result<Opened> {
        let fail = |why: String| Error::Config { path: path.to_path_buf(), line: None, why, hint: None };
        let bytes = read_plain(path, BYTES_MAX).map_err(|e| fail(e.to_string()))?;
        let file: Self = serde_json::from_slice(&bytes).map_err(|e| fail(e.to_string()))?;
        if (file.format.as_str(), file.program.as_str()) != (FORMAT, env!("CARGO_PKG_VERSION")) {
            return Err(fail(format!(
                "was made by version {} in the format `{}`, this is version {} and reads `{FORMAT}`",
                file.program,
                file.format,
                env!("CARGO_PKG_VERSION")
            )));
        }
        let set =
            file.config.set.iter().map(|set| set.parse()).collect::<std::result::Result<Vec<Override>, _>>();
        let plan = Plan::new(Config::parse(&file.config.path, &file.config.text, &set.map_err(fail)?)?)?;
        if plan.digest != file.plan {
            return Err(Error::Config {
                path: path.to_path_buf(),
                line: None,
                why: "the models, packs or lists here are not those it was made with".into(),
                hint: Some("every process of a run needs the same files under the same paths".into()),
            });
        }
        let exchange = Arc::new(Exchange::open(&file.work)?);
        let columns = file.columns.map(|digest| columns(&exchange, digest)).transpose()?;
        let mut stores = Stores::default();
        let listed = file.inputs.iter().map(|input| input.shard(&mut stores, columns.as_ref()));
        let listed = listed.collect::<Result<Vec<Shard>>>()?;
        let shards = crate::run::included(&listed);
        let division = file.division(&shards).ok_or_else(|| fail("`judge` does not fit `inputs`".into()))?;
        let passes = division.passes(&plan, &shards);
        let named = |(pass, tasks): &(Pass, usize)| PassTasks { stage: pass.name(&plan), tasks: *tasks };
        if passes.iter().map(named).collect::<Vec<_>>() != file.passes {
            return Err(fail("`passes` are not those of the configuration".into()));
        }
        let passes = passes.into_iter().map(|(pass, _)| (pass, pass.name(&plan))).collect();
        let digest = Sha256::of(&bytes);
        Ok(Opened { file, digest, exchange, plan, listed, shards, division, passes })
    }

    /// The division that is written down, if it covers every row group once and in order.
    fn division(&self, shards: &[Shard]) -> Option<Division> {
        let groups = groups(shards);
        let mut shares = Vec::with_capacity(self.judge.len());
        let mut next = 0;
        for &(shard, from, to) in &self.judge {
            let end = next + to.checked_sub(from).filter(|len| *len > 0)?;
            let (first, last) = (groups.get(next)?, groups.get(end - 1)?);
            let fits = (first.shard, first.row_group) == (shard, from)
                && (last.shard, last.row_group + 1) == (shard, to);
            shares.push(fits.then_some(next..end)?);
            next = end;
        }
        (next == groups.len() && self.parts > 0).then_some(Division { groups, shares, parts: self.parts })
    }
}

impl Input {
    fn of(shard: &Shard) -> Self {
        let (file, version) = shard.file.told();
        let lines = shard.blocks.as_ref().map(|blocks| {
            let (file, bounds) = blocks.told();
            let (file, version) = file.told();
            Lines { file, version, bounds: bounds.to_vec() }
        });
        Self {
            name: shard.name.clone(),
            file,
            version,
            source: shard.source.clone(),
            sha256: shard.sha256,
            bytes: shard.bytes,
            row_groups: shard.row_groups.clone(),
            excluded: shard.excluded.clone(),
            lines,
        }
    }

    fn shard(&self, stores: &mut Stores, columns: Option<&SchemaRef>) -> Result<Shard> {
        let blocks = self.lines.as_ref().map(|lines| {
            let file = input(&lines.file, lines.version.clone(), stores)?;
            Ok::<_, Error>(Arc::new(Blocks::of_told(file, lines.bounds.clone())))
        });
        Ok(Shard {
            name: self.name.clone(),
            file: input(&self.file, self.version.clone(), stores)?,
            source: self.source.clone(),
            sha256: self.sha256,
            bytes: self.bytes,
            row_groups: self.row_groups.clone(),
            blocks: blocks.transpose()?,
            excluded: self.excluded.clone(),
            columns: columns.cloned(),
        })
    }
}

/// The input file of a path or URL, in the version that was hashed and in no other.
fn input(name: &str, version: Option<Version>, stores: &mut Stores) -> Result<InputFile> {
    let fail = |why: String| Error::input(Path::new(name), why);
    match Address::parse(name).map_err(|why| fail(format!("a URL {why}")))? {
        None => Ok(InputFile::local(Path::new(name)).of_version(version)),
        Some(address) => {
            let object = stores.bucket(&address).and_then(|bucket| bucket.object(&address)).map_err(fail)?;
            Ok(InputFile::object(object, 0).of_version(version))
        }
    }
}

/// Keeps the columns for all processes.
fn keep_columns(exchange: &Exchange, columns: &SchemaRef) -> Result<Sha256> {
    let fail = |e: arrow_schema::ArrowError| Error::Bug(e.to_string());
    let mut writer = StreamWriter::try_new(Vec::new(), columns).map_err(fail)?;
    writer.finish().map_err(fail)?;
    let bytes = writer.into_inner().map_err(fail)?;
    let digest = Sha256::of(&bytes);
    exchange.create(COLUMNS, bytes)?;
    Ok(digest)
}

fn columns(exchange: &Exchange, digest: Sha256) -> Result<SchemaRef> {
    let bytes = exchange.read(COLUMNS)?.unwrap_or_default();
    if Sha256::of(&bytes) != digest {
        return Err(exchange.fail(COLUMNS, "is not what the plan says"));
    }
    let reader = StreamReader::try_new(Cursor::new(bytes), None);
    reader.map(|reader| reader.schema()).map_err(|e| exchange.fail(COLUMNS, e))
}
