//! What stands around the signature: timestamps, countersignatures, the verifier's own policy and memory.
//!
//! None of it is asked for by default, because all of it needs something the verifier brings: certificates, keys, a
//! policy, a state.

use p256::pkcs8::der::DateTime;
use serde::Serialize;

use super::checks::CheckId;
use super::release::Release;
use super::report::{Findings, Report};
use super::statement::Checked;
use super::{Level, Request};
use crate::audit::Side;
use crate::bundle::{BUNDLE_BYTES_MAX, BundleError, signature_of, timestamps_of};
use crate::countersign::{Attestation, CountersignError, now};
use crate::keys::PublicKey;
use crate::layout::{MANIFEST, is_countersignature};
use crate::model_signing::DATASET_SIG;
use crate::policy::{Policy, Role};
use crate::timestamp::{self, Authority};

/// A time before which a signature existed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Stamp {
    /// The bundle.
    pub file: String,
    /// RFC 3339, UTC.
    pub existed_before: String,
}

/// Marks what was not asked for, before anything can go wrong.
pub(super) fn waive(request: &Request, levels: &[Level], report: &mut Report) {
    if !levels.contains(&Level::Signature) {
        return;
    }
    for (id, asked, why) in [
        (CheckId::SignatureTimestamp, has_authorities(request), "no timestamp authority is trusted"),
        (CheckId::SignatureCountersignatures, has_auditors(request), "no auditor's key is trusted"),
        (CheckId::SignaturePolicy, request.policy.is_some(), "there is no policy"),
        (CheckId::SignatureState, request.state.is_some(), "nothing is remembered of earlier releases"),
    ] {
        if !asked {
            report.waive(id, why);
        }
    }
}

fn authorities(request: &Request) -> impl Iterator<Item = &Authority> {
    let of_policy = request.policy.iter().flat_map(|policy| &policy.authorities);
    request.authorities.iter().chain(of_policy)
}

fn has_authorities(request: &Request) -> bool {
    authorities(request).next().is_some()
}

fn has_auditors(request: &Request) -> bool {
    let of_policy = request.policy.as_ref();
    !request.auditors.is_empty()
        || of_policy.is_some_and(|policy| policy.with(Role::Auditor).next().is_some())
}

/// All that was asked for.
pub(super) fn check(
    release: &mut Release,
    checked: &Checked,
    key: &PublicKey,
    request: &Request,
    report: &mut Report,
) {
    let mut earliest = None;
    if report.wants(CheckId::SignatureTimestamp) {
        earliest = timestamps(release, request, report);
    }
    if report.wants(CheckId::SignatureCountersignatures) {
        countersignatures(release, checked, request, report);
    }
    if let Some(policy) = request.policy.as_ref().filter(|_| report.wants(CheckId::SignaturePolicy)) {
        let mut findings = Findings::default();
        follows(policy, checked, key, earliest, report, &mut findings);
        report.settle(CheckId::SignaturePolicy, findings);
    }
    if let Some(state) = request.state.as_ref().filter(|_| report.wants(CheckId::SignatureState)) {
        let mut findings = Findings::default();
        if let Some((expected, found)) = state.objection(checked.predicate(), checked.sha256()) {
            findings.add(MANIFEST, expected, found);
        }
        report.settle(CheckId::SignatureState, findings);
    }
}

/// At least one timestamp holds under a trusted authority; gives the earliest time.
fn timestamps(release: &mut Release, request: &Request, report: &mut Report) -> Option<DateTime> {
    let mut findings = Findings::default();
    let mut times = Vec::new();
    for file in [DATASET_SIG, MANIFEST] {
        let Ok(bytes) = release.read(file, BUNDLE_BYTES_MAX) else { continue };
        let (Ok(tokens), Ok(signature)) = (timestamps_of(&bytes), signature_of(&bytes)) else { continue };
        for token in tokens {
            let tried = authorities(request).map(|authority| {
                let token = timestamp::decode(&token)?;
                timestamp::check(&token, &signature, authority)
            });
            let (held, refused): (Vec<_>, Vec<_>) = tried.partition(Result::is_ok);
            match (held.into_iter().flatten().min(), refused.into_iter().find_map(Result::err)) {
                (Some(time), _) => times.push((file, time)),
                (None, Some(why)) => findings.add(file, "a timestamp by a trusted authority", why),
                (None, None) => {}
            }
        }
    }
    if times.is_empty() && findings.is_empty() {
        findings.add(DATASET_SIG, "a timestamp by a trusted authority", "none");
    }
    let stamp = |(file, time): &(&str, DateTime)| Stamp {
        file: (*file).to_owned(),
        existed_before: time.to_string(),
    };
    report.timestamps = times.iter().map(stamp).collect();
    report.settle(CheckId::SignatureTimestamp, findings);
    times.into_iter().map(|(_, time)| time).min()
}

