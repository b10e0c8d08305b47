//! The input shards: hashed and counted.

use crate::config::{BadShard, OutputFormat};
use crate::files::input::InputFile;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::source::batch::ShardReader;
use crate::source::drift::Common;
use crate::source::format::Format;
use crate::source::lines::{self, Blocks};
use crate::source::parquet::{ParquetReader, footer};
use crate::{Error, Result, Stop};
use arrow_schema::SchemaRef;
use manifests::digest::{Hashing, Sha256};
use parquet::file::metadata::ParquetMetaData;
use rayon::prelude::*;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use crate::source::find::{Found, find};

/// A shard as the first pass saw it.
#[derive(Clone, Debug)]
pub(crate) struct Shard {
    pub(crate) name: String,
    pub(crate) file: InputFile,
    pub(crate) source: String,
    pub(crate) sha256: Sha256,
    pub(crate) bytes: u64,
    /// Rows of each row group, or of each block of lines.
    pub(crate) row_groups: Vec<u64>,
    /// Where the blocks are, of JSON lines.
    pub(crate) blocks: Option<Arc<Blocks>>,
    /// Why the shard is excluded, if it is.
    pub(crate) excluded: Option<String>,
    /// The columns it is written with, if Parquet shards have different ones.
    pub(crate) columns: Option<SchemaRef>,
}

impl Shard {
    /// All its rows.
    pub(crate) fn rows(&self) -> u64 {
        self.row_groups.iter().sum()
    }

    /// The first row of a row group.
    pub(crate) fn first_row(&self, row_group: usize) -> u64 {
        self.row_groups[..row_group].iter().sum()
    }

    /// The name without its extension: what ledger leaves call the shard.
    pub(crate) fn stem(&self) -> &str {
        manifests::ledger::shard_stem(&self.name)
    }
}

/// Checks that every shard that can be read has the configured columns, before any work is done. If Parquet shards have
/// different columns, tells those of all.
pub(crate) fn check_columns(found: &[Found], plan: &Plan) -> Result<Option<SchemaRef>> {
    let input = &plan.config.file.input;
    let check = |Found { file, .. }: &Found| match Format::of(file.name()) {
        // the columns of lines depend on the configuration alone
        Format::Lines(packing) => lines::check(file, packing, input, &plan.fields).map(|()| None),
        Format::Parquet => {
            // what cannot be read at all is for the survey to say
            let Ok(reader) = ParquetReader::open(file) else { return file.failure().map_or(Ok(None), Err) };
            let reader = ShardReader::of_parquet(reader, input, &plan.fields)?;
            match reader.held_as_bytes().filter(|_| plan.config.file.output.format == OutputFormat::Jsonl) {
                Some(column) => Err(file.error(format!(
                    "column `{column}` holds texts as bytes, which JSON lines cannot; expected strings"
                ))),
                None => Ok(Some(Arc::clone(reader.stored()))),
            }
        }
    };
    // of several errors the first in order is told
    let checked: Vec<Result<Option<SchemaRef>>> = found.par_iter().map(check).collect();
    let mut common = Common::default();
    for (found, schema) in found.iter().zip(checked) {
        schema?.map_or(Ok(()), |schema| common.add(found.file.name(), &schema))?;
    }
    let schema = common.schema();
    if let (Some(schema), Some(first)) = (&schema, found.first()) {
        // each shard has what is configured; together they may have too much of it
        let checked = ShardReader::check(first.file.name(), schema, input, &plan.fields);
        checked.map_err(|error| match error {
            Error::Input { path, why } => {
                Error::input(&path, format!("with the columns of all shards: {why}"))
            }
            other => other,
        })?;
    }
    Ok(schema)
}

/// Hashes and counts every shard, which are written with `columns` if those of Parquet differ. What has to be unpacked for the passes to come is put into `unpacked`.
pub(crate) fn survey(
    found: &[Found],
    (policy, columns): (BadShard, Option<&SchemaRef>),
    unpacked: &Path,
    progress: &dyn Progress,
    stop: &Stop,
) -> Result<Vec<Shard>> {
    let total = found.iter().map(|found| found.file.bytes()).sum::<Result<u64>>()?;
    progress.begin("hash inputs", total);
    let shards: Result<Vec<Shard>> = found
        .par_iter()
        .enumerate()
        .map(|(at, found)| {
            stop.go_on()?;
            let shard = look(found, policy, &unpacked_file(unpacked, at))?;
            progress.advance(shard.bytes);
            Ok(Shard { columns: columns.cloned(), ..shard })
        })
        .collect();
    progress.end();
    shards
}

/// Where the plain bytes of a compressed shard are put.
pub(crate) fn unpacked_file(folder: &Path, shard: usize) -> PathBuf {
    folder.join(format!("{shard:05}.lines"))
}

/// Reads a shard from its first byte to its last. From then on it is read as what it was here, or not at all.
fn look(found: &Found, policy: BadShard, unpacked: &Path) -> Result<Shard> {
    let Found { name, source, .. } = found.clone();
    let file = found.file.pinned()?;
    let mut stream = Hashing::new(file.stream()?);
    let groups = groups_of(&file, &mut stream, unpacked);
    // what cannot be read to its end is not damaged: its digest is not known
    let (sha256, bytes) = stream.finish().map_err(|e| file.error(e))?;
    if bytes != file.bytes()? {
        return Err(file.error(format!("has changed: it had {} bytes and has {bytes}", file.bytes()?)));
    }
    if let Some(error) = file.failure() {
        return Err(error);
    }
    let (row_groups, blocks, excluded) = match groups {
        Ok((row_groups, blocks)) => (row_groups, blocks, None),
        Err(Error::Input { why, .. }) if policy == BadShard::Exclude => (Vec::new(), None, Some(why)),
        Err(error) => return Err(error),
    };
    Ok(Shard { name, file, source, sha256, bytes, row_groups, blocks, excluded, columns: None })
}

/// The rows of each group of a shard's records, and where groups are that no footer tells of.
type Groups = (Vec<u64>, Option<Arc<Blocks>>);

/// The groups of a file.
pub(crate) fn groups(file: &InputFile, unpacked: &Path) -> Result<Groups> {
    match Format::of(file.name()) {
        Format::Parquet => groups_of(file, std::io::empty(), unpacked),
        Format::Lines(_) => groups_of(file, file.stream()?, unpacked),
    }
}

/// The groups of a file whose bytes are `stream`; a footer is read by itself.
fn groups_of(file: &InputFile, stream: impl Read, unpacked: &Path) -> Result<Groups> {
    match Format::of(file.name()) {
        Format::Parquet => Ok((row_counts(file, ParquetReader::open(file)?.footer())?, None)),
        Format::Lines(packing) => {
            let (blocks, rows) = Blocks::survey(file, stream, packing, unpacked)?;
            Ok((rows, Some(Arc::new(blocks))))
        }
    }
}

/// How many records a shard has.
pub(crate) fn count(file: &InputFile) -> Result<u64> {
    match Format::of(file.name()) {
        Format::Parquet => Ok(row_counts(file, &footer(file)?)?.iter().sum()),
        Format::Lines(packing) => lines::count(file, packing),
    }
}

fn row_counts(file: &InputFile, metadata: &ParquetMetaData) -> Result<Vec<u64>> {
    let count =
        |rows: i64| u64::try_from(rows).map_err(|_| file.error(format!("a row group has {rows} rows")));
    metadata.row_groups().iter().map(|group| count(group.num_rows())).collect()
}
