//! The data set's part of a public summary of training content (Regulation (EU) 2024/1689, Article 53(1)(d)).
//!
//! It is a document about a model, so a data set can fill in only some of it. The numbers of the sections are those of the
//! template of the AI Office. This is not that form, and nothing here says that a duty is met. Declared and measured are
//! kept apart, what is unknown is not "no", and what removes hazardous content is kept apart from what selects by quality.

use std::fmt::Write;

use super::{cell, teachers, told};
use crate::disclosure::COMMITTED;
use crate::predicate::{Predicate, Source, StageCount};

/// Bytes of text for one token, roughly; the template asks for a bin and not for a count.
const BYTES_PER_TOKEN: u64 = 4;

pub(super) fn eu_summary(predicate: &Predicate) -> String {
    let mut out = String::new();
    // writing to a string cannot fail
    let _ = write_all(&mut out, predicate);
    out
}

fn write_all(out: &mut String, predicate: &Predicate) -> std::fmt::Result {
    let Predicate { dataset, outputs, .. } = predicate;
    writeln!(
        out,
        "# Data set `{}` {}: its part of a public summary of training content\n",
        dataset.name, dataset.version
    )?;
    writeln!(
        out,
        "Rendered from the signed manifest of release {}. *Measured* was counted, *declared* is the",
        dataset.sequence
    )?;
    writeln!(
        out,
        "producer's word, *unknown* was not declared and does not mean no. Sections that only the provider of a model"
    )?;
    writeln!(out, "can fill in are left to the provider. This is not the form of the AI Office.\n")?;
    let tokens = outputs.text_bytes / BYTES_PER_TOKEN;
    writeln!(out, "## 1 General information\n\n| field | value | basis |\n|---|---|---|")?;
    writeln!(out, "| 0 version | {} | declared |", cell(&dataset.version))?;
    writeln!(out, "| 0 last update | {} | declared |", told(&dataset.released))?;
    writeln!(out, "| 1.1, 1.2 provider, models | left to the provider | |")?;
    writeln!(out, "| 1.3 modality | text | measured |")?;
    writeln!(
        out,
        "| 1.3 size | {} ({} bytes of text, {BYTES_PER_TOKEN} bytes a token) | measured |",
        bin(tokens),
        outputs.text_bytes
    )?;
    writeln!(out, "| 1.3 records | {} | measured |", outputs.rows)?;
    writeln!(out, "| 1.3 types of content, languages | unknown | |")?;
    sources(out, predicate)?;
    writeln!(
        out,
        "\n## 3 Data processing\n\n### 3.1 Reservations of rights\n\nUnknown: left to the provider."
    )?;
    let stages = &predicate.accounting.by_stage;
    let (hazard, other): (Vec<&StageCount>, Vec<&StageCount>) =
        stages.iter().partition(|stage| stage.stage == COMMITTED);
    writeln!(out, "\n### 3.2 Removal of illegal and hazardous content\n")?;
    if hazard.is_empty() {
        writeln!(
            out,
            "No stage whose configuration is withheld took a record out (measured). Whether one of the stages in 3.3 removes\nsuch content is for its producer to say."
        )?;
    } else {
        writeln!(
            out,
            "Stages whose configuration is published as digests only, so that nobody learns how to pass them: filters of such\ncontent, and deduplication that depends on what they found:\n"
        )?;
        table(out, &hazard)?;
    }
    writeln!(
        out,
        "\n### 3.3 Other processing (optional)\n\nDeduplication, selection by quality, and records that could not be read:\n"
    )?;
    table(out, &other)
}

/// The template's bins for text.
fn bin(tokens: u64) -> &'static str {
    match tokens {
        0..1_000_000_000 => "less than 1 billion tokens",
        1_000_000_000..=10_000_000_000_000 => "1 billion to 10 trillion tokens",
        _ => "more than 10 trillion tokens",
    }
}

fn sources(out: &mut String, predicate: &Predicate) -> std::fmt::Result {
    writeln!(
        out,
        "\n## 2 Sources\n\n| source | category | licence | period of collection | address | models that made data | records in |"
    )?;
    writeln!(
        out,
        "|---|---|---|---|---|---|---:|\n| | declared | declared | declared | declared | declared | measured |"
    )?;
    for source in &predicate.inputs.sources {
        let Source { id, category, license, collected, uri, rows, .. } = source;
        let (category, license, collected, uri) = (told(category), told(license), told(collected), told(uri));
        let models = teachers(source);
        writeln!(out, "| {} | {category} | {license} | {collected} | {uri} | {models} | {rows} |", cell(id))?;
    }
    writeln!(
        out,
        "\nWhether a source is public (2.1), licensed or private (2.2), crawled (2.3), user data (2.4), synthetic (2.5) or"
    )?;
    writeln!(out, "other (2.6) is its declared category. Crawlers and domains: unknown.")
}

fn table(out: &mut String, stages: &[&StageCount]) -> std::fmt::Result {
    writeln!(out, "| stage | removed | quarantined |\n|---|---:|---:|")?;
    for stage in stages {
        writeln!(out, "| {} | {} | {} |", stage.stage, stage.removed, stage.quarantined)?;
    }
    Ok(())
}
