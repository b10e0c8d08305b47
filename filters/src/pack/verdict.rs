//! From found terms to what each pack says of a text.

use super::hashed::HashedTerms;
use super::{ActionCap, Case, Group, Hit, Label, Matcher, Pack, Sight, Window, matcher};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Packs ready to judge texts, all in one pass.
#[derive(Default)]
pub struct Rulebook {
    matcher: Matcher,
    hashed: Vec<HashedTerms>,
    packs: Vec<PackRules>,
    groups: Vec<GroupRules>,
    /// The group of each term; allowed phrases have a group of their own in each pack.
    terms: Vec<usize>,
}

/// What a pack asks for before it says anything.
struct PackRules {
    cap: ActionCap,
    distinct_min: u64,
    density_min: f64,
    escalate_only_in: Vec<String>,
}

struct GroupRules {
    pack: usize,
    category: String,
    /// `pack/category`.
    label: Arc<str>,
    kind: Kind,
    weight: f64,
    lang: Option<String>,
    only_in: Vec<String>,
    not_in: Vec<String>,
    window: Option<Window>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Allowed,
    Term(Label),
}

/// What a record says about itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'a> {
    /// The declared source it belongs to.
    pub source: &'a str,
    /// Its language, if known: groups for other languages do not count then.
    pub language: Option<&'a str>,
}

/// What the packs say of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Terms that count, by place; of one pack no two overlap.
    pub hits: Vec<Hit>,
    /// What each pack says.
    pub packs: Vec<Opinion>,
}

/// What one pack says of a text. A pack that asks for more than it found says nothing: everything is 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opinion {
    /// Different terms of weight 1 or more.
    pub distinct: u64,
    /// For each category its weight times `1 + 1/2 + … + 1/n` for `n` different terms, summed: the first term says more
    /// than the tenth.
    pub score: f64,
    /// Whether a term is found that is harmful by itself.
    pub harmful: bool,
    /// The category that adds most to the score, as `pack/category`.
    pub category: Option<Arc<str>>,
    /// Whether the record's source is one in which the pack may escalate and do no more.
    pub escalates_only: bool,
}

/// What of one pack escalates a record: either is enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// So many different terms.
    pub distinct_min: u64,
    /// Such a score.
    pub score_min: f64,
}

impl Default for Thresholds {
    /// Two different terms, the rule of arXiv 2508.06601, section 3; or a score of three, ours, so that weight 3 means
    /// "enough alone".
    fn default() -> Self {
        Self { distinct_min: 2, score_min: 3.0 }
    }
}

/// What becomes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing.
    Pass,
    /// A scorer or a person is to look at it.
    Escalate,
    /// A pack with a measured error rate escalates it, and may remove.
    Block,
}

impl Outcome {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Escalate => "escalate",
            Outcome::Block => "block",
        }
    }
}

