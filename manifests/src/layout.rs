//! Where things lie in a release.

use std::collections::BTreeSet;

use crate::index::{INPUTS_INDEX, LEDGER_INDEX, LedgerIndex};
use crate::model_signing::DATASET_SIG;

/// The signed manifest; without it a release is incomplete.
pub const MANIFEST: &str = "manifest.sigstore.json";
/// The manifest of a release that still has to be signed.
pub const UNSIGNED_MANIFEST: &str = "manifest.json";
/// The list of digests that the manifest signs.
pub const SUMS: &str = "SHA256SUMS";
/// The resolved configuration as it is published.
pub const CONFIG: &str = "config.public.json";
/// Times, host and throughput of the run; no signature covers it.
pub const RUN: &str = "run.json";

/// Names at the top of a release that no rendered document may have.
pub(crate) const RESERVED: [&str; 5] = [MANIFEST, UNSIGNED_MANIFEST, SUMS, CONFIG, RUN];

/// The files that `SHA256SUMS` lists: everything a public view consists of, apart from the list and the signatures.
pub(crate) fn covered<'a>(
    index: &LedgerIndex,
    documents: impl IntoIterator<Item = &'a str>,
) -> BTreeSet<String> {
    let fixed = [INPUTS_INDEX, LEDGER_INDEX, CONFIG].map(str::to_owned);
    let outputs = index.outputs.iter().map(|part| part.name.clone());
    fixed.into_iter().chain(outputs).chain(documents.into_iter().map(str::to_owned)).collect()
}

/// Files that may lie in a release beside the covered ones and the auditors'.
pub(crate) fn is_companion(name: &str) -> bool {
    name == SUMS || name == MANIFEST || name == RUN || name == DATASET_SIG || is_countersignature(name)
}

/// An auditor's own envelope, added after the release was sealed.
pub(crate) fn is_countersignature(name: &str) -> bool {
    name.strip_prefix("attestations/audit-")
        .and_then(|rest| rest.strip_suffix(".sigstore.json"))
        .is_some_and(|auditor| !auditor.is_empty() && !auditor.contains('/'))
}
