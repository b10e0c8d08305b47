//! The dataset card: Markdown with the YAML header that dataset hubs read
//! (<https://huggingface.co/docs/hub/datasets-cards>).

use std::fmt::Write;

use super::{Facts, cell, teachers, told};
use crate::ledger::SHARD_EXTENSIONS;
use crate::predicate::{Predicate, SplitTotal};

/// The dataset card, `README.md`: what the release is, what was left out and why, how to check it.
///
/// It names the roots but not the manifest's own digest, which covers this document.
pub(super) fn card(facts: &Facts<'_>) -> String {
    let mut card = String::new();
    // writing to a string cannot fail
    let _ = write_card(&mut card, facts);
    card
}

/// What a part's name ends in.
fn extension(name: &str) -> Option<&'static str> {
    SHARD_EXTENSIONS.into_iter().find(|extension| name.ends_with(extension))
}

fn write_card(out: &mut String, facts: &Facts<'_>) -> std::fmt::Result {
    let predicate = facts.predicate;
    let Predicate { dataset, producer, tool, accounting, outputs, ledger, .. } = predicate;
    let extension = facts.parts.iter().find_map(|(name, _)| extension(name)).unwrap_or(".parquet");
    writeln!(out, "---\npretty_name: {}", quoted(&dataset.name))?;
    writeln!(out, "configs:\n- config_name: default\n  data_files:")?;
    match outputs.splits.as_slice() {
        [] => writeln!(out, "  - split: train\n    path: data/*{extension}")?,
        splits => splits.iter().try_for_each(|SplitTotal { name, .. }| {
            writeln!(out, "  - split: {name}\n    path: data/{name}/*{extension}")
        })?,
    }
    writeln!(out, "---")?;
    writeln!(out, "\n# {} {}\n", dataset.name, dataset.version)?;
    writeln!(out, "Release {}, made with {} {}.", dataset.sequence, tool.name, tool.version)?;
    if !producer.name.is_empty() {
        writeln!(out, "Declared producer: {} {}", producer.name, producer.contact)?;
    }
    writeln!(out, "\n## Records\n\n| records | count |\n|---|---:|")?;
    let rows = [
        ("in", accounting.records_in),
        ("kept unchanged", accounting.kept),
        ("kept with edits", accounting.edited),
        ("removed", accounting.removed),
        ("quarantined", accounting.quarantined),
    ];
    for (name, count) in rows {
        writeln!(out, "| {name} | {count} |")?;
    }
    writeln!(out, "\nThe output holds {} records, {} bytes of text.", outputs.rows, outputs.text_bytes)?;
    if accounting.repeated > 0 {
        writeln!(out, "{} of them repeat a record that is there already.", accounting.repeated)?;
    }
    if !outputs.splits.is_empty() {
        writeln!(out, "\n| split | records | bytes of text |\n|---|---:|---:|")?;
        for SplitTotal { name, rows, text_bytes } in &outputs.splits {
            writeln!(out, "| {name} | {rows} | {text_bytes} |")?;
        }
        writeln!(out)?;
    }
    if accounting.orphans > 0 {
        writeln!(
            out,
            "{} records were removed as duplicates of a record that a later stage removed.",
            accounting.orphans
        )?;
    }
    writeln!(out, "\n## Left out, by stage\n\n| stage | removed | quarantined |\n|---|---:|---:|")?;
    for stage in &accounting.by_stage {
        writeln!(out, "| {} | {} | {} |", stage.stage, stage.removed, stage.quarantined)?;
    }
    write_sources(out, predicate)?;
    writeln!(out, "\n## How to check this release\n")?;
    writeln!(out, "`sha256sum --strict -c SHA256SUMS` checks the files against the signed list;")?;
    writeln!(
        out,
        "`probity verify . --key producer.pub.pem` checks the signature, the files and, where `auditor/` is"
    )?;
    writeln!(out, "present, every count on this page against the ledger.\n")?;
    writeln!(out, "- record root `{}`", ledger.record_root)?;
    writeln!(out, "- decision root `{}`", ledger.decision_root)?;
    writeln!(out, "- content root `{}`", outputs.content_root)
}

fn write_sources(out: &mut String, predicate: &Predicate) -> std::fmt::Result {
    writeln!(
        out,
        "\n## Sources (declared; rows measured)\n\n| source | licence | category | collected | models that wrote in it | rows |\n|---|---|---|---|---|---:|"
    )?;
    for source in &predicate.inputs.sources {
        let (license, category) = (told(&source.license), told(&source.category));
        writeln!(
            out,
            "| {} | {license} | {category} | {} | {} | {} |",
            cell(&source.id),
            told(&source.collected),
            teachers(source),
            source.rows
        )?;
    }
    Ok(())
}

/// A YAML string in double quotes, which JSON's spelling is.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
