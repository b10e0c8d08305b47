//! What each rule costs, apart from the analysis all rules share; the analysis; and the keys barriers leave.
//!
//! ```text
//! cargo bench --bench rules                      # everything
//! cargo bench --bench rules -- rules/c4-lines    # one filter
//! ```
//!
//! The list is the registry: a new filter is measured without a change here, but for its line in [`EXPECTED`],
//! without which nothing is timed. What a filter finds is compared with that line first, so that no wrong answer is
//! ever timed.

// a benchmark has nobody to hand an error to: it stops
#![allow(clippy::unwrap_used, clippy::panic)]

mod texts;

use classifiers::SCORERS;
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use filters::{
    Action, Asset, BenchmarkItem, BuildError, Column, ColumnRef, Context, Document, Entry, FILTERS, FieldRef,
    Filter, Findings, ItemFields, Kind, Layout, Measure, Scratch, StageSlots, Value, View,
};
use pipeline::barriers::{BARRIERS, Barrier, BarrierEntry};
use std::collections::HashSet;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use texts::{Corpus, corpora, items};

/// What there is to be found in `prose`, `mixed` and `languages`: texts in which a filter finds something (a broken
/// rule, an edit, a span or a first number above .5), pieces of the analysis, different keys of a barrier.
const EXPECTED: &[(&str, [usize; 3])] = &[
    ("rules/doc-length", [0, 0, 0]),
    ("rules/gopher-repetition", [20, 17, 24]),
    ("rules/gopher-quality", [16, 117, 120]),
    ("rules/gopher-quality-dclm", [15, 29, 120]),
    ("rules/c4-lines", [105, 119, 105]),
    ("rules/fineweb-quality", [15, 29, 15]),
    ("rules/url-list", [24, 24, 24]),
    ("rules/keywords", [7, 7, 7]),
    ("rules/hidden-characters", [0, 0, 0]),
    ("rules/role-markers", [0, 0, 0]),
    ("rules/sensitive-data", [0, 0, 0]),
    ("rules/decontamination", [4, 4, 4]),
    ("rules/text-statistics", [120, 120, 120]),
    ("rules/generated-text", [0, 0, 0]),
    ("rules/input-score", [0, 0, 0]),
    ("rules/input-label", [0, 0, 0]),
    ("rules/score-range", [22, 38, 25]),
    ("rules/sample", [108, 106, 107]),
    ("rules/linear", [0, 0, 1]),
    ("analysis/tokens", [37498, 50100, 32352]),
    ("analysis/lines", [735, 1188, 735]),
    ("analysis/shingles", [31777, 43360, 26602]),
    ("keys/exact-duplicates", [120, 120, 120]),
    ("keys/near-duplicates", [120, 120, 120]),
    ("keys/repeated-passages", [3, 12, 3]),
    ("keys/text-novelty", [76, 64, 94]),
    ("keys/ngram-bursts", [1, 1, 1]),
    ("keys/keep-top", [120, 120, 120]),
];

/// Configurations of stages that need something the program does not ship.
const CONFIGURED: &[(&str, &str)] = &[
    ("url-list", "domains = \"domains\"\nsoft_words = \"words\"\nsubstrings = \"words\""),
    ("decontamination", "benchmarks = [\"items\"]\ncanaries = [\"a string that no text holds\"]"),
    ("input-score", "column = \"score\""),
    ("input-label", "column = \"label\""),
    ("score-range", "score = \"score\"\nat_least = \"0.25\""),
    ("keep-top", "score = \"score\"\nfraction = \"0.5\"\nby = [\"source\"]"),
];

/// The filters, and those scorers that need no file of the user's.
fn entries() -> impl Iterator<Item = &'static Entry> {
    FILTERS.iter().chain(SCORERS.iter().filter(|entry| entry.example.is_some()))
}

/// The configuration of a stage.
fn table(name: &str, example: Option<&str>) -> toml::Table {
    let configured = CONFIGURED.iter().find(|(known, _)| *known == name).map(|(_, table)| *table);
    toml::from_str(configured.or(example).unwrap_or_default()).unwrap()
}

/// What a stage sees of its surroundings here: every file holds a few entries, every column is the first.
struct Bench(Action);

