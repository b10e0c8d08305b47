//! `keep-top` against a count of its own: what is kept is worked out anew from scores, ids and groups, the slow way.

use crate::harness::{Sandbox, config};
use crate::ledgers::{Row, ledger};
use crate::parquet_files::{batch, strings, write};
use arrow_array::{Float64Array, RecordBatch};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A made-up record.
#[derive(Clone, Debug)]
struct Record {
    id: String,
    text: String,
    score: Option<f64>,
    lang: Option<&'static str>,
    tokens: f64,
}

/// Scores repeat, ids begin alike for longer than a key holds of them, some of them stand twice, and languages are
/// of all sizes.
fn records() -> Vec<Record> {
    let record = |n: usize| {
        let hash = n * 7919 % 1009;
        Record {
            id: format!("https://made-up.example/long/path/to/{}", if hash < 30 { 5 } else { hash }),
            text: format!("{} {n}", "x".repeat(hash % 50)),
            score: (!hash.is_multiple_of(23)).then_some((hash % 9) as f64 / 8.0),
            lang: [Some("en"), Some("en"), Some("de"), None, Some("en")][hash % 5]
                .map(|l| if hash % 50 == 7 { "sw" } else { l }),
            tokens: (hash % 40) as f64 + 0.5,
        }
    };
    (0..400).map(record).collect()
}

fn shard(records: &[Record]) -> RecordBatch {
    batch(vec![
        ("id", strings(records.iter().map(|r| Some(r.id.as_str())))),
        ("text", strings(records.iter().map(|r| Some(r.text.as_str())))),
        ("score", Arc::new(records.iter().map(|r| r.score).collect::<Float64Array>())),
        ("lang", strings(records.iter().map(|r| r.lang))),
        ("tokens", Arc::new(records.iter().map(|r| Some(r.tokens)).collect::<Float64Array>())),
    ])
}

const COLUMNS: &str = "[[stage]]\nuse = \"input-score\"\nname = \"quality\"\ncolumn = \"score\"\n\
    [[stage]]\nuse = \"input-score\"\nname = \"tokens\"\ncolumn = \"tokens\"\n\
    [[stage]]\nuse = \"input-label\"\nname = \"lang\"\ncolumn = \"lang\"\n";
const KEEP: &str = "[[stage]]\nuse = \"keep-top\"\nscore = \"quality\"\n";
const BY: &str = "by = [\"lang/label\"]\n";
const PLACES: [&str; 3] = ["a", "b", "c"];

/// A sandbox with these records in three shards, in this order.
fn corpus(records: &[Record]) -> Sandbox {
    let sandbox = Sandbox::with_keys();
    for (name, part) in PLACES.iter().zip(records.chunks(records.len().div_ceil(PLACES.len()))) {
        write(&sandbox.path(format!("corpus/{name}.parquet")), &shard(part), 70);
    }
    sandbox
}

fn release(sandbox: &Sandbox, out: &str, stages: &str, more: &[&str]) -> Vec<Row> {
    sandbox.write("c.toml", config(stages).replacen("schema = 1", "schema = 1\nmeasure = \"all\"", 1));
    sandbox.release("c.toml", out, more).expect(0);
    ledger(&sandbox.path(out))
}

/// The records by language, or all in one, each group with the best first.
fn groups(records: &[Record], by_language: bool) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (at, record) in records.iter().enumerate().filter(|(_, record)| record.score.is_some()) {
        groups.entry(record.lang.filter(|_| by_language)).or_default().push(at);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    for group in &mut groups {
        group.sort_by(|&a, &b| {
            let (left, right) = (&records[a], &records[b]);
            right.score.partial_cmp(&left.score).unwrap().then(left.id.cmp(&right.id)).then(a.cmp(&b))
        });
    }
    groups
}

/// The records that are kept when `size` of a group are, of the best; those without a score stay.
fn kept(records: &[Record], by_language: bool, size: impl Fn(&[usize]) -> usize) -> BTreeSet<usize> {
    let unscored = (0..records.len()).filter(|&at| records[at].score.is_none());
    let best = groups(records, by_language);
    best.iter().flat_map(|group| group[..size(group)].to_vec()).chain(unscored).collect()
}

