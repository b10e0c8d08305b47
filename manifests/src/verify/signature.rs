//! Level `signature`: the trusted key signed this manifest, and the list of all files with it.

use super::checks::CheckId;
use super::files::Listed;
use super::release::Release;
use super::report::{Findings, Report};
use super::statement::Checked;
use crate::bundle::{BUNDLE_BYTES_MAX, open_bundle};
use crate::keys::{Algorithm, PublicKey};
use crate::layout::{MANIFEST, UNSIGNED_MANIFEST};
use crate::model_signing::{DATASET_SIG, DirectoryStatement};
use crate::predicate::Statement;

/// From bytes nobody vouched for to a checked statement; `None` ends the verification.
pub(super) fn manifest(release: &mut Release, key: &PublicKey, report: &mut Report) -> Option<Checked> {
    let mut findings = Findings::default();
    let payload = payload(release, key, &mut findings);
    report.settle(CheckId::SignatureBundle, findings);
    let mut findings = Findings::default();
    let checked = Checked::read(&payload?, &mut findings);
    report.settle(CheckId::SignatureStatement, findings);
    checked
}

fn payload(release: &mut Release, key: &PublicKey, findings: &mut Findings) -> Option<Vec<u8>> {
    if !release.has(MANIFEST) {
        let got = if release.has(UNSIGNED_MANIFEST) {
            "`manifest.json` alone: the release is unsigned"
        } else {
            "none: the release is incomplete, no manifest"
        };
        findings.add(MANIFEST, "a signed manifest", got);
        return None;
    }
    let opened = release
        .read(MANIFEST, BUNDLE_BYTES_MAX)
        .and_then(|bytes| open_bundle(&bytes, key).map_err(|error| error.to_string()));
    match opened {
        Ok(payload) => Some(payload),
        Err(why) => {
            findings.add(MANIFEST, format_args!("a bundle signed by key {}", key.key_id()), why);
            None
        }
    }
}

/// `attestations/dataset.sig`: signed by the same key, well formed, and about this manifest. Gives its list.
pub(super) fn directory(
    release: &mut Release,
    key: &PublicKey,
    statement: &Statement,
    report: &mut Report,
) -> Option<Listed> {
    if key.algorithm() == Algorithm::Ed25519 && !release.has(DATASET_SIG) {
        let why = "no `attestations/dataset.sig`: the format has no Ed25519, `SHA256SUMS` covers the files";
        report.waive(CheckId::SignatureDirectory, why);
        report.waive(CheckId::FilesDirectory, why);
        return None;
    }
    let mut findings = Findings::default();
    let listed = directory_list(release, key, statement, &mut findings);
    report.settle(CheckId::SignatureDirectory, findings);
    listed
}

fn directory_list(
    release: &mut Release,
    key: &PublicKey,
    statement: &Statement,
    findings: &mut Findings,
) -> Option<Listed> {
    if key.algorithm() == Algorithm::Ed25519 {
        // Nothing vouches for it, so it may not lie there as if something did.
        findings.add(DATASET_SIG, "no such file in a release signed with Ed25519", "a file");
        return None;
    }
    let parsed = release.read(DATASET_SIG, BUNDLE_BYTES_MAX).and_then(|bytes| {
        let payload = open_bundle(&bytes, key).map_err(|error| error.to_string())?;
        DirectoryStatement::parse(&payload, BUNDLE_BYTES_MAX).map_err(|error| error.to_string())
    });
    let directory = match parsed {
        Ok(directory) => directory,
        Err(why) => {
            findings.add(DATASET_SIG, format_args!("a bundle signed by key {}", key.key_id()), why);
            return None;
        }
    };
    let listed = directory.files();
    let dataset = &statement.predicate.dataset.name;
    findings.same(DATASET_SIG, "subject", dataset.as_str(), directory.name());
    match (listed.get(MANIFEST), release.digest(MANIFEST)) {
        (Some(signed), Ok((found, _))) => findings.same(DATASET_SIG, "about the manifest", *signed, found),
        _ => findings.add(DATASET_SIG, format_args!("an entry for `{MANIFEST}`"), "none"),
    }
    Some(listed)
}
