//! Documents rendered from the manifest, never retyped: what they say is what is signed.
//!
//! A document says which of its numbers were counted and which rest on the producer's word, and keeps what is unknown
//! apart from what is not so. It names the release by its roots and not by the manifest's digest, which covers it. `verify`
//! renders every document again and compares the bytes; a renderer that changes gets a new version, and documents of a
//! version it does not know are held against their digests alone.

mod bills;
mod card;
mod croissant;
mod datasheet;
mod eu_summary;
mod lineage;
mod nist;

use std::path::Path;

use serde_json::Value;

use crate::canonical::{check_canonical, to_canonical};
use crate::digest::Sha256;
use crate::layout::{CONFIG, SUMS};
use crate::predicate::{Predicate, Source, Teacher};
use crate::sums::parse_sums;
use crate::verify::{Checked, INDEX_BYTES_MAX, Release};

/// The documents every release has.
pub const DOCUMENTS: [&str; 5] =
    ["README.md", "croissant.json", "datasheet.md", "eu-summary.md", "nist-ai-600-1.md"];

/// What else can be rendered on request.
pub const TARGETS: [&str; 9] =
    ["card", "croissant", "datasheet", "eu-summary", "nist", "slsa", "openlineage", "spdx", "cyclonedx"];

/// Names nothing that is rendered.
pub const NO_RENDERER: &str = "none";

/// What documents are made from. `predicate.documents` and `predicate.auditor` are not known yet when they are made, so
/// no document may print either.
pub struct Facts<'a> {
    /// The claims.
    pub predicate: &'a Predicate,
    /// The files under `data/` and their digests, in byte order.
    pub parts: Vec<(&'a str, Sha256)>,
    /// The public configuration.
    pub config: &'a Value,
}

/// The version of what a document of this name is rendered by.
pub fn renderer(name: &str) -> &'static str {
    match name {
        "README.md" => "card/1",
        "croissant.json" => "croissant/1",
        "datasheet.md" => "datasheet/1",
        "eu-summary.md" => "eu-summary/1",
        "nist-ai-600-1.md" => "nist-ai-600-1/1",
        _ => NO_RENDERER,
    }
}

/// The document of this name; `None` for a name that nothing is rendered under.
pub fn document(name: &str, facts: &Facts<'_>) -> Option<String> {
    match name {
        "README.md" => target("card", facts),
        "croissant.json" => target("croissant", facts),
        "datasheet.md" => target("datasheet", facts),
        "eu-summary.md" => target("eu-summary", facts),
        "nist-ai-600-1.md" => target("nist", facts),
        _ => None,
    }
}

/// One of [`TARGETS`].
pub fn target(name: &str, facts: &Facts<'_>) -> Option<String> {
    match name {
        "card" => Some(card::card(facts)),
        "croissant" => json(&croissant::croissant(facts)),
        "datasheet" => Some(datasheet::datasheet(facts.predicate)),
        "eu-summary" => Some(eu_summary::eu_summary(facts.predicate)),
        "nist" => Some(nist::nist(facts.predicate)),
        "slsa" => json(&lineage::slsa(facts)),
        "openlineage" => json(&lineage::openlineage(facts)),
        "spdx" => json(&bills::spdx(facts)),
        "cyclonedx" => json(&bills::cyclonedx(facts)),
        _ => None,
    }
}

/// A release cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[error("`{file}`: {why}")]
pub struct RenderError {
    file: String,
    why: String,
}

/// Renders one of [`TARGETS`] from a release whose signature held; its list and its configuration must be the signed
/// ones.
pub fn rendered(name: &str, dir: &Path, manifest: &Checked) -> Result<Option<String>, RenderError> {
    let fail =
        |file: &str, why: &dyn std::fmt::Display| RenderError { file: file.to_owned(), why: why.to_string() };
    let mut release = Release::open(dir).map_err(|e| fail(".", &e))?;
    let mut read = |file: &str, signed: Option<Sha256>| {
        let bytes = release.read(file, INDEX_BYTES_MAX).map_err(|e| fail(file, &e))?;
        match signed == Some(Sha256::of(&bytes)) {
            true => Ok(bytes),
            false => Err(fail(file, &"not the one the manifest signs")),
        }
    };
    let predicate = manifest.predicate();
    let sums = manifest.statement().subject.iter().find(|subject| subject.name == SUMS);
    let list = read(SUMS, sums.map(|subject| subject.digest.sha256))?;
    let config = read(CONFIG, Some(predicate.config.digest.sha256))?;
    let config = check_canonical(&config, INDEX_BYTES_MAX).map_err(|e| fail(CONFIG, &e))?;
    let list = parse_sums(&String::from_utf8_lossy(&list)).map_err(|e| fail(SUMS, &e))?;
    let parts = list.iter().filter(|(file, _)| file.as_str().starts_with("data/"));
    let parts = parts.map(|(file, sha256)| (file.as_str(), *sha256)).collect();
    Ok(target(name, &Facts { predicate, parts, config: &config }))
}

/// JSON in one spelling: the order of a map depends on a feature that any crate of a build may turn on.
fn json(value: &Value) -> Option<String> {
    let bytes = to_canonical(value).ok()?;
    String::from_utf8(bytes).ok().map(|text| text + "\n")
}

/// A declared text, or that it is not known.
fn told(field: &Option<String>) -> String {
    field.as_deref().filter(|text| !text.is_empty()).map_or("unknown".to_owned(), cell)
}

/// The models whose words a source holds, as declared.
fn teachers(source: &Source) -> String {
    let one = |Teacher { model, version, license }: &Teacher| {
        let version = version.as_ref().map(|version| format!(" {}", cell(version))).unwrap_or_default();
        let license = license.as_ref().map(|license| format!(" ({})", cell(license))).unwrap_or_default();
        format!("{}{version}{license}", cell(model))
    };
    match source.teachers.as_deref() {
        None => "unknown".to_owned(),
        Some([]) => "none".to_owned(),
        Some(all) => all.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

/// A text for one cell of a Markdown table: declared texts must not end the cell, the line or the table.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests;
