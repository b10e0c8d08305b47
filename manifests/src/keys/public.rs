//! Public keys: reading, naming and verifying.

use std::fmt;
use std::path::Path;

use ed25519_dalek::VerifyingKey as Ed25519Key;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey as P256Key};
use p256::pkcs8::{DecodePublicKey, Document, EncodePublicKey, LineEnding, spki};

use super::{Algorithm, KeyError, pem};
use crate::digest::Sha256;

const EXPECTED: &str = "public key";

/// A public key with its two written forms.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    inner: Inner,
    key_id: Sha256,
    pem: String,
}

#[derive(Clone, PartialEq, Eq)]
enum Inner {
    P256(P256Key),
    Ed25519(Ed25519Key),
}

impl PublicKey {
    /// Reads a PEM file.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::from_pem(&pem::read(path, EXPECTED)?)
    }

    /// Reads SPKI in PEM: what `openssl pkey -pubout` writes.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let (label, block) = pem::only_block(text, EXPECTED)?;
        if label != "PUBLIC KEY" {
            return Err(KeyError::Label { expected: EXPECTED, found: label.to_lowercase() });
        }
        let (_, spki) = Document::from_pem(block).map_err(|error| unsupported(&error))?;
        Self::from_spki(spki.as_bytes())
    }

    /// Reads SPKI in DER.
    pub(crate) fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        match Ed25519Key::from_public_key_der(spki) {
            Ok(key) => Self::from_ed25519(key),
            Err(_) => {
                let key = P256Key::from_public_key_der(spki).map_err(|error| unsupported(&error))?;
                Self::from_p256(key)
            }
        }
    }

    pub(super) fn from_p256(key: P256Key) -> Result<Self, KeyError> {
        let document = key.to_public_key_der();
        Self::new(Inner::P256(key), document)
    }

    pub(super) fn from_ed25519(key: Ed25519Key) -> Result<Self, KeyError> {
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        let document = key.to_public_key_der();
        Self::new(Inner::Ed25519(key), document)
    }

    fn new(inner: Inner, document: spki::Result<Document>) -> Result<Self, KeyError> {
        let document = document.map_err(|error| unsupported(&error))?;
        let pem = document.to_pem("PUBLIC KEY", LineEnding::LF).map_err(|error| unsupported(&error))?;
        Ok(Self { inner, key_id: Sha256::of(document.as_bytes()), pem })
    }

    /// The key as SPKI in PEM.
    pub fn to_pem(&self) -> String {
        self.pem.clone()
    }

    /// The name of the key in envelopes: the hexadecimal SHA-256 of the SPKI DER, as securesystemslib has it.
    pub fn key_id(&self) -> String {
        self.key_id.to_string()
    }

    /// The name of the key in bundles: the hexadecimal SHA-256 of the PEM text, as OpenSSF model signing has it.
    pub fn hint(&self) -> String {
        Sha256::of(self.pem.as_bytes()).to_string()
    }

    /// The algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        match self.inner {
            Inner::P256(_) => Algorithm::P256,
            Inner::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Checks that this key signed this message. Ed25519 is checked strictly: one message, one valid encoding.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let matches = match &self.inner {
            Inner::P256(key) => DerSignature::from_bytes(signature).and_then(|sig| key.verify(message, &sig)),
            Inner::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .and_then(|sig| key.verify_strict(message, &sig)),
        };
        matches.map_err(|_| KeyError::Signature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {})", self.algorithm(), self.key_id)
    }
}

pub(super) fn unsupported(error: &dyn fmt::Display) -> KeyError {
    KeyError::Unsupported(error.to_string())
}
