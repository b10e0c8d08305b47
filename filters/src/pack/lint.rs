//! What a pack's own tests and a look at its terms find wrong.

use super::{Case, Matcher, Pack, matcher};
use std::collections::{BTreeMap, BTreeSet};

impl Pack {
    /// Everything wrong with the pack, one line each; empty when it is fit to ship.
    pub fn lint(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.lint_groups(&mut found);
        self.lint_terms(&mut found);
        self.lint_tests(&mut found);
        found
    }

    fn lint_groups(&self, found: &mut Vec<String>) {
        for group in &self.groups {
            let missing =
                [("terms", &group.terms), ("must_hit", &group.must_hit), ("must_miss", &group.must_miss)];
            for (key, _) in missing.into_iter().filter(|(_, list)| list.is_empty()) {
                found.push(format!("group `{}`: `{key}` is empty", group.category));
            }
        }
        let used: BTreeSet<&str> = self.groups.iter().map(|group| group.source.as_str()).collect();
        for source in self.sources.iter().filter(|source| !used.contains(source.id.as_str())) {
            found.push(format!("source `{}` is used by no group", source.id));
        }
    }

    /// Two spellings that the matcher cannot tell apart would make one name count as two.
    fn lint_terms(&self, found: &mut Vec<String>) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for group in &self.groups {
            for term in &group.terms {
                let words: Vec<String> =
                    matcher::words(term).map(|(start, end)| term[start..end].to_lowercase()).collect();
                if let Some(first) = seen.insert(words.join(" "), term) {
                    found.push(format!("terms `{first}` and `{term}` are the same to the matcher"));
                }
                if group.case == Case::Fold && words.len() == 1 && words[0].chars().count() < SHORT_TERM_CHARS
                {
                    found.push(format!("term `{term}` is short: compare it with `case = \"exact\"`"));
                }
            }
        }
    }

    fn lint_tests(&self, found: &mut Vec<String>) {
        let matcher = Matcher::new([self]);
        let hits = |text: &str, category: &str| {
            let mut hit = false;
            matcher.find(text, |h| hit |= matcher.category(h.term) == category);
            hit
        };
        for group in &self.groups {
            for text in group.must_hit.iter().chain(&group.terms).filter(|text| !hits(text, &group.category))
            {
                found.push(format!("group `{}` misses `{text}`", group.category));
            }
            for text in group.must_miss.iter().filter(|text| hits(text, &group.category)) {
                found.push(format!("group `{}` hits `{text}`", group.category));
            }
        }
    }
}

/// A single word shorter than this is usually an everyday word or somebody's initials.
const SHORT_TERM_CHARS: usize = 4;