impl Context for Bench {
    fn asset(&mut self, name: &str) -> Result<Asset, BuildError> {
        Ok(Asset {
            name: name.to_string(),
            bytes: Arc::new(b"example.com\nexample.net\nfree-prizes.example\n"),
        })
    }

    fn benchmark(&mut self, _: &str, _: ItemFields<'_>) -> Result<Vec<BenchmarkItem>, BuildError> {
        Ok(items().into_iter().map(|text| BenchmarkItem { text, ..BenchmarkItem::default() }).collect())
    }

    fn embedded(&mut self, _: &str, _: &[u8]) {}

    fn column(&self, _: &str, _: Kind) -> Result<ColumnRef, BuildError> {
        Ok(ColumnRef(0))
    }

    fn field(&mut self, _: &str, _: Kind) -> Result<FieldRef, BuildError> {
        Ok(FieldRef(0))
    }

    fn action(&self) -> Action {
        self.0
    }
}

/// An earlier stage that has recorded a number, for filters that look at one.
struct Scorer;

impl Filter for Scorer {
    fn columns(&self) -> Vec<Column> {
        vec![Column::new("score", Kind::Number)]
    }

    fn judge(&self, view: &View<'_>, findings: &mut Findings) -> ControlFlow<()> {
        findings.record(0, Value::Number((view.text().len() % 100) as f64 / 100.0));
        ControlFlow::Continue(())
    }
}

/// A filter with its place among the findings.
struct Stage {
    filter: Box<dyn Filter>,
    scorer: StageSlots,
    slots: StageSlots,
    findings: Findings,
}

impl Stage {
    fn new(entry: &Entry) -> Self {
        let built = (entry.build)(table(entry.name, entry.example), &mut Bench(entry.action));
        let filter = built.unwrap_or_else(|e| panic!("{}: {e}", entry.name)).filter;
        let mut layout = Layout::default();
        let scorer = layout.add(&Scorer, &[]);
        let slots = layout.add(filter.as_ref(), &[]);
        Self { filter, scorer, slots, findings: Findings::new(&layout, Measure::First) }
    }

    /// Judges a text and tells whether anything was found: of a scorer, a first column above one half.
    fn judge(&mut self, view: &View<'_>) -> bool {
        self.findings.clear();
        self.findings.enter(&self.scorer);
        let _ = Scorer.judge(view, &mut self.findings);
        self.findings.enter(&self.slots);
        let _ = self.filter.judge(view, &mut self.findings);
        // a filter without rules is a scorer
        let scored = self
            .slots
            .rules
            .is_empty()
            .then(|| self.findings.get(ColumnRef(self.slots.column_range().start)));
        self.findings.broken().is_some()
            || matches!(scored, Some(Value::Number(score)) if *score > 0.5)
            || !self.findings.take_edits().is_empty()
            || !self.findings.take_spans().is_empty()
    }
}

fn document<'a>(at: usize, text: &'a str, ids: &'a [String]) -> Document<'a> {
    let url =
        if at.is_multiple_of(5) { "https://news.example.com/2026/11/a" } else { "http://example.org/b?c=d" };
    Document { text, id: &ids[at], url: Some(url), source: "bench", ..Document::default() }
}

fn group<'c>(criterion: &'c mut Criterion, name: &str, corpus: &Corpus) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(corpus.bytes()));
    group
}

