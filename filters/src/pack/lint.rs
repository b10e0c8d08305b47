//! What a pack's own tests and a look at its terms find wrong.

use super::{ActionCap, Case, Group, Origin, Pack, Rulebook, Sight, check::is_day, matcher};
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
        match (&self.expires, today) {
            (_, Some(today)) if !is_day(today) => {
                found.push(format!("`{today}` is not a day written YYYY-MM-DD"));
            }
            // days written so are in the order of their letters
            (Some(expires), Some(today)) if expires.as_str() < today => {
                found.push(format!("expired on {expires}"));
            }
            _ => {}
        }
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
                let identity = |word: &str| IDENTITIES.contains(&word.strip_suffix('s').unwrap_or(word));
                // what can only mark a record does nobody wrong
                let decides = group.weight.get() > 0.0 && self.action_cap != ActionCap::Escalate;
                if decides && group.window.is_none() && alone.is_some_and(identity) {
                    found.push(format!("term `{spelling}` names people: ask for more with a window"));
                }
            }
        }
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
