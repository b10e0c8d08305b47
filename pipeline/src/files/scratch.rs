//! Folders for what must not outlive a call.

use crate::files::store;
use crate::{Error, Result};
use manifests::ledger::SaltKey;
use std::path::{Path, PathBuf};

/// A folder that is gone when it is dropped: it holds texts that were removed.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new one, told apart by what it is `for_what`.
    pub(crate) fn create(within: &Path, for_what: &str) -> Result<Self> {
        let unique = SaltKey::generate().map_err(|e| Error::output(within, e))?.commitment();
        let folder = within.join(format!("probity-{for_what}-{}", &unique[..12]));
        store::private_folder(&folder)?;
        Ok(Self(folder))
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // what cannot be removed lies in a folder that nobody else can enter
        let _ = disk::remove_folder(&self.0);
    }
}
