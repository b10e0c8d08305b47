//! The barrier over generated corpora, held against a definition that compares everything with everything.

use super::*;
use crate::barriers::corpus::{Judged, groups};
use crate::barriers::{RecordNumber, Removal};
use crate::config::Config as File;
use crate::plan::Plan;
use crate::run::budget::Budget;
use crate::run::work::Work;
use crate::run::{Options, Run, included};
use crate::source::inputs;
use crate::{Silent, Stop};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Writes a shard with two records to a row group.
fn write(path: &Path, texts: &[String]) {
    let column: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// What the barrier takes out: records with the words left, and cuts.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    removed: Vec<(RecordNumber, usize)>,
    cuts: Vec<(RecordNumber, Range<usize>)>,
}

/// Judges the texts and resolves the barrier, with so much memory.
fn resolve(texts: &[String], stage: &str, memory: u64, threads: usize) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.parquet"), texts);
    let text = format!(
        "schema = 1\n[input]\nfiles = [\"*.parquet\"]\ntext = \"text\"\n[[stage]]\nuse = \"repeated-passages\"\n{stage}"
    );
    let plan = Plan::new(File::parse(&folder.path().join("c.toml"), &text, &[]).unwrap()).unwrap();
    let release = folder.path().join("release");
    let options = Options {
        release: release.clone(),
        key: None,
        salt_key: None,
        threads,
        memory,
        stop: Stop::default(),
    };
    let budget = Budget { fixed: 0, rest: memory };
    let run = Run { plan: &plan, options: &options, budget, progress: &Silent };
    let found = inputs::find(&plan.config).unwrap();
    let shards = included(
        &inputs::survey(
            &found,
            (plan.config.file.input.bad_shard, None),
            folder.path(),
            &Silent,
            &options.stop,
        )
        .unwrap(),
    );
    let work = Work::new(&release, &plan, &shards, budget);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        for group in groups(&shards) {
            run.judge_task(&work, &shards, &group, &mut ()).unwrap();
        }
        let judged = Judged::load(&plan, &shards, &work, work.division.whole()).unwrap();
        let (stage, barrier) = plan.barriers().next().unwrap();
        let corpus = Corpus::new(&judged, barrier, (stage, 0)).unwrap();
        let mut resolution = Resolution::new(&work.barrier(0), memory);
        barrier.resolve(&corpus, &mut resolution).unwrap();
        let (removed, cuts, _) = resolution.finish().unwrap();
        Outcome {
            removed: removed.map(Removal::of).map(|r| (r.record, r.similarity as usize)).collect(),
            cuts: cuts.map(|[record, start, end]| (record, start as usize..end as usize)).collect(),
        }
    })
}

/// Tokens as written; the texts of these tests have a space between each two.
fn tokens(text: &str) -> Vec<&str> {
    text.split(' ').filter(|token| !token.is_empty()).collect()
}

/// Which tokens a suffix array of the corpus finds: those in a run of at least `least` tokens that stands twice. Every
/// two places are compared.
fn in_repeated_runs(texts: &[String], least: usize) -> Vec<Vec<bool>> {
    let all: Vec<Vec<&str>> = texts.iter().map(|text| tokens(text)).collect();
    let mut marked: Vec<Vec<bool>> = all.iter().map(|of_text| vec![false; of_text.len()]).collect();
    let places: Vec<(usize, usize)> =
        (0..all.len()).flat_map(|text| (0..all[text].len()).map(move |at| (text, at))).collect();
    for (nth, &(a, i)) in places.iter().enumerate() {
        for &(b, j) in &places[nth + 1..] {
            let common = all[a][i..].iter().zip(&all[b][j..]).take_while(|(x, y)| x == y).count();
            if common >= least {
                marked[a][i..i + common].fill(true);
                marked[b][j..j + common].fill(true);
            }
        }
    }
    marked
}

/// Which tokens go when the first occurrence stays: by the definition in the barrier's documentation.
fn but_the_first(texts: &[String], width: usize, copies: usize, within: bool) -> Vec<Vec<bool>> {
    let all: Vec<Vec<&str>> = texts.iter().map(|text| tokens(text)).collect();
    let mut marked: Vec<Vec<bool>> = all.iter().map(|of_text| vec![false; of_text.len()]).collect();
    let runs: Vec<(usize, usize)> = (0..all.len())
        .flat_map(|text| (0..(all[text].len() + 1).saturating_sub(width)).map(move |at| (text, at)))
        .collect();
    for &(text, at) in &runs {
        let run = &all[text][at..at + width];
        let same: Vec<(usize, usize)> =
            runs.iter().copied().filter(|&(other, from)| &all[other][from..from + width] == run).collect();
        let mut records: Vec<usize> = same.iter().map(|place| place.0).collect();
        records.dedup();
        let first = same[0];
        let stays = first == (text, at) || (!within && first.0 == text);
        if stays || (if within { same.len() } else { records.len() }) < copies {
            continue;
        }
        let from = if first.0 == text { at.max(first.1 + width) } else { at };
        (from..at + width).for_each(|token| marked[text][token] = true);
    }
    marked
}

