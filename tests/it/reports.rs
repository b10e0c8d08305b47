//! What `report` says stages do to a corpus, against corpora whose truth is counted here from what they were made of.

use crate::harness::{Sandbox, config_with};
use crate::ledgers::ledger;
use crate::made_up::Random;
use crate::parquet_files::{batch, column, read, write};
use crate::shared_data::{link, shared};
use arrow_array::{ArrayRef, Float64Array, StringArray};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

const INPUT: &str = "text = \"text\"\nid = \"id\"";
const SOURCES: &str = "[[source]]\nid = \"a\"\nfiles = [\"corpus/a.parquet\"]\n[[source]]\nid = \"b\"\nfiles = [\"corpus/b.parquet\"]\n";
const SCORE: &str = "[[stage]]\nuse = \"input-score\"\nname = \"quality\"\ncolumn = \"quality\"\n";
const TOPIC: &str = "[[stage]]\nuse = \"input-label\"\nname = \"topic\"\ncolumn = \"topic\"\n";
const SHORT: &str = "[[stage]]\nuse = \"doc-length\"\nname = \"short\"\nwords_min = 20\n";
const RANGE: &str = "[[stage]]\nuse = \"score-range\"\nscore = \"quality\"\nat_least = \"5\"\n";
const LONG: &str = "[[stage]]\nuse = \"doc-length\"\nname = \"long\"\nwords_max = 60\n";
const EXACT: &str = "[[stage]]\nuse = \"exact-duplicates\"\n";

/// What a record was made of.
struct Record {
    source: &'static str,
    words: u64,
    quality: Option<f64>,
    topic: &'static str,
    text: String,
}

impl Record {
    fn is_short(&self) -> bool {
        self.words < 20
    }

    fn is_poor(&self, least: f64) -> bool {
        self.quality.is_some_and(|quality| quality < least)
    }

    fn is_long(&self) -> bool {
        self.words > 60
    }

    fn is_released(&self, least: f64) -> bool {
        !self.is_short() && !self.is_poor(least) && !self.is_long()
    }
}

/// Six hundred records: scores in eighths with many ties, long texts mostly about the sea and seldom good.
fn records() -> Vec<Record> {
    let mut random = Random(5);
    let make = |at: usize| {
        let words = 5 + random.below(75);
        let sea = words > 50 && random.below(10) < 8;
        let quality = (random.below(80) as f64 / 8.0 - if words > 60 { 2.0 } else { 0.0 }).max(0.0);
        // copies of a few texts, for a barrier
        let word = if at % 50 == 7 { "copy".to_string() } else { format!("word{at}") };
        let words = if at % 50 == 7 { 30 } else { words };
        Record {
            source: if at < 400 { "a" } else { "b" },
            words,
            quality: (!at.is_multiple_of(23)).then_some(quality),
            topic: if sea { "sea" } else { ["land", "air"][at % 2] },
            text: vec![word; words as usize].join(" "),
        }
    };
    (0..600).map(make).collect()
}

/// The corpus in two shards, with a configuration of these stages.
fn sandbox(records: &[Record], top: &str, stages: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    for source in ["a", "b"] {
        let of = || records.iter().enumerate().filter(|(_, record)| record.source == source);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(of().map(|(at, _)| Some(format!("r{at}"))).collect::<StringArray>())),
            ("text", Arc::new(of().map(|(_, r)| Some(r.text.as_str())).collect::<StringArray>())),
            ("quality", Arc::new(of().map(|(_, r)| r.quality).collect::<Float64Array>())),
            ("topic", Arc::new(of().map(|(_, r)| Some(r.topic)).collect::<StringArray>())),
        ];
        write(&sandbox.path(format!("corpus/{source}.parquet")), &batch(columns), 90);
    }
    let config = config_with(INPUT, &[SOURCES, &stages.concat()].concat());
    sandbox.write("c.toml", config.replacen("schema = 1", &format!("schema = 1\n{top}"), 1));
    sandbox.release("c.toml", "out", &[]).expect(0);
    sandbox
}

fn count(records: &[Record], of: impl Fn(&Record) -> bool) -> u64 {
    records.iter().filter(|record| of(record)).count() as u64
}

