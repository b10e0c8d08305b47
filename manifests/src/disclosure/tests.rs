use serde_json::json;

use super::*;

fn key() -> SaltKey {
    SaltKey::from_bytes(std::array::from_fn(|at| at as u8))
}

/// RFC 9901, section 4.2.1: its salt has 130 bits, so only the hashing is compared.
#[test]
fn digests_are_those_of_the_rfc() {
    let disclosure = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
    let digest = URL_SAFE_NO_PAD.encode(Sha256::of(disclosure.as_bytes()).0);
    assert_eq!(digest, "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
}

#[test]
fn equal_keys_and_names_give_equal_openings_and_nothing_else_does() {
    let one = Disclosure::new(&key(), "a", json!("x"));
    assert_eq!(one, Disclosure::new(&key(), "a", json!("x")));
    assert_eq!(Disclosure::parse(&one.to_line().unwrap(), 1).unwrap(), one);
    let other_key = SaltKey::from_bytes([9; 32]);
    for other in [
        Disclosure::new(&key(), "b", json!("x")),
        Disclosure::new(&key(), "a", json!("y")),
        Disclosure::new(&other_key, "a", json!("x")),
    ] {
        assert_ne!(one.digest().unwrap(), other.digest().unwrap());
    }
}

#[test]
fn stages_are_committed_and_opened_in_place() {
    let config = json!({"stages": [{"name": "a"}, {"name": "keywords", "packs": ["x"]}, {"name": "c"}]});
    let mut public = config.clone();
    let disclosures = commit_stages(&mut public, &[1], &key()).unwrap();
    assert!(!public.to_string().contains("keywords"), "{public}");
    let signed = signed_digests(&key(), &disclosures).unwrap();
    assert_eq!(signed.len(), PAD, "one and seven decoys");
    assert!(signed.is_sorted() && signed.iter().all(|digest| is_digest(digest)));
    let lines = to_lines(&disclosures).unwrap();
    let opened = Opened::parse(&lines, &signed, &public).unwrap();
    assert_eq!(opened.config(&public).unwrap(), config);
    assert_eq!(opened.stage_names(), BTreeSet::from(["keywords".to_owned()]));
    assert_eq!(stage_order(&public), ["a", COMMITTED, "c"]);
    assert!(matches!(Opened::default().config(&public), Err(DisclosureError::Closed(_))));
    assert!(commit_stages(&mut public, &[7], &key()).is_err());
}

#[test]
fn nothing_is_committed_where_nothing_is_withheld() {
    assert!(signed_digests(&key(), &[]).unwrap().is_empty());
}

/// Attacks 21 and 22: a false opening, one that overrides a public field, one field twice.
#[test]
fn false_openings_are_refused() {
    let mut public = json!({"stages": [{"name": "a"}, {"name": "b"}]});
    let mut disclosures = commit_stages(&mut public, &[1], &key()).unwrap();
    // signed, but about a stage that is public
    disclosures.push(Disclosure::new(&key(), "config.stages.0", json!({"name": "harmless"})));
    disclosures.push(Disclosure::new(&key(), "producer", json!("somebody")));
    let signed = signed_digests(&key(), &disclosures).unwrap();
    let lines = |list: &[Disclosure]| to_lines(list).unwrap();
    let open = |bytes: &[u8]| Opened::parse(bytes, &signed, &public).unwrap_err().to_string();
    assert!(Opened::parse(&lines(&disclosures[..1]), &signed, &public).is_ok());
    assert_eq!(open(&lines(&disclosures[1..2])), "`config.stages.0` is not a committed field");
    assert_eq!(open(&lines(&disclosures[2..])), "`producer` is not a committed field");
    let twice = [lines(&disclosures[..1]), lines(&disclosures[..1])].concat();
    assert_eq!(open(&twice), "`config.stages.1` is opened twice");
    let other = Disclosure::new(&key(), "config.stages.1", json!({"name": "c"}));
    assert!(open(&lines(&[other])).contains("does not sign"));
    assert!(open(b"").contains("line feed"));
    assert!(open(b"[\"AAAA\",\"x\",1]\n").contains("salt of `x`"));
    assert!(open(b"[1]\n").contains("line 1"));
}
