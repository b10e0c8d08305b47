//! The structures of RFC 3161. The crate `x509-tsp` has them on an older generation of `der`, so they are told here.

use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerInfo};
use der::asn1::{Any, GeneralizedTime, Int, ObjectIdentifier, OctetString};
use der::{DateTime, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::Extensions;

use super::{TimestampError, der};
use crate::digest::Sha256;

/// id-signedData (RFC 5652, section 5.1).
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// id-ct-TSTInfo (RFC 3161, section 2.4.2).
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// id-sha256 (RFC 5754).
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
/// id-contentType and id-messageDigest (RFC 5652, section 11).
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");

#[derive(Sequence)]
struct Response {
    status: StatusInfo,
    #[asn1(optional = "true")]
    token: Option<Any>,
}

#[derive(Sequence)]
struct StatusInfo {
    status: u8,
    #[asn1(optional = "true")]
    text: Option<Any>,
    #[asn1(optional = "true")]
    failure: Option<Any>,
}

/// The fields after `gen_time` are only skipped over; none of them changes what is proved.
#[derive(Sequence)]
struct TstInfo {
    version: u8,
    policy: ObjectIdentifier,
    imprint: Imprint,
    serial: Int,
    gen_time: GeneralizedTime,
    #[asn1(optional = "true")]
    accuracy: Option<Accuracy>,
    #[asn1(optional = "true")]
    ordering: Option<bool>,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    authority: Option<Any>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

#[derive(Sequence)]
struct Accuracy {
    #[asn1(optional = "true")]
    seconds: Option<u64>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    millis: Option<u16>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    micros: Option<u16>,
}

#[derive(Sequence)]
struct Imprint {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

/// The token in a file: an authority's whole answer, or the bare token.
pub fn token_of(file: &[u8]) -> Result<Vec<u8>, TimestampError> {
    match der::<Response>(file) {
        Ok(Response { status, token: Some(token) }) if status.status <= 1 => {
            token.to_der().map_err(|error| TimestampError::Form(error.to_string()))
        }
        Ok(response) => Err(TimestampError::Refused(response.status.status)),
        Err(_) => Token::parse(file).map(|_| file.to_vec()),
    }
}

/// A token taken apart.
pub(super) struct Token {
    info: TstInfo,
    /// The bytes of `info`, which the attributes digest.
    content: Vec<u8>,
    signer: SignerInfo,
}

fn form(why: impl std::fmt::Display) -> TimestampError {
    TimestampError::Form(why.to_string())
}

impl Token {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, TimestampError> {
        let outer: ContentInfo = der(bytes)?;
        if outer.content_type != SIGNED_DATA {
            return Err(form("not signed data"));
        }
        let data: SignedData = outer.content.decode_as().map_err(form)?;
        let inner = data.encap_content_info;
        if inner.econtent_type != TST_INFO {
            return Err(form("the signed content is no timestamp"));
        }
        let content: OctetString =
            inner.econtent.ok_or_else(|| form("no content"))?.decode_as().map_err(form)?;
        let info: TstInfo = der(content.as_bytes())?;
        let [signer] = data.signer_infos.0.as_slice() else { return Err(form("not exactly one signer")) };
        if signer.digest_alg.oid != SHA256 || info.imprint.algorithm.oid != SHA256 {
            return Err(form("another digest than SHA-256"));
        }
        Ok(Self { info, content: content.as_bytes().to_vec(), signer: signer.clone() })
    }

    pub(super) fn check_imprint(&self, signature: &[u8]) -> Result<(), TimestampError> {
        let (expected, found) = (Sha256::of(signature), self.info.imprint.digest.as_bytes());
        if found == expected.0 {
            return Ok(());
        }
        let found = found.try_into().map_or("no digest".to_owned(), |found| Sha256(found).to_string());
        Err(TimestampError::Imprint { expected, found })
    }

    /// The bytes that are signed, after the attributes in them were held against the content.
    pub(super) fn signed_attributes(&self) -> Result<Vec<u8>, TimestampError> {
        let attributes = self.signer.signed_attrs.as_ref().ok_or_else(|| form("no signed attributes"))?;
        let value = |wanted: ObjectIdentifier| {
            let mut found = attributes.iter().filter(|attribute| attribute.oid == wanted);
            match (found.next().map(|attribute| attribute.values.as_slice()), found.next()) {
                (Some([value]), None) => Ok(value.clone()),
                _ => Err(form("not exactly one value of a signed attribute")),
            }
        };
        let kind: ObjectIdentifier = value(CONTENT_TYPE)?.decode_as().map_err(form)?;
        let digest: OctetString = value(MESSAGE_DIGEST)?.decode_as().map_err(form)?;
        if kind != TST_INFO || digest.as_bytes() != Sha256::of(&self.content).0 {
            return Err(TimestampError::Signature);
        }
        attributes.to_der().map_err(form)
    }

    pub(super) fn signature(&self) -> &[u8] {
        self.signer.signature.as_bytes()
    }

    pub(super) fn time(&self) -> DateTime {
        self.info.gen_time.to_date_time()
    }
}
