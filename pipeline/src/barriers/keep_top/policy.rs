//! Which of the records of ranked lists stay: exact counts, no floating point.

use crate::Result;
use crate::barriers::RecordNumber;
use crate::barriers::share::Share;
use crate::files::spill::{Listing, Row};

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
pub(crate) struct Members<'l, L> {
    lists: &'l L,
    from: usize,
    to: usize,
}

impl<L: Lists> Members<'_, L> {
    /// The hash of its values.
    pub(crate) fn section(&self) -> [u64; 2] {
        let [_, high, low, ..] = self.lists.entry(self.from);
        [high, low]
    }

    fn len(&self) -> u64 {
        (self.to - self.from) as u64
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = RecordNumber> {
        (self.from..self.to).map(|at| self.lists.entry(at)[RECORD])
    }
}

/// Calls `each` with every group and slice.
pub(crate) fn for_sections<L: Lists>(
    lists: &L,
    mut each: impl FnMut(u64, &Members<'_, L>) -> Result<()>,
) -> Result<()> {
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
    /// How many of the best stay.
    pub(crate) fn kept<L: Lists>(self, members: &Members<'_, L>, cost: impl Fn(RecordNumber) -> u64) -> u64 {
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