fn released(release: &Path) -> u64 {
    ledger(release).iter().filter(|row| row.is_released()).count() as u64
}

/// Wilson's interval of a share at 95 %, as Newcombe 1998 writes it.
fn wilson(found: u64, of: u64) -> (f64, f64) {
    let (r, n, z) = (found as f64, of as f64, 1.959_963_985f64);
    let root = z * (z * z + 4.0 * r * (n - r) / n).sqrt();
    ((2.0 * r + z * z - root) / (2.0 * (n + z * z)), (2.0 * r + z * z + root) / (2.0 * (n + z * z)))
}

fn assert_share(share: &Value, found: u64, of: u64) {
    let (low, high) = wilson(found, of);
    for (key, expected) in
        [("/share", found as f64 / of as f64), ("/interval/low", low), ("/interval/high", high)]
    {
        let told = share.pointer(key).and_then(Value::as_f64).unwrap();
        assert!((told - expected).abs() < 1e-6, "{key} of {found} in {of}: {share}");
    }
}

#[test]
fn a_curve_says_what_passes_and_what_would_be_released() {
    let records = records();
    let sandbox = sandbox(&records, "measure = \"all\"", &[SCORE, SHORT, RANGE, LONG]);
    let bytes = |of: &dyn Fn(&Record) -> bool| -> f64 {
        records.iter().filter(|record| of(record)).map(|record| record.text.len() as f64).sum()
    };
    let scored = count(&records, |record| record.quality.is_some());
    for column in ["score-range/at-least", "quality/score"] {
        let told = sandbox.run(&["report", "out", "--curve", column, "--json"]).expect(0).json();
        let curve = &told["curves"][0];
        assert_eq!(curve["records"], scored, "{curve}");
        assert_eq!(curve["without"], 600 - scored, "{curve}");
        assert_eq!(curve["rules"][0], "score-range/at-least", "{curve}");
        let points = curve["points"].as_array().unwrap();
        assert!(points.len() > 15, "{curve}");
        for point in points {
            let least = point["threshold"].as_f64().unwrap();
            let passes = |record: &Record| record.quality.is_some_and(|quality| quality >= least);
            assert_eq!(point["passes"], count(&records, passes), "{point}");
            assert_share(&point["share"], count(&records, passes), scored);
            let weight = bytes(&passes) / bytes(&|record: &Record| record.quality.is_some());
            let told = &point["share_of_weight"];
            assert!((told["share"].as_f64().unwrap() - weight).abs() < 1e-12, "{point}");
            assert!(told["interval"]["low"].as_f64() <= told["share"].as_f64(), "{point}");
            assert!(told["interval"]["high"].as_f64() >= told["share"].as_f64(), "{point}");
            let expected = count(&records, |record| record.is_released(least));
            assert_eq!(point["released"], serde_json::json!({"records": expected, "unknown": 0}), "{point}");
            assert_eq!(point["configured"].as_bool(), Some(least == 5.0));
        }
        let now = points.iter().find(|point| point["configured"] == true).unwrap();
        assert_eq!(now["released"]["records"], released(&sandbox.path("out")));
        for (at, point) in points.iter().enumerate().filter(|(at, _)| at % 6 == 1) {
            let set = format!("score-range.at_least=\"{}\"", point["threshold"]);
            let again = format!("again-{}-{at}", column.replace('/', "-"));
            sandbox.release("c.toml", &again, &["--set", &set]).expect(0);
            assert_eq!(point["released"]["records"], released(&sandbox.path(&again)), "{set}");
            let whatif = sandbox.run(&["whatif", "out", "--json", "--set", &set]).expect(0).json();
            assert_eq!(point["released"]["records"], whatif["after"]["kept"], "{set}");
        }
    }
    let tokens = ["report", "out", "--curve", "quality/score", "--weight", "short/words-min", "--json"];
    let told = sandbox.run(&tokens).expect(0).json();
    let words = |of: &dyn Fn(&Record) -> bool| -> u64 {
        records.iter().filter(|record| of(record)).map(|record| record.words).sum()
    };
    let good = words(&|record: &Record| record.quality.is_some_and(|quality| quality >= 5.0));
    let points = told["curves"][0]["points"].as_array().unwrap();
    let now = points.iter().find(|point| point["configured"] == true).unwrap();
    let share = good as f64 / words(&|record: &Record| record.quality.is_some()) as f64;
    assert!((now["share_of_weight"]["share"].as_f64().unwrap() - share).abs() < 1e-12, "{now}");
    let shown = sandbox.run(&["report", "out", "--curve", "quality/score"]).expect(0).stdout;
    assert!(shown.contains("5 *") && shown.contains("* the bound of score-range/at-least"), "{shown}");
}

