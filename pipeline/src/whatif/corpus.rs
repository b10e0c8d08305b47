//! The barriers under the new bounds. A barrier that sees the same records with the same texts removes the same;
//! where it does not, equal texts can be recounted from their digests, and anything else is unknown.

use super::change::{Barrier, Stage};
use super::read::Part;
use super::walk::End;
use super::{INPUT, NOWHERE, Record};
use std::collections::HashMap;

/// Whether a record reaches a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reaches {
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
    fn would_reach(&self, barrier: u16) -> Reaches {
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
}

/// Lets every barrier remove what it would remove.
pub(super) fn barriers(stages: &[Stage], parts: &mut [Part]) {
    for (at, stage) in stages.iter().enumerate() {
        let barrier = at as u16;
        let records = || parts.iter().flat_map(|part| &part.records);
        match stage.barrier {
            None => {}
            Some(_) if records().all(|r| r.reached(barrier) == r.would_reach(barrier)) => {
                let all = parts.iter_mut().flat_map(|part| &mut part.records);
                all.filter(|r| r.ledger == barrier).for_each(|r| r.removed = barrier);
            }
            Some(Barrier::EqualDigests) => equal_digests(barrier, parts),
            Some(Barrier::Opaque) => {
                let all = parts.iter_mut().flat_map(|part| &mut part.records);
                all.filter(|r| r.would_reach(barrier) == Reaches::Yes).for_each(|r| r.doubt = barrier);
            }
        }
    }
}

/// Of equal texts the first that reaches the barrier survives.
fn equal_digests(barrier: u16, parts: &mut [Part]) {
    // by digest: whether a record that surely reaches the barrier was among those seen
    let mut seen: HashMap<[u8; 32], bool> = HashMap::new();
    for part in parts {
        let Some(content) = &part.content else { continue };
        for (at, record) in part.records.iter_mut().enumerate() {
            let reaches = record.would_reach(barrier);
            if reaches == Reaches::No {
                continue;
            }
            let digest: [u8; 32] = content.value(at).try_into().unwrap_or_default();
            let earlier = seen.insert(digest, reaches == Reaches::Yes);
            if let Some(true) = earlier {
                seen.insert(digest, true);
            }
            match (reaches, earlier) {
                (Reaches::Yes, Some(true)) => record.removed = barrier,
                (Reaches::Yes, Some(false)) => record.doubt = barrier,
                _ => {}
            }
        }
    }
}
