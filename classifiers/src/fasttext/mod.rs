//! fastText supervised models, read and applied.
//!
//! [`Model::load`] takes the bytes of a `.bin` or `.ftz` file as fastText 0.9.2 writes them and leaves the weights
//! where they are, so a memory map costs no memory of its own. [`Model::predict`] answers as fastText does: same
//! tokens, same hashes, same labels, probabilities equal to about 1e-5. What others get wrong and this does not:
//!
//! * text is cut at seven ASCII characters only, not at no-break or ideographic spaces;
//! * `</s>` is appended before word n-grams are formed, takes part in them, and ends the text where it occurs in it;
//! * hashes of word n-grams extend 32-bit hashes by their sign;
//! * hierarchical softmax walks its tree in quantised models too;
//! * a text without words still has an answer where the model knows `</s>`.
//!
//! A newline in the text counts as a space. The same text gives the same bits on every machine, whatever was
//! predicted before: sums have a fixed order, cached or not, and no function of the platform's C library is used.

mod cache;
mod dictionary;
mod error;
mod header;
mod loss;
mod matrix;
mod ngrams;
mod reader;
mod scratch;
mod subwords;
mod tokens;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use error::ModelError;

use cache::Token;
use dictionary::{Dictionary, LABEL_PREFIX};
use header::Header;
use loss::{Loss, Output};
use matrix::Matrix;
use ngrams::Buckets;
use reader::Reader;
use scratch::Scratch;
use std::cmp::Ordering;
use std::sync::Arc;
use subwords::Subwords;
use tokens::END_OF_LINE;

/// The bytes of a model file; a memory map for large ones. They must not change while the model is in use.
pub type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A label with its probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The label's position in [`Model::labels`].
    pub label: usize,
    /// Its probability as fastText tells it: up to 1.00001, because fastText adds 1e-5 before it takes logarithms.
    pub probability: f32,
}

impl Prediction {
    /// The more probable first, then the smaller number.
    fn order(a: &Self, b: &Self) -> Ordering {
        b.probability.total_cmp(&a.probability).then(a.label.cmp(&b.label))
    }
}

/// A fastText classifier.
pub struct Model {
    bytes: Bytes,
    header: Header,
    dictionary: Dictionary,
    buckets: Buckets,
    input: Matrix,
    output: Matrix,
    loss: Loss,
    /// Tells the scratch of this model from that of others.
    identity: Arc<()>,
}

impl Model {
    /// Reads a model. All of the file is checked here; predicting cannot fail.
    pub fn load(bytes: Bytes) -> Result<Self, ModelError> {
        let mut reader = Reader::new((*bytes).as_ref());
        let header = Header::read(&mut reader)?;
        let dictionary = Dictionary::read(&mut reader)?;
        let input_quantised = reader.flag("the flag for a quantised input matrix")?;
        let input = Matrix::read(&mut reader, "input", input_quantised, &header)?;
        let output_quantised = reader.flag("the flag for a quantised output matrix")?;
        // fastText heeds the second flag only together with the first
        let output = Matrix::read(&mut reader, "output", input_quantised && output_quantised, &header)?;
        if reader.left() > 0 {
            return Err(ModelError::Trailing { extra: reader.left() as u64 });
        }
        if dictionary.pruned && !input_quantised {
            let expected = "only quantised models are pruned";
            return Err(ModelError::Header { field: "the number of pruned n-grams", value: 0, expected });
        }
        let ngrams = if header.uses_ngrams() { dictionary.kept.rows(header.bucket) } else { 0 };
        let rows = |field, value: usize| ModelError::Header {
            field,
            value: value as i64,
            expected: "does not fit the dictionary",
        };
        if input.rows() < dictionary.words + ngrams {
            return Err(rows("the number of input rows", input.rows()));
        }
        if output.rows() != dictionary.labels.len() {
            return Err(rows("the number of output rows", output.rows()));
        }
        let loss = Loss::new(header.loss, &dictionary.label_counts)?;
        let buckets = Buckets::new(header.bucket);
        Ok(Self { header, dictionary, buckets, input, output, loss, identity: Arc::new(()), bytes })
    }

    /// The labels without fastText's `__label__`, most frequent in training first.
    pub fn labels(&self) -> &[String] {
        &self.dictionary.labels
    }

    /// Whether its labels share one probability: more than one, under either softmax.
    pub fn labels_exclude_each_other(&self) -> bool {
        self.labels().len() > 1 && !matches!(self.loss, Loss::Sigmoid(_))
    }

    /// The `k` most probable labels with at least the probability `threshold`, the most probable first. Nothing
    /// where the text has no feature the model knows. Of a hierarchical softmax, labels less probable than 1e-5
    /// are left out as fastText does.
    pub fn predict(&self, text: &str, k: usize, threshold: f32) -> Vec<Prediction> {
        let mut best = Vec::new();
        if k > 0 {
            self.with_hidden(text, |scratch| {
                let Scratch { hidden, loss, .. } = scratch;
                self.loss.predict(self.output(), hidden, (k, threshold), loss, &mut best);
            });
        }
        best
    }

