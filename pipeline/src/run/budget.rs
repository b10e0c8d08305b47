//! How the memory of a run is divided.
//!
//! ```text
//! --memory = what is there when the run begins (models, packs, lists: measured)
//!          + tables of a size that the configuration gives, of the barrier with the largest
//!          + what each worker takes whatever it does
//!          + two bytes for each record
//!          + the rest:   shelf   tasks   barrier   resolution   groups shown to it
//!              judge      1/4     1/2
//!              barriers   1/4               3/8       1/8       1/4
//!              write      1/4     1/2
//! ```
//! A quarter is left free while tasks run, because an allocator does not get back all that is freed.
//! Mapped files are not counted: the system takes their pages back when it needs them.

use crate::plan::Plan;
use crate::{Error, Result};

/// Stacks, buffers of files, and the analysis of texts of common length; measured with 8 workers.
const WORKER_BYTES: u64 = 4 << 20;

/// Less than this for what grows with the corpus makes files of runs so small that their number is the cost.
const LEAST_BYTES: u64 = 16 << 20;

/// What a record's text takes while it is judged, in lengths of the text: its words, their hashes, lines, and normal
/// forms. Measured with the profile `pretraining` on texts of 60 MB: 5.6.
pub(crate) const ANALYSIS_LENGTHS: u64 = 6;

/// What is decoded at a time, in rows: batches, and what of the next one is decoded with the last.
const ROWS_AT_A_TIME: u64 = 2 * crate::source::batch::BATCH_ROWS as u64;

/// What is known of a record, besides its text, while its group is judged or written: its verdict, keys, fate, digests
/// and row of the ledger.
const RECORD_BYTES: u64 = 1 << 10;

/// What stays in memory for each record, from judging to the end: who decided it.
const DECIDED_BYTES: u64 = 2;

/// The memory of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// What is taken whatever the corpus is.
    pub(crate) fixed: u64,
    /// For what grows with the corpus; beyond it goes to disk or waits.
    pub(crate) rest: u64,
}

impl Budget {
    /// Divides `memory`; refuses a plan that cannot do with it whatever the corpus is.
    pub(crate) fn new(plan: &Plan, threads: usize, memory: u64) -> Result<Self> {
        Self::divide(Needs::of(plan, threads, 0), memory, &format!("these stages on {threads} threads"))
    }

    /// The same once it is known how many records there are.
    pub(crate) fn with_records(self, records: u64) -> Result<Self> {
        let needs = Needs { fixed: self.fixed.saturating_add(records.saturating_mul(DECIDED_BYTES)) };
        Self::divide(needs, self.fixed + self.rest, &format!("these stages and {records} records"))
    }

    fn divide(needs: Needs, memory: u64, what: &str) -> Result<Self> {
        if memory >= needs.least() {
            return Ok(Self { fixed: needs.fixed, rest: memory - needs.fixed });
        }
        let least = needs.least().div_ceil(1 << 20);
        Err(Error::Limit {
            what: format!("memory for {what}"),
            limit: format!("{} MiB", memory >> 20),
            actual: format!("{least} MiB at the least; give `--memory {least}MiB` or more"),
        })
    }

    /// For decoded groups that are kept from pass to pass.
    pub(crate) fn shelf(self) -> u64 {
        self.rest / 4
    }

    /// For tasks that judge or write, all together.
    pub(crate) fn tasks(self) -> u64 {
        self.rest / 2
    }

    /// For what a barrier sorts and holds.
    pub(crate) fn barrier(self) -> u64 {
        self.rest / 8 * 3
    }

    /// For what a barrier comes to.
    pub(crate) fn resolution(self) -> u64 {
        self.rest / 8
    }

    /// For groups that are read again and shown to a barrier, all together.
    pub(crate) fn shown(self) -> u64 {
        self.rest / 4
    }
}

/// What a run needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    /// What is taken whatever there is room for.
    fixed: u64,
}

impl Needs {
    /// Those of a plan that is built in this process.
    pub(crate) fn of(plan: &Plan, threads: usize, records: u64) -> Self {
        let tables = plan.barriers().map(|(_, barrier)| barrier.table_bytes()).max().unwrap_or_default();
        let workers = WORKER_BYTES * threads as u64;
        let records = records.saturating_mul(DECIDED_BYTES);
        Self { fixed: (anonymous_bytes() + tables + workers).saturating_add(records) }
    }

    /// The least memory that is accepted.
    pub(crate) fn least(self) -> u64 {
        self.fixed.saturating_add(LEAST_BYTES)
    }

    /// With so much no worker waits, where the largest task takes `task`.
    pub(crate) fn busy(self, task: u64, threads: usize) -> u64 {
        // tasks have half of what is left, see `Budget::tasks`
        let rest = task.saturating_mul(2 * threads as u64);
        self.fixed.saturating_add(rest.max(LEAST_BYTES))
    }
}

