//! What can be done to the result of an audit, by who may sign and by who may not.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::evidence::TextEvidence;
use super::fixture::Fixture;
use crate::audit::attest::AuditResult;
use crate::audit::{Answer, Design, Frame, Labels, Place, Side, StratifiedSample};
use crate::bundle::{make_bundle, open_bundle};
use crate::canonical::{parse_canonical, to_canonical};
use crate::digest::Sha256;
use crate::keys::{Algorithm, SigningKey};
use crate::policy::Policy;
use crate::verify::{CheckId, Checked, Report, Request, Status, verify};

const FILE: &str = "attestations/audit-lab.sigstore.json";

/// A release, its auditor, and the sample of a design that names public things only.
struct Audit {
    release: Fixture,
    auditor: SigningKey,
    sample: StratifiedSample,
}

impl Audit {
    fn new(by: &[&str], score: Option<&str>) -> Self {
        let release = Fixture::sealed();
        let design = Design {
            by: by.iter().map(|by| (*by).to_owned()).collect(),
            per_stratum: 2,
            score: score.map(str::to_owned),
            stages: None,
        };
        let sample = draw(&release, &design);
        Self { release, auditor: SigningKey::generate(Algorithm::Ed25519).unwrap(), sample }
    }

    /// Signed, every record answered alike.
    fn attested(self, answer: Answer) -> Self {
        let labels = labels(&self.sample, "Ada", |_| answer);
        let public = crate::verify::public_stages(&self.release.read("config.public.json"));
        let (manifest, who) = (checked(&self.release), ("https://lab.example", Some("2026-11-21T12:00:00Z")));
        let told = [(labels, Sha256::of(b"labels"))];
        let result = AuditResult::new(&manifest, &self.sample, &told, false, &public, who).unwrap();
        assert_eq!(result.add(self.release.dir(), "lab", &self.auditor).unwrap(), FILE);
        self
    }

    fn verify(&self, samples: Vec<StratifiedSample>) -> Report {
        let request = Request { auditors: vec![self.auditor.public()], samples, ..Request::default() };
        verify(self.release.dir(), &self.release.public(), &request, &TextEvidence)
    }

    /// What an auditor who lies does: says something else and signs it.
    fn lie(&self, pointer: &str, value: Value) {
        let payload = open_bundle(&self.release.read(FILE), &self.auditor.public()).unwrap();
        let mut statement: Value = parse_canonical(&payload, usize::MAX).unwrap();
        let place = statement.pointer_mut(&format!("/predicate/{pointer}")).unwrap();
        assert_ne!(*place, value, "{pointer}");
        *place = value;
        self.release.write(FILE, &make_bundle(&to_canonical(&statement).unwrap(), &self.auditor).unwrap());
    }
}

fn draw(release: &Fixture, design: &Design) -> StratifiedSample {
    let inputs = parse_canonical(&release.read("inputs/index.json"), usize::MAX).unwrap();
    let ledger = release.ledger_index();
    let frame = Frame { root: release.dir(), ledger: &ledger, inputs: &inputs, evidence: &TextEvidence };
    frame.draw(checked(release).sha256(), "seed", design).unwrap()
}

fn checked(release: &Fixture) -> Checked {
    Checked::open(&release.read("manifest.sigstore.json"), &release.public()).unwrap()
}

fn labels(sample: &StratifiedSample, reviewer: &str, answer: impl Fn(usize) -> Answer) -> Labels {
    let shown = sample.shown().into_iter().cloned().enumerate();
    let answers: BTreeMap<Place, Answer> = shown.map(|(at, place)| (place, answer(at))).collect();
    Labels { reviewer: reviewer.to_owned(), sample: sample.sha256().unwrap(), answers }
}

#[test]
fn a_sample_is_a_function_of_the_ledger_and_the_seed() {
    let release = Fixture::sealed();
    let design = Design { by: vec!["source".to_owned()], per_stratum: 2, score: None, stages: None };
    let sample = draw(&release, &design);
    assert_eq!(sample, draw(&release, &design));
    assert_eq!(StratifiedSample::parse(&sample.to_bytes().unwrap()).unwrap(), sample);
    let told: Vec<_> = sample.strata.iter().map(|s| (s.key.join(" "), s.records, s.places.len())).collect();
    let expected = [
        ("edited web", 1, 1),
        ("kept undeclared", 2, 2),
        ("kept web", 1, 1),
        ("quarantined web", 1, 1),
        ("removed undeclared", 2, 2),
        ("removed web", 2, 2),
    ];
    assert_eq!(told, expected.map(|(key, records, drawn)| (key.to_owned(), records, drawn)));
    let only = Design { stages: Some(vec!["near".to_owned()]), ..design };
    let taken: u64 = draw(&release, &only)
        .strata
        .iter()
        .filter(|s| Side::of(&s.key[0]) == Side::TakenOut)
        .map(|s| s.records)
        .sum();
    assert_eq!(taken, 1, "of one stage only");
}

