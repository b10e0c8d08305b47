//! What a benchmark found, as printed and as JSON.

use serde::Serialize;

/// What a benchmark found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this program.
    pub program: &'static str,
    /// `processor` where the system tells a thread's processor time, otherwise `wall`.
    pub clock: &'static str,
    /// Worker threads.
    pub threads: usize,
    /// Rounds of which every figure is the median.
    pub rounds: usize,
    /// Shards read.
    pub shards: usize,
    /// Records read.
    pub documents: u64,
    /// Bytes of text read.
    pub text_bytes: u64,
    /// The parts of a run, in order.
    pub parts: Vec<Line>,
    /// The whole run.
    pub total: Line,
    /// The same shards read and written by the same reader and writer, and nothing else.
    pub bare_copy: Line,
    /// Time of the run by time of the bare copy.
    pub ratio: f64,
}

/// The time of one part of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What took the time.
    pub what: String,
    /// How long it took.
    pub seconds: f64,
    /// Its share of the whole run.
    pub share: f64,
    /// Millions of bytes of text a second; of all text, also where only some records reach a part.
    pub mb_per_second: f64,
    /// Records a second; of all records.
    pub documents_per_second: f64,
}

/// One round: parts with their seconds, and the seconds of the bare copy.
pub(super) struct Round {
    pub(super) parts: Vec<(String, f64)>,
    pub(super) copy: f64,
    pub(super) documents: u64,
    pub(super) text_bytes: u64,
    pub(super) shards: usize,
}

impl Round {
    fn total(&self) -> f64 {
        self.parts.iter().map(|(_, seconds)| seconds).sum()
    }
}

impl Report {
    /// The medians of the rounds, of which there is at least one.
    pub(super) fn of(rounds: &[Round], clock: &'static str) -> Option<Self> {
        let first = rounds.first()?;
        let of_all = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
        let total = of_all(&Round::total);
        let line = |what: &str, seconds: f64| Line {
            what: what.to_string(),
            seconds,
            share: per(seconds, total),
            mb_per_second: per(first.text_bytes as f64 / 1e6, seconds),
            documents_per_second: per(first.documents as f64, seconds),
        };
        let parts = (0..first.parts.len()).map(|at| line(&first.parts[at].0, of_all(&|r| r.parts[at].1)));
        Some(Self {
            program: env!("CARGO_PKG_VERSION"),
            clock,
            threads: 1,
            rounds: rounds.len(),
            shards: first.shards,
            documents: first.documents,
            text_bytes: first.text_bytes,
            parts: parts.collect(),
            total: line("total", total),
            bare_copy: line("bare copy", of_all(&|r| r.copy)),
            ratio: of_all(&|r| per(r.total(), r.copy)),
        })
    }
}

/// `a / b`, and 0 instead of what JSON cannot say.
fn per(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

/// The middle value, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_a_median_of_the_rounds() {
        let round = |read: f64, copy: f64| Round {
            parts: vec![("read".into(), read), ("write".into(), 2.0)],
            copy,
            documents: 10,
            text_bytes: 4_000_000,
            shards: 1,
        };
        let report = Report::of(&[round(1.0, 1.0), round(9.0, 1.0), round(2.0, 2.0)], "wall").unwrap();
        assert_eq!(report.parts[0].seconds, 2.0);
        assert_eq!(report.parts[0].mb_per_second, 2.0);
        assert_eq!(report.total.seconds, 4.0);
        assert_eq!(report.total.documents_per_second, 2.5);
        assert_eq!(report.parts[1].share, 0.5);
        assert_eq!(report.ratio, 3.0);
        assert!(Report::of(&[], "wall").is_none());
        assert_eq!(median(vec![4.0, 1.0]), 2.5);
    }
}
