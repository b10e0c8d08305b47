//! Which of the records of ranked lists stay: exact counts, no floating point.

use crate::Result;
use crate::barriers::RecordNumber;
use crate::files::spill::{Listing, Row};
use filters::{BuildError, Decimal};

/// An exact fraction from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    numerator: u128,
    denominator: u128,
}

/// With so many decimals a fraction of any number of records fits 128 bits.
const DECIMALS_MAX: usize = 18;

impl Share {
    /// The fraction a key holds, digit by digit: `"0.1"` is one tenth, which no binary number is.
    pub(crate) fn of(key: &'static str, written: Decimal) -> std::result::Result<Self, BuildError> {
        if !(0.0..=1.0).contains(&written.get()) {
            return Err(BuildError::key(key, format!("is {written}, outside 0 to 1")));
        }
        let text = written.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{decimals}").parse().ok().filter(|_| decimals.len() <= DECIMALS_MAX);
        let too_fine = || BuildError::key(key, format!("has more than {DECIMALS_MAX} decimals"));
        Ok(Self { numerator: digits.ok_or_else(too_fine)?, denominator: 10u128.pow(decimals.len() as u32) })
    }

    fn floor(self, of: u64) -> u64 {
        (u128::from(of) * self.numerator / self.denominator) as u64
    }

    fn ceil(self, of: u64) -> u64 {
        (u128::from(of) * self.numerator).div_ceil(self.denominator) as u64
    }
}

/// How much of each group stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// This share of the records, rounded up.
    Share(Share),
    /// As many of the best as cost no more together.
    Budget(u64),
}

/// A number of records of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// This share of the slice's records.
    Share(Share),
    /// So many.
    Records(u64),
}

/// How many records of a slice stay at least and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) least: Option<Count>,
    pub(crate) most: Option<Count>,
}

/// What decides about ranked records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) groups: Cut,
    pub(crate) slices: Vec<Limits>,
}

/// A record in one of the lists it is ranked in: the list, the hash of its group or slice there (two words), its
/// place in the order of all records, the best first, and its number. List 0 is that of the groups, then come those
/// of the slices, in their order.
pub(crate) type Entry = Row<5>;

const GROUPS: u64 = 0;
const RECORD: usize = 4;

/// The rules by position.
pub(crate) const RANK: u64 = 0;
pub(crate) const QUOTA: u64 = 1;

/// Entries in ascending order.
pub(crate) trait Lists {
    fn count(&self) -> usize;
    fn entry(&self, at: usize) -> Entry;
}

impl Lists for Listing<5> {
    fn count(&self) -> usize {
        self.len()
    }

    fn entry(&self, at: usize) -> Entry {
        self.get(at)
    }
}

impl Lists for Vec<Entry> {
    fn count(&self) -> usize {
        self.len()
    }

    fn entry(&self, at: usize) -> Entry {
        self[at]
    }
}

/// One bit for each record.
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    fn new(records: u64) -> Self {
        Self(vec![0; records.div_ceil(64) as usize])
    }

    pub(crate) fn get(&self, record: RecordNumber) -> bool {
        self.0[(record / 64) as usize] >> (record % 64) & 1 == 1
    }

    fn set(&mut self, record: RecordNumber, value: bool) {
        let bit = 1 << (record % 64);
        let word = &mut self.0[(record / 64) as usize];
        *word = if value { *word | bit } else { *word & !bit };
    }
}

