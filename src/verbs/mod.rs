//! One file per verb.

pub mod audit;
pub mod audit_label;
pub mod bench;
pub mod canary;
pub mod check_proof;
pub mod countersign;
pub mod demo;
pub mod diff;
pub mod disclose;
pub mod duplicates;
pub mod eval;
pub mod explain;
pub mod filters;
pub mod finish;
pub mod fit_ensemble;
pub mod init;
pub mod keygen;
pub mod pack;
pub mod plan;
pub mod prove;
pub mod redact;
pub mod render;
pub mod report;
pub mod retract;
pub mod run;
pub mod run_task;
pub mod sign;
pub mod suggest_terms;
pub mod threshold;
pub mod timestamp;
pub mod train;
pub mod train_lm;
pub mod verify;
pub mod whatif;

use anyhow::{Context, Result};
use manifests::keys::{KeyError, PublicKey, SigningKey};
use manifests::verify::Checked;
use std::path::{Path, PathBuf};

/// The passphrase of an encrypted private key, never an argument: other users can list those.
const PASSPHRASE: &str = "PROBITY_PASSPHRASE";
/// The name of a file that holds it.
const PASSPHRASE_FILE: &str = "PROBITY_PASSPHRASE_FILE";

/// Reads a private key, with the passphrase from the environment where there is one.
fn signing_key(path: &Path) -> Result<SigningKey> {
    let loaded = match passphrase()? {
        Some(passphrase) => SigningKey::load_with(path, &passphrase),
        None => SigningKey::load(path),
    };
    loaded.map_err(|error| match error {
        KeyError::Encrypted => {
            key_error(path, &error).context(format!("set {PASSPHRASE} or {PASSPHRASE_FILE}"))
        }
        _ => key_error(path, &error),
    })
}

/// The passphrase, without the line feed that ends a file.
fn passphrase() -> Result<Option<Vec<u8>>> {
    use std::os::unix::ffi::OsStringExt;
    if let Some(given) = std::env::var_os(PASSPHRASE) {
        return Ok(Some(given.into_vec()));
    }
    let Some(path) = std::env::var_os(PASSPHRASE_FILE).map(PathBuf::from) else { return Ok(None) };
    let mut bytes = std::fs::read(&path).with_context(|| format!("`{}`", path.display()))?;
    while bytes.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(Some(bytes))
}

/// Opens the manifest of a release, or a manifest alone, under a trusted key.
fn manifest(path: &Path, key: &Path) -> Result<Checked> {
    manifest_under(path, &verify::load_public_key(key)?)
}

fn manifest_under(path: &Path, key: &PublicKey) -> Result<Checked> {
    let file = if path.is_dir() { path.join("manifest.sigstore.json") } else { path.to_path_buf() };
    let bytes = manifests::paths::read_plain(&file, manifests::bundle::BUNDLE_BYTES_MAX as u64);
    let bytes = bytes.with_context(|| format!("`{}`", file.display()))?;
    Checked::open(&bytes, key).with_context(|| format!("`{}`", file.display()))
}

/// The day it is, `YYYY-MM-DD` in UTC: for warnings, never for anything that is written.
fn today() -> String {
    chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).format("%Y-%m-%d").to_string()
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    let mut file =
        options.write(true).create_new(true).open(path).with_context(|| format!("`{}`", path.display()))?;
    file.write_all(bytes).with_context(|| format!("`{}`", path.display()))?;
    Ok(())
}

/// A key file that cannot be used, told once: some of these errors name the file themselves.
fn key_error(path: &Path, error: &KeyError) -> anyhow::Error {
    match error {
        KeyError::Io { source, .. } => anyhow::anyhow!("`{}`: {source}", path.display()),
        other => anyhow::anyhow!("`{}`: {other}", path.display()),
    }
}
