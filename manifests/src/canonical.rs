//! Canonical JSON: the one spelling of every signed document.
//!
//! This is RFC 8785 (JCS) restricted until it needs no number formatting and no UTF-16 key order: object keys are
//! ASCII and sorted by byte, numbers are integers of at most 2^53 − 1 in size, strings use only the escapes JSON
//! requires, and there is no white space. Fractions are written as decimal strings. Python's
//! `json.dumps(v, sort_keys=True, separators=(',', ':'), ensure_ascii=False)` writes the same bytes.
//!
//! A reader takes a document only if writing it again gives the same bytes. That one comparison refuses duplicate
//! keys, other key orders, `1.0` for `1`, superfluous escapes, white space and trailing data, so that no two
//! verifiers can read one document in two ways.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

/// The largest integer, in size, that every JSON reader keeps exactly: 2^53 − 1 (RFC 8785, appendix D).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// How deeply arrays and objects may be nested.
pub const DEPTH_MAX: usize = 64;

/// A value has no canonical form, or some bytes are not one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// The document is larger than the reader allows.
    #[error("document of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// The size of the document in bytes.
        size: usize,
        /// The most the reader allows.
        limit: usize,
    },
    /// Arrays and objects are nested more than [`DEPTH_MAX`] deep.
    #[error("nested more than {DEPTH_MAX} levels deep")]
    TooDeep,
    /// Not JSON, or not of the expected type.
    #[error("not the expected JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A number with a fraction or an exponent.
    #[error("number {0} is not an integer; fractions are written as decimal strings")]
    NotInteger(String),
    /// An integer beyond 2^53 − 1.
    #[error("integer {0} is beyond 2^53 - 1")]
    IntegerRange(String),
    /// An object key outside ASCII.
    #[error("object key {0:?} is not ASCII")]
    KeyNotAscii(String),
    /// Well-formed JSON whose canonical form differs.
    #[error("not canonical: the canonical form differs from byte {offset} on")]
    NotCanonical {
        /// The first byte that differs.
        offset: usize,
    },
}

/// Writes a value in canonical form.
///
/// NaN and infinities are `null` to `serde_json` and cannot be told apart here: signed types hold no floats.
pub fn to_canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value)?;
    let mut out = Vec::new();
    write_value(&value, DEPTH_MAX, &mut out)?;
    Ok(out)
}

/// Reads a value from its canonical form and from nothing else.
///
/// Fields that `T` ignores would be lost in the comparison, so unknown fields are refused too.
pub fn parse_canonical<T: DeserializeOwned + Serialize>(
    bytes: &[u8],
    limit: usize,
) -> Result<T, CanonicalError> {
    check_limits(bytes, limit)?;
    let value: T = serde_json::from_slice(bytes)?;
    same(bytes, &to_canonical(&value)?)?;
    Ok(value)
}

/// Reads any canonical document.
pub fn check_canonical(bytes: &[u8], limit: usize) -> Result<Value, CanonicalError> {
    parse_canonical(bytes, limit)
}

/// Appends a string in canonical form: RFC 8785, section 3.2.2.2.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut done = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[done..at]);
        write_escape(byte, out);
        done = at + 1;
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        0x08 => out.extend_from_slice(b"\\b"),
        0x09 => out.extend_from_slice(b"\\t"),
        0x0a => out.extend_from_slice(b"\\n"),
        0x0c => out.extend_from_slice(b"\\f"),
        0x0d => out.extend_from_slice(b"\\r"),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
        }
    }
}

/// Appends an unsigned integer in decimal.
pub(crate) fn write_integer(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

fn write_value(value: &Value, depth: usize, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(number, out)?,
        Value::String(text) => write_string(text, out),
        Value::Array(items) => write_array(items, inner(depth)?, out)?,
        Value::Object(fields) => write_object(fields, inner(depth)?, out)?,
    }
    Ok(())
}

fn inner(depth: usize) -> Result<usize, CanonicalError> {
    depth.checked_sub(1).ok_or(CanonicalError::TooDeep)
}

fn write_number(number: &Number, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    let size = match (number.as_u64(), number.as_i64()) {
        (Some(positive), _) => positive,
        (None, Some(negative)) => negative.unsigned_abs(),
        (None, None) => return Err(CanonicalError::NotInteger(number.to_string())),
    };
    if size > INTEGER_MAX {
        return Err(CanonicalError::IntegerRange(number.to_string()));
    }
    if number.as_u64().is_none() {
        out.push(b'-');
    }
    write_integer(size, out);
    Ok(())
}

fn write_array(items: &[Value], depth: usize, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_value(item, depth, out)?;
    }
    out.push(b']');
    Ok(())
}

fn write_object(fields: &Map<String, Value>, depth: usize, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    // The order of a `Map` depends on a feature of `serde_json` that any crate of the build may turn on.
    let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    out.push(b'{');
    for (index, (key, value)) in sorted.into_iter().enumerate() {
        if !key.is_ascii() {
            return Err(CanonicalError::KeyNotAscii(key.clone()));
        }
        if index > 0 {
            out.push(b',');
        }
        write_string(key, out);
        out.push(b':');
        write_value(value, depth, out)?;
    }
    out.push(b'}');
    Ok(())
}

/// Size and depth are checked on the raw bytes: hostile input must cost nothing before it is refused.
fn check_limits(bytes: &[u8], limit: usize) -> Result<(), CanonicalError> {
    if bytes.len() > limit {
        return Err(CanonicalError::TooLarge { size: bytes.len(), limit });
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(CanonicalError::TooDeep);
        }
    }
    Ok(())
}

fn same(bytes: &[u8], canonical: &[u8]) -> Result<(), CanonicalError> {
    if bytes == canonical {
        return Ok(());
    }
    let shared = bytes.iter().zip(canonical).take_while(|(given, wanted)| given == wanted).count();
    Err(CanonicalError::NotCanonical { offset: shared })
}

#[cfg(test)]
mod tests;
