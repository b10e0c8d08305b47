//! # What it measures
//! Whether the record's URL, its host or its words are on the operator's lists. A record without a URL is not
//! judged.
//! # Why
//! The cheapest high-precision filter for web text, and the one place for licensed or legally required lists.
//! # Source
//! datatrove 0.10.1, `pipeline/filters/url_filter.py`, the order of its tests; FineWeb, arXiv 2406.17557, section 3.
//! # Differs from datatrove 0.10.1 in
//! * bringing no lists of its own: every list is a file named in the configuration and digested in the manifest;
//! * needing no list of public suffixes (which would change with time): a listed name covers itself and every
//!   name below it. `domain` is reported when the host lies below a listed name or is a listed name of two
//!   labels, `subdomain` when the host itself is listed and has three labels or more;
//! * comparing hosts, exact URLs and words without regard to case, and URLs without scheme, user, port, trailing
//!   dot of the host and fragment, so that spellings of one address meet; percent-encoding is left alone.
//! # Example
//! `domains = "lists/domains.txt"`, one name a line, `#` starts a comment line.

use super::url_parts::{self, Parts};
use crate::{Asset, Bound, BuildError, Context, Filter, Findings, Rule, RuleBound, Spec, View};
use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ops::ControlFlow;

/// The lists, each a text file with one entry a line; one at least is needed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Host names; each covers itself and everything below it.
    pub domains: Option<String>,
    /// Whole addresses.
    pub urls: Option<String>,
    /// Words one of which is enough. A URL's words are its runs of ASCII letters and digits.
    pub hard_words: Option<String>,
    /// Words of which several must come together.
    pub soft_words: Option<String>,
    /// Strings looked for anywhere in the URL's letters and digits, with everything else taken out.
    pub substrings: Option<String>,
    /// How many different soft words break the rule.
    pub soft_words_min: u64,
}

impl Default for Config {
    fn default() -> Self {
        // two soft words: datatrove's `soft_word_threshold`
        Self {
            domains: None,
            urls: None,
            hard_words: None,
            soft_words: None,
            substrings: None,
            soft_words_min: 2,
        }
    }
}

const fn rule(id: &'static str, summary: &'static str, alias: &'static str) -> Rule {
    Rule { id, summary, alias: Some(alias) }
}

const RULES: [Rule; 6] = [
    rule("domain", "whether the host lies below a listed name, or is one of two labels", "domain"),
    rule("subdomain", "whether the host itself, of three labels or more, is listed", "subdomain"),
    rule("url", "whether the address is listed", "url"),
    rule("hard-word", "whether a word of the URL is listed", "hard_blacklisted"),
    rule("soft-words", "different soft words in the URL", "soft_blacklisted"),
    rule("substring", "whether the URL's letters and digits hold a listed string", "blacklisted_subword"),
];

/// The built filter.
pub struct UrlList {
    domains: HashSet<String>,
    urls: HashSet<String>,
    hard_words: HashSet<String>,
    soft_words: HashSet<String>,
    substrings: Option<AhoCorasick>,
    soft_words_min: u64,
}

impl Spec for Config {
    const NAME: &'static str = "url-list";
    const SUMMARY: &'static str = "listed hosts, addresses and words of the record's URL";
    const SOURCE: &'static str = "datatrove 0.10.1 URLFilter, with the operator's lists";
    const RULES: &'static [Rule] = &RULES;
    const EXAMPLE: Option<&'static str> = None;
    type Filter = UrlList;

