//! Where processes that work on one run hand files on to one another: a folder that all of them see, or a folder of an
//! object store.
//!
//! Files come there under names that nobody else uses, and are never changed. What is told of them is
//! [created](Exchange::create): of all that try to, the first one does, and the others read what it wrote.

use crate::files::address::Address;
use crate::files::input::InputFile;
use crate::files::remote::{Bucket, Object, Stores};
use crate::files::store::{Pending, private_folder};
use crate::{Error, Result};
use manifests::digest::{Hashing, Sha256};
use manifests::ledger::SaltKey;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// 64 bits: no two attempts at the tasks of one plan are ever called the same.
const ATTEMPT_CHARS: usize = 16;

/// The place.
pub(crate) struct Exchange {
    place: Place,
    /// Tells the files of this process from those of any other.
    attempt: String,
}

enum Place {
    Folder(PathBuf),
    Store { bucket: Arc<Bucket>, folder: Address },
}

impl Exchange {
    /// The folder at a path or URL; a local one is made if it is not there.
    pub(crate) fn open(place: &str) -> Result<Self> {
        let fail = |why: String| Error::output(Path::new(place), why);
        let random = SaltKey::generate().map_err(|e| fail(e.to_string()))?;
        let mut attempt = random.commitment().to_string();
        attempt.truncate(ATTEMPT_CHARS);
        let Some(mut folder) = Address::parse(place).map_err(|why| fail(format!("a URL {why}")))? else {
            let folder = PathBuf::from(place);
            private_folder(&folder)?;
            return Ok(Self { place: Place::Folder(folder), attempt });
        };
        folder.key.truncate(folder.key.trim_end_matches('/').len());
        if !folder.scheme.is_store() || folder.key.is_empty() || folder.is_pattern() {
            return Err(fail("is no folder of `s3://`, `gs://` or `az://`".into()));
        }
        let bucket = Stores::default().bucket(&folder).map_err(fail)?;
        Ok(Self { place: Place::Store { bucket, folder }, attempt })
    }

    /// What no other process calls its files.
    pub(crate) fn attempt(&self) -> &str {
        &self.attempt
    }

    /// The folder itself, if it is a local one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder),
            Place::Store { .. } => None,
        }
    }

    /// Where a file is, as messages and configurations spell it.
    pub(crate) fn url(&self, name: &str) -> String {
        match &self.place {
            Place::Folder(folder) => folder.join(name).display().to_string(),
            Place::Store { folder, .. } => format!("{folder}/{name}"),
        }
    }

    /// The whole of a small file, if there is one.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match &self.place {
            Place::Folder(folder) => match disk::read(&folder.join(name)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(e) => Err(self.fail(name, e)),
            },
            Place::Store { .. } => self.object(name)?.read().map_err(|why| self.fail(name, why)),
        }
    }

    /// Writes a small file if there is none of its name; whether it did.
    pub(crate) fn create(&self, name: &str, bytes: Vec<u8>) -> Result<bool> {
        match &self.place {
            Place::Folder(folder) => disk::pending::create_once(&folder.join(name), &self.attempt, &bytes)
                .map_err(|e| self.fail(name, e)),
            Place::Store { .. } => self.object(name)?.create(bytes).map_err(|why| self.fail(name, why)),
        }
    }

    /// Brings a file there, under a name that is used once.
    pub(crate) fn put(&self, name: &str, from: &Path, digest: Sha256) -> Result<()> {
        match &self.place {
            Place::Folder(folder) => link(from, &folder.join(name)),
            Place::Store { .. } => {
                self.object(name)?.put_file(from, digest).map_err(|why| self.fail(name, why))
            }
        }
    }

    /// Fetches a file, which must have this digest.
    pub(crate) fn get(&self, name: &str, to: &Path, digest: Sha256) -> Result<()> {
        match &self.place {
            // who opens it finds out whether it is whole
            Place::Folder(folder) => link(&folder.join(name), to),
            Place::Store { .. } => {
                let object = self.object(name)?;
                let version = object.version().map_err(|why| self.fail(name, why))?;
                let mut stream = Hashing::new(object.stream(&version));
                let mut file = Pending::create(to)?;
                io::copy(&mut stream, &mut file)
                    .and_then(|_| file.flush())
                    .map_err(|e| Error::output(to, e))?;
                match stream.finish() {
                    Ok((found, _)) if found == digest => file.commit(),
                    Ok(_) => Err(self.fail(name, "is not what was put there")),
                    Err(e) => Err(self.fail(name, e)),
                }
            }
        }
    }

    /// A file that is there, to be read like any input.
    pub(crate) fn input(&self, name: &str) -> Result<InputFile> {
        match &self.place {
            Place::Folder(folder) => Ok(InputFile::local(&folder.join(name))),
            Place::Store { .. } => Ok(InputFile::object(self.object(name)?, 0).of_version(None)),
        }
    }

    /// Removes a file; it may be gone already.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        match &self.place {
            Place::Folder(folder) => {
                disk::remove_file(&folder.join(name)).map(drop).map_err(|e| self.fail(name, e))
            }
            Place::Store { .. } => self.object(name)?.delete().map_err(|why| self.fail(name, why)),
        }
    }

    /// Removes everything that is there.
    pub(crate) fn clear(&self) -> Result<()> {
        match &self.place {
            Place::Folder(folder) => disk::remove_folder(folder).map_err(|e| self.fail("", e)),
            Place::Store { bucket, folder } => {
                let names = bucket.names(folder).map_err(|why| self.fail("", why))?;
                names.iter().try_for_each(|(name, _)| self.remove(name))
            }
        }
    }

    fn object(&self, name: &str) -> Result<Object> {
        let Place::Store { bucket, folder } = &self.place else {
            return Err(Error::Bug("a folder has no objects".into()));
        };
        let address = Address { key: format!("{}/{name}", folder.key), ..folder.clone() };
        bucket.object(&address).map_err(|why| self.fail(name, why))
    }

    /// What is at this place is at fault.
    pub(crate) fn fail(&self, name: &str, why: impl ToString) -> Error {
        Error::output(Path::new(&self.url(name)), why)
    }
}

/// Gives a file another name; across file systems, and where names cannot be shared, its bytes.
fn link(from: &Path, to: &Path) -> Result<()> {
    let fail = |e: io::Error| Error::output(to, e);
    disk::make_folder(to.parent().unwrap_or(Path::new("."))).map_err(fail)?;
    match disk::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => Err(fail(e)),
        Err(_) => {
            let mut file = Pending::create(to)?;
            let copied = disk::File::open(from).and_then(|mut from| io::copy(&mut from, &mut file));
            copied.map_err(fail)?;
            file.commit()
        }
    }
}
