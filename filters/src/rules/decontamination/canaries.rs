//! Strings that mark texts as not meant for training.

use crate::{BuildError, Findings, Span};
use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::Arc;

/// The strings, ready to be looked for.
pub(super) struct Canaries {
    strings: AhoCorasick,
    label: Arc<str>,
}

impl Canaries {
    /// Takes the strings of a configuration; `None` where there are none.
    pub(super) fn new(strings: &[String], rule: &str) -> Result<Option<Self>, BuildError> {
        if strings.is_empty() {
            return Ok(None);
        }
        if strings.iter().any(|canary| canary.trim().is_empty()) {
            return Err(BuildError::key("canaries", "has an empty string, which is in every text"));
        }
        let built = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(strings)
            .map_err(|e| BuildError::key("canaries", e.to_string()))?;
        Ok(Some(Self { strings: built, label: rule.into() }))
    }

    /// Notes every canary and counts the different ones.
    pub(super) fn count(&self, text: &str, findings: &mut Findings) -> usize {
        let mut found = Vec::new();
        for hit in self.strings.find_iter(text) {
            found.push(hit.pattern());
            let rule = Arc::clone(&self.label);
            findings.span(Span { start: hit.start(), end: hit.end(), rule, view: "raw" });
        }
        found.sort_unstable();
        found.dedup();
        found.len()
    }
}