impl Rulebook {
    /// Compiles packs. The error tells that they hold too many terms.
    pub fn new<'p>(packs: impl IntoIterator<Item = &'p Pack>) -> Result<Self, String> {
        let mut book = Self::default();
        for (at, pack) in packs.into_iter().enumerate() {
            book.packs.push(PackRules {
                cap: pack.action_cap,
                distinct_min: pack.distinct_min,
                density_min: pack.density_min.map_or(0.0, crate::Decimal::get),
                escalate_only_in: pack.escalate_only_in.clone(),
            });
            book.groups.push(GroupRules::allowed(at));
            for phrase in &pack.allow {
                book.matcher.add(book.terms.len(), phrase, Case::Fold);
                book.terms.push(book.groups.len() - 1);
            }
            for group in &pack.groups {
                book.add_group(at, pack, group);
            }
        }
        book.matcher.finish()?;
        Ok(book)
    }

    fn add_group(&mut self, at: usize, pack: &Pack, group: &Group) {
        let first = self.terms.len();
        for (nth, spelling) in group.spellings() {
            self.matcher.add(first + nth, spelling, group.case);
        }
        let mut terms = group.terms.len();
        if let Some(list) = &group.hashed {
            self.hashed.push(HashedTerms::new(list, first + terms));
            terms += list.terms.len();
        }
        self.terms.resize(first + terms, self.groups.len());
        self.groups.push(GroupRules::new(at, pack, group));
    }

    /// How many terms there are, allowed phrases among them.
    pub fn terms(&self) -> usize {
        self.terms.len()
    }

    /// The `pack/category` of a hit.
    pub fn label(&self, hit: &Hit) -> &Arc<str> {
        &self.group(hit).label
    }

    /// What becomes of a text.
    pub fn outcome(&self, verdict: &Verdict, asked: Thresholds) -> Outcome {
        let of = |(opinion, pack): (&Opinion, &PackRules)| {
            let escalates = opinion.distinct >= asked.distinct_min || opinion.score >= asked.score_min;
            match (escalates, pack.cap) {
                (false, _) => Outcome::Pass,
                (true, ActionCap::Remove) if !opinion.escalates_only => Outcome::Block,
                (true, _) => Outcome::Escalate,
            }
        };
        verdict.packs.iter().zip(&self.packs).map(of).max().unwrap_or(Outcome::Pass)
    }

    fn group(&self, hit: &Hit) -> &GroupRules {
        &self.groups[self.terms[hit.term]]
    }

    /// Judges a text.
    pub fn judge(&self, text: &str, origin: Origin<'_>, sights: &[Sight]) -> Verdict {
        let mut found = self.matcher.find(text, sights);
        self.hashed.iter().for_each(|list| list.find(text, sights, &mut found.hits));
        if found.hits.is_empty() {
            return Verdict { hits: Vec::new(), packs: vec![Opinion::default(); self.packs.len()] };
        }
        let hits = self.without_overlaps(found.hits, origin);
        let counts = |nth: usize| {
            let group = self.group(&hits[nth]);
            group.weight > 0.0
                && group.window.as_ref().is_none_or(|window| self.holds(window, nth, &hits, text))
        };
        let counting: Vec<Hit> = (0..hits.len()).filter(|&nth| counts(nth)).map(|nth| hits[nth]).collect();
        let mut packs: Vec<Opinion> =
            (0..self.packs.len()).map(|pack| self.opinion(pack, &counting, found.words)).collect();
        for (opinion, pack) in packs.iter_mut().zip(&self.packs) {
            opinion.escalates_only = is_named(origin.source, &pack.escalate_only_in);
        }
        Verdict { hits: counting, packs }
    }

    /// Of the hits of each pack that may count for the record those that stand first, the longest of them, and none
    /// that shares text with an allowed phrase.
    fn without_overlaps(&self, mut hits: Vec<Hit>, origin: Origin<'_>) -> Vec<Hit> {
        hits.retain(|hit| self.group(hit).applies(origin));
        hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end), hit.sight, hit.term));
        let (allowed, hits): (Vec<Hit>, Vec<Hit>) =
            hits.into_iter().partition(|hit| self.group(hit).kind == Kind::Allowed);
        let allowed = self.stretches(&allowed);
        let mut free_from = vec![0; self.packs.len()];
        let mut kept = Vec::with_capacity(hits.len());
        for hit in hits {
            let pack = self.group(&hit).pack;
            let before = allowed.partition_point(|&(of, start, _)| (of, start) < (pack, hit.end));
            let shares = |&(of, _, end): &(usize, usize, usize)| of == pack && hit.start < end;
            if hit.start >= free_from[pack] && !allowed[..before].last().is_some_and(shares) {
                free_from[pack] = hit.end;
                kept.push(hit);
            }
        }
        kept
    }

    /// The stretches that allowed phrases take, as pack, start and end; no two of a pack overlap.
    fn stretches(&self, phrases: &[Hit]) -> Vec<(usize, usize, usize)> {
        let mut all: Vec<_> = phrases.iter().map(|hit| (self.group(hit).pack, hit.start, hit.end)).collect();
        all.sort_unstable();
        all.dedup_by(|next, last| {
            let joins = next.0 == last.0 && next.1 < last.2;
            last.2 = if joins { last.2.max(next.2) } else { last.2 };
            joins
        });
        all
    }

    /// Whether near a hit stands what the window asks for, and nothing it forbids.
    fn holds(&self, window: &Window, nth: usize, hits: &[Hit], text: &str) -> bool {
        let hit = &hits[nth];
        let within = |other: &&Hit| words_between(text, hit, other, window.words);
        let near = |category: &String| {
            let is = |other: &Hit| {
                let group = self.group(other);
                group.pack == self.group(hit).pack && group.category == *category
            };
            hits[nth + 1..].iter().take_while(within).any(is)
                || hits[..nth].iter().rev().take_while(within).any(is)
        };
        window.requires.as_ref().is_none_or(near) && !window.forbids.as_ref().is_some_and(near)
    }

    fn opinion(&self, pack: usize, hits: &[Hit], words: u64) -> Opinion {
        let hits: Vec<&Hit> = hits.iter().filter(|hit| self.group(hit).pack == pack).collect();
        let terms: BTreeSet<usize> = hits.iter().map(|hit| hit.term).collect();
        let mut opinion = Opinion::default();
        let mut best = 0.0;
        for (group, rules) in self.groups.iter().enumerate().filter(|(_, rules)| rules.pack == pack) {
            let distinct = terms.iter().filter(|term| self.terms[**term] == group).count();
            let score = rules.weight * (1..=distinct).map(|nth| 1.0 / nth as f64).sum::<f64>();
            opinion.score += score;
            opinion.distinct += if rules.weight >= 1.0 { distinct as u64 } else { 0 };
            opinion.harmful |= distinct > 0 && rules.kind == Kind::Term(Label::Harmful);
            if score > best {
                (best, opinion.category) = (score, Some(Arc::clone(&rules.label)));
            }
        }
        let asked = &self.packs[pack];
        let dense = hits.len() as f64 * 1000.0 >= asked.density_min * words as f64;
        if opinion.distinct >= asked.distinct_min && dense { opinion } else { Opinion::default() }
    }
}

