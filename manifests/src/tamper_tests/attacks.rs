//! The table of attacks.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fixture::{Fixture, part};
use crate::bundle::make_bundle;
use crate::canonical::to_canonical;
use crate::digest::Sha256;
use crate::dsse::pae;
use crate::index::AuditorIndex;
use crate::keys::{Algorithm, SigningKey};

/// A change to an honest release, and the checks that fail after it, in the order of a report.
pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) change: fn(&Fixture),
    pub(super) fails: &'static [&'static str],
}

const LEDGER: &str = "auditor/ledger/part-00000.parquet";
const LEDGER_B: &str = "auditor/ledger/part-00001.parquet";
const PART: &str = "data/part-00000.parquet";
const MANIFEST: &str = "manifest.sigstore.json";

macro_rules! attacks {
    ($($name:literal, [$($fails:literal),* $(,)?], $change:expr;)*) => {
        &[$(Attack { name: $name, change: $change, fails: &[$($fails),*] },)*]
    };
}

/// Attackers without the key come first, then signers who lie with it.
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
    "a row altered in the data", ["files.digests", "files.directory", "content.root"], |f| {
        f.replace(PART, "a\n", "b\n");
    };
    "a row added to the data",
    ["files.digests", "files.directory", "content.bijection", "content.root"], |f| {
        f.replace(PART, "a\n", "a\na\n");
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
    "the configuration edited", ["files.digests", "files.config", "files.directory"], |f| {
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
    "a ledger row added",
    ["files.auditor", "ledger.rows", "ledger.roots", "ledger.counts", "ledger.conservation"], |f| {
        let last = line(f, LEDGER, 4);
        f.replace(LEDGER, &last, &format!("{last}{}", last.replacen('4', "5", 1)));
    };
    "ledger rows reordered",
    ["files.auditor", "ledger.rows", "ledger.roots", "ledger.counts", "ledger.conservation"], |f| {
        let (three, four) = (line(f, LEDGER, 3), line(f, LEDGER, 4));
        f.replace(LEDGER, &format!("{three}{four}"), &format!("{four}{three}"));
    };
    "two ledger files swapped", [
        "files.auditor", "ledger.rows", "ledger.roots", "ledger.counts", "ledger.conservation", "content.bijection"
    ], |f| {
        let (one, two) = (f.read(LEDGER), f.read(LEDGER_B));
        f.write(LEDGER, &two);
        f.write(LEDGER_B, &one);
    };
    "counts edited in the index", ["files.indexes", "files.digests", "files.directory"], |f| {
        f.replace("ledger/index.json", "\"removed\":2", "\"removed\":1");
    };
    "a source edited in the index", ["files.indexes", "files.digests", "files.directory"], |f| {
        f.replace("inputs/index.json", "undeclared", "web");
    };

    "signed: another predicate type", ["signature.statement"], |f| {
        f.claim(|s| s.predicate_type = "urn:x-probity:curation-manifest:v2".to_owned());
    };
    "signed: another statement type", ["signature.statement"], |f| {
        f.claim(|s| s.statement_type = "https://in-toto.io/Statement/v0.1".to_owned());
    };
    "signed: a key twice", ["signature.statement"], |f| {
        f.sign_payload(payload(f).replacen("\"kept\":", "\"kept\":9,\"kept\":", 1).as_bytes());
    };
    "signed: keys in another order", ["signature.statement"], |f| {
        let (from, to) = ("\"name\":\"probity\",\"version\":\"0.1.0\"", "\"version\":\"0.1.0\",\"name\":\"probity\"");
        assert!(payload(f).contains(from));
        f.sign_payload(payload(f).replacen(from, to, 1).as_bytes());
    };
    "signed: an unknown field", ["signature.statement"], |f| {
        f.sign_payload(payload(f).replacen("\"kept\":", "\"hidden\":1,\"kept\":", 1).as_bytes());
    };
    "signed: a fraction", ["signature.statement"], |f| {
        f.sign_payload(payload(f).replacen("\"kept\":3", "\"kept\":3.0", 1).as_bytes());
    };
    "signed: upper-case digits", ["signature.statement"], |f| f.sign_payload(payload(f).to_uppercase().as_bytes());
    "signed: a digest in upper case", ["signature.statement"], |f| {
        let digest = f.digest("README.md").to_string();
        f.sign_payload(payload(f).replace(&digest, &digest.to_uppercase()).as_bytes());
    };
    "signed: a subject too few", ["signature.statement"], |f| f.claim(|s| drop(s.subject.pop()));
    "signed: subjects that are not the index files", ["signature.statement", "files.indexes"], |f| {
        f.claim(|s| s.subject[2].digest.sha256 = Sha256::of(b"x"));
    };
    "signed: a second release without a first", ["signature.statement"], |f| f.claim(|s| {
        s.predicate.dataset.sequence = 2;
    });
    "signed: fewer removed",
    ["signature.statement", "files.indexes", "ledger.counts"], |f| f.claim(|s| {
        s.predicate.accounting.removed -= 1;
    });
    "signed: a removed record counted as kept",
    ["signature.statement", "files.indexes", "ledger.counts", "ledger.conservation"], |f| f.claim(|s| {
        s.predicate.accounting.removed -= 1;
        s.predicate.accounting.kept += 1;
        s.predicate.outputs.rows += 1;
    });
    "signed: one record less everywhere", [
        "signature.statement", "files.indexes", "ledger.counts", "ledger.conservation"
    ], |f| f.claim(|s| {
        s.predicate.accounting.removed -= 1;
        s.predicate.accounting.records_in -= 1;
        s.predicate.ledger.rows -= 1;
        s.predicate.inputs.rows -= 1;
    });
    "signed: one rule blamed for another", ["ledger.counts"], |f| f.claim(|s| {
        let counts = &mut s.predicate.accounting;
        let rule = counts.by_rule.iter_mut().find(|rule| rule.stage == "hazard").unwrap();
        "harmless".clone_into(&mut rule.rule);
    });
    "signed: one stage blamed for another", ["ledger.counts"], |f| f.claim(|s| {
        let counts = &mut s.predicate.accounting;
        for name in [&mut counts.by_rule[2].stage, &mut counts.by_stage[2].stage] {
            "harmless".clone_into(name);
        }
    });
    "signed: orphans left out", ["ledger.counts"], |f| f.claim(|s| s.predicate.accounting.orphans = 0);
    "signed: another record root", ["files.indexes", "ledger.roots"], |f| f.claim(|s| {
        s.predicate.ledger.record_root = Sha256::of(b"x");
    });
    "signed: another decision root", ["files.indexes", "ledger.roots"], |f| f.claim(|s| {
        s.predicate.ledger.decision_root = Sha256::of(b"x");
    });
    "signed: another content root", ["files.indexes", "content.root"], |f| f.claim(|s| {
        s.predicate.outputs.content_root = Sha256::of(b"x");
    });
    "signed: fewer output bytes", ["files.digests"], |f| f.claim(|s| s.predicate.outputs.bytes -= 1);
    "signed: fewer input rows from a source", ["signature.statement", "files.indexes"], |f| f.claim(|s| {
        s.predicate.inputs.sources[0].rows -= 1;
    });
    "signed: another salt key", ["files.auditor"], |f| f.claim(|s| {
        s.predicate.ledger.salt_key_commitment.replace_range(0..1, "_");
    });
    "signed: false counts in the index too",
    ["signature.statement", "files.indexes", "ledger.counts", "ledger.conservation"], |f| {
        f.change_index(|index| index.shards[0].removed -= 1);
        f.claim(|s| s.predicate.accounting.removed -= 1);
    };
    "signed: a ledger row changed after counting", ["ledger.roots"], |f| {
        f.replace(LEDGER, "\t3\t", "\t2\t");
        f.change_index(|_| {});
    };
    "signed: a row gone from the ledger and the index, not from the inputs",
    ["signature.statement", "files.indexes", "ledger.counts", "ledger.conservation"], |f| {
        f.replace(LEDGER, &line(f, LEDGER, 4), "");
        let input = f.ledger_index().shards[0].input_sha256;
        f.change_index(|index| index.shards[0] = f.entry("a/one.parquet", input, LEDGER));
    };
    "signed: a shard renamed in the index",
    ["files.indexes", "ledger.rows", "ledger.roots"], |f| {
        f.change_index(|index| "a/other".clone_into(&mut index.shards[0].name));
    };
    "signed: shards swapped in the index", ["files.indexes"], |f| {
        f.change_index(|index| index.shards.swap(0, 1));
    };
    "signed: a released row that no ledger row keeps",
    ["signature.statement", "files.indexes", "ledger.conservation", "content.bijection"], |f| {
        f.write(PART, b"a\nC\nf\nsmuggled\n");
        f.change_index(|index| index.outputs[0] = part(PART, "a\nC\nf\nsmuggled\n"));
        f.claim(|s| {
            (s.predicate.outputs.rows, s.predicate.outputs.text_bytes) = (5, 12);
            s.predicate.outputs.bytes += 9;
        });
    };
    "signed: two ledger rows at one place", ["content.bijection"], |f| {
        f.replace(LEDGER_B, "\t1:0\t", "\t0:2\t");
        let input = f.ledger_index().shards[1].input_sha256;
        f.change_index(|index| index.shards[1] = f.entry("b/two.parquet", input, LEDGER_B));
    };
    "signed: a part outside data", ["files.indexes", "files.sums", "content.bijection", "content.root"], |f| {
        f.change_index(|index| "data/../../secret".clone_into(&mut index.outputs[0].name));
    };
    "signed: a name in the list that leads elsewhere", ["files.sums"], |f| {
        f.replace("SHA256SUMS", "  data/", "  ../data/");
        f.resubject(|_| {});
    };
    "signed: the list with carriage returns", ["files.sums"], |f| {
        f.write("SHA256SUMS", f.text("SHA256SUMS").replace('\n', "\r\n").as_bytes());
        f.resubject(|_| {});
    };
    "signed: the list in upper case", ["files.sums"], |f| {
        let digest = f.digest(PART).to_string();
        f.replace("SHA256SUMS", &digest, &digest.to_uppercase());
        f.resubject(|_| {});
    };
    "signed: a line too few", ["files.sums", "files.extra"], |f| {
        f.replace("SHA256SUMS", &format!("{}  {PART}\n", f.digest(PART)), "");
        f.resubject(|_| {});
    };
    "signed: an index that leaves a file out", ["files.auditor"], |f| {
        let mut index: AuditorIndex = serde_json::from_slice(&f.read("auditor/index.json")).unwrap();
        index.files.retain(|file| file.name != "auditor/disclosures.jsonl");
        f.write("auditor/index.json", &to_canonical(&index).unwrap());
        f.reseal(|_| {});
    };
    "signed: an index without the ledger", ["files.auditor"], |f| {
        let mut index: AuditorIndex = serde_json::from_slice(&f.read("auditor/index.json")).unwrap();
        index.files.retain(|file| file.name != LEDGER);
        f.write("auditor/index.json", &to_canonical(&index).unwrap());
        f.reseal(|_| {});
    };
    "signed: dataset.sig about another manifest", ["signature.directory", "files.directory"], |f| {
        let before = f.read("attestations/dataset.sig");
        f.claim(|s| "2.0.0".clone_into(&mut s.predicate.dataset.version));
        f.write("attestations/dataset.sig", &before);
    };
    "signed: a document of another digest", ["files.documents"], |f| f.claim(|s| {
        s.predicate.documents[0].sha256 = Sha256::of(b"x");
    });
    "signed: a document that is the manifest", ["signature.statement", "files.sums", "files.documents"], |f| {
        f.claim(|s| "manifest.json".clone_into(&mut s.predicate.documents[0].name));
    };
};

fn remove(fixture: &Fixture, name: &str) {
    fs::remove_file(fixture.dir().join(name)).unwrap();
}

fn stranger() -> SigningKey {
    SigningKey::generate(Algorithm::P256).unwrap()
}

fn payload(fixture: &Fixture) -> String {
    String::from_utf8(fixture.payload()).unwrap()
}

/// One line of a text file, with its line feed.
fn line(fixture: &Fixture, name: &str, number: usize) -> String {
    format!("{}\n", fixture.text(name).lines().nth(number).unwrap())
}

fn edit_bundle(fixture: &Fixture, edit: impl FnOnce(&mut Value)) {
    let mut bundle: Value = serde_json::from_slice(&fixture.read(MANIFEST)).unwrap();
    edit(&mut bundle);
    fixture.write(MANIFEST, &to_canonical(&bundle).unwrap());
}