/// The tokens that cuts hold.
fn in_cuts(texts: &[String], outcome: &Outcome) -> Vec<Vec<bool>> {
    let of_text = |(record, text): (usize, &String)| {
        let place = |token: &str| token.as_ptr() as usize - text.as_ptr() as usize;
        let cuts = || outcome.cuts.iter().filter(|(of, _)| *of == record as u64);
        tokens(text).into_iter().map(|token| cuts().any(|(_, cut)| cut.contains(&place(token)))).collect()
    };
    texts.iter().enumerate().map(of_text).collect()
}

/// Texts in which a few blocks of words come back, in whole, in part and overlapping.
fn corpora() -> impl Strategy<Value = Vec<String>> {
    let letters = prop::sample::select(vec!["a", "b"]);
    let loose = prop::collection::vec(letters, 0..12).prop_map(|words| words.join(" "));
    let block = (0usize..3, 0usize..20, 0usize..20).prop_map(|(block, from, len)| {
        let words: Vec<String> = (from..(from + len).min(20)).map(|n| format!("w{block}x{n}")).collect();
        words.join(" ")
    });
    let piece = prop_oneof![1 => loose, 2 => block, 1 => Just("né né né né né né".to_string())];
    let text = prop::collection::vec(piece, 0..7);
    let text = text.prop_map(|pieces| tokens(&pieces.join(" ")).join(" "));
    prop::collection::vec(text, 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn tokens_that_go_are_those_a_suffix_array_finds(texts in corpora(), least in 2usize..9) {
        let stage = format!("unit = \"tokens\"\ntokens_min = {least}\nkeep = \"none\"\nwords_left_min = 0");
        let outcome = resolve(&texts, &stage, 0, 2);
        prop_assert_eq!(in_cuts(&texts, &outcome), in_repeated_runs(&texts, least));
    }

    #[test]
    fn the_first_occurrence_stays(texts in corpora(), width in 2usize..9, copies in 2usize..4, within: bool) {
        let stage = format!(
            "unit = \"tokens\"\ntokens_min = {width}\ncopies_min = {copies}\nwithin_records = {within}\nwords_left_min = 0"
        );
        let outcome = resolve(&texts, &stage, 1 << 30, 1);
        prop_assert_eq!(in_cuts(&texts, &outcome), but_the_first(&texts, width, copies, within));
    }
}

/// Many texts with a shared middle, so that little memory means runs on disk and several parts.
fn large() -> Vec<String> {
    let words = |seed: usize, many: usize| {
        let words: Vec<String> =
            (0..many).map(|n| format!("q{}", (seed * 7919 + n * 104_729) % 99_991)).collect();
        words.join(" ")
    };
    (0..60).map(|n| format!("{} {} {}", words(n, 60), words(1000 + n % 6, 90), words(500 + n, 40))).collect()
}

#[test]
fn memory_and_threads_change_nothing() {
    let texts = large();
    for unit in ["tokens", "lines"] {
        let stage = format!("unit = \"{unit}\"\nwords_left_min = 90");
        let expected = resolve(&texts, &stage, 1 << 30, 1);
        if unit == "tokens" {
            assert_eq!(expected.cuts.len(), 54, "{:?}", expected.removed);
        }
        for (memory, threads) in [(0, 1), (0, 2), (1 << 16, 2), (1 << 30, 3)] {
            assert_eq!(
                resolve(&texts, &stage, memory, threads),
                expected,
                "{memory} bytes, {threads} threads"
            );
        }
    }
}

#[test]
fn too_little_left_is_a_reason_and_reports_change_nothing() {
    let line = "This very line stands in three of the records.";
    let texts: Vec<String> = [
        line.to_string(),
        format!("One two three.\n{line}\n"),
        format!("{line}\nOne two."),
        "Short.\nShort.".into(),
    ]
    .into();
    let outcome = resolve(&texts, "words_left_min = 4", 0, 1);
    // the full stop is a word, too
    assert_eq!(outcome, Outcome { removed: vec![(2, 3)], cuts: vec![(1, 15..15 + line.len() + 1)] });
    let none = resolve(&texts, "words_left_min = 4\nkeep = \"none\"", 0, 1);
    assert_eq!(none.removed, [(0, 0), (2, 3)]);
    assert_eq!(resolve(&texts, "words_left_min = 4\nreport = true", 0, 1), Outcome::default());
    let symbols: Vec<String> = (0..3)
        .map(|n| format!("- <-> (/) [-] * {n} * - <-> (/) [-] * -\n- <-> (/) [-] * one two three * [-]"))
        .collect();
    assert_eq!(resolve(&symbols, "words_left_min = 0", 0, 1), Outcome::default(), "punctuation is no word");
    let short = resolve(&texts, "words_left_min = 0\nwords_min = 0\nchars_min = 0", 0, 1);
    assert_eq!(short.cuts[2], (3, 6..13), "the second `Short.`");
}