    /// The most probable label.
    pub fn best(&self, text: &str) -> Option<Prediction> {
        self.with_hidden(text, |scratch| {
            let Scratch { hidden, loss, best, .. } = scratch;
            best.clear();
            self.loss.predict(self.output(), hidden, (1, 0.0), loss, best);
            best.first().copied()
        })?
    }

    /// The probability of the label at this position of [`Model::labels`]; `None` where the text has no feature
    /// the model knows.
    pub fn probability(&self, text: &str, label: usize) -> Option<f32> {
        self.with_hidden(text, |scratch| {
            self.loss.probability(self.output(), &scratch.hidden, label, &mut scratch.loss)
        })
    }

    fn output(&self) -> Output<'_> {
        Output { matrix: &self.output, bytes: self.bytes() }
    }

    fn bytes(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    /// Computes the hidden vector, the mean of the rows of all features, and goes on with it if there are any.
    fn with_hidden<T>(&self, text: &str, then: impl FnOnce(&mut Scratch) -> T) -> Option<T> {
        let width = self.header.dim.next_multiple_of(8);
        let cached = if self.words_are_rows() { 0 } else { width };
        scratch::with(&self.identity, (width, cached), |scratch| {
            let rows = self.sum_rows(text.as_bytes(), scratch);
            let share = 1.0 / rows as f64;
            for x in &mut scratch.hidden {
                *x *= share as f32;
            }
            (rows > 0).then(|| then(scratch))
        })
    }

    /// Sums the rows of all features of a text and counts them. The order is fixed: the tokens, each summed by
    /// itself first, then the word n-grams.
    fn sum_rows(&self, text: &[u8], scratch: &mut Scratch) -> u64 {
        let file = self.bytes();
        let longest = self.header.word_ngrams;
        let Scratch { cache, hidden, long, hashes, words, subwords, rows, .. } = scratch;
        hidden.fill(0.0);
        hashes.clear();
        words.clear();
        let mut count = 0;
        let mut add = |token: Token, sum: &[f32]| {
            let hash = match token {
                Token::Label => return,
                Token::Row { hash, row } => {
                    words.push(row);
                    hash
                }
                Token::Word { hash, rows } => {
                    if rows > 0 {
                        add_to(hidden, sum);
                        count += rows;
                    }
                    hash
                }
            };
            if longest > 1 {
                hashes.push(hash);
            }
        };
        for (start, end) in tokens::tokens(text) {
            let token = &text[start..end];
            if token == END_OF_LINE {
                break;
            }
            if let Some(key) = tokens::key(text, start, end) {
                let (token, sum) = cache.get(key, |sum| self.resolve(file, token, (subwords, rows), sum));
                add(token, sum);
            } else {
                long.fill(0.0);
                add(self.resolve(file, token, (subwords, rows), long), long);
            }
        }
        long.fill(0.0);
        add(self.resolve(file, END_OF_LINE, (subwords, rows), long), long);
        self.input.add_rows(file, 0, words, hidden);
        count += words.len() as u64;
        ngrams::word_ngrams(hashes, longest, self.buckets, rows, |rows| {
            count += self.add_ngrams(file, rows, hidden);
        });
        count
    }

    /// Whether a word the model knows is one row that lies ready.
    fn words_are_rows(&self) -> bool {
        self.header.maxn == 0 && matches!(self.input, Matrix::Dense(_))
    }

    /// Adds the rows of buckets to `sum` and tells how many of them pruning has left.
    fn add_ngrams(&self, file: &[u8], buckets: &mut Vec<u32>, sum: &mut [f32]) -> u64 {
        self.dictionary.kept.rows_of(buckets);
        self.input.add_rows(file, self.dictionary.words, buckets, sum);
        buckets.len() as u64
    }

    /// Finds out what a token is and adds its rows to `sum`.
    fn resolve(
        &self,
        file: &[u8],
        token: &[u8],
        (subwords, rows): (&mut Subwords, &mut Vec<u32>),
        sum: &mut [f32],
    ) -> Token {
        let hash = ngrams::hash(token);
        let words = self.dictionary.words;
        let entry = self.dictionary.find(file, token, hash);
        let label =
            entry.map_or_else(|| token.starts_with(LABEL_PREFIX.as_bytes()), |entry| entry as usize >= words);
        if label {
            return Token::Label;
        }
        if let (true, Some(row)) = (self.words_are_rows(), entry) {
            return Token::Row { hash, row };
        }
        self.input.add_rows(file, 0, entry.as_slice(), sum);
        let mut count = u64::from(entry.is_some());
        if self.header.maxn > 0 && token != END_OF_LINE {
            let range = (self.header.minn, self.header.maxn);
            subwords.begin(token);
            rows.clear();
            while subwords.next(range, self.buckets, rows) {
                count += self.add_ngrams(file, rows, sum);
                rows.clear();
            }
        }
        Token::Word { hash, rows: count }
    }
}

/// Both are padded to whole chunks of eight.
fn add_to(sum: &mut [f32], terms: &[f32]) {
    for (sum, terms) in sum.as_chunks_mut::<8>().0.iter_mut().zip(terms.as_chunks::<8>().0) {
        for lane in 0..8 {
            sum[lane] += terms[lane];
        }
    }
}
