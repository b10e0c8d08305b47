//! One walk over sorted numbers, counting what lies on which side of a threshold.

use super::super::answers::Answer;
use super::super::{CONFIDENCE, Share, bug};
use super::{Point, Released};
use crate::Result;
use crate::barriers::keep::number;
use crate::files::spill::Sorter;
use filters::Bound;
use manifests::audit::wilson_of_share;
use std::ops::{AddAssign, Sub};

/// Quantiles are told in sixtieths, which hold twentieths and thirds.
const SIXTIETHS: u128 = 60;

/// So many records, and what they weigh.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Group {
    pub(super) records: u64,
    weight: f64,
    squares: f64,
    /// Nothing else takes them out.
    free: u64,
    /// Nobody knows whether something else does.
    unknown: u64,
}

impl Group {
    pub(super) fn add(&mut self, weight: f64, other: Answer) {
        self.records += 1;
        self.weight += weight;
        self.squares += weight * weight;
        self.free += u64::from(other == Answer::Passes);
        self.unknown += u64::from(other == Answer::Unknown);
    }
}

impl AddAssign for Group {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.weight += other.weight;
        self.squares += other.squares;
        self.free += other.free;
        self.unknown += other.unknown;
    }
}

impl Sub for Group {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            records: self.records - other.records,
            weight: self.weight - other.weight,
            squares: self.squares - other.squares,
            free: self.free - other.free,
            unknown: self.unknown - other.unknown,
        }
    }
}

/// What is counted.
pub(super) struct Sweep {
    /// How a number is held against a threshold; the limit in it does not matter.
    pub(super) kind: Bound,
    /// All records with a number.
    pub(super) total: Group,
    /// All without.
    pub(super) without: Group,
    /// Whether it is known what else takes records out.
    pub(super) told: bool,
}

impl Sweep {
    /// The points at the quantiles of the numbers and at configured bounds.
    pub(super) fn points(&self, numbers: Sorter<3>, bounds: &[Bound]) -> Result<Vec<Point>> {
        let mut bounds: Vec<f64> = bounds.iter().filter_map(|bound| bound.limit()).collect();
        bounds.sort_by(f64::total_cmp);
        let (mut bounds, mut ranks) = (bounds.into_iter().peekable(), self.ranks().peekable());
        let (mut points, mut below) = (Vec::new(), Group::default());
        let mut rows = numbers.finish()?.peekable();
        while let Some(&[first, ..]) = rows.peek() {
            let (mut group, number) = (Group::default(), number(first));
            while let Some([_, unique, weight]) = rows.next_if(|[key, ..]| *key == first) {
                group.add(f64::from_bits(weight), answer(unique));
            }
            let mut through = below;
            through += group;
            while let Some(bound) = bounds.next_if(|bound| *bound < number) {
                points.push(self.point(bound, true, below, below)?);
            }
            let configured = bounds.next_if(|bound| *bound == number).is_some();
            let mut asked = configured;
            while ranks.next_if(|rank| *rank < through.records).is_some() {
                asked = true;
            }
            if asked {
                points.push(self.point(number, configured, below, through)?);
            }
            below = through;
        }
        for bound in bounds {
            points.push(self.point(bound, true, below, below)?);
        }
        Ok(points)
    }

    /// Which numbers, counted from the smallest, are thresholds: the smallest, every twentieth, both thirds, the largest.
    fn ranks(&self) -> impl Iterator<Item = u64> {
        let last = u128::from(self.total.records.saturating_sub(1));
        let asked = (0..=SIXTIETHS).filter(|at| at % (SIXTIETHS / 20) == 0 || at % (SIXTIETHS / 3) == 0);
        asked.map(move |at| u64::try_from(at * last / SIXTIETHS).unwrap_or(u64::MAX))
    }

