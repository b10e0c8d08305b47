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

mod texts;

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use filters::{
    Action, Asset, BuildError, Column, ColumnRef, Context, Document, Entry, FILTERS, Filter, Findings, Kind,
    Layout, Measure, Scratch, StageSlots, Value, View,
};
use pipeline::barriers::BARRIERS;
use std::collections::HashSet;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use texts::{Corpus, corpora};

/// In how many texts of `prose`, `mixed` and `languages` a filter finds something: a broken rule, an edit or a span.
const EXPECTED: &[(&str, [usize; 3])] = &[("c4-lines", [0, 0, 0])];

/// How many words, lines and words of the simplified text there are in them.
const EXPECTED_PARTS: &[(&str, [usize; 3])] =
    &[("tokens", [0, 0, 0]), ("lines", [0, 0, 0]), ("shingles", [0, 0, 0])];

/// How many different keys a barrier leaves for them.
const EXPECTED_KEYS: &[(&str, [usize; 3])] =
    &[("exact-duplicates", [120, 120, 120]), ("near-duplicates", [120, 120, 120])];

/// Configurations of filters that need something the program does not ship.
const CONFIGURED: &[(&str, &str)] = &[
    ("url-list", "domains = \"domains\"\nsoft_words = \"words\"\nsubstrings = \"words\""),
    ("score-range", "score = \"score\"\nat_least = \"0.25\""),
];

/// What a stage sees of its surroundings here: every file holds a few entries, every column is the first.
struct Bench(Action);

impl Context for Bench {
    fn asset(&mut self, name: &str) -> Result<Asset, BuildError> {
        Ok(Asset {
            name: name.to_string(),
            bytes: Arc::new(b"example.com\nexample.net\nfree-prizes.example\n"),
        })
    }

    fn embedded(&mut self, _: &str, _: &'static [u8]) {}

    fn column(&self, _: &str, _: Kind) -> Result<ColumnRef, BuildError> {
        Ok(ColumnRef(0))
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
        let configured = CONFIGURED.iter().find(|(name, _)| *name == entry.name).map(|(_, table)| *table);
        let table = configured.or(entry.example).unwrap_or_default();
        let built = (entry.build)(toml::from_str(table).unwrap(), &mut Bench(entry.action));
        let filter = built.unwrap_or_else(|e| panic!("{}: {e}", entry.name)).filter;
        let mut layout = Layout::default();
        let scorer = layout.add(&Scorer, &[]);
        let slots = layout.add(filter.as_ref(), &[]);
        Self { filter, scorer, slots, findings: Findings::new(&layout, Measure::First) }
    }

    /// Judges a text and tells whether anything was found.
    fn judge(&mut self, view: &View<'_>) -> bool {
        self.findings.clear();
        self.findings.enter(&self.scorer);
        let _ = Scorer.judge(view, &mut self.findings);
        self.findings.enter(&self.slots);
        let _ = self.filter.judge(view, &mut self.findings);
        self.findings.broken().is_some()
            || !self.findings.take_edits().is_empty()
            || !self.findings.take_spans().is_empty()
    }
}

fn document<'a>(at: usize, text: &'a str, ids: &'a [String]) -> Document<'a> {
    let url = if at % 5 == 0 { "https://news.example.com/2026/11/a" } else { "http://example.org/b?c=d" };
    Document { text, id: &ids[at], url: Some(url), source: "bench" }
}

fn expected(table: &[(&str, [usize; 3])], name: &str) -> Option<[usize; 3]> {
    table.iter().find(|(known, _)| *known == name).map(|(_, counts)| *counts)
}

/// Holds what was found against the table, all corpora at once, so that a missing line can be copied from the message.
fn check(table: &[(&str, [usize; 3])], name: &str, found: [usize; 3]) {
    assert_eq!(expected(table, name), Some(found), "found in {name}: (\"{name}\", {found:?}),");
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

/// Each filter on texts that are already analysed: what the rule adds.
fn rules(criterion: &mut Criterion) {
    let corpora = corpora();
    for entry in FILTERS {
        let mut stage = Stage::new(entry);
        let found = corpora.each_ref().map(|corpus| {
            let mut found = 0;
            with_views(corpus, |views| found = views.iter().filter(|view| stage.judge(view)).count());
            found
        });
        check(EXPECTED, entry.name, found);
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
    let parts: [(&str, fn(&View<'_>) -> usize); 3] = [
        ("tokens", |view| view.tokens().len()),
        ("lines", |view| view.lines().by_newline().len()),
        ("shingles", |view| view.shingles().words().len()),
    ];
    let corpora = corpora();
    for (name, part) in parts {
        let found = corpora.each_ref().map(|corpus| {
            let mut found = 0;
            with_views(corpus, |views| found = views.iter().map(part).sum());
            found
        });
        check(EXPECTED_PARTS, name, found);
        for corpus in &corpora {
            let scratch = Scratch::default();
            let all = || -> usize {
                let view = |text| View::new(Document { text, ..Document::default() }, &scratch);
                corpus.texts.iter().map(|text| part(&view(black_box(text)))).sum()
            };
            group(criterion, &format!("analysis/{name}"), corpus).bench_function(corpus.name, |bencher| {
                bencher.iter(all);
            });
        }
    }
}

/// Each barrier's key of texts that are already analysed.
fn keys(criterion: &mut Criterion) {
    let corpora = corpora();
    for entry in BARRIERS {
        let (barrier, _) = (entry.build)(toml::Table::new()).unwrap();
        let sign = |view: &View<'_>| {
            let mut key = vec![0; barrier.key_len()];
            barrier.sign(view, &mut key);
            key
        };
        let found = corpora.each_ref().map(|corpus| {
            let mut found = 0;
            with_views(corpus, |views| found = views.iter().map(sign).collect::<HashSet<_>>().len());
            found
        });
        check(EXPECTED_KEYS, entry.name, found);
        for corpus in &corpora {
            with_views(corpus, |views| {
                views.iter().for_each(|view| _ = sign(view));
                group(criterion, &format!("keys/{}", entry.name), corpus).bench_function(
                    corpus.name,
                    |bencher| {
                        bencher.iter(|| views.iter().for_each(|view| _ = black_box(sign(black_box(view)))));
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
