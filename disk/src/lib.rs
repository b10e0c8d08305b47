//! Every operation on local files that the libraries carry out, and the one way in which they write a file.
//!
//! | module | holds |
//! |---|---|
//! | [`mod@file`] | an open file |
//! | [`names`] | what is done to files and folders by name |
//! | [`pending`] | a file that appears whole or not at all |
//!
//! With the feature `faults` each operation can be made to fail, or to be the last one before the process dies: `faults`
//! tells how. The tests of the program walk through all operations of a run in this way.

#![forbid(unsafe_code)]

#[cfg(feature = "faults")]
mod faults;
#[cfg(not(feature = "faults"))]
#[path = "no_faults.rs"]
mod faults;
pub mod file;
pub mod names;
pub mod pending;

pub use file::File;
pub use names::{
    copy, copy_permissions, hard_link, list, make_folder, make_private_folder, metadata, read,
    read_to_string, remove_empty_folder, remove_file, remove_folder, rename, sync_file, sync_folder,
};
pub use pending::Pending;

pub use std::fs::{DirEntry, Metadata, TryLockError};

use std::io;

/// What an operation does, as far as it decides how it can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Open,
    Read,
    Create,
    Write,
    Sync,
    SyncFolder,
    MakeFolder,
    Link,
    Rename,
    Remove,
    List,
}

/// Whether a message, which may have come through encoders that keep nothing but the text of an error, says that there
/// is no room left: `ENOSPC` (28) or `EDQUOT` (122 on Linux).
pub fn tells_of_no_room(message: &str) -> bool {
    let codes: [i32; 2] = [28, 122];
    cfg!(unix) && codes.iter().any(|code| message.contains(&io::Error::from_raw_os_error(*code).to_string()))
}
