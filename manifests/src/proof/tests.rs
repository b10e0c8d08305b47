use std::time::Instant;

use super::*;
use crate::ledger::{Fate, ShardTally, record_leaf};
use crate::merkle::Levels;
use crate::tamper_tests::TextEvidence;
use crate::tamper_tests::fixture::Fixture;

fn checked(release: &Fixture) -> Checked {
    Checked::open(&release.read("manifest.sigstore.json"), &release.public()).unwrap()
}

fn prove(release: &Fixture, places: &[(u32, u64)]) -> Vec<Proof> {
    Maker::open(release.dir()).unwrap().records(places, true, &TextEvidence).unwrap()
}

#[test]
fn every_record_can_be_proved_and_opened() {
    let release = Fixture::sealed();
    let manifest = checked(&release);
    let places: Vec<(u32, u64)> = (0..5).map(|row| (0, row)).chain((0..4).map(|row| (1, row))).collect();
    let texts = ["a", "b", "c", "d", "e", "f", "g", "a", "h"];
    let proofs = prove(&release, &places);
    assert_eq!(proofs.len(), 9);
    for (proof, text) in proofs.iter().zip(texts) {
        let proof = Proof::parse(&proof.to_bytes().unwrap()).unwrap();
        proof.check(&manifest).unwrap();
        proof.check_text(text.as_bytes()).unwrap();
        assert!(matches!(proof.check_text(b"other"), Err(CheckError::Text { .. })));
    }
    let removed = proofs[1].check(&manifest).unwrap();
    assert_eq!((removed.fate, removed.rule.as_deref()), (Fate::Removed, Some("short-doc")));
    let closed = Maker::open(release.dir()).unwrap().records(&[(0, 1)], false, &TextEvidence).unwrap();
    assert!(matches!(closed[0].check_text(b"b"), Err(CheckError::Closed)));
    let text = String::from_utf8(closed[0].to_bytes().unwrap()).unwrap();
    assert!(!text.contains(&Sha256::of(b"b").to_string()), "a closed proof tells no digest");
}

#[test]
fn a_leaf_has_the_bytes_of_the_ledger() {
    let release = Fixture::sealed();
    for proof in prove(&release, &[(0, 0), (0, 2), (0, 3), (1, 1)]) {
        let mut bytes = Vec::new();
        record_leaf(&proof.record.shard, &proof.record.row().unwrap(), &mut bytes);
        assert_eq!(to_canonical(&proof.record).unwrap(), bytes);
    }
}

/// Attacks 19 and 21: wrong places, short and long paths, a node as a leaf, false openings.
#[test]
fn false_proofs_are_refused() {
    type Change = fn(&mut Proof);
    let release = Fixture::sealed();
    let manifest = checked(&release);
    let changes: [(&str, Change); 15] = [
        ("the format is", |p| p.format.push('2')),
        ("the manifest is", |p| p.manifest = Sha256::of(b"x")),
        ("the record's shard is", |p| p.record.shard.push('x')),
        ("not in its shard", |p| p.record = edited(p, |row| row.value = Some("4".to_owned()))),
        ("not in its shard", |p| p.record = edited(p, |row| row.row = 2)),
        ("outside a tree of 5", |p| p.record = edited(p, |row| row.row = 5)),
        ("has no out", |p| p.record = edited(p, |row| row.fate = Fate::Kept)),
        ("too short", |p| p.record_path.truncate(1)),
        ("too long", |p| p.record_path.push(Sha256::of(b"x"))),
        ("not in its shard", |p| p.record_path.swap(0, 1)),
        ("not in the signed ledger", |p| p.shard.removed += 1),
        ("not in the signed ledger", |p| p.shard_index = 1),
        ("outside a tree of 2", |p| p.shard_index = 2),
        ("not that of the record", |p| p.opening.as_mut().unwrap().content_sha256 = Sha256::of(b"x")),
        ("not that of the record", |p| p.opening.as_mut().unwrap().salt.truncate(4)),
    ];
    for (says, change) in changes {
        let mut proof = prove(&release, &[(0, 1)]).remove(0);
        change(&mut proof);
        let error = proof.check(&manifest).unwrap_err().to_string();
        assert!(
            error.contains(says) || error.contains("has no stage") || error.contains("yet has"),
            "{says}: {error}"
        );
    }
    let bytes = prove(&release, &[(0, 1)]).remove(0).to_bytes().unwrap();
    assert!(Proof::parse(&[&bytes[..], b" "].concat()).is_err());
    let node = String::from_utf8(bytes).unwrap().replace("\"t\":\"record\"", "\"t\":\"decision\"");
    assert!(Proof::parse(node.as_bytes()).unwrap().check(&manifest).is_err());
}

