//! What a pack's own tests and a look at its terms find wrong.

use super::{ActionCap, Case, Group, Origin, Pack, Rulebook, Sight, matcher};
use crate::{Expiry, is_day};
use std::collections::{BTreeMap, BTreeSet};

impl Pack {
    /// Everything wrong with the pack, one line each; empty when it is fit to ship. `today` is the day, `YYYY-MM-DD`, to
    /// compare its expiry with.
    pub fn lint(&self, today: Option<&str>) -> Vec<String> {
        let mut found = Vec::new();
        self.lint_age(today, &mut found);
        self.lint_groups(&mut found);
        self.lint_terms(&mut found);
        found.extend(self.test());
        found
    }

    fn lint_age(&self, today: Option<&str>, found: &mut Vec<String>) {
        if let Some(today) = today.filter(|today| !is_day(today)) {
            found.push(format!("`{today}` is not a day written YYYY-MM-DD"));
        }
        let past = today.and_then(|today| self.expiry().filter(|expiry| expiry.is_past(today)));
        found.extend(past.map(|expiry| format!("expired on {}", expiry.day)));
        if !self.changelog.is_empty() && !self.changelog.iter().any(|change| change.version == self.version) {
            found.push(format!("`changelog` does not tell what version {} changed", self.version));
        }
    }

    fn lint_groups(&self, found: &mut Vec<String>) {
        let mut seen = BTreeSet::new();
        for group in &self.groups {
            if !seen.insert(&group.category) {
                found.push(format!("two groups are called `{}`", group.category));
            }
            let tests = group.weight.get() > 0.0;
            for (key, missing) in [
                ("terms", group.terms.is_empty() && group.hashed.is_none()),
                ("must_hit", tests && group.must_hit.is_empty()),
                ("must_miss", tests && group.must_miss.is_empty()),
            ] {
                if missing {
                    found.push(format!("group `{}`: `{key}` is empty", group.category));
                }
            }
        }
        let used: BTreeSet<&str> = self.groups.iter().map(|group| group.source.as_str()).collect();
        for source in self.sources.iter().filter(|source| !used.contains(source.id.as_str())) {
            found.push(format!("source `{}` is used by no group", source.id));
        }
    }

