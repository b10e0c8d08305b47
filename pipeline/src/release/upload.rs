//! Bringing a finished release into an object store.
//!
//! ```text
//! FOLDER.unfinished   claims the folder for one manifest        created first, removed last
//! FOLDER/…            every file                                in any order, skipped where it is there already
//! FOLDER/manifest.…   only where there is none (`PutMode::Create`), when all files are seen to be there
//! ```
//! So a folder with a manifest has all its files, and two uploads cannot mix in one.

use crate::files::address::Address;
use crate::files::finished::is_finished;
use crate::files::remote::{Bucket, Object, Stores};
use crate::inspect::opened;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::{Error, Result, Stop};
use manifests::digest::{Sha256, sha256_file};
use manifests::layout::{CONFIG, MANIFEST};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder in an object store for one release.
pub struct Destination {
    bucket: Arc<Bucket>,
    folder: Address,
}

impl Destination {
    /// The folder of a URL such as `s3://bucket/releases/1`; `None` for what is a local path.
    ///
    /// # Errors
    /// [`Error::Output`] if it is no folder of a store that can be written to.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        // what may hold a secret is not repeated
        let fail = |why: String| Error::output(Path::new("--out"), why);
        let Some(mut folder) = Address::parse(text).map_err(|why| fail(format!("a URL {why}")))? else {
            return Ok(None);
        };
        folder.key.truncate(folder.key.trim_end_matches('/').len());
        if !folder.scheme.is_store() || folder.key.is_empty() || folder.is_pattern() {
            return Err(fail(format!("`{folder}` is no folder of `s3://`, `gs://` or `az://`")));
        }
        let bucket = Stores::default().bucket(&folder).map_err(|why| output(&folder, why))?;
        Ok(Some(Self { bucket, folder }))
    }

    /// Refuses a folder that holds a finished release, unless it is the one made in `staging`.
    ///
    /// # Errors
    /// [`Error::Output`] if it does, or if the store cannot be asked.
    pub fn refuse_other(&self, staging: &Path) -> Result<()> {
        let there = self.object(MANIFEST)?.read().map_err(|why| self.fail(why))?;
        match (there, disk::read(&staging.join(MANIFEST)).ok()) {
            (None, _) => Ok(()),
            (Some(there), Some(ours)) if there == ours => Ok(()),
            (Some(_), _) => Err(self.fail("holds a finished release; choose another folder")),
        }
    }

    /// Uploads the signed release in `staging`, or what is still missing of it.
    ///
    /// # Errors
    /// [`Error::Output`] if the store refuses something or holds what does not belong there, [`Error::Interrupted`] if it
    /// is to stop. No manifest is there then, and the next call continues.
    pub fn upload(&self, staging: &Path, stop: &Stop, progress: &dyn Progress) -> Result<()> {
        self.refuse_other(staging)?;
        let manifest = staging.join(MANIFEST);
        let bytes = disk::read(&manifest).map_err(|e| Error::output(&manifest, e))?;
        let claim = self.claim(&Sha256::of(&bytes))?;
        let files = files_of(staging)?;
        self.refuse_strangers(&files)?;
        progress.begin("upload", files.values().map(|(_, bytes)| bytes).sum());
        let rest: Vec<_> = files.iter().filter(|(name, _)| *name != MANIFEST).collect();
        rest.par_iter().try_for_each(|(name, (path, bytes))| {
            stop.go_on()?;
            self.put(name, path).inspect(|()| progress.advance(*bytes))
        })?;
        self.refuse_gaps(&rest)?;
        let object = self.object(MANIFEST)?;
        if !object.create(bytes).map_err(|why| output(object.url(), why))? {
            self.refuse_other(staging)?;
        }
        progress.end();
        claim.delete().map_err(|why| output(claim.url(), why))
    }

    /// Takes the folder for one manifest.
    fn claim(&self, manifest: &Sha256) -> Result<Object> {
        let claim = Address { key: format!("{}.unfinished", self.folder.key), ..self.folder.clone() };
        let claim = self.bucket.object(&claim).map_err(|why| self.fail(why))?;
        let fail = |why: String| output(claim.url(), why);
        let ours = format!("{manifest}\n").into_bytes();
        if !claim.create(ours.clone()).map_err(fail)? && claim.read().map_err(fail)? != Some(ours) {
            return Err(fail(
                "another release is being uploaded; if that was given up, delete this and the folder".into(),
            ));
        }
        Ok(claim)
    }

    fn refuse_strangers(&self, files: &Files) -> Result<()> {
        let there = self.bucket.names(&self.folder).map_err(|why| self.fail(why))?;
        match there.iter().find(|(name, _)| !files.contains_key(name)) {
            Some((name, _)) => Err(self.fail(format!("holds `{name}`, which is not part of the release"))),
            None => Ok(()),
        }
    }

    fn refuse_gaps(&self, files: &[(&String, &(PathBuf, u64))]) -> Result<()> {
        let there: BTreeMap<String, u64> =
            self.bucket.names(&self.folder).map_err(|why| self.fail(why))?.into_iter().collect();
        match files.iter().find(|(name, (_, bytes))| there.get(*name) != Some(bytes)) {
            Some((name, _)) => Err(self.fail(format!("`{name}` is not there as it was uploaded"))),
            None => Ok(()),
        }
    }

    fn put(&self, name: &str, path: &Path) -> Result<()> {
        let (digest, bytes) = sha256_file(path).map_err(|e| Error::output(path, e))?;
        let object = self.object(name)?;
        let fail = |why: String| output(object.url(), why);
        match object.stored().map_err(fail)? == Some((bytes, digest)) {
            true => Ok(()),
            false => object.put_file(path, digest).map_err(fail),
        }
    }

    fn object(&self, name: &str) -> Result<Object> {
        let address = Address { key: format!("{}/{name}", self.folder.key), ..self.folder.clone() };
        self.bucket.object(&address).map_err(|why| output(&address, why))
    }

    fn fail(&self, why: impl ToString) -> Error {
        output(&self.folder, why)
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.folder.fmt(f)
    }
}

