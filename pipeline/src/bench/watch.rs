//! Where the judge's time goes.

use super::clock::Moment;
use crate::judge::{Part, Watch};
use crate::plan::{Plan, Step};
use filters::{Analysed, View};
use std::time::{Duration, Instant};

/// A watch on the judge that sums the time of each part of its work.
///
/// Analysis is lazy: the stage that first asks for the words of a text would be charged for finding them, though
/// later stages use them too. So the watch learns which parts of the analysis a stage asks for, and makes them
/// itself just before the stage sees a text. What a stage asks for only in some texts is then made for all that
/// reach it; a run makes it less often.
pub(super) struct Stopwatch {
    began: Moment,
    last: Instant,
    read: Duration,
    analysis: Duration,
    digests: Duration,
    verdicts: Duration,
    stages: Vec<Duration>,
    needs: Vec<Analysed>,
    /// What was there when the current stage began.
    before: Analysed,
}

impl Stopwatch {
    pub(super) fn start(plan: &Plan) -> Self {
        let stages = plan.stages.len();
        Self {
            began: Moment::now(),
            last: Instant::now(),
            read: Duration::ZERO,
            analysis: Duration::ZERO,
            digests: Duration::ZERO,
            verdicts: Duration::ZERO,
            stages: vec![Duration::ZERO; stages],
            needs: vec![Analysed::default(); stages],
            before: Analysed::default(),
        }
    }

    /// The parts in order with their seconds. Laps are far too short for the processor's clock, so they are taken
    /// on the wall's and scaled by the share of all this time in which the thread had a processor.
    pub(super) fn stop(self, plan: &Plan) -> Vec<(String, f64)> {
        let share = self.began.share_of_processor();
        let seconds = |time: Duration| time.as_secs_f64() * share;
        let mut parts =
            vec![("read".to_string(), seconds(self.read)), ("analysis".to_string(), seconds(self.analysis))];
        for (stage, time) in plan.stages.iter().zip(&self.stages) {
            let name = match &stage.step {
                Step::Judge { .. } => stage.name.clone(),
                Step::Barrier(_) => format!("{}: keys", stage.name),
            };
            parts.push((name, seconds(*time)));
        }
        parts.push(("text digests".to_string(), seconds(self.digests)));
        parts.push(("verdicts".to_string(), seconds(self.verdicts)));
        parts
    }

    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.last, now)
    }
}

impl Watch for Stopwatch {
    fn enter(&mut self, stage: usize, view: &View<'_>) {
        let needs = self.needs[stage];
        if needs.lines {
            view.lines();
        }
        if needs.tokens {
            view.tokens();
        }
        if needs.shingles {
            view.shingles();
        }
        self.before = view.analysed();
        let lap = self.lap();
        self.analysis += lap;
    }

    fn leave(&mut self, stage: usize, view: &View<'_>) {
        let (before, after, needs) = (self.before, view.analysed(), &mut self.needs[stage]);
        needs.lines |= after.lines && !before.lines;
        needs.tokens |= after.tokens && !before.tokens;
        needs.shingles |= after.shingles && !before.shingles;
    }

    fn done(&mut self, part: Part) {
        let lap = self.lap();
        let time = match part {
            Part::Read => &mut self.read,
            Part::Stage(at) => &mut self.stages[at],
            Part::Digests => &mut self.digests,
            Part::Verdicts => &mut self.verdicts,
        };
        *time += lap;
    }
}