    /// Two terms that the matcher cannot tell apart would make one name count as two; some words say nothing alone.
    fn lint_terms(&self, found: &mut Vec<String>) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for group in &self.groups {
            for (_, spelling) in group.spellings() {
                let words: Vec<String> = matcher::words(spelling)
                    .map(|(start, end)| spelling[start..end].to_lowercase())
                    .collect();
                if let Some(first) = seen.insert(words.join(" "), spelling) {
                    found.push(format!("terms `{first}` and `{spelling}` are the same to the matcher"));
                }
                let alone = (words.len() == 1).then(|| words[0].as_str());
                let short = |word: &str| word.is_ascii() && word.chars().count() < SHORT_TERM_CHARS;
                if group.case == Case::Fold && alone.is_some_and(short) {
                    found.push(format!("term `{spelling}` is short: compare it with `case = \"exact\"`"));
                }
                let letters = spelling.chars().filter(|c| c.is_alphanumeric()).count();
                if spelling.chars().any(matcher::is_unspaced) && letters < UNBOUNDED_TERM_CHARS {
                    found.push(format!(
                        "term `{spelling}` is short, and found inside other words: write more of it"
                    ));
                }
                let identity = |word: &str| IDENTITIES.contains(&word.strip_suffix('s').unwrap_or(word));
                // what can only mark a record does nobody wrong
                let decides = group.weight.get() > 0.0 && self.action_cap != ActionCap::Escalate;
                if decides && group.window.is_none() && alone.is_some_and(identity) {
                    found.push(format!("term `{spelling}` names people: ask for more with a window"));
                }
            }
        }
    }

    /// Terms that make up most of what the pack finds in texts of these origins, one line each. A pack that finds little
    /// says nothing about its terms.
    pub fn lint_hits<'t>(&self, texts: impl IntoIterator<Item = (&'t str, Origin<'t>)>) -> Vec<String> {
        let book = match Rulebook::new([self]) {
            Ok(book) => book,
            Err(why) => return vec![why],
        };
        let mut hits = vec![0u64; book.terms()];
        for (text, origin) in texts {
            book.judge(text, origin, Sight::BOTH).hits.iter().for_each(|hit| hits[hit.term] += 1);
        }
        let all: u64 = hits.iter().sum();
        let large = |hits: u64| all >= HITS_MIN && hits as f64 > all as f64 * HIT_SHARE_MAX;
        let told = |(name, hits): (&str, u64)| {
            let share = hits as f64 * 100.0 / all as f64;
            format!("term `{name}` makes {share:.1} % of the pack's hits ({hits} of {all})")
        };
        self.listed().zip(hits).filter(|(_, hits)| large(*hits)).map(told).collect()
    }

    /// Allowed phrases, terms and hashes in the order in which a rulebook numbers them.
    fn listed(&self) -> impl Iterator<Item = &str> {
        let of_groups = self
            .groups
            .iter()
            .flat_map(|group| group.terms.iter().chain(group.hashed.iter().flat_map(|list| &list.terms)));
        self.allow.iter().chain(of_groups).map(String::as_str)
    }

    /// When the pack is to be looked at again.
    pub fn expiry(&self) -> Option<Expiry> {
        let what = format!("pack `{}` {}", self.id, self.version);
        self.expires.clone().map(|day| Expiry { what, day })
    }

    /// What the pack's own must-hit and must-miss texts find wrong, one line each. A term is a must-hit text too, unless
    /// its group has a window.
    pub fn test(&self) -> Vec<String> {
        let book = match Rulebook::new([self]) {
            Ok(book) => book,
            Err(why) => return vec![why],
        };
        let hits = |text: &str, group: &Group| {
            let label = format!("{}/{}", self.id, group.category);
            let verdict = book.judge(text, Origin { source: source_of(group), language: None }, Sight::BOTH);
            verdict.hits.iter().any(|hit| **book.label(hit) == *label)
        };
        let mut found = Vec::new();
        for group in self.groups.iter().filter(|group| group.weight.get() > 0.0) {
            let terms = group.spellings().map(|(_, spelling)| spelling).filter(|_| group.window.is_none());
            let must_hit = group.must_hit.iter().map(String::as_str).chain(terms);
            for text in must_hit.filter(|text| !hits(text, group)) {
                found.push(format!("group `{}` misses `{text}`", group.category));
            }
            for text in group.must_miss.iter().filter(|text| hits(text, group)) {
                found.push(format!("group `{}` hits `{text}`", group.category));
            }
        }
        found
    }
}

/// A source the group counts in, as far as its patterns name one.
fn source_of(group: &Group) -> &str {
    group.only_in.first().map_or("", |pattern| pattern.trim_end_matches('*'))
}

/// A single word shorter than this is usually an everyday word or somebody's initials.
const SHORT_TERM_CHARS: usize = 3;

/// A term in a script without spaces is matched anywhere: one of fewer letters is part of many words.
const UNBOUNDED_TERM_CHARS: usize = 2;

/// The share of a pack's hits that one term may make. Measured on a list of 403 terms, five of them made half of all hits,
/// and those were everyday words.
const HIT_SHARE_MAX: f64 = 0.25;

/// Of fewer hits, a quarter is chance.
const HITS_MIN: u64 = 40;

/// Words for people, singular, after the target groups of HateCheck (Röttger et al. 2021) and of the templates of Dixon
/// et al. 2018: a list that holds one by itself removes what is said about and by these people.
const IDENTITIES: &[&str] = &[
    "african",
    "american",
    "arab",
    "asian",
    "bisexual",
    "black",
    "catholic",
    "christian",
    "disabled",
    "female",
    "gay",
    "gypsy",
    "hindu",
    "homosexual",
    "immigrant",
    "indian",
    "jew",
    "jewish",
    "lesbian",
    "mexican",
    "migrant",
    "muslim",
    "queer",
    "refugee",
    "roma",
    "trans",
    "transgender",
    "white",
    "woman",
    "women",
];

#[cfg(test)]
mod tests;
