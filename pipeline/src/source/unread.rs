//! Why a group of records cannot be read. The difference decides what becomes of the records.

use crate::source::batch::Cause;
use crate::{Error, Result};
use std::path::Path;

/// Why the records of a group cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// The bytes are not what they should be. That is a property of the records, which are quarantined.
    #[error("{0}")]
    Damaged(String),
    /// A page of so many bytes, which is more than may be taken into memory. The records are quarantined as well.
    #[error("a page takes {0} bytes")]
    PageTooLarge(u64),
    /// The bytes cannot be had, or are those of another file by now. It says nothing about the records: the run stops.
    #[error("{0}")]
    Fatal(#[from] Error),
}

impl Unread {
    /// The same where no record may be missing.
    pub(crate) fn of(self, file: &Path) -> Error {
        match self {
            Self::Fatal(error) => error,
            damage => Error::input(file, damage),
        }
    }

    /// Parts what is to be quarantined from what ends the run.
    pub(crate) fn damage<T>(read: std::result::Result<T, Self>) -> Result<std::result::Result<T, Damage>> {
        let damage = match read {
            Ok(read) => return Ok(Ok(read)),
            Err(Self::Fatal(error)) => return Err(error),
            Err(damage) => damage,
        };
        let cause = match damage {
            Self::PageTooLarge(bytes) => Cause::PageTooLarge(bytes),
            _ => Cause::Unreadable,
        };
        Ok(Err(Damage { why: damage.to_string(), cause }))
    }
}

/// What is wrong with a group whose records are to be quarantined.
#[derive(Debug)]
pub(crate) struct Damage {
    /// For a person.
    pub(crate) why: String,
    /// For the ledger.
    pub(crate) cause: Cause,
}
