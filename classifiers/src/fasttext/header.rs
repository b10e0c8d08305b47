//! The fixed part of a model file: what kind of model it is (fastText 0.9.2 `args.cc`, `fasttext.cc`).

use super::{ModelError, reader::Reader};

const MAGIC: i32 = 793_712_314;
const VERSION: i32 = 12;
/// Written before subwords were used in classifiers.
const VERSION_WITHOUT_SUBWORDS: i32 = 11;
const SUPERVISED: i32 = 3;

/// The largest n-gram accepted. No trained model comes near it, and without a limit a damaged header could make
/// one long word cost the square of its length.
const NGRAM_MAX: i32 = 255;

/// How a model turns the hidden vector into probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LossKind {
    Tree,
    Softmax,
    Sigmoid,
}

/// The settings of training that prediction needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) dim: usize,
    pub(super) word_ngrams: usize,
    pub(super) loss: LossKind,
    pub(super) bucket: u32,
    pub(super) minn: usize,
    pub(super) maxn: usize,
}

impl Header {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ModelError> {
        let found = reader.i32("the magic number")?;
        if found != MAGIC {
            return Err(ModelError::Magic { found });
        }
        let version = reader.i32("the version")?;
        if version != VERSION && version != VERSION_WITHOUT_SUBWORDS {
            return Err(ModelError::Version { found: version });
        }
        let mut fields = [0; 12];
        for field in &mut fields {
            *field = reader.i32("the header")?;
        }
        // the sampling threshold matters in training only
        reader.i64("the header")?;
        let [dim, _, _, _, _, word_ngrams, loss, model, bucket, minn, mut maxn, _] = fields;
        if model != SUPERVISED {
            return Err(ModelError::NotSupervised);
        }
        if version == VERSION_WITHOUT_SUBWORDS {
            maxn = 0;
        }
        let header = Self {
            dim: ranged("the dimension", dim, 1, i32::MAX, "must be at least 1")? as usize,
            word_ngrams: ranged("word n-grams", word_ngrams.max(0), 0, NGRAM_MAX, "at most 255")? as usize,
            loss: loss_kind(loss)?,
            bucket: ranged("the number of buckets", bucket, 0, i32::MAX, "must not be negative")?,
            minn: ranged("the shortest subword", minn.max(0), 0, i32::MAX, "must not be negative")? as usize,
            maxn: ranged("the longest subword", maxn.max(0), 0, NGRAM_MAX, "at most 255")? as usize,
        };
        if header.bucket == 0 && (header.maxn > 0 || header.word_ngrams > 1) {
            let expected = "a model with n-grams needs at least 1";
            return Err(ModelError::Header { field: "the number of buckets", value: 0, expected });
        }
        Ok(header)
    }

    /// Whether the input matrix has rows for n-grams.
    pub(super) fn uses_ngrams(&self) -> bool {
        self.maxn > 0 || self.word_ngrams > 1
    }
}

fn ranged(
    field: &'static str,
    value: i32,
    least: i32,
    most: i32,
    expected: &'static str,
) -> Result<u32, ModelError> {
    match u32::try_from(value) {
        Ok(number) if (least..=most).contains(&value) => Ok(number),
        _ => Err(ModelError::Header { field, value: value.into(), expected }),
    }
}

/// The numbers of `loss_name` in `args.h`. Negative sampling and one-vs-all predict alike.
fn loss_kind(number: i32) -> Result<LossKind, ModelError> {
    match number {
        1 => Ok(LossKind::Tree),
        3 => Ok(LossKind::Softmax),
        2 | 4 => Ok(LossKind::Sigmoid),
        other => Err(ModelError::Header {
            field: "the loss",
            value: other.into(),
            expected: "expected 1 (hierarchical softmax), 2 (negative sampling), 3 (softmax) or 4 (one-vs-all)",
        }),
    }
}
