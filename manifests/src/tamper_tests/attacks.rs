//! Attacks by somebody who does not have the key.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fixture::Fixture;
use crate::bundle::make_bundle;
use crate::canonical::to_canonical;
use crate::dsse::pae;
use crate::keys::{Algorithm, SigningKey};

/// A change to an honest release, and the checks that fail after it, in the order of a report.
pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) change: fn(&Fixture),
    pub(super) fails: &'static [&'static str],
}

pub(super) const LEDGER: &str = "auditor/ledger/part-00000.parquet";
pub(super) const LEDGER_B: &str = "auditor/ledger/part-00001.parquet";
pub(super) const PART: &str = "data/part-00000.parquet";
pub(super) const OPENINGS: &str = "auditor/disclosures.jsonl";
const MANIFEST: &str = "manifest.sigstore.json";

/// A table row: name, the checks that fail, the change.
macro_rules! attacks {
    ($($name:literal, [$($fails:literal),* $(,)?], $change:expr;)*) => {
        &[$(Attack { name: $name, change: $change, fails: &[$($fails),*] },)*]
    };
}
pub(super) use attacks;

pub(super) const ATTACKS: &[Attack] = attacks! {
    "no manifest", ["signature.bundle"], |f| remove(f, MANIFEST);
    "unsigned manifest instead of a signed one", ["signature.bundle"], |f| {
        f.write("manifest.json", &f.payload());
        remove(f, MANIFEST);
    };
    "unsigned manifest beside a signed one", ["files.extra", "files.directory"], |f| {
        f.write("manifest.json", &f.payload());
    };
    "no signature", ["signature.bundle"], |f| edit_bundle(f, |b| b["dsseEnvelope"]["signatures"] = json!([]));
    "empty signature", ["signature.bundle"], |f| {
        edit_bundle(f, |b| b["dsseEnvelope"]["signatures"][0]["sig"] = json!(""));
    };
    "two signatures", ["signature.bundle"], |f| edit_bundle(f, |b| {
        let one = b["dsseEnvelope"]["signatures"][0].clone();
        b["dsseEnvelope"]["signatures"] = json!([one, one]);
    });
    "another key", ["signature.bundle"], |f| {
        f.write(MANIFEST, &make_bundle(&f.payload(), &stranger()).unwrap());
    };
    "another key under the trusted key's names", ["signature.bundle"], |f| {
        let names: Value = serde_json::from_slice(&f.read(MANIFEST)).unwrap();
        f.write(MANIFEST, &make_bundle(&f.payload(), &stranger()).unwrap());
        edit_bundle(f, |b| {
            b["verificationMaterial"] = names["verificationMaterial"].clone();
            b["dsseEnvelope"]["signatures"][0]["keyid"] = names["dsseEnvelope"]["signatures"][0]["keyid"].clone();
        });
    };
    "an attacker's hint", ["signature.bundle"], |f| {
        edit_bundle(f, |b| b["verificationMaterial"]["publicKey"]["hint"] = json!("trust me"));
    };
    "another payload type", ["signature.bundle"], |f| {
        edit_bundle(f, |b| b["dsseEnvelope"]["payloadType"] = json!("text/plain"));
    };
    "another payload type, signed", ["signature.bundle"], |f| edit_bundle(f, |b| {
        b["dsseEnvelope"]["payloadType"] = json!("text/plain");
        let signature = f.key.sign(&pae("text/plain", &f.payload()));
        b["dsseEnvelope"]["signatures"][0]["sig"] = json!(STANDARD.encode(signature));
    });
    "bundle with white space", ["signature.bundle"], |f| {
        let bundle: Value = serde_json::from_slice(&f.read(MANIFEST)).unwrap();
        f.write(MANIFEST, serde_json::to_string_pretty(&bundle).unwrap().as_bytes());
    };
    "claims changed after signing", ["signature.bundle"], |f| edit_bundle(f, |b| {
        let payload = String::from_utf8(f.payload()).unwrap().replace("\"removed\":4", "\"removed\":3");
        b["dsseEnvelope"]["payload"] = json!(STANDARD.encode(payload));
    });
    "names taken off the bundle", ["signature.directory", "files.directory"], |f| edit_bundle(f, |b| {
        b["verificationMaterial"]["publicKey"] = json!({});
    });
    "a signature's other value of s", ["signature.directory", "files.directory"], |f| edit_bundle(f, |b| {
        let signature = STANDARD.decode(b["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap()).unwrap();
        let (r, s) = p256::ecdsa::Signature::from_der(&signature).unwrap().split_scalars();
        let other = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap();
        b["dsseEnvelope"]["signatures"][0]["sig"] = json!(STANDARD.encode(other.to_der().as_bytes()));
    });
    "the two bundles swapped", ["signature.statement"], |f| {
        f.write(MANIFEST, &f.read("attestations/dataset.sig"));
    };
    "no dataset.sig", ["signature.directory"], |f| remove(f, "attestations/dataset.sig");
    "dataset.sig by another key", ["signature.directory"], |f| {
        let bundle: Value = serde_json::from_slice(&f.read("attestations/dataset.sig")).unwrap();
        let payload = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
        f.write("attestations/dataset.sig", &make_bundle(&payload, &stranger()).unwrap());
    };
    "the manifest as dataset.sig", ["signature.directory"], |f| {
        f.write("attestations/dataset.sig", &f.read(MANIFEST));
    };
    "a row altered in the data",
    ["files.digests", "files.directory", "content.bijection", "content.root"], |f| {
        f.replace(PART, "a\n", "b\n");
    };
    "a row added to the data",
    ["files.digests", "files.directory", "content.bijection", "content.root"], |f| {
        f.replace(PART, "a\n", "a\na\n");
    };
    "a part written another way with the same texts", ["files.digests", "files.directory"], |f| {
        f.write(PART, b"a\r\nC\r\nf\r\n");
    };
    "two parts swapped", ["files.digests", "files.directory", "content.bijection", "content.root"], |f| {
        let (one, two) = (f.read(PART), f.read("data/part-00001.parquet"));
        f.write(PART, &two);
        f.write("data/part-00001.parquet", &one);
    };
    "a part removed", ["files.missing", "files.directory", "content.bijection", "content.root"], |f| {
        remove(f, PART);
    };
    "a file added to the data", ["files.extra", "files.directory"], |f| f.write("data/part-00002.parquet", b"x");
    "a file added at the top", ["files.extra", "files.directory"], |f| f.write("LICENSE", b"x");
    "a file added to the attestations", ["files.extra"], |f| f.write("attestations/notes.txt", b"x");
    "a countersignature in a folder", ["files.extra"], |f| f.write("attestations/audit-a/b.sigstore.json", b"x");
    "a file where only git looks", ["files.extra"], |f| f.write(".git/config", b"x");
    "a file added to the auditors' files", ["files.auditor"], |f| f.write("auditor/notes.txt", b"x");
    "an auditors' file removed", ["files.auditor"], |f| remove(f, "auditor/removed/part-00000.parquet");
    "a document edited", ["files.digests", "files.documents", "files.directory"], |f| f.write("README.md", b"!");
    "the configuration edited", ["files.digests", "files.config", "files.directory", "files.disclosures"], |f| {
        f.replace("config.public.json", "1", "2");
    };
    "the list with carriage returns", ["files.sums", "files.directory"], |f| {
        f.write("SHA256SUMS", f.text("SHA256SUMS").replace('\n', "\r\n").as_bytes());
    };
    "another salt key", ["files.auditor"], |f| f.write("auditor/salt.key", &[8; 32]);
    "a short salt key", ["files.auditor"], |f| f.write("auditor/salt.key", &[7; 31]);
    "a ledger row edited", ["files.auditor", "ledger.roots", "ledger.counts"], |f| {
        f.replace(LEDGER, "gopher\tshort-doc", "gopher\tlong-doc");
    };
    "a ledger value edited", ["files.auditor", "ledger.roots"], |f| f.replace(LEDGER, "\t3\t", "\t2\t");
    "a ledger row removed",
    ["files.auditor", "ledger.rows", "ledger.roots", "ledger.counts", "ledger.conservation"], |f| {
        f.replace(LEDGER, &line(f, LEDGER, 4), "");
    };
    "a ledger row added", [
        "files.auditor", "ledger.rows", "ledger.roots", "ledger.counts", "ledger.conservation",
        "ledger.commitments"
    ], |f| {
        let last = line(f, LEDGER, 4);
        f.replace(LEDGER, &last, &format!("{last}{}", last.replacen('4', "5", 1)));
    };
    "ledger rows reordered",
    ["files.auditor", "ledger.rows", "ledger.roots", "ledger.counts", "ledger.conservation"], |f| {
        let (three, four) = (line(f, LEDGER, 3), line(f, LEDGER, 4));
        f.replace(LEDGER, &format!("{three}{four}"), &format!("{four}{three}"));
    };
    "two ledger files swapped", [
        "files.auditor", "ledger.rows", "ledger.roots", "ledger.counts", "ledger.conservation",
        "ledger.commitments", "ledger.duplicates", "content.bijection"
    ], |f| {
        let (one, two) = (f.read(LEDGER), f.read(LEDGER_B));
        f.write(LEDGER, &two);
        f.write(LEDGER_B, &one);
    };
    "an opening edited", ["files.auditor", "files.disclosures"], |f| f.replace(OPENINGS, "0.85", "0.95");
    "the openings removed", ["files.auditor", "files.disclosures"], |f| remove(f, OPENINGS);
    "a commitment put in another's place",
    ["files.digests", "files.config", "files.directory", "files.disclosures"], |f| {
        f.replace("config.public.json", "{\"name\":\"gopher\",\"use\":\"gopher\"}", "{\"committed\":\"x\"}");
    };
    "counts edited in the index", ["files.indexes", "files.digests", "files.directory"], |f| {
        f.replace("ledger/index.json", "\"removed\":2", "\"removed\":1");
    };
    "a source edited in the index", ["files.indexes", "files.digests", "files.directory"], |f| {
        f.replace("inputs/index.json", "undeclared", "web");
    };
};

fn remove(fixture: &Fixture, name: &str) {
    fs::remove_file(fixture.dir().join(name)).unwrap();
}

fn stranger() -> SigningKey {
    SigningKey::generate(Algorithm::P256).unwrap()
}

/// One line of a text file, with its line feed.
pub(super) fn line(fixture: &Fixture, name: &str, number: usize) -> String {
    format!("{}\n", fixture.text(name).lines().nth(number).unwrap())
}

fn edit_bundle(fixture: &Fixture, edit: impl FnOnce(&mut Value)) {
    let mut bundle: Value = serde_json::from_slice(&fixture.read(MANIFEST)).unwrap();
    edit(&mut bundle);
    fixture.write(MANIFEST, &to_canonical(&bundle).unwrap());
}