#[test]
fn a_curve_of_a_ledger_that_knows_less_claims_less() {
    let records = records();
    let first = sandbox(&records, "", &[SCORE, SHORT, RANGE, LONG]);
    let told = first.run(&["report", "out", "--curve", "quality/score", "--json"]).expect(0).json();
    for point in told["curves"][0]["points"].as_array().unwrap() {
        let least = point["threshold"].as_f64().unwrap();
        let expected = count(&records, |record| record.is_released(least));
        let (sure, unknown) =
            (point["released"]["records"].as_u64().unwrap(), point["released"]["unknown"].as_u64().unwrap());
        assert!(sure <= expected && expected <= sure + unknown, "{point}: {expected}");
        // what the bound took out never came to the stage behind it
        assert_eq!(unknown > 0, least < 5.0, "{point}");
    }
    let barrier = sandbox(&records, "measure = \"all\"", &[SCORE, RANGE, EXACT]);
    let told = barrier.run(&["report", "out", "--curve", "quality/score", "--json"]).expect(0).json();
    let why = told["curves"][0]["released_untold"].as_str().unwrap();
    assert_eq!(why, "`exact-duplicates` would compare other records: `probity whatif` tells more");
    assert!(told["curves"][0]["points"][0]["released"].is_null(), "{told}");
    let tagged = RANGE.replace("at_least", "action = \"tag\"\nat_least");
    let tags = sandbox(&records, "", &[SCORE, TOPIC, &tagged]);
    for (arguments, code, expected) in [
        (&["--curve", "quality/score"][..], 0, "is not told: `score-range` only tags"),
        (&["--curve", "quality/score:at_most"], 0, "is not told: no rule holds it against a bound"),
        (
            &["--curve", "quality/score:below"],
            2,
            "expected `STAGE/COLUMN:at_least` or `STAGE/COLUMN:at_most`",
        ),
        (&["--curve", "topic/label:at_most"], 2, "`topic/label` does not hold numbers"),
        (&["--curve", "none/score:at_most"], 2, "no column `none/score`; there are"),
        (&["--overlap=pairs"], 2, "expected `stages` or `rules`"),
        (&["--weight", "row"], 2, "--curve"),
    ] {
        let output = tags.run(&[&["report", "out"], arguments].concat()).expect(code);
        assert!([output.stdout, output.stderr].concat().contains(expected), "{arguments:?}: {expected}");
    }
    let plain = sandbox(&records, "", &[SCORE, SHORT]);
    let output = plain.run(&["report", "out", "--curve", "quality/score"]).expect(3);
    assert!(output.stderr.contains("hint: ask for `quality/score:at_least`"), "{}", output.stderr);
}

/// Known, by the first, by the second, by both.
fn pair(told: &Value, a: &str, b: &str) -> [u64; 4] {
    let pairs = told["overlap"]["pairs"].as_array().unwrap();
    let pair = pairs.iter().find(|pair| pair["a"] == a && pair["b"] == b);
    let pair = pair.unwrap_or_else(|| panic!("{a} and {b}: {told}"));
    let counts = ["known", "by_a", "by_b", "by_both"].map(|key| pair[key].as_u64().unwrap());
    let [_, by_a, by_b, both] = counts;
    assert_share(&pair["jaccard"], both, by_a + by_b - both);
    if by_a > 0 {
        assert_share(&pair["b_of_a"], both, by_a);
    }
    if by_b > 0 {
        assert_share(&pair["a_of_b"], both, by_b);
    }
    counts
}

