use serde_json::{Value, json};

use super::*;
use crate::keys::Algorithm;

const PAYLOAD: &[u8] = br#"{"_type":"https://in-toto.io/Statement/v1"}"#;

fn keys() -> [SigningKey; 2] {
    [Algorithm::P256, Algorithm::Ed25519].map(|algorithm| SigningKey::generate(algorithm).unwrap())
}

/// Changes a good bundle as JSON, writes it canonically and opens it with the right key.
fn opened_after(key: &SigningKey, change: impl FnOnce(&mut Value)) -> Result<Vec<u8>, BundleError> {
    let mut bundle: Value = serde_json::from_slice(&make_bundle(PAYLOAD, key).unwrap()).unwrap();
    change(&mut bundle);
    open_bundle(&to_canonical(&bundle).unwrap(), &key.public())
}

#[test]
fn a_bundle_opens_to_the_bytes_that_were_signed() {
    for key in keys() {
        for payload in [PAYLOAD, b"", &[0xff; 1000]] {
            let bundle = make_bundle(payload, &key).unwrap();
            assert_eq!(open_bundle(&bundle, &key.public()).unwrap(), payload);
            assert_eq!(make_bundle(payload, &key).unwrap(), bundle, "signatures are deterministic");
        }
    }
}

#[test]
fn the_form_is_sigstore_bundle_v0_3() {
    let [key, _] = keys();
    let bundle: Value = serde_json::from_slice(&make_bundle(PAYLOAD, &key).unwrap()).unwrap();
    let expected = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": key.public().hint()}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": STANDARD.encode(PAYLOAD),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"keyid": key.public().key_id(), "sig": bundle["dsseEnvelope"]["signatures"][0]["sig"]}],
        },
    });
    assert_eq!(bundle, expected);
}

#[test]
fn another_key_is_refused_with_or_without_names() {
    for (key, other) in keys().into_iter().zip(keys()) {
        let bundle = make_bundle(PAYLOAD, &key).unwrap();
        assert!(matches!(
            open_bundle(&bundle, &other.public()),
            Err(BundleError::KeyName { field: "keyid", .. })
        ));
        // An attacker's bundle that claims the trusted key's names.
        let mut forged: Value = serde_json::from_slice(&make_bundle(PAYLOAD, &other).unwrap()).unwrap();
        forged["dsseEnvelope"]["signatures"][0]["keyid"] = key.public().key_id().into();
        forged["verificationMaterial"]["publicKey"]["hint"] = key.public().hint().into();
        let opened = open_bundle(&to_canonical(&forged).unwrap(), &key.public());
        assert!(matches!(opened, Err(BundleError::Signature)));
    }
    // The algorithm comes from the trusted key, whatever the other signature is.
    let [p256, ed25519] = keys();
    let mut bundle: Value = serde_json::from_slice(&make_bundle(PAYLOAD, &ed25519).unwrap()).unwrap();
    bundle["dsseEnvelope"]["signatures"][0]["keyid"] = "".into();
    bundle["verificationMaterial"]["publicKey"]["hint"] = "".into();
    let opened = open_bundle(&to_canonical(&bundle).unwrap(), &p256.public());
    assert!(matches!(opened, Err(BundleError::Signature)));
}

#[test]
fn names_may_be_missing_but_not_wrong() {
    for key in keys() {
        let empty = opened_after(&key, |bundle| {
            bundle["dsseEnvelope"]["signatures"][0]["keyid"] = "".into();
            bundle["verificationMaterial"]["publicKey"]["hint"] = "".into();
        });
        assert_eq!(empty.unwrap(), PAYLOAD);
        let absent = opened_after(&key, |bundle| {
            bundle["dsseEnvelope"]["signatures"][0].as_object_mut().unwrap().remove("keyid");
            bundle["verificationMaterial"]["publicKey"].as_object_mut().unwrap().remove("hint");
        });
        assert_eq!(absent.unwrap(), PAYLOAD);
        let wrong = opened_after(&key, |bundle| {
            bundle["verificationMaterial"]["publicKey"]["hint"] = key.public().key_id().into();
        });
        assert!(matches!(wrong, Err(BundleError::KeyName { field: "hint", .. })));
    }
}

#[test]
fn signatures_are_exactly_one_and_hold() {
    for key in keys() {
        let signatures =
            |list: Value| opened_after(&key, |bundle| bundle["dsseEnvelope"]["signatures"] = list);
        assert!(matches!(signatures(json!([])), Err(BundleError::SignatureCount(0))));
        assert!(matches!(signatures(json!([{"sig": ""}])), Err(BundleError::Signature)));
        let twice = opened_after(&key, |bundle| {
            let list = bundle["dsseEnvelope"]["signatures"].as_array_mut().unwrap();
            list.push(list[0].clone());
        });
        assert!(matches!(twice, Err(BundleError::SignatureCount(2))));
        let flipped = opened_after(&key, |bundle| {
            let sig = &mut bundle["dsseEnvelope"]["signatures"][0]["sig"];
            let mut bytes = STANDARD.decode(sig.as_str().unwrap()).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            *sig = STANDARD.encode(bytes).into();
        });
        assert!(matches!(flipped, Err(BundleError::Signature)));
    }
}