#[test]
fn an_honest_result_is_shown_and_redrawn() {
    let audit = Audit::new(&["source"], None).attested(Answer::Belongs);
    let report = audit.verify(Vec::new());
    assert_eq!(report.exit_code(), 0, "{report}");
    assert_eq!(report.status(CheckId::LedgerAudits), Status::Pass);
    let found = &report.audits[0].outcome;
    assert_eq!((found.upper(Side::TakenOut), found.upper(Side::Released)), (Some(1.0), Some(0.0)));
    assert!(report.to_string().contains("false positives: 1.000000 of 5 taken out"), "{report}");
    let none = audit.release.verify();
    assert_eq!((none.exit_code(), none.status(CheckId::LedgerAudits)), (0, Status::NotRequested));
}

/// Each lie by the auditor with the check that finds it.
#[test]
fn a_result_that_does_not_follow_is_refused() {
    let cases = [
        ("outcome/strata/0/errors", json!(0), CheckId::SignatureCountersignatures),
        ("outcome/strata/0/records", json!(7), CheckId::SignatureCountersignatures),
        ("outcome/sides/0/interval", json!(["0.000000", "0.000001"]), CheckId::SignatureCountersignatures),
        ("outcome/strata/1/sufficient", json!(false), CheckId::SignatureCountersignatures),
        ("confidence", json!("0.5"), CheckId::SignatureCountersignatures),
        ("timeCreated", json!("yesterday"), CheckId::SignatureCountersignatures),
        ("seed", json!("another"), CheckId::LedgerAudits),
        ("design/perStratum", json!(1), CheckId::LedgerAudits),
        ("design/by", json!(["rule"]), CheckId::LedgerAudits),
        ("sample", json!(Sha256::of(b"x").to_string()), CheckId::LedgerAudits),
        ("outcome/strata/0/key", json!(["edited", "elsewhere"]), CheckId::LedgerAudits),
    ];
    for (pointer, value, check) in cases {
        let audit = Audit::new(&["source"], None).attested(Answer::DoesNotBelong);
        audit.lie(pointer, value);
        let report = audit.verify(Vec::new());
        let failed: Vec<CheckId> = report.failed().map(|check| check.id).collect();
        assert_eq!(failed, [check], "{pointer}: {report}");
    }
}

#[test]
fn a_result_of_another_release_or_another_hand_is_refused() {
    let audit = Audit::new(&["source"], None).attested(Answer::Belongs);
    let other = Fixture::sealed();
    other.claim(|s| "2.0.0".clone_into(&mut s.predicate.dataset.version));
    other.write(FILE, &audit.release.read(FILE));
    let request = Request { auditors: vec![audit.auditor.public()], ..Request::default() };
    let report = verify(other.dir(), &other.public(), &request, &TextEvidence);
    assert_eq!(report.status(CheckId::SignatureCountersignatures), Status::Fail);
    let bytes = audit.release.text(FILE);
    let at = bytes.find("\"sig\":\"").unwrap() + 12;
    let flipped = if bytes.as_bytes()[at] == b'A' { "B" } else { "A" };
    audit.release.write(FILE, format!("{}{flipped}{}", &bytes[..at], &bytes[at + 1..]).as_bytes());
    assert_eq!(audit.verify(Vec::new()).status(CheckId::SignatureCountersignatures), Status::Fail);
}

/// `hazard` is a committed stage: neither its name nor its rule's is in what anybody may read.
#[test]
fn committed_stages_stay_committed() {
    let masked = Audit::new(&["stage", "rule"], None).attested(Answer::Belongs);
    let payload = open_bundle(&masked.release.read(FILE), &masked.auditor.public()).unwrap();
    let text = String::from_utf8(payload).unwrap();
    assert!(
        !text.contains("hazard") && !text.contains("\"score\"]") && text.contains("(committed)"),
        "{text}"
    );
    assert_eq!(masked.verify(Vec::new()).status(CheckId::LedgerAudits), Status::Pass);

    let secret = Design { stages: Some(vec!["hazard".to_owned()]), ..masked.sample.design.clone() };
    let mut audit = Audit::new(&["stage"], None);
    audit.sample = draw(&audit.release, &secret);
    let audit = audit.attested(Answer::Belongs);
    let payload = open_bundle(&audit.release.read(FILE), &audit.auditor.public()).unwrap();
    assert!(!String::from_utf8(payload).unwrap().contains("hazard"));
    let unseen = audit.verify(Vec::new());
    assert_eq!((unseen.exit_code(), unseen.status(CheckId::LedgerAudits)), (0, Status::NotRequested));
    let seen = audit.verify(vec![audit.sample.clone()]);
    assert_eq!(seen.status(CheckId::LedgerAudits), Status::Pass, "{seen}");
}

