//! Scoring: how probable a text is, word by word.

use super::Model;
use super::hash::{extended_key, word_key};
use super::layout::ORDER_MAX;
use super::table::{number, weight};
use std::hint::black_box;

/// How many words are looked up together, so that their places in memory are fetched at the same time.
const BLOCK: usize = 256;

/// What a model says of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// log10 of the probability of all words and ends of sentences.
    pub log10: f64,
    /// Words, without the ends of sentences.
    pub words: u64,
    /// Words that the model does not know.
    pub unknown: u64,
    /// Sentences.
    pub sentences: u64,
}

impl Score {
    /// 10 to the mean of −log10 over words and ends of sentences; `None` of a text without words.
    pub fn perplexity(&self) -> Option<f64> {
        let terms = self.words + self.sentences;
        (terms > 0).then(|| libm::exp10(-self.log10 / terms as f64))
    }
}

/// The n-grams that end with the last word, as far as longer ones may begin with them.
#[derive(Clone, Copy, Default)]
struct State {
    /// The last word, then the one before it, and so on.
    ids: [u32; ORDER_MAX - 1],
    /// Back-offs of the n-grams of the last word, the last two words, and so on.
    backoffs: [f32; ORDER_MAX - 1],
    len: usize,
}

impl Model {
    /// Scores a text by its sentences, each between `<s>` and `</s>`.
    pub fn score(&self, text: &str) -> Score {
        let bytes: &[u8] = (*self.bytes).as_ref();
        let start = self.state_of_start(bytes);
        let mut score = Score::default();
        let (mut ids, mut keys) = (Vec::with_capacity(BLOCK), Vec::with_capacity(BLOCK));
        self.words.unwrap_or_default().sentences(text, |words| {
            let mut state = start;
            loop {
                keys.clear();
                keys.extend((&mut *words).take(BLOCK).map(word_key));
                ids.clear();
                black_box(
                    keys.iter()
                        .map(|key| self.layout.vocabulary.first(bytes, *key))
                        .fold(0, u64::wrapping_add),
                );
                ids.extend(keys.iter().map(|key| self.id(bytes, *key)));
                score.words += ids.len() as u64;
                score.unknown += ids.iter().filter(|id| **id == 0).count() as u64;
                let ended = ids.len() < BLOCK;
                if ended {
                    ids.push(self.end);
                }
                black_box(self.fetch(bytes, &state, &ids));
                for id in &ids {
                    score.log10 += f64::from(self.advance(bytes, &mut state, *id));
                }
                if ended {
                    break;
                }
            }
            score.sentences += 1;
        });
        score
    }

    /// log10 of the probability of a word after others, by their ids; before them stands nothing.
    pub fn conditional(&self, context: &[u32], word: u32) -> f32 {
        let bytes: &[u8] = (*self.bytes).as_ref();
        let mut state = State::default();
        for id in context {
            self.advance(bytes, &mut state, *id);
        }
        self.advance(bytes, &mut state, word)
    }

    fn state_of_start(&self, bytes: &[u8]) -> State {
        let mut state = State { len: 1, ..State::default() };
        state.ids[0] = self.start;
        state.backoffs[0] = self.unigram(bytes, self.start).1;
        state
    }

    pub(super) fn id(&self, bytes: &[u8], key: u64) -> u32 {
        self.layout.vocabulary.find(bytes, key).map_or(0, |slot| number(slot, 8))
    }

    fn unigram(&self, bytes: &[u8], id: u32) -> (f32, f32) {
        let at = self.layout.unigrams + id as usize * 8;
        (weight(bytes, at), weight(bytes, at + 4))
    }

    /// Reads where searches for the words and for the n-grams of two and three will begin.
    fn fetch(&self, bytes: &[u8], state: &State, ids: &[u32]) -> u64 {
        let (mut before, mut sum) = ([state.ids[0], state.ids[1]], 0u64);
        for id in ids {
            let pair = extended_key(u64::from(*id), before[0]);
            let (second, third) = match self.layout.middle.first() {
                Some(pairs) => {
                    let triple = extended_key(pair, before[1]);
                    let third = match self.layout.middle.get(1) {
                        Some(triples) => triples.first(bytes, triple),
                        None => self.layout.longest.first(bytes, triple),
                    };
                    (pairs.first(bytes, pair), third)
                }
                None => (self.layout.longest.first(bytes, pair), 0),
            };
            let word = u64::from(self.unigram(bytes, *id).0.to_bits());
            sum = sum.wrapping_add(word).wrapping_add(second).wrapping_add(third);
            before = [*id, before[0]];
        }
        sum
    }

    /// Appends a word: tells log10 of its probability and what the next one may build on.
    fn advance(&self, bytes: &[u8], state: &mut State, id: u32) -> f32 {
        let order = self.layout.counts.len();
        let mut next = State::default();
        let (mut probability, backoff) = self.unigram(bytes, id);
        let mut longer = probability.is_sign_positive();
        let (mut key, mut matched) = (u64::from(id), 1);
        next.ids[0] = id;
        next.backoffs[0] = backoff;
        while longer && matched <= state.len {
            key = extended_key(key, state.ids[matched - 1]);
            if matched + 1 == order {
                if let Some(slot) = self.layout.longest.find(bytes, key) {
                    probability = weight(slot, 8);
                    matched += 1;
                }
                break;
            }
            let Some(slot) = self.layout.middle[matched - 1].find(bytes, key) else { break };
            probability = weight(slot, 8);
            next.ids[matched] = state.ids[matched - 1];
            next.backoffs[matched] = weight(slot, 12);
            longer = probability.is_sign_positive();
            matched += 1;
        }
        let charged: f32 = state.backoffs[..state.len].get(matched - 1..).unwrap_or_default().iter().sum();
        next.len = matched.min(order - 1);
        // what no longer n-gram begins with says nothing about the next word
        while next.len > 0 && next.backoffs[next.len - 1].to_bits() == (-0.0f32).to_bits() {
            next.len -= 1;
        }
        *state = next;
        charged - probability.abs()
    }
}
