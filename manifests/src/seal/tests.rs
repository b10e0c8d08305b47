use std::fs;

use super::*;
use crate::tamper_tests::fixture::Fixture;

fn seal_it(fixture: &Fixture) -> Result<Sealed, SealError> {
    seal(fixture.dir(), &fixture.draft, Some(&fixture.key))
}

#[test]
fn equal_files_and_keys_give_equal_bytes() {
    let (one, other) = (Fixture::unsealed(Algorithm::P256), Fixture::unsealed(Algorithm::P256));
    let sealed = seal(one.dir(), &one.draft, Some(&one.key)).unwrap();
    seal(other.dir(), &other.draft, Some(&one.key)).unwrap();
    for file in one.files() {
        assert_eq!(one.read(&file), other.read(&file), "{file}");
    }
    assert_eq!(sealed.sha256, Sha256::of(&one.payload()));
    assert_eq!(sealed.statement, one.statement());
    assert_eq!(sealed.key_id, Some(one.public().key_id()));
}

#[test]
fn a_release_sealed_without_a_key_is_completed_by_signing() {
    for algorithm in [Algorithm::P256, Algorithm::Ed25519] {
        let fixture = Fixture::unsealed(algorithm);
        let unsigned = seal(fixture.dir(), &fixture.draft, None).unwrap();
        assert_eq!(unsigned.key_id, None);
        assert_eq!(fixture.verify().exit_code(), 1, "unsigned");
        let signed = sign(fixture.dir(), &fixture.key).unwrap();
        assert_eq!(signed.statement, unsigned.statement);
        assert_eq!(fixture.verify().exit_code(), 0, "{}", fixture.verify());
        assert!(!fixture.files().contains(&"manifest.json".to_owned()));
        assert!(matches!(sign(fixture.dir(), &fixture.key), Err(SealError::NothingToSign)));
    }
}

#[test]
fn what_changed_since_sealing_is_not_signed() {
    for file in
        ["data/part-00000.parquet", "README.md", "auditor/salt.key", "SHA256SUMS", "ledger/index.json"]
    {
        let fixture = Fixture::unsealed(Algorithm::P256);
        seal(fixture.dir(), &fixture.draft, None).unwrap();
        fixture.write(file, b"other");
        let error = sign(fixture.dir(), &fixture.key).unwrap_err().to_string();
        assert!(error.contains(&format!("`{file}`")), "{error}");
        assert!(!fixture.files().iter().any(|name| name == "manifest.sigstore.json"));
    }
}

#[test]
fn a_sealed_release_never_changes() {
    let fixture = Fixture::sealed();
    assert!(matches!(seal_it(&fixture), Err(SealError::Sealed("manifest.sigstore.json"))));
    let fixture = Fixture::unsealed(Algorithm::P256);
    seal(fixture.dir(), &fixture.draft, None).unwrap();
    assert!(matches!(seal_it(&fixture), Err(SealError::Sealed("manifest.json"))));
}

/// A crash can come before each of the renames.
#[test]
fn an_interrupted_seal_is_done_again() {
    let whole = Fixture::sealed();
    for steps in 0..4 {
        let crashed = Fixture::unsealed(Algorithm::P256);
        for file in ["auditor/index.json", "SHA256SUMS", "attestations/dataset.sig"].iter().take(steps) {
            crashed.write(file, &whole.read(file));
        }
        crashed.write("manifest.sigstore.json.partial", b"{\"half");
        crashed.write("README.md.partial", b"# half");
        seal(crashed.dir(), &crashed.draft, Some(&crashed.key)).unwrap();
        assert_eq!(crashed.verify().exit_code(), 0, "{}", crashed.verify());
    }
}

#[test]
fn a_stale_directory_signature_does_not_survive() {
    let fixture = Fixture::unsealed(Algorithm::Ed25519);
    fixture.write("attestations/dataset.sig", b"{}");
    seal_it(&fixture).unwrap();
    assert_eq!(fixture.verify().exit_code(), 0, "{}", fixture.verify());
}

#[test]
fn an_interrupted_signing_is_done_again() {
    let fixture = Fixture::unsealed(Algorithm::P256);
    seal(fixture.dir(), &fixture.draft, None).unwrap();
    let unsigned = fixture.read("manifest.json");
    sign(fixture.dir(), &fixture.key).unwrap();
    fixture.write("manifest.json", &unsigned);
    assert_eq!(fixture.verify().exit_code(), 1, "both manifests");
    sign(fixture.dir(), &fixture.key).unwrap();
    assert_eq!(fixture.verify().exit_code(), 0, "{}", fixture.verify());
    fixture.write("manifest.json", b"{}");
    assert!(matches!(sign(fixture.dir(), &fixture.key), Err(SealError::Sealed(_))));
}

#[test]
fn what_does_not_add_up_is_not_sealed() {
    type Break = fn(&mut Fixture);
    let cases: [(&str, Break, &str); 9] = [
        (
            "missing part",
            |f| fs::remove_file(f.dir().join("data/part-00001.parquet")).unwrap(),
            "`data/part-00001.parquet` is missing",
        ),
        (
            "missing key",
            |f| fs::remove_file(f.dir().join("auditor/salt.key")).unwrap(),
            "`auditor/salt.key` is missing",
        ),
        ("missing document", |f| f.draft.documents.push("letter.md".to_owned()), "`letter.md` is missing"),
        (
            "missing ledger",
            |f| fs::remove_file(f.dir().join("auditor/ledger/part-00001.parquet")).unwrap(),
            "`auditor/ledger/part-00001.parquet` is missing",
        ),
        ("stray file", |f| f.write("data/stray", b""), "`data/stray` does not belong"),
        ("other ledger", |f| f.write("auditor/ledger/part-00000.parquet", b""), "names digest"),
        ("lost rule", |f| drop(f.draft.by_rule.pop_first()), "removed by all stages"),
        ("no sequence", |f| f.draft.dataset.sequence = 0, "sequence"),
        ("index in another form", |f| f.replace("inputs/index.json", ":", ": "), "canonical form"),
    ];
    for (name, change, says) in cases {
        let mut fixture = Fixture::unsealed(Algorithm::P256);
        change(&mut fixture);
        let error = seal_it(&fixture).unwrap_err().to_string();
        assert!(error.contains(says), "{name}: {error}");
        assert!(!fixture.files().iter().any(|file| file.starts_with("manifest")), "{name}");
    }
}

#[test]
fn the_preview_is_the_predicate_without_what_comes_later() {
    let fixture = Fixture::unsealed(Algorithm::P256);
    let mut before = preview(fixture.dir(), &fixture.draft).unwrap();
    let after = seal_it(&fixture).unwrap().statement.predicate;
    assert!(before.documents.is_empty());
    before.documents.clone_from(&after.documents);
    before.auditor.clone_from(&after.auditor);
    assert_eq!(before, after);
    assert_eq!((after.inputs.shards, after.inputs.excluded, after.accounting.orphans), (2, 1, 1));
}
