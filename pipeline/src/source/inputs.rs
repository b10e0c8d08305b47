//! The input shards: found, put into an order that does not depend on how they were listed, hashed and counted.

use crate::config::{BadShard, Config};
use crate::files::store::Blob;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::source::format::Format;
use crate::source::lines::{self, Blocks};
use crate::{Error, Result};
use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};
use manifests::digest::Sha256;
use manifests::index::UNDECLARED;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use rayon::prelude::*;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A shard that was found, before its content is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Relative to the common folder of all shards, with `/`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Id of the declared source.
    pub(crate) source: String,
}

/// A shard as the first pass saw it.
#[derive(Clone, Debug)]
pub(crate) struct Shard {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) source: String,
    pub(crate) sha256: Sha256,
    pub(crate) bytes: u64,
    /// Rows of each row group, or of each block of lines.
    pub(crate) row_groups: Vec<u64>,
    /// Where the blocks are, of JSON lines.
    pub(crate) blocks: Option<Arc<Blocks>>,
    /// Why the shard is excluded, if it is.
    pub(crate) excluded: Option<String>,
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

/// Finds the shards that the configuration names, in the byte order of their names without extension.
pub(crate) fn find(config: &Config) -> Result<Vec<Found>> {
    let folder = config.folder();
    let mut paths = Vec::new();
    for pattern in &config.file.input.files {
        let before = paths.len();
        expand(&folder.join(pattern), |path| Format::named(path).is_some(), &mut paths)?;
        if paths.len() == before {
            return Err(Error::Config {
                path: config.path.clone(),
                line: None,
                why: format!("`input.files`: nothing matches `{pattern}`"),
                hint: Some(format!("patterns are relative to `{}`", folder.display())),
            });
        }
    }
    paths.sort();
    paths.dedup();
    let base = common_folder(&paths);
    let sources = source_patterns(config, folder)?;
    let mut found = Vec::new();
    for path in paths {
        let name = relative_name(&base, &path)?;
        let source = sources.iter().find(|(set, _)| set.is_match(&path)).map_or(UNDECLARED, |(_, id)| id);
        if source == UNDECLARED {
            config.check_unclaimed(&name)?;
        }
        found.push(Found { name, source: source.to_string(), path });
    }
    found.sort_by(|a, b| {
        manifests::ledger::shard_stem(&a.name)
            .cmp(manifests::ledger::shard_stem(&b.name))
            .then(a.name.cmp(&b.name))
    });
    if let Some(pair) = found
        .windows(2)
        .find(|p| manifests::ledger::shard_stem(&p[0].name) == manifests::ledger::shard_stem(&p[1].name))
    {
        return Err(Error::input(
            &pair[1].path,
            format!("has the same name as `{}` but for the extension", pair[0].name),
        ));
    }
    Ok(found)
}

/// Adds the files that a name, a folder or a glob stands for; of a folder those whose names are `wanted`.
pub(crate) fn expand(pattern: &Path, wanted: fn(&Path) -> bool, paths: &mut Vec<PathBuf>) -> Result<()> {
    let pattern = clean(pattern);
    if pattern.is_file() {
        paths.push(pattern);
        return Ok(());
    }
    let (root, matcher) = if pattern.is_dir() {
        (pattern, None)
    } else {
        let (root, matcher) = split_glob(&pattern)?;
        (root, Some(matcher))
    };
    if root.is_dir() {
        let wanted = |path: &Path| matcher.as_ref().map_or_else(|| wanted(path), |m| m.is_match(path));
        walk(&root, &wanted, paths)?;
    }
    Ok(())
}

/// Splits a pattern into the folder before the first wildcard and the matcher.
fn split_glob(pattern: &Path) -> Result<(PathBuf, GlobMatcher)> {
    let wild = |c: &Component<'_>| c.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    let root: PathBuf = pattern.components().take_while(|c| !wild(c)).collect();
    let root = if root == pattern { root.parent().map(Path::to_path_buf).unwrap_or_default() } else { root };
    let glob = glob(pattern)?;
    let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
    Ok((root, glob.compile_matcher()))
}

fn glob(pattern: &Path) -> Result<Glob> {
    globset::GlobBuilder::new(&pattern.to_string_lossy())
        .literal_separator(true)
        .build()
        .map_err(|e| Error::input(pattern, e))
}

/// Lists the wanted files beneath `folder`.
fn walk(folder: &Path, wanted: &impl Fn(&Path) -> bool, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|e| Error::input(folder, e))? {
        let path = clean(&entry.map_err(|e| Error::input(folder, e))?.path());
        if path.is_dir() {
            walk(&path, wanted, paths)?;
        } else if wanted(&path) {
            paths.push(path);
        }
    }
    Ok(())
}

/// A path without `.` and without `x/..`, so that equal files have equal names.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

fn common_folder(paths: &[PathBuf]) -> PathBuf {
    let mut folders = paths.iter().map(|p| p.parent().unwrap_or(Path::new("")));
    let first = folders.next().unwrap_or(Path::new("")).to_path_buf();
    folders.fold(first, |common, folder| {
        common.components().zip(folder.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    })
}

fn relative_name(base: &Path, path: &Path) -> Result<String> {
    let relative = path.strip_prefix(base).unwrap_or(path);
    let parts: Option<Vec<&str>> = relative.components().map(|c| c.as_os_str().to_str()).collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| Error::input(path, "the name is not UTF-8"))
}

