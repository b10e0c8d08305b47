//! Private keys: making, reading, writing and signing.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey as Ed25519Key;
use ed25519_dalek::pkcs8::KeypairBytes;
use p256::SecretKey as P256Key;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey as P256Signer};
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding, SecretDocument};
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};

use super::public::unsupported;
use super::{Algorithm, KeyError, PublicKey, pem};

const EXPECTED: &str = "private key";

/// Rounds of PBKDF2 with HMAC-SHA-256: OWASP, Password Storage Cheat Sheet, 2023.
const PBKDF2_ROUNDS: u32 = 600_000;

/// A private key. It is wiped when dropped and never shown by `Debug`.
#[derive(Clone)]
pub struct SigningKey {
    inner: Inner,
    public: PublicKey,
}

#[derive(Clone)]
enum Inner {
    P256(P256Signer),
    Ed25519(Ed25519Key),
}

impl SigningKey {
    /// Makes a new key from the operating system's random numbers.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let mut secret = [0; 32];
        loop {
            getrandom::fill(&mut secret).map_err(KeyError::Random)?;
            match algorithm {
                Algorithm::Ed25519 => return Self::from_ed25519(Ed25519Key::from_bytes(&secret)),
                // One draw in 2^32 is not below the order of the curve: draw again.
                Algorithm::P256 => {
                    if let Ok(key) = P256Signer::from_slice(&secret) {
                        return Self::from_p256(key);
                    }
                }
            }
        }
    }

    /// Reads a PEM file: PKCS#8, or SEC1 as `openssl ecparam -genkey` writes it. An encrypted one is refused.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::from_pem(&pem::read(path, EXPECTED)?, None)
    }

    /// Reads a PEM file that may be encrypted: PKCS#8 with PBES2 (RFC 8018), as `openssl pkcs8 -topk8` writes it.
    pub fn load_with(path: &Path, passphrase: &[u8]) -> Result<Self, KeyError> {
        Self::from_pem(&pem::read(path, EXPECTED)?, Some(passphrase))
    }

    fn from_pem(text: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        let (label, block) = pem::only_block(text, EXPECTED)?;
        match label {
            "ENCRYPTED PRIVATE KEY" if passphrase.is_some() => {
                Self::decrypt(block, passphrase.unwrap_or_default())
            }
            "PRIVATE KEY" => Self::from_pkcs8(block),
            "EC PRIVATE KEY" if block.contains("ENCRYPTED") => Err(KeyError::Encrypted),
            "EC PRIVATE KEY" => {
                let key = P256Key::from_sec1_pem(block).map_err(|error| unsupported(&error))?;
                Self::from_p256(key.into())
            }
            "ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
            other => Err(KeyError::Label { expected: EXPECTED, found: other.to_lowercase() }),
        }
    }

    fn decrypt(block: &str, passphrase: &[u8]) -> Result<Self, KeyError> {
        let (_, document) = SecretDocument::from_pem(block).map_err(|error| unsupported(&error))?;
        let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|e| unsupported(&e))?;
        // What does not decrypt and what decrypts to no key look alike: both mean another passphrase.
        let opened = info.decrypt(passphrase).map_err(|_| KeyError::Passphrase)?;
        let pem = opened.to_pem("PRIVATE KEY", LineEnding::LF).map_err(|_| KeyError::Passphrase)?;
        Self::from_pkcs8(&pem).map_err(|_| KeyError::Passphrase)
    }

    fn from_pkcs8(block: &str) -> Result<Self, KeyError> {
        match Ed25519Key::from_pkcs8_pem(block) {
            Ok(key) => Self::from_ed25519(key),
            Err(_) => {
                let key = P256Key::from_pkcs8_pem(block).map_err(|error| unsupported(&error))?;
                Self::from_p256(key.into())
            }
        }
    }

    fn from_p256(key: P256Signer) -> Result<Self, KeyError> {
        let public = PublicKey::from_p256(*key.verifying_key())?;
        Ok(Self { inner: Inner::P256(key), public })
    }

    fn from_ed25519(key: Ed25519Key) -> Result<Self, KeyError> {
        let public = PublicKey::from_ed25519(key.verifying_key())?;
        Ok(Self { inner: Inner::Ed25519(key), public })
    }

    /// Writes `producer.pem`, readable by its owner only, and `producer.pub.pem` beside it; gives the latter's path.
    ///
    /// Nothing is overwritten: if either file exists, neither is touched.
    pub fn save(&self, path: &Path) -> Result<PathBuf, KeyError> {
        self.write(path, &self.to_pkcs8_pem()?)
    }

    /// The same with the private key encrypted: PBES2 with PBKDF2 over HMAC-SHA-256 and AES-256-CBC, which OpenSSL 3
    /// reads.
    pub fn save_encrypted(&self, path: &Path, passphrase: &[u8]) -> Result<PathBuf, KeyError> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        getrandom::fill(&mut salt).map_err(KeyError::Random)?;
        getrandom::fill(&mut iv).map_err(KeyError::Random)?;
        let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(PBKDF2_ROUNDS, &salt, iv)
            .map_err(|error| unsupported(&error))?;
        let pem = self.to_pkcs8_pem()?;
        let (_, plain) = SecretDocument::from_pem(&pem).map_err(|error| unsupported(&error))?;
        let info = PrivateKeyInfoRef::try_from(plain.as_bytes()).map_err(|error| unsupported(&error))?;
        let encrypted =
            info.encrypt_with_params(parameters, passphrase).map_err(|error| unsupported(&error))?;
        let pem = encrypted.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF);
        self.write(path, &pem.map_err(|error| unsupported(&error))?)
    }

    fn write(&self, path: &Path, private: &str) -> Result<PathBuf, KeyError> {
        let public_path = public_path(path);
        for existing in [path, &public_path] {
            // A dangling link counts as existing: what is written through it would land somewhere else.
            if existing.symlink_metadata().is_ok() {
                return Err(KeyError::Exists(existing.to_owned()));
            }
        }
        write_new(path, true, private.as_bytes())?;
        if let Err(error) = write_new(&public_path, false, self.public.to_pem().as_bytes()) {
            // A private key without its public half is not left behind; the first error is the one worth telling.
            let _ = disk::remove_file(path);
            return Err(error);
        }
        Ok(public_path)
    }

    fn to_pkcs8_pem(&self) -> Result<impl std::ops::Deref<Target = String>, KeyError> {
        let text = match &self.inner {
            Inner::P256(key) => key.to_pkcs8_pem(LineEnding::LF),
            // Without the public half this is version 1 of PKCS#8. OpenSSL 3.0 cannot read version 2, which
            // `ed25519-dalek` writes by default.
            Inner::Ed25519(key) => {
                KeypairBytes { secret_key: key.to_bytes(), public_key: None }.to_pkcs8_pem(LineEnding::LF)
            }
        };
        text.map_err(|error| unsupported(&error))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// Signs a message: DER for P-256, 64 raw bytes for Ed25519. Equal messages give equal signatures.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.inner {
            Inner::P256(key) => Signer::<DerSignature>::sign(key, message).as_bytes().to_vec(),
            Inner::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(secret of {:?})", self.public)
    }
}

/// `producer.pem` → `producer.pub.pem`; a name without that extension only gains one.
fn public_path(path: &Path) -> PathBuf {
    let mut name = match path.extension() {
        Some(extension) if extension == "pem" => path.file_stem(),
        _ => path.file_name(),
    }
    .map(OsString::from)
    .unwrap_or_default();
    name.push(".pub.pem");
    path.with_file_name(name)
}

fn write_new(path: &Path, private: bool, bytes: &[u8]) -> Result<(), KeyError> {
    let mut file = disk::File::create_new(path, private).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_owned()),
        _ => KeyError::io(path)(error),
    })?;
    let written = file.write_all(bytes).and_then(|()| file.sync());
    written.map_err(|error| {
        let _ = disk::remove_file(path);
        KeyError::io(path)(error)
    })
}