impl GroupRules {
    fn new(at: usize, pack: &Pack, group: &Group) -> Self {
        Self {
            pack: at,
            category: group.category.clone(),
            label: format!("{}/{}", pack.id, group.category).into(),
            kind: Kind::Term(group.label),
            weight: group.weight.get(),
            lang: (group.lang != "mul").then(|| group.lang.clone()),
            only_in: group.only_in.clone(),
            not_in: group.not_in.clone(),
            window: group.window.clone(),
        }
    }

    /// Harmless phrases of a pack, in any language and source.
    fn allowed(pack: usize) -> Self {
        Self {
            pack,
            category: String::new(),
            label: "".into(),
            kind: Kind::Allowed,
            weight: 0.0,
            lang: None,
            only_in: Vec::new(),
            not_in: Vec::new(),
            window: None,
        }
    }

    fn applies(&self, origin: Origin<'_>) -> bool {
        let spoken = match (&self.lang, origin.language) {
            (Some(lang), Some(language)) => lang == language,
            _ => true,
        };
        spoken
            && (self.only_in.is_empty() || is_named(origin.source, &self.only_in))
            && !is_named(origin.source, &self.not_in)
    }
}

/// Whether one of the patterns names a source.
fn is_named(source: &str, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| is_like(pattern, source))
}

/// Whether a name is like a pattern in which each `*` stands for any characters.
fn is_like(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => name.strip_prefix(head).is_some_and(|name| {
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| is_like(rest, &name[at..]))
        }),
    }
}

/// Whether at most so many words stand between two hits.
fn words_between(text: &str, one: &Hit, other: &Hit, most: u64) -> bool {
    let gap = one.end.min(other.end)..one.start.max(other.start);
    gap.is_empty() || matcher::words(&text[gap]).zip(0..=most).count() as u64 <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, like) in [
            ("pubmed", "pubmed", true),
            ("pubmed", "pubmed-2", false),
            ("pub*", "pubmed-2", true),
            ("*-é*2", "pub-é-2", true),
            ("*", "", true),
            ("a*b*c", "abbc", true),
            ("a*b*c", "abb", false),
        ] {
            assert_eq!(is_like(pattern, name), like, "{pattern} {name}");
        }
    }
}
