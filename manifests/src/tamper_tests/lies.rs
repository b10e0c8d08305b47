//! Lies by somebody who has the key: every signature holds, and the data say otherwise.

use super::attacks::{Attack, LEDGER, LEDGER_B, PART, attacks, line};
use super::fixture::{Fixture, part};
use crate::canonical::to_canonical;
use crate::digest::Sha256;
use crate::index::AuditorIndex;

pub(super) const LIES: &[Attack] = attacks! {
    "another predicate type", ["signature.statement"], |f| {
        f.claim(|s| s.predicate_type = "urn:x-probity:curation-manifest:v2".to_owned());
    };
    "another statement type", ["signature.statement"], |f| {
        f.claim(|s| s.statement_type = "https://in-toto.io/Statement/v0.1".to_owned());
    };
    "a key twice", ["signature.statement"], |f| {
        f.sign_payload(payload(f).replacen("\"kept\":", "\"kept\":9,\"kept\":", 1).as_bytes());
    };
    "keys in another order", ["signature.statement"], |f| {
        let (from, to) = ("\"name\":\"probity\",\"version\":\"0.1.0\"", "\"version\":\"0.1.0\",\"name\":\"probity\"");
        assert!(payload(f).contains(from));
        f.sign_payload(payload(f).replacen(from, to, 1).as_bytes());
    };
    "an unknown field", ["signature.statement"], |f| {
        f.sign_payload(payload(f).replacen("\"kept\":", "\"hidden\":1,\"kept\":", 1).as_bytes());
    };
    "a fraction", ["signature.statement"], |f| {
        f.sign_payload(payload(f).replacen("\"kept\":3", "\"kept\":3.0", 1).as_bytes());
    };
    "upper-case digits", ["signature.statement"], |f| f.sign_payload(payload(f).to_uppercase().as_bytes());
    "a digest in upper case", ["signature.statement"], |f| {
        let digest = f.digest("README.md").to_string();
        f.sign_payload(payload(f).replace(&digest, &digest.to_uppercase()).as_bytes());
    };
    "a subject too few", ["signature.statement"], |f| f.claim(|s| drop(s.subject.pop()));
    "subjects that are not the index files", ["signature.statement", "files.indexes"], |f| {
        f.claim(|s| s.subject[2].digest.sha256 = Sha256::of(b"x"));
    };
    "a second release without a first", ["signature.statement"], |f| f.claim(|s| {
        s.predicate.dataset.sequence = 2;
    });
    "fewer removed",
    ["signature.statement", "files.indexes", "ledger.counts"], |f| f.claim(|s| {
        s.predicate.accounting.removed -= 1;
    });
    "a removed record counted as kept",
    ["signature.statement", "files.indexes", "ledger.counts", "ledger.conservation"], |f| f.claim(|s| {
        s.predicate.accounting.removed -= 1;
        s.predicate.accounting.kept += 1;
        s.predicate.outputs.rows += 1;
    });
    "one record less everywhere", [
        "signature.statement", "files.indexes", "ledger.counts", "ledger.conservation"
    ], |f| f.claim(|s| {
        s.predicate.accounting.removed -= 1;
        s.predicate.accounting.records_in -= 1;
        s.predicate.ledger.rows -= 1;
        s.predicate.inputs.rows -= 1;
    });
    "one rule blamed for another", ["ledger.counts"], |f| f.claim(|s| {
        let counts = &mut s.predicate.accounting;
        let rule = counts.by_rule.iter_mut().find(|rule| rule.stage == "hazard").unwrap();
        "harmless".clone_into(&mut rule.rule);
    });
    "one stage blamed for another", ["ledger.counts"], |f| f.claim(|s| {
        let counts = &mut s.predicate.accounting;
        for name in [&mut counts.by_rule[2].stage, &mut counts.by_stage[2].stage] {
            "harmless".clone_into(name);
        }
    });
    "orphans left out", ["ledger.counts"], |f| f.claim(|s| s.predicate.accounting.orphans = 0);
    "another record root", ["files.indexes", "ledger.roots"], |f| f.claim(|s| {
        s.predicate.ledger.record_root = Sha256::of(b"x");
    });
    "another decision root", ["files.indexes", "ledger.roots"], |f| f.claim(|s| {
        s.predicate.ledger.decision_root = Sha256::of(b"x");
    });
    "another content root", ["files.indexes", "content.root"], |f| f.claim(|s| {
        s.predicate.outputs.content_root = Sha256::of(b"x");
    });
    "fewer output bytes", ["files.digests"], |f| f.claim(|s| s.predicate.outputs.bytes -= 1);
    "fewer input rows from a source", ["signature.statement", "files.indexes"], |f| f.claim(|s| {
        s.predicate.inputs.sources[0].rows -= 1;
    });
    "another salt key", ["files.auditor"], |f| f.claim(|s| {
        s.predicate.ledger.salt_key_commitment.replace_range(0..1, "_");
    });
    "false counts in the index too",
    ["signature.statement", "files.indexes", "ledger.roots", "ledger.counts"], |f| {
        f.change_index(|index| index.shards[0].removed -= 1);
        f.claim(|s| s.predicate.accounting.removed -= 1);
    };
    "a ledger row changed after counting", ["ledger.roots"], |f| {
        f.replace(LEDGER, "\t3\t", "\t2\t");
        f.change_index(|_| {});
    };
    "a row gone from the ledger and the index, not from the inputs",
    ["files.indexes", "ledger.counts", "ledger.conservation"], |f| {
        f.replace(LEDGER, &line(f, LEDGER, 4), "");
        let input = f.ledger_index().shards[0].input_sha256;
        f.change_index(|index| index.shards[0] = f.entry("a/one.parquet", input, LEDGER));
    };
    "a shard renamed in the index",
    ["files.indexes", "ledger.roots"], |f| {
        f.change_index(|index| "a/other".clone_into(&mut index.shards[0].name));
    };
    "shards swapped in the index", ["files.indexes", "ledger.roots", "content.bijection"], |f| {
        f.change_index(|index| index.shards.swap(0, 1));
    };
    "a released row that no ledger row keeps",
    ["signature.statement", "ledger.conservation", "content.bijection"], |f| {
        f.write(PART, b"a\nC\nf\nsmuggled\n");
        f.change_index(|index| index.outputs[0] = part(PART, "a\nC\nf\nsmuggled\n"));
        f.claim(|s| {
            (s.predicate.outputs.rows, s.predicate.outputs.text_bytes) = (5, 12);
            s.predicate.outputs.bytes += 9;
        });
    };
    "two ledger rows at one place", ["content.bijection"], |f| {
        f.replace(LEDGER_B, "\t1:0\t", "\t0:2\t");
        let input = f.ledger_index().shards[1].input_sha256;
        f.change_index(|index| index.shards[1] = f.entry("b/two.parquet", input, LEDGER_B));
    };
    "a part outside data", ["files.indexes", "files.sums", "content.bijection", "content.root"], |f| {
        f.change_index(|index| "data/../../secret".clone_into(&mut index.outputs[0].name));
    };
    "a name in the list that leads elsewhere", ["files.sums"], |f| {
        f.replace("SHA256SUMS", "  data/", "  ../data/");
        f.resubject(|_| {});
    };
    "the list with carriage returns", ["files.sums"], |f| {
        f.write("SHA256SUMS", f.text("SHA256SUMS").replace('\n', "\r\n").as_bytes());
        f.resubject(|_| {});
    };
    "the list in upper case", ["files.sums"], |f| {
        let digest = f.digest(PART).to_string();
        f.replace("SHA256SUMS", &digest, &digest.to_uppercase());
        f.resubject(|_| {});
    };
    "a line too few", ["files.sums", "files.digests", "files.extra"], |f| {
        f.replace("SHA256SUMS", &format!("{}  {PART}\n", f.digest(PART)), "");
        f.resubject(|_| {});
    };
    "an index that leaves a file out", ["files.auditor"], |f| {
        let mut index: AuditorIndex = serde_json::from_slice(&f.read("auditor/index.json")).unwrap();
        index.files.retain(|file| file.name != "auditor/disclosures.jsonl");
        f.write("auditor/index.json", &to_canonical(&index).unwrap());
        f.reseal(|_| {});
    };
    "an index without the ledger", ["files.auditor"], |f| {
        let mut index: AuditorIndex = serde_json::from_slice(&f.read("auditor/index.json")).unwrap();
        index.files.retain(|file| file.name != LEDGER);
        f.write("auditor/index.json", &to_canonical(&index).unwrap());
        f.reseal(|_| {});
    };
    "dataset.sig about another manifest", ["signature.directory", "files.directory"], |f| {
        let before = f.read("attestations/dataset.sig");
        f.claim(|s| "2.0.0".clone_into(&mut s.predicate.dataset.version));
        f.write("attestations/dataset.sig", &before);
    };
    "a document of another digest", ["files.documents"], |f| f.claim(|s| {
        s.predicate.documents[0].sha256 = Sha256::of(b"x");
    });
    "a document that is the manifest", ["signature.statement", "files.sums", "files.documents"], |f| {
        f.claim(|s| "manifest.json".clone_into(&mut s.predicate.documents[0].name));
    };
};

fn payload(fixture: &Fixture) -> String {
    String::from_utf8(fixture.payload()).unwrap()
}