#[test]
fn payload_and_type_are_covered() {
    let [key, _] = keys();
    let payload =
        opened_after(&key, |bundle| bundle["dsseEnvelope"]["payload"] = STANDARD.encode(b"{}").into());
    assert!(matches!(payload, Err(BundleError::Signature)));
    let kind = opened_after(&key, |bundle| bundle["dsseEnvelope"]["payloadType"] = "text/plain".into());
    assert!(matches!(kind, Err(BundleError::PayloadType(_))));
    // A signature the trusted key made over the same bytes as another type.
    let mut bundle: Value = serde_json::from_slice(&make_bundle(PAYLOAD, &key).unwrap()).unwrap();
    let other = STANDARD.encode(key.sign(&pae("text/plain", PAYLOAD)));
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = other.into();
    let opened = open_bundle(&to_canonical(&bundle).unwrap(), &key.public());
    assert!(matches!(opened, Err(BundleError::Signature)));
}

#[test]
fn other_forms_are_refused() {
    let [key, _] = keys();
    let media = opened_after(&key, |b| {
        b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2".into()
    });
    assert!(matches!(media, Err(BundleError::MediaType(_))));
    let log = opened_after(&key, |b| b["verificationMaterial"]["tlogEntries"] = json!([{"logIndex": "1"}]));
    assert!(matches!(log, Err(BundleError::LogEntries)));
    let changes: [fn(&mut Value); 6] = [
        |b| b["extra"] = 1.into(),
        |b| b["dsseEnvelope"]["signatures"][0]["alg"] = "none".into(),
        |b| b["verificationMaterial"]["certificate"] = json!({"rawBytes": ""}),
        |b| b["verificationMaterial"]["publicKey"] = "-----BEGIN PUBLIC KEY-----".into(),
        |b| b["dsseEnvelope"]["signatures"][0]["keyid"] = Value::Null,
        |b| *b = json!([]),
    ];
    for change in changes {
        assert!(matches!(opened_after(&key, change), Err(BundleError::Canonical(_))));
    }
    let timestamped = opened_after(&key, |b| {
        b["verificationMaterial"]["timestampVerificationData"] =
            json!({"rfc3161Timestamps": [{"signedTimestamp": "MAA="}]});
    });
    assert_eq!(timestamped.unwrap(), PAYLOAD);
}

#[test]
fn base64_has_one_spelling() {
    let [key, _] = keys();
    let encoded = STANDARD.encode(PAYLOAD);
    let url_safe = encoded.replace('+', "-").replace('/', "_");
    let bad = [
        encoded.trim_end_matches('=').to_owned(),
        format!("{encoded}="),
        format!("{encoded}\n"),
        format!(" {encoded}"),
        url_safe,
    ];
    for text in bad.into_iter().filter(|text| *text != encoded) {
        let result = opened_after(&key, |b| b["dsseEnvelope"]["payload"] = text.clone().into());
        assert!(matches!(result, Err(BundleError::Base64("payload"))), "{text}");
    }
    let trailing_bits = opened_after(&key, |b| b["dsseEnvelope"]["payload"] = "QR==".into());
    assert!(matches!(trailing_bits, Err(BundleError::Base64("payload"))));
    let sig = opened_after(&key, |b| b["dsseEnvelope"]["signatures"][0]["sig"] = "*".into());
    assert!(matches!(sig, Err(BundleError::Base64("sig"))));
}

#[test]
fn bytes_must_be_canonical() {
    let [key, _] = keys();
    let good = String::from_utf8(make_bundle(PAYLOAD, &key).unwrap()).unwrap();
    let duplicated = good.replacen('{', r#"{"dsseEnvelope":{},"#, 1);
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&good).unwrap()).unwrap();
    for bad in [format!("{good}\n"), good.replacen(':', ": ", 1), duplicated, pretty, String::new()] {
        assert!(matches!(open_bundle(bad.as_bytes(), &key.public()), Err(BundleError::Canonical(_))));
    }
    for cut in 0..good.len() {
        assert!(open_bundle(&good.as_bytes()[..cut], &key.public()).is_err());
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let [_, key] = keys();
    let good = make_bundle(PAYLOAD, &key).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        assert!(open_bundle(&bad, &key.public()).is_err(), "byte {at}");
    }
}
