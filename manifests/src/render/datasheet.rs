//! A datasheet in the seven groups of Gebru et al., Datasheets for Datasets, Communications of the ACM 64 (2021). What a
//! manifest holds is filled in; every other question is left open in words.

use std::fmt::Write;

use super::{cell, teachers, told};
use crate::predicate::Predicate;

pub(super) fn datasheet(predicate: &Predicate) -> String {
    let mut out = String::new();
    // writing to a string cannot fail
    let _ = write_all(&mut out, predicate);
    out
}

fn write_all(out: &mut String, predicate: &Predicate) -> std::fmt::Result {
    let Predicate { dataset, producer, tool, accounting, outputs, inputs, ledger, .. } = predicate;
    let or_unknown = |text: &str| if text.is_empty() { "unknown".to_owned() } else { cell(text) };
    writeln!(out, "# Datasheet of `{}` {}\n", dataset.name, dataset.version)?;
    writeln!(out, "Rendered from the signed manifest. (m) was measured, (d) is declared by the producer.\n")?;
    writeln!(out, "## Motivation\n\n- For what purpose, and who paid for it: not in the manifest.")?;
    writeln!(
        out,
        "- Who made it: {} (d), contact {} (d).\n",
        or_unknown(&producer.name),
        or_unknown(&producer.contact)
    )?;
    writeln!(
        out,
        "## Composition\n\n- Records: {} (m), in {} files of {} bytes (m).",
        outputs.rows, outputs.shards, outputs.bytes
    )?;
    writeln!(out, "- Text: {} bytes (m), content root `{}` (m).", outputs.text_bytes, outputs.content_root)?;
    writeln!(
        out,
        "- Selected from {} records in {} shards (m); {} shards could not be read and are listed as excluded (m).",
        inputs.rows, inputs.shards, inputs.excluded
    )?;
    writeln!(
        out,
        "- Persons, languages, errors and sensitive content beyond the stages below: not in the manifest.\n"
    )?;
    writeln!(
        out,
        "## Collection\n\n| source (d) | period (d) | licence (d) | models that wrote in it (d) | records (m) |\n|---|---|---|---|---:|"
    )?;
    for source in &inputs.sources {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            cell(&source.id),
            told(&source.collected),
            told(&source.license),
            teachers(source),
            source.rows
        )?;
    }
    writeln!(
        out,
        "\n## Preprocessing, cleaning, labelling\n\nBy {} {}; each record's fate and the rule that decided are in the ledger",
        tool.name, tool.version
    )?;
    writeln!(
        out,
        "(decision root `{}`). Of {} records {} were kept, {} edited, {} removed, {} quarantined (m).\n",
        ledger.decision_root,
        accounting.records_in,
        accounting.kept,
        accounting.edited,
        accounting.removed,
        accounting.quarantined
    )?;
    writeln!(out, "| stage | rule | removed (m) | quarantined (m) |\n|---|---|---:|---:|")?;
    for rule in &accounting.by_rule {
        writeln!(out, "| {} | {} | {} | {} |", rule.stage, rule.rule, rule.removed, rule.quarantined)?;
    }
    writeln!(
        out,
        "\n## Uses\n\nNot in the manifest.\n\n## Distribution\n\n- Released: {} (d). Licences: see the sources.\n",
        told(&dataset.released)
    )?;
    writeln!(
        out,
        "## Maintenance\n\n- This is release {}. Its predecessor is named in the manifest.",
        dataset.sequence
    )
}
