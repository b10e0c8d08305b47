//! The commitments of the ledger's rows, opened with the auditors' key.

use super::Opening;
use super::report::Findings;
use crate::ledger::{LedgerRow, SaltKey, commit};

/// Opens one row after the other.
pub(super) struct Commitments<'a> {
    key: Option<&'a SaltKey>,
    pub(super) findings: Findings,
}

impl<'a> Commitments<'a> {
    /// Without a key nothing can be opened.
    pub(super) fn new(key: Option<&'a SaltKey>) -> Self {
        Self { key, findings: Findings::default() }
    }

    pub(super) fn can_open(&self) -> bool {
        self.key.is_some()
    }

    /// The digests beside a row are those its commitment was made from.
    pub(super) fn take(&mut self, file: &str, stem: &str, row: &LedgerRow, opening: &Opening) {
        let Some(key) = self.key else { return };
        let salt = key.salt(stem, row.row);
        if commit(&salt, &opening.content, &opening.norm) != row.commit {
            let expected = "a commitment to the digests beside it";
            self.findings.add_row(file, row.row, expected, "a commitment to something else");
        }
    }
}