    fn build(&self, context: &mut dyn Context) -> Result<UrlList, BuildError> {
        let lists = [&self.domains, &self.urls, &self.hard_words, &self.soft_words, &self.substrings];
        if lists.iter().all(|list| list.is_none()) {
            let why =
                "is missing, and so are `urls`, `hard_words`, `soft_words` and `substrings`: name one list";
            return Err(BuildError::key("domains", why));
        }
        let mut read = |file: &Option<String>, entry: fn(&str) -> String| match file {
            Some(name) => entries(&context.asset(name)?, entry),
            None => Ok(HashSet::new()),
        };
        Ok(UrlList {
            domains: read(&self.domains, |line| Parts::of(line).host.trim_start_matches("*.").to_string())?,
            urls: read(&self.urls, |line| Parts::of(line).address())?,
            hard_words: read(&self.hard_words, url_parts::letters_and_digits)?,
            soft_words: read(&self.soft_words, url_parts::letters_and_digits)?,
            substrings: match self.substrings {
                Some(ref name) => {
                    Some(automaton(name, &read(&self.substrings, url_parts::letters_and_digits)?)?)
                }
                None => None,
            },
            soft_words_min: self.soft_words_min,
        })
    }
}

/// The lines of a list in normal form, without blank lines and `#` comments.
fn entries(asset: &Asset, entry: fn(&str) -> String) -> Result<HashSet<String>, BuildError> {
    let text = std::str::from_utf8((*asset.bytes).as_ref())
        .map_err(|e| BuildError::asset(&asset.name, format!("not UTF-8 after byte {}", e.valid_up_to())))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match entry(line) {
            // an entry that normalises to nothing would match every URL, or none: a slip either way
            empty if empty.is_empty() => {
                Err(BuildError::asset(&asset.name, format!("nothing to match in `{line}`")))
            }
            entry => Ok(entry),
        })
        .collect()
}

fn automaton(name: &str, strings: &HashSet<String>) -> Result<AhoCorasick, BuildError> {
    AhoCorasick::new(strings).map_err(|e| BuildError::asset(name, e.to_string()))
}

impl UrlList {
    /// How the host is listed: (below a listed name or a listed name of two labels, itself with more labels).
    fn listed(&self, host: &str) -> (bool, bool) {
        if self.domains.is_empty() || host.is_empty() {
            return (false, false);
        }
        let itself = self.domains.contains(host);
        if url_parts::is_address(host) {
            return (itself, false);
        }
        let below = url_parts::parents(host).any(|parent| self.domains.contains(parent));
        let short = host.bytes().filter(|&b| b == b'.').count() < 2;
        (below || (itself && short), itself && !short)
    }

    fn soft_words_in<'u>(&self, words: impl Iterator<Item = &'u str>) -> usize {
        let found: HashSet<&str> = words.filter(|word| self.soft_words.contains(*word)).collect();
        found.len()
    }
}

fn yes(matched: bool) -> f64 {
    f64::from(u8::from(matched))
}

impl Filter for UrlList {
    fn rules(&self) -> Vec<RuleBound> {
        let bound = |rule: &Rule| match rule.id {
            "soft-words" if self.soft_words.is_empty() => Bound::Off,
            "soft-words" => Bound::Below(self.soft_words_min as f64),
            _ => Bound::NO_MATCH,
        };
        RULES.iter().map(|rule| RuleBound::new(rule, bound(rule))).collect()
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        let Some(url) = view.document().url.map(str::trim).filter(|url| !url.is_empty()) else {
            return ControlFlow::Continue(());
        };
        let parts = Parts::of(url);
        let (domain, subdomain) = self.listed(&parts.host);
        findings.measure(0, yes(domain))?;
        findings.measure(1, yes(subdomain))?;
        findings.measure(2, yes(!self.urls.is_empty() && self.urls.contains(&parts.address())))?;
        let lower = url.to_ascii_lowercase();
        findings.measure(3, yes(url_parts::words(&lower).any(|word| self.hard_words.contains(word))))?;
        findings.measure(4, self.soft_words_in(url_parts::words(&lower)) as f64)?;
        let held = |strings: &AhoCorasick| strings.is_match(&url_parts::letters_and_digits(url));
        findings.measure(5, yes(self.substrings.as_ref().is_some_and(held)))
    }
}