impl Policy {
    /// Tells who is out: all of them by the bits, and by `tell` each record with its rule, its rank and what that was
    /// held against; of those told, the ones that a floor brought back have no bit.
    ///
    /// First the groups are cut, then slices to what they may have at most, then floors bring the best back: a floor
    /// is kept whatever else there is.
    pub(crate) fn apply(
        &self,
        lists: &impl Lists,
        records: u64,
        cost: impl Fn(RecordNumber) -> u64,
        tell: &mut dyn FnMut(Row<4>) -> Result<()>,
    ) -> Result<Bits> {
        let mut out = Bits::new(records);
        let limits = |list: u64| self.slices.get((list as usize).wrapping_sub(1));
        for_sections(lists, |list, members| match limits(list) {
            _ if list == GROUPS => {
                let kept = self.groups.kept(members, &cost);
                for (rank, record) in (1..).zip(members.iter()).skip(kept as usize) {
                    out.set(record, true);
                    tell([record, RANK, rank, kept])?;
                }
                Ok(())
            }
            Some(Limits { most: Some(most), .. }) => {
                let most = most.at_most(members.len());
                let (mut rank, standing) = (0, members.iter());
                for record in standing {
                    rank += u64::from(!out.get(record));
                    if rank > most && !out.get(record) {
                        out.set(record, true);
                        tell([record, QUOTA, rank, most])?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        })?;
        for_sections(lists, |list, members| {
            if let Some(Limits { least: Some(least), .. }) = limits(list) {
                let kept = members.iter().filter(|&record| !out.get(record)).count() as u64;
                let short = least.at_least(members.len()).saturating_sub(kept);
                let back: Vec<RecordNumber> =
                    members.iter().filter(|&record| out.get(record)).take(short as usize).collect();
                back.into_iter().for_each(|record| out.set(record, false));
            }
            Ok(())
        })?;
        Ok(out)
    }
}

/// The records of one group or slice, the best first.
struct Members<'l, L> {
    lists: &'l L,
    from: usize,
    to: usize,
}

impl<L: Lists> Members<'_, L> {
    fn len(&self) -> u64 {
        (self.to - self.from) as u64
    }

    fn iter(&self) -> impl Iterator<Item = RecordNumber> {
        (self.from..self.to).map(|at| self.lists.entry(at)[RECORD])
    }
}

fn for_sections<L: Lists>(lists: &L, mut each: impl FnMut(u64, &Members<'_, L>) -> Result<()>) -> Result<()> {
    let section = |at: usize| lists.entry(at)[..3].to_vec();
    let mut from = 0;
    while from < lists.count() {
        let here = section(from);
        let mut to = from + 1;
        while to < lists.count() && section(to) == here {
            to += 1;
        }
        each(here[0], &Members { lists, from, to })?;
        from = to;
    }
    Ok(())
}

impl Cut {
    fn kept<L: Lists>(self, members: &Members<'_, L>, cost: impl Fn(RecordNumber) -> u64) -> u64 {
        match self {
            Self::Share(share) => share.ceil(members.len()),
            Self::Budget(budget) => {
                let mut left = budget;
                let fits = |record: &RecordNumber| match left.checked_sub(cost(*record)) {
                    Some(rest) => {
                        left = rest;
                        true
                    }
                    None => false,
                };
                members.iter().take_while(fits).count() as u64
            }
        }
    }
}

impl Count {
    fn at_least(self, of: u64) -> u64 {
        match self {
            Self::Share(share) => share.ceil(of),
            Self::Records(records) => records,
        }
    }

    fn at_most(self, of: u64) -> u64 {
        match self {
            Self::Share(share) => share.floor(of),
            Self::Records(records) => records,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str) -> std::result::Result<Share, String> {
        let written = text.parse().map(Decimal::of).unwrap();
        Share::of("fraction", written).map_err(|error| error.to_string())
    }

    #[test]
    fn fractions_are_those_of_decimals_not_of_binary_numbers() {
        // 0.1 × 30 and 0.7 × 10 as binary numbers are a little more than 3 and a little less than 7
        for (text, of, floor, ceil) in [
            ("0.1", 30, 3, 3),
            ("0.7", 10, 7, 7),
            ("0.07", 100, 7, 7),
            ("0.4", 11, 4, 5),
            ("0", 11, 0, 0),
            ("1", u64::MAX, u64::MAX, u64::MAX),
            ("0.000000000000000001", u64::MAX, 18, 19),
            ("0.3", 0, 0, 0),
        ] {
            let share = share(text).unwrap();
            assert_eq!((share.floor(of), share.ceil(of)), (floor, ceil), "{text} of {of}");
        }
        assert_eq!(share("1.1").unwrap_err(), "`fraction` is 1.1, outside 0 to 1");
        assert_eq!(share("0.0000000000000000001").unwrap_err(), "`fraction` has more than 18 decimals");
    }
}