/// Anonymous memory of this process: what it has made itself, without mapped files. 0 where the system does not tell.
fn anonymous_bytes() -> u64 {
    let status = disk::read_to_string("/proc/self/status".as_ref()).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kibibytes.unwrap_or_default() << 10
}

/// A row group, as far as its memory is concerned.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Bytes of the group when it is decoded.
    pub(crate) decoded: u64,
    pub(crate) rows: u64,
    /// Bytes of its longest text; 0 before it is judged.
    pub(crate) longest: u64,
}

impl Cost {
    /// A judged group, by the lengths of its texts in bytes.
    pub(crate) fn of_texts(lengths: &[u64]) -> Self {
        Self {
            decoded: lengths.iter().sum(),
            rows: lengths.len() as u64,
            longest: lengths.iter().copied().max().unwrap_or_default(),
        }
    }

    /// What is decoded at a time: a part of the group if its rows are of about one length, which no footer tells.
    fn batch(self) -> u64 {
        match self.rows {
            0..=ROWS_AT_A_TIME => self.decoded,
            rows => self.decoded.min((self.decoded / rows).saturating_mul(ROWS_AT_A_TIME) + self.longest),
        }
    }

    /// What judging it takes, but for texts that are long enough to be judged one at a time.
    pub(crate) fn of_judging(self) -> u64 {
        self.batch().saturating_mul(2).saturating_add(self.rows * RECORD_BYTES)
    }

    /// What showing it to a barrier takes.
    pub(crate) fn of_showing(self) -> u64 {
        self.of_judging().saturating_add(self.longest.saturating_mul(ANALYSIS_LENGTHS))
    }

    /// What writing it takes: rows that are decoded, and their copies by edits, beside the encoded group.
    pub(crate) fn of_writing(self) -> u64 {
        self.of_judging().saturating_add(self.decoded)
    }
}

/// How many of these tasks, one at least and so many at most, fit side by side.
pub(crate) fn side_by_side(room: u64, most: usize, costs: impl Iterator<Item = u64>) -> usize {
    let mut left = room;
    let fits = |cost: &u64| {
        let rest = left.checked_sub(*cost);
        left = rest.unwrap_or_default();
        rest.is_some()
    };
    costs.take(most).take_while(fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let divide = |fixed: u64, memory: u64| {
            Budget::divide(Needs { fixed: fixed << 20 }, memory << 20, "these stages")
        };
        assert_eq!(divide(40, 64).unwrap().rest, 24 << 20);
        assert_eq!(
            divide(60, 64).unwrap_err().to_string(),
            "memory for these stages: limit 64 MiB, got 76 MiB at the least; give `--memory 76MiB` or more"
        );
        assert!(divide(60, 76).is_ok());
    }

    /// The estimate of a plan and what a run does with it are held against one another by counting.
    #[test]
    fn with_what_keeps_all_busy_all_tasks_fit() {
        for (fixed, task, threads) in [(30 << 20, 5 << 20, 2), (0, 1 << 20, 1), (1 << 30, 300 << 20, 64)] {
            let needs = Needs { fixed };
            let fit = |memory: u64| {
                let room = Budget::divide(needs, memory, "").unwrap().tasks();
                side_by_side(room, usize::MAX, std::iter::repeat(task))
            };
            assert!(fit(needs.busy(task, threads)) >= threads);
            assert!(fit(needs.least()) >= 1);
        }
    }

    #[test]
    fn the_parts_in_use_at_a_time_are_no_more_than_there_is() {
        for rest in [LEAST_BYTES, 12_345_678_901] {
            let budget = Budget { fixed: 0, rest };
            assert!(budget.shelf() + budget.tasks() <= rest);
            assert!(budget.shelf() + budget.barrier() + budget.resolution() + budget.shown() <= rest);
        }
    }

    #[test]
    fn a_group_of_few_rows_is_decoded_as_a_whole() {
        let few = Cost { decoded: 1 << 30, rows: 10, longest: 0 };
        assert_eq!(few.of_judging(), (2 << 30) + 10 * RECORD_BYTES);
        let many = Cost { decoded: 1 << 30, rows: 1 << 20, longest: 0 };
        assert_eq!(many.of_judging(), (2 << 20) * 2 + (RECORD_BYTES << 20));
    }

    #[test]
    fn tasks_side_by_side_fit_but_for_the_first() {
        let of = |costs: &[u64]| side_by_side(10, 3, costs.iter().copied());
        assert_eq!([of(&[4, 4, 4, 1]), of(&[1, 1, 1, 1]), of(&[11, 1]), of(&[])], [2, 3, 1, 1]);
    }
}
