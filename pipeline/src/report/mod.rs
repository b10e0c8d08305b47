//! What stages do to a corpus, told from the ledger of a release. No text is read, and a ledger of any size is streamed.
//!
//! | question | module |
//! |---|---|
//! | do stages take out more of one part of the corpus than of the rest? | `removal` |
//! | what would pass another bound? | `curves` |
//! | which filters take out the same records? | `overlap` |
//! | what does each stage make of the mixture of sources, languages, lengths and topics? | `shift` |
//!
//! A ledger knows for certain what took a record out, and that everything before let it pass. What comes after is known
//! only where it was measured all the same (`measure = "all"`); `answers` keeps the two apart.

mod answers;
mod chance;
mod curves;
mod harmless;
mod ledger;
mod overlap;
mod removal;
mod shift;
mod slices;

use crate::{Error, Result};
use manifests::audit::{AuditError, Interval, wilson};
use serde::Serialize;

pub use chance::Distance;
pub use curves::{Curve, CurveOf, Direction, Point, Released, curves};
pub use harmless::Truth;
pub(crate) use ledger::Ledger;
pub use overlap::{FilterTotal, Grain, Overlap, Pair, overlap};
pub(crate) use removal::measure;
pub use removal::{OverRemoval, Part, Question, Row, report};
pub use shift::{Cell, Shift, StageShift, Untold, shift};
pub use slices::usual_slices;
pub(crate) use slices::{LENGTH, SOURCE};

/// The confidence of all intervals.
const CONFIDENCE: f64 = 0.95;

/// A share of records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// From 0 to 1.
    pub share: f64,
    /// Its interval.
    pub interval: Interval,
}

impl Share {
    /// So many of so many, with Wilson's interval; `None` of nothing.
    fn of(found: u64, of: u64) -> Result<Option<Self>> {
        match of {
            0 => Ok(None),
            _ => {
                let interval = wilson(found, of, CONFIDENCE).map_err(bug)?;
                Ok(Some(Self { share: found as f64 / of as f64, interval }))
            }
        }
    }
}

/// Counts that were made here are never impossible.
fn bug(error: AuditError) -> Error {
    Error::Bug(error.to_string())
}
