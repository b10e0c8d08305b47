//! What a finished release tells by itself: its evidence for the verifier, its decisions made anew, its texts, why one
//! record had its fate.

pub(crate) mod evidence;
pub(crate) mod examples;
pub(crate) mod explain;
pub(crate) mod ledger_batches;
pub(crate) mod ledger_cells;
pub(crate) mod opened;
pub(crate) mod release_texts;
pub(crate) mod replay;
pub mod review;
