//! Finds the phrases of the C4 filter: in any case of ASCII letters, in one pass over the text.
//!
//! Every phrase has a short, rare stretch (its anchor), and no two anchors can overlap inside phrases. All upper- and
//! lower-case spellings of the anchors make up a set small enough for a vectorised search, where the machine has one;
//! the phrase around a found anchor is then compared. A case-insensitive automaton over the whole text takes four
//! times as long.

use aho_corasick::{AhoCorasick, packed};

/// What a phrase is about, and so what its line suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    LoremIpsum,
    Javascript,
    Policy,
}

struct Phrase {
    text: &'static str,
    /// Where in `text` the anchor is.
    anchor: (usize, usize),
    topic: Topic,
}

const fn phrase(text: &'static str, anchor: (usize, usize), topic: Topic) -> Phrase {
    Phrase { text, anchor, topic }
}

/// datatrove 0.10.1, `c4_filters.py`, from tensorflow_datasets' `c4_utils.py`.
const PHRASES: [Phrase; 8] = [
    phrase("lorem ipsum", (7, 10), Topic::LoremIpsum),
    phrase("javascript", (0, 3), Topic::Javascript),
    phrase("terms of use", (7, 11), Topic::Policy),
    phrase("privacy policy", (3, 6), Topic::Policy),
    phrase("cookie policy", (2, 6), Topic::Policy),
    phrase("uses cookies", (7, 11), Topic::Policy),
    phrase("use of cookies", (9, 13), Topic::Policy),
    phrase("use cookies", (6, 10), Topic::Policy),
];

/// Finds the spellings of the anchors; both ways find the same.
enum Anchors {
    Vectorised(packed::Searcher),
    Automaton(AhoCorasick),
}

impl Anchors {
    fn new(spellings: &[String]) -> Result<Self, aho_corasick::BuildError> {
        Ok(match packed::Searcher::new(spellings) {
            Some(searcher) => Self::Vectorised(searcher),
            None => Self::Automaton(AhoCorasick::new(spellings)?),
        })
    }

    fn find(&self, text: &str, mut found: impl FnMut(aho_corasick::Match)) {
        match self {
            Self::Vectorised(searcher) => searcher.find_iter(text).for_each(&mut found),
            Self::Automaton(automaton) => automaton.find_iter(text).for_each(&mut found),
        }
    }
}

/// The phrases, ready for searching.
pub(super) struct Phrases {
    anchors: Anchors,
    /// For each pattern of `anchors`, the phrases that have it.
    phrases: Vec<Vec<&'static Phrase>>,
}

impl Phrases {
    pub(super) fn new() -> Result<Self, aho_corasick::BuildError> {
        let mut spellings: Vec<String> = Vec::new();
        let mut phrases: Vec<Vec<&'static Phrase>> = Vec::new();
        for phrase in &PHRASES {
            for spelling in spellings_of(&phrase.text[phrase.anchor.0..phrase.anchor.1]) {
                match spellings.iter().position(|known| *known == spelling) {
                    Some(known) => phrases[known].push(phrase),
                    None => {
                        spellings.push(spelling);
                        phrases.push(vec![phrase]);
                    }
                }
            }
        }
        Ok(Self { anchors: Anchors::new(&spellings)?, phrases })
    }

    /// Calls `found` with the first byte and the topic of every phrase, in the order of their anchors.
    pub(super) fn find(&self, text: &str, mut found: impl FnMut(usize, Topic)) {
        self.anchors.find(text, |hit| {
            for phrase in &self.phrases[hit.pattern().as_usize()] {
                let Some(start) = hit.start().checked_sub(phrase.anchor.0) else { continue };
                let stretch = text.as_bytes().get(start..start + phrase.text.len());
                if stretch.is_some_and(|stretch| stretch.eq_ignore_ascii_case(phrase.text.as_bytes())) {
                    found(start, phrase.topic);
                }
            }
        });
    }
}

/// Every way to write `letters` in upper and lower case.
fn spellings_of(letters: &str) -> Vec<String> {
    letters.chars().fold(vec![String::new()], |spellings, c| {
        let mut cases = vec![c.to_ascii_lowercase(), c.to_ascii_uppercase()];
        cases.dedup();
        let with = |spelling: &String| cases.iter().map(|c| format!("{spelling}{c}")).collect::<Vec<_>>();
        spellings.iter().flat_map(with).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, Topic)> {
        let mut all = Vec::new();
        Phrases::new().unwrap().find(text, |start, topic| all.push((start, topic)));
        all
    }

    #[test]
    fn every_phrase_is_found_in_any_case_and_place() {
        for phrase in &PHRASES {
            for text in [phrase.text.to_string(), phrase.text.to_uppercase(), format!("é{}s", phrase.text)] {
                assert!(found(&text).iter().any(|&(_, topic)| topic == phrase.topic), "{text}");
            }
            assert!(
                found(&phrase.text[1..]).is_empty()
                    && found(&phrase.text[..phrase.text.len() - 1]).is_empty()
            );
        }
    }

    #[test]
    fn near_misses_are_not_found() {
        assert!(found("java script, the use of it, looking at cookies, private policies, ipsum").is_empty());
    }

    #[test]
    fn both_searches_find_the_same() {
        let mut phrases = Phrases::new().unwrap();
        let text = "PSUpsu javac Vacy okiE of us F US ".repeat(3);
        let spellings: Vec<String> =
            ["psu", "jav", "f us", "vac", "okie"].iter().flat_map(|a| spellings_of(a)).collect();
        let hits = |anchors: &Anchors| {
            let mut all = Vec::new();
            anchors.find(&text, |hit| all.push((hit.start(), hit.end())));
            all
        };
        phrases.anchors = Anchors::new(&spellings).unwrap();
        let automaton = Anchors::Automaton(AhoCorasick::new(&spellings).unwrap());
        assert_eq!(hits(&phrases.anchors), hits(&automaton));
        assert_eq!(hits(&automaton).len(), 21);
    }

    #[test]
    fn anchors_are_few_enough_for_the_vectorised_search() {
        assert!(Phrases::new().unwrap().phrases.len() <= 64);
    }
}