/// Whether this directory holds a signed release of the plan, which an interrupted upload has left.
///
/// # Errors
/// [`Error::Output`] if the release is one of another configuration, [`Error::Release`] if it cannot be read.
pub(crate) fn is_staged(plan: &Plan, staging: &Path) -> Result<bool> {
    if !staging.join(MANIFEST).exists() {
        return Ok(false);
    }
    match holds(plan, staging)? {
        true => Ok(true),
        false => Err(Error::output(staging, "holds a finished release of another configuration")),
    }
}

/// Whether this directory holds a finished release of the plan, signed or not.
///
/// # Errors
/// [`Error::Release`] if it cannot be read.
pub(crate) fn holds(plan: &Plan, release: &Path) -> Result<bool> {
    Ok(is_finished(release) && opened::configuration(&release.join(CONFIG))?.0 == *plan.resolved())
}

/// Files of a release by name: where they are and how long.
type Files = BTreeMap<String, (PathBuf, u64)>;

fn files_of(release: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![(release.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in disk::list(&folder).map_err(|e| Error::output(&folder, e))? {
            let path = entry.map_err(|e| Error::output(&folder, e))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| Error::output(&path, "the name is not UTF-8"))?;
            let name = format!("{prefix}{name}");
            let metadata = disk::metadata(&path).map_err(|e| Error::output(&path, e))?;
            match metadata.is_dir() {
                true => folders.push((path, format!("{name}/"))),
                false => _ = files.insert(name, (path, metadata.len())),
            }
        }
    }
    Ok(files)
}

/// What is at a URL is at fault.
fn output(url: impl ToString, why: impl ToString) -> Error {
    Error::output(Path::new(&url.to_string()), why)
}
