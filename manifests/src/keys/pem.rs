//! Finding the one PEM block (RFC 7468) of a key file.

use std::io::Read;
use std::path::Path;

use super::KeyError;

/// Key files are a few hundred bytes; whatever is larger is something else.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Reads a key file as text.
pub(super) fn read(path: &Path, expected: &'static str) -> Result<String, KeyError> {
    let mut bytes = Vec::new();
    let file = disk::File::open(path).map_err(KeyError::io(path))?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(KeyError::io(path))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(KeyError::Label { expected, found: "a large file".to_owned() });
    }
    String::from_utf8(bytes).map_err(|_| KeyError::Label { expected, found: "a binary file".to_owned() })
}

/// The label and the text of the only block, its `BEGIN` and `END` lines included.
///
/// `openssl ecparam -genkey` writes an `EC PARAMETERS` block before the key; it says nothing the key does not say.
pub(super) fn only_block<'t>(text: &'t str, expected: &'static str) -> Result<(&'t str, &'t str), KeyError> {
    let mut blocks = blocks(text).filter(|(label, _)| *label != "EC PARAMETERS");
    let wrong = |found: &str| KeyError::Label { expected, found: found.to_owned() };
    let block = blocks.next().ok_or_else(|| wrong("no PEM block"))?;
    match blocks.next() {
        None => Ok(block),
        Some(_) => Err(wrong("several PEM blocks")),
    }
}

fn blocks(mut text: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let start = text.find("-----BEGIN ")?;
        let rest = &text[start..];
        let label = rest["-----BEGIN ".len()..].split_once("-----")?.0;
        let last = format!("-----END {label}-----");
        let end = rest.find(&last)? + last.len();
        text = &rest[end..];
        Some((label, &rest[..end]))
    })
}
