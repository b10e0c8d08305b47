//! Rule packs: versioned sets of terms with their provenance and their own tests. Data, not code.
//!
//! A pack is a TOML file (see `packs/README.md`). Reading one checks everything that can be checked without a
//! corpus; [`Pack::lint`] also runs its must-hit and must-miss texts through the very matcher the filter uses.

mod lint;
mod matcher;
mod shipped;

pub use matcher::{Hit, Matcher};
pub use shipped::{SHIPPED, shipped};

use crate::{BuildError, Decimal};
use serde::{Deserialize, Serialize};

/// The version of the pack format this program reads.
pub const SCHEMA: u32 = 1;

/// A pack as its file says it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// The format of the file; [`SCHEMA`].
    pub schema: u32,
    /// Kebab-case name; spans are labelled `id/category`.
    pub id: String,
    /// The pack's own version, raised with every change of a term.
    pub version: String,
    /// Who answers for it.
    pub owner: String,
    /// What it is about, in one line.
    pub summary: String,
    /// Whether a stage may remove records on the word of this pack alone; needs `measured`.
    #[serde(default)]
    pub may_remove: bool,
    /// How often the pack is wrong, from a labelled sample.
    pub measured: Option<Measured>,
    /// Where the terms come from.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
    /// The terms, by category.
    #[serde(rename = "group")]
    pub groups: Vec<Group>,
}

/// The evidence a pack needs before it may remove anything.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Share of harmless records that the pack escalates.
    pub false_positive_rate: Decimal,
    /// How many harmless records were looked at.
    pub records: u64,
    /// Which sample, so that someone else can repeat it.
    pub sample: String,
}

/// A public list the terms were taken from.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What groups refer to.
    pub id: String,
    /// The list's title.
    pub title: String,
    /// Its edition or date.
    pub edition: String,
}

/// How letters are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// Upper and lower case are the same.
    #[default]
    Fold,
    /// As written: for abbreviations that are also words.
    Exact,
}

/// Terms of one category, with the texts that prove what they match.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Kebab-case name.
    pub category: String,
    /// The [`Source`] the terms come from.
    pub source: String,
    /// The language of the terms, or `mul` for names that are the same in many.
    pub lang: String,
    /// How letters are compared.
    #[serde(default)]
    pub case: Case,
    /// One to [`TERM_WORDS_MAX`] words each.
    pub terms: Vec<String>,
    /// Texts in which a term of this group is found.
    pub must_hit: Vec<String>,
    /// Texts, near to the others, in which none is.
    pub must_miss: Vec<String>,
}

/// Longest term, in words. Longer names are chemical formulas, which nobody writes in one spelling.
pub const TERM_WORDS_MAX: usize = 6;

impl Pack {
    /// Reads a pack; `name` is what messages call it.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, BuildError> {
        let wrong = |why: String| BuildError::asset(name, why);
        let text = std::str::from_utf8(bytes)
            .map_err(|e| wrong(format!("not UTF-8 after byte {}", e.valid_up_to())))?;
        let pack: Self = toml::from_str(text).map_err(|e| wrong(at_line(text, &e)))?;
        pack.check().map_err(wrong)?;
        Ok(pack)
    }

    fn check(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            return Err(format!("schema {} is not one this program reads: {SCHEMA}", self.schema));
        }
        if !is_kebab(&self.id) {
            return Err(format!("`id` is `{}`, not lower-case words joined by hyphens", self.id));
        }
        if self.groups.iter().all(|group| group.terms.is_empty()) {
            return Err("holds no terms".to_string());
        }
        if self.may_remove && self.measured.as_ref().is_none_or(|measured| measured.records == 0) {
            return Err(
                "`may_remove` needs `measured`: a false-positive rate and the records behind it".to_string()
            );
        }
        self.groups.iter().try_for_each(|group| self.check_group(group))
    }

    fn check_group(&self, group: &Group) -> Result<(), String> {
        if !is_kebab(&group.category) {
            return Err(format!("category `{}` is not lower-case words joined by hyphens", group.category));
        }
        if !self.sources.iter().any(|source| source.id == group.source) {
            return Err(format!(
                "group `{}` names the source `{}`, which is not listed",
                group.category, group.source
            ));
        }
        for term in &group.terms {
            match matcher::words(term).count() {
                0 => return Err(format!("term `{term}` holds no letter or digit")),
                words if words > TERM_WORDS_MAX => {
                    return Err(format!("term `{term}` has {words} words, more than {TERM_WORDS_MAX}"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn at_line(text: &str, error: &toml::de::Error) -> String {
    match error.span() {
        Some(span) => {
            let line =
                text.as_bytes()[..span.start.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1;
            format!("line {line}: {}", error.message())
        }
        None => error.message().to_string(),
    }
}

fn is_kebab(name: &str) -> bool {
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.split('-').all(word)
}

#[cfg(test)]
mod tests;
