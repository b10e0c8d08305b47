//! Rule packs: versioned sets of terms with their provenance and their own tests. Data, not code.
//!
//! A pack is a TOML file (see `packs/README.md`). [`Pack::parse`] checks everything that can be checked without a text;
//! [`Pack::lint`] also runs its must-hit and must-miss texts through the very matcher the filter uses. [`Rulebook`]
//! judges texts by several packs in one pass: a [`Matcher`] finds terms, and what they amount to is decided in
//! `verdict.rs`.

mod canonical;
mod check;
mod format;
mod hashed;
mod lint;
mod matcher;
mod shipped;
#[cfg(test)]
mod tests;
mod verdict;

pub use format::{
    ActionCap, Case, Change, Group, Hashed, Label, Measured, Pack, SCHEMA, SPELLINGS, Source, TERM_WORDS_MAX,
    Window,
};
pub use hashed::{TermHash, hash_list, hash_term};
pub use matcher::{Found, GAP_CHARS_MAX, Hit, Matcher, Sight, sequences};
pub use shipped::{HAZARDS, SHIPPED, shipped};
pub use verdict::{Opinion, Origin, Outcome, Rulebook, Thresholds, Verdict};
