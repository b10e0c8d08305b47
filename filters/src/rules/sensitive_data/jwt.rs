//! JSON Web Tokens: three parts in base64url, of which the first is a header that names an algorithm (RFC 7519,
//! RFC 7515, section 7.1); encrypted ones (RFC 7516) have five.

use super::context::is_word;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::ops::Range;

/// The longest header that is decoded, in characters.
const HEADER_MAX: usize = 4096;

/// What every header begins with: `{"` in base64url.
pub(super) const PREFIX: &str = "eyJ";

/// The token that begins at `start`.
pub(super) fn jwt_at(text: &str, start: usize) -> Option<Range<usize>> {
    // a part of something longer is no token, and is not read for every part of it
    if text.as_bytes()[..start].last().is_some_and(|byte| is_part(*byte)) {
        return None;
    }
    let rest = &text[start..];
    let length = rest.bytes().take_while(|byte| is_part(*byte)).count();
    let token = rest[..length].trim_end_matches(['.', '-']);
    let parts: Vec<&str> = token.splitn(6, '.').collect();
    let (&header, &payload) = (parts.first()?, parts.get(1)?);
    if header.len() > HEADER_MAX || payload.len() < 2 {
        return None;
    }
    let header = decoded(header)?;
    let names_algorithm = serde_json::from_slice::<serde_json::Value>(&header).is_ok_and(|header| header.get("alg").is_some())
        // a header that was cut or changed still carries its payload
        || (header.windows(5).any(|part| part == b"\"alg\"") && payload.starts_with(PREFIX));
    names_algorithm.then_some(start..start + token.len())
}

fn is_part(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'-' | b'.')
}

/// Headers may be cut anywhere, also within the bits of a byte.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The bytes that base64url stands for; `None` where it is none.
fn decoded(text: &str) -> Option<Vec<u8>> {
    // a single character behind whole groups holds no whole byte
    let whole = text.len() - usize::from(text.len() % 4 == 1);
    BASE64URL.decode(text.get(..whole)?).ok()
}
