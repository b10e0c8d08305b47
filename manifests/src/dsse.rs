//! DSSE v1.0.2: how a payload is signed (<https://github.com/secure-systems-lab/dsse>, protocol.md).
//!
//! What is signed is not the payload but its pre-authentication encoding, which binds the payload's type and both
//! lengths, so that a signature over one kind of document can never count for another.

use serde::{Deserialize, Serialize};

/// The payload type of in-toto statements.
pub const IN_TOTO_TYPE: &str = "application/vnd.in-toto+json";

/// The pre-authentication encoding: the bytes a signature is made over.
pub fn pae(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), body.len());
    let mut bytes = Vec::with_capacity(head.len() + body.len());
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// A payload with its signatures. Unknown fields are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    /// The payload in padded standard base64.
    pub payload: String,
    /// What kind of document the payload is.
    pub payload_type: String,
    /// The signatures over [`pae`] of both.
    pub signatures: Vec<Signature>,
}

/// One signature of an [`Envelope`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Which key the signer says it used. Not authenticated: it never selects a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyid: Option<String>,
    /// The signature in padded standard base64.
    pub sig: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_is_that_of_the_specification() {
        let encoded = pae("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
        assert_eq!(pae("é", b"\xff"), b"DSSEv1 2 \xc3\xa9 1 \xff", "lengths count bytes");
    }

    #[test]
    fn envelope_is_strict() {
        let good = r#"{"payload":"","payloadType":"t","signatures":[{"sig":""}]}"#;
        assert_eq!(serde_json::to_string(&serde_json::from_str::<Envelope>(good).unwrap()).unwrap(), good);
        for bad in [
            r#"{"payload":"","payloadType":"t"}"#,
            r#"{"payload":"","payloadType":"t","signatures":[{}]}"#,
            r#"{"payload":"","payloadType":"t","signatures":[],"more":1}"#,
            r#"{"payload":"","payload":"","payloadType":"t","signatures":[]}"#,
            r#"{"payload":"","payloadType":"t","signatures":[{"sig":"","alg":"none"}]}"#,
        ] {
            assert!(serde_json::from_str::<Envelope>(bad).is_err(), "{bad}");
        }
    }
}
