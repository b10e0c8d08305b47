//! A pack as its file says it.

use crate::Decimal;
use serde::{Deserialize, Serialize};

/// The version of the pack format this program reads.
pub const SCHEMA: u32 = 1;

/// Longest term, in words. Longer names are chemical formulas, which nobody writes in one spelling.
pub const TERM_WORDS_MAX: usize = 6;

/// What stands between spellings of one term.
pub const SPELLINGS: char = '|';

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
    /// The most a stage may do on this pack's word alone.
    #[serde(default)]
    pub action_cap: ActionCap,
    /// How often the pack is wrong, from a labelled sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// Fewest different terms (of weight 1 or more) before the pack says anything; 0 where left out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub distinct_min: u64,
    /// Fewest hits per 1,000 words before the pack says anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub density_min: Option<Decimal>,
    /// Day after which the pack is to be looked at again, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Sources of records, as patterns with `*`, in which the pack escalates and does no more, whatever a stage does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub escalate_only_in: Vec<String>,
    /// Harmless phrases; a term that shares a word with one is no hit.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow: Vec<String>,
    /// What changed, by version.
    #[serde(default, skip_serializing_if = "is_default")]
    pub changelog: Vec<Change>,
    /// Where the terms come from.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
    /// The terms, by category.
    #[serde(rename = "group")]
    pub groups: Vec<Group>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The most a stage may do on a pack's word alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionCap {
    /// Mark records.
    Escalate,
    /// Hold records back until a person has looked.
    #[default]
    Quarantine,
    /// Remove records; needs [`Measured`].
    Remove,
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

/// One version's changes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The version that brought it.
    pub version: String,
    /// What changed, in a line.
    pub what: String,
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
    /// Upper and lower case are the same, and disguises are seen through.
    #[default]
    Fold,
    /// As written: for abbreviations that are also words.
    Exact,
}

/// What a hit says about a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// It is about the subject.
    #[default]
    Topical,
    /// It is itself harmful, whatever it is about.
    Harmful,
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
    /// What a hit says.
    #[serde(default)]
    pub label: Label,
    /// What the first term found is worth: terms of weight 1 or more count as different terms, lighter ones only add to
    /// the score, and those of weight 0 are context for windows.
    #[serde(default = "one")]
    pub weight: Decimal,
    /// What must or must not stand near a term for it to count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Sources of records, as patterns with `*`, in which alone the group counts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub only_in: Vec<String>,
    /// Sources of records, as patterns with `*`, in which the group does not count.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_in: Vec<String>,
    /// One to [`TERM_WORDS_MAX`] words each; spellings that count as one term stand between [`SPELLINGS`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub terms: Vec<String>,
    /// Terms nobody may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashed: Option<Hashed>,
    /// Texts in which a term of this group is found.
    #[serde(default)]
    pub must_hit: Vec<String>,
    /// Texts, near to the others, in which none is.
    #[serde(default)]
    pub must_miss: Vec<String>,
}

fn one() -> Decimal {
    Decimal::of(1.0)
}

/// What must or must not stand near a term.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// How many words may stand between the two.
    pub words: u64,
    /// A category of the pack of which a term must stand near.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires: Option<String>,
    /// A category of the pack of which no term may stand near.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forbids: Option<String>,
}

/// A list whose terms are told only by a salted hash of each: see [`hash_term`](super::hash_term).
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hashed {
    /// What is hashed before each term.
    pub salt: String,
    /// Most words of a term.
    pub words_max: usize,
    /// The 16-bit tag of each first word of a term, as four hexadecimal digits: words without one are not hashed.
    pub tags: Vec<String>,
    /// One hash for each term, as 32 hexadecimal digits.
    pub terms: Vec<String>,
}
