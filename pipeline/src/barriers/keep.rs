//! Which of several duplicates survives.

use super::RecordNumber;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// The policy; ties go to the earliest record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// The first record in input order.
    #[default]
    Earliest,
    /// The record with the longest text, in bytes.
    Longest,
}

impl Keep {
    /// Orders records by preference: the least key survives.
    pub(crate) fn preference(self, record: RecordNumber, text_len: usize) -> (Reverse<usize>, RecordNumber) {
        match self {
            Keep::Earliest => (Reverse(0), record),
            Keep::Longest => (Reverse(text_len), record),
        }
    }
}
