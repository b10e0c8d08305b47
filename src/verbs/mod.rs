//! One file per verb.

pub mod bench;
pub mod demo;
pub mod explain;
pub mod filters;
pub mod init;
pub mod keygen;
pub mod plan;
pub mod run;
pub mod sign;
pub mod verify;
pub mod whatif;

use manifests::keys::KeyError;
use std::path::Path;

/// A key file that cannot be used, told once: some of these errors name the file themselves.
fn key_error(path: &Path, error: &KeyError) -> anyhow::Error {
    match error {
        KeyError::Io { source, .. } => anyhow::anyhow!("`{}`: {source}", path.display()),
        other => anyhow::anyhow!("`{}`: {other}", path.display()),
    }
}
