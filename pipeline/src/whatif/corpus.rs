//! The barriers under the new bounds. A barrier that sees the same records with the same texts removes the same;
//! where it does not, equal texts can be recounted from their digests and rankings from recorded scores, and anything
//! else is unknown.

use super::change::{Barrier, Stage};
use super::keep_top;
use super::read::Part;
use super::walk::{End, Why};
use super::{INPUT, NOWHERE, Record};
use crate::Result;
use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;

/// Whether a record reaches a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaches {
    Yes,
    No,
    Maybe,
}

impl Record {
    /// Whether it reached the barrier at `barrier` under the old bounds.
    fn reached(&self, barrier: u16) -> Reaches {
        match self.ledger {
            INPUT => Reaches::No,
            NOWHERE => Reaches::Yes,
            stage if stage >= barrier => Reaches::Yes,
            _ => Reaches::No,
        }
    }

    /// Whether it would reach it, earlier barriers being done with.
    pub(super) fn would_reach(&self, barrier: u16) -> Reaches {
        let alive = match self.end {
            End::Input => Reaches::No,
            End::Decided { stage, .. } if stage < barrier => Reaches::No,
            End::Doubt { from, .. } if from <= barrier => Reaches::Maybe,
            _ => Reaches::Yes,
        };
        match (alive, self.removed, self.doubt) {
            (Reaches::No, ..) => Reaches::No,
            (_, removed, _) if removed != NOWHERE => Reaches::No,
            (_, _, doubt) if doubt != NOWHERE => Reaches::Maybe,
            (alive, ..) => alive,
        }
    }

    /// Whether it may reach the barrier with a text that the barrier has not compared before.
    fn is_new_to(&self, barrier: u16) -> bool {
        let other_text = matches!(self.end, End::Doubt { why: Why::Edits(_) | Why::WouldEdit(_), .. });
        self.would_reach(barrier) != Reaches::No && (other_text || self.reached(barrier) == Reaches::No)
    }
}

/// Lets every barrier remove what it would remove.
pub(super) fn barriers(release: &Path, stages: &[Stage], parts: &mut [Part]) -> Result<()> {
    for (at, stage) in stages.iter().enumerate() {
        let barrier = at as u16;
        let records = || parts.iter().flat_map(|part| &part.records);
        match stage.barrier {
            None => {}
            Some(_) if !stage.changed && records().all(|r| r.reached(barrier) == r.would_reach(barrier)) => {
                let all = parts.iter_mut().flat_map(|part| &mut part.records);
                all.filter(|r| r.ledger == barrier).for_each(|r| r.removed = barrier);
            }
            Some(Barrier::EqualDigests) => equal_texts(barrier, parts, digest),
            Some(Barrier::EqualTexts) if !records().any(|r| r.is_new_to(barrier)) => {
                equal_texts(barrier, parts, |part, at| group(part, at, barrier));
            }
            Some(Barrier::KeepTop) if !records().any(|r| r.would_reach(barrier) == Reaches::Maybe) => {
                keep_top::recount(release, barrier, stage.ranking.as_ref(), parts)?;
            }
            Some(Barrier::EqualTexts | Barrier::KeepTop | Barrier::Opaque) => {
                let all = parts.iter_mut().flat_map(|part| &mut part.records);
                all.filter(|r| r.would_reach(barrier) == Reaches::Yes).for_each(|r| r.doubt = barrier);
            }
        }
    }
    Ok(())
}

/// The digest of a record's text as read.
fn digest(part: &Part, at: usize) -> [u8; 32] {
    part.content.as_ref().and_then(|digests| digests.value(at).try_into().ok()).unwrap_or_default()
}

/// The record that survived among those with the same text at a barrier that compared them.
fn group(part: &Part, at: usize, barrier: u16) -> (u32, u64) {
    match &part.duplicate_of {
        Some((shard, row)) if part.records[at].ledger == barrier => (shard.value(at), row.value(at)),
        _ => (part.shard.value(at), part.row.value(at)),
    }
}

/// Of equal texts the first that reaches the barrier survives; equal texts have equal keys.
fn equal_texts<K: Hash + Eq>(barrier: u16, parts: &mut [Part], key: impl Fn(&Part, usize) -> K) {
    // by key: `Yes` once a record was seen that surely reaches the barrier, `Maybe` before
    let mut seen: HashMap<K, Reaches> = HashMap::new();
    for part in parts {
        for at in 0..part.records.len() {
            let reaches = part.records[at].would_reach(barrier);
            if reaches == Reaches::No {
                continue;
            }
            let earlier = seen.entry(key(part, at)).or_insert(Reaches::No);
            let before = *earlier;
            if before != Reaches::Yes {
                *earlier = reaches;
            }
            let record = &mut part.records[at];
            match (reaches, before) {
                (Reaches::Yes, Reaches::Yes) => record.removed = barrier,
                (Reaches::Yes, Reaches::Maybe) => record.doubt = barrier,
                _ => {}
            }
        }
    }
}
