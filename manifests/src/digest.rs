//! SHA-256 digests: the only digest that is ever signed (FIPS 180-4).
//!
//! In text a digest is exactly 64 lowercase hexadecimal digits, the form in-toto and `sha256sum` use. Upper case is
//! refused, so that a digest has one spelling and two documents can be compared as bytes.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use sha2::{Digest, Sha256 as Hasher};

/// The size of the reads when a file is hashed: large enough that system calls do not show.
const CHUNK_BYTES: usize = 256 * 1024;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_parts(&[bytes])
    }

    /// The digest of the concatenation of some byte strings, without building it.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = Hasher::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    fn hex(&self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        text
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.hex()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is not a SHA-256 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 digest is 64 lowercase hexadecimal digits")]
pub struct DigestError;

impl FromStr for Sha256 {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| DigestError)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

fn nibble(digit: u8) -> Result<u8, DigestError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(DigestError),
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hex;
        impl Visitor<'_> for Hex {
            type Value = Sha256;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 lowercase hexadecimal digits")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Sha256, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Hex)
    }
}

/// Hashes a file as it is read; gives the digest and the number of bytes read.
pub fn sha256_file(path: &Path) -> io::Result<(Sha256, u64)> {
    sha256_reader(disk::File::open(path)?)
}

/// Hashes everything a reader yields; gives the digest and the number of bytes read.
///
/// Size and digest come from the same bytes, so a file that grows meanwhile cannot make them disagree.
pub fn sha256_reader(reader: impl Read) -> io::Result<(Sha256, u64)> {
    Hashing::new(reader).finish()
}

/// Hashes what is read through it.
pub struct Hashing<R> {
    reader: R,
    hasher: Hasher,
    bytes: u64,
}

impl<R: Read> Hashing<R> {
    /// Hashes from here on.
    pub fn new(reader: R) -> Self {
        Self { reader, hasher: Hasher::new(), bytes: 0 }
    }

    /// Reads what is left; gives the digest of everything and the number of bytes.
    pub fn finish(mut self) -> io::Result<(Sha256, u64)> {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            match self.read(&mut chunk) {
                Ok(0) => return Ok((Sha256(self.hasher.finalize().into()), self.bytes)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.hasher.update(&into[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn text_form_is_lowercase_hex_and_nothing_else() {
        let digest = Sha256::of(b"abc");
        assert_eq!(digest.to_string(), ABC, "FIPS 180-4 example");
        assert_eq!(format!("{digest:?}"), ABC);
        assert_eq!(ABC.parse(), Ok(digest));
        assert_eq!(Sha256::of_parts(&[b"a", b"", b"bc"]), digest);
        let longer = format!("{ABC}0");
        for bad in
            ["", &ABC[1..], &longer, &ABC.to_uppercase(), &ABC.replace('b', "g"), &ABC.replace("ba", " b")]
        {
            assert_eq!(bad.parse::<Sha256>(), Err(DigestError), "{bad}");
        }
    }

    #[test]
    fn json_form_is_the_text_form() {
        let json = serde_json::to_string(&Sha256::of(b"abc")).unwrap();
        assert_eq!(json, format!("\"{ABC}\""));
        assert_eq!(serde_json::from_str::<Sha256>(&json).unwrap(), Sha256::of(b"abc"));
        assert!(serde_json::from_str::<Sha256>(&json.to_uppercase()).is_err());
    }

    #[test]
    fn a_file_is_hashed_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..CHUNK_BYTES * 2 + 17).map(|i| (i * 31 % 251) as u8).collect();
        std::fs::write(&path, &content).unwrap();
        assert_eq!(sha256_file(&path).unwrap(), (Sha256::of(&content), content.len() as u64));
        assert!(sha256_file(&folder.path().join("absent")).is_err());
    }
}
