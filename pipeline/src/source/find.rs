//! Where the input shards are: found, named, and put into an order that does not depend on how they were listed.

use crate::config::Config;
use crate::files::address::{Address, WILDCARDS};
use crate::files::input::InputFile;
use crate::files::remote::Stores;
use crate::source::format::Format;
use crate::{Error, Result};
use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};
use manifests::index::UNDECLARED;
use manifests::ledger::shard_stem;
use std::path::{Component, Path, PathBuf};

/// A shard that was found, before its content is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Relative to the folder that all local shards, or all objects, have in common; with `/`.
    pub(crate) name: String,
    pub(crate) file: InputFile,
    /// Id of the declared source.
    pub(crate) source: String,
}

/// Finds the shards that the configuration names, in the byte order of their names without extension.
pub(crate) fn find(config: &Config) -> Result<Vec<Found>> {
    let folder = config.folder();
    let mut stores = Stores::default();
    let mut files = Vec::new();
    for pattern in &config.file.input.files {
        let before = files.len();
        match config.address(pattern)? {
            Some(address) => files.extend(objects(&mut stores, &address)?),
            None => {
                let mut paths = Vec::new();
                expand(&folder.join(pattern), |path| Format::named(path).is_some(), &mut paths)?;
                files.extend(paths.iter().map(|path| InputFile::local(path)));
            }
        }
        if files.len() == before {
            let relative = || format!("patterns are relative to `{}`", folder.display());
            return Err(Error::Config {
                path: config.path.clone(),
                line: None,
                why: format!("`input.files`: nothing matches `{pattern}`"),
                hint: config.address(pattern)?.is_none().then(relative),
            });
        }
    }
    files.sort_by(|a, b| a.name().cmp(b.name()));
    files.dedup_by(|a, b| a.name() == b.name());
    let mut found = named(config, files)?;
    found.sort_by(|a, b| shard_stem(&a.name).cmp(shard_stem(&b.name)).then(a.name.cmp(&b.name)));
    if let Some(pair) = found.windows(2).find(|p| shard_stem(&p[0].name) == shard_stem(&p[1].name)) {
        let other = &pair[0].file;
        return Err(pair[1].file.error(format!("has the same name as `{other}` but for the extension")));
    }
    Ok(found)
}

/// Gives files their names and sources.
fn named(config: &Config, files: Vec<InputFile>) -> Result<Vec<Found>> {
    let sources = source_patterns(config)?;
    let (objects, local): (Vec<InputFile>, Vec<InputFile>) =
        files.into_iter().partition(InputFile::is_object);
    let mut found = Vec::new();
    for files in [local, objects] {
        let base = common_folder(&files);
        for file in files {
            let name = relative_name(&base, file.name())?;
            let source = sources.iter().find(|(set, _)| set.is_match(file.name()));
            let source = source.map_or(UNDECLARED, |(_, id)| id).to_string();
            if source == UNDECLARED {
                config.check_unclaimed(&name)?;
            }
            found.push(Found { name, source, file });
        }
    }
    Ok(found)
}

/// The objects that an address stands for: one, those beneath a folder, or those that match.
fn objects(stores: &mut Stores, address: &Address) -> Result<Vec<InputFile>> {
    let fail = |why: String| Error::input(Path::new(&address.to_string()), why);
    let bucket = stores.bucket(address).map_err(fail)?;
    let is_folder = address.key.is_empty() || address.key.ends_with('/');
    if !address.is_pattern() && !is_folder {
        let object = bucket.object(address).map_err(fail)?;
        let bytes = object.version().map_err(fail)?.bytes;
        return Ok(vec![InputFile::object(object, bytes)]);
    }
    if !address.scheme.is_store() {
        return Err(fail("web servers do not list files; name each of them".into()));
    }
    let wanted: Box<dyn Fn(&Path) -> bool> = match address.is_pattern() {
        true => {
            let matcher = glob(Path::new(&address.to_string()))?.compile_matcher();
            Box::new(move |name| matcher.is_match(name))
        }
        false => Box::new(|name| Format::named(name).is_some()),
    };
    let listed = bucket.list(address.folder()).map_err(fail)?.into_iter();
    let files = listed.map(|(object, bytes)| InputFile::object(object, bytes));
    Ok(files.filter(|file| wanted(file.name())).collect())
}

/// Adds the files that a name, a folder or a glob stands for; of a folder those whose names are `wanted`.
pub(crate) fn expand(pattern: &Path, wanted: fn(&Path) -> bool, paths: &mut Vec<PathBuf>) -> Result<()> {
    let pattern = clean(pattern);
    // what is there under this very name is what is meant, and opening it tells whether it is a file
    if pattern.exists() && !pattern.is_dir() {
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
    let wild = |c: &Component<'_>| c.as_os_str().to_string_lossy().contains(WILDCARDS);
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
    for entry in disk::list(folder).map_err(|e| Error::input(folder, e))? {
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

fn common_folder(files: &[InputFile]) -> PathBuf {
    let mut folders = files.iter().map(|file| file.name().parent().unwrap_or(Path::new("")));
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

fn source_patterns(config: &Config) -> Result<Vec<(GlobSet, String)>> {
    let folder = config.folder();
    config
        .file
        .sources
        .iter()
        .map(|source| {
            let mut set = GlobSetBuilder::new();
            for pattern in &source.files {
                set.add(match config.address(pattern)? {
                    Some(address) => glob(Path::new(&address.to_string()))?,
                    None => glob(&clean(&folder.join(pattern)))?,
                });
            }
            let set = set.build().map_err(|e| Error::input(folder, e))?;
            Ok((set, source.id.clone()))
        })
        .collect()
}

/// Whether a file of this name is taken for Parquet where nothing else can be read.
pub(crate) fn is_parquet(path: &Path) -> bool {
    Format::named(path) == Some(Format::Parquet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_the_common_folder() {
        let files = ["a/b/x.parquet", "a/b/c/y.parquet"].map(|path| InputFile::local(Path::new(path)));
        assert_eq!(common_folder(&files), Path::new("a/b"));
        assert_eq!(relative_name(Path::new("a/b"), files[1].name()).unwrap(), "c/y.parquet");
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