fn edited(proof: &Proof, change: impl FnOnce(&mut LedgerRow)) -> Leaf {
    let mut row = proof.record.row().unwrap();
    change(&mut row);
    Leaf::new(&proof.record.shard, &row)
}

#[test]
fn a_changed_ledger_proves_nothing() {
    let release = Fixture::sealed();
    release.replace("auditor/ledger/part-00000.parquet", "short-doc", "long-doc");
    let error = Maker::open(release.dir()).unwrap().records(&[(0, 1)], false, &TextEvidence).unwrap_err();
    assert!(error.to_string().contains("another root"), "{error}");
    let error = Maker::open(release.dir()).unwrap().records(&[(7, 1)], false, &TextEvidence).unwrap_err();
    assert!(matches!(error, MakeError::NoRecord { .. }), "{error}");
}

#[test]
fn chosen_fields_and_records_are_disclosed() {
    let release = Fixture::sealed();
    let manifest = checked(&release);
    let names = ["config.stages.3".to_owned(), "assets".to_owned()];
    let mut maker = Maker::open(release.dir()).unwrap();
    let disclosed = maker.disclose(&[(1, 1)], &names, &TextEvidence).unwrap();
    let bytes = disclosed.to_bytes().unwrap();
    let Revelation::Disclosed(read) = Revelation::parse(&bytes).unwrap() else { panic!("a proof") };
    let (fields, rows) = read.check(&manifest).unwrap();
    assert_eq!(fields[0].value()["at_most"], "0.85");
    assert_eq!(rows[0].stage.as_deref(), Some("hazard"));
    let mut lie = read;
    lie.fields[0][2]["at_most"] = "0.95".into();
    assert!(lie.check(&manifest).unwrap_err().to_string().contains("does not sign"));
    let error = maker.fields(&["producer".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("there are `accounting.byRule`, `assets`, `config.stages.3`"), "{error}");
}

/// A proof in a ledger of a million records in a hundred shards: its size and the time to check it.
#[test]
fn proofs_are_small_and_quick_to_check() {
    let shards: Vec<Levels> =
        vec![Levels::new((0..1_000_000_u32).map(|n| Sha256::of(&n.to_be_bytes())).collect())];
    let entries = Levels::new((0..10_000_u32).map(|n| Sha256::of(&n.to_be_bytes())).collect());
    let release = Fixture::sealed();
    let mut proof = prove(&release, &[(0, 1)]).remove(0);
    let row = LedgerRow {
        row: 999_999,
        fate: Fate::Removed,
        stage: Some("near-duplicates".to_owned()),
        rule: Some("similar".to_owned()),
        duplicate_of: Some(("crawl/2026-40/part-00012".to_owned(), 123_456)),
        similarity: Some("0.9123456".to_owned()),
        value: Some("0.9123456".to_owned()),
        bound: Some("0.75".to_owned()),
        ..LedgerRow::default()
    };
    let mut tally = ShardTally::new("crawl/2026-40/part-00013");
    tally.add(&LedgerRow { row: 0, ..row.clone() }).unwrap();
    proof.record = Leaf::new("crawl/2026-40/part-00013", &row);
    proof.record_path = shards[0].path(777_777);
    proof.shard_path = entries.path(7_777);
    let bytes = proof.to_bytes().unwrap();
    assert_eq!((proof.record_path.len(), proof.shard_path.len()), (20, 14));
    assert!(bytes.len() < 4096, "{} bytes", bytes.len());
    let manifest = checked(&release);
    let honest = prove(&release, &[(0, 1)]).remove(0).to_bytes().unwrap();
    let begun = Instant::now();
    for _ in 0..100 {
        Proof::parse(&honest).unwrap().check(&manifest).unwrap();
        let leaf = leaf_hash(&to_canonical(&proof.record).unwrap());
        verify_inclusion(shards[0].root(), 1_000_000, 777_777, leaf, &proof.record_path).unwrap_err();
    }
    let each = begun.elapsed() / 100;
    println!("a proof of {} bytes is checked in {each:?}", bytes.len());
    assert!(each.as_millis() < 10, "{each:?}");
}
