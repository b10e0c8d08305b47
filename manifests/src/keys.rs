//! Signing and verifying keys: ECDSA P-256 with SHA-256, or Ed25519.
//!
//! P-256 is the default because every tool of the field verifies it. Its signatures are deterministic (RFC 6979) and
//! DER-encoded; Ed25519 signatures are 64 raw bytes (RFC 8032) and checked strictly. Private keys are PKCS#8 PEM
//! (RFC 5958), public keys SPKI PEM (RFC 5480, RFC 8410). The algorithm always comes from the key a verifier
//! trusts, never from what is being verified.

mod pem;
mod private;
mod public;

use std::io;
use std::path::{Path, PathBuf};

pub use private::SigningKey;
pub use public::PublicKey;

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA over NIST P-256 with SHA-256 (FIPS 186-5).
    P256,
    /// Ed25519 (RFC 8032).
    Ed25519,
}

/// A key cannot be read, written or used, or a signature does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A key file would be overwritten.
    #[error("{0} exists and is not overwritten")]
    Exists(PathBuf),
    /// The text is not a PEM document of the wanted kind.
    #[error("expected a PEM {expected}, found {found}")]
    Label {
        /// What was wanted.
        expected: &'static str,
        /// What was there.
        found: String,
    },
    /// The private key is encrypted.
    #[error("the private key is encrypted and there is no passphrase")]
    Encrypted,
    /// The passphrase does not open the private key.
    #[error("the passphrase does not open the private key")]
    Passphrase,
    /// Damaged, or neither P-256 nor Ed25519.
    #[error("not a P-256 or Ed25519 key: {0}")]
    Unsupported(String),
    /// An Ed25519 key of small order, for which signatures mean nothing.
    #[error("a weak Ed25519 key")]
    Weak,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// The signature was not made by this key over this message.
    #[error("the signature does not match")]
    Signature,
}

impl KeyError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}

#[cfg(test)]
mod tests;