    /// The point at a threshold, of which `below` are smaller and `through` not larger.
    fn point(&self, threshold: f64, configured: bool, below: Group, through: Group) -> Result<Point> {
        let passes = match self.kind {
            Bound::AtLeast(_) => self.total - below,
            Bound::Above(_) => self.total - through,
            Bound::AtMost(_) => through,
            Bound::Below(_) => below,
            Bound::Off => self.total,
        };
        let released = Released {
            records: passes.free + self.without.free,
            unknown: passes.unknown + self.without.unknown,
        };
        Ok(Point {
            threshold,
            configured,
            passes: passes.records,
            share: Share::of(passes.records, self.total.records)?,
            share_of_weight: self.weighed(passes)?,
            released: self.told.then_some(released),
        })
    }

    /// With weights w of all records and the share S of them that passes, the variance of S is about
    /// (S² Σ w² of the others + (1 − S)² Σ w² of what passes) / (Σ w)²; as many records as have this variance of an
    /// unweighed share are what they are worth, and (Σ w)² / Σ w² where S is 0 or 1 (L. Kish, Survey Sampling, 1965).
    fn weighed(&self, passes: Group) -> Result<Option<Share>> {
        if self.total.weight <= 0.0 {
            return Ok(None);
        }
        let share = (passes.weight / self.total.weight).clamp(0.0, 1.0);
        let others = (self.total.squares - passes.squares).max(0.0);
        let spread = share * share * others + (1.0 - share) * (1.0 - share) * passes.squares;
        let square = self.total.weight * self.total.weight;
        let kish = square / self.total.squares;
        let worth = if spread > 0.0 { share * (1.0 - share) * square / spread } else { kish };
        let interval =
            wilson_of_share(share, if worth > 0.0 { worth } else { kish }, CONFIDENCE).map_err(bug)?;
        Ok(Some(Share { share, interval }))
    }
}

/// The lowest two bits of a row's second word.
fn answer(unique: u64) -> Answer {
    match unique & 3 {
        0 => Answer::TakesOut,
        1 => Answer::Passes,
        _ => Answer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::barriers::keep::ascending;

    /// The points of numbers that weigh 1, counted by hand.
    fn counted(numbers: &[f64], kind: Bound, bounds: &[Bound]) -> Vec<Point> {
        let folder = tempfile::tempdir().unwrap();
        let (mut sorter, mut total) = (Sorter::<3>::new(folder.path(), 0), Group::default());
        for (at, number) in numbers.iter().enumerate() {
            total.add(1.0, Answer::Passes);
            sorter.push([ascending(*number), (at as u64) << 2 | 1, 1f64.to_bits()]).unwrap();
        }
        Sweep { kind, total, without: Group::default(), told: true }.points(sorter, bounds).unwrap()
    }

    #[test]
    fn what_passes_is_what_its_bound_does_not_break() {
        let numbers: Vec<f64> = (0..3000).map(|n| f64::from(n * 7919 % 101) / 8.0 - 3.0).collect();
        let of: [fn(f64) -> Bound; 4] = [Bound::AtLeast, Bound::AtMost, Bound::Above, Bound::Below];
        for kind in of {
            let bounds = [kind(-9.0), kind(0.3), kind(1.125), kind(99.0)];
            let points = counted(&numbers, kind(0.0), &bounds);
            assert_eq!(points.iter().filter(|point| point.configured).count(), 4);
            assert!(points.windows(2).all(|pair| pair[0].threshold < pair[1].threshold));
            assert!(points.len() >= 23 + 3, "{}", points.len());
            for point in points {
                let passes = numbers.iter().filter(|n| !kind(point.threshold).broken_by(**n)).count() as u64;
                assert_eq!((point.passes, point.released.unwrap().records), (passes, passes), "{point:?}");
                let (share, weighed) = (point.share.unwrap(), point.share_of_weight.unwrap());
                assert!((share.interval.low - weighed.interval.low).abs() < 1e-9, "{share:?} {weighed:?}");
                assert!((share.interval.high - weighed.interval.high).abs() < 1e-9, "{share:?} {weighed:?}");
            }
        }
        assert_eq!(counted(&[], Bound::AtLeast(0.0), &[]), []);
        assert_eq!(counted(&[2.0; 5], Bound::AtLeast(0.0), &[]).len(), 1);
    }
}
