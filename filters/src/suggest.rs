//! Terms that tell one corpus from another that is near to it: candidates for a pack, to be confirmed by a person.
//!
//! Each sequence of one to four words is measured by the documents it stands in, its share of them that are positive
//! (after O'Brien et al., Deep Ignorance, arXiv 2508.06601, who cut at 0.4), and its log-odds with an informative
//! Dirichlet prior (Monroe, Colaresi, Quinn 2008, equations 15 to 22). Of those that pass, the one is taken again and
//! again that finds most positive documents not yet found for each further negative one, until the target is reached or
//! the budget spent.

use crate::pack::{GAP_CHARS_MAX, sequences};
use std::collections::{BTreeSet, HashMap};

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Most words of a term.
    pub words_max: usize,
    /// Fewest positive documents a term stands in.
    pub documents_min: usize,
    /// Smallest share of positive documents, were both corpora of one size.
    pub ratio_min: f64,
    /// Share of positive documents to be found.
    pub recall: f64,
    /// Largest share of negative documents that may be found with them.
    pub budget: f64,
    /// Most terms.
    pub terms_max: usize,
}

impl Default for Wanted {
    fn default() -> Self {
        // ratio: arXiv 2508.06601; the others are ours
        Self { words_max: 4, documents_min: 5, ratio_min: 0.4, recall: 0.98, budget: 0.05, terms_max: 200 }
    }
}

/// A suggested term.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// Its words, folded, joined by spaces.
    pub term: String,
    /// Positive documents it stands in.
    pub positive: usize,
    /// Negative documents it stands in.
    pub negative: usize,
    /// Share of positive documents, were both corpora of one size.
    pub ratio: f64,
    /// Log-odds in standard deviations.
    pub log_odds: f64,
    /// Share of positive documents found by this term and those before it.
    pub recall: f64,
    /// Share of negative documents found by them.
    pub removed: f64,
}

struct Candidate {
    term: String,
    positive: Vec<usize>,
    negative: Vec<usize>,
    log_odds: f64,
}

/// Suggests terms, in the order in which they are worth most.
pub fn suggest(positive: &[&str], negative: &[&str], wanted: Wanted) -> Vec<Suggestion> {
    let candidates = candidates(positive, negative, wanted);
    choose(candidates, positive.len(), negative.len(), wanted)
}

/// Most candidates that are weighed against each other.
const CANDIDATES_MAX: usize = 5000;
/// Standard deviations of chance: two-sided 5 %.
const LOG_ODDS_MIN: f64 = 1.96;
/// Documents' worth of prior.
const PRIOR: f64 = 10.0;

fn candidates(positive: &[&str], negative: &[&str], wanted: Wanted) -> Vec<Candidate> {
    let frequent = |documents: &Vec<usize>| documents.len() >= wanted.documents_min;
    let mut found: HashMap<String, Vec<usize>> = HashMap::new();
    for (nth, text) in positive.iter().enumerate() {
        for term in terms_of(text, wanted.words_max) {
            found.entry(term).or_default().push(nth);
        }
    }
    found.retain(|_, documents| frequent(documents));
    let mut beside: HashMap<&str, Vec<usize>> = HashMap::new();
    for (nth, text) in negative.iter().enumerate() {
        for term in terms_of(text, wanted.words_max) {
            if let Some((known, _)) = found.get_key_value(&term) {
                beside.entry(known).or_default().push(nth);
            }
        }
    }
    let (of_positive, of_negative) = (positive.len() as f64, negative.len() as f64);
    let candidate = |(term, positive): (&String, &Vec<usize>)| {
        let negative = beside.get(term.as_str()).cloned().unwrap_or_default();
        let log_odds = log_odds(positive.len() as f64, negative.len() as f64, of_positive, of_negative);
        Candidate { term: term.clone(), positive: positive.clone(), negative, log_odds }
    };
    let mut all: Vec<Candidate> = found.iter().map(candidate).collect();
    all.retain(|one| {
        one.log_odds >= LOG_ODDS_MIN && ratio(one, of_positive, of_negative) >= wanted.ratio_min
    });
    all.sort_by(|a, b| b.log_odds.total_cmp(&a.log_odds).then_with(|| a.term.cmp(&b.term)));
    all.truncate(CANDIDATES_MAX);
    all
}

