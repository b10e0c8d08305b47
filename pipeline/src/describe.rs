//! What there is to use, described from the registries alone: lists, the reference, one stage.

use crate::barriers::BARRIERS;
use filters::{BuildError, ColumnNote, Rule};
use std::fmt::Write;

/// One registry entry as a user sees it.
pub struct Description {
    /// `filter`, `scorer` or `barrier`.
    pub kind: &'static str,
    /// What `use` names.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Paper, table, reference implementation and version.
    pub source: &'static str,
    /// The rules it can break.
    pub rules: &'static [Rule],
    /// The columns it records.
    pub columns: &'static [ColumnNote],
    /// The keys with their defaults.
    pub defaults: toml::Table,
    /// The keys that have none.
    pub without_default: Vec<&'static str>,
    /// A table to start from, where one works without further files.
    pub example: Option<&'static str>,
}

/// Every stage there is, in the order of the registries.
pub fn describe() -> Result<Vec<Description>, BuildError> {
    let mut all = Vec::new();
    for (kind, entries) in [("filter", filters::FILTERS), ("scorer", classifiers::SCORERS)] {
        for e in entries {
            let described =
                Description::new(kind, (e.name, e.summary, e.source), (e.defaults)()?, (e.keys)());
            all.push(Description { rules: e.rules, columns: e.columns, example: e.example, ..described });
        }
    }
    for e in BARRIERS {
        let described =
            Description::new("barrier", (e.name, e.summary, e.source), (e.defaults)()?, (e.keys)());
        all.push(Description { rules: e.rules, ..described });
    }
    Ok(all)
}

fn without_default(keys: &[&'static str], defaults: &toml::Table) -> Vec<&'static str> {
    keys.iter().copied().filter(|key| !defaults.contains_key(*key)).collect()
}

/// The reference of all stages, as `docs/filters.md` holds it.
pub fn reference() -> Result<String, BuildError> {
    let mut out =
        String::from("# Stages\n\nMade from the registries by `probity filters --markdown`; do not edit.\n");
    for description in describe()? {
        out.push('\n');
        out.push_str(&description.to_markdown());
    }
    Ok(out)
}

impl Description {
    /// An entry without rules, columns or an example.
    fn new(
        kind: &'static str,
        (name, summary, source): (&'static str, &'static str, &'static str),
        defaults: toml::Table,
        keys: &[&'static str],
    ) -> Self {
        let without_default = without_default(keys, &defaults);
        Self {
            kind,
            name,
            summary,
            source,
            rules: &[],
            columns: &[],
            defaults,
            without_default,
            example: None,
        }
    }

    /// This stage's section of the reference.
    pub fn to_markdown(&self) -> String {
        let mut out = String::new();
        // writing to a string cannot fail
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "## {} ({})\n\n{}.\n\nSource: {}.",
            self.name,
            self.kind,
            sentence(self.summary),
            self.source
        )?;
        if !self.rules.is_empty() {
            writeln!(out, "\n| rule | measures | reference's reason |\n|---|---|---|")?;
            for rule in self.rules {
                let alias = rule.alias.map(|alias| format!("`{alias}`")).unwrap_or_default();
                writeln!(out, "| `{}` | {} | {alias} |", rule.id, rule.summary)?;
            }
        }
        if !self.columns.is_empty() {
            writeln!(out, "\n| column | records |\n|---|---|")?;
            for (name, _, meaning) in self.columns {
                writeln!(out, "| `{name}` | {meaning} |")?;
            }
        }
        writeln!(out, "\n```toml\n[[stage]]\nuse = \"{}\"", self.name)?;
        match self.example.filter(|_| self.defaults.is_empty()) {
            Some(example) => writeln!(out, "{example}")?,
            None => write!(out, "{}", self.defaults)?,
        }
        writeln!(out, "```")?;
        match self.without_default[..] {
            [] => Ok(()),
            _ => writeln!(out, "\nWithout a default: `{}`.", self.without_default.join("`, `")),
        }
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
