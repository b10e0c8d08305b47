//! Lies by somebody who has the key: every signature holds, and the data say otherwise.

use super::attacks::{Attack, LEDGER, LEDGER_B, OPENINGS, PART, attacks, line};
use super::fixture::{Fixture, part, salt_key};
use crate::canonical::to_canonical;
use crate::digest::Sha256;
use crate::disclosure::Disclosure;
use crate::index::AuditorIndex;
use crate::predicate::SplitTotal;

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
    "an integer beyond 2^53", ["signature.statement"], |f| {
        f.sign_payload(payload(f).replacen("\"kept\":3", "\"kept\":9007199254740993", 1).as_bytes());
    };
    "nested too deep", ["signature.statement"], |f| {
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        f.sign_payload(payload(f).replacen("\"kept\":3", &format!("\"kept\":{deep}"), 1).as_bytes());
    };
    "another digest than SHA-256", ["signature.statement"], |f| {
        f.sign_payload(payload(f).replacen("\"sha256\":", "\"md5\":", 1).as_bytes());
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
    "copies that are not there", ["signature.statement", "ledger.counts"], |f| f.claim(|s| {
        s.predicate.accounting.repeated += 1;
    });
    "copies that would fill a part", [
        "files.indexes", "ledger.counts", "ledger.conservation"
    ], |f| f.claim(|s| {
        s.predicate.accounting.repeated += 1;
        s.predicate.outputs.rows += 1;
    });
    "a split that no file holds", ["files.indexes"], |f| f.claim(|s| {
        let (rows, text_bytes) = (s.predicate.outputs.rows, s.predicate.outputs.text_bytes);
        s.predicate.outputs.splits = vec![SplitTotal { name: "train".to_owned(), rows, text_bytes }];
    });
    "one rule blamed for another", ["ledger.counts"], |f| f.claim(|s| {
        let counts = &mut s.predicate.accounting;
        let rule = counts.by_rule.iter_mut().find(|rule| rule.stage == "gopher").unwrap();
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
    ["files.indexes", "ledger.roots", "ledger.commitments"], |f| {
        f.change_index(|index| "a/other".clone_into(&mut index.shards[0].name));
    };
    "shards swapped in the index",
    ["files.indexes", "ledger.roots", "ledger.duplicates", "content.bijection"], |f| {
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
    "two texts changed places", ["content.bijection"], |f| {
        f.write(PART, b"f\nC\na\n");
        f.change_index(|index| index.outputs[0] = part(PART, "f\nC\na\n"));
    };
    "another text under a kept record", ["content.bijection"], |f| {
        f.write(PART, b"a\nC\nx\n");
        f.change_index(|index| index.outputs[0] = part(PART, "a\nC\nx\n"));
    };
    "texts longer than they are", ["content.root"], |f| {
        f.change_index(|index| index.outputs[0].text_bytes += 1);
        f.claim(|s| s.predicate.outputs.text_bytes += 1);
    };
    "a duplicate of a record that left before it", ["ledger.duplicates"], |f| {
        relink(f, "exact\tduplicate\t-\t0:0\t", "exact\tduplicate\t-\t0:1\t");
        f.claim(|s| s.predicate.accounting.orphans = 2);
    };
    "two records that are each other's duplicates", ["ledger.duplicates"], |f| {
        relink(f, "hazard\tscore\t1\t-\t", "hazard\tscore\t1\t0:3\t");
        f.claim(|s| s.predicate.accounting.orphans = 2);
    };
    "a stage that the configuration does not have", ["ledger.rows"], |f| {
        relink(f, "exact\tduplicate", "fuzzy\tduplicate");
        f.claim(|s| {
            let counts = &mut s.predicate.accounting;
            for name in [&mut counts.by_rule[1].stage, &mut counts.by_stage[1].stage] {
                "fuzzy".clone_into(name);
            }
        });
    };
    "another text's digest beside a commitment", ["ledger.commitments"], |f| {
        let (b, x) = (Sha256::of(b"b").to_string(), Sha256::of(b"x").to_string());
        f.replace(LEDGER, &b, &x);
        f.change_index(|_| {});
    };
    "an opening that nobody signed", ["files.disclosures"], |f| {
        f.replace(OPENINGS, "0.85", "0.95");
        f.reseal(|_| {});
    };
    "an opening too few", ["files.disclosures"], |f| {
        let stage = line(f, OPENINGS, 0);
        f.replace(OPENINGS, &stage, "");
        f.reseal(|_| {});
    };
    "an opening that overrides a public field", ["files.disclosures"], |f| {
        disclose(f, "producer", "somebody".into());
    };
    "an opening that overrides a public stage", ["files.disclosures"], |f| {
        disclose(f, "config.stages.0", serde_json::json!({"name": "gopher", "words_min": 1}));
    };
    "an opening twice", ["files.disclosures"], |f| {
        let stage = line(f, OPENINGS, 0);
        f.replace(OPENINGS, &stage, &format!("{stage}{stage}"));
        f.reseal(|_| {});
    };
    "a digest twice", ["signature.statement"], |f| f.claim(|s| {
        let digests = &mut s.predicate.disclosures.digests;
        digests[1] = digests[0].clone();
    });
    "a digest that is none", ["signature.statement"], |f| f.claim(|s| {
        "!".clone_into(&mut s.predicate.disclosures.digests[0]);
    });
    "digests without decoys", ["signature.statement"], |f| f.claim(|s| {
        drop(s.predicate.disclosures.digests.pop());
    });
    "another hash for the openings", ["signature.statement"], |f| f.claim(|s| {
        "md5".clone_into(&mut s.predicate.disclosures.alg);
    });
    "a committed stage that took out less than it did",
    ["files.disclosures", "ledger.counts"], |f| f.claim(|s| {
        let counts = &mut s.predicate.accounting;
        (counts.by_rule[0].removed, counts.by_stage[0].removed) = (0, 0);
        counts.by_rule[1].removed += 1;
        counts.by_stage[1].removed += 1;
    });
    "a committed rule blamed for another", ["ledger.counts"], |f| {
        let rules = serde_json::json!([{"stage": "hazard", "rule": "other", "removed": 1, "quarantined": 0}]);
        let text = f.text(OPENINGS);
        let honest = text.lines().find(|line| line.contains("accounting.byRule")).unwrap();
        let honest = Disclosure::parse(honest.as_bytes(), 1).unwrap();
        let lie = Disclosure::new(&salt_key(), "accounting.byRule", rules);
        let lines = [honest.to_line().unwrap(), lie.to_line().unwrap()].map(|line| String::from_utf8(line).unwrap());
        f.replace(OPENINGS, &lines[0], &lines[1]);
        f.reseal(|s| {
            let digests = &mut s.predicate.disclosures.digests;
            digests.retain(|digest| *digest != honest.digest().unwrap());
            digests.push(lie.digest().unwrap());
            digests.sort();
        });
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
    "a document that says something else", ["files.documents"], |f| {
        f.write("README.md", b"| removed | 0 |\n");
        f.reseal(|s| s.predicate.documents[0].sha256 = f.digest("README.md"));
    };
    "a document that is the manifest", ["signature.statement", "files.sums", "files.documents"], |f| {
        f.claim(|s| "manifest.json".clone_into(&mut s.predicate.documents[0].name));
    };
};

/// Changes the second ledger and everything that follows from it.
fn relink(f: &Fixture, from: &str, to: &str) {
    f.replace(LEDGER_B, from, to);
    let input = f.ledger_index().shards[1].input_sha256;
    f.change_index(|index| index.shards[1] = f.entry("b/two.parquet", input, LEDGER_B));
}

/// Opens one more field, in place of a decoy.
fn disclose(f: &Fixture, name: &str, value: serde_json::Value) {
    let opening = Disclosure::new(&salt_key(), name, value);
    let line = String::from_utf8(opening.to_line().unwrap()).unwrap();
    f.write(OPENINGS, format!("{}{line}\n", f.text(OPENINGS)).as_bytes());
    f.reseal(|s| {
        let digests = &mut s.predicate.disclosures.digests;
        let open: Vec<String> = f
            .text(OPENINGS)
            .lines()
            .map(|line| Disclosure::parse(line.as_bytes(), 1).unwrap().digest().unwrap())
            .collect();
        let decoy = digests.iter().position(|digest| !open.contains(digest)).unwrap();
        digests[decoy] = opening.digest().unwrap();
        digests.sort();
    });
}

fn payload(fixture: &Fixture) -> String {
    String::from_utf8(fixture.payload()).unwrap()
}
