//! Why a group of records cannot be read. The difference decides what becomes of the records.

use crate::{Error, Result};
use std::path::Path;

/// Why the records of a group cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// The bytes are not what they should be. That is a property of the records, which are quarantined.
    #[error("{0}")]
    Damaged(String),
    /// The bytes cannot be had, or are those of another file by now. It says nothing about the records: the run stops.
    #[error("{0}")]
    Fatal(#[from] Error),
}

impl Unread {
    /// The same where no record may be missing.
    pub(crate) fn of(self, file: &Path) -> Error {
        match self {
            Self::Damaged(why) => Error::input(file, why),
            Self::Fatal(error) => error,
        }
    }

    /// Parts what is to be quarantined from what ends the run.
    pub(crate) fn damage<T>(read: std::result::Result<T, Self>) -> Result<std::result::Result<T, String>> {
        match read {
            Ok(read) => Ok(Ok(read)),
            Err(Self::Damaged(why)) => Ok(Err(why)),
            Err(Self::Fatal(error)) => Err(error),
        }
    }
}