fn source_patterns(config: &Config, folder: &Path) -> Result<Vec<(GlobSet, String)>> {
    config
        .file
        .sources
        .iter()
        .map(|source| {
            let mut set = GlobSetBuilder::new();
            for pattern in &source.files {
                set.add(glob(&clean(&folder.join(pattern)))?);
            }
            let set = set.build().map_err(|e| Error::input(folder, e))?;
            Ok((set, source.id.clone()))
        })
        .collect()
}

/// Checks that every shard that can be read has the configured columns, before any work is done.
pub(crate) fn check_columns(found: &[Found], plan: &Plan) -> Result<()> {
    found.iter().try_for_each(|found| match Format::of(&found.path) {
        Format::Lines(packing) => lines::check(&found.path, packing, &plan.config.file.input, &plan.fields),
        Format::Parquet if read_footer(&found.path).is_ok() => plan.open_parquet(&found.path).map(drop),
        Format::Parquet => Ok(()),
    })
}

/// Hashes and counts every shard. What has to be unpacked for the passes to come is put into `unpacked`.
pub(crate) fn survey(
    found: &[Found],
    policy: BadShard,
    unpacked: &Path,
    progress: &dyn Progress,
) -> Result<Vec<Shard>> {
    let size = |f: &Found| fs::metadata(&f.path).map(|m| m.len()).map_err(|e| Error::input(&f.path, e));
    let total = found.iter().map(size).sum::<Result<u64>>()?;
    progress.begin("hash inputs", total);
    let shards: Result<Vec<Shard>> = found
        .par_iter()
        .enumerate()
        .map(|(at, found)| {
            look(found, policy, &unpacked_file(unpacked, at)).inspect(|shard| progress.advance(shard.bytes))
        })
        .collect();
    progress.end();
    shards
}

/// Where the plain bytes of a compressed shard are put.
pub(crate) fn unpacked_file(folder: &Path, shard: usize) -> PathBuf {
    folder.join(format!("{shard:05}.lines"))
}

fn look(found: &Found, policy: BadShard, unpacked: &Path) -> Result<Shard> {
    let (sha256, bytes) =
        manifests::digest::sha256_file(&found.path).map_err(|e| Error::input(&found.path, e))?;
    let (row_groups, blocks, excluded) = match groups(&found.path, unpacked) {
        Ok((row_groups, blocks)) => (row_groups, blocks, None),
        Err(Error::Input { why, .. }) if policy == BadShard::Exclude => (Vec::new(), None, Some(why)),
        Err(error) => return Err(error),
    };
    let Found { name, path, source } = found.clone();
    Ok(Shard { name, path, source, sha256, bytes, row_groups, blocks, excluded })
}

/// The rows of each group of a shard's records, and where groups are that no footer tells of.
pub(crate) fn groups(path: &Path, unpacked: &Path) -> Result<(Vec<u64>, Option<Arc<Blocks>>)> {
    match Format::of(path) {
        Format::Parquet => Ok((row_counts(path, &read_footer(path)?)?, None)),
        Format::Lines(packing) => {
            let (blocks, rows) = Blocks::survey(path, packing, unpacked)?;
            Ok((rows, Some(Arc::new(blocks))))
        }
    }
}

/// How many records a shard has.
pub(crate) fn count(path: &Path) -> Result<u64> {
    match Format::of(path) {
        Format::Parquet => Ok(row_counts(path, &read_footer(path)?)?.iter().sum()),
        Format::Lines(packing) => lines::count(path, packing),
    }
}

/// Whether a file of this name is taken for Parquet where nothing else can be read.
pub(crate) fn is_parquet(path: &Path) -> bool {
    Format::named(path) == Some(Format::Parquet)
}

/// The footer of a Parquet file.
pub(crate) fn read_footer(path: &Path) -> Result<ParquetMetaData> {
    let blob = Blob::open(path)?;
    ParquetMetaDataReader::new().parse_and_finish(&blob).map_err(|e| Error::input(path, e))
}

fn row_counts(path: &Path, metadata: &ParquetMetaData) -> Result<Vec<u64>> {
    let count = |rows: i64| {
        u64::try_from(rows).map_err(|_| Error::input(path, format!("a row group has {rows} rows")))
    };
    metadata.row_groups().iter().map(|group| count(group.num_rows())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_the_common_folder() {
        let paths: Vec<PathBuf> = ["a/b/x.parquet", "a/b/c/y.parquet"].map(PathBuf::from).to_vec();
        assert_eq!(common_folder(&paths), Path::new("a/b"));
        assert_eq!(relative_name(Path::new("a/b"), &paths[1]).unwrap(), "c/y.parquet");
        assert_eq!(clean(Path::new("a/./b/../c")), Path::new("a/c"));
        assert_eq!(clean(Path::new("../a/../../c")), Path::new("../../c"));
    }

    #[test]
    fn a_wildcard_does_not_cross_folders_unless_doubled() {
        let matches =
            |pattern: &str, path: &str| glob(Path::new(pattern)).unwrap().compile_matcher().is_match(path);
        assert!(matches("d/*.parquet", "d/a.parquet"));
        assert!(!matches("d/*.parquet", "d/e/a.parquet"));
        assert!(matches("d/**/*.parquet", "d/e/a.parquet"));
    }
}
