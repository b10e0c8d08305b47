//! What a run is divided into: passes, one after the other, of tasks that do not depend on one another. One process does
//! the tasks of a run side by side; [`crate::tasks`] lets many do them.

use crate::barriers::corpus::{Group, groups};
use crate::barriers::{Extent, RecordNumber};
use crate::plan::Plan;
use crate::source::inputs::Shard;
use std::ops::Range;

/// A pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pass {
    /// Every record through all stages that judge it by itself.
    Judge,
    /// A step that a barrier, counted among the barriers, takes before it comes to a decision.
    Step { barrier: usize, step: usize },
    /// The decision of a barrier.
    Resolve { barrier: usize },
    /// Records to their places.
    Write,
}

impl Pass {
    /// What users call it.
    pub(crate) fn name(self, plan: &Plan) -> String {
        let of = |barrier: usize, step: &str| {
            let stage = plan.barriers().nth(barrier).map(|(stage, _)| plan.stages[stage].name.as_str());
            format!("{}/{step}", stage.unwrap_or_default())
        };
        match self {
            Self::Judge => "judge".into(),
            Self::Step { barrier, step } => {
                let steps = plan.barriers().nth(barrier).map(|(_, barrier)| barrier.steps());
                of(barrier, steps.and_then(|steps| steps.get(step).map(|step| step.name)).unwrap_or_default())
            }
            Self::Resolve { barrier } => of(barrier, "resolve"),
            Self::Write => "write".into(),
        }
    }
}

/// How the work of a run is divided. What comes of it is the same however it is.
#[derive(Clone, Debug)]
pub(crate) struct Division {
    /// The row groups of the corpus.
    pub(crate) groups: Vec<Group>,
    /// The row groups that are worked on together, by their places.
    pub(crate) shares: Vec<Range<usize>>,
    /// In how many parts a barrier divides what it makes of the whole corpus.
    pub(crate) parts: usize,
}

/// Row groups that one process takes together where a barrier begins with them.
const GROUPS_TOGETHER: usize = 64;

impl Division {
    /// For one process, which does all by itself.
    pub(crate) fn local(shards: &[Shard]) -> Self {
        let groups = groups(shards);
        let starts = (0..groups.len()).step_by(GROUPS_TOGETHER);
        let shares = starts.map(|start| start..groups.len().min(start + GROUPS_TOGETHER)).collect();
        Self { groups, shares, parts: 1 }
    }

    /// The passes in order, with how many tasks each has.
    pub(crate) fn passes(&self, plan: &Plan, shards: &[Shard]) -> Vec<(Pass, usize)> {
        let mut passes = vec![(Pass::Judge, self.shares.len())];
        for (barrier, (_, built)) in plan.barriers().enumerate() {
            let steps = built.steps().into_iter().enumerate();
            passes.extend(steps.map(|(step, of)| (Pass::Step { barrier, step }, self.tasks(of.extent))));
            passes.push((Pass::Resolve { barrier }, 1));
        }
        passes.push((Pass::Write, shards.len()));
        passes
    }

    /// How many tasks such a step has.
    pub(crate) fn tasks(&self, extent: Extent) -> usize {
        match extent {
            Extent::Shares => self.shares.len(),
            Extent::Parts(of_each) => of_each * self.parts,
            Extent::Once => 1,
        }
    }

    /// The row groups that such a task sees.
    pub(crate) fn window(&self, extent: Extent, task: usize) -> Range<usize> {
        match extent {
            Extent::Shares => self.shares.get(task).cloned().unwrap_or(0..0),
            Extent::Parts(_) => 0..0,
            Extent::Once => 0..self.groups.len(),
        }
    }

    /// All row groups.
    pub(crate) fn whole(&self) -> Range<usize> {
        0..self.groups.len()
    }

    /// The row groups of a shard.
    pub(crate) fn of_shard(&self, shard: usize) -> Range<usize> {
        let before = |shard: usize| self.groups.partition_point(|group| group.shard < shard);
        before(shard)..before(shard + 1)
    }

    /// The share that a row group is in.
    pub(crate) fn share_of(&self, shard: usize, row_group: usize) -> usize {
        let at = self.groups.partition_point(|group| (group.shard, group.row_group) < (shard, row_group));
        self.shares.partition_point(|share| share.end <= at)
    }

    /// How many records there are.
    pub(crate) fn records(&self) -> RecordNumber {
        self.groups.last().map_or(0, |group| group.records.end)
    }
}