/// Every countersignature by a trusted auditor is about this release; others are nobody's word.
fn countersignatures(release: &mut Release, checked: &Checked, request: &Request, report: &mut Report) {
    let of_policy = request.policy.iter().flat_map(|policy| policy.with(Role::Auditor)).map(|key| &key.key);
    let keys: Vec<&PublicKey> = request.auditors.iter().chain(of_policy).collect();
    let files: Vec<String> =
        release.files().iter().filter(|name| is_countersignature(name)).cloned().collect();
    let mut findings = Findings::default();
    let (mut held, mut audits, mut foreign) = (Vec::new(), Vec::new(), 0);
    for file in &files {
        match attestation(release, file, &keys, checked) {
            Ok(Some(Attestation::Countersigned(signed))) => held.push(signed),
            Ok(Some(Attestation::Audited(result))) => audits.push(*result),
            Ok(None) => foreign += 1,
            Err(why) => findings.add(file, "an auditor's statement about this release", why),
        }
    }
    report.settle(CheckId::SignatureCountersignatures, findings);
    let (signed, results) = (held.len(), audits.len());
    let note = format!(
        "{signed} by trusted auditors, and {results} results of audits; {foreign} by others were not checked"
    );
    report.note(CheckId::SignatureCountersignatures, note);
    report.countersignatures = held;
    report.audits = audits;
}

/// Tries every trusted key; a bundle that none of them signed is somebody else's.
fn attestation(
    release: &mut Release,
    file: &str,
    keys: &[&PublicKey],
    checked: &Checked,
) -> Result<Option<Attestation>, String> {
    let bytes = release.read(file, BUNDLE_BYTES_MAX)?;
    for key in keys {
        match Attestation::open(file, &bytes, key, checked.sha256()) {
            Ok(signed) => return Ok(Some(signed)),
            Err(CountersignError::Bundle(BundleError::Signature | BundleError::KeyName { .. })) => {}
            Err(why) => return Err(why.to_string()),
        }
    }
    // A bundle that says it is by a trusted key and is not was changed.
    let text = String::from_utf8_lossy(&bytes);
    match keys.iter().find(|key| text.contains(&key.key_id())) {
        Some(key) => Err(format!("a signature that is not by the key {} it names", key.key_id())),
        None => Ok(None),
    }
}

/// What the policy asks of a release.
fn follows(
    policy: &Policy,
    checked: &Checked,
    key: &PublicKey,
    earliest: Option<DateTime>,
    report: &Report,
    findings: &mut Findings,
) {
    let dataset = &checked.predicate().dataset;
    if let Some(name) = &policy.dataset {
        findings.same(MANIFEST, "dataset.name", name.as_str(), dataset.name.as_str());
    }
    if dataset.sequence < policy.minimum_sequence {
        let expected = format!("release {} or a later one", policy.minimum_sequence);
        findings.add(MANIFEST, expected, format_args!("release {}", dataset.sequence));
    }
    match (policy.entry(key, Role::Producer), earliest.map_or_else(now, Ok)) {
        (None, _) => findings.add(MANIFEST, "a key with the role `producer`", key.key_id()),
        (_, Err(why)) => findings.add(MANIFEST, "a time to hold keys against", why),
        (Some(trusted), Ok(time)) if !trusted.covers(time) => {
            findings.add(
                MANIFEST,
                format_args!("the validity of key `{}` to cover {time}", trusted.name),
                "another window",
            );
        }
        (Some(_), Ok(_)) => {}
    }
    let mut auditors: Vec<&str> = Vec::new();
    for signed in &report.countersignatures {
        let trusted = policy.with(Role::Auditor).find(|trusted| trusted.key.key_id() == signed.key_id);
        let open = now().is_ok_and(|time| trusted.is_some_and(|trusted| trusted.covers(time)));
        if open && !auditors.contains(&signed.key_id.as_str()) {
            auditors.push(&signed.key_id);
        }
    }
    if (auditors.len() as u64) < policy.countersignatures {
        let expected = format!("countersignatures by {} auditors of the policy", policy.countersignatures);
        findings.add("attestations", expected, auditors.len());
    }
    audited(policy, report, findings);
}

/// The limits the policy sets to what audits found; one audit by an auditor of the policy must keep each.
fn audited(policy: &Policy, report: &Report, findings: &mut Findings) {
    let trusted = |key_id: &str| {
        let entry = policy.with(Role::Auditor).find(|trusted| trusted.key.key_id() == key_id);
        entry.is_some_and(|entry| now().is_ok_and(|time| entry.covers(time)))
    };
    for (side, limit) in [(Side::TakenOut, &policy.false_positives_max), (Side::Released, &policy.misses_max)]
    {
        let Some(limit) = limit else { continue };
        let found = report.audits.iter().filter(|audit| trusted(&audit.key_id));
        let upper: Vec<f64> = found.filter_map(|audit| audit.outcome.upper(side)).collect();
        if !upper.iter().any(|upper| upper <= limit) {
            let expected = format!("an audit with at most a share of {limit} of {}", side.error());
            let least = upper.into_iter().min_by(f64::total_cmp);
            findings.add(
                "attestations",
                expected,
                least.map_or("none".to_owned(), |upper| upper.to_string()),
            );
        }
    }
}
