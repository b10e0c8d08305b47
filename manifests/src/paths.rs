//! Names of files inside a release, and what is really there.
//!
//! A release comes from somebody else. A name in it must not lead out of its directory on any system, and what lies
//! in the directory must be plain files: links, devices and names that cannot be written down are reported.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest path that is taken, in bytes: `PATH_MAX` of Linux.
const PATH_BYTES_MAX: usize = 4096;

/// A safe relative path: `/` between segments, UTF-8, no way out of the directory it is relative to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RelPath(String);

/// A text is not a safe relative path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Nothing at all.
    #[error("the path is empty")]
    Empty,
    /// More than 4096 bytes.
    #[error("the path is longer than {PATH_BYTES_MAX} bytes")]
    TooLong,
    /// Begins with `/`.
    #[error("the path is absolute")]
    Absolute,
    /// A segment begins like `C:`.
    #[error("the path names a drive")]
    Drive,
    /// `\` separates folders on some systems and not on others.
    #[error("the path contains a backslash")]
    Backslash,
    /// NUL, line breaks and the like.
    #[error("the path contains a control character")]
    Control,
    /// Two slashes in a row, or one at the end.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// `.` or `..`.
    #[error("the path has a segment of dots")]
    DotSegment,
}

impl RelPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path under a directory. It says nothing about links on the way: see [`open_regular`].
    pub fn under(&self, root: &Path) -> PathBuf {
        self.0.split('/').fold(root.to_owned(), |path, segment| path.join(segment))
    }
}

fn check(text: &str) -> Result<(), PathError> {
    let bytes = text.as_bytes();
    match bytes {
        [] => return Err(PathError::Empty),
        [b'/', ..] => return Err(PathError::Absolute),
        _ if bytes.len() > PATH_BYTES_MAX => return Err(PathError::TooLong),
        _ => {}
    }
    for character in text.chars() {
        match character {
            '\\' => return Err(PathError::Backslash),
            // Line and paragraph separators are line breaks too, for whoever prints the name.
            '\u{2028}' | '\u{2029}' => return Err(PathError::Control),
            _ if character.is_control() => return Err(PathError::Control),
            _ => {}
        }
    }
    for segment in text.split('/') {
        match segment {
            "" => return Err(PathError::EmptySegment),
            "." | ".." => return Err(PathError::DotSegment),
            // In any segment: joining one that names a drive drops, on Windows, all that came before it.
            _ if names_drive(segment) => return Err(PathError::Drive),
            _ => {}
        }
    }
    Ok(())
}

fn names_drive(segment: &str) -> bool {
    matches!(segment.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

impl FromStr for RelPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        check(text).map(|()| Self(text.to_owned()))
    }
}

impl TryFrom<String> for RelPath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        check(&text).map(|()| Self(text))
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> Self {
        path.0
    }
}

impl AsRef<str> for RelPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a directory holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The regular files with safe names, sorted by bytes.
    pub files: Vec<RelPath>,
    /// Everything else that is not a directory, with what is wrong with it, sorted.
    pub odd: Vec<(String, &'static str)>,
}

/// Lists a directory tree without following symbolic links inside it.
pub fn list_files(root: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in disk::list(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let shown = format!("{prefix}{}", name.to_string_lossy());
            let kind = entry.file_type()?;
            let safe = match (name.to_str(), shown.parse::<RelPath>()) {
                (None, _) => Err("name is not UTF-8"),
                (_, Err(_)) => Err("unsafe name"),
                (_, Ok(path)) => Ok(path),
            };
            match safe {
                Err(why) => listing.odd.push((shown, why)),
                Ok(_) if kind.is_symlink() => listing.odd.push((shown, "symbolic link")),
                Ok(path) if kind.is_file() => listing.files.push(path),
                Ok(_) if kind.is_dir() => folders.push((entry.path(), format!("{shown}/"))),
                Ok(_) => listing.odd.push((shown, "not a regular file")),
            }
        }
    }
    listing.files.sort_unstable();
    listing.odd.sort_unstable();
    Ok(listing)
}

/// Opens a regular file under a directory and refuses symbolic links on the way to it.
///
/// Links are looked for before opening: this keeps a release from pointing elsewhere, and is no defence against
/// somebody who changes the directory while it is being verified.
pub fn open_regular(root: &Path, path: &RelPath) -> io::Result<disk::File> {
    open_plain(&find_regular(root, path)?)
}

/// Where a file is that [`open_regular`] would open.
pub fn find_regular(root: &Path, path: &RelPath) -> io::Result<PathBuf> {
    let mut at = root.to_owned();
    for segment in path.as_str().split('/') {
        at.push(segment);
        if at.symlink_metadata()?.is_symlink() {
            return Err(invalid("a symbolic link leads to the file"));
        }
    }
    plain(&at)?;
    Ok(at)
}

/// Opens a file that something from outside names. A folder, a device or a pipe is an error: opening a pipe waits for a
/// writer, and some devices never end.
pub fn open_plain(path: &Path) -> io::Result<disk::File> {
    plain(path)?;
    disk::File::open(path)
}

/// Reads such a file whole, unless it is longer than this.
pub fn read_plain(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_plain(path)?.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > bytes_max {
        true => Err(invalid(&format!("is longer than {bytes_max} bytes"))),
        false => Ok(bytes),
    }
}

fn plain(path: &Path) -> io::Result<()> {
    match path.metadata()?.is_file() {
        true => Ok(()),
        false => Err(invalid("not a regular file")),
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests;
