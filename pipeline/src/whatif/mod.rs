//! What a release would be under other bounds, told from the values its ledger holds. No text is read.
//!
//! Every record is walked through the stages under the new bounds with what was measured on its way under the old
//! ones, then the barriers are gone through in order. Where the measured values stop being those of a new run,
//! because a text would be edited that was not, or a barrier would see other records, the record's fate is unknown,
//! and it is said why. What is said of every other record is what a new run comes to.

mod change;
mod corpus;
mod keep_top;
mod read;
mod report;
mod walk;

use crate::config::Override;
use crate::release::rule_notes;
use crate::{Error, Result};
use std::path::Path;

pub use report::{Change, Counts, State, Tally, Unknown, WhatIf};

/// The place of a record that the reader quarantined.
const INPUT: u16 = u16::MAX - 1;
/// The place of a record that nothing takes out.
const NOWHERE: u16 = u16::MAX;

/// What is known of one record: places are positions of stages.
struct Record {
    /// Where it was taken out, by the ledger.
    ledger: u16,
    /// Where the judging stages would lead it.
    end: walk::End,
    /// The barrier that would remove it for certain.
    removed: u16,
    /// The first barrier that might.
    doubt: u16,
    /// By which rule `removed` takes it out, with the value and the bound, where that was recounted.
    ranked: Option<Ranked>,
}

impl Record {
    fn new(ledger: u16, end: walk::End) -> Self {
        Self { ledger, end, removed: NOWHERE, doubt: NOWHERE, ranked: None }
    }
}

/// What a ranking says of a record that it takes out.
#[derive(Clone, Copy)]
struct Ranked {
    rule: usize,
    value: u64,
    bound: u64,
}

/// Recounts the release in the directory `release` with the overrides in place.
pub fn whatif(release: &Path, overrides: &[Override]) -> Result<WhatIf> {
    let files = read::open(release)?;
    let folder = release.join("auditor/ledger");
    let first = files.first().ok_or_else(|| Error::release(&folder, "holds no ledger"))?;
    let notes = rule_notes::required(first.reader.footer()).map_err(|why| Error::release(&folder, why))?;
    let stages = change::stages(release, overrides, &notes, first.reader.schema())?;
    let mut parts = read::read(&files, &stages)?;
    corpus::barriers(release, &stages, &mut parts)?;
    Ok(report::report(&stages, &parts))
}

fn unanswerable(why: String) -> Error {
    let hint = "only a run can tell: `probity run CONFIG --set …`";
    Error::Unanswerable { why, hint: Some(hint.into()) }
}
