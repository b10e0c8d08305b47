//! What can go wrong, by who is at fault.

use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// An error by blame: whoever reads it knows what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration is wrong.
    #[error("{}{}: {why}", path.display(), line.map(|n| format!(":{n}")).unwrap_or_default())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// The line, where it is known.
        line: Option<usize>,
        /// What is wrong, with the key in backticks.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// An input shard cannot be used.
    #[error("`{}`: {why}", path.display())]
    Input {
        /// The shard: its path, or its URL.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A model, list or pack cannot be used.
    #[error("asset `{name}`: {why}")]
    Asset {
        /// The asset as configured.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something cannot be written or read back where the release is made.
    #[error("`{}`: {why}", path.display())]
    Output {
        /// The file or directory.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// A stated limit was passed.
    #[error("{what}: limit {limit}, got {actual}")]
    Limit {
        /// What is limited.
        what: String,
        /// The limit.
        limit: String,
        /// What there was.
        actual: String,
    },
    /// A release does not hold what it should.
    #[error("`{}`: {why}", path.display())]
    Release {
        /// The file of the release.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A question that what is at hand cannot answer, though nothing is wrong with it.
    #[error("{why}")]
    Unanswerable {
        /// Why not.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Another run has the directory.
    #[error("`{}`: another run is writing this release{}", path.display(), process.map(|id| format!(", process {id}")).unwrap_or_default())]
    Busy {
        /// The release.
        path: PathBuf,
        /// The process, if it is known.
        process: Option<u32>,
    },
    /// The run was asked to stop. What its tasks have come to is kept.
    #[error("interrupted; the same command continues where this stopped")]
    Interrupted,
    /// An invariant of this program does not hold.
    #[error("bug: {0}")]
    Bug(String),
}

impl Error {
    /// The input at `path` is at fault.
    pub(crate) fn input(path: &Path, why: impl ToString) -> Self {
        Self::Input { path: path.to_path_buf(), why: why.to_string() }
    }

    /// The output at `path` is at fault.
    pub(crate) fn output(path: &Path, why: impl ToString) -> Self {
        Self::Output { path: path.to_path_buf(), why: why.to_string() }
    }

    /// The release at `path` is at fault.
    pub(crate) fn release(path: &Path, why: impl ToString) -> Self {
        Self::Release { path: path.to_path_buf(), why: why.to_string() }
    }

    /// What the reader may do about it, if there is something to say.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Config { hint, .. } | Error::Unanswerable { hint, .. } => hint.as_deref(),
            Error::Busy { .. } => Some("wait until it is done, or choose another directory"),
            _ => None,
        }
    }
}
