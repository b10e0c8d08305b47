//! Commitments: a ledger row binds its record's content without telling it.
//!
//! ```text
//! salt   = HMAC-SHA256(K, "curation/salt/v1\0" || stem || 0x00 || row as 8 big-endian bytes)[..16]
//! commit = SHA-256("curation/commit/v1\0" || salt || SHA-256(content) || SHA-256(normalised content))
//! key    = base64url(SHA-256("curation/key/v1\0" || K))
//! ```
//!
//! Who holds K can open every row; who is given one salt can open that row and no other. Without its salt a
//! commitment cannot be found by hashing candidate texts.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};

use crate::digest::Sha256;

const SALT_DOMAIN: &[u8] = b"curation/salt/v1\0";
const COMMIT_DOMAIN: &[u8] = b"curation/commit/v1\0";
const KEY_DOMAIN: &[u8] = b"curation/key/v1\0";
const DISCLOSURE_DOMAIN: &[u8] = b"curation/disclosure/v1\0";
const DECOY_DOMAIN: &[u8] = b"curation/decoy/v1\0";

type SaltMac = Hmac<sha2::Sha256>;

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub struct RandomError(pub(crate) getrandom::Error);

/// The secret all salts of a release derive from.
#[derive(Clone)]
pub struct SaltKey([u8; 32]);

impl SaltKey {
    /// Draws a new key from the operating system.
    pub fn generate() -> Result<Self, RandomError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(RandomError)?;
        Ok(Self(bytes))
    }

    /// The key with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret itself, to be written where only the operator and auditors can read it.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What the manifest says about the key, in unpadded base64url.
    pub fn commitment(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::of_parts(&[KEY_DOMAIN, &self.0]).0)
    }

    /// The salt of one row.
    pub fn salt(&self, stem: &str, row: u64) -> [u8; 16] {
        first_half(self.mac(&[SALT_DOMAIN, stem.as_bytes(), &[0], &row.to_be_bytes()]))
    }

    /// The salt of a committed field.
    pub(crate) fn disclosure_salt(&self, name: &str) -> [u8; 16] {
        first_half(self.mac(&[DISCLOSURE_DOMAIN, name.as_bytes()]))
    }

    /// A digest that commits to nothing.
    pub(crate) fn decoy(&self, number: u64) -> [u8; 32] {
        self.mac(&[DECOY_DOMAIN, &number.to_be_bytes()])
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC pads a short key with zeros to the block of the hash (RFC 2104, section 2).
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.0);
        let mut mac = SaltMac::new(&block.into());
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

fn first_half(whole: [u8; 32]) -> [u8; 16] {
    let mut salt = [0; 16];
    salt.copy_from_slice(&whole[..16]);
    salt
}

impl fmt::Debug for SaltKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaltKey(secret)")
    }
}

/// Commits to a record by the digests of its content and of its normalised content.
pub fn commit(salt: &[u8; 16], content: &Sha256, norm: &Sha256) -> [u8; 32] {
    Sha256::of_parts(&[COMMIT_DOMAIN, salt, &content.0, &norm.0]).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's `hmac` and `hashlib`.
    #[test]
    fn commitments_are_those_of_another_implementation() {
        let key = SaltKey::from_bytes(std::array::from_fn(|i| i as u8));
        assert_eq!(key.commitment(), "wMExU04_vR5Kj9Nz3--xReXO-wnubHb8nfNOBwHxT1I");
        let salt = key.salt("crawl/a", 258);
        assert_eq!(format!("{:032x}", u128::from_be_bytes(salt)), "8d5f66f243ade529b41287b5c60d1e11");
        let commit = commit(&salt, &Sha256::of(b"Content"), &Sha256::of(b"content"));
        assert_eq!(
            Sha256(commit).to_string(),
            "2647b7ae91113448627be71014047033f951f1e2a9a8e828be5dca9b7f92cf42"
        );
    }

    #[test]
    fn a_commitment_opens_to_one_content_at_one_place() {
        let key = SaltKey::generate().unwrap();
        let digest = |text: &str| Sha256::of(text.as_bytes());
        let of = |stem, row, content, norm| commit(&key.salt(stem, row), &digest(content), &digest(norm));
        let here = of("a", 1, "x", "y");
        assert_eq!(here, of("a", 1, "x", "y"));
        for other in [
            of("b", 1, "x", "y"),
            of("a", 2, "x", "y"),
            of("a", 1, "z", "y"),
            of("a", 1, "x", "z"),
            of("a", 1, "y", "x"),
        ] {
            assert_ne!(here, other);
        }
        assert_ne!(key.commitment(), SaltKey::generate().unwrap().commitment());
        assert_eq!(format!("{key:?}"), "SaltKey(secret)");
        assert_eq!(SaltKey::from_bytes(*key.as_bytes()).commitment(), key.commitment());
    }
}