/// How many of the best cost at most `budget` together.
fn within(budget: u64, group: &[usize], cost: impl Fn(usize) -> u64) -> usize {
    let sums = group.iter().scan(0, |sum, &at| {
        *sum += cost(at);
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= budget).count()
}

fn released(rows: &[Row]) -> BTreeSet<usize> {
    (0..rows.len()).filter(|&at| rows[at].is_released()).collect()
}

#[test]
fn each_group_keeps_exactly_what_is_asked() {
    let records = records();
    let sandbox = corpus(&records);
    let tokens = |at: usize| records[at].tokens.ceil() as u64;
    let bytes = |at: usize| records[at].text.len() as u64;
    let cases: Vec<(String, BTreeSet<usize>)> = vec![
        (format!("fraction = \"0.1\"\n{BY}"), kept(&records, true, |g| g.len().div_ceil(10))),
        ("fraction = \"0.3\"".into(), kept(&records, false, |g| (g.len() * 3).div_ceil(10))),
        (format!("fraction = \"0.625\"\n{BY}"), kept(&records, true, |g| (g.len() * 5).div_ceil(8))),
        (format!("fraction = 0\n{BY}"), kept(&records, true, |_| 0)),
        (format!("fraction = 1\n{BY}"), kept(&records, true, <[usize]>::len)),
        ("tokens = 900\ncount = \"tokens\"".into(), kept(&records, false, |g| within(900, g, tokens))),
        (format!("tokens = 300\ncount = \"tokens\"\n{BY}"), kept(&records, true, |g| within(300, g, tokens))),
        (format!("bytes = 512\n{BY}"), kept(&records, true, |g| within(512, g, bytes))),
    ];
    for (at, (keys, expected)) in cases.iter().enumerate() {
        let rows = release(&sandbox, &format!("out-{at}"), &[COLUMNS, KEEP, keys].concat(), &[]);
        assert_eq!(released(&rows), *expected, "{keys}");
        for row in rows.iter().filter(|row| !row.is_released()) {
            let number = |text: &Option<String>| text.as_ref().unwrap().parse::<u64>().unwrap();
            assert_eq!(row.rule.as_deref(), Some("rank"), "{keys}");
            assert!(number(&row.value) > number(&row.bound), "{keys}: {}", row.summary());
            assert!(row.duplicate_of.is_none() && row.similarity.is_none());
        }
        sandbox.verify(&format!("out-{at}"), &["--inputs", "corpus"]).expect(0);
    }
}

#[test]
fn neither_the_order_of_shards_nor_threads_or_memory_matter() {
    let mut records = records();
    let mut seen = BTreeSet::new();
    // where ids are equal the order of the corpus decides
    records.retain(|record| seen.insert(record.id.clone()));
    let stages = [COLUMNS, KEEP, "fraction = \"0.37\"\n", BY].concat();
    let ids = |records: &[Record], more: &[&str]| -> BTreeSet<String> {
        let sandbox = corpus(records);
        let rows = release(&sandbox, "out", &stages, more);
        rows.into_iter().filter(Row::is_released).map(|row| row.id).collect()
    };
    let expected = ids(&records, &["--threads", "1"]);
    records.reverse();
    assert_eq!(ids(&records, &["--threads", "3", "--memory", "64MiB"]), expected);
    records.sort_by_key(|record| record.tokens as u64);
    assert_eq!(ids(&records, &[]), expected);
}

#[test]
fn floors_bring_back_the_best_and_quotas_take_the_rest() {
    let records = records();
    let sandbox = corpus(&records);
    let best = |lang: &str| -> Vec<usize> {
        let all = groups(&records, true);
        all.into_iter().find(|group| records[group[0]].lang == Some(lang)).unwrap()
    };
    let (sw, de) = (best("sw"), best("de"));
    let cut = kept(&records, false, |group| group.len().div_ceil(10));
    let slice = |keys: &str| format!("[[stage.slice]]\ncolumn = \"lang/label\"\n{keys}\n");
    let cases: Vec<(String, BTreeSet<usize>)> = vec![
        (slice("value = \"sw\"\nrecords_min = 5"), cut.iter().chain(&sw[..5]).copied().collect()),
        (slice("value = \"sw\"\nfraction_min = 1"), cut.iter().chain(&sw).copied().collect()),
        (slice("value = \"sw\"\nrecords_min = 9999"), cut.iter().chain(&sw).copied().collect()),
        (slice("value = \"none\"\nrecords_min = 9"), cut.clone()),
        (
            slice("value = \"de\"\nrecords_max = 2"),
            cut.iter().copied().filter(|at| !de[2..].contains(at)).collect(),
        ),
        // a floor is kept whatever else there is
        (
            slice("value = \"de\"\nrecords_max = 2") + &slice("value = \"de\"\nrecords_min = 4"),
            cut.iter().copied().filter(|at| !de.contains(at)).chain(de[..4].to_vec()).collect(),
        ),
    ];
    for (at, (slices, expected)) in cases.iter().enumerate() {
        let stages = [COLUMNS, KEEP, "fraction = \"0.1\"\n", slices].concat();
        let rows = release(&sandbox, &format!("out-{at}"), &stages, &[]);
        assert_eq!(released(&rows), *expected, "{slices}");
    }
    // without a value every one is a slice
    let stages = [COLUMNS, KEEP, "fraction = 1\n", &slice("records_max = 3")].concat();
    let rows = release(&sandbox, "each", &stages, &[]);
    assert_eq!(released(&rows), {
        let unlabelled = |group: &[usize]| records[group[0]].lang.is_none();
        kept(&records, true, |group| if unlabelled(group) { group.len() } else { 3 })
    });
    let removed = rows.iter().find(|row| !row.is_released()).unwrap();
    assert_eq!((removed.rule.as_deref(), removed.bound.as_deref()), (Some("quota"), Some("3")));
}

#[test]
fn a_hazard_stays_out_wherever_its_stage_stands() {
    let records = records();
    let sandbox = corpus(&records);
    let hazard = |action: &str| {
        format!(
            "[[stage]]\nuse = \"score-range\"\nname = \"hazard\"\nscore = \"quality\"\nat_most = \"0.9\"\naction = \"{action}\"\n"
        )
    };
    let floor = "[[stage.slice]]\ncolumn = \"lang/label\"\nfraction_min = 1\n";
    for action in ["remove", "quarantine"] {
        for (order, out) in [(true, "before"), (false, "after")] {
            let keep = [KEEP, "fraction = \"0.1\"\n", BY, floor].concat();
            let hazard = hazard(action);
            let stages = if order { [COLUMNS, &hazard, &keep] } else { [COLUMNS, &keep, &hazard] };
            let rows = release(&sandbox, &format!("{action}-{out}"), &stages.concat(), &[]);
            for (row, record) in rows.iter().zip(&records) {
                let hazardous = record.score > Some(0.9);
                assert_eq!(hazardous, row.stage.as_deref() == Some("hazard"), "{out}: {}", row.summary());
                assert!(!(hazardous && row.is_released()), "{out}: {}", row.id);
            }
            assert!(rows.iter().any(|row| row.stage.as_deref() == Some("hazard")));
        }
    }
}

#[test]
fn records_without_a_score_stay_or_go_as_configured() {
    let records = records();
    let sandbox = corpus(&records);
    let all =
        |keys: &str| release(&sandbox, &keys[11..15], &[COLUMNS, KEEP, "fraction = 1\n", keys].concat(), &[]);
    assert!(all("missing = \"keep\"").iter().all(Row::is_released));
    for (row, record) in all("missing = \"remove\"").iter().zip(&records) {
        match record.score {
            Some(_) => assert!(row.is_released()),
            None => assert_eq!(row.summary(), "removed keep-top/no-score 1 0"),
        }
    }
}

#[test]
fn a_removed_record_is_explained_by_its_rank() {
    let scores = [0.5, 0.25, 0.75, 0.25];
    let sandbox = Sandbox::with_keys();
    let ids = ["r0", "r1", "r2", "r3"];
    let columns = batch(vec![
        ("id", strings(ids.map(Some))),
        ("text", strings(ids.map(Some))),
        ("score", Arc::new(Float64Array::from(scores.to_vec()))),
    ]);
    write(&sandbox.path("corpus/a.parquet"), &columns, 2);
    let score = "[[stage]]\nuse = \"input-score\"\nname = \"quality\"\ncolumn = \"score\"\n";
    sandbox.write("c.toml", config(&[score, KEEP, "fraction = \"0.75\"\n"].concat()));
    sandbox.release("c.toml", "out", &[]).expect(0);
    let told = sandbox.run(&["explain", "out", "r3"]).expect(0).stdout;
    for line in [
        "record r3 (0:3) was removed",
        "  stage                    keep-top",
        "  rule                     rank",
        "  value                    4",
        "  bound                    3",
        "  quality/score            0.25",
    ] {
        assert!(told.lines().any(|found| found == line), "{line}\n{told}");
    }
}

#[test]
fn a_wrong_configuration_is_told() {
    let sandbox = corpus(&records()[..9]);
    let one = "`fraction` or `records`, or `tokens` with `count`, or `bytes` is needed, and only one";
    let slice = |keys: &str| format!("fraction = 1\n[[stage.slice]]\ncolumn = \"lang/label\"\n{keys}");
    let cases: Vec<(String, String)> = vec![
        (String::new(), one.into()),
        ("fraction = 1\nbytes = 9".into(), one.into()),
        ("tokens = 9".into(), "`count` is missing: the column that counts a record's `tokens`".into()),
        ("fraction = 1\nrecords = 9".into(), one.into()),
        ("fraction = 1\nseed = 1".into(), "`seed` draws records; give it or `score`".into()),
        ("fraction = \"1.5\"".into(), "`fraction` is 1.5, outside 0 to 1".into()),
        ("fraction = 1\nby = [\"lang/lable\"]".into(), "no earlier stage records `lang/lable`".into()),
        ("fraction = 1\nby = [\"source\"]".into(), "`by` compares the source, but there is no".into()),
        ("fraction = 1\nwhen = \"lang/label\"".into(), "no earlier stage records `lang/label`".into()),
        (slice(""), "`slice` has neither a floor nor a quota".into()),
        (slice("records_min = 1\nfraction_min = 1"), "two bounds for one thing".into()),
        (slice("records_mim = 1"), "unknown field `records_mim`".into()),
    ];
    for (keys, expected) in cases {
        sandbox.write("c.toml", config(&[COLUMNS, KEEP, &keys].concat()));
        let output = sandbox.run(&["plan", "c.toml"]).expect(2);
        assert!(output.stderr.contains(&expected), "{keys}: {}", output.stderr);
    }
    sandbox.write("c.toml", config(&[COLUMNS, "[[stage]]\nuse = \"keep-top\"\nfraction = 1"].concat()));
    let output = sandbox.run(&["plan", "c.toml"]).expect(2);
    assert!(
        output.stderr.contains("`score` is missing: the column of an earlier stage"),
        "{}",
        output.stderr
    );
}