#[test]
fn the_overlap_of_filters_is_that_of_what_each_would_take_out() {
    let records = records();
    let poor = |record: &Record| record.is_poor(5.0);
    let stages = [SCORE, SHORT, RANGE, LONG];
    let tags = stages.map(|stage| match stage == SCORE {
        true => stage.to_string(),
        false => format!("{stage}action = \"tag\"\n"),
    });
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    for (top, stages, grain) in [
        ("measure = \"all\"", &stages[..], "--overlap"),
        ("measure = \"all\"", &stages, "--overlap=rules"),
        ("", &tags, "--overlap"),
        ("", &tags, "--overlap=rules"),
    ] {
        let sandbox = sandbox(&records, top, stages);
        let told = sandbox.run(&["report", "out", grain, "--json"]).expect(0).json();
        assert_eq!(told["overlap"]["complete"], true, "{told}");
        let names = match grain {
            "--overlap" => ["short", "score-range", "long"],
            _ => ["short/words-min", "score-range/at-least", "long/words-max"],
        };
        let by: [&dyn Fn(&Record) -> bool; 3] = [&Record::is_short, &poor, &Record::is_long];
        for (a, b) in [(0, 1), (1, 2), (0, 2)] {
            let expected = [
                600,
                count(&records, by[a]),
                count(&records, by[b]),
                count(&records, |record| by[a](record) && by[b](record)),
            ];
            assert_eq!(pair(&told, names[a], names[b]), expected, "{grain} {a} {b}");
        }
    }
}

#[test]
fn an_overlap_counts_only_what_the_ledger_knows() {
    let records = records();
    let first = sandbox(&records, "", &[SCORE, SHORT, RANGE, LONG]);
    let told = first.run(&["report", "out", "--overlap", "--json"]).expect(0).json();
    assert_eq!(told["overlap"]["complete"], false);
    // no record that `short` took out is known to the others
    let tall = count(&records, |record| !record.is_short());
    let poor = count(&records, |record| !record.is_short() && record.is_poor(5.0));
    assert_eq!(pair(&told, "short", "score-range"), [tall, 0, poor, 0]);
    let shown = first.run(&["report", "out", "--overlap"]).expect(0).stdout;
    assert!(shown.contains("some answers are unknown"), "{shown}");

    // a barrier is known of what reached it, judging stages behind it of all
    let barrier = sandbox(&records, "measure = \"all\"", &[SCORE, SHORT, EXACT, RANGE]);
    let told = barrier.run(&["report", "out", "--overlap", "--json"]).expect(0).json();
    let copies = |record: &&Record| record.text.starts_with("copy");
    let later: Vec<&Record> = records.iter().filter(copies).skip(1).collect();
    let both = later.iter().filter(|record| record.is_poor(5.0)).count() as u64;
    let poor = count(&records, |record| !record.is_short() && record.is_poor(5.0));
    assert_eq!(pair(&told, "exact-duplicates", "score-range"), [tall, later.len() as u64, poor, both]);
    assert_eq!(pair(&told, "short", "exact-duplicates"), [tall, 0, later.len() as u64, 0]);
}

/// What a record would have been edited to is not known, so what later stages would say is not either.
#[test]
fn answers_about_texts_that_were_never_edited_are_unknown() {
    let stages = "[[stage]]\nuse = \"doc-length\"\nwords_max = 120\n[[stage]]\nuse = \"c4-lines\"\n\
        [[stage]]\nuse = \"fineweb-quality\"\n";
    let tagged = stages.replace("words_max", "action = \"tag\"\nwords_max");
    let sandbox = Sandbox::with_keys();
    sandbox.samples("corpus", 400);
    let [told, truth] = [("removes", stages), ("tags", tagged.as_str())].map(|(name, stages)| {
        sandbox.write("c.toml", config_with(INPUT, stages));
        sandbox.release("c.toml", name, &["--set", "measure=all"]).expect(0);
        sandbox.run(&["report", name, "--overlap", "--json"]).expect(0).json()
    });
    let (found, so) =
        (pair(&told, "doc-length", "fineweb-quality"), pair(&truth, "doc-length", "fineweb-quality"));
    println!("{found:?} of {so:?}");
    assert!(found[0] < so[0] && found[0] > so[0] / 4, "{found:?} of {so:?}");
    assert!(found.iter().zip(so).all(|(found, so)| *found <= so), "{found:?} of {so:?}");
}