/// The different terms a text could be found by.
fn terms_of(text: &str, words_max: usize) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    sequences(text, words_max, |term| {
        if term.chars().any(char::is_alphabetic) && term.chars().count() > GAP_CHARS_MAX {
            terms.insert(term.to_string());
        }
    });
    terms
}

fn ratio(one: &Candidate, of_positive: f64, of_negative: f64) -> f64 {
    let (positive, negative) = (one.positive.len() as f64, one.negative.len() as f64);
    let (positive, negative) = (positive / of_positive.max(1.0), negative / of_negative.max(1.0));
    positive / (positive + negative)
}

fn log_odds(positive: f64, negative: f64, of_positive: f64, of_negative: f64) -> f64 {
    let prior = PRIOR * (positive + negative) / (of_positive + of_negative);
    let odds = |found: f64, of: f64| ((found + prior) / (of + PRIOR - found - prior).max(prior)).ln();
    let variance = 1.0 / (positive + prior) + 1.0 / (negative + prior);
    (odds(positive, of_positive) - odds(negative, of_negative)) / variance.sqrt()
}

fn choose(
    mut candidates: Vec<Candidate>,
    of_positive: usize,
    of_negative: usize,
    wanted: Wanted,
) -> Vec<Suggestion> {
    let (mut found, mut removed) = (vec![false; of_positive], vec![false; of_negative]);
    let share = |of: &[bool]| of.iter().filter(|found| **found).count() as f64 / of.len().max(1) as f64;
    let mut chosen = Vec::new();
    while chosen.len() < wanted.terms_max && share(&found) < wanted.recall {
        let new = |documents: &[usize], of: &[bool]| documents.iter().filter(|nth| !of[**nth]).count();
        let left = wanted.budget * of_negative as f64 - share(&removed) * of_negative as f64;
        let gain = |one: &Candidate| {
            let cost = new(&one.negative, &removed) as f64;
            if cost > left { 0.0 } else { new(&one.positive, &found) as f64 / (1.0 + cost) }
        };
        // the first of equals, which is the one with the highest log-odds
        let mut best = (0, 0.0);
        for (nth, one) in candidates.iter().enumerate() {
            let gain = gain(one);
            if gain > best.1 {
                best = (nth, gain);
            }
        }
        if best.1 <= 0.0 {
            break;
        }
        let one = candidates.remove(best.0);
        one.positive.iter().for_each(|nth| found[*nth] = true);
        one.negative.iter().for_each(|nth| removed[*nth] = true);
        chosen.push(Suggestion {
            ratio: ratio(&one, of_positive as f64, of_negative as f64),
            positive: one.positive.len(),
            negative: one.negative.len(),
            term: one.term,
            log_odds: one.log_odds,
            recall: share(&found),
            removed: share(&removed),
        });
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_the_corpora_apart_is_suggested() {
        let positive: Vec<String> = (0..40)
            .map(|nth| match nth % 4 {
                3 => "the oven bakes a plain quince".to_string(),
                _ => "the oven bakes an apple tart".to_string(),
            })
            .collect();
        let negative: Vec<String> = (0..40)
            .map(|nth| {
                if nth == 0 { "a quince of the oven" } else { "the oven bakes plain bread and an apple" }
                    .to_string()
            })
            .collect();
        let (positive, negative): (Vec<&str>, Vec<&str>) =
            (positive.iter().map(String::as_str).collect(), negative.iter().map(String::as_str).collect());
        let found = suggest(&positive, &negative, Wanted::default());
        let terms: Vec<(&str, usize, usize)> =
            found.iter().map(|one| (one.term.as_str(), one.positive, one.negative)).collect();
        assert_eq!((found.len(), terms[0].1, terms[0].2), (2, 30, 0), "{terms:?}");
        assert!(terms[0].0.contains("tart") && (terms[1].1, terms[1].2) == (10, 0), "{terms:?}");
        assert_eq!(found[1].recall, 1.0);
        let strict = Wanted { budget: 0.0, ..Wanted::default() };
        assert!(suggest(&positive, &negative, strict).iter().all(|one| one.removed == 0.0));
        assert!(suggest(&[], &[], Wanted::default()).is_empty());
    }
}
