//! RFC 3161 timestamps: that a signature existed before a time, by the word of an authority and not of the signer.
//!
//! The token is made over the bytes of a bundle's signature and stands in that bundle, as in Sigstore. It goes into
//! `attestations/dataset.sig`, whose list covers the manifest and which nothing else covers; a release signed with
//! Ed25519 has no such file, and there it goes into the manifest's own bundle.
//!
//! Checked are the message imprint, the signature over the signed attributes with the certificate at hand, the
//! attributes, the purpose of the certificate and that the time lies within its validity (RFC 3161, section 2.4; RFC 5652,
//! section 5.4). Authorities with P-256 and Ed25519 keys are understood. The certificate is the trust anchor: no chain is
//! built and no revocation is asked for.

mod asn1;
mod attach;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::pkcs8::der::{DateTime, Decode, DecodePem, Encode};
use x509_cert::Certificate;
use x509_cert::ext::pkix::ExtendedKeyUsage;

pub use asn1::token_of;
pub use attach::{AttachError, attach, stamped_signature};

use crate::digest::Sha256;
use crate::keys::PublicKey;

/// id-kp-timeStamping (RFC 5280, section 4.2.1.12).
const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// A certificate or token does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// Not a certificate, or not one that can be used.
    #[error("not a certificate of a timestamp authority: {0}")]
    Certificate(String),
    /// Not a timestamp, or one of another form.
    #[error("not an RFC 3161 timestamp: {0}")]
    Form(String),
    /// The authority refused.
    #[error("the authority answered with status {0} and no timestamp")]
    Refused(u8),
    /// It is about something else.
    #[error("the timestamp is about {found}, the signature has {expected}")]
    Imprint {
        /// Digest of the signature.
        expected: Sha256,
        /// Digest in the token.
        found: String,
    },
    /// Another key signed it, or it was changed.
    #[error("the timestamp is not signed by this authority")]
    Signature,
    /// The certificate was not valid then.
    #[error("the timestamp's time {0} is outside the validity of the authority's certificate")]
    Validity(DateTime),
}

/// A trusted authority.
#[derive(Clone)]
pub struct Authority {
    certificate: Certificate,
    key: PublicKey,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({:?})", self.key)
    }
}

impl Authority {
    /// Reads a certificate; its purpose must be timestamps.
    pub fn from_pem(pem: &str) -> Result<Self, TimestampError> {
        let certificate = Certificate::from_pem(pem.as_bytes());
        let certificate = certificate.map_err(|e| TimestampError::Certificate(e.to_string()))?;
        let fail = |why: &dyn fmt::Display| TimestampError::Certificate(why.to_string());
        let tbs = certificate.tbs_certificate();
        let usage = tbs.get_extension::<ExtendedKeyUsage>().map_err(|e| fail(&e))?;
        match usage {
            Some((_, usage)) if usage.0.iter().any(|purpose| purpose.to_string() == TIME_STAMPING) => {}
            _ => return Err(fail(&"its purpose is not timestamps")),
        }
        let spki = tbs.subject_public_key_info().to_der().map_err(|e| fail(&e))?;
        let key = PublicKey::from_spki(&spki).map_err(|e| fail(&e))?;
        Ok(Self { certificate, key })
    }

    fn was_valid(&self, time: DateTime) -> bool {
        let validity = self.certificate.tbs_certificate().validity();
        validity.not_before.to_date_time() <= time && time <= validity.not_after.to_date_time()
    }
}

/// Checks a token over a signature; gives the time before which the signature existed.
pub fn check(token: &[u8], signature: &[u8], authority: &Authority) -> Result<DateTime, TimestampError> {
    let token = asn1::Token::parse(token)?;
    token.check_imprint(signature)?;
    let signed = token.signed_attributes()?;
    authority.key.verify(&signed, token.signature()).map_err(|_| TimestampError::Signature)?;
    let time = token.time();
    if authority.was_valid(time) { Ok(time) } else { Err(TimestampError::Validity(time)) }
}

/// Reads DER in padded base64, as bundles hold it.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, TimestampError> {
    STANDARD.decode(text).map_err(|error| TimestampError::Form(error.to_string()))
}

/// Decodes DER and nothing after it.
fn der<'d, T: Decode<'d, Error = p256::pkcs8::der::Error>>(bytes: &'d [u8]) -> Result<T, TimestampError> {
    T::from_der(bytes).map_err(|error| TimestampError::Form(error.to_string()))
}

#[cfg(test)]
mod tests;
