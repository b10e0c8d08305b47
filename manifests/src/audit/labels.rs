//! What reviewers answer: a file of lines, one for each record, under a line that says whose they are and of which
//! sample. Lines are only ever appended, so that a reviewer may stop and go on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Place, SAMPLE_BYTES_MAX};
use crate::canonical::{CanonicalError, parse_canonical, to_canonical};
use crate::digest::Sha256;

/// The form of [`Labels`].
pub const LABELS_FORMAT: &str = "curation-audit-labels/v1";

/// Answers cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// A line is not what it should be.
    #[error("line {line}: {why}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The file is too large or not text, or a line is cut off.
    #[error("not lines of text, each ended by a line feed, of at most {SAMPLE_BYTES_MAX} bytes")]
    Text,
    /// An answer has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// Whether a record belongs in the data set. The same question is asked of released and of removed records, so that it
/// does not tell the reviewer which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It does.
    Belongs,
    /// It does not.
    DoesNotBelong,
    /// The reviewer cannot say.
    Unsure,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Head {
    format: String,
    reviewer: String,
    sample: Sha256,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Label {
    /// What the reviewer said.
    pub answer: Answer,
    /// The record's shard.
    pub shard: String,
    /// The row in it.
    pub row: u64,
}

impl Label {
    /// The line of the file, with its line feed.
    pub fn to_line(&self) -> Result<Vec<u8>, CanonicalError> {
        line(self)
    }
}

/// The answers of one reviewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Who answered.
    pub reviewer: String,
    /// The digest of the sample.
    pub sample: Sha256,
    /// By record.
    pub answers: BTreeMap<Place, Answer>,
}

impl Labels {
    /// The first line of a file of answers.
    pub fn head(reviewer: &str, sample: Sha256) -> Result<Vec<u8>, CanonicalError> {
        line(&Head { format: LABELS_FORMAT.to_owned(), reviewer: reviewer.to_owned(), sample })
    }

    /// Reads a file of answers.
    pub fn parse(bytes: &[u8]) -> Result<Self, LabelError> {
        let text = std::str::from_utf8(bytes).map_err(|_| LabelError::Text)?;
        if bytes.len() > SAMPLE_BYTES_MAX || !text.ends_with('\n') {
            return Err(LabelError::Text);
        }
        let mut lines = (1..).zip(text.lines());
        let fail = |line: usize, why: String| LabelError::Line { line, why };
        let (_, head) = lines.next().ok_or(LabelError::Text)?;
        let head: Head =
            parse_canonical(head.as_bytes(), SAMPLE_BYTES_MAX).map_err(|e| fail(1, e.to_string()))?;
        if head.format != LABELS_FORMAT {
            return Err(fail(1, format!("format {:?} is not {LABELS_FORMAT:?}", head.format)));
        }
        let mut answers = BTreeMap::new();
        for (number, line) in lines {
            let label: Label = parse_canonical(line.as_bytes(), SAMPLE_BYTES_MAX)
                .map_err(|e| fail(number, e.to_string()))?;
            let place = Place { shard: label.shard, row: label.row };
            if answers.insert(place, label.answer).is_some() {
                return Err(fail(number, "a second answer about one record".to_owned()));
            }
        }
        Ok(Self { reviewer: head.reviewer, sample: head.sample, answers })
    }
}

fn line(value: &impl Serialize) -> Result<Vec<u8>, CanonicalError> {
    let mut line = to_canonical(value)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(row: u64, answer: Answer) -> Vec<u8> {
        Label { answer, shard: "a".to_owned(), row }.to_line().unwrap()
    }

    #[test]
    fn answers_are_appended_and_read_back() {
        let sample = Sha256::of(b"s");
        let head = Labels::head("Ada", sample).unwrap();
        let file = [head.clone(), label(3, Answer::Unsure), label(1, Answer::DoesNotBelong)].concat();
        let read = Labels::parse(&file).unwrap();
        assert_eq!((read.reviewer.as_str(), read.sample, read.answers.len()), ("Ada", sample, 2));
        assert_eq!(read.answers[&Place { shard: "a".to_owned(), row: 3 }], Answer::Unsure);
        let error = |bytes: &[u8]| Labels::parse(bytes).unwrap_err().to_string();
        let twice = [head.clone(), label(3, Answer::Unsure), label(3, Answer::Belongs)].concat();
        assert_eq!(error(&twice), "line 3: a second answer about one record");
        assert!(error(&file[..file.len() - 1]).starts_with("not lines of text"));
        assert!(error(&label(3, Answer::Unsure)).starts_with("line 1: "));
        assert!(error(&[head.as_slice(), b"{}\n"].concat()).starts_with("line 2: "));
    }
}
