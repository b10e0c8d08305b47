//! The words of a corpus and their ids.

use super::{Training, texts::Texts};
use crate::{Error, Progress, Result};
use std::collections::HashMap;
use std::sync::Mutex;
use xxhash_rust::xxh3::Xxh3Builder;

/// The id of words that are not in the vocabulary.
pub(super) const UNKNOWN: u32 = 0;
/// The id of the start of a sentence.
pub(super) const START: u32 = 1;
/// The id of its end.
pub(super) const END: u32 = 2;
/// The words with fixed ids. In a corpus they are passed over, as `lmplz --skip_symbols` does.
const RESERVED: [&[u8]; 3] = [b"<unk>", b"<s>", b"</s>"];

type Words<T> = HashMap<Box<[u8]>, T, Xxh3Builder>;

/// Words by id and ids by word. It stays in memory.
pub(super) struct Vocabulary {
    ids: Words<u32>,
    words: Vec<Box<[u8]>>,
}

impl Vocabulary {
    /// Counts all words and keeps the most frequent ones. The more frequent has the smaller id; ties go by bytes.
    pub(super) fn count(texts: &Texts, training: &Training, progress: &dyn Progress) -> Result<(Self, u64)> {
        let total: Mutex<Words<u64>> = Mutex::default();
        let skipped = texts.by_group(("count words", progress), |texts| {
            let mut counts: Words<u64> = Words::default();
            for text in texts {
                training.words.sentences(&text?, |words| words.for_each(|word| add(&mut counts, word, 1)));
            }
            let mut total = total.lock().map_err(|e| Error::Bug(e.to_string()))?;
            counts.iter().for_each(|(word, count)| add(&mut total, word, *count));
            Ok(())
        })?;
        let counts = total.into_inner().map_err(|e| Error::Bug(e.to_string()))?;
        let ordinary = |(word, _): &(Box<[u8]>, u64)| !RESERVED.contains(&&**word);
        let mut ranked: Vec<_> = counts.into_iter().filter(ordinary).collect();
        ranked.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        ranked.truncate(training.vocabulary.unwrap_or(usize::MAX));
        let reserved = RESERVED.iter().map(|word| Box::from(*word));
        let words: Vec<Box<[u8]>> = reserved.chain(ranked.into_iter().map(|(word, _)| word)).collect();
        let too_many = || Error::Limit {
            what: "different words".into(),
            limit: u32::MAX.to_string(),
            actual: words.len().to_string(),
        };
        let last = u32::try_from(words.len()).map_err(|_| too_many())?;
        let ids = words.iter().cloned().zip(0..last).collect();
        Ok((Self { ids, words }, skipped))
    }

    /// The id of a word of a text; `None` for what must not stand there.
    pub(super) fn id(&self, word: &[u8]) -> Option<u32> {
        match self.ids.get(word) {
            Some(id) if *id <= END => None,
            Some(id) => Some(*id),
            None => Some(UNKNOWN),
        }
    }

    /// All words by id, those with fixed ids first.
    pub(super) fn words(&self) -> &[Box<[u8]>] {
        &self.words
    }
}

fn add(counts: &mut Words<u64>, word: &[u8], more: u64) {
    match counts.get_mut(word) {
        Some(count) => *count += more,
        None => _ = counts.insert(word.into(), more),
    }
}