/// Views over a corpus, and what keeps their buffers.
fn with_views(corpus: &Corpus, each: impl FnOnce(&[View<'_>])) {
    let ids: Vec<String> = (0..corpus.texts.len()).map(|at| format!("{}-{at}", corpus.name)).collect();
    let scratch = Scratch::default();
    let views: Vec<View<'_>> = corpus
        .texts
        .iter()
        .enumerate()
        .map(|(at, text)| View::new(document(at, text, &ids), &scratch))
        .collect();
    each(&views);
}

/// Computes a part of the analysis and counts what it finds.
type Part = fn(&View<'_>) -> usize;

/// The parts of the analysis.
const ANALYSIS: [(&str, Part); 3] = [
    ("tokens", |view| view.tokens().len()),
    ("lines", |view| view.lines().by_newline().len()),
    ("shingles", |view| view.shingles().words().len()),
];

/// A barrier's key of a text.
fn sign(barrier: &dyn Barrier, view: &View<'_>) -> Vec<u64> {
    let mut layout = Layout::default();
    let scorer = layout.add(&Scorer, &[]);
    let mut findings = Findings::new(&layout, Measure::First);
    findings.enter(&scorer);
    let _ = Scorer.judge(view, &mut findings);
    let mut key = vec![0; barrier.key_words()];
    barrier.sign(view, &findings, &mut key);
    key
}

fn barrier(entry: &BarrierEntry) -> Box<dyn Barrier> {
    (entry.build)(table(entry.name, None), &mut Bench(Action::Remove)).unwrap().0
}

/// Holds everything that is found against the table and tells all the lines that are wrong or missing at once.
fn check(corpora: &[Corpus; 3]) {
    let count = |what: &mut dyn FnMut(&[View<'_>]) -> usize| {
        corpora.each_ref().map(|corpus| {
            let mut found = 0;
            with_views(corpus, |views| found = what(views));
            found
        })
    };
    let mut found = Vec::new();
    for entry in entries() {
        let mut stage = Stage::new(entry);
        let broken = count(&mut |views| views.iter().filter(|view| stage.judge(view)).count());
        found.push((format!("rules/{}", entry.name), broken));
    }
    for (name, part) in ANALYSIS {
        found.push((format!("analysis/{name}"), count(&mut |views| views.iter().map(part).sum())));
    }
    for entry in BARRIERS {
        let barrier = barrier(entry);
        let keys = |views: &[View<'_>]| {
            views.iter().map(|view| sign(barrier.as_ref(), view)).collect::<HashSet<_>>()
        };
        found.push((format!("keys/{}", entry.name), count(&mut |views| keys(views).len())));
    }
    let expected = |name: &str| EXPECTED.iter().find(|(known, _)| *known == name).map(|(_, counts)| *counts);
    let wrong: Vec<String> = found
        .iter()
        .filter(|(name, counts)| expected(name) != Some(*counts))
        .map(|(name, counts)| format!("    (\"{name}\", {counts:?}),"))
        .collect();
    assert!(wrong.is_empty(), "not as in the table, and so not timed:\n{}", wrong.join("\n"));
}

/// Each filter on texts that are already analysed: what the rule adds.
fn rules(criterion: &mut Criterion) {
    let corpora = corpora();
    check(&corpora);
    for entry in entries() {
        let mut stage = Stage::new(entry);
        for corpus in &corpora {
            with_views(corpus, |views| {
                views.iter().for_each(|view| _ = stage.judge(view));
                group(criterion, &format!("rules/{}", entry.name), corpus).bench_function(
                    corpus.name,
                    |bencher| {
                        bencher.iter(|| views.iter().filter(|view| stage.judge(black_box(view))).count());
                    },
                );
            });
        }
    }
}

/// Each part of the analysis, from nothing.
fn analysis(criterion: &mut Criterion) {
    let corpora = corpora();
    check(&corpora);
    for (name, part) in ANALYSIS {
        for corpus in &corpora {
            let scratch = Scratch::default();
            let view = |text| View::new(Document { text, ..Document::default() }, &scratch);
            group(criterion, &format!("analysis/{name}"), corpus).bench_function(corpus.name, |bencher| {
                bencher.iter(|| corpus.texts.iter().map(|text| part(&view(black_box(text)))).sum::<usize>());
            });
        }
    }
}

/// Each barrier's key of texts that are already analysed.
fn keys(criterion: &mut Criterion) {
    let corpora = corpora();
    check(&corpora);
    for entry in BARRIERS {
        let barrier = barrier(entry);
        for corpus in &corpora {
            with_views(corpus, |views| {
                views.iter().for_each(|view| _ = sign(barrier.as_ref(), view));
                group(criterion, &format!("keys/{}", entry.name), corpus).bench_function(
                    corpus.name,
                    |bencher| {
                        bencher.iter(|| {
                            views.iter().for_each(|view| _ = black_box(sign(barrier.as_ref(), view)))
                        });
                    },
                );
            });
        }
    }
}

criterion_group! {
    name = all;
    // the texts are many and alike: a few samples of each tell enough
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = rules, analysis, keys
}
criterion_main!(all);
