//! Entries of `files` that name objects instead of local files.

use super::Config;
use crate::files::address::Address;
use crate::{Error, Result};

impl Config {
    /// Whatever is no address is refused before anything is done, and before anything is shown.
    pub(super) fn check_addresses(&self) -> Result<()> {
        let sources = self.file.sources.iter().flat_map(|source| &source.files);
        self.file.input.files.iter().chain(sources).try_for_each(|pattern| self.address(pattern).map(drop))
    }

    /// The address that an entry of `files` is, if it names no local files.
    pub(crate) fn address(&self, pattern: &str) -> Result<Option<Address>> {
        Address::parse(pattern).map_err(|why| Error::Config {
            path: self.path.clone(),
            line: None,
            why: format!("`files`: a URL {why}"),
            hint: None,
        })
    }
}
