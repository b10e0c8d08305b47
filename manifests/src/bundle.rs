//! Sigstore bundle v0.3: one payload with one signature in one file, checkable by tools that have nothing to do
//! with us (<https://github.com/sigstore/protobuf-specs>, `sigstore_bundle.proto`).
//!
//! The bundle holds no key and no transparency-log entry. A verifier brings the key it trusts; the names a bundle
//! gives to its key may be missing but must not be wrong, and decide nothing. Bundles are canonical JSON, so that
//! a file has one reading and a strict reader loses nothing that a lenient one would see.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::canonical::{CanonicalError, parse_canonical, to_canonical};
use crate::dsse::{Envelope, IN_TOTO_TYPE, Signature, pae};
use crate::keys::{PublicKey, SigningKey};
use crate::predicate::Statement;

/// The media type of the bundles that are written and read.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// The largest bundle that is read. A statement over 100,000 files is about a fifth of it.
pub const BUNDLE_BYTES_MAX: usize = 64 << 20;

/// A bundle cannot be made, or does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Too large, not canonical, or not of the form of a bundle.
    #[error("the bundle is not in its canonical form: {0}")]
    Canonical(#[from] CanonicalError),
    /// Not a bundle of the version that is read.
    #[error("media type {0:?} is not {MEDIA_TYPE:?}")]
    MediaType(String),
    /// There must be exactly one signature.
    #[error("the bundle has {0} signatures, not one")]
    SignatureCount(usize),
    /// Log entries are refused, because they would not be checked.
    #[error("the bundle has transparency-log entries, which are not checked")]
    LogEntries,
    /// The payload is not an in-toto statement.
    #[error("payload type {0:?} is not {IN_TOTO_TYPE:?}")]
    PayloadType(String),
    /// The bundle names another key than the trusted one.
    #[error("the bundle's {field} names key {found:?}, the trusted key is {expected:?}")]
    KeyName {
        /// `keyid` or `hint`.
        field: &'static str,
        /// The name in the bundle.
        found: String,
        /// The name of the trusted key.
        expected: String,
    },
    /// A field is not padded standard base64 in its only spelling.
    #[error("{0} is not padded standard base64")]
    Base64(&'static str),
    /// The signature was not made by the trusted key over this payload.
    #[error("the signature does not match the payload and the trusted key")]
    Signature,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bundle {
    dsse_envelope: Envelope,
    media_type: String,
    verification_material: Material,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Material {
    public_key: KeyName,
    /// Where RFC 3161 timestamps go. They prove an upper bound of the signing time to those who check them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp_verification_data: Option<Timestamps>,
    tlog_entries: Vec<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyName {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Timestamps {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rfc3161_timestamps: Option<Vec<Timestamp>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Timestamp {
    signed_timestamp: String,
}

/// Signs an in-toto statement; gives the bytes of the bundle file.
pub fn make_bundle(payload: &[u8], key: &SigningKey) -> Result<Vec<u8>, BundleError> {
    let public = key.public();
    let signature = Signature {
        keyid: Some(public.key_id()),
        sig: STANDARD.encode(key.sign(&pae(IN_TOTO_TYPE, payload))),
    };
    let bundle = Bundle {
        dsse_envelope: Envelope {
            payload: STANDARD.encode(payload),
            payload_type: IN_TOTO_TYPE.to_owned(),
            signatures: vec![signature],
        },
        media_type: MEDIA_TYPE.to_owned(),
        verification_material: Material {
            public_key: KeyName { hint: Some(public.hint()) },
            timestamp_verification_data: None,
            tlog_entries: Vec::new(),
        },
    };
    Ok(to_canonical(&bundle)?)
}

/// Verifies a bundle with a key the caller trusts; gives the very bytes that were signed.
///
/// The payload is returned and not a second reading of the file, so nobody can parse what was not verified.
pub fn open_bundle(bytes: &[u8], key: &PublicKey) -> Result<Vec<u8>, BundleError> {
    // 1. One reading of the bytes.
    let bundle: Bundle = parse_canonical(bytes, BUNDLE_BYTES_MAX)?;
    // 2. A bundle of the known version that asks for nothing we do not check.
    if bundle.media_type != MEDIA_TYPE {
        return Err(BundleError::MediaType(bundle.media_type));
    }
    if !bundle.verification_material.tlog_entries.is_empty() {
        return Err(BundleError::LogEntries);
    }
    // 3. Exactly one signature: tools differ in which of several they check.
    let envelope = bundle.dsse_envelope;
    let [signature] = envelope.signatures.as_slice() else {
        return Err(BundleError::SignatureCount(envelope.signatures.len()));
    };
    // 4. An in-toto statement.
    if envelope.payload_type != IN_TOTO_TYPE {
        return Err(BundleError::PayloadType(envelope.payload_type));
    }
    // 5. The names of the key, where given, are those of the trusted key.
    check_name("keyid", signature.keyid.as_deref(), key.key_id())?;
    check_name("hint", bundle.verification_material.public_key.hint.as_deref(), key.hint())?;
    // 6. The signature.
    let payload = decode("payload", &envelope.payload)?;
    let sig = decode("sig", &signature.sig)?;
    key.verify(&pae(IN_TOTO_TYPE, &payload), &sig).map_err(|_| BundleError::Signature)?;
    Ok(payload)
}

/// The payload of a bundle without asking who signed it: for those who made it, never for those who check it.
pub(crate) fn unverified_payload(bytes: &[u8]) -> Result<Vec<u8>, BundleError> {
    let bundle: Bundle = parse_canonical(bytes, BUNDLE_BYTES_MAX)?;
    decode("payload", &bundle.dsse_envelope.payload)
}

/// The statement in a bundle, under the same condition.
pub(crate) fn unverified_statement(bytes: &[u8]) -> Result<Statement, BundleError> {
    Ok(parse_canonical(&unverified_payload(bytes)?, BUNDLE_BYTES_MAX)?)
}

/// The bytes of the one signature in a bundle: what a timestamp is about.
pub(crate) fn signature_of(bytes: &[u8]) -> Result<Vec<u8>, BundleError> {
    let bundle: Bundle = parse_canonical(bytes, BUNDLE_BYTES_MAX)?;
    let [signature] = bundle.dsse_envelope.signatures.as_slice() else {
        return Err(BundleError::SignatureCount(bundle.dsse_envelope.signatures.len()));
    };
    decode("sig", &signature.sig)
}

/// The timestamps in a bundle, in base64.
pub(crate) fn timestamps_of(bytes: &[u8]) -> Result<Vec<String>, BundleError> {
    let bundle: Bundle = parse_canonical(bytes, BUNDLE_BYTES_MAX)?;
    let data = bundle.verification_material.timestamp_verification_data;
    let tokens = data.and_then(|data| data.rfc3161_timestamps).unwrap_or_default();
    Ok(tokens.into_iter().map(|token| token.signed_timestamp).collect())
}

/// The bundle with one more timestamp.
pub(crate) fn with_timestamp(bytes: &[u8], token: String) -> Result<Vec<u8>, BundleError> {
    let mut bundle: Bundle = parse_canonical(bytes, BUNDLE_BYTES_MAX)?;
    let data = bundle.verification_material.timestamp_verification_data;
    let mut tokens = data.and_then(|data| data.rfc3161_timestamps).unwrap_or_default();
    tokens.push(Timestamp { signed_timestamp: token });
    let data = Timestamps { rfc3161_timestamps: Some(tokens) };
    bundle.verification_material.timestamp_verification_data = Some(data);
    Ok(to_canonical(&bundle)?)
}

fn check_name(field: &'static str, found: Option<&str>, expected: String) -> Result<(), BundleError> {
    match found {
        None | Some("") => Ok(()),
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(BundleError::KeyName { field, found: found.to_owned(), expected }),
    }
}

/// The decoder refuses missing padding and stray trailing bits, so each byte string has one spelling.
fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, BundleError> {
    STANDARD.decode(text).map_err(|_| BundleError::Base64(field))
}

#[cfg(test)]
mod tests;