#[test]
fn a_shift_is_that_of_the_parts_before_and_after() {
    let records = records();
    let sandbox = sandbox(&records, "", &[SCORE, TOPIC, SHORT, RANGE, LONG]);
    let told = sandbox.run(&["report", "out", "--shift", "--json"]).expect(0).json();
    let rows = told["shift"]["rows"].as_array().unwrap();
    let row =
        |by: &str, slice: &str| rows.iter().find(|row| row["by"] == by && row["slice"] == slice).unwrap();
    type Is<'a> = &'a dyn Fn(&Record) -> bool;
    let passes_short: Is = &|record| !record.is_short();
    let passes_range: Is = &|record| !record.is_short() && !record.is_poor(5.0);
    let released: Is = &|record| record.is_released(5.0);
    for (by, before, after) in [
        ("all", &(|_: &Record| true) as Is, released),
        ("short", &|_| true, passes_short),
        ("long", passes_range, released),
    ] {
        let row = row(by, "topic/label");
        let (from, to) = (count(&records, before), count(&records, after));
        assert_eq!((row["before"].as_u64(), row["after"].as_u64()), (Some(from), Some(to)), "{row}");
        let (mut variation, mut divergence) = (0.0, 0.0);
        for cell in row["cells"].as_array().unwrap() {
            let of = |is: Is| count(&records, |record| is(record) && record.topic == cell["value"]);
            let (p, q) = (of(before) as f64 / from as f64, of(after) as f64 / to as f64);
            assert_share(&cell["share_before"], of(before), from);
            assert_share(&cell["share_after"], of(after), to);
            let ratio = cell["ratio"].as_f64().unwrap();
            assert!((ratio - q / p).abs() < 1e-12, "{cell}");
            let bounds = &cell["ratio_interval"];
            assert!(bounds["low"].as_f64() < Some(ratio) && Some(ratio) < bounds["high"].as_f64(), "{cell}");
            variation += (p - q).abs() / 2.0;
            divergence += q * (q / p).ln();
        }
        for (key, expected) in [("total_variation", variation), ("kullback_leibler", divergence)] {
            assert!((row[key]["value"].as_f64().unwrap() - expected).abs() < 1e-12, "{by} {key}: {row}");
        }
    }
    // long texts are about the sea, and both sources have as many of them
    let distance =
        |slice: &str, key: &str| row("long", slice)["total_variation"].pointer(key).unwrap().as_f64();
    assert!(distance("topic/label", "/interval/low") > distance("topic/label", "/by_chance"), "{told}");
    assert!(distance("source", "/value") <= distance("source", "/by_chance"), "{told}");
    assert_eq!(told["shift"]["untold"], serde_json::json!([]));
    let shown = sandbox.run(&["report", "out", "--shift"]).expect(0).stdout;
    assert!(shown.contains("shrinks to"), "{shown}");
}

