//! Which suggested actions of NIST AI 600-1 (Generative AI Profile, July 2024) a release holds evidence for, and where.
//!
//! Evidence of something done is not a claim that it is enough.

use std::fmt::Write;

use crate::predicate::Predicate;

pub(super) fn nist(predicate: &Predicate) -> String {
    let mut out = String::new();
    // writing to a string cannot fail
    let _ = write_all(&mut out, predicate);
    out
}

fn write_all(out: &mut String, predicate: &Predicate) -> std::fmt::Result {
    let Predicate { dataset, accounting, inputs, ledger, outputs, assets, .. } = predicate;
    let taken_out = accounting.removed.saturating_add(accounting.quarantined);
    let history = match dataset.sequence {
        1 => "release 1; no predecessor".to_owned(),
        number => format!("release {number}; `dataset.previousManifest` names its predecessor"),
    };
    let declared = inputs.sources.iter().filter(|source| source.license.is_some()).count();
    let rows: [(&str, &str, String); 12] = [
        (
            "GV-1.2-001",
            "origin and history of training data, proprietary parts protected",
            "`inputs/index.json`; the public and the auditors' view of one manifest".to_owned(),
        ),
        (
            "MP-2.1-001, MP-2.1-002",
            "lineage, transformations, decision criteria",
            format!(
                "`config.public.json`; ledger of {} rows, decision root `{}`",
                ledger.rows, ledger.decision_root
            ),
        ),
        (
            "MP-2.2-001",
            "upstream data sources",
            format!("{} sources over {} shards", inputs.sources.len(), inputs.shards),
        ),
        (
            "MP-4.1-004, MP-4.1-005",
            "curation policies",
            format!(
                "{} stages took records out; {} files decisions rested on are named",
                accounting.by_stage.len(),
                assets.len()
            ),
        ),
        (
            "MP-4.1-006, MP-4.1-010",
            "third-party rights",
            format!("{declared} of {} sources declare a licence", inputs.sources.len()),
        ),
        (
            "MS-1.1-007, MS-2.5-005",
            "integrity and provenance of training data",
            "`probity verify`, or the tools named in docs/manifest.md".to_owned(),
        ),
        (
            "MS-2.6-002",
            "content that should not be in training data",
            format!("{taken_out} records taken out, by rule in `accounting.byRule`"),
        ),
        (
            "MS-2.8-003, MS-2.9-002",
            "tamper-proof history",
            format!("record root `{}`, content root `{}`", ledger.record_root, outputs.content_root),
        ),
        (
            "MS-2.10-003",
            "deduplication",
            format!(
                "duplicates name their survivor in the ledger; {} of these are not released either",
                accounting.orphans
            ),
        ),
        (
            "MG-2.2-002, MG-3.2-003",
            "sources of training data",
            format!("{} records in, {} of them released", accounting.records_in, outputs.rows),
        ),
        (
            "MG-3.1-004",
            "review and removal",
            "the ledger's row of each removed record: stage, rule, value, bound".to_owned(),
        ),
        ("MG-4.1-006", "modifications and deletions", history),
    ];
    writeln!(out, "# Evidence in `{}` {} for actions of NIST AI 600-1\n", dataset.name, dataset.version)?;
    writeln!(
        out,
        "Rendered from the signed manifest. A row says where evidence lies; whether it is enough is for its reader.\n"
    )?;
    writeln!(out, "| action | about | evidence |\n|---|---|---|")?;
    rows.iter().try_for_each(|(id, about, evidence)| writeln!(out, "| {id} | {about} | {evidence} |"))
}
