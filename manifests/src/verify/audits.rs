//! The samples that audits rest on, drawn anew from the ledger.

use std::collections::BTreeSet;

use super::checks::CheckId;
use super::release::{INDEX_BYTES_MAX, Release};
use super::report::{Findings, Report};
use super::{Evidence, Indexes, Request};
use crate::audit::attest::Audited;
use crate::audit::{AuditError, Frame};
use crate::digest::Sha256;
use crate::layout::CONFIG;

/// Redraws the sample of every audit that trusted auditors signed.
pub(super) fn check(
    release: &mut Release,
    manifest: Sha256,
    indexes: &Indexes,
    evidence: &dyn Evidence,
    request: &Request,
    report: &mut Report,
) {
    let id = CheckId::LedgerAudits;
    if !report.wants(id) {
        return;
    }
    if report.audits.is_empty() {
        return report.waive(id, "there is no audit by a trusted auditor");
    }
    let public = public_stages(&release.read(CONFIG, INDEX_BYTES_MAX).unwrap_or_default());
    let root = release.root().to_owned();
    let frame = Frame { root: &root, ledger: &indexes.ledger, inputs: &indexes.inputs, evidence };
    let (mut findings, mut redrawn) = (Findings::default(), 0);
    for audit in &report.audits {
        match redraw(audit, manifest, &frame, request, &public) {
            Ok(true) => redrawn += 1,
            Ok(false) => {}
            Err(why) => findings.add(&audit.file, "counts over the sample its seed draws", why),
        }
    }
    let unseen = report.audits.len() - redrawn;
    if findings.is_empty() && redrawn == 0 {
        return report.waive(id, "the designs of the samples are not public, and no sample was given");
    }
    if report.settle(id, findings) && unseen > 0 {
        report.note(id, format!("{redrawn} samples redrawn; {unseen} were not given"));
    }
}

/// Whether the sample could be redrawn; an error where it is another.
fn redraw(
    audit: &Audited,
    manifest: Sha256,
    frame: &Frame<'_>,
    request: &Request,
    public: &BTreeSet<String>,
) -> Result<bool, AuditError> {
    let given = || request.samples.iter().find(|s| s.sha256().is_ok_and(|sha256| sha256 == audit.sample));
    let design = match (&audit.design, given()) {
        (Some(design), _) => design,
        (None, Some(sample)) => &sample.design,
        (None, None) => return Ok(false),
    };
    let sample = frame.draw(manifest, &audit.seed, design)?;
    audit.rests_on(&sample, public)?;
    Ok(true)
}

/// The names of the stages in a public configuration.
pub fn public_stages(config: &[u8]) -> BTreeSet<String> {
    let config: serde_json::Value = serde_json::from_slice(config).unwrap_or_default();
    let stages = config.get("stages").and_then(serde_json::Value::as_array).into_iter().flatten();
    let name = |stage: &serde_json::Value| stage.get("name")?.as_str().map(str::to_owned);
    stages.filter_map(name).collect()
}