#[test]
fn a_label_that_came_too_late_tells_no_shift() {
    let records = records();
    let late = sandbox(&records, "", &[SCORE, SHORT, TOPIC, RANGE]);
    let told = late.run(&["report", "out", "--shift", "--json"]).expect(0).json();
    let untold: Vec<(&str, &str)> = told["shift"]["untold"]
        .as_array()
        .unwrap()
        .iter()
        .map(|untold| (untold["by"].as_str().unwrap(), untold["slice"].as_str().unwrap()))
        .collect();
    assert_eq!(untold, [("all", "topic/label"), ("short", "topic/label")]);
    let rows = told["shift"]["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["by"] == "score-range" && row["slice"] == "topic/label"), "{told}");
    let all = sandbox(&records, "measure = \"all\"", &[SCORE, SHORT, TOPIC, RANGE]);
    let told = all.run(&["report", "out", "--shift", "--json"]).expect(0).json();
    assert_eq!(told["shift"]["untold"], serde_json::json!([]));
}

/// datatrove judged each text by each family alone; so does an overlap of everything that was measured.
#[test]
fn the_overlap_on_real_texts_is_that_of_datatroves_decisions() {
    let Some(golden) = shared("golden/datatrove-decisions/small-docs-00003.parquet") else { return };
    let sandbox = Sandbox::with_keys();
    let Some(()) = link(&sandbox, "corpus/small/docs-00003-of-00004.parquet", "corpus/docs.parquet") else {
        return;
    };
    let families = [
        ("gopher-repetition", "gopher-repetition"),
        ("gopher-quality", "gopher-quality"),
        ("fineweb-quality", "fineweb"),
    ];
    let stages: String =
        families.iter().map(|(stage, _)| format!("[[stage]]\nuse = \"{stage}\"\n")).collect();
    sandbox.write("c.toml", config_with(INPUT, &stages));
    sandbox.release("c.toml", "out", &["--set", "measure=all"]).expect(0);
    let told = sandbox.run(&["report", "out", "--overlap", "--json"]).expect(0).json();
    let golden = read(&golden);
    let taken: HashMap<&str, Vec<bool>> = families
        .iter()
        .map(|(stage, family)| {
            let decisions = column(&golden, family).into_iter();
            (*stage, decisions.map(|decision| decision.as_deref() != Some("keep")).collect())
        })
        .collect();
    let records = told["overlap"]["records"].as_u64().unwrap();
    // texts datatrove was not given, and decisions that differ
    let slack = records - golden.num_rows() as u64 + records / 1000;
    for (a, b) in [(0, 1), (0, 2), (1, 2)].map(|(a, b)| (families[a].0, families[b].0)) {
        let [known, by_a, by_b, both] = pair(&told, a, b);
        let both_of = taken[a].iter().zip(&taken[b]).filter(|(a, b)| **a && **b).count() as u64;
        let of = |stage: &str| taken[stage].iter().filter(|taken| **taken).count() as u64;
        println!("{a}, {b}: {by_a} {by_b} {both} here, {} {} {both_of} there", of(a), of(b));
        for (here, there) in [(by_a, of(a)), (by_b, of(b)), (both, both_of)] {
            assert!(here.abs_diff(there) <= slack, "{a} {b}: {here} here, {there} there");
        }
        assert!(known > 10_000 && both > 100, "{a} {b}: {both} of {known}");
    }
}

/// Equal bytes come out for any number of threads.
#[test]
fn reports_do_not_depend_on_threads() {
    let records = records();
    let sandbox = sandbox(&records, "measure = \"all\"", &[SCORE, TOPIC, SHORT, RANGE, LONG]);
    let arguments = ["report", "out", "--shift", "--overlap=rules", "--curve", "quality/score", "--json"];
    let told = |threads: &str| {
        let output = sandbox.command(&arguments).env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert!(output.status.success());
        output.stdout
    };
    assert_eq!(told("1"), told("4"));
    let keys = String::from_utf8(told("1")).unwrap();
    assert!(
        keys.contains("\"curves\"") && keys.contains("\"overlap\"") && keys.contains("\"shift\""),
        "{keys}"
    );
}

#[test]
fn records_that_were_taken_down_are_left_aside() {
    let records = records();
    let sandbox = sandbox(&records, "measure = \"all\"", &[SCORE, SHORT, RANGE, LONG]);
    let rows = ledger(&sandbox.path("out"));
    let ids: Vec<&str> =
        rows.iter().filter(|row| row.is_released()).take(3).map(|row| row.id.as_str()).collect();
    sandbox.write("ids", ids.join("\n"));
    let retract = ["retract", "out", "--ids", "ids", "--out", "less", "--key", "producer.pem"];
    sandbox.run(&retract).expect(0);
    let ask = ["report", "less", "--shift", "--overlap", "--curve", "quality/score", "--json"];
    let told = sandbox.run(&ask).expect(0).json();
    assert_eq!((&told["shift"]["aside"], &told["overlap"]["aside"]), (&Value::from(3), &Value::from(3)));
    let points = told["curves"][0]["points"].as_array().unwrap();
    let now = points.iter().find(|point| point["configured"] == true).unwrap();
    let left = count(&records, |record| record.is_released(5.0)) - 3;
    assert_eq!(now["released"]["records"], left);
    assert_eq!(released(&sandbox.path("less")), left);
}
