//! Private keys between PEM boundaries (RFC 7468; RFC 4716 and OpenPGP's armour, RFC 9580, look alike), also where a
//! program writes the line breaks as `\n`, and where the closing boundary is missing.

use std::ops::Range;

/// What a key begins with.
pub(super) const PREFIX: &str = "-----BEGIN ";
/// The longest label.
const LABEL_MAX: usize = 64;
/// The longest key, boundaries and all: an RSA key of 16384 bits has 13 KB.
const KEY_MAX: usize = 32 << 10;
/// Fewest characters of base64 in a key: an Ed25519 key has 64. What has fewer is a mention.
const BODY_MIN: usize = 40;

/// The key that begins at `start`.
pub(super) fn private_key_at(text: &str, start: usize) -> Option<Range<usize>> {
    let from = start + PREFIX.len();
    let label = text.get(from..)?.split("-----").next()?;
    if label.len() > LABEL_MAX || !(label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK")) {
        return None;
    }
    let body = from + label.len() + "-----".len();
    let rest = text.get(body..)?;
    let rest = &rest[..rest.floor_char_boundary(KEY_MAX)];
    let last = format!("-----END {label}-----");
    // no boundary stands inside a key, so that none is looked for far away
    let closing = rest.find("-----").filter(|length| rest[*length..].starts_with(&last));
    let (key, end) = match closing {
        Some(length) => (&rest[..length], body + length + last.len()),
        None => {
            let length =
                rest.bytes().take_while(|byte| is_base64(*byte) || b"\r\n\\ \t\"',".contains(byte)).count();
            (&rest[..length], body + length)
        }
    };
    (key.bytes().filter(|byte| is_base64(*byte)).count() >= BODY_MIN).then_some(start..end)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