#[test]
fn bands_are_tenths_of_the_score() {
    let audit = Audit::new(&[], Some("value"));
    assert_eq!(audit.sample.cuts.len(), 9);
    let bands: BTreeSet<&str> = audit.sample.strata.iter().map(|s| s.key[1].as_str()).collect();
    assert!(bands.contains("none") && bands.len() > 2, "{bands:?}");
    let audit = audit.attested(Answer::Belongs);
    assert_eq!(audit.verify(Vec::new()).status(CheckId::LedgerAudits), Status::Pass);
}

#[test]
fn two_reviewers_and_one_who_decides() {
    let audit = Audit::new(&[], None);
    let first = labels(&audit.sample, "Ada", |_| Answer::DoesNotBelong);
    let second =
        labels(&audit.sample, "Bo", |at| if at == 0 { Answer::Belongs } else { Answer::DoesNotBelong });
    let third = labels(&audit.sample, "Cy", |_| Answer::DoesNotBelong);
    let errors = |outcome: &crate::audit::Outcome| outcome.strata.iter().map(|s| s.errors).sum::<u64>();
    let outcome = |all: &[Labels], third| crate::audit::Outcome::of(&audit.sample, all, third).unwrap();
    let both = [first.clone(), second.clone()];
    let (agreed, none) = outcome(&[first.clone(), third.clone()], None);
    let (open, differ) = outcome(&both, None);
    let (decided, _) = outcome(&both, Some(&third));
    assert!(none.is_empty() && differ.len() == 1, "{differ:?}");
    assert_eq!(errors(&agreed), errors(&decided), "the third decides");
    assert_eq!(open.strata.iter().map(|s| s.open).sum::<u64>(), 1, "what nobody decided stays open");
    assert!(open.agreement.is_some_and(|agreement| agreement.kappa.is_some()));
    let fails =
        |all: &[Labels], third| crate::audit::Outcome::of(&audit.sample, all, third).unwrap_err().to_string();
    assert!(fails(&[], None).starts_with("expected the answers of one or two"));
    assert!(fails(std::slice::from_ref(&first), Some(&third)).starts_with("there is nothing to decide"));
    let twice = [first.clone(), first.clone()];
    assert_eq!(fails(&twice, None), "both files hold the answers of one reviewer, Ada");
    let mut foreign = first.clone();
    foreign.answers.insert(Place { shard: "z".to_owned(), row: 0 }, Answer::Unsure);
    assert_eq!(fails(&[foreign], None), "Ada answered about z:0, which was not drawn");
    let other = Labels { sample: Sha256::of(b"x"), ..first };
    assert_eq!(fails(&[other], None), "the answers of Ada are about another sample");
}

#[test]
fn a_policy_may_ask_for_an_audit() {
    let audit = Audit::new(&["source"], None).attested(Answer::DoesNotBelong);
    let key = |name: &str, role: &str, pem: String| json!({"name": name, "roles": [role], "publicKey": pem});
    let keys = json!([
        key("lab", "producer", audit.release.public().to_pem()),
        key("auditor", "auditor", audit.auditor.public().to_pem())
    ]);
    for (limits, status) in [
        (json!({"falsePositivesMax": "0.05"}), Status::Pass),
        (json!({"missesMax": "0.05"}), Status::Fail),
        (json!({"falsePositivesMax": "0", "missesMax": "1"}), Status::Pass),
    ] {
        let mut policy = json!({"format": "curation-policy/v1", "keys": keys});
        policy.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        let policy = Policy::parse(policy.to_string().as_bytes()).unwrap();
        let request = Request { policy: Some(policy), ..Request::default() };
        let report = verify(audit.release.dir(), &audit.release.public(), &request, &TextEvidence);
        assert_eq!(report.status(CheckId::SignaturePolicy), status, "{limits}: {report}");
    }
    let bad = json!({"format": "curation-policy/v1", "keys": keys, "missesMax": "2"});
    let error = Policy::parse(bad.to_string().as_bytes()).unwrap_err().to_string();
    assert_eq!(error, "`missesMax` is \"2\", expected a decimal from 0 to 1");
}
