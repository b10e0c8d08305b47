//! Laying out n-grams that come one after the other: from an ARPA file, or from training.

use super::hash::{extended_key, word_key};
use super::layout::Layout;
use super::table::{set_weight, weight};
use super::{Model, ModelError, Words};
use std::sync::Arc;

/// What KenLM gives unknown words in a model that has no `<unk>`.
const UNKNOWN_LOG10: f32 = -100.0;

/// Collects the n-grams of a model: all words first, then n-grams of each order, shorter ones before longer ones.
pub struct Builder {
    layout: Layout,
    bytes: Vec<u8>,
    /// The words in the order of their ids, each with a NUL.
    words: Vec<u8>,
    next: u32,
    saw_unknown: bool,
}

/// An n-gram's weights, log10. The longest n-grams have a back-off of 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Of the last word after the ones before it.
    pub probability: f32,
    /// Of what is charged where the n-gram is a context with which a word was never seen.
    pub backoff: f32,
}

impl Builder {
    /// A model with exactly so many n-grams of each order, from 1 on.
    pub fn new(counts: &[u64]) -> Result<Self, ModelError> {
        let (layout, bytes) = Layout::fresh(counts)?;
        let words = b"<unk>\0".to_vec();
        let mut new = Self { layout, bytes, words, next: 1, saw_unknown: false };
        new.set_unigram(0, Weights { probability: UNKNOWN_LOG10, backoff: 0.0 });
        Ok(new)
    }

    /// Adds a word and tells its id: 0 for `<unk>`, and from 1 on in the order in which they come.
    pub fn add_word(&mut self, word: &[u8], weights: Weights) -> Result<u32, ModelError> {
        let twice = || ModelError::Entry(format!("`{}` is there twice", String::from_utf8_lossy(word)));
        check(weights)?;
        let id = if matches!(word, b"<unk>" | b"<UNK>") {
            if std::mem::replace(&mut self.saw_unknown, true) {
                return Err(twice());
            }
            0
        } else {
            let (slot, known) = self.layout.vocabulary.slot(&mut self.bytes, word_key(word))?;
            if known {
                return Err(twice());
            }
            slot[8..].copy_from_slice(&self.next.to_le_bytes());
            self.words.extend(word);
            self.words.push(0);
            self.next += 1;
            self.next - 1
        };
        self.set_unigram(id, weights);
        Ok(id)
    }

    /// The id of a word that was added.
    pub fn id(&self, word: &[u8]) -> Option<u32> {
        if word == b"<unk>" || word == b"<UNK>" {
            return Some(0);
        }
        self.layout.vocabulary.find(&self.bytes, word_key(word)).map(|slot| super::table::number(slot, 8))
    }

    /// Adds an n-gram of two words or more, in the order of the text.
    pub fn add(&mut self, ids: &[u32], weights: Weights) -> Result<(), ModelError> {
        check(weights)?;
        let order = ids.len();
        if !(2..=self.layout.counts.len()).contains(&order) || ids.iter().any(|id| *id >= self.next) {
            return Err(ModelError::Entry(format!("{ids:?} is not an n-gram of this model")));
        }
        if !self.extend_context(&ids[..order - 1])? {
            return Err(ModelError::Entry(format!(
                "the first {} words are not an n-gram themselves",
                order - 1
            )));
        }
        self.extend_suffix(&ids[1..])?;
        let probability = -weights.probability.abs();
        let known = match self.layout.middle.get(order - 2) {
            Some(table) => {
                let (slot, known) = table.slot(&mut self.bytes, key(ids))?;
                set_weight(slot, 8, probability);
                set_weight(slot, 12, unextended(weights.backoff));
                known
            }
            None => {
                let (slot, known) = self.layout.longest.slot(&mut self.bytes, key(ids))?;
                set_weight(slot, 8, probability);
                known
            }
        };
        if known { Err(ModelError::Entry("an n-gram is there twice".into())) } else { Ok(()) }
    }

    /// The model, with the words that its texts are to be divided into.
    pub fn finish(mut self, words: Option<Words>) -> Result<Model, ModelError> {
        let bound = self.layout.bound_at;
        self.bytes[bound..bound + 4].copy_from_slice(&self.next.to_le_bytes());
        self.bytes.append(&mut self.words);
        Model::of(Arc::new(self.bytes), self.layout, words)
    }

    fn unigram(&mut self, id: u32) -> &mut [u8] {
        let at = self.layout.unigrams + id as usize * 8;
        self.bytes.get_mut(at..at + 8).unwrap_or_default()
    }

    fn set_unigram(&mut self, id: u32, weights: Weights) {
        let pair = self.unigram(id);
        // as it is: KenLM leaves the certain `<s>` without a sign
        set_weight(pair, 0, weights.probability);
        set_weight(pair, 4, unextended(weights.backoff));
    }

    /// The weights of an n-gram that is no longest one, if it is there.
    fn pair(&mut self, ids: &[u32]) -> Option<&mut [u8]> {
        if let [id] = ids {
            return Some(self.unigram(*id));
        }
        let table = *self.layout.middle.get(ids.len().checked_sub(2)?)?;
        table.find(&self.bytes, key(ids))?;
        table.slot(&mut self.bytes, key(ids)).ok().map(|(slot, _)| &mut slot[8..])
    }

    /// Marks that longer n-grams begin with these words; tells whether they are an n-gram.
    fn extend_context(&mut self, ids: &[u32]) -> Result<bool, ModelError> {
        let Some(pair) = self.pair(ids) else { return Ok(false) };
        let backoff = weight(pair, 4);
        // -0 says that nothing follows; adding +0 turns it into +0 and leaves everything else
        set_weight(pair, 4, backoff + 0.0);
        Ok(true)
    }

    /// Marks that longer n-grams end with these words. Where they were pruned, they are put back with what a model
    /// without them says.
    fn extend_suffix(&mut self, ids: &[u32]) -> Result<(), ModelError> {
        if self.pair(ids).is_none() {
            self.extend_suffix(&ids[1..])?;
            let shorter = self.pair(&ids[1..]).map_or(0.0, |pair| weight(pair, 0).abs());
            let context = self.pair(&ids[..ids.len() - 1]).map_or(0.0, |pair| weight(pair, 4));
            self.extend_context(&ids[..ids.len() - 1])?;
            if let Some(table) = self.layout.middle.get(ids.len() - 2) {
                let (slot, _) = table.slot(&mut self.bytes, key(ids))?;
                set_weight(slot, 8, context - shorter);
                set_weight(slot, 12, unextended(0.0));
            }
        }
        if let Some(pair) = self.pair(ids) {
            let probability = weight(pair, 0).abs();
            set_weight(pair, 0, probability);
        }
        Ok(())
    }
}

/// The key of an n-gram: its words from the last to the first.
fn key(ids: &[u32]) -> u64 {
    let (last, before) = ids.split_last().map_or((0, ids), |(last, before)| (*last, before));
    before.iter().rev().fold(u64::from(last), |key, word| extended_key(key, *word))
}

/// A back-off of an n-gram with which no longer one begins: zero is written with a sign.
fn unextended(backoff: f32) -> f32 {
    if backoff == 0.0 { -0.0 } else { backoff }
}

fn check(weights: Weights) -> Result<(), ModelError> {
    let Weights { probability, backoff } = weights;
    if !(probability <= 0.0 && probability.is_finite() && backoff.is_finite()) {
        let why = format!(
            "a log10 probability is finite and at most 0, a back-off finite: {probability}, {backoff}"
        );
        return Err(ModelError::Entry(why));
    }
    Ok(())
}
