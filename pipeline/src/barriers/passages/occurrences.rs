//! Where one passage stands, and which of its occurrences go.

use super::Stays;
use crate::Result;
use crate::barriers::RecordNumber;
use crate::files::spill::Row;

/// How often a passage must stand where, how many units it has, and which occurrence stays.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) width: u64,
    pub(super) copies_min: u64,
    pub(super) within_records: bool,
    pub(super) keep: Stays,
}

/// A record and the unit in it with which an occurrence begins.
pub(super) type Place = (RecordNumber, u64);

/// The occurrences of one passage, which come in corpus order.
#[derive(Default)]
pub(super) struct Occurrences {
    first: Option<Place>,
    last: RecordNumber,
    /// Occurrences, or records with one if repeats within a record do not count.
    copies: u64,
    places: u64,
    /// What will go if the passage turns out to stand often enough.
    waiting: Vec<Row<3>>,
}

impl Occurrences {
    /// Adds the next occurrence; `gone` is told the record and the units, from the first to before the last, that
    /// go. Nothing is told before the passage stands often enough.
    pub(super) fn add(
        &mut self,
        policy: &Policy,
        (record, at): Place,
        gone: &mut impl FnMut(Row<3>) -> Result<()>,
    ) -> Result<()> {
        if policy.within_records || self.first.is_none() || self.last != record {
            self.copies += 1;
        }
        self.last = record;
        self.places += 1;
        let first = *self.first.get_or_insert((record, at));
        let end = at + policy.width;
        let from = match policy.keep {
            Stays::None => at,
            Stays::First if first.0 != record => at,
            // repeats that do not count stay with the first
            Stays::First if !policy.within_records => end,
            // one that overlaps the first (`na na na na`) goes only where that has ended
            Stays::First => at.max(if first == (record, at) { end } else { first.1 + policy.width }),
        };
        if from < end {
            self.waiting.push([record, from, end]);
        }
        if self.copies >= policy.copies_min { self.waiting.drain(..).try_for_each(gone) } else { Ok(()) }
    }

    /// How often the passage stands in the corpus, if that is often enough, and where it does first.
    pub(super) fn repeated(&self, policy: &Policy) -> Option<(u64, Place)> {
        Some((self.places, self.first?)).filter(|_| self.copies >= policy.copies_min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(policy: Policy, places: &[Place]) -> Vec<Row<3>> {
        let mut all = Vec::new();
        let mut occurrences = Occurrences::default();
        for place in places {
            occurrences
                .add(&policy, *place, &mut |row| {
                    all.push(row);
                    Ok(())
                })
                .unwrap();
        }
        assert!(occurrences.repeated(&policy).is_some() || all.is_empty());
        all
    }

    const POLICY: Policy = Policy { width: 3, copies_min: 2, within_records: true, keep: Stays::First };

    #[test]
    fn all_but_the_first_go() {
        assert_eq!(gone(POLICY, &[(4, 7)]), [[0; 3]; 0]);
        assert_eq!(gone(POLICY, &[(4, 7), (5, 0), (5, 9)]), [[5, 0, 3], [5, 9, 12]]);
        let none = Policy { keep: Stays::None, ..POLICY };
        assert_eq!(gone(none, &[(4, 7), (5, 0)]), [[4, 7, 10], [5, 0, 3]]);
        let three = Policy { copies_min: 3, ..POLICY };
        assert_eq!(gone(three, &[(4, 7), (5, 0)]), [[0; 3]; 0]);
        assert_eq!(gone(three, &[(4, 7), (5, 0), (6, 1)]), [[5, 0, 3], [6, 1, 4]]);
    }

    #[test]
    fn an_occurrence_that_overlaps_the_first_goes_where_that_has_ended() {
        assert_eq!(gone(POLICY, &[(1, 0), (1, 1), (1, 2), (1, 3)]), [[1, 3, 4], [1, 3, 5], [1, 3, 6]]);
    }

    #[test]
    fn repeats_within_a_record_count_or_do_not() {
        let apart = Policy { within_records: false, ..POLICY };
        assert_eq!(gone(POLICY, &[(1, 0), (1, 5)]), [[1, 5, 8]]);
        assert_eq!(gone(apart, &[(1, 0), (1, 5)]), [[0; 3]; 0]);
        assert_eq!(gone(apart, &[(1, 0), (1, 5), (2, 0), (2, 4)]), [[2, 0, 3], [2, 4, 7]]);
    }
}
